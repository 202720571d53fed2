//! Both sides of a dispute, as programs that play it through the pallet's calls.

use crate::{
    mock::*,
    pallet::{Error, Event, Games, Pallet, Revealed, Roots, Traces},
    types::{
        AddressBytes, ClaimBytes, EvidenceBytes, Seat, StoredClaim, StoredLeaf, StoredNode, Values,
        MAX_ROOTS,
    },
};
use aipg_exact::{
    commitment::token_root,
    testing::{best_lie, every_filter, shapes, Model},
    trace::{
        claims, trace_root, wire::Wire, Claim, Fault, Job, Leaf, Node, Recorder, Replay, Tensor,
        TensorProof,
    },
    tree,
};
use aipg_primitives::{
    DeliveredResult, HostBlake2, JobId, JobParameters, Sampling, SamplingParameters, TokenList,
};
use aipg_referee_game::{Game, Side, Stage};
use frame_support::{assert_ok, dispatch::DispatchResult};
use sp_core::H256;
use std::sync::OnceLock;

/// Accounts of the tests.
pub const CHALLENGER: AccountId = 2;
pub const DEFENDER: AccountId = 3;
pub const SECOND: AccountId = 4;
pub const THIRD: AccountId = 5;

pub const PROMPT: [u32; 4] = [5, 39, 0, 7];
pub const JOB: JobId = 7;
/// Most output tokens of a job.
pub const MOST: u32 = 3;

/// A model of each shape.
pub fn models() -> &'static [Model] {
    static MODELS: OnceLock<Vec<Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let shapes = (1..).zip(shapes());
        shapes
            .map(|(seed, header)| Model::random::<HostBlake2>(header, seed))
            .collect()
    })
}

/// True traces: of each model a greedy job and one with every filter.
pub fn truths() -> &'static [Replay<'static>] {
    static TRUTHS: OnceLock<Vec<Replay<'static>>> = OnceLock::new();
    TRUTHS.get_or_init(|| {
        let jobs = models()
            .iter()
            .flat_map(|model| [(model, None), (model, every_filter::<HostBlake2>())]);
        jobs.map(|(model, sampling)| {
            let job = model.job(&PROMPT, sampling);
            job.generate(MOST, &[]).unwrap()
        })
        .collect()
    })
}

/// The smallest true trace.
pub fn truth() -> &'static Replay<'static> {
    &truths()[0]
}

