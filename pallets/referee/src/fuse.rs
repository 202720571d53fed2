//! The fuse: when several workers are caught with the same false bytes at the same place, the fault may be
//! the semantics' own. The version freezes then, and governance says who was wrong.

use crate::{
    pallet::*,
    types::{ClaimBytes, Phase, Seat},
};
use aipg_exact::{header::ModelHeader, Hasher256};
use aipg_primitives::{
    agenda::pause_at, Balance, Conviction, DeliveredResult, DeliveredResults, Freezes, HostBlake2,
    JobId, ModelCatalogue, ModelId, Tick,
};
use alloc::collections::BTreeMap;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{ConstU32, Get},
    BoundedVec,
};
use scale_info::TypeInfo;
use sp_core::H256;

/// Most losses that are remembered.
pub const MAX_LOSSES: u32 = 64;

/// A worker's own trace lost a game because the chain found a claim of it false.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Loss<AccountId> {
    /// H("aipg.fus" ‖ model ‖ claim ‖ bytes of the leaf that makes it).
    pub claimed: H256,
    /// The semantics version of the model.
    pub version: u32,
    pub worker: AccountId,
    /// The worker's bond then.
    pub bond: Balance,
    pub at: Tick,
}

/// Who lost by the same bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Losers {
    pub workers: u32,
    /// All their bonds.
    pub bonds: Balance,
}

/// The last losses, oldest first.
pub type LossRing<AccountId> = BoundedVec<Loss<AccountId>, ConstU32<MAX_LOSSES>>;

/// Whether a semantics version is frozen, and what governance has said of it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Fuse {
    /// Since when it is frozen, if it is.
    pub frozen_since: Option<Tick>,
    /// Results that were delivered before this tick cost their worker nothing if their traces lose.
    pub pardoned_before: Tick,
}

impl Fuse {
    /// Whether a result that was delivered at this tick is pardoned.
    pub const fn pardons(&self, delivered: Tick) -> bool {
        delivered < self.pardoned_before
    }
}

/// What governance says of a frozen version.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum FuseRuling {
    /// The workers were wrong: queued slashes go on.
    Convict,
    /// The semantics were: results delivered so far cost their workers nothing.
    Pardon,
}

/// What becomes of a result that no trace stands for.
enum Sentence {
    /// It is false.
    Convict,
    /// Governance has pardoned it.
    Pardon,
    /// The version is frozen since this tick.
    Wait { version: u32, since: Tick },
}

impl<T: Config> Pallet<T> {
    /// The semantics version of a model, unless it is not known any more.
    fn version_of(model: &ModelId) -> Option<u32> {
        ModelHeader::version_of(&T::Models::header(model)?)
    }

    /// Names what was claimed: of which model, which claim, and the bytes of the leaf that made it.
    pub(crate) fn claimed(model: &ModelId, claim: &ClaimBytes, leaf: &[u8]) -> H256 {
        HostBlake2::hash(&[b"aipg.fus", &model.0, claim, leaf]).into()
    }

    /// Notes that the chain found a claim of the worker's own trace false, and freezes the version if as
    /// many workers as [`Config::FuseAt`] have lost by the same, who have the [`Config::FuseShare`] of all bonds
    /// together: heads alone would be cheap to come by. The game has shown the leaf still.
    ///
    /// What is pardoned or frozen already is not noted: governance knows of it.
    pub(crate) fn note_loss(
        seat: Seat,
        result: &DeliveredResult<T::AccountId>,
        version: u32,
        claim: &ClaimBytes,
    ) {
        let fuse = Fuses::<T>::get(version);
        if fuse.frozen_since.is_some() || fuse.pardons(result.delivered) {
            return;
        }
        let shown = Revealed::<T>::get(seat.job, (seat.challenge, seat.trace));
        let leaf = shown.map(|shown| shown.leaf).unwrap_or_default();
        let loss = Loss {
            claimed: Self::claimed(&result.model, claim, &leaf),
            version,
            worker: result.worker.clone(),
            bond: T::Workers::bond(&result.worker),
            at: Self::now(),
        };
        let claimed = loss.claimed;
        let losers = Losses::<T>::mutate(|losses| {
            Self::remember(losses, loss);
            Self::losers(losses, claimed)
        });
        let least = T::FuseShare::get().mul_ceil(T::Workers::total_bond());
        if losers.workers < T::FuseAt::get() || losers.bonds < least {
            return;
        }
        Self::freeze(version, fuse);
        Self::deposit_event(Event::FuseBlown {
            version,
            job: seat.job,
            model: result.model,
            claim: claim.clone(),
        });
    }

