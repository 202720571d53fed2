//! What a block did to disputes.

use super::{Blob, Seat, Side};
use crate::{
    api::{
        referee::events as referee,
        runtime_types::{
            aipg_referee_game::game::Side as GeneratedSide, pallet_referee::types as generated,
        },
    },
    events::fields,
    Amount, ChainError, Hash, State,
};
use aipg_exact::trace::{wire::Wire, Claim, Flaw};
use std::fmt;
use subxt::{events::Event, utils::AccountId32, SubstrateConfig};

/// An event of a dispute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DisputeEvent {
    /// Somebody says that a result is false.
    Challenged {
        job: u64,
        number: u32,
        account: AccountId32,
        bond: Amount,
    },
    /// Somebody stands for the result.
    TracePosted {
        job: u64,
        number: u32,
        account: AccountId32,
        bond: Amount,
    },
    /// A challenger's own root is known.
    RootOpened {
        job: u64,
        challenge: u32,
        root: Hash,
    },
    /// A move was made; `next` is what has to be done now.
    Moved {
        seat: Seat,
        by: Side,
        next: &'static str,
    },
    /// A game has ended; `executed` is the claim that the chain ran, none if a clock ran out.
    GameEnded {
        seat: Seat,
        winner: Side,
        executed: Option<Claim>,
    },
    /// A bond was lost; half burns, half is the winner's.
    BondLost {
        job: u64,
        account: AccountId32,
        burned: Amount,
        winner: AccountId32,
        paid: Amount,
    },
    /// The answer contradicts itself.
    FlawProven {
        job: u64,
        challenge: u32,
        flaw: Flaw,
    },
    /// Somebody cannot find these chunks, and has paid for them.
    Demanded {
        job: u64,
        account: AccountId32,
        blob: Blob,
        chunks: Vec<u32>,
        deposit: Amount,
    },
    /// A chunk is in the block.
    Published {
        job: u64,
        account: AccountId32,
        blob: Blob,
        chunk: u32,
        paid: Amount,
    },
    /// So many chunks were demanded and are not there.
    Withheld { job: u64, chunks: u32 },
    /// Who demanded a chunk that was withheld has its share of the reward.
    DemandRewarded {
        job: u64,
        account: AccountId32,
        amount: Amount,
    },
    /// The result was found right.
    Upheld { job: u64 },
    /// The result was found false.
    Refuted {
        job: u64,
        worker: AccountId32,
        reward: Amount,
    },
    /// No trace stands for the result, but its semantics version is frozen until governance rules.
    SlashQueued { job: u64, version: u32 },
    /// Governance said that the semantics were wrong, not the worker.
    Pardoned { job: u64, worker: AccountId32 },
    /// Several workers lost by the same bytes, the last one with this job: the version is frozen.
    FuseBlown { job: u64, version: u32 },
    /// A challenger has its share of the reward.
    RewardPaid {
        job: u64,
        account: AccountId32,
        amount: Amount,
    },
    /// Nothing is left of the case.
    Closed { job: u64 },
}

impl DisputeEvent {
    /// The job that the dispute is about.
    pub const fn job(&self) -> u64 {
        match self {
            Self::Challenged { job, .. }
            | Self::TracePosted { job, .. }
            | Self::RootOpened { job, .. }
            | Self::BondLost { job, .. }
            | Self::FlawProven { job, .. }
            | Self::Upheld { job }
            | Self::Refuted { job, .. }
            | Self::RewardPaid { job, .. }
            | Self::Demanded { job, .. }
            | Self::Published { job, .. }
            | Self::Withheld { job, .. }
            | Self::DemandRewarded { job, .. }
            | Self::SlashQueued { job, .. }
            | Self::Pardoned { job, .. }
            | Self::FuseBlown { job, .. }
            | Self::Closed { job } => *job,
            Self::Moved { seat, .. } | Self::GameEnded { seat, .. } => seat.job,
        }
    }

    fn decode(event: &Event<'_, SubstrateConfig>) -> Result<Option<Self>, ChainError> {
        if let Some(e) = fields::<referee::Challenged>(event)? {
            return Ok(Some(Self::Challenged {
                job: e.job,
                number: e.number,
                account: e.account,
                bond: Amount(e.bond),
            }));
        }
        if let Some(e) = fields::<referee::TracePosted>(event)? {
            return Ok(Some(Self::TracePosted {
                job: e.job,
                number: e.number,
                account: e.account,
                bond: Amount(e.bond),
            }));
        }
        if let Some(e) = fields::<referee::RootOpened>(event)? {
            return Ok(Some(Self::RootOpened {
                job: e.job,
                challenge: e.challenge,
                root: e.root.into(),
            }));
        }
        if let Some(e) = fields::<referee::Moved>(event)? {
            return Ok(Some(Self::Moved {
                seat: e.seat.into(),
                by: Side::from(&e.by),
                next: step_name(&e.next),
            }));
        }
        if let Some(e) = fields::<referee::GameEnded>(event)? {
            let executed = match e.outcome.ending {
                generated::Ending::Executed { claim } => Claim::from_bytes(&claim.0),
                generated::Ending::OutOfTime => None,
            };
            return Ok(Some(Self::GameEnded {
                seat: e.seat.into(),
                winner: Side::from(&e.outcome.winner),
                executed,
            }));
        }
        for decode in [Self::decode_demand, Self::decode_fuse] {
            if let Some(known) = decode(event)? {
                return Ok(Some(known));
            }
        }
        Self::decode_end(event)
    }

