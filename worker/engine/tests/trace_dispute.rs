//! Disputes played with what the strategy says, against a party that lies as well as it can: the referee
//! sees roots, nodes, leaves, sums and openings, and nothing else.

mod common;

use aipg_engine::{
    trace::{Accusation, Descent, MemoryBudget, ModelFile, Position, Trace, TraceRequest},
    Blake2b256,
};
use aipg_exact::{
    commitment::token_root,
    trace::{claims, Claim, Job, Openings, Replay, Roots, Tensor, MAX_ROUNDS},
    tree::{self, depth, ABSENT},
};
use common::{
    trace::{every_way, prompt, subjects, How, Subject},
    Random,
};

/// A party with a trace of which every leaf may be false.
struct Liar<'a> {
    replay: Replay<'a>,
    prompt: Vec<u32>,
}

impl Liar<'_> {
    fn roots(&self) -> Vec<[u8; 32]> {
        Tensor::all(self.replay.job().header)
            .map(|tensor| self.replay.root::<Blake2b256>(tensor))
            .collect()
    }

    /// Nodes of a level of a tensor's tree, all of them.
    fn level(&self, tensor: Tensor, level: u32) -> Vec<[u8; 32]> {
        let (domain, _) = tensor.tree(&self.replay.job());
        let mut nodes = self.replay.leaf_hashes::<Blake2b256>(tensor);
        for _ in 0..level {
            let pairs = nodes.chunks(2);
            let node = |pair: &[[u8; 32]]| {
                tree::node::<Blake2b256>(domain, &pair[0], pair.get(1).unwrap_or(&ABSENT))
            };
            nodes = pairs.map(node).collect();
        }
        nodes
    }

    fn nodes_below(&self, descent: &Descent) -> Vec<[u8; 32]> {
        let below = descent.below(&self.replay.job());
        let all = self.level(descent.tensor(), descent.level_below());
        all[below.start as usize..below.end as usize].to_vec()
    }

    fn leaf(&self, tensor: Tensor, index: u64) -> Vec<u8> {
        let mut replay = self.replay.clone();
        let leaf = replay.leaf_mut(tensor, index).unwrap();
        let (domain, _) = tensor.tree(&self.replay.job());
        leaf.resize(leaf.len().max(domain.leaf_length()), 0);
        std::mem::take(leaf)
    }

    /// What the referee knows.
    fn known(&self) -> Roots {
        Roots {
            prompt: token_root::<Blake2b256>(&self.prompt),
            output: token_root::<Blake2b256>(self.replay.output()),
            tensors: Tensor::all(self.replay.job().header)
                .zip(self.roots())
                .collect(),
        }
    }

    /// True sums, or if the claim fails with these, ones with which it does not, if a search finds some.
    fn tell(&self, claim: &Claim) -> Vec<i64> {
        let job = self.replay.job();
        let truth = match claim.reveals(&job, &self.replay) {
            Ok(spans) => self.replay.reveal(&spans),
            Err(_) => return Vec::new(),
        };
        if claim.check(&job, &truth, &self.replay).is_ok() || truth.is_empty() {
            return truth;
        }
        let mut lie = truth.clone();
        if let Claim::Terms { value, count, .. } = claim {
            // Parts that add up: the last one carries the difference.
            if *count > 1 {
                *lie.last_mut().unwrap() += value - truth.iter().sum::<i64>();
                return lie;
            }
        }
        for power in 0..44 {
            for numerator in [4i64, 5, 6, 7, -4, -5, -6, -7] {
                lie[0] = truth[0] + (numerator << power) / 4;
                if claim.check(&job, &lie, &self.replay).is_ok() {
                    return lie;
                }
            }
        }
        truth
    }
}