    /// Appends a loss. One worker's same loss is there once. Where there is no room, the oldest loss goes of
    /// whoever has most: nobody pushes out what others lost with many losses of its own.
    pub(crate) fn remember(losses: &mut LossRing<T::AccountId>, loss: Loss<T::AccountId>) {
        losses.retain(|known| known.worker != loss.worker || known.claimed != loss.claimed);
        if losses.is_full() {
            let mut counts = BTreeMap::from([(&loss.worker, 1u32)]);
            for known in losses.iter() {
                let count = counts.entry(&known.worker).or_default();
                *count = count.saturating_add(1);
            }
            let most = counts.values().max().copied().unwrap_or_default();
            let oldest = losses
                .iter()
                .position(|known| counts.get(&known.worker) == Some(&most));
            losses.remove(oldest.unwrap_or_default());
        }
        // There is room now.
        let _ = losses.try_push(loss);
    }

    /// How many workers lost by these bytes, and their bonds. One worker's same loss is there once.
    pub(crate) fn losers(losses: &[Loss<T::AccountId>], claimed: H256) -> Losers {
        let same = losses.iter().filter(|loss| loss.claimed == claimed);
        same.fold(Losers::default(), |sum, loss| Losers {
            workers: sum.workers.saturating_add(1),
            bonds: sum.bonds.saturating_add(loss.bond),
        })
    }

    pub(crate) fn freeze(version: u32, fuse: Fuse) {
        let frozen_since = Some(Self::now());
        Fuses::<T>::insert(
            version,
            Fuse {
                frozen_since,
                ..fuse
            },
        );
        FrozenVersions::<T>::mutate(|count| *count = count.saturating_add(1));
    }

    fn sentence(job: JobId) -> Sentence {
        let result = T::Results::delivered(job);
        let version = result
            .as_ref()
            .and_then(|result| Self::version_of(&result.model));
        let (Some(result), Some(version)) = (result, version) else {
            return Sentence::Convict;
        };
        let fuse = Fuses::<T>::get(version);
        if fuse.pardons(result.delivered) {
            return Sentence::Pardon;
        }
        match fuse.frozen_since {
            Some(since) => Sentence::Wait { version, since },
            None => Sentence::Convict,
        }
    }

    /// No trace stands for the result: it is false, unless its version's own fault may be the reason.
    pub(crate) fn condemn(job: JobId, record: CaseOf<T>, now: Tick) -> DispatchResult {
        match Self::sentence(job) {
            Sentence::Convict => Self::refute(job, record, 0, now),
            Sentence::Pardon => Self::pardon(job, record, now),
            Sentence::Wait { version, since } => {
                let worker = record.worker.clone();
                if !Queue::<T>::contains_key(&worker, job) {
                    Queue::<T>::insert(&worker, job, ());
                    Self::deposit_event(Event::SlashQueued {
                        job,
                        worker,
                        version,
                    });
                }
                let frozen_for = now.saturating_sub(since);
                Self::put(job, record, now.saturating_add(pause_at(frozen_for)));
                Ok(())
            }
        }
    }

    /// The requester has its price back and challenges their bonds; the worker keeps what it has.
    fn pardon(job: JobId, mut record: CaseOf<T>, now: Tick) -> DispatchResult {
        T::Results::refute(job, false)?;
        let worker = record.worker.clone();
        Queue::<T>::remove(&worker, job);
        record.phase = Phase::False {
            reward: 0,
            left: 0,
            withheld: 0,
            pays_at: now,
            next: 0,
        };
        Self::put(job, record, now);
        Self::deposit_event(Event::ResultPardoned { job, worker });
        Ok(())
    }

    /// Whether the result's version is frozen.
    pub(crate) fn is_held_back(job: JobId) -> bool {
        // Nearly always nothing is frozen, and one read says so.
        if FrozenVersions::<T>::get() == 0 {
            return false;
        }
        let result = T::Results::delivered(job);
        let version = result.and_then(|result| Self::version_of(&result.model));
        version.is_some_and(|version| Fuses::<T>::get(version).frozen_since.is_some())
    }

    pub(crate) fn do_resolve_fuse(version: u32, ruling: FuseRuling) -> DispatchResult {
        let mut fuse = Fuses::<T>::get(version);
        ensure!(fuse.frozen_since.is_some(), Error::<T>::NotFrozen);
        fuse.frozen_since = None;
        if ruling == FuseRuling::Pardon {
            fuse.pardoned_before = Self::now();
        }
        if fuse == Fuse::default() {
            Fuses::<T>::remove(version);
        } else {
            Fuses::<T>::insert(version, fuse);
        }
        FrozenVersions::<T>::mutate(|count| *count = count.saturating_sub(1));
        Losses::<T>::mutate(|losses| losses.retain(|loss| loss.version != version));
        Self::deposit_event(Event::FuseResolved { version, ruling });
        Ok(())
    }
}

impl<T: Config> Freezes<T::AccountId> for Pallet<T> {
    fn holds(worker: &T::AccountId) -> bool {
        FrozenVersions::<T>::get() > 0 || Queue::<T>::iter_key_prefix(worker).next().is_some()
    }
}
