//! Machines count by their capacity in a draw.

use super::*;
use crate::{capacity_of, class_of, draw::places, ClassCount, Positions, Serving, MAX_CLASSES};
use aipg_primitives::{CheckedMachines, MeasuredMachines};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[test]
fn class_should_keep_three_significant_bits() {
    let capacities = [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 3),
        (7, 7),
        (8, 8),
        (9, 8),
        (10, 10),
        (15, 14),
        (16, 16),
        (19, 16),
        (1_000, 896),
        (1 << 20, 1 << 20),
        (u32::MAX, 7 << 29),
    ];
    for (power, capacity) in capacities {
        assert_eq!(capacity_of(class_of(power)), capacity, "of {power}");
    }
}

proptest! {
    #[test]
    fn class_should_lose_less_than_a_fifth(power in 1u32..) {
        let capacity = capacity_of(class_of(power));
        prop_assert!(capacity <= power);
        prop_assert!(u64::from(power - capacity) * 5 < u64::from(power));
        prop_assert!(u32::from(class_of(power)) < MAX_CLASSES);
        prop_assert!(class_of(power) <= class_of(power.saturating_add(1)));
    }

    #[test]
    fn places_should_be_of_machines_that_there_are(
        counts in proptest::collection::btree_map(1u8..124, 1u32..1_000, 1..8),
        wanted in 1u32..8,
        seed in any::<[u8; 32]>(),
    ) {
        let classes: Vec<_> = counts
            .iter()
            .map(|(&class, &count)| ClassCount { class, count })
            .collect();
        let machines: u32 = counts.values().sum();
        let chosen = places(&seed.into(), &classes, wanted);
        prop_assert_eq!(chosen.len() as u32, wanted.min(machines));
        for place in chosen {
            prop_assert!(place.index < counts[&place.class]);
        }
    }
}

/// How often each of the machines wins.
fn wins(draws: u64) -> BTreeMap<AccountId, u64> {
    let mut wins = BTreeMap::new();
    for seed in 0..draws {
        let drawn = WorkerRegistry::draw(&request(seed), &[]).unwrap();
        WorkerRegistry::released(&drawn.worker, drawn.payout);
        *wins.entry(drawn.worker).or_default() += 1;
    }
    wins
}

/// Whether `count` of `draws` is within four standard deviations of the share.
fn fits(count: u64, draws: u64, share: f64) -> bool {
    let draws = draws as f64;
    let deviation = (draws * share * (1.0 - share)).sqrt();
    (count as f64 - draws * share).abs() < 4.0 * deviation
}

fn measured(power: impl IntoIterator<Item = (AccountId, u32)>) {
    for (who, steps) in power {
        register(who);
        serve(who, FLOOR);
        WorkerRegistry::measured(&who, steps);
    }
}

#[test]
fn winners_should_be_in_proportion_to_capacity_when_they_are_few() {
    execute(|| {
        measured([(1, 8), (2, 4), (3, 0)]);
        let draws = 10_000;
        let wins = wins(draws);
        for (who, capacity) in [(1, 8.0), (2, 4.0), (3, 1.0)] {
            assert!(fits(wins[&who], draws, capacity / 13.0), "{who}: {wins:?}");
        }
    });
}

#[test]
fn winners_should_be_in_proportion_to_capacity_when_they_are_many() {
    execute(|| {
        measured((1..=10).map(|who| (who, 10)));
        measured((11..=20).map(|who| (who, 40)));
        let draws = 20_000;
        let wins = wins(draws);
        for who in 1..=20 {
            let share = if who > 10 { 0.08 } else { 0.02 };
            assert!(fits(wins[&who], draws, share), "{who}: {wins:?}");
        }
    });
}

/// The line "splitting a machine into accounts" of docs/simulation.md.
#[test]
fn splitting_should_gain_nothing_when_power_is_split_as_well() {
    execute(|| {
        measured((1..=4).map(|who| (who, 160)));
        measured((5..=20).map(|who| (who, 10)));
        let draws = 20_000;
        let wins = wins(draws);
        let split: u64 = (5..=20)
            .map(|who| wins.get(&who).copied().unwrap_or(0))
            .sum();
        assert!(fits(split, draws, 0.2), "{split} of {draws}");
    });
}

