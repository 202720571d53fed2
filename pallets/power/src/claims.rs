//! What workers say that they can do, and how it is decided.

use crate::{
    attendance::Attendance,
    pallet::*,
    quantile,
    types::{
        Claim, Openings, Outcome, Record, JUDGED_WINDOWS, LAPSE_WINDOWS, LEAP_PART, MAX_STEPS,
        NEWCOMER_WINDOWS, SAMPLES,
    },
};
use aipg_exact::power::{check, samples, Chain, Commitment, OpeningError, Sample};
use aipg_primitives::{CheckedMachines, HostBlake2, MeasuredMachines, Measurement, VerifiedPower};
use alloc::vec::Vec;
use codec::Encode;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System};
use sp_core::H256;
use sp_runtime::{Permill, Saturating};

type RecordOf<T> = Record<BlockNumberFor<T>>;

/// Why an opening is refused.
fn refusal<T: Config>(error: OpeningError) -> Error<T> {
    match error {
        OpeningError::NoSuchSample | OpeningError::RowBefore | OpeningError::RowLength => {
            Error::<T>::MalformedOpening
        }
        OpeningError::Path => Error::<T>::PathMismatch,
        OpeningError::Segment => Error::<T>::SegmentMismatch,
    }
}

impl<T: Config> Pallet<T> {
    pub(crate) fn do_commit(
        worker: T::AccountId,
        number: u32,
        steps: u32,
        root: H256,
    ) -> DispatchResult {
        let window = Current::<T>::get().ok_or(Error::<T>::NoWindow)?;
        ensure!(window.number == number, Error::<T>::WrongWindow);
        let now = System::<T>::block_number();
        ensure!(now < window.closes_at, Error::<T>::CommitTimeOver);
        ensure!(
            (1..=MAX_STEPS).contains(&steps),
            Error::<T>::StepsOutOfRange
        );
        ensure!(T::Machines::is_online(&worker), Error::<T>::NotOnline);
        let (attendance, power, proven) = match Records::<T>::get(&worker) {
            None => (None, 0, 0),
            Some(mut record) => {
                ensure!(
                    record.attendance.last != number,
                    Error::<T>::AlreadyCommitted
                );
                if Self::settle_record(&worker, &mut record) == Some(Outcome::Failed) {
                    // An error would take the failure back.
                    Records::<T>::insert(&worker, record);
                    return Ok(());
                }
                let is_barred = record.barred_until.is_some_and(|until| now < until);
                ensure!(!is_barred, Error::<T>::Barred);
                (Some(record.attendance), record.power, record.proven)
            }
        };
        let is_newcomer =
            attendance.is_none_or(|before| before.attended(number) < NEWCOMER_WINDOWS);
        let known = proven.saturating_add(proven.checked_div(LEAP_PART).unwrap_or_default());
        let is_certain = is_newcomer || steps > known;
        let mut attended = attendance.unwrap_or(Attendance::new(number));
        attended.attend(number);
        let record = Record {
            attendance: attended,
            power,
            proven,
            claim: Some(Claim {
                steps,
                root,
                is_certain,
            }),
            barred_until: None,
        };
        Records::<T>::insert(&worker, record);
        Self::deposit_event(Event::Committed {
            window: number,
            worker,
            steps,
            root,
            is_certain,
        });
        Ok(())
    }

    pub(crate) fn do_prove(
        worker: T::AccountId,
        number: u32,
        openings: Openings,
    ) -> DispatchResult {
        let window = Current::<T>::get().ok_or(Error::<T>::NoWindow)?;
        ensure!(window.number == number, Error::<T>::WrongWindow);
        let mut record = Records::<T>::get(&worker).ok_or(Error::<T>::NotCommitted)?;
        let claim = Self::claim_in(&record, number).ok_or(Error::<T>::NotCommitted)?;
        let beacon = Self::beacon_of(number).ok_or(Error::<T>::NotDrawnYet)?;
        let drawn = Self::drawn_samples(&beacon, number, &worker, &claim);
        let drawn = drawn.ok_or(Error::<T>::NotDrawn)?;
        ensure!(
            openings.len() == drawn.len(),
            Error::<T>::WrongNumberOfOpenings
        );
        let chain = Chain::new::<HostBlake2>(window.seed.as_fixed_bytes(), &worker.encode());
        let commitment = Commitment {
            root: claim.root.to_fixed_bytes(),
            steps: claim.steps,
        };
        for (sample, opening) in drawn.into_iter().zip(openings) {
            check::<HostBlake2>(&chain, &commitment, sample, &opening.into())
                .map_err(refusal::<T>)?;
        }
        record.claim = None;
        record.power = claim.steps;
        record.proven = claim.steps;
        Records::<T>::insert(&worker, record);
        Self::count(claim.steps);
        T::Machines::measured(&worker, claim.steps);
        T::Machines::passed(&worker);
        Self::deposit_event(Event::Proven {
            window: number,
            worker,
            steps: claim.steps,
        });
        Ok(())
    }

    pub(crate) fn do_settle(worker: T::AccountId) -> DispatchResult {
        let mut record = Records::<T>::get(&worker).ok_or(Error::<T>::NothingToSettle)?;
        let before = record;
        Self::settle_record(&worker, &mut record);
        if Self::is_forgotten(&record) {
            Records::<T>::remove(&worker);
            Self::deposit_event(Event::Forgotten { worker });
            return Ok(());
        }
        ensure!(record != before, Error::<T>::NothingToSettle);
        Records::<T>::insert(&worker, record);
        Ok(())
    }

