//! System, timestamp, sudo, utility, chain parameters.

use crate::*;
use frame_support::{
    derive_impl,
    traits::{ConstU16, ConstU32, Contains, Get},
    weights::{constants::WEIGHT_REF_TIME_PER_MILLIS, Weight},
};
use frame_system::limits::{BlockLength, BlockWeights};
use sp_runtime::Perbill;

/// SS58 prefix of AI Power Grid.
pub const SS58_PREFIX: u16 = 2686;
/// Share of a block that ordinary transactions may fill; the rest is for operational ones.
const NORMAL_RATIO: Perbill = Perbill::from_percent(75);

/// Block weight from the chain's parameters: fixed in genesis, so that presets share one binary.
pub struct ParameterBlockWeights;

impl Get<BlockWeights> for ParameterBlockWeights {
    fn get() -> BlockWeights {
        let milliseconds = pallet_chain_parameters::MaxBlockRefTimeMs::<Runtime>::get();
        BlockWeights::with_sensible_defaults(
            Weight::from_parts(
                milliseconds.saturating_mul(WEIGHT_REF_TIME_PER_MILLIS),
                u64::MAX,
            ),
            NORMAL_RATIO,
        )
    }
}

frame_support::parameter_types! {
    pub const BlockHashCount: BlockNumber = 2400;
    pub const Version: RuntimeVersion = VERSION;
    /// 5 MiB, three quarters of it for ordinary transactions. The proposer stops at 4 MiB anyway.
    pub RuntimeBlockLength: BlockLength = BlockLength::default();
}

/// What nobody may call, except root by itself.
pub struct CallFilter;

impl Contains<RuntimeCall> for CallFilter {
    fn contains(call: &RuntimeCall) -> bool {
        // Emission is the one place that burns.
        !matches!(
            call,
            RuntimeCall::Balances(pallet_balances::Call::burn { .. })
        )
    }
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type BlockWeights = ParameterBlockWeights;
    type BlockLength = RuntimeBlockLength;
    type AccountId = AccountId;
    type Nonce = Nonce;
    type Hash = Hash;
    type BlockHashCount = BlockHashCount;
    type DbWeight = frame_support::weights::constants::ParityDbWeight;
    type Version = Version;
    type AccountData = pallet_balances::AccountData<Balance>;
    type SS58Prefix = ConstU16<SS58_PREFIX>;
    type MaxConsumers = ConstU32<16>;
    type BaseCallFilter = CallFilter;
}

impl pallet_chain_parameters::Config for Runtime {}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Babe;
    type MinimumPeriod = pallet_chain_parameters::MinimumPeriod<Runtime>;
    type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}
