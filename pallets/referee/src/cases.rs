//! Challenges, traces and flaws: what makes a case.

use crate::{
    dispute::{job_of, tensors, Dispute},
    pallet::*,
    types::{AddressBytes, CaseRecord, Challenge, Phase, Posting, Trace, MAX_ROOTS},
};
use aipg_exact::{
    header::ModelHeader,
    trace::{wire::Wire, Evidence, Fault, Flaw, Tensor},
    Hasher256,
};
use aipg_primitives::{
    Attestation, Attestations, DeliveredResult, DeliveredResults, HostBlake2, JobId,
    ModelCatalogue, Tick,
};
use aipg_referee_game::Case;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use sp_core::H256;
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
    /// What commits a challenger to a trace, see `docs/spec/useful-work.md`, section 2.
    pub fn commitment(job: JobId, account: &T::AccountId, salt: H256, root: H256) -> H256 {
        let account = codec::Encode::encode(account);
        let (job, salt) = (job.to_le_bytes(), salt.0);
        HostBlake2::hash(&[b"aipg.acc", &job, &account, &salt, &root.0]).into()
    }

    /// A case in which parties can still do something.
    pub(crate) fn live_case(job: JobId) -> Result<CaseOf<T>, DispatchError> {
        let record = Cases::<T>::get(job).ok_or(Error::<T>::CaseNotFound)?;
        let decided = record.flawed || record.phase != Phase::Live;
        ensure!(!decided, Error::<T>::CaseDecided);
        Ok(record)
    }

    /// The case of a result, in which parties can do something; that of one which nobody has doubted yet is
    /// not in the state.
    pub(crate) fn case_of(
        job: JobId,
        result: &DeliveredResult<T::AccountId>,
    ) -> Result<CaseOf<T>, DispatchError> {
        if Cases::<T>::contains_key(job) {
            return Self::live_case(job);
        }
        let case = Case::new(result.delivered, T::Windows::get());
        Ok(CaseRecord {
            case,
            worker: result.worker.clone(),
            phase: Phase::Live,
            flawed: false,
            proven: false,
            challenges: 0,
            traces: 0,
            lost_traces: 0,
            due: case.challenges_end,
        })
    }

    /// A result and the header of its model.
    pub(crate) fn result_of(
        job: JobId,
    ) -> Result<(DeliveredResult<T::AccountId>, ModelHeader), DispatchError> {
        let result = T::Results::delivered(job).ok_or(Error::<T>::ResultNotFound)?;
        let header = T::Models::header(&result.model).ok_or(Error::<T>::UnknownModel)?;
        let header = ModelHeader::decode(&header).map_err(|_| Error::<T>::UnknownModel)?;
        Ok((result, header))
    }

    pub(crate) fn do_challenge(
        account: T::AccountId,
        job: JobId,
        commitment: H256,
    ) -> DispatchResult {
        let result = T::Results::delivered(job).ok_or(Error::<T>::ResultNotFound)?;
        let now = Self::now();
        let mut record = Self::case_of(job, &result)?;
        ensure!(
            record.case.takes_challenges(now),
            Error::<T>::ChallengesClosed
        );
        let bond = Self::stake(T::ChallengeBond::get(), &result);
        Self::hold(HoldReason::Challenge, &account, bond)?;
        let number = record.challenges;
        record.challenges = number.saturating_add(1);
        record.case.challenges = record.case.challenges.saturating_add(1);
        Challenges::<T>::insert(
            job,
            number,
            Challenge {
                account: account.clone(),
                bond,
                commitment,
                made_in: frame_system::Pallet::<T>::block_number(),
                since: now,
                root: None,
                original: false,
                lives: true,
            },
        );
        let worker = record.worker.clone();
        let due = record.due;
        Self::put(job, record, due);
        Self::deposit_event(Event::Challenged {
            job,
            number,
            account,
            worker,
            bond,
        });
        Ok(())
    }

    pub(crate) fn do_post_roots(
        account: T::AccountId,
        job: JobId,
        roots: &[H256],
    ) -> DispatchResult {
        let mut record = Self::live_case(job)?;
        let now = Self::now();
        ensure!(record.case.takes_traces(now), Error::<T>::TracesClosed);
        let (result, header) = Self::result_of(job)?;
        ensure!(!roots.is_empty(), Error::<T>::NoRoots);
        let mut posting = match Postings::<T>::get(job, &account) {
            Some(posting) => posting,
            None => Self::begin_posting(&account, &result, &mut record)?,
        };
        let Posting { number, bond, .. } = posting;
        let mut tree = posting.tree();
        let (count, last) = (tensors(&header), Tensor::last(&header).number(&header));
        Self::keep_roots(job, number, tree.leaves(), roots)?;
        for root in roots {
            ensure!(tree.leaves() < count, Error::<T>::TooManyRoots);
            let right = tree.leaves() != last || *root == result.digest;
            ensure!(right, Error::<T>::WrongDigest);
            tree.push(&root.0);
        }
        let due = record.due;
        if tree.leaves() < count {
            posting.keep(&tree).ok_or(Error::<T>::TooManyRoots)?;
            Postings::<T>::insert(job, account, posting);
            Self::put(job, record, due);
            return Ok(());
        }
        Postings::<T>::remove(job, &account);
        let root = H256(tree.finish(&[count]));
        match T::Attestations::of(job) {
            Attestation::None => {}
            Attestation::Awaited => return Err(Error::<T>::AttestationAwaited.into()),
            Attestation::Root(attested) => {
                ensure!(root == attested, Error::<T>::NotAsAttested);
            }
        }
        record.case.traces = record.case.traces.saturating_add(1);
        Traces::<T>::insert(
            job,
            number,
            Trace {
                account: account.clone(),
                bond,
                root,
                since: now,
                lives: true,
            },
        );
        Self::put(job, record, due);
        Self::deposit_event(Event::TracePosted {
            job,
            number,
            account,
            root,
            bond,
        });
        Ok(())
    }

    /// A trace of this account gets its number; its bond goes on hold.
    fn begin_posting(
        account: &T::AccountId,
        result: &DeliveredResult<T::AccountId>,
        record: &mut CaseOf<T>,
    ) -> Result<Posting, DispatchError> {
        let bond = if *account == record.worker {
            0
        } else {
            Self::stake(T::TraceBond::get(), result)
        };
        Self::hold(HoldReason::Trace, account, bond)?;
        let number = record.traces;
        record.traces = number.saturating_add(1);
        Ok(Posting {
            number,
            bond,
            frontier: Default::default(),
        })
    }

    /// Appends roots to the `count` that a trace has: they fill the part that was begun, and then others.
    fn keep_roots(job: JobId, number: u32, count: u64, roots: &[H256]) -> DispatchResult {
        let begun = u32::try_from(count.div_euclid(MAX_ROOTS.into()));
        let begun = begun.map_err(|_| Error::<T>::TooManyRoots)?;
        let mut roots = roots.iter().copied();
        for part in begun.. {
            if roots.len() == 0 {
                break;
            }
            Roots::<T>::try_mutate(job, (number, part), |kept| {
                let kept = kept.get_or_insert_default();
                let room = (MAX_ROOTS as usize).saturating_sub(kept.len());
                kept.try_extend(roots.by_ref().take(room))
                    .map_err(|()| Error::<T>::TooManyRoots)
            })?;
        }
        Ok(())
    }

    /// A challenge of a case, if it is this account's and has not lost.
    pub(crate) fn own_challenge(
        account: &T::AccountId,
        job: JobId,
        number: u32,
    ) -> Result<ChallengeOf<T>, DispatchError> {
        let challenge = Challenges::<T>::get(job, number).ok_or(Error::<T>::ChallengeNotFound)?;
        ensure!(challenge.account == *account, Error::<T>::NotYourSeat);
        ensure!(challenge.lives, Error::<T>::ChallengeLost);
        Ok(challenge)
    }

    pub(crate) fn do_prove_flaw(
        account: T::AccountId,
        job: JobId,
        challenge: u32,
        flaw: AddressBytes,
        evidence: &[u8],
    ) -> DispatchResult {
        let mut record = Self::live_case(job)?;
        let (result, header) = Self::result_of(job)?;
        let own = Self::own_challenge(&account, job, challenge)?;
        let block = frame_system::Pallet::<T>::block_number();
        ensure!(own.made_in < block, Error::<T>::ChallengeTooYoung);
        let statement = Flaw::from_bytes(&flaw).ok_or(Error::<T>::Malformed)?;
        let evidence = Evidence::from_bytes(evidence).ok_or(Error::<T>::Malformed)?;
        // It is about the output alone: no leaf of a trace is read.
        let opened = Dispute::new(&header, &result, H256::zero()).verify(evidence);
        let opened = opened.map_err(|_| Error::<T>::DoesNotVerify)?;
        let job_facts = job_of(&header, &result);
        let (most, stop) = (result.parameters.max_output, &result.parameters.stop);
        let proven = match statement.is_in(&job_facts, most, stop, &opened) {
            Ok(proven) => proven,
            Err(Fault::False | Fault::Malformed(_)) => true,
            Err(_) => return Err(Error::<T>::DoesNotVerify.into()),
        };
        ensure!(proven, Error::<T>::NoSuchFlaw);
        record.flawed = true;
        Self::put(job, record, Self::now());
        Self::deposit_event(Event::FlawProven {
            job,
            challenge,
            flaw,
        });
        Ok(())
    }

    /// The tick of this block.
    pub fn now() -> Tick {
        Ticks::<T>::get()
    }
}
