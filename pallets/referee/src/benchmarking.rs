//! Benchmarks of the calls and of each kind of step that the agenda takes.
//!
//! The other pallets are those of the runtime, so a step is measured with all that it causes there.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::fuse::{Fuse, FuseRuling, Loss, LossRing, MAX_LOSSES};
use crate::types::*;
use aipg_exact::{
    commitment::{token_chunk, token_root, TOKENS_PER_CHUNK},
    header::{ModelHeader, MAX_LAYERS, SEMANTICS_VERSION},
    testing::{shapes, small_header, Model},
    trace::{
        trace_root, wire::Wire, Claim, Evidence, Flaw, Leaf, Node, Opening, Part, Recorder, Sum,
        Tensor, TensorProof, FAN_OUT,
    },
    tree::{self, Domain, TreeBuilder},
    Hasher256,
};
use aipg_primitives::{
    Balance, DeliveredResult, DeliveredResults, HostBlake2, JobId, JobParameters, TokenList,
};
use aipg_referee_game::{Case, Game, Stage};
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, InspectHold, Unbalanced},
        tokens::Precision,
        EnsureOrigin, Get,
    },
    BoundedVec,
};
use frame_system::{Pallet as System, RawOrigin};
use sp_core::H256;

/// What the benchmarks need of the runtime around this pallet.
pub trait BenchmarkHelper<AccountId> {
    /// A result that has just been delivered, of a model with this header, by a machine that is as dear
    /// as it can be to convict.
    fn deliver(header: &[u8], result: DeliveredResult<AccountId>) -> JobId;
    /// Gives a result an audit that is as dear as it can be to end.
    fn audited(job: JobId);
}

/// Levels of the deepest tree of a tensor that evidence is measured with.
const LEVELS: u32 = 20;

const SALT: H256 = H256::repeat_byte(5);
const ROOT: H256 = H256::repeat_byte(6);
const DIGEST: H256 = H256::repeat_byte(7);

fn endowed<T: Config>(name: &'static str) -> T::AccountId {
    let who = account(name, 0, 0);
    let amount: Balance = (T::ChallengeBond::get() + T::TraceBond::get()) * 10;
    T::Currency::increase_balance(&who, amount, Precision::Exact).unwrap();
    T::Currency::set_total_issuance(T::Currency::total_issuance() + amount);
    who
}

fn list(root: H256, count: u32) -> TokenList {
    TokenList {
        blob: H256::zero(),
        root,
        count,
    }
}

/// A header with as many layers as there can be.
fn deepest() -> ModelHeader {
    let mut header = ModelHeader {
        layers: MAX_LAYERS as u32,
        ..small_header()
    };
    header.value_formats = [12; MAX_LAYERS];
    header
}

/// A delivered result with so many rows.
fn deliver<T: Config>(header: &ModelHeader, prompt: TokenList, output: TokenList) -> JobId {
    let result = DeliveredResult {
        worker: endowed::<T>("worker"),
        model: H256(header.root::<HostBlake2>()),
        input: prompt,
        parameters: JobParameters {
            max_output: output.count + 1,
            ..Default::default()
        },
        output,
        digest: DIGEST,
        fee: aipg_primitives::AIPG,
        delivered: Pallet::<T>::now(),
    };
    T::BenchmarkHelper::deliver(&header.encode(), result)
}

fn rows<T: Config>(header: &ModelHeader, rows: u32) -> JobId {
    deliver::<T>(header, list(H256::zero(), rows), list(H256::zero(), 1))
}

/// A challenge and a trace that stand against each other.
struct Parties<T: Config> {
    seat: Seat,
    challenger: T::AccountId,
    defender: T::AccountId,
}

