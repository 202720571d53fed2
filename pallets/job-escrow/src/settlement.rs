//! Where the money of a job goes, and what remains of the job: everything that was on hold leaves it
//! here, and the job's receipt goes to the round's.

use crate::pallet::*;
use crate::split::split_fee;
use crate::types::{Delivery, FeeParts, RefundReason, Stage};
use aipg_primitives::{
    Balance, Burn, BurnReason, Fault, JobId, ModelCatalogue, ModelId, OnSettled, Outcome, Receipt,
    ReceiptLog, SettledJob, Units, WorkerDirectory,
};
use frame_support::{
    pallet_prelude::DispatchResult,
    traits::{
        fungible::MutateHold,
        tokens::{Fortitude, Precision, Restriction},
        Contains, Get,
    },
};

impl<T: Config> Pallet<T> {
    /// units × ask, never more than the hold. The draw already made sure of it.
    pub(crate) fn fee_of(job: &JobOf<T>, ask: Balance, units: Units) -> Balance {
        Balance::from(units).saturating_mul(ask).min(job.max_price)
    }

    /// Most that is minted on the fee of a job of the model, in millionths.
    pub(crate) fn mint_ceiling(model: &ModelId) -> u32 {
        T::Models::mint_ceiling(model, T::DefaultMintCeiling::get())
    }

    /// The same of one job: no more than when it was submitted, and what governance has listed counts only while the requester leaves open who does it.
    /// Never for one that is subsidised: who audits it is paid as if the model was not listed, its worker gets the fee.
    pub(crate) fn mint_ceiling_of(job: &JobOf<T>) -> u32 {
        let listed = Self::mint_ceiling(&job.model).min(job.ceiling);
        if job.is_open && !T::Subsidised::contains(&job.requester) {
            return listed;
        }
        listed.min(T::DefaultMintCeiling::get())
    }

    /// Whether more can be minted on the job than on others.
    pub(crate) fn earns_listed(job: &JobOf<T>) -> bool {
        Self::mint_ceiling_of(job) > T::DefaultMintCeiling::get()
    }

    /// Moves held money of the job to `to`; returns what arrived. An account that cannot receive
    /// the amount (it would stay under the existential deposit) gets nothing.
    fn pay(job: &JobOf<T>, to: &T::AccountId, amount: Balance) -> Balance {
        if amount == 0 {
            return 0;
        }
        T::Currency::transfer_on_hold(
            &HoldReason::JobPrice.into(),
            &job.requester,
            to,
            amount,
            Precision::Exact,
            Restriction::Free,
            Fortitude::Polite,
        )
        .unwrap_or_default()
    }

    /// Pays a delivered job by the split, returns the rest and forgets the job.
    pub(crate) fn settle(
        id: JobId,
        job: JobOf<T>,
        delivery: Delivery<T::AccountId>,
    ) -> DispatchResult {
        let Delivery {
            worker,
            ask,
            payout,
            units,
            output,
            digest,
        } = delivery;
        let fee = Self::fee_of(&job, ask, units);
        let parts = split_fee(
            fee,
            &T::FeeSplit::get(),
            job.creator.is_some(),
            job.referrer.is_some(),
        );
        if parts.burned > 0 {
            T::Burn::burn_held(
                &HoldReason::JobPrice.into(),
                &job.requester,
                parts.burned,
                BurnReason::JobFee,
            )?;
        }
        let mut paid = FeeParts {
            burned: parts.burned,
            ..Default::default()
        };
        paid.worker = Self::pay(&job, &worker, parts.worker);
        if let Some(creator) = &job.creator {
            paid.creator = Self::pay(&job, creator, parts.creator);
        }
        if let Some(referrer) = &job.referrer {
            paid.referrer = Self::pay(&job, referrer, parts.referrer);
        }
        paid.stakers = Self::pay(&job, &T::StakersPot::get(), parts.stakers);
        // The treasury also takes what an account could not receive.
        let others = paid.besides_treasury();
        paid.treasury = Self::pay(&job, &T::Treasury::get(), fee.saturating_sub(others));
        let spent = others.saturating_add(paid.treasury);
        let returned = Self::release(&job, job.max_price.saturating_sub(spent))?;
        Self::remove(id, &job);
        T::Workers::settled(&worker, payout, true);
        Self::write_receipt(
            id,
            &job,
            Outcome::Paid {
                worker: worker.clone(),
                output,
                digest,
                units,
                ask,
                fee,
            },
        )?;
        T::OnSettled::on_settled(&SettledJob {
            job: id,
            worker: worker.clone(),
            requester: job.requester.clone(),
            model: job.model,
            class: job.class,
            units,
            ask,
            fee,
            mint_ceiling: Self::mint_ceiling_of(&job),
            is_subsidised: T::Subsidised::contains(&job.requester),
        });
        Self::deposit_event(Event::JobSettled {
            job: id,
            worker,
            requester: job.requester,
            units,
            fee,
            to_worker: paid.worker,
            to_creator: paid.creator,
            burned: paid.burned,
            to_stakers: paid.stakers,
            to_referrer: paid.referrer,
            to_treasury: paid.treasury,
            returned,
        });
        Ok(())
    }

    /// What a requester loses whose input could not be had: the whole price, as long as the job can earn what
    /// governance has listed, else [`Config::InputMissCharge`] of it. Otherwise withholding the input from whoever
    /// one does not want would be cheaper than having a stranger do the job.
    fn charge_for_input(job: &JobOf<T>) -> Balance {
        if Self::earns_listed(job) {
            return job.max_price;
        }
        T::InputMissCharge::get().mul_floor(job.max_price)
    }

    /// Ends a job unpaid: the hold goes back, less the charge for a missing input.
    pub(crate) fn refund(id: JobId, job: JobOf<T>, reason: RefundReason) -> DispatchResult {
        let charge = match reason {
            RefundReason::InputUnavailable => Self::charge_for_input(&job),
            RefundReason::DeadlineUnreachable
            | RefundReason::ResultRefuted
            | RefundReason::NotAttested => 0,
        };
        let charged = Self::pay(&job, &T::Treasury::get(), charge);
        let returned = Self::release(&job, job.max_price.saturating_sub(charged))?;
        Self::remove(id, &job);
        if let Stage::Delivered { worker, payout, .. } = &job.stage {
            match reason {
                RefundReason::NotAttested => {
                    T::Workers::lapsed(worker, *payout, Fault::AttestationMissed);
                }
                _ => T::Workers::settled(worker, *payout, false),
            }
        }
        Self::write_receipt(id, &job, Outcome::Refunded { reason, returned })?;
        Self::deposit_event(Event::JobRefunded {
            job: id,
            requester: job.requester,
            returned,
            reason,
        });
        Ok(())
    }

    /// All that is kept of the job from now on.
    fn write_receipt(id: JobId, job: &JobOf<T>, outcome: Outcome<T::AccountId>) -> DispatchResult {
        T::Receipts::append(&Receipt {
            job: id,
            requester: job.requester.clone(),
            model: job.model,
            class: job.class,
            input: job.input,
            parameters: job.parameters.clone(),
            max_price: job.max_price,
            finished_at: frame_system::Pallet::<T>::block_number(),
            outcome,
        })
    }

    fn release(job: &JobOf<T>, amount: Balance) -> Result<Balance, sp_runtime::DispatchError> {
        if amount == 0 {
            return Ok(0);
        }
        T::Currency::release(
            &HoldReason::JobPrice.into(),
            &job.requester,
            amount,
            Precision::Exact,
        )
    }
}