/// Plays from the roots to the end; how many reveals of sums it took the honest party to win.
fn challenge(own: &Trace<'_>, file: &ModelFile, liar: &Liar<'_>) -> usize {
    let job = own.job();
    let (theirs, known) = (liar.roots(), liar.known());
    let tensor = own.roots().first_difference(job.header, &theirs).unwrap();
    let mut descent = Descent::new(&job, tensor);
    while descent.leaf().is_none() {
        let (mine, theirs) = (own.nodes_below(&descent), liar.nodes_below(&descent));
        let before = descent.clone();
        let choice = descent.choose(&job, &mine, &theirs).unwrap();
        assert!(before.below(&job).contains(&choice.index));
        assert_eq!(
            choice.hash,
            theirs[(choice.index - before.below(&job).start) as usize]
        );
    }
    let index = descent.leaf().unwrap();
    let disputed = descent.disputed(liar.leaf(tensor, index)).unwrap();
    let position = Position::new(own, file).against(disputed);
    let Accusation { mut claim, leaves } = position.accuse().unwrap().unwrap();
    assert!(claims(&job, tensor, index).contains(&claim));
    let opened = Openings::verify::<Blake2b256>(&job, &known, position.open(&leaves).unwrap());
    assert_eq!(
        claim.reveals(&job, &opened.unwrap()),
        claim.reveals(&job, &position)
    );
    for reveals in 0..=MAX_ROUNDS {
        let told = liar.tell(&claim);
        let verdict = position.judge(&claim, &told).unwrap().unwrap();
        let openings = position.open(&verdict.leaves).unwrap();
        let opened = Openings::verify::<Blake2b256>(&job, &known, openings).unwrap();
        match (claim.check(&job, &told, &opened), verdict.part) {
            (Err(fault), None) => {
                assert!(fault.convicts(), "{claim:?}: {fault:?}");
                return reveals;
            }
            (Ok(parts), Some((number, part))) => {
                assert_eq!(parts[number as usize], part);
                claim = part;
            }
            (decision, part) => panic!("{claim:?}: {decision:?} {part:?}"),
        }
    }
    panic!("too many rounds: {claim:?}");
}

fn job<'a>(subject: &'a Subject, seed: u64, how: How) -> (Liar<'a>, TraceRequest<'static>) {
    let prompt = prompt(subject.header(), seed, 9);
    let output = subject.answer(&prompt, 6, how);
    let request = TraceRequest {
        prompt: prompt.clone().leak(),
        output: output.clone().leak(),
        sampler: how.sampler(),
    };
    let replay = subject.replay(&prompt, &output, how);
    (Liar { replay, prompt }, request)
}

#[test]
fn an_honest_challenger_should_win_whatever_leaf_is_false() {
    let mut longest = [0; MAX_ROUNDS + 1];
    for (seed, subject) in (1..).zip(subjects()) {
        let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        for how in [every_way()[0], every_way()[5]] {
            let (mut liar, request) = job(subject, seed, how);
            let trace = subject.model.trace(&request, MemoryBudget::UNLIMITED);
            let trace = trace.unwrap();
            let honest = liar.replay.clone();
            let mut random = Random::new(seed);
            for tensor in Tensor::all(subject.header()) {
                for turn in 0..3 {
                    liar.replay = honest.clone();
                    let leaves = tensor.leaves(&trace.job());
                    // A later leaf is false, too: the first is what counts.
                    for index in [random.below(leaves as u32), leaves as u32 - 1] {
                        let leaf = liar.replay.leaf_mut(tensor, index.into()).unwrap();
                        let place = random.below(leaf.len() as u32) as usize;
                        match turn {
                            0 => leaf[place & !3] ^= 1,
                            1 => leaf[place] ^= 1 << random.below(8),
                            _ => leaf.truncate(place),
                        }
                    }
                    if liar.roots() == trace.roots().tensors {
                        continue;
                    }
                    longest[challenge(&trace, &file, &liar)] += 1;
                }
            }
        }
    }
    assert!(longest[..3].iter().all(|&games| games > 10), "{longest:?}");
    println!("games by their number of reveals: {longest:?}");
}

