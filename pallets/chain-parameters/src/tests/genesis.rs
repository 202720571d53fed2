use crate::{mock::*, ChainParameters};
use sp_runtime::TryRuntimeError;

#[test]
fn genesis_should_store_the_parameters_when_they_are_valid() {
    execute(ChainParameters::local(), || {
        assert!(crate::Parameters::<Test>::exists());
        assert_eq!(crate::Parameters::<Test>::get(), ChainParameters::local());
    });
}

#[test]
fn genesis_should_be_the_dev_preset_when_nothing_is_configured() {
    execute(crate::GenesisConfig::<Test>::default().parameters, || {
        assert_eq!(crate::Parameters::<Test>::get(), ChainParameters::dev());
    });
}

#[test]
#[should_panic(expected = "genesis of chain-parameters: maxBlockRefTimeMs is above slotDurationMs")]
fn genesis_should_name_the_error_when_the_parameters_are_nonsense() {
    execute(
        ChainParameters {
            max_block_ref_time_ms: 2_001,
            ..ChainParameters::dev()
        },
        || {},
    );
}

#[test]
fn try_state_should_fail_when_the_stored_record_is_not_valid() {
    execute(ChainParameters::dev(), || {
        let broken = ChainParameters {
            epoch_slots: 0,
            ..ChainParameters::dev()
        };
        crate::Parameters::<Test>::put(broken);
        assert_eq!(
            Chain::do_try_state(),
            Err(TryRuntimeError::Other("epochSlots is 0"))
        );
        crate::Parameters::<Test>::put(ChainParameters::dev());
    });
}