/// Both sides of a game about a trace of this root, with bonds, as if they had come there by calls.
fn parties<T: Config>(job: JobId, root: H256) -> Parties<T> {
    let challenger = endowed::<T>("challenger");
    let defender = endowed::<T>("defender");
    let commitment = Pallet::<T>::commitment(job, &challenger, SALT, ROOT);
    Pallet::<T>::do_challenge(challenger.clone(), job, commitment).unwrap();
    Pallet::<T>::do_open_root(challenger.clone(), job, 0, SALT, ROOT).unwrap();
    let bond = T::TraceBond::get();
    Pallet::<T>::hold(HoldReason::Trace, &defender, bond).unwrap();
    let trace = Trace {
        account: defender.clone(),
        bond,
        root,
        since: Pallet::<T>::now(),
        lives: true,
    };
    Traces::<T>::insert(job, 0, trace);
    Cases::<T>::mutate(job, |record| {
        let record = record.as_mut().unwrap();
        record.traces = 1;
        record.case.traces = 1;
    });
    Parties {
        seat: Seat {
            job,
            challenge: 0,
            trace: 0,
        },
        challenger,
        defender,
    }
}

/// A game that is at this stage, and has shown on the way there as much as one can.
fn game_at<T: Config>(job: JobId, stage: Stage<StoredNode, StoredLeaf, StoredClaim, Values>) {
    let above = MAX_DEPTH - aipg_exact::trace::LEVELS;
    let (at, path, nodes, leaf) = match &stage {
        Stage::Nodes(node) => (Some(*node), above, 0, 0),
        Stage::Choice(node) => (Some(*node), above, MAX_NODES, 0),
        Stage::Leaf(node) => (Some(*node), MAX_DEPTH, 0, 0),
        _ => (None, MAX_DEPTH, 0, MAX_LEAF),
    };
    let some_leaf = Node {
        tensor: Tensor::Layer(0, Part::AttentionNorm),
        level: 0,
        index: 0,
        hash: [8; 32],
    };
    let shown = Revelation {
        at: at.unwrap_or(some_leaf.into()),
        path: BoundedVec::truncate_from(vec![H256([2; 32]); path as usize]),
        nodes: BoundedVec::truncate_from(vec![H256([2; 32]); nodes as usize]),
        leaf: BoundedVec::truncate_from(vec![9; leaf as usize]),
    };
    Revealed::<T>::insert(job, (0, 0), shown);
    let game = Game::new(Pallet::<T>::now(), T::Windows::get().clock);
    Games::<T>::insert(job, (0, 0), Game { stage, ..game });
}

/// The largest record that waits for the challenger.
fn last_word() -> Stage<StoredNode, StoredLeaf, StoredClaim, Values> {
    let values = Values::truncate_from(vec![1; FAN_OUT as usize]);
    Stage::Verdict(total(), values)
}

/// An opening with the longest path, and the root of its tensor: most hashes for their bytes.
fn deep_opening(job: &aipg_exact::trace::Job<'_>, tensor: Tensor) -> (Opening, [u8; 32]) {
    let (domain, shape) = tensor.tree(job);
    let bytes = vec![0; 8];
    let path = vec![[1; 32]; tree::depth(tensor.leaves(job)) as usize];
    let hash = tree::leaf::<HostBlake2>(domain, &bytes);
    let top = tree::top_of_path::<HostBlake2>(domain, tensor.leaves(job), 0, hash, &path);
    let root = tree::root::<HostBlake2>(domain, &shape, &top.unwrap());
    let leaf = Leaf::Trace(tensor, 0);
    (Opening { leaf, bytes, path }, root)
}

/// Fills evidence with proven leaves up to so many bytes.
fn fill(mut evidence: Evidence, filler: &Opening, bytes: u32) -> EvidenceBytes {
    let each = filler.to_bytes().len();
    let mut length = evidence.to_bytes().len() + 2;
    while length + each <= bytes as usize {
        evidence.leaves.push(filler.clone());
        length += each;
    }
    evidence.to_bytes().try_into().unwrap()
}

/// Makes the trace the worker's own, as far as the case asks.
fn own_trace<T: Config>(parties: &Parties<T>) -> T::AccountId {
    let job = parties.seat.job;
    let worker = Cases::<T>::get(job).unwrap().worker;
    let bond = T::TraceBond::get();
    Pallet::<T>::release(HoldReason::Trace, &parties.defender, bond).unwrap();
    Pallet::<T>::hold(HoldReason::Trace, &worker, bond).unwrap();
    Traces::<T>::mutate(job, 0, |trace| {
        trace.as_mut().unwrap().account = worker.clone();
    });
    worker
}

