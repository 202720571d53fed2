//! What the chain does by itself: looks after public jobs, and starts one where it is wanted.

use crate::{
    pallet::*,
    types::{Prompt, MAX_ANSWERED, MAX_UNANSWERED, OUTPUT_TOKENS, PRICE_FACTOR, PROMPT_TOKENS},
    WeightInfo,
};
use aipg_exact::drawn_prompt::drawn_prompt;
use aipg_primitives::{
    Balance, Beacon, HostBlake2, JobId, LaneBudget, LivePhase, MeasuredCapacity, ModelCatalogue,
    ModelId, PublicJob, PublicJobs, TokenList,
};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{
    storage::with_storage_layer,
    traits::{fungible::Inspect, Get},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::H256;
use sp_runtime::{
    traits::{BlakeTwo256, Hash, UniqueSaturatedInto},
    DispatchError, SaturatedConversion, Saturating,
};

/// A job that can be started.
struct Offer {
    model: ModelId,
    vocabulary: u32,
    max_output: u32,
    price: Balance,
}

/// A number that follows from what is hashed.
fn number(hash: H256) -> u64 {
    hash.as_bytes()
        .first_chunk()
        .map(|bytes| u64::from_le_bytes(*bytes))
        .unwrap_or_default()
}

fn hash_of(what: &impl Encode) -> H256 {
    BlakeTwo256::hash_of(what)
}

impl Prompt {
    /// Its tokens.
    pub fn tokens(&self) -> Vec<u32> {
        drawn_prompt::<HostBlake2>(self.seed.as_fixed_bytes(), PROMPT_TOKENS, self.vocabulary)
    }
}

impl<T: Config> Pallet<T> {
    /// What the chain does by itself in a block. Returns what it cost.
    pub(crate) fn run(now: BlockNumberFor<T>) -> Weight {
        if T::Share::get() == 0 || HasEnded::<T>::get() {
            return T::WeightInfo::idle();
        }
        Self::look_at_unanswered(now);
        Self::look_at_answered();
        let looking = T::WeightInfo::look();
        if Self::is_over(now) {
            if Unanswered::<T>::decode_len().unwrap_or_default() > 0
                || Places::<T>::get().count() > 0
            {
                return looking;
            }
            Self::end();
            return looking.saturating_add(T::WeightInfo::end());
        }
        if !Self::has_room() {
            return looking;
        }
        let Some(beacon) = Self::youngest_beacon(now) else {
            return looking.saturating_add(T::WeightInfo::poll());
        };
        // What cannot be paid or is refused changes nothing, and is tried again in the next block.
        let _ = with_storage_layer(|| Self::start(beacon));
        looking
            .saturating_add(T::WeightInfo::poll())
            .saturating_add(T::WeightInfo::start())
    }

    /// Whether there can be one more job, as far as the records of the others tell.
    fn has_room() -> bool {
        let unanswered: u64 = Unanswered::<T>::decode_len()
            .unwrap_or_default()
            .saturated_into();
        Models::<T>::decode_len().unwrap_or_default() > 0
            && unanswered < MAX_UNANSWERED.into()
            // Each of those that wait comes into the queue.
            && Places::<T>::get().count().saturating_add(unanswered) < MAX_ANSWERED
    }

    /// The youngest beacon there can be, if it has come.
    fn youngest_beacon(now: BlockNumberFor<T>) -> Option<H256> {
        let delay = T::Beacon::delay();
        (now >= delay)
            .then(|| T::Beacon::beacon(now.saturating_sub(delay)))
            .flatten()
    }

    /// Looks at one of the jobs that wait for a result, another one in each block. If it has one, or has ended, it
    /// goes into the queue.
    fn look_at_unanswered(now: BlockNumberFor<T>) {
        let mut jobs = Unanswered::<T>::get();
        let now: u64 = now.unique_saturated_into();
        let count: u64 = jobs.len().saturated_into();
        let Some(index) = now.checked_rem(count) else {
            return;
        };
        let index: usize = index.saturated_into();
        let Some(job) = jobs.get(index).copied() else {
            return;
        };
        if T::Jobs::phase(job) == Some(LivePhase::Unanswered) {
            return;
        }
        jobs.remove(index);
        Unanswered::<T>::put(jobs);
        Places::<T>::mutate(|places| Self::append(&mut places.end, job));
    }

    /// Looks at the first job of the queue: if it has ended it is forgotten, and else it goes to the end, so that one
    /// that is in dispute keeps no other.
    fn look_at_answered() {
        let mut places = Places::<T>::get();
        if places.count() == 0 {
            return;
        }
        if let Some(job) = Queue::<T>::take(places.first) {
            if T::Jobs::phase(job).is_none() {
                Prompts::<T>::remove(job);
            } else {
                Self::append(&mut places.end, job);
            }
        }
        places.first = places.first.saturating_add(1);
        Places::<T>::put(places);
    }

    fn append(end: &mut u64, job: JobId) {
        Queue::<T>::insert(*end, job);
        *end = end.saturating_add(1);
    }

    /// Models whose job somebody could get, with what it costs.
    fn offers() -> Vec<Offer> {
        let offer = |model: ModelId| {
            let terms = T::Models::terms(&model)?;
            let max_output = T::Models::picture_length(&model).unwrap_or(OUTPUT_TOKENS);
            let least = T::Jobs::least_price(&model, PROMPT_TOKENS, max_output)?;
            T::Machines::serves_measured(&model).then(|| Offer {
                model,
                vocabulary: terms.vocabulary,
                max_output,
                price: least.saturating_mul(PRICE_FACTOR),
            })
        };
        Models::<T>::get().into_iter().filter_map(offer).collect()
    }

    /// Submits a job of a model that the beacon draws, if any model has machines and the money suffices.
    ///
    /// # Errors
    /// Why there is no job; the caller undoes what was changed.
    pub(crate) fn start(beacon: H256) -> Result<(), DispatchError> {
        let number_of_job = Started::<T>::get();
        let offers = Self::offers();
        let count: u64 = offers.len().saturated_into();
        let draw = number(hash_of(&(b"aipg/bootstrap/model", beacon, number_of_job)));
        // At most 8 models: the modulus favours none by more than 2⁻⁶¹.
        let index: usize = draw
            .checked_rem(count)
            .ok_or(DispatchError::Unavailable)?
            .saturated_into();
        let Offer {
            model,
            vocabulary,
            max_output,
            price,
        } = offers
            .into_iter()
            .nth(index)
            .ok_or(DispatchError::Unavailable)?;
        let seed = hash_of(&(b"aipg/bootstrap/seed", beacon, number_of_job));
        let prompt = Prompt { seed, vocabulary };
        let requester = Self::account();
        let minted = Self::fund(&requester, price)?;
        let job = T::Jobs::submit(PublicJob {
            requester,
            model,
            input: TokenList::of(&prompt.tokens()),
            max_output,
            max_price: price,
        })?;
        Prompts::<T>::insert(job, prompt);
        Unanswered::<T>::try_append(job).map_err(|()| DispatchError::Exhausted)?;
        Started::<T>::put(number_of_job.saturating_add(1));
        Self::deposit_event(Event::PublicJobStarted {
            job,
            model,
            seed,
            price,
            minted,
        });
        Ok(())
    }

    /// Mints what the account lacks to put `price` on hold and live on; returns how much.
    fn fund(account: &T::AccountId, price: Balance) -> Result<Balance, DispatchError> {
        let needed = price.saturating_add(T::Currency::minimum_balance());
        let missing = needed.saturating_sub(T::Currency::balance(account));
        if missing == 0 {
            return Ok(0);
        }
        let left = Allowance::<T>::get()
            .checked_sub(missing)
            .ok_or(DispatchError::Exhausted)?;
        T::Budget::fund(account, missing)?;
        Allowance::<T>::put(left);
        Ok(missing)
    }
}
