//! Requests that only machines with verified power can be drawn for.

use super::*;
use aipg_primitives::{MeasuredCapacity, MeasuredMachines};

fn measured(power: impl IntoIterator<Item = (AccountId, u32)>) {
    for (who, steps) in power {
        register(who);
        serve(who, FLOOR);
        WorkerRegistry::measured(&who, steps);
    }
}

fn powered(seed: u64) -> DrawRequest {
    DrawRequest {
        needs_power: true,
        ..request(seed)
    }
}

/// Who wins the draws of fifty seeds.
fn winners(request: impl Fn(u64) -> DrawRequest) -> Vec<AccountId> {
    let mut winners: Vec<_> = (0..50)
        .filter_map(|seed| {
            let drawn = WorkerRegistry::draw(&request(seed), &[]).ok()?;
            WorkerRegistry::released(&drawn.worker, drawn.payout);
            Some(drawn.worker)
        })
        .collect();
    winners.sort_unstable();
    winners.dedup();
    winners
}

#[test]
fn draw_should_find_only_machines_with_verified_power_when_it_needs_power() {
    execute(|| {
        measured([(1, 0), (2, 1), (3, 2)]);
        assert_eq!(winners(powered), [2, 3]);
        assert_eq!(winners(request), [1, 2, 3]);
    });
}

#[test]
fn draw_should_find_nobody_when_it_needs_power_and_none_was_measured() {
    execute(|| {
        measured([(1, 0), (2, 0)]);
        assert!(winners(powered).is_empty());
        // The class of one step is that of none: only what is asked now tells that the power has lapsed.
        WorkerRegistry::measured(&1, 1);
        assert_eq!(winners(powered), [1]);
        Lapsed::set(vec![1]);
        assert!(winners(powered).is_empty());
        assert_eq!(winners(request), [1, 2]);
    });
}

#[test]
fn model_should_be_served_by_measured_machines_while_one_is_online() {
    let serves = <WorkerRegistry as MeasuredCapacity>::serves_measured;
    execute(|| {
        assert!(!serves(&model(1)));
        measured([(1, 0)]);
        assert!(!serves(&model(1)));
        WorkerRegistry::measured(&1, 100);
        assert!(serves(&model(1)));
        assert!(!serves(&model(2)));
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        assert!(!serves(&model(1)));
    });
}
