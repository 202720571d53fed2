//! The weight of a machine in the draw, as a function.

use super::*;
use crate::{draw::score, success_share, Conduct};
use proptest::prelude::*;

/// Of a machine that failed so many jobs, uses nothing of its time and is always there.
fn conduct(completed: u64, failed: u64) -> Conduct {
    Conduct {
        reputation: success_share(completed, failed),
        pace: Permill::zero(),
        uptime: Permill::one(),
    }
}

#[test]
fn score_should_follow_its_formula() {
    // Everything paid, nothing failed.
    assert_eq!(score(1_000, 1_000, &conduct(0, 0)), 100_000 * 1_000_000);
    // For nothing.
    assert_eq!(score(0, 1_000, &conduct(0, 0)), 1_000_000 * 1_000_000);
    // Half the price, one of two failed: (100,000 + 450,000) · 2/3.
    assert_eq!(score(500, 1_000, &conduct(1, 1)), 550_000 * 666_666);
    // The largest numbers there are.
    let conduct_of_many = conduct(u64::MAX, u64::MAX);
    let paid = score(Balance::MAX, Balance::MAX, &conduct_of_many);
    assert_eq!(paid, 100_000 * 1_000_000);
    assert_eq!(score(0, 0, &conduct(0, u64::MAX)), 1);
}

#[test]
fn score_should_halve_for_all_of_the_time_and_for_no_window() {
    let at = |pace, uptime| {
        score(
            0,
            1_000,
            &Conduct {
                pace: Permill::from_percent(pace),
                uptime: Permill::from_percent(uptime),
                ..conduct(0, 0)
            },
        )
    };
    for (pace, uptime, per_mille) in [
        (0, 100, 1_000),
        (100, 100, 500),
        (50, 100, 750),
        (0, 0, 500),
        (0, 90, 950),
        (100, 0, 250),
        (50, 50, 562),
    ] {
        let found = at(pace, uptime) / 1_000_000_000;
        assert_eq!(found, per_mille, "pace {pace} %, uptime {uptime} %");
    }
}

#[test]
fn weights_of_four_machines_should_fit_when_they_are_the_largest_there_can_be() {
    let largest = score(0, 1_000, &conduct(0, 0));
    let capacity: u64 = crate::capacity_of(crate::class_of(1 << 20)).into();
    assert!(largest * capacity < u64::MAX / 8);
}

fn parts() -> impl Strategy<Value = Permill> {
    (0u32..=1_000_000).prop_map(Permill::from_parts)
}

proptest! {
    #[test]
    fn score_should_fall_when_price_failures_pace_or_absence_rise(
        max_price in 1u128..Balance::MAX,
        costs in (0u128..Balance::MAX, 0u128..Balance::MAX),
        jobs in (0u64..10_000, 0u64..10_000),
        paces in (parts(), parts()),
        uptimes in (parts(), parts()),
    ) {
        let (low, high) = (costs.0 % max_price, costs.1 % max_price);
        let (low, high) = (low.min(high), low.max(high));
        let good = Conduct {
            pace: paces.0.min(paces.1),
            uptime: uptimes.0.max(uptimes.1),
            ..conduct(jobs.0, jobs.1)
        };
        let best = score(low, max_price, &good);
        let worse = [
            (high, good),
            (low, Conduct { reputation: success_share(jobs.0, jobs.1 + 1), ..good }),
            (low, Conduct { pace: paces.0.max(paces.1), ..good }),
            (low, Conduct { uptime: uptimes.0.min(uptimes.1), ..good }),
        ];
        prop_assert!(best <= 1_000_000_000_000);
        for (cost, conduct) in worse {
            let worse = score(cost, max_price, &conduct);
            prop_assert!((1..=best).contains(&worse), "{worse} of {best}");
        }
    }

    #[test]
    fn pace_and_uptime_should_cost_at_most_three_quarters(
        cost in 0u128..1_000,
        pace in parts(),
        uptime in parts(),
    ) {
        let best = score(cost, 1_000, &conduct(0, 0));
        let found = score(cost, 1_000, &Conduct { pace, uptime, ..conduct(0, 0) });
        prop_assert!(found >= best / 4 && found <= best);
    }
}
