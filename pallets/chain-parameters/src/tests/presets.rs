use crate::ChainParameters;
use codec::{Decode, Encode, MaxEncodedLen};

/// Blocks of `slot_duration_ms` that fill `seconds`.
fn blocks(parameters: &ChainParameters, seconds: u64) -> u32 {
    assert_eq!(seconds * 1_000 % parameters.slot_duration_ms, 0);
    u32::try_from(seconds * 1_000 / parameters.slot_duration_ms).unwrap()
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

#[test]
fn dev_preset_should_have_the_clocks_of_the_economy_table() {
    let dev = ChainParameters::dev();
    assert_eq!(dev.slot_duration_ms, 2_000);
    assert_eq!(dev.epoch_slots, 30);
    assert_eq!(dev.era_sessions, 2);
    assert_eq!((dev.author_seats, dev.least_authors), (1, 1));
    assert_eq!(dev.claim_window, blocks(&dev, 20));
    assert_eq!(dev.run_window, blocks(&dev, 20));
    assert_eq!(dev.progress_window, blocks(&dev, MINUTE));
    assert_eq!((dev.power_interval, dev.early_blocks), (0, 0));
    assert_eq!(dev.bootstrap_share, 0);
    assert_eq!((dev.listed_ceiling, dev.listed_machines), (2_000_000, 1));
    assert_eq!(dev.challenge_window, blocks(&dev, 30));
    assert_eq!(dev.dispute_clock, blocks(&dev, MINUTE));
    assert_eq!(dev.unbonding, blocks(&dev, MINUTE));
    assert_eq!(dev.reward_expiry, blocks(&dev, HOUR));
    assert_eq!(dev.max_deadline, blocks(&dev, WEEK));
    assert_eq!((dev.beacon_blocks, dev.beacon_authors), (2, 1));
    let audits = (dev.audit_beacon_blocks, dev.audit_beacon_authors);
    assert_eq!(audits, (2, 1));
    assert_eq!(dev.max_block_ref_time_ms * 2, dev.slot_duration_ms);
    assert!(dev.root_issuance);
}

#[test]
fn local_preset_should_have_the_clocks_of_the_economy_table() {
    let local = ChainParameters::local();
    assert_eq!(local.slot_duration_ms, 6_000);
    assert_eq!(local.epoch_slots, 100);
    assert_eq!(local.era_sessions, 6);
    assert_eq!((local.author_seats, local.least_authors), (4, 3));
    assert_eq!(local.claim_window, blocks(&local, 2 * MINUTE));
    assert_eq!(local.run_window, blocks(&local, 2 * MINUTE));
    assert_eq!(local.progress_window, blocks(&local, 3 * MINUTE));
    assert_eq!(local.power_interval, blocks(&local, 10 * MINUTE));
    assert_eq!(local.power_bar, blocks(&local, HOUR));
    assert_eq!(local.early_blocks, 0);
    assert_eq!(local.bootstrap_share, 10_000);
    assert_eq!(local.bootstrap_halving, blocks(&local, DAY));
    assert_eq!(local.rounds_a_day() * 10, blocks(&local, DAY));
    assert_eq!(
        (local.listed_ceiling, local.listed_machines),
        (1_000_000, 1)
    );
    assert_eq!(local.challenge_window, blocks(&local, 10 * MINUTE));
    assert_eq!(local.dispute_clock, blocks(&local, 10 * MINUTE));
    assert_eq!(local.unbonding, blocks(&local, HOUR));
    assert_eq!(local.reward_expiry, blocks(&local, DAY));
    assert_eq!(local.max_deadline, blocks(&local, WEEK));
    assert_eq!((local.beacon_blocks, local.beacon_authors), (2, 2));
    let audits = (local.audit_beacon_blocks, local.audit_beacon_authors);
    assert_eq!(audits, (4, 2));
    assert_eq!(local.max_block_ref_time_ms, 2_000);
    assert!(local.root_issuance);
}

#[test]
fn mainnet_preset_should_have_the_clocks_of_the_economy_table() {
    let mainnet = ChainParameters::mainnet();
    assert_eq!(mainnet.slot_duration_ms, 60_000);
    assert_eq!(mainnet.epoch_slots, 60);
    assert_eq!(mainnet.era_sessions, 24);
    assert_eq!((mainnet.author_seats, mainnet.least_authors), (100, 4));
    assert_eq!(mainnet.claim_window, blocks(&mainnet, 10 * MINUTE));
    assert_eq!(mainnet.run_window, blocks(&mainnet, 10 * MINUTE));
    assert_eq!(mainnet.progress_window, blocks(&mainnet, 15 * MINUTE));
    // Four a day.
    assert_eq!(mainnet.power_interval * 4, blocks(&mainnet, DAY));
    assert_eq!(mainnet.power_bar, blocks(&mainnet, 30 * DAY));
    assert_eq!(mainnet.early_blocks, blocks(&mainnet, 180 * DAY));
    assert_eq!(mainnet.bootstrap_share, 10_000);
    assert_eq!(mainnet.bootstrap_halving, blocks(&mainnet, 30 * DAY));
    assert_eq!(mainnet.rounds_a_day() * 10, blocks(&mainnet, DAY));
    assert_eq!(
        (mainnet.listed_ceiling, mainnet.listed_machines),
        (1_000_000, 32)
    );
    assert_eq!(mainnet.challenge_window, blocks(&mainnet, 24 * HOUR));
    assert_eq!(mainnet.dispute_clock, blocks(&mainnet, 6 * HOUR));
    assert_eq!(mainnet.unbonding, blocks(&mainnet, 28 * DAY));
    assert_eq!(mainnet.reward_expiry, blocks(&mainnet, 28 * DAY));
    assert_eq!(mainnet.max_deadline, blocks(&mainnet, WEEK));
    assert_eq!((mainnet.beacon_blocks, mainnet.beacon_authors), (2, 2));
    let audits = (mainnet.audit_beacon_blocks, mainnet.audit_beacon_authors);
    assert_eq!(audits, (12, 3));
    assert_eq!(mainnet.max_block_ref_time_ms, 10_000);
    assert!(!mainnet.root_issuance);
}

/// Every preset there is.
fn presets() -> [ChainParameters; 3] {
    [
        ChainParameters::dev(),
        ChainParameters::local(),
        ChainParameters::mainnet(),
    ]
}

#[test]
fn presets_should_agree_on_the_speed_of_the_slowest_machine() {
    for preset in presets() {
        assert_eq!(
            preset.units_per_block * 1_000 / preset.slot_duration_ms,
            500
        );
    }
}

#[test]
fn presets_should_be_valid() {
    for preset in presets() {
        assert_eq!(preset.validate(), Ok(()));
        assert_eq!(preset.round_blocks, 10);
        assert_eq!(preset.reward_expiry % preset.round_blocks, 0);
    }
}

#[test]
fn record_should_survive_its_encoding() {
    let local = ChainParameters::local();
    let bytes = local.encode();
    assert_eq!(ChainParameters::decode(&mut &bytes[..]), Ok(local));
    assert_eq!(bytes.len(), ChainParameters::max_encoded_len());
}