    /// What a worker claims in a window and is not decided.
    pub(crate) fn claim_in(record: &RecordOf<T>, window: u32) -> Option<Claim> {
        record.claim.filter(|_| record.attendance.last == window)
    }

    /// What a worker has to show, if it is drawn.
    pub(crate) fn drawn_samples(
        beacon: &H256,
        window: u32,
        worker: &T::AccountId,
        claim: &Claim,
    ) -> Option<Vec<Sample>> {
        Self::is_drawn(beacon, window, worker, claim).then(|| {
            let seed = Self::sample_seed(beacon, window, worker);
            samples::<HostBlake2>(seed.as_fixed_bytes(), claim.steps, SAMPLES)
        })
    }

    /// How the claim of a worker ends; `None` if it has none, or that is not known yet.
    fn outcome(worker: &T::AccountId, record: &RecordOf<T>) -> Option<Outcome> {
        let claim = record.claim?;
        let window = record.attendance.last;
        let is_over = Current::<T>::get().is_none_or(|current| current.number != window);
        match Self::beacon_of(window) {
            Some(beacon) if !Self::is_drawn(&beacon, window, worker, &claim) => {
                Some(Outcome::Counts)
            }
            Some(_) => is_over.then_some(Outcome::Failed),
            None => is_over.then_some(Outcome::Void),
        }
    }

    /// Decides what can be decided of a record, and nothing else. Returns how its claim ended, and whether its
    /// power lapsed.
    pub(crate) fn decide(
        worker: &T::AccountId,
        record: &mut RecordOf<T>,
    ) -> (Option<(Outcome, Claim)>, bool) {
        let outcome = Self::outcome(worker, record);
        // An outcome is one of a claim.
        let ended = outcome.and_then(|outcome| Some((outcome, record.claim.take()?)));
        match ended {
            Some((Outcome::Counts, claim)) => record.power = claim.steps,
            Some((Outcome::Failed, _)) => {
                record.power = 0;
                record.proven = 0;
                let now = System::<T>::block_number();
                record.barred_until = Some(now.saturating_add(T::PenaltyBlocks::get()));
            }
            Some((Outcome::Void, _)) | None => {}
        }
        let is_away = record.attendance.missed(LAPSE_WINDOWS, Self::closed());
        let is_lapsed = is_away && record.power > 0;
        if is_lapsed {
            record.power = 0;
        }
        (ended, is_lapsed)
    }

    /// Decides what can be decided of a record, and tells everybody. Returns how its claim ended.
    fn settle_record(worker: &T::AccountId, record: &mut RecordOf<T>) -> Option<Outcome> {
        let window = record.attendance.last;
        let (ended, is_lapsed) = Self::decide(worker, record);
        if let Some((outcome, Claim { steps, .. })) = ended {
            let worker = worker.clone();
            Self::deposit_event(match outcome {
                Outcome::Counts => {
                    Self::count(steps);
                    T::Machines::measured(&worker, steps);
                    Event::Measured {
                        window,
                        worker,
                        steps,
                    }
                }
                Outcome::Failed => {
                    T::Machines::measured(&worker, 0);
                    T::Machines::failed(&worker);
                    Event::Failed {
                        window,
                        worker,
                        steps,
                        barred_until: record.barred_until.unwrap_or_default(),
                    }
                }
                Outcome::Void => Event::Voided { window, worker },
            });
        }
        if is_lapsed {
            T::Machines::measured(worker, 0);
            let worker = worker.clone();
            Self::deposit_event(Event::Lapsed { worker });
        }
        ended.map(|(outcome, _)| outcome)
    }

    /// Whether nothing of a record matters any more.
    fn is_forgotten(record: &RecordOf<T>) -> bool {
        let now = System::<T>::block_number();
        record.claim.is_none()
            && record.power == 0
            && record.barred_until.is_none_or(|until| until <= now)
            && record.attendance.attended(Self::closed()) == 0
    }

    /// Moves the estimate of what the fastest tenth can do.
    fn count(steps: u32) {
        FastestTenth::<T>::mutate(|estimate| *estimate = quantile::toward(*estimate, steps));
    }
}

/// The part of the remembered windows before window `end`, since the first one attended, that a worker attended;
/// all, while they are fewer than [`JUDGED_WINDOWS`].
fn uptime(attendance: &Attendance, end: u32) -> Permill {
    let windows = attendance.windows(end);
    if windows < JUDGED_WINDOWS {
        return Permill::one();
    }
    Permill::from_rational(attendance.attended(end), windows)
}

impl<T: Config> Pallet<T> {
    /// How many of the last windows a worker attended, and how many there were since its first one, at most
    /// 100. `None` if it attended none that is remembered.
    pub fn attendance(worker: &T::AccountId) -> Option<(u32, u32)> {
        let attendance = Records::<T>::get(worker)?.attendance;
        let end = Self::closed();
        let attended = attendance.attended(end);
        (attended > 0).then(|| (attended, attendance.windows(end)))
    }

    /// Whether a worker is as fast as one of the fastest tenth.
    pub fn is_fast(worker: &T::AccountId) -> bool {
        let power = Self::power_of(worker);
        power > 0 && power >= FastestTenth::<T>::get()
    }
}

impl<T: Config> VerifiedPower<T::AccountId> for Pallet<T> {
    /// What it would be if it were settled now.
    fn measurement_of(worker: &T::AccountId) -> Measurement {
        Records::<T>::get(worker).map_or(Measurement::NONE, |mut record| {
            Self::decide(worker, &mut record);
            Measurement {
                power: record.power,
                uptime: uptime(&record.attendance, Self::closed()),
            }
        })
    }
}
