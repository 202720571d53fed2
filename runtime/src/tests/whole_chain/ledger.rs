//! The books of a chain as its events tell them, kept without a look at the pallets' own counters.
//! Figures of the economy (shares, charge) are written out here and not taken from the runtime.

use super::{
    invariants::{Broken, Invariant},
    *,
};
use aipg_primitives::{BootstrapLane, JobId, MintReason, ModelId, RoundIndex};
use frame_system::EventRecord;
use pallet_audits::Event as Audit;
use pallet_emission::Event as Money;
use pallet_job_escrow::{types::RefundReason, Event as Job};
use pallet_useful_work::Event as Work;
use pallet_worker_registry::Event as Machine;
use std::collections::BTreeMap;

/// A job as it was submitted.
pub(super) struct Ordered {
    model: ModelId,
    max_price: Balance,
}

/// The books of a chain as its events tell them.
pub struct Ledger {
    pub(super) imported: Balance,
    pub(super) minted: BTreeMap<u8, Balance>,
    pub(super) burned: Balance,
    /// What the schedule allows through the last block, added up block by block.
    pub(super) scheduled: Balance,
    pub(super) rewarded: Balance,
    pub(super) bonds: BTreeMap<AccountId, Balance>,
    pub(super) auditors: BTreeMap<AccountId, Balance>,
    /// `None`: the job ended.
    pub(super) jobs: BTreeMap<JobId, Option<Ordered>>,
    /// κ by model after the last block, which is in force when the next one settles.
    ceilings: BTreeMap<ModelId, Option<u32>>,
    /// Σ κ × credit by worker and round, until it is claimed.
    mintable: BTreeMap<(AccountId, RoundIndex), Balance>,
    /// Work budget of the blocks since the last round was closed.
    open_budget: Balance,
    /// What is left of the budgets of closed rounds.
    budgets: BTreeMap<RoundIndex, Balance>,
    pub(super) broken: Vec<Broken>,
}

pub(super) fn reason(reason: MintReason) -> u8 {
    codec::Encode::encode(&reason)[0]
}

/// Reward of a block by halving again and again.
fn reward_at(height: BlockNumber) -> Balance {
    let schedule = pallet_emission::Terms::<Runtime>::get().schedule;
    (0..height.saturating_sub(1) / schedule.halving_interval)
        .take(128)
        .fold(schedule.initial_reward, |reward, _| reward / 2)
}

/// ⌊amount × parts / 10⁶⌋.
fn millionths(amount: Balance, parts: u32) -> Balance {
    let (whole, rest) = (amount / 1_000_000, amount % 1_000_000);
    whole * Balance::from(parts) + rest * Balance::from(parts) / 1_000_000
}

impl Ledger {
    /// The books of a chain that is still inside block 1, before any transaction.
    pub fn open() -> Self {
        let mut ledger = Self {
            imported: pallet_emission::Terms::<Runtime>::get().imported,
            minted: BTreeMap::new(),
            burned: 0,
            scheduled: 0,
            rewarded: 0,
            bonds: BTreeMap::new(),
            auditors: BTreeMap::new(),
            jobs: BTreeMap::new(),
            ceilings: BTreeMap::new(),
            mintable: BTreeMap::new(),
            open_budget: 0,
            budgets: BTreeMap::new(),
            broken: vec![],
        };
        ledger.remember_ceilings();
        ledger
    }

    /// Books the events of the block that was just finalised.
    pub fn book(&mut self, events: &[EventRecord<RuntimeEvent, Hash>]) {
        self.scheduled += reward_at(System::block_number());
        for record in events {
            match &record.event {
                RuntimeEvent::Emission(event) => self.book_money(event),
                RuntimeEvent::WorkerRegistry(event) => self.book_machine(event),
                RuntimeEvent::Audits(event) => self.book_audit(event),
                RuntimeEvent::JobEscrow(event) => self.book_job(event),
                RuntimeEvent::UsefulWork(event) => self.book_work(event),
                _ => (),
            }
        }
        self.remember_ceilings();
    }

    fn remember_ceilings(&mut self) {
        self.ceilings = pallet_model_registry::Models::<Runtime>::iter()
            .map(|(id, model)| (id, model.mint_ceiling.filter(|_| !model.retired)))
            .collect();
    }

