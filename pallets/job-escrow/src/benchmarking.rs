//! Benchmarks of the calls and of each kind of step that the agenda takes.
//!
//! The other pallets are those of the runtime, so a step is measured with all that it causes there:
//! a draw with its candidates, a settlement with burn and credit, a timeout with its penalty.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::{
    tally::Tally,
    types::{Job, ResultOf, Stage, MAX_REMEMBERED},
};
use aipg_primitives::{
    Balance, DeliveredResult, JobId, JobParameters, ModelCatalogue, ModelId, ServiceLevel,
    SettlementGate, TokenList, TrustClass, Units, Windows, MAX_STOP_TOKENS,
};
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    traits::{
        fungible::{Inspect, InspectHold, MutateHold, Unbalanced},
        tokens::Precision,
    },
    BoundedVec,
};
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};
use sp_core::H256;

/// What the benchmarks need of the runtime around this pallet.
pub trait BenchmarkHelper<AccountId, BlockNumber> {
    /// An active model with a creator, for which as many machines are online as a draw looks at,
    /// every one of which takes any job that pays the model's floor. Another one, with other machines, for each
    /// index below [`TOGETHER`].
    fn model_with_candidates(index: u32) -> ModelId;
    /// Makes `worker` a machine with one job that is as dear as it can be to let down.
    fn machine(worker: &AccountId);
    /// Makes the beacon of block `anchor` complete as late as it can be; returns the first block in
    /// which it is.
    fn complete_beacon(anchor: BlockNumber) -> BlockNumber;
    /// Gives `worker` as much earlier credit in this round as lets a settlement take longest.
    fn earlier_credit(worker: &AccountId);
    /// Makes sure that somebody can audit results.
    fn auditor();
    /// Gives the result of `job` an audit that is as dear as it can be to end.
    fn audited(job: JobId);
    /// Makes the next receipt the dearest there can be.
    fn nearly_full_round();
    /// Lets the time pass in which a result that was just delivered can be challenged.
    fn let_the_window_pass();
}

/// Steps that are measured together.
pub const TOGETHER: u32 = 8;

const PROMPT: u32 = 20;
const MAX_OUTPUT: u32 = 30;

fn tokens(count: u32) -> TokenList {
    TokenList {
        blob: H256::repeat_byte(1),
        root: H256::repeat_byte(2),
        count,
    }
}

/// As long as they can be.
fn parameters() -> JobParameters {
    JobParameters {
        max_output: MAX_OUTPUT,
        stop: BoundedVec::truncate_from((0..MAX_STOP_TOKENS).collect()),
        ..Default::default()
    }
}

fn units<T: Config>(model: &ModelId) -> Units {
    T::Models::units(model, PROMPT, MAX_OUTPUT).expect("the model takes the job")
}

/// A price of a unit at which every share of a fee can be received by an account that did not exist.
fn ask<T: Config>(model: &ModelId) -> Balance {
    let floor = T::Models::terms(model)
        .expect("the model is active")
        .price_floor;
    floor.max(T::Currency::minimum_balance() * 1_000)
}

fn endow<T: Config>(who: &T::AccountId, amount: Balance) {
    T::Currency::increase_balance(who, amount, Precision::Exact).unwrap();
    T::Currency::set_total_issuance(T::Currency::total_issuance() + amount);
}

/// An account with twice the price of a job; returns the price.
fn requester<T: Config>(who: &T::AccountId, model: &ModelId) -> Balance {
    let price = ask::<T>(model) * Balance::from(units::<T>(model));
    endow::<T>(who, price * 2);
    price
}

/// Puts a job into the state as if it had come there by calls, due in block `due`.
fn job_in<T: Config>(
    stage: Stage<T::AccountId, BlockNumberFor<T>>,
    model: ModelId,
    due: BlockNumberFor<T>,
) -> JobId {
    let id = NextJob::<T>::mutate(|next| core::mem::replace(next, *next + 1));
    let number = id as u32;
    let requester: T::AccountId = account("requester", number, 0);
    let max_price = self::requester::<T>(&requester, &model);
    let reason = HoldReason::JobPrice.into();
    T::Currency::hold(&reason, &requester, max_price).unwrap();
    let mut job = Job {
        requester,
        model,
        class: TrustClass::Exact,
        input: tokens(PROMPT),
        provider: Some(H256::repeat_byte(4)),
        parameters: parameters(),
        units_at_most: units::<T>(&model),
        max_price,
        deadline: due + T::Windows::max_deadline(),
        service: ServiceLevel::default(),
        referrer: Some(account("referrer", number, 0)),
        creator: T::Models::terms(&model).and_then(|terms| terms.creator),
        due,
        input_misses: 0,
        is_published: false,
        timed_out: Some(account("earlier worker", 0, 0)),
        lost_by: BoundedVec::truncate_from(
            (0..MAX_REMEMBERED)
                .map(|index| account("earlier worker", index, 0))
                .collect(),
        ),
        ceiling: u32::MAX,
        is_open: true,
        stage,
    };
    if let Some(worker) = job.active_worker() {
        WorkerJobs::<T>::insert(worker, id, ());
    }
    Pallet::<T>::put(id, &mut job, due);
    id
}

