//! Results that can be doubted, and the disputes about them, as plain records.
//!
//! The protocol is `docs/spec/useful-work.md`. Everything that a party has to know is in the state:
//! the roots of every trace, the stage of every game, and what was revealed in it.

mod demands;
mod events;
#[cfg(test)]
mod tests;

pub use aipg_referee_game::{Case, Windows};
pub use demands::{Blob, Demand, MAX_DEMANDED};
pub use events::DisputeEvent;

use crate::{
    api::{
        self,
        runtime_types::{
            aipg_referee_game::{
                case::Case as GeneratedCase,
                game::{Game as GeneratedGame, Stage as GeneratedStage},
            },
            pallet_job_escrow::types::Stage as JobStage,
            pallet_referee::types as generated,
        },
    },
    Amount, ChainError, Hash, Sampling, State, TokenList,
};
use aipg_exact::{
    trace::{wire::Wire, Claim, Leaf, Node},
    Blake2b256, Hasher256,
};
use std::collections::BTreeMap;
use subxt::utils::AccountId32;

/// Most roots that one call posts, and that one part of a trace's roots has in the state.
pub const MAX_ROOTS: usize = 500;

/// Ticks: blocks in which finality did not lag.
pub type Tick = u32;

/// A result that is not paid yet, with all that decides whether it is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredResult {
    pub job: u64,
    pub worker: AccountId32,
    pub model: Hash,
    pub input: TokenList,
    pub output: TokenList,
    /// Nodes that should have the two.
    pub input_provider: Option<Hash>,
    pub output_provider: Option<Hash>,
    /// Root of the residual stream after the last layer.
    pub digest: Hash,
    /// Most tokens of the answer.
    pub max_output: u32,
    /// The answer ends with the first of these.
    pub stop: Vec<u32>,
    pub seed: u64,
    pub sampling: Sampling,
    /// When it was delivered.
    pub delivered: Tick,
}

/// Names a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seat {
    pub job: u64,
    /// Number of the challenge within the case.
    pub challenge: u32,
    /// Number of the trace within the case.
    pub trace: u32,
}

impl From<Seat> for generated::Seat {
    fn from(seat: Seat) -> Self {
        Self {
            job: seat.job,
            challenge: seat.challenge,
            trace: seat.trace,
        }
    }
}

impl From<generated::Seat> for Seat {
    fn from(seat: generated::Seat) -> Self {
        Self {
            job: seat.job,
            challenge: seat.challenge,
            trace: seat.trace,
        }
    }
}

/// How far a case is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It waits for what the parties do.
    Live,
    /// The chain ends games that nobody reported.
    Sweeping,
    /// The result was found right.
    Upheld,
    /// The result was found false; from `pays_at` on the reward is shared among those who opened
    /// their roots.
    False { reward: Amount, pays_at: Tick },
}

/// Somebody says that the result is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub account: AccountId32,
    /// [`commitment`].
    pub commitment: Hash,
    /// Block that holds it.
    pub made_in: u32,
    pub since: Tick,
    /// The root that was committed to, once it is known.
    pub root: Option<Hash>,
    /// Whether it has lost no game.
    pub lives: bool,
}

/// Somebody stands for a computation that ends in the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedTrace {
    pub account: AccountId32,
    pub root: Hash,
    pub since: Tick,
    /// Whether it has lost no game.
    pub lives: bool,
}

/// Who has to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Challenger,
    Defender,
}

/// How far a game is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The challenger names a tensor.
    Opening,
    /// The defender reveals what is below the node.
    Nodes(Node),
    /// The challenger names one of the nodes below.
    Choice(Node),
    /// The defender reveals the leaf.
    Leaf(Node),
    /// The challenger names a claim of the leaf.
    Accusation(Leaf),
    /// The defender reveals so many sums of the claim.
    Sums(Claim, u32),
    /// The challenger opens what the claim reads.
    Verdict(Claim, Vec<i64>),
}

impl Stage {
    /// Whose move it is.
    pub const fn turn(&self) -> Side {
        match self {
            Self::Opening | Self::Choice(_) | Self::Accusation(_) | Self::Verdict(..) => {
                Side::Challenger
            }
            Self::Nodes(_) | Self::Leaf(_) | Self::Sums(..) => Side::Defender,
        }
    }