    fn decode_demand(event: &Event<'_, SubstrateConfig>) -> Result<Option<Self>, ChainError> {
        if let Some(e) = fields::<referee::Demanded>(event)? {
            return Ok(Some(Self::Demanded {
                job: e.job,
                account: e.account,
                blob: e.blob.into(),
                chunks: e.chunks.0,
                deposit: Amount(e.deposit),
            }));
        }
        if let Some(e) = fields::<referee::Published>(event)? {
            return Ok(Some(Self::Published {
                job: e.job,
                account: e.account,
                blob: e.blob.into(),
                chunk: e.chunk,
                paid: Amount(e.paid),
            }));
        }
        if let Some(e) = fields::<referee::BlobWithheld>(event)? {
            return Ok(Some(Self::Withheld {
                job: e.job,
                chunks: e.chunks,
            }));
        }
        let rewarded = fields::<referee::DemandRewarded>(event)?;
        Ok(rewarded.map(|e| Self::DemandRewarded {
            job: e.job,
            account: e.account,
            amount: Amount(e.amount),
        }))
    }

    fn decode_fuse(event: &Event<'_, SubstrateConfig>) -> Result<Option<Self>, ChainError> {
        if let Some(e) = fields::<referee::SlashQueued>(event)? {
            return Ok(Some(Self::SlashQueued {
                job: e.job,
                version: e.version,
            }));
        }
        if let Some(e) = fields::<referee::ResultPardoned>(event)? {
            return Ok(Some(Self::Pardoned {
                job: e.job,
                worker: e.worker,
            }));
        }
        let blown = fields::<referee::FuseBlown>(event)?;
        Ok(blown.map(|e| Self::FuseBlown {
            job: e.job,
            version: e.version,
        }))
    }

    fn decode_end(event: &Event<'_, SubstrateConfig>) -> Result<Option<Self>, ChainError> {
        if let Some(e) = fields::<referee::BondLost>(event)? {
            return Ok(Some(Self::BondLost {
                job: e.job,
                account: e.account,
                burned: Amount(e.burned),
                winner: e.winner,
                paid: Amount(e.paid),
            }));
        }
        if let Some(e) = fields::<referee::FlawProven>(event)? {
            return Ok(Flaw::from_bytes(&e.flaw.0).map(|flaw| Self::FlawProven {
                job: e.job,
                challenge: e.challenge,
                flaw,
            }));
        }
        if let Some(e) = fields::<referee::ResultUpheld>(event)? {
            return Ok(Some(Self::Upheld { job: e.job }));
        }
        if let Some(e) = fields::<referee::ResultRefuted>(event)? {
            return Ok(Some(Self::Refuted {
                job: e.job,
                worker: e.worker,
                reward: Amount(e.reward),
            }));
        }
        if let Some(e) = fields::<referee::RewardPaid>(event)? {
            return Ok(Some(Self::RewardPaid {
                job: e.job,
                account: e.account,
                amount: Amount(e.amount),
            }));
        }
        let closed = fields::<referee::CaseClosed>(event)?;
        Ok(closed.map(|e| Self::Closed { job: e.job }))
    }
}

impl From<&GeneratedSide> for Side {
    fn from(side: &GeneratedSide) -> Self {
        match side {
            GeneratedSide::Challenger => Self::Challenger,
            GeneratedSide::Defender => Self::Defender,
        }
    }
}

fn step_name(step: &generated::Step) -> &'static str {
    match step {
        generated::Step::Opening => "Opening",
        generated::Step::Nodes => "Nodes",
        generated::Step::Choice => "Choice",
        generated::Step::Leaf => "Leaf",
        generated::Step::Accusation => "Accusation",
        generated::Step::Sums => "Sums",
        generated::Step::Verdict => "Verdict",
    }
}

impl fmt::Display for Side {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Challenger => "challenger",
            Self::Defender => "defender",
        })
    }
}

impl State {
    /// What the block did to disputes, in order.
    pub async fn dispute_events(&self) -> Result<Vec<DisputeEvent>, ChainError> {
        let events = self.block().events().fetch().await;
        let events = events.map_err(ChainError::of_read)?;
        let mut known = Vec::new();
        for event in events.iter() {
            let event = event.map_err(ChainError::of_read)?;
            known.extend(DisputeEvent::decode(&event)?);
        }
        Ok(known)
    }
}
