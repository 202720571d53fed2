//! A runtime with nothing but the system and this pallet.

use crate::{self as pallet_chain_parameters, ChainParameters};
use frame_support::{construct_runtime, derive_impl};
use frame_system::mocking::MockBlockU32;
use sp_runtime::BuildStorage;

construct_runtime! {
    pub enum Test {
        System: frame_system,
        Chain: pallet_chain_parameters,
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = MockBlockU32<Test>;
}

impl pallet_chain_parameters::Config for Test {}

/// Builds a genesis with these parameters, runs `test` on it and then the state's own checks.
pub fn execute(parameters: ChainParameters, test: impl FnOnce()) {
    let genesis = RuntimeGenesisConfig {
        chain: pallet_chain_parameters::GenesisConfig {
            parameters,
            ..Default::default()
        },
        ..Default::default()
    };
    let storage = genesis
        .build_storage()
        .expect("the mock's genesis is valid");
    sp_io::TestExternalities::new(storage).execute_with(|| {
        test();
        Chain::do_try_state().expect("the state holds after the test");
    });
}
