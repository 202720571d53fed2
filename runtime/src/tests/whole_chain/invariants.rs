//! The invariants of the economy as code: what the books of a chain and its state must say together
//! after every block.

use super::{
    ledger::{reason, Ledger},
    *,
};
use aipg_primitives::MintReason;
use std::collections::BTreeMap;

/// What must hold after every block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// What each pallet says of its own state.
    TryState,
    /// Issuance is imported + minted − burned.
    Issuance,
    /// The counters of emission are the sums of its events.
    Counters,
    /// No block is worth more than the schedule says, nor are all blocks together.
    Schedule,
    /// Issuance and what is promised to useful work stay within the cap.
    Cap,
    /// All accounts together own the issuance.
    Accounts,
    /// Each hold is what its records own, and nothing else is on hold.
    Holds,
    /// A machine is busy with as many jobs as it has.
    Slots,
    /// A job that ended owns nothing, and every other one is there.
    EndedJobs,
    /// The price of a job goes where the economy says, to the unit.
    JobMoney,
    /// At most κ × credit is minted for a job.
    RewardCeiling,
    /// At most its budget is minted for a round.
    RoundBudget,
}

impl Invariant {
    pub const ALL: [Self; 12] = [
        Self::TryState,
        Self::Issuance,
        Self::Counters,
        Self::Schedule,
        Self::Cap,
        Self::Accounts,
        Self::Holds,
        Self::Slots,
        Self::EndedJobs,
        Self::JobMoney,
        Self::RewardCeiling,
        Self::RoundBudget,
    ];
}

/// An invariant that does not hold, and what was found.
pub type Broken = (Invariant, String);

impl Ledger {
    /// Everything that does not hold after the block that was just booked, or did not in it.
    pub fn check(&mut self) -> Vec<Broken> {
        self.check_pallets();
        self.check_supply();
        self.check_holds();
        self.check_jobs();
        core::mem::take(&mut self.broken)
    }

    fn check_pallets(&mut self) {
        let states = [
            ("ChainParameters", ChainParameters::do_try_state()),
            ("Emission", Emission::do_try_state()),
            ("ModelRegistry", ModelRegistry::do_try_state()),
            ("WorkerRegistry", WorkerRegistry::do_try_state()),
            ("JobEscrow", JobEscrow::do_try_state()),
            ("UsefulWork", UsefulWork::do_try_state()),
            ("Receipts", Receipts::do_try_state()),
            ("Referee", Referee::do_try_state()),
            ("Audits", Audits::do_try_state()),
            ("Bootstrap", Bootstrap::do_try_state()),
        ];
        for (pallet, state) in states {
            self.ensure(state.is_ok(), Invariant::TryState, || {
                format!("{pallet}: {state:?}")
            });
        }
        #[cfg(feature = "try-runtime")]
        {
            use frame_support::traits::{TryState, TryStateSelect};
            let all = AllPalletsWithSystem::try_state(System::block_number(), TryStateSelect::All);
            self.ensure(all.is_ok(), Invariant::TryState, || format!("{all:?}"));
        }
    }

    fn check_supply(&mut self) {
        let issuance = Balances::total_issuance();
        let minted: Balance = self.minted.values().sum();
        let booked = (self.imported + minted).checked_sub(self.burned);
        self.ensure(booked == Some(issuance), Invariant::Issuance, || {
            format!("issuance is {issuance}, the events say {booked:?}")
        });

        let books = Emission::books();
        let by = |reason_of| self.minted.get(&reason(reason_of)).copied().unwrap_or(0);
        let told = (
            self.imported,
            by(MintReason::BlockAuthor),
            by(MintReason::OperationsFund),
            by(MintReason::UsefulWork),
            by(MintReason::Bootstrap),
            self.burned,
            self.rewarded,
        );
        let counted = (
            books.imported,
            books.minted_author,
            books.minted_operations,
            books.minted_work,
            books.minted_bootstrap,
            books.burned_fees
                + books.burned_convictions
                + books.burned_lost_bonds
                + books.burned_audit_faults
                + books.burned_author_faults
                + books.burned_bootstrap,
            // A share that nobody receives lapses, and the event of the block leaves it out.
            pallet_emission::Rewarded::<Runtime>::get()
                - pallet_emission::Lapsed::<Runtime>::get(MintReason::BlockAuthor)
                - pallet_emission::Lapsed::<Runtime>::get(MintReason::OperationsFund),
        );
        self.ensure(told == counted, Invariant::Counters, || {
            format!("the events say {told:?}, the counters {counted:?}")
        });

        let (scheduled, rewarded) = (self.scheduled, self.rewarded);
        self.ensure(
            minted <= scheduled && rewarded <= scheduled,
            Invariant::Schedule,
            || format!("{minted} minted and {rewarded} rewarded of {scheduled}"),
        );

        let promised = issuance + books.pending_work + books.reserved_work;
        self.ensure(promised <= books.cap, Invariant::Cap, || {
            format!(
                "{promised} issued and promised under a cap of {}",
                books.cap
            )
        });

        let owned: Balance = frame_system::Account::<Runtime>::iter_values()
            .map(|account| account.data.free + account.data.reserved)
            .sum();
        self.ensure(owned == issuance, Invariant::Accounts, || {
            format!("issuance is {issuance}, accounts own {owned}")
        });
    }

