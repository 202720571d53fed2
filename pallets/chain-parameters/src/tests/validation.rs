use crate::{ChainParameters, ParameterError, ParameterError::*, MAX_SLOT_DURATION_MS};
use proptest::prelude::*;

type Change = fn(&mut ChainParameters);

/// Every error with the smallest change of the `dev` preset that causes it.
fn broken() -> Vec<(ParameterError, Change)> {
    vec![
        (SlotDurationZero, |p| p.slot_duration_ms = 0),
        (SlotDurationTooLong, |p| {
            p.slot_duration_ms = MAX_SLOT_DURATION_MS + 1
        }),
        (SlotDurationOdd, |p| p.slot_duration_ms = 2_001),
        (EpochSlotsZero, |p| p.epoch_slots = 0),
        (EraSessionsZero, |p| p.era_sessions = 0),
        (LeastAuthorsZero, |p| p.least_authors = 0),
        (AuthorSeatsBelowLeast, |p| {
            p.least_authors = p.author_seats + 1
        }),
        (RoundBlocksZero, |p| p.round_blocks = 0),
        (BeaconBlocksZero, |p| p.beacon_blocks = 0),
        (BeaconAuthorsZero, |p| p.beacon_authors = 0),
        (BeaconAuthorsAboveBlocks, |p| {
            p.beacon_authors = p.beacon_blocks + 1
        }),
        (AuditBeaconWeaker, |p| {
            p.audit_beacon_blocks = p.beacon_blocks - 1
        }),
        (AuditBeaconWeaker, |p| {
            p.audit_beacon_authors = p.beacon_authors - 1
        }),
        (AuditBeaconAuthorsAboveBlocks, |p| {
            p.audit_beacon_authors = p.audit_beacon_blocks + 1
        }),
        (EpochBelowAuditBeacon, |p| {
            p.epoch_slots = u64::from(p.audit_beacon_blocks) + 1
        }),
        (ClaimWindowZero, |p| p.claim_window = 0),
        (RunWindowZero, |p| p.run_window = 0),
        (ProgressWindowBelowRunWindow, |p| {
            p.progress_window = p.run_window - 1
        }),
        (PowerWindowZero, |p| p.power_window = 0),
        (PowerWindowZero, |p| p.power_proof = 0),
        (PowerWindowZero, |p| p.power_bar = 0),
        (BootstrapWithoutPower, |p| p.bootstrap_share = 1),
        (BootstrapShareAboveAll, |p| {
            p.power_interval = 1;
            p.bootstrap_share = 1_000_001;
        }),
        (BootstrapHalvingZero, |p| p.bootstrap_halving = 0),
        (UnitsPerBlockZero, |p| p.units_per_block = 0),
        (ChallengeWindowZero, |p| p.challenge_window = 0),
        (UnbondingZero, |p| p.unbonding = 0),
        (UnbondingBelowChallengeWindow, |p| {
            p.unbonding = p.challenge_window - 1
        }),
        (RewardExpiryBelowRound, |p| {
            p.reward_expiry = p.round_blocks - 1
        }),
        (MaxDeadlineZero, |p| p.max_deadline = 0),
        (MaxDeadlineBelowLeastJob, |p| {
            p.max_deadline = p.beacon_blocks + p.claim_window + p.run_window
        }),
        (DisputeClockZero, |p| p.dispute_clock = 0),
        (MaxBlockRefTimeZero, |p| p.max_block_ref_time_ms = 0),
        (MaxBlockRefTimeAboveSlot, |p| {
            p.max_block_ref_time_ms = p.slot_duration_ms + 1
        }),
    ]
}

#[test]
fn validation_should_name_each_error_when_its_value_is_nonsense() {
    for (expected, change) in broken() {
        let mut parameters = ChainParameters::dev();
        change(&mut parameters);
        assert_eq!(parameters.validate(), Err(expected));
        assert!(!expected.to_string().is_empty());
    }
}

#[test]
fn reasons_should_be_distinct() {
    let mut errors: Vec<_> = broken().iter().map(|(error, _)| *error).collect();
    errors.dedup();
    let mut reasons: Vec<_> = errors.iter().map(|error| error.reason()).collect();
    let count = reasons.len();
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), count);
}

#[test]
fn validation_should_accept_values_when_they_are_at_their_bounds() {
    let changes: Vec<Change> = vec![
        |p| p.slot_duration_ms = MAX_SLOT_DURATION_MS,
        |p| (p.slot_duration_ms, p.max_block_ref_time_ms) = (2, 1),
        |p| {
            p.beacon_authors = p.beacon_blocks;
            p.audit_beacon_authors = p.audit_beacon_blocks;
        },
        |p| p.unbonding = p.challenge_window,
        |p| p.reward_expiry = p.round_blocks,
        |p| p.max_deadline = p.beacon_blocks + p.claim_window + p.run_window + 1,
        |p| p.max_block_ref_time_ms = p.slot_duration_ms,
    ];
    for change in changes {
        let mut parameters = ChainParameters::dev();
        change(&mut parameters);
        assert_eq!(parameters.validate(), Ok(()), "{parameters:?}");
    }
}

#[test]
fn validation_should_not_overflow_when_windows_are_extreme() {
    let parameters = ChainParameters {
        beacon_blocks: u32::MAX,
        audit_beacon_blocks: u32::MAX,
        epoch_slots: u64::MAX,
        claim_window: u32::MAX,
        run_window: u32::MAX,
        progress_window: u32::MAX,
        max_deadline: u32::MAX,
        ..ChainParameters::dev()
    };
    assert_eq!(parameters.validate(), Err(MaxDeadlineBelowLeastJob));
}

proptest! {
    #[test]
    fn run_blocks_should_be_the_least_that_hold_the_work(
        units in 0u64..1_000_000_000,
        units_per_block in 1u64..1_000_000,
        run_window in 1u32..1_000,
    ) {
        let parameters = ChainParameters { units_per_block, run_window, ..ChainParameters::dev() };
        let work = u64::from(parameters.run_blocks(units) - run_window);
        prop_assert!(work * units_per_block >= units);
        prop_assert!(work == 0 || (work - 1) * units_per_block < units);
    }
}