/// Another answer than the model's, with a trace of which all but the choice is right.
#[test]
fn an_honest_challenger_should_win_against_another_answer() {
    for (seed, subject) in (1..).zip(subjects()) {
        let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        for how in every_way() {
            let (liar, request) = job(subject, seed, how);
            let mut output = request.output.to_vec();
            let last = output.last_mut().unwrap();
            *last = (*last + 1) % subject.header().vocabulary;
            let forced = TraceRequest {
                output: &output,
                ..request
            };
            let trace = subject.model.trace(&forced, MemoryBudget::UNLIMITED);
            let trace = trace.unwrap();
            assert_eq!(trace.unsampled(), Some(output.len() as u32 - 1));
            // The records of the forced trace say themselves that the token is not the one.
            let replay = subject.replay(&liar.prompt, &output, how);
            let told = replay.root::<Blake2b256>(Tensor::Chosen);
            assert_eq!(trace.roots().tensors.last(), Some(&told));
            let mut liar = Liar { replay, ..liar };
            let index = output.len() as u64 - 1;
            let position = Position::new(&trace, &file);
            let target = Some((Tensor::Chosen, Some(index)));
            assert_eq!(trace.target(&liar.roots()), target);
            let mut descent = Descent::new(&trace.job(), Tensor::Chosen);
            while descent.leaf().is_none() {
                let nodes = liar.nodes_below(&descent);
                assert!(descent
                    .choose_leaf(&trace.job(), index, &nodes[1..])
                    .is_none());
                let choice = descent.choose_leaf(&trace.job(), index, &nodes).unwrap();
                assert!(nodes.contains(&choice.hash));
            }
            assert_eq!(descent.leaf(), Some(index));
            let disputed = descent.disputed(liar.leaf(Tensor::Chosen, index)).unwrap();
            assert_eq!(
                Some(&disputed.path),
                trace.path(Tensor::Chosen, index).as_ref()
            );
            let accusation = position.clone().against(disputed).accuse().unwrap();
            assert!(
                matches!(
                    accusation.unwrap().claim,
                    Claim::ChosenToken { .. } | Claim::ChosenBeats { .. }
                ),
                "{how:?}"
            );
            // A record that says that it is, is another one, and false.
            let leaf = liar.replay.leaf_mut(Tensor::Chosen, index).unwrap();
            leaf[2] ^= 0x40;
            challenge(&trace, &file, &liar);
        }
    }
}

/// Whatever an accuser names in a trace that is right, what the defender says holds.
#[test]
fn an_honest_defender_should_win_whatever_is_accused() {
    for (seed, subject) in (1..).zip(subjects()) {
        let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        for how in [every_way()[0], every_way()[5]] {
            let (liar, request) = job(subject, seed, how);
            let trace = subject.model.trace(&request, MemoryBudget::UNLIMITED);
            let trace = trace.unwrap();
            let position = Position::new(&trace, &file);
            let (job, known) = (trace.job(), liar.known());
            assert_eq!(liar.roots(), trace.roots().tensors);
            assert_eq!(
                trace.roots().first_difference(job.header, &liar.roots()),
                None
            );
            let mut random = Random::new(seed);
            for tensor in Tensor::all(job.header) {
                let mut descent = Descent::new(&job, tensor);
                let nodes = trace.nodes_below(&descent);
                assert_eq!(descent.choose(&job, &nodes, &nodes), None);
                let index = u64::from(random.below(tensor.leaves(&job) as u32));
                assert_eq!(
                    trace.hashed_leaf(tensor, index),
                    Some(liar.leaf(tensor, index))
                );
                let claims = claims(&job, tensor, index);
                let mut claim = claims[random.below(claims.len() as u32) as usize];
                for round in 0.. {
                    assert!(round <= MAX_ROUNDS);
                    let values = position.reveal(&claim).unwrap();
                    let leaves =
                        aipg_exact::trace::Recorder::leaves(&job, &claim, &values, &position);
                    let openings = position.open(&leaves.unwrap()).unwrap();
                    let opened = Openings::verify::<Blake2b256>(&job, &known, openings).unwrap();
                    let parts = claim.check(&job, &values, &opened).unwrap();
                    if parts.is_empty() {
                        break;
                    }
                    claim = parts[random.below(parts.len() as u32) as usize];
                }
            }
        }
    }
}

/// Trees of more levels than one reveal goes down, at both ends and in the middle.
#[test]
fn a_descent_should_lead_to_the_first_leaf_that_differs() {
    let subject = &subjects()[9];
    let how = every_way()[0];
    let prompt = prompt(subject.header(), 3, 120);
    let output = subject.answer(&prompt, 8, how);
    let request = TraceRequest {
        prompt: &prompt,
        output: &output,
        sampler: how.sampler(),
    };
    let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
    let trace = subject
        .model
        .trace(&request, MemoryBudget::UNLIMITED)
        .unwrap();
    let replay = subject.replay(&prompt, &output, how);
    let job: Job<'_> = trace.job();
    let tensor = Tensor::Layer(1, aipg_exact::trace::Part::Softmax);
    let leaves = tensor.leaves(&job);
    assert!(depth(leaves) > 8);
    for index in [0, 255, 256, leaves / 2, leaves - 1] {
        let mut liar = Liar {
            replay: replay.clone(),
            prompt: prompt.clone(),
        };
        liar.replay.leaf_mut(tensor, index).unwrap()[8] ^= 1;
        if index + 1 < leaves {
            liar.replay.leaf_mut(tensor, index + 1).unwrap()[0] ^= 1;
        }
        let mut descent = Descent::new(&job, tensor);
        let mut reveals = 0;
        while descent.leaf().is_none() {
            let (own, theirs) = (trace.nodes_below(&descent), liar.nodes_below(&descent));
            assert_eq!(descent.choose(&job, &own, &theirs[1..]), None);
            descent.choose(&job, &own, &theirs).unwrap();
            reveals += 1;
        }
        assert_eq!((descent.leaf(), reveals), (Some(index), 2));
        assert!(challenge(&trace, &file, &liar) <= MAX_ROUNDS);
    }
}

