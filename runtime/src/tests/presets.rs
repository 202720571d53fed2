use super::*;
use sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET;

#[test]
fn presets_should_build_and_hold_together() {
    for name in [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET] {
        assert!(genesis::preset_names().contains(&PresetId::from(name)));
        preset_state(name).execute_with(check_all_pallets);
    }
    assert!(genesis::preset(&PresetId::from("mainnet")).is_none());
}

#[test]
fn presets_should_differ_where_the_economy_says_so() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        assert_eq!(Babe::slot_duration(), 2_000);
        assert_eq!(Session::validators(), vec![account(Sr25519Keyring::Alice)]);
        assert_eq!(Emission::books().block_reward, 5_000 * AIPG);
    });
    preset_state(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        assert_eq!(Babe::slot_duration(), 6_000);
        assert_eq!(Session::validators().len(), 4);
        assert_eq!(Emission::books().block_reward, 500 * AIPG);
        assert_eq!(Emission::books().cap, 10_000_000_000 * AIPG);
    });
}

#[test]
fn dev_should_list_the_demo_model_and_local_should_not() {
    for (name, ceiling) in [
        (DEV_RUNTIME_PRESET, Some(2_000_000)),
        (LOCAL_TESTNET_RUNTIME_PRESET, None),
    ] {
        preset_state(name).execute_with(|| {
            let models: Vec<_> = pallet_model_registry::Models::<Runtime>::iter().collect();
            assert_eq!(models.len(), 1);
            assert_eq!(models[0].1.mint_ceiling, ceiling);
            assert_eq!(models[0].1.creator, Some(account(Sr25519Keyring::Dave)));
        });
    }
}

#[test]
fn block_weight_should_come_from_the_chain_parameters() {
    let time = |name| {
        preset_state(name).execute_with(|| {
            let weights = <<Runtime as frame_system::Config>::BlockWeights as Get<_>>::get();
            let weights: frame_system::limits::BlockWeights = weights;
            weights
                .validate()
                .expect("block weights are sound")
                .max_block
                .ref_time()
        })
    };
    assert_eq!(time(DEV_RUNTIME_PRESET), 1_000_000_000_000);
    assert_eq!(time(LOCAL_TESTNET_RUNTIME_PRESET), 2_000_000_000_000);
}
