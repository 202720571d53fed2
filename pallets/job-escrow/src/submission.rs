//! Checking and recording a new job.

use crate::pallet::*;
use crate::types::{Job, Stage};
use aipg_primitives::{
    Balance, Beacon, JobId, JobParameters, ModelCatalogue, ModelId, NodeId, Sampling, ServiceLevel,
    TokenList, TrustClass, Units, Windows,
};
use frame_support::{
    ensure,
    traits::{
        fungible::{InspectHold, MutateHold},
        Get,
    },
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{DispatchError, Saturating};

/// The terms of a submission, as the call gives them.
pub(crate) struct Submission<T: Config> {
    pub requester: T::AccountId,
    pub model: ModelId,
    pub input: TokenList,
    pub parameters: JobParameters,
    pub max_price: Balance,
    pub class: TrustClass,
    pub deadline: BlockNumberFor<T>,
    pub service: ServiceLevel,
    pub referrer: Option<T::AccountId>,
    pub provider: Option<NodeId>,
}

impl<T: Config> Pallet<T> {
    /// Least number of blocks between submission and deadline of a job of the model: the beacon, the claim window
    /// and the time to run `units`.
    pub fn least_deadline(model: &ModelId, units: Units) -> BlockNumberFor<T> {
        Self::beacon_delay(model).saturating_add(Self::time_for_worker(units))
    }

    /// Whether more is minted on jobs of the model than on others: who can steer a draw then gains by it.
    fn mints_more(model: &ModelId) -> bool {
        Self::mint_ceiling(model) > T::DefaultMintCeiling::get()
    }

    /// The beacon by which jobs of the model are drawn. One that takes more blocks and authors, where more is
    /// minted.
    pub(crate) fn beacon(model: &ModelId, anchor: BlockNumberFor<T>) -> Option<H256> {
        if Self::mints_more(model) {
            T::StrongBeacon::beacon(anchor)
        } else {
            T::Beacon::beacon(anchor)
        }
    }

    /// Blocks after which it can be complete.
    pub(crate) fn beacon_delay(model: &ModelId) -> BlockNumberFor<T> {
        if Self::mints_more(model) {
            T::StrongBeacon::delay()
        } else {
            T::Beacon::delay()
        }
    }

    /// Blocks that a drawn worker may use: to claim and to run `units`.
    pub(crate) fn time_for_worker(units: Units) -> BlockNumberFor<T> {
        T::Windows::claim().saturating_add(T::Windows::run(units))
    }

    /// A picture follows from model, prompt and seed alone. Whoever asks for more is told so, instead of having it
    /// ignored.
    pub(crate) fn ensure_picture(
        model: &ModelId,
        parameters: &JobParameters,
    ) -> Result<(), Error<T>> {
        let Some(length) = T::Models::picture_length(model) else {
            return Ok(());
        };
        ensure!(
            parameters.max_output == length,
            Error::<T>::WrongPictureLength
        );
        ensure!(
            parameters.stop.is_empty(),
            Error::<T>::PictureWithStopTokens
        );
        ensure!(
            parameters.sampling == Sampling::Greedy,
            Error::<T>::PictureWithSampling
        );
        Ok(())
    }

    /// Records the job; returns its number.
    pub(crate) fn do_submit(submission: Submission<T>) -> Result<JobId, DispatchError> {
        let Submission {
            requester,
            model,
            input,
            parameters,
            max_price,
            class,
            deadline,
            service,
            referrer,
            provider,
        } = submission;
        let terms = T::Models::terms(&model).ok_or(Error::<T>::UnknownModel)?;
        ensure!(terms.class == class, Error::<T>::ClassMismatch);
        ensure!(input.count > 0, Error::<T>::EmptyPrompt);
        ensure!(parameters.max_output > 0, Error::<T>::NoOutputRequested);
        Self::ensure_picture(&model, &parameters)?;
        let units_at_most = T::Models::units(&model, input.count, parameters.max_output)
            .ok_or(Error::<T>::PromptTooLong)?;
        ensure!(
            parameters
                .stop
                .iter()
                .all(|token| *token < terms.vocabulary),
            Error::<T>::StopTokenOutOfVocabulary
        );
        ensure!(parameters.sampling.is_valid(), Error::<T>::InvalidSampling);
        let least_price = Balance::from(units_at_most)
            .checked_mul(terms.price_floor)
            .ok_or(Error::<T>::PriceBelowFloor)?;
        ensure!(max_price >= least_price, Error::<T>::PriceBelowFloor);
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(
            deadline >= now.saturating_add(Self::least_deadline(&model, units_at_most)),
            Error::<T>::DeadlineTooShort
        );
        ensure!(
            deadline <= now.saturating_add(T::Windows::max_deadline()),
            Error::<T>::DeadlineTooFar
        );
        ensure!(
            referrer.as_ref() != Some(&requester),
            Error::<T>::ReferrerIsRequester
        );
        let reason = T::RuntimeHoldReason::from(HoldReason::JobPrice);
        ensure!(
            T::Currency::can_hold(&reason, &requester, max_price),
            Error::<T>::PriceExceedsBalance
        );
        T::Currency::hold(&reason, &requester, max_price)?;

        let id = NextJob::<T>::mutate(|next| {
            let id = *next;
            *next = next.saturating_add(1);
            id
        });
        let mut job = Job {
            requester: requester.clone(),
            model,
            class,
            input,
            provider,
            parameters,
            units_at_most,
            max_price,
            deadline,
            service,
            referrer,
            creator: terms.creator,
            due: now,
            input_misses: 0,
            is_published: false,
            timed_out: None,
            lost_by: Default::default(),
            ceiling: Self::mint_ceiling(&model),
            // One that cannot be published could be withheld at no more than the small charge.
            is_open: input.count <= MAX_PUBLISHED_INPUT,
            stage: Stage::Queued {
                anchor: now,
                attempt: 0,
            },
        };
        let due = now.saturating_add(Self::beacon_delay(&model));
        Self::put(id, &mut job, due);
        Self::deposit_event(Event::JobSubmitted {
            job: id,
            requester,
            model,
            units_at_most,
            max_price,
            deadline,
        });
        Ok(id)
    }
}