/// The trace of a wrong answer to the same job: its last token is another.
pub fn wrong_answer(truth: &Replay<'static>) -> Replay<'static> {
    let mut output = truth.output().to_vec();
    let last = output.last_mut().unwrap();
    *last = (*last + 1) % truth.job().header.vocabulary;
    forced(truth, &output)
}

/// The trace of this answer to the same job.
pub fn forced(truth: &Replay<'static>, output: &[u32]) -> Replay<'static> {
    let job = truth.job();
    let model = models()
        .iter()
        .find(|model| model.header == *job.header)
        .unwrap();
    let replay = model.job(&PROMPT, job.sampling);
    replay.teacher_force(output).unwrap()
}

/// A trace in which a bit of a leaf is another.
pub fn flipped(trace: &Replay<'static>, tensor: Tensor, leaf: u64, byte: usize) -> Replay<'static> {
    let mut flipped = trace.clone();
    let bytes = flipped.leaf_mut(tensor, leaf).unwrap();
    let place = byte % bytes.len();
    bytes[place] ^= 1;
    flipped
}

pub fn root_of(trace: &Replay<'_>) -> H256 {
    H256(trace_root::<HostBlake2>(
        &trace.tensor_roots::<HostBlake2>(),
    ))
}

/// The worker has delivered a result that this trace ends in.
pub fn deliver(trace: &Replay<'_>) {
    deliver_with(trace, MOST, &[]);
}

pub fn deliver_with(trace: &Replay<'_>, most: u32, stop: &[u32]) {
    deliver_as(JOB, WORKER, trace, most, stop);
}

/// `worker` has delivered such a result of `id`.
pub fn deliver_as(id: JobId, worker: AccountId, trace: &Replay<'_>, most: u32, stop: &[u32]) {
    let job = trace.job();
    let header = job.header;
    let model = H256(header.root::<HostBlake2>());
    Headers::mutate(|headers| headers.insert(model, header.encode().to_vec()));
    let list = |tokens: &[u32]| TokenList {
        blob: H256::zero(),
        root: H256(token_root::<HostBlake2>(tokens)),
        count: tokens.len() as u32,
    };
    let sampling = match job.sampling {
        // A picture has only its seed.
        Some(_) if header.picture().is_some() => Sampling::Greedy,
        None => Sampling::Greedy,
        Some(sampling) => Sampling::Seeded(SamplingParameters {
            beta: sampling.parameters.beta,
            top_k: sampling.parameters.top_k,
            top_p: sampling.parameters.top_p,
            min_p: sampling.parameters.min_p,
        }),
    };
    let result = DeliveredResult {
        worker,
        model,
        input: list(&PROMPT),
        parameters: JobParameters {
            // That of `every_filter` and of pictures.
            seed: 7,
            max_output: most,
            sampling,
            stop: stop.to_vec().try_into().unwrap(),
        },
        output: list(trace.output()),
        digest: H256(trace.root::<HostBlake2>(Tensor::last(header))),
        fee: aipg_primitives::AIPG,
        delivered: Referee::now(),
    };
    Results::mutate(|results| results.insert(id, result));
}

pub fn salt(who: AccountId) -> H256 {
    H256::from_low_u64_be(who)
}

/// Challenges and gives the number of the challenge.
pub fn challenge(who: AccountId, own: &Replay<'_>) -> u32 {
    challenge_of(JOB, who, own)
}

/// The same of the result of any job.
pub fn challenge_of(job: JobId, who: AccountId, own: &Replay<'_>) -> u32 {
    let commitment = Pallet::<Test>::commitment(job, &who, salt(who), root_of(own));
    assert_ok!(Referee::challenge(signed(who), job, commitment));
    match last_event() {
        Event::Challenged { number, .. } => number,
        event => panic!("{event:?}"),
    }
}

/// Posts a whole trace.
pub fn try_post(who: AccountId, trace: &Replay<'_>) -> DispatchResult {
    try_post_of(JOB, who, trace)
}

/// The same for the result of any job.
pub fn try_post_of(job: JobId, who: AccountId, trace: &Replay<'_>) -> DispatchResult {
    let roots = trace.tensor_roots::<HostBlake2>();
    let roots: Vec<H256> = roots.into_iter().map(H256).collect();
    for page in roots.chunks(MAX_ROOTS as usize) {
        Referee::post_roots(signed(who), job, page.to_vec().try_into().unwrap())?;
    }
    Ok(())
}

/// Posts a whole trace and gives its number.
pub fn post(who: AccountId, trace: &Replay<'_>) -> u32 {
    assert_ok!(try_post(who, trace));
    posted()
}

/// The number of the trace whose last roots have just been posted.
pub fn posted() -> u32 {
    match last_event() {
        Event::TracePosted { number, .. } => number,
        event => panic!("{event:?}"),
    }
}

pub fn open(who: AccountId, number: u32, own: &Replay<'_>) -> DispatchResult {
    open_of(JOB, who, number, own)
}

/// The same in the case of any job.
pub fn open_of(job: JobId, who: AccountId, number: u32, own: &Replay<'_>) -> DispatchResult {
    Referee::open_root(signed(who), job, number, salt(who), root_of(own))
}

pub fn seat(challenge: u32, trace: u32) -> Seat {
    Seat {
        job: JOB,
        challenge,
        trace,
    }
}

pub fn last_event() -> Event<Test> {
    let record = System::events().pop().unwrap();
    match record.event {
        RuntimeEvent::Referee(event) => event,
        event => panic!("{event:?}"),
    }
}

pub fn events() -> Vec<Event<Test>> {
    let events = System::events().into_iter();
    events
        .filter_map(|record| match record.event {
            RuntimeEvent::Referee(event) => Some(event),
            _ => None,
        })
        .collect()
}

pub fn has_event(matches: impl Fn(&Event<Test>) -> bool) -> bool {
    events().iter().any(matches)
}

/// A claim and everything that it rests on, decided with the trace's own values.
pub fn holds(trace: &Replay<'_>, job: &Job<'_>, claim: &Claim) -> Result<(), Fault> {
    let values = trace.reveal(&claim.reveals(job, trace)?);
    for part in claim.check(job, &values, trace)? {
        holds(trace, job, &part)?;
    }
    Ok(())
}

type Played = Game<Stage<StoredNode, StoredLeaf, StoredClaim, Values>>;

/// What is played, and where the game is.
pub struct Table<'a> {
    pub seat: Seat,
    pub challenger: AccountId,
    pub defender: AccountId,
    /// The trace that is defended.
    pub trace: &'a Replay<'static>,
}

impl Table<'_> {
    pub fn game(&self) -> Option<Played> {
        Games::<Test>::get(self.seat.job, (self.seat.challenge, self.seat.trace))
    }

    /// Whether both sides live.
    pub fn lives(&self) -> bool {
        let traces = Traces::<Test>::get(self.seat.job, self.seat.trace);
        let challenges = crate::Challenges::<Test>::get(self.seat.job, self.seat.challenge);
        traces.is_some_and(|it| it.lives) && challenges.is_some_and(|it| it.lives)
    }

    fn evidence(&self, leaves: &[Leaf]) -> EvidenceBytes {
        let evidence = self.trace.evidence::<HostBlake2>(leaves);
        evidence.to_bytes().try_into().unwrap()
    }

    /// Names a leaf, whether it is false or not: `leaf` tells which.
    pub fn name(&self, tensor: Tensor) -> DispatchResult {
        let roots = self.trace.tensor_roots::<HostBlake2>();
        let header = self.trace.job().header;
        let proof = TensorProof::new::<HostBlake2>(header, &roots, tensor).unwrap();
        let path: Vec<H256> = proof.path.into_iter().map(H256).collect();
        Referee::name_tensor(
            signed(self.challenger),
            self.seat,
            AddressBytes::truncate_from(tensor.to_bytes()),
            H256(proof.root),
            path.try_into().unwrap(),
        )
    }

    pub fn choose(&self, node: Node, leaf: u64) -> DispatchResult {
        let nodes = self.trace.nodes_below::<HostBlake2>(&node);
        let job = self.trace.job();
        let index = leaf >> node.level_below();
        let hash = nodes[(index - node.below(&job).start) as usize];
        let path = node.path::<HostBlake2>(&job, &nodes, index).unwrap();
        let path: Vec<H256> = path.into_iter().map(H256).collect();
        Referee::choose_node(
            signed(self.challenger),
            self.seat,
            index,
            H256(hash),
            path.try_into().unwrap(),
        )
    }

    pub fn accuse(&self, claim: &Claim) -> DispatchResult {
        let job = self.trace.job();
        let leaves = Recorder::leaves_of_sums(&job, claim, self.trace).unwrap();
        Referee::accuse(
            signed(self.challenger),
            self.seat,
            ClaimBytes::truncate_from(claim.to_bytes()),
            self.evidence(&leaves),
        )
    }

    /// Has the claim executed; if it has parts, goes on with the first that `wrong` picks,
    /// or the first of all.
    pub fn judge(
        &self,
        claim: &Claim,
        values: &[i64],
        wrong: impl FnMut(&Claim) -> bool,
    ) -> DispatchResult {
        let job = self.trace.job();
        let leaves = Recorder::leaves(&job, claim, values, self.trace).unwrap();
        let part = match claim.check(&job, values, self.trace) {
            Ok(parts) if parts.is_empty() => None,
            Ok(parts) => Some(parts.iter().position(wrong).unwrap_or(0) as u32),
            Err(_) => None,
        };
        Referee::judge(
            signed(self.challenger),
            self.seat,
            self.evidence(&leaves),
            part,
        )
    }

    /// The defender's move: what is asked for, as the trace has it; of sums the best lie.
    pub fn defend(&self) -> DispatchResult {
        let who = signed(self.defender);
        let job = self.trace.job();
        match self.game().expect("a game").stage {
            Stage::Nodes(node) => {
                let nodes = self.trace.nodes_below::<HostBlake2>(&node.0);
                let nodes: Vec<H256> = nodes.into_iter().map(H256).collect();
                Referee::reveal_nodes(who, self.seat, nodes.try_into().unwrap())
            }
            Stage::Leaf(node) => {
                let leaf = Leaf::Trace(node.0.tensor, node.0.index);
                let bytes = self.trace.hashed_leaf(leaf).unwrap();
                Referee::reveal_leaf(who, self.seat, bytes.try_into().unwrap())
            }
            Stage::Sums(claim, count) => {
                let spans = claim.0.reveals(&job, self.trace).unwrap();
                assert_eq!(spans.len() as u32, count);
                let truth = self.trace.reveal(&spans);
                let told = best_lie(self.trace, &job, &claim.0, &truth).unwrap_or(truth);
                Referee::reveal_sums(who, self.seat, told.try_into().unwrap())
            }
            stage => panic!("not the defender's turn: {stage:?}"),
        }
    }

    /// The challenger's move: it goes for this leaf, for the claim that `pick` takes from the leaf's,
    /// and for the first part that `part` takes.
    pub fn attack(
        &self,
        tensor: Tensor,
        leaf: u64,
        pick: impl FnOnce(&[Claim]) -> Claim,
        part: impl FnMut(&Claim) -> bool,
    ) -> DispatchResult {
        let Some(game) = self.game() else {
            return self.name(tensor);
        };
        match game.stage {
            Stage::Opening => self.name(tensor),
            Stage::Choice(node) => self.choose(node.0, leaf),
            Stage::Accusation(at) => {
                assert_eq!(at.0, Leaf::Trace(tensor, leaf));
                self.accuse(&pick(&claims(&self.trace.job(), tensor, leaf)))
            }
            Stage::Verdict(claim, values) => self.judge(&claim.0, &values, part),
            stage => panic!("not the challenger's turn: {stage:?}"),
        }
    }

    /// The challenger's move if it knows that this leaf is false: it goes for the first claim that does
    /// not hold, and for the first part whose value is not the true one.
    pub fn attack_false(&self, tensor: Tensor, leaf: u64) -> DispatchResult {
        let job = self.trace.job();
        let is_false = |claim: &Claim| holds(self.trace, &job, claim).is_err_and(Fault::convicts);
        self.attack(
            tensor,
            leaf,
            |claims| *claims.iter().find(|claim| is_false(claim)).unwrap(),
            |part| match *part {
                Claim::Terms {
                    sum,
                    first,
                    count,
                    value,
                } => self.trace.reveal(&[(sum, first, count)]) != [value],
                _ => is_false(part),
            },
        )
    }

    /// Whose turn it is.
    pub fn turn(&self) -> Side {
        self.game()
            .map_or(Side::Challenger, |game| game.stage.turn())
    }

    /// What the state shows of the game is what the trace has where the game is, no more and no less.
    pub fn check_revealed(&self) {
        let shown = Revealed::<Test>::get(self.seat.job, (self.seat.challenge, self.seat.trace));
        let Some(game) = self.game() else {
            assert_eq!(shown, None);
            return;
        };
        let shown = shown.expect("what the game has shown");
        let (job, node) = (self.trace.job(), shown.at.0);
        let (mut nodes, mut leaf) = (Vec::new(), Vec::new());
        match game.stage {
            Stage::Opening => panic!("a record of a game without a move"),
            Stage::Nodes(at) | Stage::Leaf(at) => assert_eq!(at, shown.at),
            Stage::Choice(at) => {
                assert_eq!(at, shown.at);
                nodes = self.trace.nodes_below::<HostBlake2>(&node);
            }
            Stage::Accusation(_) | Stage::Sums(..) | Stage::Verdict(..) => {
                assert!(node.is_leaf());
                let of = Leaf::Trace(node.tensor, node.index);
                leaf = self.trace.hashed_leaf(of).unwrap();
            }
        }
        let bare = |hashes: &[H256]| hashes.iter().map(|hash| hash.0).collect::<Vec<_>>();
        assert_eq!(bare(&shown.nodes), nodes);
        assert_eq!(shown.leaf, leaf);

        // From the node along the path to the tensor's root as it was posted.
        let roots = Roots::<Test>::get(self.seat.job, (self.seat.trace, 0)).unwrap();
        let root = roots[node.tensor.number(job.header) as usize].0;
        let (domain, shape) = node.tensor.tree(&job);
        let leaves = node.tensor.leaves(&job);
        assert_eq!(shown.path.len() as u32, tree::depth(leaves) - node.level);
        let hash = match game.stage {
            Stage::Accusation(_) | Stage::Sums(..) | Stage::Verdict(..) => {
                tree::leaf::<HostBlake2>(domain, &leaf)
            }
            // The shape is in the hash of the top already.
            _ if shown.path.is_empty() => {
                assert_eq!(node.hash, root);
                return;
            }
            _ => node.hash,
        };
        let of_level = ((leaves - 1) >> node.level) + 1;
        let path = bare(&shown.path);
        let top = tree::top_of_path::<HostBlake2>(domain, of_level, node.index, hash, &path);
        assert_eq!(
            tree::root::<HostBlake2>(domain, &shape, &top.unwrap()),
            root
        );
    }

    fn play_out(&self, mut attack: impl FnMut() -> DispatchResult) -> (Side, usize) {
        let mut moves = 0;
        while self.lives() {
            moves += 1;
            let moved = match self.turn() {
                Side::Challenger => attack(),
                Side::Defender => self.defend(),
            };
            assert_ok!(moved);
            self.check_revealed();
        }
        let lives = Traces::<Test>::get(self.seat.job, self.seat.trace)
            .unwrap()
            .lives;
        let winner = if lives {
            Side::Defender
        } else {
            Side::Challenger
        };
        (winner, moves)
    }

    /// Plays [`Self::attack`] until somebody is out: the winner, and the number of moves.
    pub fn play(
        &self,
        tensor: Tensor,
        leaf: u64,
        mut pick: impl FnMut(&[Claim]) -> Claim,
        mut part: impl FnMut(&Claim) -> bool,
    ) -> (Side, usize) {
        self.play_out(|| self.attack(tensor, leaf, &mut pick, &mut part))
    }

    /// Plays [`Self::attack_false`] until somebody is out.
    pub fn refute(&self, tensor: Tensor, leaf: u64) -> (Side, usize) {
        self.play_out(|| self.attack_false(tensor, leaf))
    }
}

pub fn error(error: Error<Test>) -> sp_runtime::DispatchError {
    error.into()
}
