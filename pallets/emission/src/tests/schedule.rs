use crate::schedule::Schedule;
use aipg_primitives::{Balance, AIPG};
use proptest::prelude::*;

const CAP: Balance = 10_000_000_000 * AIPG;
const MAINNET: Schedule = Schedule {
    initial_reward: 5_000 * AIPG,
    halving_interval: 1_000_000,
};
const LOCAL: Schedule = Schedule {
    initial_reward: 500 * AIPG,
    halving_interval: 10_000_000,
};

/// The rewards by era until they are 0, found by dividing instead of shifting.
fn rewards_by_era(schedule: &Schedule) -> Vec<Balance> {
    let mut rewards = vec![];
    let mut reward = schedule.initial_reward;
    while reward > 0 {
        rewards.push(reward);
        reward /= 2;
    }
    rewards
}

#[test]
fn reward_should_halve_between_the_last_block_before_and_the_first_after_each_edge() {
    for schedule in [MAINNET, LOCAL] {
        let interval = u64::from(schedule.halving_interval);
        let mut edge = 0;
        let mut before = 0;
        for reward in rewards_by_era(&schedule) {
            assert_eq!(schedule.reward_at(edge), before, "last block before {edge}");
            assert_eq!(
                schedule.reward_at(edge + 1),
                reward,
                "first block after {edge}"
            );
            before = reward;
            edge += interval;
        }
        assert_eq!(before, 1, "the last reward is one unit");
        assert_eq!(schedule.reward_at(edge), 1);
        assert_eq!(schedule.reward_at(edge + 1), 0);
        assert_eq!(schedule.reward_at(u64::MAX), 0);
    }
}

#[test]
fn reward_should_be_zero_when_the_height_is_genesis() {
    assert_eq!(MAINNET.reward_at(0), 0);
    assert_eq!(MAINNET.emitted_through(0), Some(0));
}

#[test]
fn reward_should_be_zero_when_there_is_no_interval() {
    let schedule = Schedule {
        initial_reward: 7,
        halving_interval: 0,
    };
    assert_eq!(schedule.reward_at(1), 0);
    assert_eq!(schedule.emitted_through(100), Some(0));
}

#[test]
fn reward_should_be_zero_when_the_shift_reaches_the_width_of_an_amount() {
    let schedule = Schedule {
        initial_reward: Balance::MAX,
        halving_interval: 1,
    };
    assert_eq!(schedule.reward_at(128), 1);
    assert_eq!(schedule.reward_at(129), 0);
    // A shift that would wrap around if it were taken modulo the width.
    assert_eq!(schedule.reward_at(1 + (1 << 32)), 0);
}

#[test]
fn sum_should_equal_the_eras_when_taken_at_every_edge_of_the_full_horizon() {
    for schedule in [MAINNET, LOCAL] {
        let interval = u64::from(schedule.halving_interval);
        let mut sum = 0;
        let mut edge = 0;
        for reward in rewards_by_era(&schedule) {
            assert_eq!(schedule.emitted_through(edge), Some(sum));
            assert_eq!(schedule.emitted_through(edge + 1), Some(sum + reward));
            let nearly = sum + reward * Balance::from(interval - 1);
            assert_eq!(schedule.emitted_through(edge + interval - 1), Some(nearly));
            sum += reward * Balance::from(interval);
            edge += interval;
        }
        assert_eq!(schedule.emitted_through(edge), Some(sum));
        assert_eq!(schedule.emitted_through(edge + 1), Some(sum));
        assert_eq!(schedule.emitted_in_total(), Some(sum));
        assert!(sum <= CAP);
        // What the shifts drop is all that separates the sum from the cap: less than one unit a
        // position and era, nothing near an AIPG.
        assert!(CAP - sum < AIPG);
    }
}

#[test]
fn sum_should_equal_the_blocks_one_by_one_when_schedules_are_small() {
    for initial_reward in 0..130 {
        for halving_interval in 1..5 {
            let schedule = Schedule {
                initial_reward,
                halving_interval,
            };
            let mut sum = 0;
            for height in 0..u64::from(halving_interval) * 9 {
                sum += schedule.reward_at(height);
                assert_eq!(
                    schedule.emitted_through(height),
                    Some(sum),
                    "{schedule:?} at {height}"
                );
            }
            assert_eq!(schedule.emitted_in_total(), Some(sum));
        }
    }
}

#[test]
fn first_seven_rewards_should_sum_to_the_figure_of_the_economy_table() {
    assert_eq!(
        MAINNET.emitted_through(7_000_000),
        Some(9_921_875_000 * AIPG)
    );
}

#[test]
fn reward_should_fall_below_one_coin_at_the_thirteenth_halving() {
    assert!(MAINNET.reward_at(13_000_000) >= AIPG);
    assert!(MAINNET.reward_at(13_000_001) < AIPG);
}

#[test]
fn presets_should_emit_the_same_per_minute() {
    // Ten blocks of 6 s against one of 60 s.
    assert_eq!(LOCAL.reward_at(1) * 10, MAINNET.reward_at(1));
    assert_eq!(LOCAL.halving_interval, MAINNET.halving_interval * 10);
}

#[test]
fn sum_should_be_none_when_it_does_not_fit() {
    let schedule = Schedule {
        initial_reward: Balance::MAX,
        halving_interval: 1,
    };
    assert_eq!(schedule.emitted_through(1), Some(Balance::MAX));
    assert_eq!(schedule.emitted_through(2), None);
    assert_eq!(schedule.emitted_in_total(), None);
}

proptest! {
    #[test]
    fn sum_should_grow_by_the_reward_when_a_block_is_added(
        initial_reward in 0..1u128 << 80,
        halving_interval in 1..=u32::MAX,
        era in 0..90u64,
        offset in -2..=2i64,
    ) {
        let schedule = Schedule { initial_reward, halving_interval };
        let edge = era * u64::from(halving_interval);
        let height = edge.saturating_add_signed(offset).max(1);
        let before = schedule.emitted_through(height - 1);
        prop_assert!(before.is_some());
        prop_assert_eq!(
            schedule.emitted_through(height),
            before.map(|sum| sum + schedule.reward_at(height))
        );
    }
}
