//! A runtime with this pallet only; tests play the authors.

use crate as pallet_finality;
use frame_support::{
    derive_impl,
    traits::{ConstU32, Hooks},
};
use sp_runtime::{BuildStorage, DispatchResult};

pub const MAX_LAG: u32 = 16;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Finality: pallet_finality,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = frame_system::mocking::MockBlock<Test>;
}

impl pallet_finality::Config for Test {
    type MaxLag = ConstU32<MAX_LAG>;
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
        next_block();
        test();
        Finality::do_try_state().expect("the state holds together");
    });
}

pub fn next_block() {
    let next = System::block_number() + 1;
    System::set_block_number(next);
    Finality::on_initialize(next);
    Finality::do_try_state().expect("the state holds together");
}

pub fn report(finalised: u32) -> DispatchResult {
    Finality::report(RuntimeOrigin::none(), finalised)
}

/// So many blocks whose authors have seen this height finalised.
pub fn blocks(count: u32, finalised: u32) {
    for _ in 0..count {
        report(finalised).expect("it is at most the parent");
        next_block();
    }
}
