mod batches;
mod deadlines;
mod delivery;
mod demand;
mod doubt;
mod draws;
mod open;
mod pictures;
mod progress;
mod properties;
mod public;
mod receipts;
mod settlement;
mod submission;
mod weights;

use crate::{mock::*, types::*, *};
use aipg_primitives::*;
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_core::H256;

/// A submission that is accepted; tests change one term.
#[derive(Clone)]
struct Order {
    requester: AccountId,
    model: ModelId,
    input: TokenList,
    parameters: JobParameters,
    max_price: Balance,
    class: TrustClass,
    deadline: u64,
    service: ServiceLevel,
    referrer: Option<AccountId>,
    provider: Option<NodeId>,
}

const INPUT_NODE: NodeId = H256::repeat_byte(4);
const OUTPUT_NODE: NodeId = H256::repeat_byte(5);
const PROMPT: u32 = 20;
const MAX_OUTPUT: u32 = 30;
/// Units of the longest answer in the mock: prompt + output.
const UNITS: Units = 50;
const PRICE: Balance = UNITS as Balance * ASK + 7;

/// `count` tokens of the model's vocabulary.
fn ids(count: u32) -> Vec<u32> {
    (0..count).map(|index| index % VOCABULARY).collect()
}

fn tokens(count: u32) -> TokenList {
    TokenList::of(&ids(count))
}

impl Order {
    fn new() -> Self {
        Self {
            requester: REQUESTER,
            model: MODEL,
            input: tokens(PROMPT),
            parameters: JobParameters {
                max_output: MAX_OUTPUT,
                stop: BoundedVec::truncate_from(vec![3]),
                ..Default::default()
            },
            max_price: PRICE,
            class: TrustClass::Exact,
            deadline: System::block_number() + 100,
            service: ServiceLevel::default(),
            referrer: None,
            provider: Some(INPUT_NODE),
        }
    }

    fn submit(self) -> frame_support::dispatch::DispatchResult {
        JobEscrow::submit(
            RuntimeOrigin::signed(self.requester),
            self.model,
            self.input,
            self.parameters,
            self.max_price,
            self.class,
            self.deadline,
            self.service,
            self.referrer,
            self.provider,
        )
    }
}

/// Submits, draws and returns the number of the job, which is then with `worker`.
fn assigned_to(worker: AccountId) -> JobId {
    let job = NextJob::<Test>::get();
    assert_ok!(Order::new().submit());
    next_draw(worker);
    run_to(System::block_number() + BEACON_DELAY);
    assert_eq!(
        Jobs::<Test>::get(job).unwrap().active_worker(),
        Some(&worker)
    );
    job
}

/// The worker of the job says that the input is missing, and nobody publishes it.
fn missed_by(worker: AccountId, job: JobId) {
    let usual = PROGRESS.replace(PROGRESS_WINDOW);
    assert_ok!(JobEscrow::input_unavailable(
        RuntimeOrigin::signed(worker),
        job
    ));
    PROGRESS.set(usual);
    run_to(Jobs::<Test>::get(job).unwrap().due);
}

fn claimed_by(worker: AccountId) -> JobId {
    let job = assigned_to(worker);
    assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(worker), job));
    job
}

fn deliver(worker: AccountId, job: JobId) -> frame_support::dispatch::DispatchResult {
    JobEscrow::submit_result(
        RuntimeOrigin::signed(worker),
        job,
        tokens(10),
        H256::repeat_byte(9),
        Some(OUTPUT_NODE),
    )
}

fn reports() -> Vec<(AccountId, Report)> {
    REPORTS.with_borrow(Clone::clone)
}

fn receipts() -> Vec<Receipt<AccountId, u64>> {
    RECEIPTS.with_borrow(Clone::clone)
}
