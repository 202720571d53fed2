//! What the chain does by itself: counts ticks and moves cases on, a bounded number of steps in each
//! block.
//!
//! A case is in the agenda exactly once, under the tick in which it is due. A cursor follows the ticks
//! and lags behind only when more is due than one block moves on.

use crate::{
    pallet::*,
    types::{Ending, Outcome, Phase, Seat},
    WeightInfo,
};
use aipg_primitives::{agenda::RETRY_AFTER, JobId, SettlementGate, Tick};
use aipg_referee_game::Standing;
use frame_support::{
    pallet_prelude::DispatchResult, storage::with_storage_layer, traits::Get, weights::Weight,
};

impl<T: Config> Pallet<T> {
    /// Writes a case under its new due tick.
    pub(crate) fn put(job: JobId, mut record: CaseOf<T>, due: Tick) {
        let before = Cases::<T>::get(job).is_some_and(|it| it.is_challenged());
        Self::count_doubt(&record.worker, before, record.is_challenged());
        Agenda::<T>::remove(record.due, job);
        // A cursor that has passed a tick does not come back to it.
        record.due = due.max(AgendaCursor::<T>::get());
        Agenda::<T>::insert(record.due, job, ());
        Cases::<T>::insert(job, record);
    }

    /// Keeps count of the results of a worker that are challenged, one of which was or was not, and is or is
    /// not.
    fn count_doubt(worker: &T::AccountId, before: bool, after: bool) {
        if before != after {
            Doubted::<T>::mutate_exists(worker, |count| {
                let others = count.unwrap_or_default().saturating_sub(before.into());
                *count = Some(others.saturating_add(after.into())).filter(|&count| count > 0);
            });
        }
    }

    /// Whether a result of a worker is challenged and not decided: until it is, none of its results is paid, so
    /// that it gains nothing by going on.
    pub fn is_doubted(worker: &T::AccountId) -> bool {
        Doubted::<T>::contains_key(worker)
    }

    /// Counts the block, unless finality lags, and takes the steps that are due.
    pub(crate) fn advance() -> Weight {
        let tick = T::WeightInfo::tick();
        if T::FinalityLags::get() {
            return tick;
        }
        let now = Ticks::<T>::get().saturating_add(1);
        Ticks::<T>::put(now);
        let mut weight = tick;
        let mut cursor = AgendaCursor::<T>::get();
        for _ in 0..T::MaxStepsPerBlock::get() {
            if cursor > now {
                break;
            }
            match Agenda::<T>::iter_key_prefix(cursor).next() {
                Some(job) => {
                    weight.saturating_accrue(Self::step_weight(job));
                    Self::step(job, cursor, now);
                }
                None => {
                    cursor = cursor.saturating_add(1);
                    // Written at once: a step must not put a case behind the cursor.
                    AgendaCursor::<T>::put(cursor);
                    weight.saturating_accrue(T::WeightInfo::pass_tick());
                }
            }
        }
        weight
    }

    /// What the next step of a case costs at most.
    fn step_weight(job: JobId) -> Weight {
        match Cases::<T>::get(job).map(|record| record.phase) {
            Some(Phase::Upheld { .. } | Phase::False { .. }) => T::WeightInfo::step_clear(),
            // A decision ends either.
            Some(Phase::Live | Phase::Sweeping { .. }) | None => {
                T::WeightInfo::step_sweep().max(T::WeightInfo::step_refute())
            }
        }
    }

    /// One step of one case, taken whole or not at all.
    pub(crate) fn step(job: JobId, slot: Tick, now: Tick) {
        let Some(record) = Cases::<T>::get(job) else {
            Agenda::<T>::remove(slot, job);
            return;
        };
        let taken = with_storage_layer(|| Self::take_step(job, record.clone(), now));
        if let Err(error) = taken {
            Self::put(job, record, now.saturating_add(RETRY_AFTER));
            Self::deposit_event(Event::CaseDeferred { job, error });
        }
    }

    fn take_step(job: JobId, record: CaseOf<T>, now: Tick) -> DispatchResult {
        match record.phase {
            Phase::Upheld { next } | Phase::False { next, .. } => Self::clear(job, record, next),
            Phase::Live | Phase::Sweeping { .. } if record.flawed => {
                Self::refute(job, record, 0, now)
            }
            Phase::Live | Phase::Sweeping { .. } => match record.case.standing(now) {
                Standing::Upheld => {
                    Self::uphold(job, record, now);
                    Ok(())
                }
                Standing::False => Self::condemn(job, record, now),
                Standing::Withheld => Self::refute_withheld(job, record, now),
                Standing::Open => Self::go_on(job, record, now),
            },
        }
    }

    /// A case that is not decided waits until its next window ends, or has a game ended.
    fn go_on(job: JobId, mut record: CaseOf<T>, now: Tick) -> DispatchResult {
        if let Phase::Sweeping { challenge, trace } = record.phase {
            return Self::sweep(job, record, challenge, trace, now);
        }
        let case = record.case;
        let ends = [
            case.answers_end,
            case.challenges_end,
            case.traces_end,
            case.games_end,
        ];
        let next = ends.into_iter().find(|&end| end > now);
        if next.is_none() {
            record.phase = Phase::Sweeping {
                challenge: 0,
                trace: 0,
            };
        }
        Self::put(job, record, next.unwrap_or(now));
        Ok(())
    }

    /// Ends one game in which somebody is out of time, which by now is every game.
    fn sweep(
        job: JobId,
        mut record: CaseOf<T>,
        challenge: u32,
        trace: u32,
        now: Tick,
    ) -> DispatchResult {
        let seat = Seat {
            job,
            challenge,
            trace,
        };
        let living = Challenges::<T>::get(job, challenge).filter(|it| it.lives);
        let (challenge, trace) = match living {
            // The next challenge, from the first trace.
            None => (challenge.saturating_add(1), 0),
            Some(_) if trace >= record.traces => (challenge.saturating_add(1), 0),
            Some(mine) => {
                if let Some(theirs) = Traces::<T>::get(job, trace).filter(|it| it.lives) {
                    let late = Self::game(seat, &mine, &theirs).late(now);
                    if let Some(late) = late {
                        let outcome = Outcome {
                            winner: late.other(),
                            ending: Ending::OutOfTime,
                        };
                        Self::end(&mut record, seat, mine, theirs, outcome)?;
                    }
                }
                (challenge, trace.saturating_add(1))
            }
        };
        record.phase = Phase::Sweeping { challenge, trace };
        Self::put(job, record, now);
        Ok(())
    }
}

impl<T: Config> SettlementGate for Pallet<T> {
    fn tick() -> Tick {
        Self::now()
    }

    fn may_settle(job: JobId, delivered: Tick) -> bool {
        let is_right = match Cases::<T>::get(job) {
            Some(record) => matches!(record.phase, Phase::Upheld { .. }),
            None => Self::now() >= delivered.saturating_add(T::Windows::get().challenge),
        };
        is_right && !Self::is_held_back(job)
    }
}