#[test]
fn machine_should_move_between_classes_when_its_power_changes() {
    execute(|| {
        measured([(1, 0), (2, 0), (3, 0)]);
        assert_eq!(
            Classes::<Test>::get(model(1)).to_vec(),
            [ClassCount { class: 1, count: 3 }]
        );
        WorkerRegistry::measured(&1, 100);
        assert_ok!(WorkerRegistry::do_try_state());
        let place = Place {
            class: class_of(100),
            index: 0,
        };
        assert_eq!(Positions::<Test>::get(1, model(1)), Some(place));
        assert_eq!(Serving::<Test>::get(model(1), place), Some(1));
        // The last of the class it left has taken its place.
        assert_eq!(Serving::<Test>::get(model(1), at(0)), Some(3));
        // The same class: nothing moves.
        WorkerRegistry::measured(&1, 101);
        assert_eq!(Positions::<Test>::get(1, model(1)), Some(place));
        assert_eq!(record(1).power, 101);
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        // It comes back with what it was worth.
        assert_ok!(WorkerRegistry::go_online(signed(1)));
        assert_eq!(Positions::<Test>::get(1, model(1)), Some(place));
        WorkerRegistry::measured(&1, 0);
        assert_eq!(serving(model(1)), 3);
        assert_eq!(Classes::<Test>::get(model(1)).len(), 1);
    });
}

/// The line "one machine in two accounts" of docs/simulation.md.
#[test]
fn machine_should_not_be_drawn_for_power_that_has_lapsed() {
    execute(|| {
        measured([(1, 100), (2, 0)]);
        Lapsed::set(vec![1]);
        for seed in 0..50 {
            let drawn = WorkerRegistry::draw(&request(seed), &[]).unwrap();
            WorkerRegistry::released(&drawn.worker, drawn.payout);
            assert_eq!(drawn.worker, 2);
        }
        // Told so, it counts like one that was never measured.
        WorkerRegistry::measured(&1, 0);
        let wins = wins(100);
        assert!(wins[&1] > 20 && wins[&2] > 20, "{wins:?}");
    });
}

#[test]
fn power_should_be_kept_of_a_machine_that_is_offline() {
    execute(|| {
        register(1);
        assert!(!WorkerRegistry::is_online(&1));
        WorkerRegistry::measured(&1, 50);
        assert_eq!(record(1).power, 50);
        assert_eq!(serving(model(1)), 0);
        assert!(!WorkerRegistry::is_online(&9));
        assert_storage_noop!(WorkerRegistry::measured(&9, 50));
    });
}

#[test]
fn reputation_should_fall_by_two_percent_for_each_check_that_was_failed() {
    execute(|| {
        online_with(1, LEVEL_TWO_BOND, 1);
        let reputation = || WorkerRegistry::view(&1).unwrap().reputation;
        assert_eq!(reputation(), 1_000_000);
        MeasuredMachines::failed(&1);
        assert_eq!(reputation(), 980_000);
        for _ in 0..60 {
            MeasuredMachines::failed(&1);
        }
        assert_eq!(reputation(), 0);
        // It can still be drawn, if there is nobody else.
        assert_eq!(draw(&request(0)), Some((1, FLOOR)));
    });

    /// Of the trait with two methods of the same name, this one.
    struct MeasuredMachines;
    impl MeasuredMachines {
        fn failed(who: &AccountId) {
            <WorkerRegistry as aipg_primitives::MeasuredMachines<AccountId>>::failed(who);
        }
    }
}

#[test]
fn level_should_rise_when_checks_are_passed() {
    execute(|| {
        online_with(1, LEVEL_TWO_BOND, 1);
        for _ in 0..10 {
            assert_eq!(WorkerRegistry::view(&1).unwrap().level, 1);
            WorkerRegistry::passed(&1);
        }
        assert_eq!(WorkerRegistry::view(&1).unwrap().level, 2);
    });
}