    fn check_holds(&mut self) {
        // By account and name of the reason.
        type Owned = BTreeMap<(AccountId, String), Balance>;
        let mut owned = Owned::new();
        let mut own = |who: AccountId, reason: RuntimeHoldReason, amount: Balance| {
            if amount > 0 {
                *owned.entry((who, format!("{reason:?}"))).or_default() += amount;
            }
        };
        for job in pallet_job_escrow::Jobs::<Runtime>::iter_values() {
            let reason = pallet_job_escrow::HoldReason::JobPrice;
            own(job.requester, reason.into(), job.max_price);
        }
        for model in pallet_model_registry::Models::<Runtime>::iter_values() {
            let reason = pallet_model_registry::HoldReason::ModelDeposit;
            if let Some(creator) = model.creator {
                own(creator, reason.into(), model.deposit);
            }
        }
        for challenge in pallet_referee::Challenges::<Runtime>::iter_values() {
            let reason = pallet_referee::HoldReason::Challenge;
            own(challenge.account, reason.into(), challenge.bond);
        }
        for trace in pallet_referee::Traces::<Runtime>::iter_values() {
            own(
                trace.account,
                pallet_referee::HoldReason::Trace.into(),
                trace.bond,
            );
        }
        for (_, account, posting) in pallet_referee::Postings::<Runtime>::iter() {
            own(
                account,
                pallet_referee::HoldReason::Trace.into(),
                posting.bond,
            );
        }
        for demand in pallet_referee::Demands::<Runtime>::iter_values() {
            let reason = pallet_referee::HoldReason::Demand;
            own(demand.account, reason.into(), demand.deposit);
        }
        for (auditor, bond) in &self.auditors {
            let reason = pallet_audits::HoldReason::AuditorBond;
            own(auditor.clone(), reason.into(), *bond);
        }
        for (worker, bond) in &self.bonds {
            let reason = pallet_worker_registry::HoldReason::WorkerBond;
            own(worker.clone(), reason.into(), *bond);
        }
        let mut held = Owned::new();
        let mut reserved = BTreeMap::<AccountId, Balance>::new();
        for (who, holds) in pallet_balances::Holds::<Runtime>::iter() {
            for hold in holds {
                *reserved.entry(who.clone()).or_default() += hold.amount;
                held.insert((who.clone(), format!("{:?}", hold.id)), hold.amount);
            }
        }
        self.ensure(held == owned, Invariant::Holds, || {
            format!("on hold is {held:?}, records own {owned:?}")
        });
        for (who, account) in frame_system::Account::<Runtime>::iter() {
            let holds = reserved.get(&who).copied().unwrap_or_default();
            let data = account.data;
            self.ensure(data.reserved == holds, Invariant::Holds, || {
                format!("{who} has {} reserved and {holds} on hold", data.reserved)
            });
        }
        let machines = pallet_worker_registry::Workers::<Runtime>::iter_keys().count();
        let bonds = self.bonds.len();
        self.ensure(machines == bonds, Invariant::Holds, || {
            format!("{machines} machines with {bonds} bonds")
        });
    }

    fn check_jobs(&mut self) {
        let live: Vec<_> = pallet_job_escrow::Jobs::<Runtime>::iter_keys().collect();
        let waiting = self.jobs.values().flatten().count();
        let known = live
            .iter()
            .all(|job| self.jobs.get(job).is_some_and(Option::is_some));
        let traces = pallet_job_escrow::Agenda::<Runtime>::iter_keys()
            .map(|(_, job)| job)
            .chain(pallet_job_escrow::WorkerJobs::<Runtime>::iter_keys().map(|(_, job)| job))
            .all(|job| live.contains(&job));
        let whole = known && traces && live.len() == waiting;
        self.ensure(whole, Invariant::EndedJobs, || {
            format!("{live:?} are in the state, {waiting} have not ended")
        });
        for (worker, record) in pallet_worker_registry::Workers::<Runtime>::iter() {
            let jobs = pallet_job_escrow::WorkerJobs::<Runtime>::iter_key_prefix(&worker).count();
            self.ensure(record.active as usize == jobs, Invariant::Slots, || {
                format!(
                    "{worker} is busy with {} jobs and has {jobs}",
                    record.active
                )
            });
        }
    }
}
