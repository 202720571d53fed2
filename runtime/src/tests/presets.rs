use super::*;
use crate::configs::{
    money::{OperationsFund, StakersPot},
    system::ParameterBlockWeights,
};
use frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND;
use frame_system::limits::BlockWeights;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Ferdie};
use sp_runtime::Permill;

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A column of the economy's tables. Times in seconds.
struct Column {
    name: &'static str,
    block: u64,
    epoch_slots: u64,
    era_sessions: u32,
    claim_window: u64,
    challenge_window: u64,
    dispute_clock: u64,
    unbonding: u64,
    reward_expiry: u64,
    reward: Balance,
    halving_interval: u32,
    block_weight: u64,
    authorities: Vec<Sr25519Keyring>,
    sudo: Option<Sr25519Keyring>,
    root_issuance: bool,
    operations_fund: AccountId,
    /// κ of the models that are listed at the start, in millionths.
    models: Vec<Option<u32>>,
}

fn columns() -> [Column; 3] {
    [
        Column {
            name: DEV_RUNTIME_PRESET,
            block: 2 * SECOND,
            epoch_slots: 30,
            era_sessions: 2,
            claim_window: 20 * SECOND,
            challenge_window: 30 * SECOND,
            dispute_clock: 60 * SECOND,
            unbonding: MINUTE,
            reward_expiry: HOUR,
            reward: 5_000 * AIPG,
            halving_interval: 1_000_000,
            block_weight: SECOND,
            authorities: vec![Alice],
            sudo: Some(Alice),
            root_issuance: true,
            operations_fund: account(Ferdie),
            models: vec![Some(2_000_000)],
        },
        Column {
            name: LOCAL_TESTNET_RUNTIME_PRESET,
            block: 6 * SECOND,
            epoch_slots: 100,
            era_sessions: 6,
            claim_window: 2 * MINUTE,
            challenge_window: 10 * MINUTE,
            dispute_clock: 10 * MINUTE,
            unbonding: HOUR,
            reward_expiry: DAY,
            reward: 500 * AIPG,
            halving_interval: 10_000_000,
            block_weight: 2 * SECOND,
            authorities: vec![Alice, Bob, Charlie, Dave],
            sudo: Some(Alice),
            root_issuance: true,
            operations_fund: account(Ferdie),
            models: vec![None],
        },
        Column {
            name: MAINNET_RUNTIME_PRESET,
            block: 60 * SECOND,
            epoch_slots: 60,
            era_sessions: 24,
            claim_window: 10 * MINUTE,
            challenge_window: DAY,
            dispute_clock: 6 * HOUR,
            unbonding: 28 * DAY,
            reward_expiry: 28 * DAY,
            reward: 5_000 * AIPG,
            halving_interval: 1_000_000,
            block_weight: 10 * SECOND,
            authorities: vec![Alice, Bob, Charlie, Dave],
            sudo: None,
            root_issuance: false,
            operations_fund: OperationsFund::get(),
            models: vec![],
        },
    ]
}

#[test]
fn presets_should_have_the_figures_of_the_economy_tables() {
    assert_eq!(columns().map(|column| column.name), PRESETS);
    for column in columns() {
        let name = column.name;
        genesis_state(name).execute_with(|| {
            let parameters = pallet_chain_parameters::Parameters::<Runtime>::get();
            let seconds = |blocks: u32| u64::from(blocks) * column.block;
            assert_eq!(parameters.slot_duration_ms, column.block * 1_000, "{name}");
            assert_eq!(Babe::slot_duration(), column.block * 1_000, "{name}");
            assert_eq!(parameters.epoch_slots, column.epoch_slots, "{name}");
            assert_eq!(parameters.era_sessions, column.era_sessions, "{name}");
            assert_eq!(seconds(parameters.claim_window), column.claim_window);
            assert_eq!(
                seconds(parameters.challenge_window),
                column.challenge_window
            );
            assert_eq!(seconds(parameters.dispute_clock), column.dispute_clock);
            assert_eq!(seconds(parameters.unbonding), column.unbonding, "{name}");
            assert_eq!(seconds(parameters.reward_expiry), column.reward_expiry);
            assert_eq!(parameters.root_issuance, column.root_issuance, "{name}");
            assert_eq!(parameters.round_blocks, 10);

            let terms = pallet_emission::Terms::<Runtime>::get();
            assert_eq!(terms.schedule.initial_reward, column.reward, "{name}");
            assert_eq!(terms.schedule.halving_interval, column.halving_interval);
            assert_eq!(terms.operations_fund, Some(column.operations_fund));
            assert_eq!(terms.operations_share, Permill::from_percent(5));
            assert_eq!(
                pallet_emission::AuthorShare::<Runtime>::get(),
                Permill::from_percent(20)
            );
            assert_eq!(Emission::books().block_reward, column.reward);
            assert_eq!(Emission::books().cap, 10_000_000_000 * AIPG, "{name}");

            let weights: BlockWeights = ParameterBlockWeights::get();
            let weights = weights.validate().expect("block weights are sound");
            assert_eq!(
                weights.max_block.ref_time(),
                column.block_weight * WEIGHT_REF_TIME_PER_SECOND,
                "{name}"
            );

            let authorities: Vec<_> = column.authorities.iter().copied().map(account).collect();
            assert_eq!(Session::validators(), authorities, "{name}");
            assert_eq!(Babe::authorities().len(), authorities.len(), "{name}");
            assert_eq!(Grandpa::grandpa_authorities().len(), authorities.len());
            assert_eq!(
                pallet_sudo::Key::<Runtime>::get(),
                column.sudo.map(account),
                "{name}"
            );
            let models: Vec<_> = pallet_model_registry::Models::<Runtime>::iter_values()
                .map(|model| model.mint_ceiling)
                .collect();
            assert_eq!(models, column.models, "{name}");
            let lane = pallet_bootstrap::Models::<Runtime>::get();
            let has_lane = name == LOCAL_TESTNET_RUNTIME_PRESET;
            assert_eq!(lane.len(), usize::from(has_lane), "{name}");
            assert!(lane
                .iter()
                .all(pallet_model_registry::Models::<Runtime>::contains_key));
        });
    }
}

