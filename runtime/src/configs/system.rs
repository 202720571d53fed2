//! System, timestamp, sudo, utility, chain parameters.

use crate::*;
use core::slice::from_ref;
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

/// Most calls that may be wrapped in one another. Deeper ones are refused, so that the filter's own
/// work is bounded.
pub const MAX_CALL_NESTING: u32 = 8;

/// Refuses what would go past the owner of a number, whoever asks and in whatever wrapping:
/// `burn` and `force_unreserve` everywhere, issuance by decree where the chain's parameters do not
/// allow it.
///
/// Tokens on hold belong to a record of another pallet. `force_unreserve` would free them and leave
/// the record: a price that nobody can pay, a bond that cannot be slashed.
///
/// The wrappers (batches, sudo, …) dispatch what they hold without any filter as soon as their
/// origin is Root, so the outermost call is judged by everything inside it. A future way to be
/// Root that does not begin with a transaction has to ask this filter by itself.
pub struct CallFilter;

impl Contains<RuntimeCall> for CallFilter {
    fn contains(call: &RuntimeCall) -> bool {
        is_allowed(call, MAX_CALL_NESTING)
    }
}

fn is_allowed(call: &RuntimeCall, levels: u32) -> bool {
    use pallet_balances::Call as BalancesCall;
    use pallet_sudo::Call as SudoCall;
    use pallet_utility::Call as UtilityCall;

    let all_allowed = |inner: &[&[RuntimeCall]]| match levels.checked_sub(1) {
        Some(left) => inner
            .iter()
            .all(|calls| calls.iter().all(|call| is_allowed(call, left))),
        None => false,
    };
    match call {
        RuntimeCall::Balances(BalancesCall::burn { .. } | BalancesCall::force_unreserve { .. }) => {
            false
        }
        RuntimeCall::Balances(
            BalancesCall::force_set_balance { .. }
            | BalancesCall::force_adjust_total_issuance { .. },
        ) => pallet_chain_parameters::RootIssuance::<Runtime>::get(),
        RuntimeCall::Sudo(
            SudoCall::sudo { call }
            | SudoCall::sudo_unchecked_weight { call, .. }
            | SudoCall::sudo_as { call, .. },
        ) => all_allowed(&[from_ref(call.as_ref())]),
        RuntimeCall::Utility(
            UtilityCall::batch { calls }
            | UtilityCall::batch_all { calls }
            | UtilityCall::force_batch { calls },
        ) => all_allowed(&[calls]),
        RuntimeCall::Utility(
            UtilityCall::as_derivative { call, .. }
            | UtilityCall::dispatch_as { call, .. }
            | UtilityCall::dispatch_as_fallible { call, .. }
            | UtilityCall::with_weight { call, .. },
        ) => all_allowed(&[from_ref(call.as_ref())]),
        RuntimeCall::Utility(UtilityCall::if_else { main, fallback }) => {
            all_allowed(&[from_ref(main.as_ref()), from_ref(fallback.as_ref())])
        }
        _ => true,
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
    type SystemWeightInfo = weights::frame_system::WeightInfo<Runtime>;
    type ExtensionsWeightInfo = weights::frame_system_extensions::WeightInfo<Runtime>;
}

impl pallet_chain_parameters::Config for Runtime {}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Babe;
    type MinimumPeriod = pallet_chain_parameters::MinimumPeriod<Runtime>;
    type WeightInfo = weights::pallet_timestamp::WeightInfo<Runtime>;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = weights::pallet_sudo::WeightInfo<Runtime>;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = weights::pallet_utility::WeightInfo<Runtime>;
}