/// The name of what the game's claim and leaf say.
fn fuse_name<T: Config>(parties: &Parties<T>) -> H256 {
    let job = parties.seat.job;
    let model = T::Results::delivered(job).unwrap().model;
    let Stage::Verdict(claim, _) = Games::<T>::get(job, (0, 0)).unwrap().stage else {
        panic!("a verdict");
    };
    let claim = ClaimBytes::truncate_from(claim.0.to_bytes());
    let leaf = Revealed::<T>::get(job, (0, 0)).unwrap().leaf;
    Pallet::<T>::claimed(&model, &claim, &leaf)
}

/// As many losses as there is room for, of different workers: by other bytes the first of them, and by
/// these as many as are short of one that freezes.
fn losses<T: Config>(worker: &T::AccountId, claimed: H256) -> LossRing<T::AccountId> {
    let others = T::FuseAt::get() - 1;
    let loss = |number: u32| Loss {
        claimed: match number + others < MAX_LOSSES {
            true => H256(HostBlake2::hash(&[&number.to_le_bytes()])),
            false => claimed,
        },
        version: 0,
        worker: match number {
            // The one that makes room.
            0 => worker.clone(),
            _ => account("loser", number, 0),
        },
        // All bonds together are not more.
        bond: Balance::MAX,
        at: 0,
    };
    LossRing::truncate_from((0..MAX_LOSSES).map(loss).collect())
}

/// A false product of a small model, judged: the job, the sides, what they say.
struct Product<T: Config> {
    parties: Parties<T>,
    evidence: Evidence,
    filler: Opening,
}