    /// Its name, as the chain's events have it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Opening => "Opening",
            Self::Nodes(_) => "Nodes",
            Self::Choice(_) => "Choice",
            Self::Leaf(_) => "Leaf",
            Self::Accusation(_) => "Accusation",
            Self::Sums(..) => "Sums",
            Self::Verdict(..) => "Verdict",
        }
    }
}

/// A game between a challenge and a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Game {
    pub stage: Stage,
    /// Ticks that the challenger had left when the last move was made.
    pub challenger: Tick,
    /// Ticks that the defender had left.
    pub defender: Tick,
    /// Since when the side that has to move is thinking.
    pub since: Tick,
}

impl Game {
    /// Ticks that the side to move has left; 0 if it is out of time.
    pub const fn left(&self, now: Tick) -> Tick {
        let left = match self.stage.turn() {
            Side::Challenger => self.challenger,
            Side::Defender => self.defender,
        };
        left.saturating_sub(now.saturating_sub(self.since))
    }
}

/// What a game has shown of the defender's trace, as far as its next moves need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revealed {
    /// The node that the game has come down to.
    pub at: Node,
    /// Siblings from that node up to the root of the tensor.
    pub path: Vec<[u8; 32]>,
    /// The nodes below it, once the defender revealed them.
    pub nodes: Vec<[u8; 32]>,
    /// The leaf, once the defender revealed it.
    pub leaf: Vec<u8>,
}

/// A dispute about a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    pub job: u64,
    pub worker: AccountId32,
    pub phase: Phase,
    /// Whether the answer was shown to contradict itself.
    pub flawed: bool,
    /// First tick in which no challenge is taken any more.
    pub challenges_end: Tick,
    /// First tick in which no trace is taken any more.
    pub traces_end: Tick,
    /// First tick in which every clock has run out.
    pub games_end: Tick,
    /// First tick in which nothing can be demanded any more.
    pub demands_end: Tick,
    /// First tick in which nothing can be published any more.
    pub answers_end: Tick,
    /// Chunks that were demanded.
    pub demands: BTreeMap<(Blob, u32), Demand>,
    /// By their numbers.
    pub challenges: BTreeMap<u32, Challenge>,
    /// Those whose roots are all there, by their numbers.
    pub traces: BTreeMap<u32, PostedTrace>,
    /// Numbers of the traces whose roots are not all there, by who posts them.
    pub postings: BTreeMap<[u8; 32], u32>,
    /// Of challenges and traces that both live.
    pub games: BTreeMap<(u32, u32), Game>,
}

impl Dispute {
    /// Whether parties can still do something about the result.
    pub fn is_open(&self) -> bool {
        self.phase == Phase::Live && !self.flawed
    }

    /// The number and the challenge of an account that live: the first if there are several.
    pub fn challenge_of(&self, account: &AccountId32) -> Option<(u32, &Challenge)> {
        let mut own = self.challenges.iter();
        own.find(|(_, challenge)| challenge.lives && challenge.account == *account)
            .map(|(&number, challenge)| (number, challenge))
    }

    /// Whether an account has said that the result is false, and may have lost.
    pub fn has_challenge_of(&self, account: &AccountId32) -> bool {
        let mut all = self.challenges.values();
        all.any(|challenge| challenge.account == *account)
    }

    /// Whether somebody who lives says that the result is false.
    pub fn is_challenged(&self) -> bool {
        self.challenges.values().any(|challenge| challenge.lives)
    }

    /// Whether an account stands for the result, or has and lost.
    pub fn has_trace_of(&self, account: &AccountId32) -> bool {
        self.traces.values().any(|trace| trace.account == *account)
    }
}

/// What commits a challenger to the root of its trace: H("aipg.acc" ‖ job ‖ account ‖ salt ‖ root).
pub fn commitment(job: u64, account: &AccountId32, salt: Hash, root: Hash) -> Hash {
    let job = job.to_le_bytes();
    let parts: [&[u8]; 5] = [b"aipg.acc", &job, &account.0, &salt.0, &root.0];
    Hash(Blake2b256::hash(&parts))
}

fn unreadable(what: &str) -> ChainError {
    ChainError::Incompatible(format!("{what} of a dispute has another form"))
}

fn read<T: Wire>(bytes: &[u8], what: &str) -> Result<T, ChainError> {
    T::from_bytes(bytes).ok_or_else(|| unreadable(what))
}