    pub(super) fn ensure(
        &mut self,
        holds: bool,
        invariant: Invariant,
        detail: impl FnOnce() -> String,
    ) {
        if !holds {
            self.broken.push((invariant, detail()));
        }
    }

    fn book_money(&mut self, event: &Money<Runtime>) {
        match event {
            Money::Minted {
                amount, reason: by, ..
            } => {
                *self.minted.entry(reason(*by)).or_default() += amount;
            }
            Money::Burned { amount, .. } => self.burned += amount,
            Money::BlockRewarded {
                author_amount,
                operations_amount,
                work_budget,
                ..
            } => {
                let reward = author_amount + operations_amount + work_budget;
                self.rewarded += reward;
                self.open_budget += work_budget;
                let scheduled = reward_at(System::block_number());
                self.ensure(reward <= scheduled, Invariant::Schedule, || {
                    format!("the block is rewarded {reward}, scheduled is {scheduled}")
                });
            }
            _ => (),
        }
    }

    fn book_machine(&mut self, event: &Machine<Runtime>) {
        match event {
            Machine::Registered { worker, bond, .. } => {
                self.bonds.insert(worker.clone(), *bond);
            }
            Machine::BondIncreased { worker, amount, .. } => {
                *self.bonds.entry(worker.clone()).or_default() += amount;
            }
            Machine::Penalised { worker, amount, .. } => {
                let bond = self.bonds.entry(worker.clone()).or_default();
                *bond = bond.saturating_sub(*amount);
            }
            Machine::Convicted {
                worker,
                burned,
                reward: moved,
            }
            | Machine::MisuseConvicted {
                worker,
                burned,
                moved,
                ..
            } => {
                let bond = self.bonds.entry(worker.clone()).or_default();
                let taken = *burned + *moved;
                let halved = taken == *bond / 2 && *moved == taken / 2;
                *bond = bond.saturating_sub(taken);
                self.ensure(halved, Invariant::Holds, || format!("{event:?}"));
            }
            Machine::Withdrawn { worker, bond } => {
                let owned = self.bonds.remove(worker);
                self.ensure(owned == Some(*bond), Invariant::Holds, || {
                    format!("{bond} withdrawn of a bond of {owned:?}")
                });
            }
            _ => (),
        }
    }

    fn book_audit(&mut self, event: &Audit<Runtime>) {
        match event {
            Audit::AuditorRegistered { auditor, bond, .. } => {
                self.auditors.insert(auditor.clone(), *bond);
            }
            Audit::AuditorBondIncreased {
                auditor,
                amount,
                bond,
            } => {
                let owned = self.auditors.entry(auditor.clone()).or_default();
                *owned += amount;
                let is_whole = owned == bond;
                self.ensure(is_whole, Invariant::Holds, || format!("{event:?}"));
            }
            Audit::AuditorPenalised {
                auditor, amount, ..
            } => {
                let owned = self.auditors.entry(auditor.clone()).or_default();
                *owned = owned.saturating_sub(*amount);
            }
            Audit::AuditorWithdrawn { auditor, bond } => {
                let owned = self.auditors.remove(auditor);
                self.ensure(owned == Some(*bond), Invariant::Holds, || {
                    format!("{bond} withdrawn of a bond of {owned:?}")
                });
            }
            _ => (),
        }
    }