/// A job with this result, just delivered, of a model that there is.
pub fn delivered<T: Config>(result: DeliveredResult<T::AccountId>) -> JobId {
    let stage = Stage::Delivered {
        worker: result.worker,
        ask: ask::<T>(&result.model),
        payout: 0,
        units: 1,
        output: result.output,
        provider: None,
        digest: result.digest,
        delivered: result.delivered,
    };
    let due = System::<T>::block_number() + T::Windows::challenge();
    let id = job_in::<T>(stage, result.model, due);
    Jobs::<T>::mutate_extant(id, |job| {
        job.input = result.input;
        job.parameters = result.parameters;
    });
    id
}

/// `n` jobs that `worker` was drawn for and has not claimed, in time to.
fn assigned<T: Config>(worker: &T::AccountId, n: u32) -> Vec<JobId> {
    T::BenchmarkHelper::machine(worker);
    let model = T::BenchmarkHelper::model_with_candidates(0);
    let due = System::<T>::block_number() + 10u32.into();
    (0..n)
        .map(|_| {
            let stage = Stage::Assigned {
                worker: worker.clone(),
                ask: ask::<T>(&model),
                payout: 0,
            };
            job_in::<T>(stage, model, due)
        })
        .collect()
}

/// One of them.
fn one_assigned<T: Config>(worker: &T::AccountId) -> JobId {
    assigned::<T>(worker, 1).pop().expect("it is one")
}

/// `n` of them that it has claimed.
fn running<T: Config>(worker: &T::AccountId, n: u32) -> Vec<JobId> {
    let jobs = assigned::<T>(worker, n);
    Pallet::<T>::claim_each(worker, jobs.iter().copied());
    jobs
}

fn stage_of<T: Config>(id: JobId) -> Option<Stage<T::AccountId, BlockNumberFor<T>>> {
    Jobs::<T>::get(id).map(|job| job.stage)
}

/// What the hook does with a job that is due in block `due`, in block `now`.
fn take_step<T: Config>(due: BlockNumberFor<T>, now: BlockNumberFor<T>) {
    let id = Agenda::<T>::iter_key_prefix(due)
        .next()
        .expect("a job is due");
    Pallet::<T>::step(id, due, now, &mut Tally::default());
}

