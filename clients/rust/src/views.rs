//! What the chain tells, as plain records: users of the crate need neither generated types nor
//! encodings.

use super::api::runtime_types::aipg_primitives::{api as generated_api, types as generated};
use crate::{amount::Amount, bootstrap::LANE, region::Region};
use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use subxt::utils::{AccountId32, H256};

/// 32 bytes that name something: a model, a blob, a commitment, a digest.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

/// The bytes that hexadecimal digits stand for, with 0x before them.
pub(crate) fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

impl Hash {
    /// The hash that 64 hexadecimal digits stand for, with or without 0x before them.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut hash = [0; 32];
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut hash).ok()?;
        Some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "0x{}", hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text)
            .ok_or_else(|| de::Error::custom("a hash is 0x and 64 hexadecimal digits"))
    }
}

impl From<H256> for Hash {
    fn from(hash: H256) -> Self {
        Self(hash.0)
    }
}

impl From<Hash> for H256 {
    fn from(hash: Hash) -> Self {
        H256(hash.0)
    }
}

/// A token list: where its bytes are, what they commit to, how many ids they hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenList {
    pub blob: Hash,
    pub root: Hash,
    pub count: u32,
}

impl From<generated::TokenList> for TokenList {
    fn from(list: generated::TokenList) -> Self {
        Self {
            blob: list.blob.into(),
            root: list.root.into(),
            count: list.count,
        }
    }
}

impl From<TokenList> for generated::TokenList {
    fn from(list: TokenList) -> Self {
        Self {
            blob: list.blob.into(),
            root: list.root.into(),
            count: list.count,
        }
    }
}

/// How the tokens of an answer are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// The most likely token each time.
    #[default]
    Greedy,
    /// Drawn from the job's seed.
    Seeded(SamplingParameters),
}

/// The integers of a drawing job, as in section 3 of docs/spec/exact-inference.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamplingParameters {
    /// Inverse temperature, Q16.
    pub beta: u32,
    /// 0 takes all.
    pub top_k: u32,
    /// Q16; 65,536 takes all.
    pub top_p: u32,
    /// Largest distance below the largest, Q16.
    pub min_p: Option<u32>,
}

impl From<generated::Sampling> for Sampling {
    fn from(sampling: generated::Sampling) -> Self {
        match sampling {
            generated::Sampling::Greedy => Self::Greedy,
            generated::Sampling::Seeded(parameters) => Self::Seeded(SamplingParameters {
                beta: parameters.beta,
                top_k: parameters.top_k,
                top_p: parameters.top_p,
                min_p: parameters.min_p,
            }),
        }
    }
}

impl From<SamplingParameters> for aipg_exact::sampling::Parameters {
    fn from(parameters: SamplingParameters) -> Self {
        Self {
            beta: parameters.beta,
            top_k: parameters.top_k,
            top_p: parameters.top_p,
            min_p: parameters.min_p,
        }
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Queued,
    Assigned,
    /// The worker says that the input cannot be had.
    Demanded,
    Running,
    Delivered,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Queued => "queued",
            Self::Assigned => "assigned",
            Self::Demanded => "demanded",
            Self::Running => "running",
            Self::Delivered => "delivered",
        })
    }
}

/// A live job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    pub id: u64,
    pub stage: Stage,
    /// Who was drawn.
    pub worker: Option<AccountId32>,
    /// Block at which the chain moves the job on by itself.
    pub due: u32,
    /// First block in which a result does not count any more, of a job that is run; `due` can be sooner.
    #[serde(default)]
    pub deliver_by: Option<u32>,
    pub model: Hash,
    pub input: TokenList,
    /// Node that should have the input.
    #[serde(default)]
    pub input_provider: Option<Hash>,
    /// Most tokens of the answer.
    pub max_output: u32,
    /// The answer ends with the first of these.
    pub stop: Vec<u32>,
    /// What a drawing job draws from.
    #[serde(default)]
    pub seed: u64,
    #[serde(default)]
    pub sampling: Sampling,
    /// Price of a unit.
    pub ask: Option<Amount>,
    /// Whether the chain itself is the requester.
    #[serde(default)]
    pub is_public: bool,
}

