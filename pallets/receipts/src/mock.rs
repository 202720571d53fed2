//! A runtime with receipts only; tests play the pallet whose jobs end.

use crate as pallet_receipts;
use aipg_primitives::*;
use frame_support::{
    derive_impl,
    traits::{ConstU32, Hooks},
};
use sp_core::H256;
use sp_runtime::BuildStorage;

pub type AccountId = u64;

pub const ROUND: u64 = 10;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Receipts: pallet_receipts,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
    type AccountId = AccountId;
    type Lookup = sp_runtime::traits::IdentityLookup<AccountId>;
}

impl pallet_receipts::Config for Test {
    type RoundBlocks = ConstU32<{ ROUND as u32 }>;
    type WeightInfo = ();
}

/// A fresh state before its first block.
pub fn fresh() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig::default()
        .build_storage()
        .expect("the genesis of the mock is valid");
    sp_io::TestExternalities::from(storage)
}

/// Runs a test in a fresh state at block 1, and checks the state afterwards.
pub fn execute(test: impl FnOnce()) {
    fresh().execute_with(|| {
        run_to(1);
        test();
        Receipts::do_try_state().expect("the state holds together");
    });
}

/// Goes on to the start of block `height`.
pub fn run_to(height: u64) {
    while System::block_number() < height {
        let next = System::block_number() + 1;
        System::set_block_number(next);
        Receipts::on_initialize(next);
        Receipts::do_try_state().expect("the state holds together");
    }
}

/// The receipt of a job that ended in this block.
pub fn receipt(job: JobId) -> Receipt<AccountId, u64> {
    let tokens = TokenList {
        blob: H256::from_low_u64_be(job),
        root: H256::repeat_byte(8),
        count: 10,
    };
    Receipt {
        job,
        requester: 1,
        model: H256::repeat_byte(3),
        class: TrustClass::Exact,
        input: tokens,
        parameters: JobParameters {
            max_output: 20,
            ..Default::default()
        },
        max_price: 1_000,
        finished_at: System::block_number(),
        outcome: if job % 3 == 2 {
            Outcome::Refunded {
                reason: RefundReason::DeadlineUnreachable,
                returned: 1_000,
            }
        } else {
            Outcome::Paid {
                worker: 2,
                output: tokens,
                digest: H256::repeat_byte(9),
                units: 30,
                ask: 12,
                fee: 360,
            }
        },
    }
}

/// Ends `jobs` in this block; returns their receipts.
pub fn end(jobs: core::ops::Range<JobId>) -> Vec<Receipt<AccountId, u64>> {
    jobs.map(|job| {
        let receipt = receipt(job);
        Receipts::append(&receipt).expect("the round is not full");
        receipt
    })
    .collect()
}

/// Events of the pallet, oldest first.
pub fn events() -> Vec<crate::Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Receipts(event) => Some(event),
            _ => None,
        })
        .collect()
}
