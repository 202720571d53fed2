use crate::{mock::*, *};
use aipg_primitives::Windows;
use frame_support::traits::Get;

/// A valid record in which no two getters have the same value.
fn distinct() -> ChainParameters {
    ChainParameters {
        slot_duration_ms: 7_000,
        epoch_slots: 41,
        era_sessions: 5,
        author_seats: 18,
        least_authors: 9,
        round_blocks: 11,
        beacon_blocks: 4,
        beacon_authors: 3,
        audit_beacon_blocks: 8,
        audit_beacon_authors: 6,
        claim_window: 13,
        run_window: 17,
        progress_window: 37,
        power_interval: 43,
        power_window: 47,
        power_proof: 53,
        power_bar: 59,
        early_blocks: 61,
        bootstrap_share: 73,
        bootstrap_halving: 79,
        listed_ceiling: 67,
        listed_machines: 71,
        units_per_block: 100,
        challenge_window: 19,
        unbonding: 23,
        reward_expiry: 11 * 31 + 10,
        max_deadline: 1_009,
        dispute_clock: 29,
        max_block_ref_time_ms: 1_500,
        root_issuance: false,
    }
}

#[test]
fn getters_should_read_the_stored_record() {
    execute(distinct(), || {
        assert_eq!(<SlotDuration<Test> as Get<u64>>::get(), 7_000);
        assert_eq!(<MinimumPeriod<Test> as Get<u64>>::get(), 3_500);
        assert_eq!(<EpochDuration<Test> as Get<u64>>::get(), 41);
        assert_eq!(<EraSessions<Test> as Get<u32>>::get(), 5);
        assert_eq!(<AuthorSeats<Test> as Get<u32>>::get(), 18);
        assert_eq!(<LeastAuthors<Test> as Get<u32>>::get(), 9);
        assert_eq!(<RoundBlocks<Test> as Get<u32>>::get(), 11);
        assert_eq!(<RewardExpiryRounds<Test> as Get<u32>>::get(), 31);
        assert_eq!(<BeaconBlocks<Test> as Get<u32>>::get(), 4);
        assert_eq!(<BeaconAuthors<Test> as Get<u32>>::get(), 3);
        assert_eq!(<AuditBeaconBlocks<Test> as Get<u32>>::get(), 8);
        assert_eq!(<AuditBeaconAuthors<Test> as Get<u32>>::get(), 6);
        assert_eq!(<PowerInterval<Test> as Get<u32>>::get(), 43);
        assert_eq!(<PowerWindow<Test> as Get<_>>::get(), 47);
        assert_eq!(<PowerProof<Test> as Get<_>>::get(), 53);
        assert_eq!(<PowerBar<Test> as Get<_>>::get(), 59);
        assert_eq!(<EarlyBlocks<Test> as Get<_>>::get(), 61);
        assert_eq!(<BootstrapShare<Test> as Get<u32>>::get(), 73);
        assert_eq!(<BootstrapHalving<Test> as Get<_>>::get(), 79);
        let rounds = distinct().rounds_a_day();
        assert_eq!(<RoundsADay<Test> as Get<u32>>::get(), rounds);
        assert_eq!(<ListedCeiling<Test> as Get<u32>>::get(), 67);
        assert_eq!(<ListedMachines<Test> as Get<u32>>::get(), 71);
        assert_eq!(<MaxBlockRefTimeMs<Test> as Get<u64>>::get(), 1_500);
        assert!(!<RootIssuance<Test> as Get<bool>>::get());
        Parameters::<Test>::mutate(|parameters| parameters.root_issuance = true);
        assert!(<RootIssuance<Test> as Get<bool>>::get());
    });
}

#[test]
fn windows_should_read_the_stored_record() {
    execute(distinct(), || {
        assert_eq!(Chain::claim(), 13);
        assert_eq!(Chain::progress(), 37);
        assert_eq!(Chain::challenge(), 19);
        assert_eq!(Chain::unbonding(), 23);
        assert_eq!(Chain::max_deadline(), 1_009);
    });
}

#[test]
fn run_window_should_grow_by_a_block_when_the_work_passes_a_whole_one() {
    execute(distinct(), || {
        for (units, expected) in [
            (0, 17),
            (1, 18),
            (99, 18),
            (100, 18),
            (101, 19),
            (200, 19),
            (201, 20),
        ] {
            assert_eq!(Chain::run(units), expected, "{units} units");
        }
    });
}

#[test]
fn run_window_should_saturate_when_the_work_is_beyond_any_block() {
    execute(distinct(), || {
        assert_eq!(Chain::run(u64::MAX), u32::MAX);
        // The largest work that still fits, and the next.
        let fits = u64::from(u32::MAX - 17) * 100;
        assert_eq!(Chain::run(fits - 100), u32::MAX - 1);
        assert_eq!(Chain::run(fits), u32::MAX);
        assert_eq!(Chain::run(fits + 1), u32::MAX);
    });
}

#[test]
fn run_window_should_have_no_end_when_the_rate_is_zero() {
    let broken = ChainParameters {
        units_per_block: 0,
        ..distinct()
    };
    assert_eq!(broken.run_blocks(1), u32::MAX);
}

#[test]
fn rewards_should_never_be_claimable_when_rounds_have_no_length() {
    let broken = ChainParameters {
        round_blocks: 0,
        ..distinct()
    };
    assert_eq!(broken.reward_expiry_rounds(), 0);
}

#[test]
fn day_should_have_a_round_at_least() {
    let parameters = |slot_duration_ms, round_blocks| ChainParameters {
        slot_duration_ms,
        round_blocks,
        ..distinct()
    };
    assert_eq!(parameters(60_000, 10).rounds_a_day(), 144);
    assert_eq!(parameters(60_000, 7).rounds_a_day(), 205);
    assert_eq!(parameters(86_400_000, 10).rounds_a_day(), 1);
    assert_eq!(parameters(0, 10).rounds_a_day(), 1);
}

#[test]
fn getters_should_be_valid_when_there_is_no_state() {
    sp_io::TestExternalities::default().execute_with(|| {
        assert!(!Parameters::<Test>::exists());
        assert_eq!(<SlotDuration<Test> as Get<u64>>::get(), 2_000);
        assert_eq!(<MinimumPeriod<Test> as Get<u64>>::get(), 1_000);
        assert_eq!(<EpochDuration<Test> as Get<u64>>::get(), 30);
        assert_eq!(Chain::run(1), 11);
    });
}

#[test]
fn minimum_period_should_be_at_least_one_when_the_slot_is_nonsense() {
    sp_io::TestExternalities::default().execute_with(|| {
        Parameters::<Test>::put(ChainParameters {
            slot_duration_ms: 1,
            ..distinct()
        });
        assert_eq!(<MinimumPeriod<Test> as Get<u64>>::get(), 1);
    });
}
