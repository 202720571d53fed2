//! The calls that programs make, by name.

use crate::{api, Amount, Hash, Region, TokenList};
use subxt::transactions::Payload;

/// A call with the name that errors and logs give it.
pub struct Call<C> {
    /// `pallet.call` as polkadot.js writes it.
    pub name: &'static str,
    pub payload: C,
}

/// Registers a machine: puts `bond` on hold and pays the registration fee.
pub fn register(bond: Amount, capacity: u32, region: Region) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.register",
        payload: api::transactions()
            .worker_registry()
            .register(bond.0, capacity, region.into()),
    }
}

/// Offers a unit of `model` for `ask`; replaces an older offer.
pub fn set_offer(model: Hash, ask: Amount) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.setOffer",
        payload: api::transactions()
            .worker_registry()
            .set_offer(model.into(), ask.0),
    }
}

/// Stops offering `model`.
pub fn remove_offer(model: Hash) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.removeOffer",
        payload: api::transactions()
            .worker_registry()
            .remove_offer(model.into()),
    }
}

/// Adds `amount` to the bond.
pub fn bond_more(amount: Amount) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.bondMore",
        payload: api::transactions().worker_registry().bond_more(amount.0),
    }
}

/// From now on the machine can be drawn.
pub fn go_online() -> Call<impl Payload> {
    Call {
        name: "workerRegistry.goOnline",
        payload: api::transactions().worker_registry().go_online(),
    }
}

/// From now on the machine is not drawn any more.
pub fn go_offline() -> Call<impl Payload> {
    Call {
        name: "workerRegistry.goOffline",
        payload: api::transactions().worker_registry().go_offline(),
    }
}

/// Asserts that the input of `job` is in hand and takes the job.
pub fn claim(job: u64) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.claim",
        payload: api::transactions().job_escrow().claim(job),
    }
}

/// Gives `job` back because its input is missing or wrong.
pub fn input_unavailable(job: u64) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.inputUnavailable",
        payload: api::transactions().job_escrow().input_unavailable(job),
    }
}

/// Delivers the answer of `job`.
pub fn submit_result(job: u64, output: TokenList, digest: Hash) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.submitResult",
        payload: api::transactions()
            .job_escrow()
            .submit_result(job, output.into(), digest.into()),
    }
}

/// Mints the reward of a closed round.
pub fn claim_reward(round: u32) -> Call<impl Payload> {
    Call {
        name: "usefulWork.claimReward",
        payload: api::transactions().useful_work().claim_reward(round),
    }
}