    fn book_job(&mut self, event: &Job<Runtime>) {
        match event {
            Job::JobSubmitted {
                job,
                model,
                max_price,
                ..
            } => {
                let ordered = Ordered {
                    model: *model,
                    max_price: *max_price,
                };
                let known = self.jobs.insert(*job, Some(ordered)).is_some();
                self.ensure(!known, Invariant::EndedJobs, || format!("job {job} twice"));
            }
            Job::JobSettled {
                job,
                fee,
                to_worker,
                to_creator,
                burned,
                to_stakers,
                to_referrer,
                to_treasury,
                returned,
                ..
            } => {
                let parts = to_worker + to_creator + burned + to_stakers + to_referrer;
                let within = *to_worker <= millionths(*fee, 920_000)
                    && *to_creator <= millionths(*fee, 50_000)
                    && *burned == millionths(*fee, 15_000)
                    && *to_stakers <= millionths(*fee, 5_000)
                    && *to_referrer <= millionths(*fee, 5_000);
                let price = self.end(*job).map(|ordered| ordered.max_price);
                let whole = parts + to_treasury == *fee && price == Some(fee + returned);
                self.ensure(within && whole, Invariant::JobMoney, || {
                    format!("{event:?}")
                });
            }
            Job::JobRefunded {
                job,
                returned,
                reason,
                ..
            } => {
                let ordered = self.end(*job);
                let price = ordered.as_ref().map_or(0, |ordered| ordered.max_price);
                let ceiling =
                    ordered.and_then(|ordered| self.ceilings.get(&ordered.model).copied()?);
                // More than others: it may have been open, which events do not tell.
                let is_listed = ceiling.is_some_and(|ceiling| ceiling > 10_000);
                let charge = match reason {
                    RefundReason::InputUnavailable if is_listed && *returned == 0 => price,
                    RefundReason::InputUnavailable => millionths(price, 20_000),
                    RefundReason::DeadlineUnreachable
                    | RefundReason::ResultRefuted
                    | RefundReason::NotAttested => 0,
                };
                self.ensure(returned + charge == price, Invariant::JobMoney, || {
                    format!("{event:?} of {price}")
                });
            }
            _ => (),
        }
    }

    fn end(&mut self, job: JobId) -> Option<Ordered> {
        let ordered = self.jobs.insert(job, None).flatten();
        self.ensure(ordered.is_some(), Invariant::EndedJobs, || {
            format!("job {job} ended, but it was not there")
        });
        ordered
    }

    /// κ in force for a job that `event` gives credit for, in millionths. A model without one of its own has half of
    /// what self-dealing loses, 1.5 % + 0.5 %.
    fn ceiling_of(&mut self, job: JobId, event: &Work<Runtime>) -> u32 {
        let ordered = self.jobs.get(&job).and_then(Option::as_ref);
        let model = ordered.map(|ordered| ordered.model);
        self.ensure(model.is_some(), Invariant::RewardCeiling, || {
            format!("{event:?}, of no job")
        });
        model
            .and_then(|model| self.ceilings.get(&model).copied())
            .flatten()
            .unwrap_or(10_000)
    }

    fn book_work(&mut self, event: &Work<Runtime>) {
        match event {
            // Comes before the event that ends the job.
            Work::WorkCredited {
                worker,
                job,
                round,
                credit,
                counted: _,
            } => {
                let mintable = millionths(*credit, self.ceiling_of(*job, event));
                *self.mintable.entry((worker.clone(), *round)).or_default() += mintable;
            }
            // Comes before the event that ends the job as well. Credit and what may be minted for it are rounded
            // apart, so κ, which is 4 at most, of less than a unit is more.
            Work::AuditCredited {
                auditor,
                job,
                round,
                credit,
            } => {
                let mintable = millionths(*credit, self.ceiling_of(*job, event)) + 5;
                *self.mintable.entry((auditor.clone(), *round)).or_default() += mintable;
            }
            Work::RoundClosed {
                round,
                budget,
                reserved,
                granted,
                ..
            } => {
                let open = core::mem::take(&mut self.open_budget);
                // Public jobs have their share before credit divides the rest.
                let for_lane = Bootstrap::share_of(open);
                let within =
                    *budget + for_lane == open && reserved <= budget && *granted <= for_lane;
                self.ensure(within, Invariant::RoundBudget, || {
                    format!("{event:?}, but the blocks of the round made {open}")
                });
                self.budgets.insert(*round, *budget);
            }
            Work::RewardsForfeited { worker } => self.mintable.retain(|(who, _), _| who != worker),
            Work::RewardClaimed {
                worker,
                round,
                amount,
                ..
            } => {
                let mintable = self.mintable.remove(&(worker.clone(), *round));
                let mintable = mintable.unwrap_or_default();
                self.ensure(*amount <= mintable, Invariant::RewardCeiling, || {
                    format!("{event:?}, but the fees allow {mintable}")
                });
                let left = self.budgets.get(round).copied().unwrap_or_default();
                self.ensure(*amount <= left, Invariant::RoundBudget, || {
                    format!("{event:?}, but {left} of the budget is left")
                });
                self.budgets.insert(*round, left.saturating_sub(*amount));
            }
            _ => (),
        }
    }
}