impl From<generated_api::JobView<AccountId32, u32>> for Job {
    fn from(view: generated_api::JobView<AccountId32, u32>) -> Self {
        Self {
            id: view.id,
            worker: view.worker,
            stage: match view.stage {
                generated_api::JobStage::Queued => Stage::Queued,
                generated_api::JobStage::Assigned => Stage::Assigned,
                generated_api::JobStage::Demanded => Stage::Demanded,
                generated_api::JobStage::Running => Stage::Running,
                generated_api::JobStage::Delivered => Stage::Delivered,
            },
            due: view.due,
            deliver_by: view.deliver_by,
            model: view.model.into(),
            input: view.input.into(),
            input_provider: view.input_provider.map(Into::into),
            max_output: view.parameters.max_output,
            stop: view.parameters.stop.0,
            seed: view.parameters.seed,
            sampling: view.parameters.sampling.into(),
            ask: view.ask.map(Amount),
            is_public: view.requester == LANE,
        }
    }
}

/// A machine as the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub online: bool,
    pub suspended: bool,
    /// A result of it was false; it never works again.
    pub banned: bool,
    pub bond: Amount,
    pub level: u8,
    pub region: Region,
    pub capacity: u32,
    pub active: u32,
    /// What it gets at most for jobs that are not final; see [`Machine::most_exposed`].
    pub exposed: Amount,
    pub completed: u64,
    pub failed: u64,
    /// Parts per million.
    pub reputation: u32,
    /// Parts per million: the part of its time to deliver that it uses, a moving average over its jobs.
    pub pace: u32,
    /// Verified power, in steps of a window.
    pub power: u32,
    /// Models served and what a unit of each costs.
    pub offers: Vec<(Hash, Amount)>,
    /// Block from which the bond can be withdrawn, once the machine is retired.
    pub unbonds_at: Option<u32>,
}

impl Machine {
    /// The most that may be exposed: the machine is not drawn for what would be more.
    pub fn most_exposed(&self) -> Amount {
        Amount(self.bond.0 / 5)
    }

    /// The most that one job may pay it: it is not drawn for a dearer one.
    pub fn largest_payout(&self) -> Amount {
        Amount(self.bond.0 / 50)
    }
}

impl From<generated_api::WorkerView<u32>> for Machine {
    fn from(view: generated_api::WorkerView<u32>) -> Self {
        let offers = view
            .offers
            .into_iter()
            .map(|(model, ask)| (model.into(), Amount(ask)));
        Self {
            online: view.online,
            suspended: view.suspended,
            banned: view.banned,
            bond: Amount(view.bond),
            level: view.level,
            region: view.region.into(),
            capacity: view.capacity,
            active: view.active,
            exposed: Amount(view.exposed),
            completed: view.completed,
            failed: view.failed,
            reputation: view.reputation,
            pace: view.pace,
            power: view.power,
            offers: offers.collect(),
            unbonds_at: view.unbonds_at,
        }
    }
}

/// A registered model, as far as a worker cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelTerms {
    /// Least price of one unit.
    pub price_floor: Amount,
}

impl From<generated::ModelTerms<AccountId32>> for ModelTerms {
    fn from(terms: generated::ModelTerms<AccountId32>) -> Self {
        Self {
            price_floor: Amount(terms.price_floor),
        }
    }
}

/// A reward that can be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reward {
    pub round: u32,
    pub amount: Amount,
    /// Which ceiling set the amount.
    pub ceiling: &'static str,
}

impl From<generated_api::ClaimableReward> for Reward {
    fn from(reward: generated_api::ClaimableReward) -> Self {
        Self {
            round: reward.round,
            amount: Amount(reward.amount),
            ceiling: crate::events::ceiling_name(&reward.ceiling),
        }
    }
}
