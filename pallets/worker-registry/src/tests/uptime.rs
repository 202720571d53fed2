//! Attendance of unannounced windows, and what follows in draws.

use super::*;
use aipg_primitives::MeasuredMachines;

/// How many of the draws each of the machines 1 and 2 wins.
fn wins_of_two(draws: u64) -> (u64, u64) {
    let first = (0..draws)
        .filter(|seed| {
            let drawn = WorkerRegistry::draw(&request(*seed), &[]).unwrap();
            WorkerRegistry::released(&drawn.worker, drawn.payout);
            drawn.worker == 1
        })
        .count() as u64;
    (first, draws - first)
}

fn serve_with(power: u32) {
    for who in [1, 2] {
        register(who);
        serve(who, FLOOR);
        WorkerRegistry::measured(&who, power);
    }
    Uptimes::mutate(|uptimes| uptimes.insert(2, Permill::zero()));
}

#[test]
fn absent_machine_should_be_drawn_half_as_often() {
    execute(|| {
        serve_with(100);
        let (present, absent) = wins_of_two(9_000);
        // A third of them, within five standard deviations.
        assert!((2_776..3_224).contains(&absent), "{present} and {absent}");
        Uptimes::mutate(|uptimes| uptimes.remove(&2));
        let (_, absent) = wins_of_two(9_000);
        assert!((4_263..4_737).contains(&absent), "{absent}");
    });
}

#[test]
fn uptime_should_not_be_asked_for_where_no_power_was_measured() {
    execute(|| {
        serve_with(0);
        let (first, second) = wins_of_two(9_000);
        assert!((4_263..4_737).contains(&first), "{first} and {second}");
    });
}