type GameRecord = GeneratedGame<
    GeneratedStage<
        Vec<u8>,
        Vec<u8>,
        Vec<u8>,
        api::runtime_types::bounded_collections::bounded_vec::BoundedVec<i64>,
    >,
>;

impl Game {
    fn of(record: GameRecord) -> Result<Self, ChainError> {
        let stage = match record.stage {
            GeneratedStage::Opening => Stage::Opening,
            GeneratedStage::Nodes(node) => Stage::Nodes(read(&node, "a node")?),
            GeneratedStage::Choice(node) => Stage::Choice(read(&node, "a node")?),
            GeneratedStage::Leaf(node) => Stage::Leaf(read(&node, "a node")?),
            GeneratedStage::Accusation(leaf) => Stage::Accusation(read(&leaf, "a leaf")?),
            GeneratedStage::Sums(claim, count) => Stage::Sums(read(&claim, "a claim")?, count),
            GeneratedStage::Verdict(claim, values) => {
                Stage::Verdict(read(&claim, "a claim")?, values.0)
            }
        };
        Ok(Self {
            stage,
            challenger: record.clocks.challenger,
            defender: record.clocks.defender,
            since: record.clocks.since,
        })
    }
}

type JobRecord = api::runtime_types::pallet_job_escrow::types::Job<AccountId32, u32>;

impl DeliveredResult {
    fn of(job: u64, record: JobRecord) -> Option<Self> {
        let JobStage::Delivered {
            worker,
            output,
            provider,
            digest,
            delivered,
            ..
        } = record.stage
        else {
            return None;
        };
        Some(Self {
            job,
            worker,
            model: record.model.into(),
            input: record.input.into(),
            output: output.into(),
            input_provider: record.provider.map(Into::into),
            output_provider: provider.map(Into::into),
            digest: digest.into(),
            max_output: record.parameters.max_output,
            stop: record.parameters.stop.0,
            seed: record.parameters.seed,
            sampling: record.parameters.sampling.into(),
            delivered,
        })
    }
}

impl State {
    /// The tick of the block.
    pub async fn tick(&self) -> Result<Tick, ChainError> {
        let address = api::storage().referee().ticks();
        self.value(address, ()).await.map(Option::unwrap_or_default)
    }

    /// How long results can be challenged, and parties think.
    pub async fn windows(&self) -> Result<Windows, ChainError> {
        let parameters = self.parameters().await?;
        Ok(Windows {
            challenge: parameters.challenge_window,
            clock: parameters.dispute_clock,
        })
    }

    /// A result that is not paid yet.
    pub async fn result(&self, job: u64) -> Result<Option<DeliveredResult>, ChainError> {
        let record = self
            .value(api::storage().job_escrow().jobs(), (job,))
            .await?;
        Ok(record.and_then(|record| DeliveredResult::of(job, record)))
    }

    /// All results that are not paid yet, oldest job first.
    pub async fn results(&self) -> Result<Vec<DeliveredResult>, ChainError> {
        let address = api::storage().job_escrow().jobs();
        let records = self.entries(address, (), |(job,): (u64,)| job).await?;
        let results = records.into_iter();
        Ok(results
            .filter_map(|(job, record)| DeliveredResult::of(job, record))
            .collect())
    }

    /// Jobs whose results are disputed, in order.
    pub async fn disputed(&self) -> Result<Vec<u64>, ChainError> {
        let address = api::storage().referee().cases();
        let cases = self.entries(address, (), |(job,): (u64,)| job).await?;
        Ok(cases.into_keys().collect())
    }