/// A job that was delivered and is paid in block `due`. Everybody who can get a share gets one, and the worker,
/// one of its own for each job, has earned credit on many terms.
fn payable<T: Config>(index: u32, due: BlockNumberFor<T>) -> JobId {
    let worker: T::AccountId = account("worker", index, 0);
    let model = T::BenchmarkHelper::model_with_candidates(index);
    T::BenchmarkHelper::machine(&worker);
    T::BenchmarkHelper::earlier_credit(&worker);
    let stage = Stage::Delivered {
        worker,
        ask: ask::<T>(&model),
        payout: 0,
        units: T::Models::units(&model, PROMPT, MAX_OUTPUT / 2).expect("the model takes it"),
        output: tokens(MAX_OUTPUT / 2),
        provider: Some(H256::repeat_byte(4)),
        digest: H256::repeat_byte(3),
        delivered: T::Gate::tick(),
    };
    job_in::<T>(stage, model, due)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn submit() {
        let requester: T::AccountId = whitelisted_caller();
        let model = T::BenchmarkHelper::model_with_candidates(0);
        let price = self::requester::<T>(&requester, &model);
        // A call is never in the genesis block, where the set-up is.
        let now = 1u32.into();
        System::<T>::set_block_number(now);
        let deadline = now + Pallet::<T>::least_deadline(&model, units::<T>(&model));
        let referrer = Some(account("referrer", 0, 0));

        #[extrinsic_call]
        _(
            RawOrigin::Signed(requester.clone()),
            model,
            tokens(PROMPT),
            parameters(),
            price,
            TrustClass::Exact,
            deadline,
            ServiceLevel::default(),
            referrer,
            Some(H256::repeat_byte(4)),
        );

        let reason = HoldReason::JobPrice.into();
        assert_eq!(T::Currency::balance_on_hold(&reason, &requester), price);
    }

    #[benchmark]
    fn claim() {
        let worker: T::AccountId = whitelisted_caller();
        let id = one_assigned::<T>(&worker);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker), id);

        assert!(matches!(stage_of::<T>(id), Some(Stage::Running { .. })));
    }

    #[benchmark]
    fn submit_result() {
        let worker: T::AccountId = whitelisted_caller();
        let id = one_assigned::<T>(&worker);
        Pallet::<T>::do_claim(worker.clone(), id).unwrap();
        T::BenchmarkHelper::auditor();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(worker),
            id,
            tokens(MAX_OUTPUT),
            H256::repeat_byte(3),
            Some(H256::repeat_byte(4)),
        );

        assert!(matches!(stage_of::<T>(id), Some(Stage::Delivered { .. })));
    }

    /// The miss that ends the job, of an input that is too long to be published.
    #[benchmark]
    fn input_unavailable() {
        let worker: T::AccountId = whitelisted_caller();
        let id = one_assigned::<T>(&worker);
        Jobs::<T>::mutate_extant(id, |job| {
            job.input.count = MAX_PUBLISHED_INPUT + 1;
            job.input_misses = MAX_INPUT_MISSES - 1;
        });
        T::BenchmarkHelper::nearly_full_round();

        #[extrinsic_call]
        _(RawOrigin::Signed(worker), id);

        assert!(!Jobs::<T>::contains_key(id));
    }

    #[benchmark]
    fn publish_input(n: Linear<1, MAX_PUBLISHED_INPUT>) {
        let worker: T::AccountId = whitelisted_caller();
        let id = one_assigned::<T>(&worker);
        let list: Vec<u32> = (0..n).map(|token| token % 256).collect();
        Jobs::<T>::mutate_extant(id, |job| job.input = TokenList::of(&list));
        Pallet::<T>::do_input_unavailable(worker.clone(), id).unwrap();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(worker),
            id,
            BoundedVec::truncate_from(list),
        );

        assert!(PublishedInputs::<T>::contains_key(id));
    }

    /// The hook's step with an input that nobody has published, for the last time.
    #[benchmark]
    fn step_unanswered() {
        let worker: T::AccountId = whitelisted_caller();
        let id = one_assigned::<T>(&worker);
        Pallet::<T>::do_input_unavailable(worker, id).unwrap();
        Jobs::<T>::mutate_extant(id, |job| job.input_misses = MAX_INPUT_MISSES - 1);
        T::BenchmarkHelper::nearly_full_round();
        let due = Jobs::<T>::get(id).expect("the job lives").due;

        #[block]
        {
            take_step::<T>(due, due);
        }

        assert!(!Jobs::<T>::contains_key(id));
    }

    /// The hook, when `b` blocks with nothing due lie before it.
    #[benchmark]
    fn pass_blocks(b: Linear<0, 32>) {
        let now: BlockNumberFor<T> = b.into();
        AgendaCursor::<T>::put(BlockNumberFor::<T>::from(1u32));

        #[block]
        {
            Pallet::<T>::run_agenda(now);
        }

        assert_eq!(AgendaCursor::<T>::get(), now + 1u32.into());
    }

    #[benchmark]
    fn claim_batch(n: Linear<1, MAX_BATCH>) {
        let worker: T::AccountId = whitelisted_caller();
        let jobs = assigned::<T>(&worker, n);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(worker),
            BoundedVec::truncate_from(jobs.clone()),
        );

        for id in jobs {
            assert!(matches!(stage_of::<T>(id), Some(Stage::Running { .. })));
        }
    }

    #[benchmark]
    fn submit_results(n: Linear<1, MAX_BATCH>) {
        let worker: T::AccountId = whitelisted_caller();
        let jobs = running::<T>(&worker, n);
        T::BenchmarkHelper::auditor();
        let results = jobs
            .iter()
            .map(|job| ResultOf {
                job: *job,
                output: tokens(MAX_OUTPUT),
                digest: H256::repeat_byte(3),
                provider: Some(H256::repeat_byte(4)),
            })
            .collect();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(worker),
            BoundedVec::truncate_from(results),
        );

        for id in jobs {
            assert!(matches!(stage_of::<T>(id), Some(Stage::Delivered { .. })));
        }
    }

    #[benchmark]
    fn report_progress(n: Linear<1, MAX_BATCH>) {
        let worker: T::AccountId = whitelisted_caller();
        let jobs = running::<T>(&worker, n);
        for id in &jobs {
            Jobs::<T>::mutate_extant(id, |job| {
                let Stage::Running { deliver_by, .. } = &mut job.stage else {
                    return;
                };
                *deliver_by = System::<T>::block_number() + T::Windows::max_deadline();
            });
        }
        let now = System::<T>::block_number() + 1u32.into();
        System::<T>::set_block_number(now);
        let reports = jobs.iter().map(|job| (*job, 1)).collect();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(worker),
            BoundedVec::truncate_from(reports),
        );

        for id in jobs {
            assert!(Jobs::<T>::get(id).is_some_and(|job| job.due > now));
        }
    }

    /// With a beacon of as many blocks as there can be, and as many candidates as a draw looks at, others for each
    /// job.
    #[benchmark]
    fn step_draw(n: Linear<1, TOGETHER>) {
        let models: Vec<ModelId> = (0..n)
            .map(T::BenchmarkHelper::model_with_candidates)
            .collect();
        let anchor = System::<T>::block_number();
        let now = T::BenchmarkHelper::complete_beacon(anchor);
        System::<T>::set_block_number(now);
        let jobs: Vec<JobId> = models
            .into_iter()
            .map(|model| job_in::<T>(Stage::Queued { anchor, attempt: 0 }, model, now))
            .collect();

        #[block]
        {
            for _ in 0..n {
                take_step::<T>(now, now);
            }
        }

        for id in jobs {
            assert!(matches!(stage_of::<T>(id), Some(Stage::Assigned { .. })));
        }
    }

    /// Jobs of different models, requesters and workers that were not audited.
    #[benchmark]
    fn step_settle(n: Linear<1, TOGETHER>) {
        let now = System::<T>::block_number();
        let jobs: Vec<JobId> = (0..n).map(|index| payable::<T>(index, now)).collect();
        T::BenchmarkHelper::nearly_full_round();
        T::BenchmarkHelper::let_the_window_pass();

        #[block]
        {
            for _ in 0..n {
                take_step::<T>(now, now);
            }
        }

        for id in jobs {
            assert!(!Jobs::<T>::contains_key(id));
        }
    }

    /// One that was, by as many auditors as there can be.
    #[benchmark]
    fn step_settle_audited() {
        let now = System::<T>::block_number();
        let id = payable::<T>(0, now);
        T::BenchmarkHelper::nearly_full_round();
        T::BenchmarkHelper::audited(id);
        T::BenchmarkHelper::let_the_window_pass();

        #[block]
        {
            take_step::<T>(now, now);
        }

        assert!(!Jobs::<T>::contains_key(id));
    }

    #[benchmark]
    fn step_refund() {
        let model = T::BenchmarkHelper::model_with_candidates(0);
        T::BenchmarkHelper::nearly_full_round();
        let now = System::<T>::block_number();
        let stage = Stage::Queued {
            anchor: now,
            attempt: 0,
        };
        let id = job_in::<T>(stage, model, now);
        Jobs::<T>::mutate(id, |job| {
            if let Some(job) = job {
                job.deadline = now;
            }
        });

        #[block]
        {
            take_step::<T>(now, now);
        }

        assert!(!Jobs::<T>::contains_key(id));
    }

    /// The machine is penalised, suspended and leaves every model that it can serve.
    #[benchmark]
    fn step_time_out() {
        let worker: T::AccountId = account("worker", 0, 0);
        let model = T::BenchmarkHelper::model_with_candidates(0);
        T::BenchmarkHelper::machine(&worker);
        let now = System::<T>::block_number();
        let stage = Stage::Running {
            worker: worker.clone(),
            ask: ask::<T>(&model),
            payout: 0,
            began: now,
            deliver_by: now,
        };
        let id = job_in::<T>(stage, model, now);

        #[block]
        {
            take_step::<T>(now, now);
        }

        assert!(matches!(stage_of::<T>(id), Some(Stage::Queued { .. })));
        assert!(!WorkerJobs::<T>::contains_key(&worker, id));
    }

    /// What a step that failed costs besides what it tried.
    #[benchmark]
    fn postpone() {
        let worker: T::AccountId = account("worker", 0, 0);
        let id = one_assigned::<T>(&worker);
        let mut job = Jobs::<T>::get(id).expect("it was just put there");
        let due = job.due;

        #[block]
        {
            Pallet::<T>::postpone(id, &mut job, due, Error::<T>::JobNotFound.into());
        }

        assert!(Jobs::<T>::get(id).is_some_and(|job| job.due > due));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::benchmark_state(), crate::mock::Test);
}
