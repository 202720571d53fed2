//! Demands: a worker shows on chain what it delivered and nobody can find.
//!
//! Without prompt and answer nobody can say whether a result is false. So anybody may demand chunks of
//! them, and pays for the bytes beforehand. Whoever publishes a chunk has the payment; a result of which
//! a chunk was demanded and not published is false.

use crate::{
    pallet::*,
    types::{Blob, ChunkPath, ChunkTokens, Demand, DemandedChunks},
};
use aipg_exact::commitment::{is_token_chunk, token_chunks};
use aipg_primitives::{Balance, DeliveredResult, DeliveredResults, HostBlake2, JobId, TokenList};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};

/// What the chain says of one of a result's token lists.
fn list_of<AccountId>(result: &DeliveredResult<AccountId>, blob: Blob) -> TokenList {
    match blob {
        Blob::Prompt => result.input,
        Blob::Output => result.output,
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_demand(
        account: T::AccountId,
        job: JobId,
        blob: Blob,
        chunks: &DemandedChunks,
    ) -> DispatchResult {
        let result = T::Results::delivered(job).ok_or(Error::<T>::ResultNotFound)?;
        let mut record = Self::case_of(job, &result)?;
        ensure!(
            record.case.takes_demands(Self::now()),
            Error::<T>::DemandsClosed
        );
        let count = token_chunks(list_of(&result, blob).count);
        let deposit = T::ChunkPrice::get();
        let mut demanded = DemandedChunks::new();
        for &chunk in chunks {
            ensure!(chunk < count, Error::<T>::NoSuchChunk);
            if Demands::<T>::contains_key(job, (blob, chunk)) {
                continue;
            }
            let demand = Demand {
                account: account.clone(),
                deposit,
                published: None,
            };
            Demands::<T>::insert(job, (blob, chunk), demand);
            // As many as came in.
            let _ = demanded.try_push(chunk);
        }
        let new = u32::try_from(demanded.len()).unwrap_or(u32::MAX);
        ensure!(new > 0, Error::<T>::NothingNew);
        let deposit = deposit.saturating_mul(new.into());
        Self::hold(HoldReason::Demand, &account, deposit)?;
        record.case.withheld = record.case.withheld.saturating_add(new);
        let due = record.due.min(record.case.answers_end);
        Self::put(job, record, due);
        Self::deposit_event(Event::Demanded {
            job,
            account,
            blob,
            chunks: demanded,
            deposit,
        });
        Ok(())
    }

    pub(crate) fn do_publish(
        account: T::AccountId,
        job: JobId,
        blob: Blob,
        chunk: u32,
        tokens: &ChunkTokens,
        path: &ChunkPath,
    ) -> DispatchResult {
        let mut record = Self::live_case(job)?;
        ensure!(
            record.case.takes_answers(Self::now()),
            Error::<T>::AnswersClosed
        );
        let key = (blob, chunk);
        let mut demand = Demands::<T>::get(job, key).ok_or(Error::<T>::NotDemanded)?;
        ensure!(demand.published.is_none(), Error::<T>::AlreadyPublished);
        let result = T::Results::delivered(job).ok_or(Error::<T>::ResultNotFound)?;
        let list = list_of(&result, blob);
        let path: alloc::vec::Vec<_> = path.iter().map(|node| node.0).collect();
        let (root, count) = (&list.root.0, list.count);
        ensure!(
            is_token_chunk::<HostBlake2>(root, count, chunk, tokens, &path),
            Error::<T>::DoesNotVerify
        );
        let paid = core::mem::take(&mut demand.deposit);
        Self::hand_over(HoldReason::Demand.into(), &demand.account, &account, paid)?;
        demand.published = Some(frame_system::Pallet::<T>::block_number());
        Demands::<T>::insert(job, key, demand);
        record.case.withheld = record.case.withheld.saturating_sub(1);
        let due = record.due;
        Self::put(job, record, due);
        Self::deposit_event(Event::Published {
            job,
            blob,
            chunk,
            account,
            paid,
        });
        Ok(())
    }

    /// Clears one demand of a decided case. Who demanded what was never published has its payment back,
    /// and its `share` of the reward.
    pub(crate) fn clear_demand(
        job: JobId,
        key: (Blob, u32),
        share: Balance,
    ) -> Result<Balance, sp_runtime::DispatchError> {
        let Some(demand) = Demands::<T>::take(job, key) else {
            return Ok(0);
        };
        Self::release(HoldReason::Demand, &demand.account, demand.deposit)?;
        if demand.published.is_some() || share == 0 {
            return Ok(0);
        }
        Self::pay(&demand.account, share)?;
        let (blob, chunk) = key;
        Self::deposit_event(Event::DemandRewarded {
            job,
            blob,
            chunk,
            account: demand.account,
            amount: share,
        });
        Ok(share)
    }
}