fn false_product<T: Config>() -> Product<T> {
    let header = shapes()[1].clone();
    let model = Model::random::<HostBlake2>(header, 1);
    let trace = model.job(&[5, 39, 0, 7], None).teacher_force(&[1]).unwrap();
    let facts = trace.job();
    let prompt = token_root::<HostBlake2>(&[5, 39, 0, 7]);
    let output = token_root::<HostBlake2>(&[1]);
    let job = deliver::<T>(facts.header, list(H256(prompt), 4), list(H256(output), 1));
    let root = trace_root::<HostBlake2>(&trace.tensor_roots::<HostBlake2>());
    let parties = parties::<T>(job, H256(root));
    let sum = Sum::Product {
        weight: aipg_exact::layout::Weight::Up,
        layer: 0,
        row: 3,
        channel: 3,
    };
    let value = trace.reveal(&[(sum, 0, 1)])[0] + 1;
    let claim = Claim::Terms {
        sum,
        first: 0,
        count: 1,
        value,
    };
    let leaves = Recorder::leaves(&facts, &claim, &[], &trace).unwrap();
    let evidence = trace.evidence::<HostBlake2>(&leaves);
    let filler =
        trace.evidence::<HostBlake2>(&[Leaf::Trace(Tensor::Layer(0, Part::FeedForwardInput), 0)]);
    game_at::<T>(job, Stage::Verdict(claim.into(), Values::new()));
    Product {
        parties,
        evidence,
        filler: filler.leaves[0].clone(),
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn challenge() {
        let job = rows::<T>(&deepest(), 1);
        let who = endowed::<T>("challenger");

        #[extrinsic_call]
        _(RawOrigin::Signed(who), job, ROOT);

        assert!(Challenges::<T>::contains_key(job, 0));
    }

    /// The last page of a trace of somebody else. The part in which it begins has room for one more
    /// root, so it is read and written as large as it gets, and the page begins another one.
    #[benchmark]
    fn post_roots(r: Linear<1, MAX_ROOTS>) {
        let header = deepest();
        let job = rows::<T>(&header, 1);
        let _ = parties::<T>(job, ROOT);
        let who = endowed::<T>("another");
        let mut builder = TreeBuilder::<HostBlake2>::new(Domain::TraceRoot);
        let before = dispute::tensors(&header) - u64::from(r);
        for _ in 0..before {
            builder.push(&DIGEST.0);
        }
        let bond = T::TraceBond::get();
        Pallet::<T>::hold(HoldReason::Trace, &who, bond).unwrap();
        let mut posting = Posting {
            number: 1,
            bond,
            frontier: BoundedVec::new(),
        };
        posting.keep(&builder).unwrap();
        Postings::<T>::insert(job, &who, posting);
        Cases::<T>::mutate(job, |record| record.as_mut().unwrap().traces = 2);
        let part = before as u32 / MAX_ROOTS;
        let begun = RootPart::truncate_from(vec![DIGEST; MAX_ROOTS as usize - 1]);
        Roots::<T>::insert(job, (1, part), begun);
        let roots = RootPart::truncate_from(vec![DIGEST; r as usize]);

        #[extrinsic_call]
        _(RawOrigin::Signed(who), job, roots);

        assert!(Traces::<T>::contains_key(job, 1));
        let next = Roots::<T>::get(job, (1, part + 1));
        assert_eq!(next.map_or(0, |roots| roots.len()), r as usize - 1);
    }

    /// What the first page costs besides.
    #[benchmark]
    fn hold_bond() {
        let who = endowed::<T>("defender");

        #[block]
        {
            Pallet::<T>::hold(HoldReason::Trace, &who, T::TraceBond::get()).unwrap();
        }

        let held = T::Currency::balance_on_hold(&HoldReason::Trace.into(), &who);
        assert_eq!(held, T::TraceBond::get());
    }

    #[benchmark]
    fn open_root() {
        let job = rows::<T>(&deepest(), 1);
        let who = endowed::<T>("challenger");
        let commitment = Pallet::<T>::commitment(job, &who, SALT, ROOT);
        Pallet::<T>::do_challenge(who.clone(), job, commitment).unwrap();
        let known = Accusation {
            opened_in: System::<T>::block_number() + 1u32.into(),
            originals: 1,
            beaten: 0,
        };
        Accusations::<T>::insert(job, ROOT, known);

        #[extrinsic_call]
        _(RawOrigin::Signed(who), job, 0, SALT, ROOT);

        assert_eq!(Accusations::<T>::get(job, ROOT).unwrap().originals, 2);
    }

    #[benchmark]
    fn name_tensor() {
        let header = deepest();
        let job = rows::<T>(&header, 1 << LEVELS);
        let roots = vec![[3; 32]; dispute::tensors(&header) as usize];
        let trace = H256(trace_root::<HostBlake2>(&roots));
        let parties = parties::<T>(job, trace);
        let tensor = Tensor::Layer(MAX_LAYERS - 1, Part::DownInput);
        let proof = TensorProof::new::<HostBlake2>(&header, &roots, tensor).unwrap();
        let path: Vec<H256> = proof.path.into_iter().map(H256).collect();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(parties.challenger),
            parties.seat,
            AddressBytes::truncate_from(tensor.to_bytes()),
            H256(proof.root),
            path.try_into().unwrap(),
        );

        assert!(Games::<T>::contains_key(job, (0, 0)));
        assert!(Revealed::<T>::contains_key(job, (0, 0)));
    }

    #[benchmark]
    fn reveal_nodes(n: Linear<2, 256>) {
        let header = deepest();
        let job = rows::<T>(&header, n);
        let parties = parties::<T>(job, ROOT);
        let tensor = Tensor::Layer(0, Part::AttentionNorm);
        let mut builder = vec![[2; 32]; n as usize];
        let (domain, shape) = (Domain::Trace, [tensor.number(&header), n.into(), 1]);
        while builder.len() > 1 {
            builder = builder
                .chunks(2)
                .map(|pair| {
                    let right = pair.get(1).unwrap_or(&tree::ABSENT);
                    tree::node::<HostBlake2>(domain, &pair[0], right)
                })
                .collect();
        }
        let node = Node {
            tensor,
            level: tree::depth(n.into()),
            index: 0,
            hash: tree::root::<HostBlake2>(domain, &shape, &builder[0]),
        };
        game_at::<T>(job, Stage::Nodes(node.into()));
        let nodes = BoundedVec::truncate_from(vec![H256([2; 32]); n as usize]);

        #[extrinsic_call]
        _(RawOrigin::Signed(parties.defender), parties.seat, nodes);

        let game = Games::<T>::get(job, (0, 0)).unwrap();
        assert!(matches!(game.stage, Stage::Choice(_)));
        let shown = Revealed::<T>::get(job, (0, 0)).unwrap();
        assert_eq!(shown.nodes.len(), n as usize);
    }

    #[benchmark]
    fn choose_node() {
        let header = deepest();
        let job = rows::<T>(&header, 1 << LEVELS);
        let parties = parties::<T>(job, ROOT);
        let path = [H256([2; 32]); 8];
        let tensor = Tensor::Layer(0, Part::AttentionNorm);
        let hash = path.iter().fold([4; 32], |hash, sibling| {
            tree::node::<HostBlake2>(Domain::Trace, &hash, &sibling.0)
        });
        let node = Node {
            tensor,
            level: 8,
            index: 1,
            hash,
        };
        game_at::<T>(job, Stage::Choice(node.into()));
        let path = BoundedVec::truncate_from(path.to_vec());

        #[extrinsic_call]
        _(
            RawOrigin::Signed(parties.challenger),
            parties.seat,
            256,
            H256([4; 32]),
            path,
        );

        let game = Games::<T>::get(job, (0, 0)).unwrap();
        assert!(matches!(game.stage, Stage::Leaf(_)));
        let shown = Revealed::<T>::get(job, (0, 0)).unwrap();
        assert_eq!(shown.path.len(), MAX_DEPTH as usize);
        assert!(shown.nodes.is_empty());
    }

    #[benchmark]
    fn reveal_leaf() {
        let header = deepest();
        let job = rows::<T>(&header, 1 << LEVELS);
        let parties = parties::<T>(job, ROOT);
        let bytes = vec![9; MAX_LEAF as usize];
        let node = Node {
            tensor: Tensor::Layer(0, Part::AttentionNorm),
            level: 0,
            index: 1,
            hash: tree::leaf::<HostBlake2>(Domain::Trace, &bytes),
        };
        game_at::<T>(job, Stage::Leaf(node.into()));

        #[extrinsic_call]
        _(
            RawOrigin::Signed(parties.defender),
            parties.seat,
            bytes.try_into().unwrap(),
        );

        let game = Games::<T>::get(job, (0, 0)).unwrap();
        assert!(matches!(game.stage, Stage::Accusation(_)));
        let shown = Revealed::<T>::get(job, (0, 0)).unwrap();
        assert_eq!(shown.leaf.len(), MAX_LEAF as usize);
    }

    /// With so many bytes of leaves that have the longest paths.
    #[benchmark]
    fn accuse(b: Linear<2, MAX_EVIDENCE>) {
        let header = deepest();
        let job = rows::<T>(&header, 1 << LEVELS);
        let (result, header) = Pallet::<T>::result_of(job).unwrap();
        let facts = dispute::job_of(&header, &result);
        let tensor = Tensor::Layer(0, Part::AttentionNorm);
        let (filler, root) = deep_opening(&facts, tensor);
        let mut roots = vec![[3; 32]; dispute::tensors(&header) as usize];
        roots[tensor.number(&header) as usize] = root;
        let parties = parties::<T>(job, H256(trace_root::<HostBlake2>(&roots)));
        let mut evidence = Evidence::default();
        if b > 1_024 {
            let proof = TensorProof::new::<HostBlake2>(&header, &roots, tensor);
            evidence.tensors.extend(proof);
        }
        let evidence = match b {
            0..=1_024 => evidence.to_bytes().try_into().unwrap(),
            _ => fill(evidence, &filler, b),
        };
        game_at::<T>(
            job,
            Stage::Accusation(Leaf::Trace(Tensor::Layer(0, Part::Queries), 0).into()),
        );
        let claim = Claim::Head {
            part: Part::Queries,
            layer: 0,
            row: 0,
            head: 0,
        };
        let claim = ClaimBytes::truncate_from(claim.to_bytes());

        #[extrinsic_call]
        _(
            RawOrigin::Signed(parties.challenger),
            parties.seat,
            claim,
            evidence,
        );

        let game = Games::<T>::get(job, (0, 0)).unwrap();
        assert!(matches!(game.stage, Stage::Sums(..)));
    }

    #[benchmark]
    fn reveal_sums(v: Linear<1, { FAN_OUT as u32 }>) {
        let job = rows::<T>(&deepest(), 1);
        let parties = parties::<T>(job, ROOT);
        game_at::<T>(job, Stage::Sums(total(), v));
        let values = Values::truncate_from(vec![1; v as usize]);

        #[extrinsic_call]
        _(RawOrigin::Signed(parties.defender), parties.seat, values);

        let game = Games::<T>::get(job, (0, 0)).unwrap();
        assert!(matches!(game.stage, Stage::Verdict(..)));
    }

    /// A sum of as many parts as there can be, which add up: the game goes on with the last.
    #[benchmark]
    fn judge_parts() {
        let mut header = deepest();
        header.vocabulary = FAN_OUT as u32;
        let job = rows::<T>(&header, 1);
        let parties = parties::<T>(job, ROOT);
        game_at::<T>(job, last_word());
        let evidence = Evidence::default().to_bytes().try_into().unwrap();

        #[block]
        {
            let part = Some(FAN_OUT as u32 - 1);
            Pallet::<T>::judge(
                RawOrigin::Signed(parties.challenger).into(),
                parties.seat,
                evidence,
                part,
            )
            .unwrap();
        }

        let game = Games::<T>::get(job, (0, 0)).unwrap();
        assert!(matches!(game.stage, Stage::Sums(_, 1)));
    }

    /// One term of a product is false: the trace loses, and its bond goes to the challenger. It is the
    /// worker's own, which has no bond elsewhere, and the last that it takes to freeze the version.
    #[benchmark]
    fn judge(b: Linear<9_000, MAX_EVIDENCE>) {
        let product = false_product::<T>();
        let parties = product.parties;
        let worker = own_trace::<T>(&parties);
        let claimed = fuse_name::<T>(&parties);
        Losses::<T>::put(losses::<T>(&worker, claimed));
        let evidence = fill(product.evidence, &product.filler, b);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(parties.challenger),
            parties.seat,
            evidence,
            None,
        );

        let job = parties.seat.job;
        assert!(!Traces::<T>::get(job, 0).unwrap().lives);
        assert!(!Revealed::<T>::contains_key(job, (0, 0)));
        assert_eq!(FrozenVersions::<T>::get(), 1);
    }

    #[benchmark]
    fn report_timeout() {
        let job = rows::<T>(&deepest(), 1);
        let parties = parties::<T>(job, ROOT);
        game_at::<T>(job, last_word());
        let clock = T::Windows::get().clock;
        Ticks::<T>::mutate(|ticks| *ticks += clock);

        #[extrinsic_call]
        _(RawOrigin::Signed(parties.defender), parties.seat);

        assert!(!Challenges::<T>::get(job, 0).unwrap().lives);
        assert!(!Revealed::<T>::contains_key(job, (0, 0)));
    }

    /// All losses are of the version.
    #[benchmark]
    fn resolve_fuse() {
        let worker = endowed::<T>("worker");
        let mut lost = losses::<T>(&worker, ROOT);
        for loss in lost.iter_mut() {
            loss.version = SEMANTICS_VERSION;
        }
        Losses::<T>::put(lost);
        Pallet::<T>::freeze(SEMANTICS_VERSION, Fuse::default());
        Ticks::<T>::put(1);
        let origin = T::GovernanceOrigin::try_successful_origin().unwrap();

        #[extrinsic_call]
        _(
            origin as T::RuntimeOrigin,
            SEMANTICS_VERSION,
            FuseRuling::Pardon,
        );

        assert_eq!(Fuses::<T>::get(SEMANTICS_VERSION).pardoned_before, 1);
        assert!(Losses::<T>::get().is_empty());
    }

    /// An answer that ends for no reason.
    #[benchmark]
    fn prove_flaw(b: Linear<512, MAX_EVIDENCE>) {
        let header = small_header();
        let bytes = vec![0; 256];
        let output: u32 = 1 << LEVELS;
        let leaves = u64::from(output) / 64;
        let path = vec![[1; 32]; tree::depth(leaves) as usize];
        let hash = tree::leaf::<HostBlake2>(Domain::Tokens, &bytes);
        let last = leaves - 1;
        let top = tree::top_of_path::<HostBlake2>(Domain::Tokens, leaves, last, hash, &path);
        let root = tree::root::<HostBlake2>(Domain::Tokens, &[output.into()], &top.unwrap());
        let job = deliver::<T>(&header, list(H256::zero(), 1), list(H256(root), output));
        let parties = parties::<T>(job, ROOT);
        System::<T>::set_block_number(System::<T>::block_number() + 1u32.into());
        let opening = Opening {
            leaf: Leaf::Output(last),
            bytes,
            path,
        };
        let evidence = Evidence {
            tensors: Vec::new(),
            leaves: vec![opening.clone()],
        };
        let flaw = AddressBytes::truncate_from(Flaw::EndsEarly.to_bytes());

        #[extrinsic_call]
        _(
            RawOrigin::Signed(parties.challenger),
            job,
            0,
            flaw,
            fill(evidence, &opening, b.max(900)),
        );

        assert!(Cases::<T>::get(job).unwrap().flawed);
    }

    /// Every chunk is a new one.
    #[benchmark]
    fn demand(c: Linear<1, MAX_DEMANDED>) {
        let output = list(H256::zero(), 1 << LEVELS);
        let job = deliver::<T>(&deepest(), list(H256::zero(), 1), output);
        let who = endowed::<T>("challenger");
        let chunks = DemandedChunks::truncate_from((0..c).collect());

        #[extrinsic_call]
        _(RawOrigin::Signed(who), job, Blob::Output, chunks);

        assert_eq!(Cases::<T>::get(job).unwrap().case.withheld, c);
    }

    /// The chunk is paid for by somebody else.
    #[benchmark]
    fn publish(t: Linear<1, TOKENS_PER_CHUNK>) {
        let before = vec![7; TOKENS_PER_CHUNK as usize * 3];
        let tokens = [&before[..], &vec![5; t as usize]].concat();
        let (chunk, path) = token_chunk::<HostBlake2>(&tokens, 3).unwrap();
        let root = H256(token_root::<HostBlake2>(&tokens));
        let output = list(root, tokens.len() as u32);
        let job = deliver::<T>(&deepest(), list(H256::zero(), 1), output);
        let demander = endowed::<T>("challenger");
        let chunks = DemandedChunks::truncate_from(vec![3]);
        Pallet::<T>::do_demand(demander, job, Blob::Output, &chunks).unwrap();
        let who = endowed::<T>("defender");
        let path: Vec<H256> = path.into_iter().map(H256).collect();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(who),
            job,
            Blob::Output,
            3,
            ChunkTokens::truncate_from(chunk.to_vec()),
            ChunkPath::truncate_from(path),
        );

        assert_eq!(Cases::<T>::get(job).unwrap().case.withheld, 0);
    }

    #[benchmark]
    fn is_on_turn() {
        let job = rows::<T>(&deepest(), 1);
        let parties = parties::<T>(job, ROOT);
        game_at::<T>(job, last_word());
        let call = Call::judge {
            seat: parties.seat,
            evidence: EvidenceBytes::new(),
            part: None,
        };
        let answer;

        #[block]
        {
            answer = Pallet::<T>::is_on_turn(&parties.challenger, &call);
        }

        assert_eq!(answer, Some(true));
    }

    #[benchmark]
    fn tick() {
        #[block]
        {
            T::FinalityLags::get();
            Ticks::<T>::mutate(|ticks| *ticks += 1);
            AgendaCursor::<T>::get();
        }
    }

    #[benchmark]
    fn pass_tick() {
        #[block]
        {
            Agenda::<T>::iter_key_prefix(0).next();
            AgendaCursor::<T>::put(1);
        }
    }

    /// No trace stands for the result. Its version was frozen once, and its slash queued.
    #[benchmark]
    fn step_refute() {
        let job = rows::<T>(&deepest(), 1);
        let _ = parties::<T>(job, ROOT);
        let worker = Cases::<T>::mutate(job, |record| {
            let record = record.as_mut().unwrap();
            record.case.traces = 0;
            record.proven = true;
            record.worker.clone()
        });
        T::BenchmarkHelper::audited(job);
        Queue::<T>::insert(&worker, job, ());
        let fuse = Fuse {
            frozen_since: None,
            pardoned_before: Pallet::<T>::now(),
        };
        Fuses::<T>::insert(SEMANTICS_VERSION, fuse);
        let now = Cases::<T>::get(job).unwrap().case.traces_end;
        Ticks::<T>::put(now);

        #[block]
        {
            Pallet::<T>::step(job, now, now);
        }

        let phase = Cases::<T>::get(job).unwrap().phase;
        assert!(matches!(phase, Phase::False { reward, .. } if reward > 0));
        assert!(T::Results::delivered(job).is_none());
    }

    /// A game that nobody reported ends.
    #[benchmark]
    fn step_sweep() {
        let job = rows::<T>(&deepest(), 1);
        let _ = parties::<T>(job, ROOT);
        game_at::<T>(job, last_word());
        let now = T::Windows::get().clock;
        Cases::<T>::mutate(job, |record| {
            let record = record.as_mut().unwrap();
            record.case = Case {
                challenges: 1,
                traces: 1,
                ..Case::new(0, T::Windows::get())
            };
            record.phase = Phase::Sweeping {
                challenge: 0,
                trace: 0,
            };
        });
        Ticks::<T>::put(now);

        #[block]
        {
            Pallet::<T>::step(job, now, now);
        }

        assert!(!Challenges::<T>::get(job, 0).unwrap().lives);
        assert!(!Revealed::<T>::contains_key(job, (0, 0)));
    }

    /// A challenge has its bond back and its share of the reward. Other steps, such as those that remove a
    /// part of roots or a game with what it has shown, move no money.
    #[benchmark]
    fn step_clear() {
        let job = rows::<T>(&deepest(), 1);
        let parties = parties::<T>(job, ROOT);
        let reward: Balance = T::ChallengeBond::get();
        let pot = Pallet::<T>::pot();
        T::Currency::increase_balance(&pot, reward * 2, Precision::Exact).unwrap();
        Accusations::<T>::mutate(job, ROOT, |accusation| {
            let accusation = accusation.as_mut().unwrap();
            (accusation.originals, accusation.beaten) = (1, 1);
        });
        Challenges::<T>::mutate(job, 0, |own| {
            own.as_mut().unwrap().original = true;
        });
        Cases::<T>::mutate(job, |record| {
            let record = record.as_mut().unwrap();
            record.lost_traces = 1;
            record.phase = Phase::False {
                reward,
                left: reward,
                withheld: 0,
                pays_at: 0,
                next: 0,
            };
        });
        let before = T::Currency::balance(&parties.challenger);
        let now = Pallet::<T>::now();

        #[block]
        {
            Pallet::<T>::step(job, now, now);
        }

        let gained = T::Currency::balance(&parties.challenger) - before;
        assert_eq!(gained, T::ChallengeBond::get() + reward);
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::benchmark_externalities(),
        crate::mock::Test
    );
}

/// The claim that the probabilities of all candidates have this total, each 1.
fn total() -> StoredClaim {
    let claim = Claim::Terms {
        sum: Sum::Total { token: 0 },
        first: 0,
        count: FAN_OUT,
        value: FAN_OUT as i64,
    };
    claim.into()
}