/// The proof of a tensor leads to the root of the trace.
#[test]
fn a_tensors_root_should_lead_to_the_root_of_the_trace() {
    let subject = &subjects()[1];
    let (_, request) = job(subject, 1, every_way()[0]);
    let trace = subject
        .model
        .trace(&request, MemoryBudget::UNLIMITED)
        .unwrap();
    let (header, roots) = (subject.header(), trace.roots());
    let domain = tree::Domain::TraceRoot;
    let count = roots.tensors.len() as u64;
    for tensor in Tensor::all(header) {
        let path = roots.path(header, tensor).unwrap();
        let leaf = tree::leaf::<Blake2b256>(domain, &roots.tensor(header, tensor).unwrap());
        let number = tensor.number(header);
        let top = tree::top_of_path::<Blake2b256>(domain, count, number, leaf, &path);
        let root = tree::root::<Blake2b256>(domain, &[count], &top.unwrap());
        assert_eq!(root, roots.root());
    }
    let beyond = Tensor::Layer(header.layers as usize + 1, aipg_exact::trace::Part::Keys);
    assert_eq!(
        (roots.tensor(header, beyond), roots.path(header, beyond)),
        (None, None)
    );
    let fewer = &roots.tensors[..3];
    let third = Tensor::all(header).nth(3);
    assert_eq!(roots.first_difference(header, fewer), third);
}

#[test]
fn a_falsified_trace_should_be_that_of_whoever_wrote_the_lie() {
    let mut random = Random::new(5);
    for (seed, subject) in (1..).zip(subjects()) {
        let (mut liar, request) = job(subject, seed, every_way()[5]);
        let trace = subject.model.trace(&request, MemoryBudget::UNLIMITED);
        let mut trace = trace.unwrap();
        assert_eq!(trace.target(&liar.roots()), None);
        for tensor in [
            Tensor::Embedded,
            Tensor::last(subject.header()),
            Tensor::Chosen,
        ] {
            let job = trace.job();
            let leaves = tensor.leaves(&job);
            let index = u64::from(random.below(leaves as u32));
            let leaf = liar.replay.leaf_mut(tensor, index).unwrap();
            leaf[0] ^= 4;
            let lie = leaf.clone();
            assert!(!trace.falsify(tensor, leaves, lie.clone()));
            assert!(trace.falsify(tensor, index, lie.clone()));
            assert_eq!(trace.roots().tensors, liar.roots());
            assert_eq!(trace.leaf(tensor, index), Some(lie));
            assert_eq!(trace.nodes(tensor, 0, 0..leaves), liar.level(tensor, 0));
            let (domain, _) = tensor.tree(&trace.job());
            let hashes = liar.replay.leaf_hashes::<Blake2b256>(tensor);
            for place in [0, index, leaves - 1] {
                let path = tree::path::<Blake2b256>(domain, &hashes, place as usize);
                assert_eq!(trace.path(tensor, place), path);
            }
        }
        assert!(!trace.falsify(Tensor::Layer(999, aipg_exact::trace::Part::Keys), 0, vec![]));
    }
}

#[test]
fn tokens_should_be_opened_leaf_by_leaf() {
    let output: Vec<u32> = (0..130).collect();
    let root = token_root::<Blake2b256>(&output);
    let subject = &subjects()[0];
    let known = Roots {
        prompt: root,
        output: root,
        tensors: Default::default(),
    };
    let job = Job {
        header: subject.header(),
        prompt: 130,
        output: 130,
        sampling: None,
    };
    for open in [
        aipg_engine::trace::open_output,
        aipg_engine::trace::open_prompt,
    ] {
        for index in 0..3 {
            let opening = open(&output, index).unwrap();
            assert!(Openings::verify::<Blake2b256>(&job, &known, vec![opening]).is_ok());
        }
        assert_eq!(open(&output, 3), None);
    }
}