    /// The dispute about a result.
    pub async fn dispute(&self, job: u64) -> Result<Option<Dispute>, ChainError> {
        let referee = || api::storage().referee();
        let Some(record) = self.value(referee().cases(), (job,)).await? else {
            return Ok(None);
        };
        let challenges = self
            .entries(referee().challenges(), (job,), |(_, number): (u64, u32)| {
                number
            })
            .await?;
        let traces = self
            .entries(referee().traces(), (job,), |(_, number): (u64, u32)| number)
            .await?;
        let postings = self
            .entries(
                referee().postings(),
                (job,),
                |(_, account): (u64, AccountId32)| account.0,
            )
            .await?;
        let records = self
            .entries(referee().games(), (job,), |(_, seat): (u64, (u32, u32))| {
                seat
            })
            .await?;
        let demands = self
            .entries(
                referee().demands(),
                (job,),
                |(_, (blob, chunk)): (u64, (generated::Blob, u32))| (Blob::from(blob), chunk),
            )
            .await?;
        let clock = self.parameters().await?.dispute_clock;
        let GeneratedCase {
            challenges_end,
            traces_end,
            games_end,
            demands_end,
            answers_end,
            ..
        } = record.case;
        let mut dispute = Dispute {
            job,
            worker: record.worker,
            phase: match record.phase {
                generated::Phase::Live => Phase::Live,
                generated::Phase::Sweeping { .. } => Phase::Sweeping,
                generated::Phase::Upheld { .. } => Phase::Upheld,
                generated::Phase::False {
                    reward, pays_at, ..
                } => Phase::False {
                    reward: Amount(reward),
                    pays_at,
                },
            },
            flawed: record.flawed,
            challenges_end,
            traces_end,
            games_end,
            demands_end,
            answers_end,
            demands: demands
                .into_iter()
                .map(|(place, demand)| (place, Demand::from(demand)))
                .collect(),
            challenges: challenges
                .into_iter()
                .map(|(number, challenge)| (number, Challenge::from(challenge)))
                .collect(),
            traces: traces
                .into_iter()
                .map(|(number, trace)| (number, PostedTrace::from(trace)))
                .collect(),
            postings: postings
                .into_iter()
                .map(|(account, posting)| (account, posting.number))
                .collect(),
            games: BTreeMap::new(),
        };
        let mut played = BTreeMap::new();
        for (seat, record) in records {
            played.insert(seat, Game::of(record)?);
        }
        dispute.games = dispute.pairs(clock, played);
        Ok(Some(dispute))
    }

    /// The roots of all tensors of a trace, as far as they are posted.
    pub async fn trace_roots(&self, job: u64, trace: u32) -> Result<Vec<[u8; 32]>, ChainError> {
        let mut roots = Vec::new();
        for part in 0.. {
            let address = api::storage().referee().roots();
            let Some(page) = self.value(address, (job, (trace, part))).await? else {
                break;
            };
            let full = page.0.len() == MAX_ROOTS;
            roots.extend(page.0.into_iter().map(|root| root.0));
            if !full {
                break;
            }
        }
        Ok(roots)
    }

    /// What a game has shown of the defender's trace; `None` before its first move.
    pub async fn revealed(&self, seat: Seat) -> Result<Option<Revealed>, ChainError> {
        let address = api::storage().referee().revealed();
        let key = (seat.job, (seat.challenge, seat.trace));
        let Some(record) = self.value(address, key).await? else {
            return Ok(None);
        };
        Ok(Some(Revealed {
            at: read(&record.at, "a node")?,
            path: record.path.0.into_iter().map(|hash| hash.0).collect(),
            nodes: record.nodes.0.into_iter().map(|hash| hash.0).collect(),
            leaf: record.leaf.0,
        }))
    }
}

impl Dispute {
    /// The games: of every challenge with every trace, as far as both live. One in which no move was
    /// made yet is at its opening since both were there.
    fn pairs(
        &self,
        clock: Tick,
        mut played: BTreeMap<(u32, u32), Game>,
    ) -> BTreeMap<(u32, u32), Game> {
        let mut games = BTreeMap::new();
        for (&challenge, one) in self.challenges.iter().filter(|(_, one)| one.lives) {
            for (&trace, other) in self.traces.iter().filter(|(_, other)| other.lives) {
                let seat = (challenge, trace);
                let game = played.remove(&seat).unwrap_or_else(|| Game {
                    stage: Stage::Opening,
                    challenger: clock,
                    defender: clock,
                    since: one.since.max(other.since),
                });
                games.insert(seat, game);
            }
        }
        games
    }
}

impl From<generated::Challenge<AccountId32, u32>> for Challenge {
    fn from(record: generated::Challenge<AccountId32, u32>) -> Self {
        Self {
            account: record.account,
            commitment: record.commitment.into(),
            made_in: record.made_in,
            since: record.since,
            root: record.root.map(Hash::from),
            lives: record.lives,
        }
    }
}

impl From<generated::Trace<AccountId32>> for PostedTrace {
    fn from(record: generated::Trace<AccountId32>) -> Self {
        Self {
            account: record.account,
            root: record.root.into(),
            since: record.since,
            lives: record.lives,
        }
    }
}