#[test]
fn existential_deposit_should_be_a_thousandth_on_every_preset() {
    for name in PRESETS {
        genesis_state(name).execute_with(|| {
            let stranger = AccountId::new([7; 32]);
            let send = |amount| {
                Balances::transfer_allow_death(signed(Alice), stranger.clone().into(), amount)
            };
            assert!(send(AIPG / 1_000 - 1).is_err(), "{name}");
            assert!(send(AIPG / 1_000).is_ok(), "{name}");
        });
    }
}

#[test]
fn presets_should_build_and_hold_together() {
    let names: Vec<PresetId> = PRESETS.map(PresetId::from).into();
    assert_eq!(genesis::preset_names(), names);
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            assert_eq!(ChainParameters::do_try_state(), Ok(()));
            check_all_pallets();
        });
    }
    assert!(genesis::preset(&PresetId::from("testnet")).is_none());
}

#[test]
fn issuance_should_be_what_was_imported_on_every_preset() {
    for name in PRESETS {
        genesis_state(name).execute_with(|| {
            let books = Emission::books();
            assert_eq!(books.issuance, books.imported, "{name}");
            assert!(books.imported <= books.cap, "{name}");
            assert_eq!(books.minted_author + books.minted_operations, 0);
            assert_eq!(
                books.minted_work + books.minted_bootstrap + books.burned_fees,
                0
            );
            assert_eq!(
                books.burned_convictions
                    + books.burned_lost_bonds
                    + books.burned_audit_faults
                    + books.burned_author_faults
                    + books.burned_bootstrap,
                0
            );
        });
    }
}

#[test]
fn mainnet_should_hold_the_imported_balances_and_nothing_else() {
    genesis_state(MAINNET_RUNTIME_PRESET).execute_with(|| {
        let imported = imported_balances();
        let sum: Balance = imported.iter().map(|(_, amount)| amount).sum();
        assert_eq!(Emission::books().imported, sum);
        for (who, amount) in &imported {
            assert_eq!(Balances::free_balance(who), *amount);
        }
        let funded = frame_system::Account::<Runtime>::iter()
            .filter(|(_, info)| info.data.free + info.data.reserved > 0)
            .count();
        assert_eq!(funded, imported.len());
    });
}

#[test]
#[should_panic(expected = "genesis of emission: the imported balances are above the cap")]
fn mainnet_should_refuse_a_genesis_when_the_imported_balances_are_above_the_cap() {
    let balances = vec![(account(Alice), genesis::CAP), (account(Bob), AIPG)];
    let patch = genesis::preset(&PresetId::from(MAINNET_RUNTIME_PRESET)).expect("it exists");
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
    merge(&mut config, serde_json::from_slice(&patch).expect("JSON"));
    merge(&mut config, genesis::import(vec![], balances));
    let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the patch fits");
    let _ = config.build_storage();
}

#[test]
fn operations_fund_of_mainnet_should_receive_its_share_though_nobody_endowed_it() {
    preset_state(MAINNET_RUNTIME_PRESET).execute_with(|| {
        run_to(3);
        assert_eq!(
            Balances::free_balance(OperationsFund::get()),
            3 * 250 * AIPG
        );
        check_all_pallets();
    });
}

#[test]
fn accounts_of_the_chain_itself_should_be_distinct() {
    let accounts = [
        <Treasury as Get<AccountId>>::get(),
        <StakersPot as Get<AccountId>>::get(),
        OperationsFund::get(),
    ];
    for (index, one) in accounts.iter().enumerate() {
        assert!(!accounts[index + 1..].contains(one));
    }
}

#[test]
fn demo_model_should_have_a_creator_where_it_is_listed() {
    for name in [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET] {
        preset_state(name).execute_with(|| {
            let models: Vec<_> = pallet_model_registry::Models::<Runtime>::iter_values().collect();
            assert_eq!(models.len(), 1);
            assert_eq!(models[0].creator, Some(account(Dave)));
        });
    }
}
