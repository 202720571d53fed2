//! What a block did to jobs, machines and rewards, as plain records.

use crate::{api, Amount, ChainError, Hash};
use subxt::{
    events::{DecodeAsEvent, Event},
    utils::AccountId32,
    SubstrateConfig,
};

/// An event that programs act upon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChainEvent {
    /// The worker took the job.
    Claimed { job: u64, worker: AccountId32 },
    /// The answer is there; it is paid at `settles_at` unless it is challenged.
    ResultSubmitted {
        job: u64,
        worker: AccountId32,
        digest: Hash,
        units: u64,
        fee: Amount,
        settles_at: u32,
    },
    /// The job was paid.
    Settled {
        job: u64,
        worker: AccountId32,
        units: u64,
        fee: Amount,
        to_worker: Amount,
    },
    /// The worker lost the job, by a fault of its own or for want of the input.
    Redrawn {
        job: u64,
        worker: AccountId32,
        fault: Option<&'static str>,
    },
    /// The job ended unpaid, without a result or because it was false.
    Refunded { job: u64, reason: &'static str },
    /// The worker's reward of a round was minted.
    RewardClaimed {
        round: u32,
        worker: AccountId32,
        amount: Amount,
        ceiling: &'static str,
    },
    /// Part of the worker's bond was taken. `fault` is `Conviction` if a result of it was false.
    Penalised {
        worker: AccountId32,
        fault: &'static str,
        amount: Amount,
    },
}

impl ChainEvent {
    /// The event as a record; `None` if it is none of these.
    pub(crate) fn decode(event: &Event<'_, SubstrateConfig>) -> Result<Option<Self>, ChainError> {
        use api::{
            job_escrow::events as escrow, useful_work::events as work,
            worker_registry::events as registry,
        };
        if let Some(e) = fields::<escrow::JobClaimed>(event)? {
            return Ok(Some(Self::Claimed {
                job: e.job,
                worker: e.worker,
            }));
        }
        if let Some(e) = fields::<escrow::ResultSubmitted>(event)? {
            return Ok(Some(Self::ResultSubmitted {
                job: e.job,
                worker: e.worker,
                digest: e.digest.into(),
                units: e.units,
                fee: Amount(e.fee),
                settles_at: e.settles_at,
            }));
        }
        if let Some(e) = fields::<escrow::JobSettled>(event)? {
            return Ok(Some(Self::Settled {
                job: e.job,
                worker: e.worker,
                units: e.units,
                fee: Amount(e.fee),
                to_worker: Amount(e.to_worker),
            }));
        }
        if let Some(e) = fields::<escrow::JobRedrawn>(event)? {
            return Ok(Some(Self::Redrawn {
                job: e.job,
                worker: e.worker,
                fault: e.fault.as_ref().map(fault_name),
            }));
        }
        if let Some(e) = fields::<escrow::JobRefunded>(event)? {
            return Ok(Some(Self::Refunded {
                job: e.job,
                reason: reason_name(&e.reason),
            }));
        }
        if let Some(e) = fields::<work::RewardClaimed>(event)? {
            return Ok(Some(Self::RewardClaimed {
                round: e.round,
                worker: e.worker,
                amount: Amount(e.amount),
                ceiling: ceiling_name(&e.ceiling),
            }));
        }
        if let Some(e) = fields::<registry::Penalised>(event)? {
            return Ok(Some(Self::Penalised {
                worker: e.worker,
                fault: fault_name(&e.fault),
                amount: Amount(e.amount),
            }));
        }
        if let Some(e) = fields::<registry::Convicted>(event)? {
            return Ok(Some(Self::Penalised {
                worker: e.worker,
                fault: "Conviction",
                amount: Amount(e.burned.saturating_add(e.reward)),
            }));
        }
        Ok(None)
    }
}

pub(crate) fn fields<E: DecodeAsEvent>(
    event: &Event<'_, SubstrateConfig>,
) -> Result<Option<E>, ChainError> {
    event
        .decode_fields_as::<E>()
        .transpose()
        .map_err(ChainError::of_read)
}

fn fault_name(fault: &api::runtime_types::aipg_primitives::types::Fault) -> &'static str {
    use api::runtime_types::aipg_primitives::types::Fault;
    match fault {
        Fault::ClaimMissed => "ClaimMissed",
        Fault::AttestationMissed => "AttestationMissed",
        Fault::ResultMissed => "ResultMissed",
    }
}

pub(crate) fn reason_name(
    reason: &api::runtime_types::aipg_primitives::receipt::RefundReason,
) -> &'static str {
    use api::runtime_types::aipg_primitives::receipt::RefundReason;
    match reason {
        RefundReason::DeadlineUnreachable => "DeadlineUnreachable",
        RefundReason::InputUnavailable => "InputUnavailable",
        RefundReason::ResultRefuted => "ResultRefuted",
        RefundReason::NotAttested => "NotAttested",
    }
}

pub(crate) fn ceiling_name(
    ceiling: &api::runtime_types::aipg_primitives::api::Ceiling,
) -> &'static str {
    use api::runtime_types::aipg_primitives::api::Ceiling;
    match ceiling {
        Ceiling::Budget => "budget",
        Ceiling::Fee => "fee",
        Ceiling::Mixed => "mixed",
    }
}
