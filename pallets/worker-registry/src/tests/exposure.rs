//! What a bond can stand for at a time.

use super::*;
use crate::can_stand_for;
use proptest::prelude::*;

/// A job that costs a hundredth of the least bond.
fn dear(seed: u64) -> DrawRequest {
    DrawRequest {
        units: u64::try_from(MINIMUM_BOND / 100 / FLOOR).unwrap(),
        max_price: MINIMUM_BOND,
        mint_ceiling: 0,
        ..request(seed)
    }
}

const PAYOUT: Balance = MINIMUM_BOND / 100;

#[test]
fn draw_should_pass_over_a_machine_whose_bond_stands_for_a_fifth_of_it() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 16);
        for seed in 0..16 {
            assert_eq!(draw(&dear(seed)), Some((1, FLOOR)));
        }
        assert_eq!(record(1).exposed, 16 * PAYOUT);
        // Delivered results count like jobs that it has.
        for _ in 0..16 {
            WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        }
        for seed in 0..4 {
            assert_eq!(draw(&dear(seed)), Some((1, FLOOR)));
        }
        assert_eq!(record(1).exposed, MINIMUM_BOND / 5);
        assert_storage_noop!(assert_eq!(draw(&dear(0)), None));
        // Paid, refuted, or lapsed: there is room for one more.
        WorkerRegistry::settled(&1, PAYOUT, true);
        assert_eq!(draw(&dear(0)), Some((1, FLOOR)));
        WorkerRegistry::settled(&1, PAYOUT, false);
        assert_eq!(draw(&dear(0)), Some((1, FLOOR)));
        WorkerRegistry::released(&1, PAYOUT);
        assert_eq!(draw(&dear(0)), Some((1, FLOOR)));
        assert_eq!(draw(&dear(0)), None);
    });
}

#[test]
fn draw_should_pass_over_a_machine_whose_bond_is_below_fifty_payouts() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        let fits = DrawRequest {
            units: 2 * dear(0).units,
            ..dear(0)
        };
        let too_dear = DrawRequest {
            units: fits.units + 1,
            ..fits.clone()
        };
        assert_storage_noop!(assert_eq!(draw(&too_dear), None));
        // What is minted counts.
        let minted = DrawRequest {
            mint_ceiling: 1,
            ..fits.clone()
        };
        assert_storage_noop!(assert_eq!(draw(&minted), None));
        assert_eq!(draw(&fits), Some((1, FLOOR)));
    });
}

#[test]
fn penalty_should_leave_less_that_a_bond_can_stand_for() {
    execute(|| {
        online_with(1, 2 * MINIMUM_BOND, 16);
        for seed in 0..16 {
            assert_eq!(draw(&dear(seed)), Some((1, FLOOR)));
        }
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        assert_eq!(record(1).exposed, 15 * PAYOUT);
        assert_eq!(on_hold(1), MINIMUM_BOND / 20 * 38);
    });
}

#[test]
fn payouts_of_a_machine_should_be_known_to_who_holds_its_jobs() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        assert_eq!(WorkerRegistry::exposed(&1), 0);
        assert_eq!(WorkerRegistry::exposed(&77), 0);
        draw(&dear(0));
        assert_eq!(WorkerRegistry::exposed(&1), PAYOUT);
        assert_eq!(WorkerRegistry::view(&1).unwrap().exposed, PAYOUT);
        // The answer was shorter than the longest.
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT / 3, TOOK);
        assert_eq!(WorkerRegistry::exposed(&1), PAYOUT / 3);
        WorkerRegistry::lapsed(&1, PAYOUT / 3, Fault::AttestationMissed);
        assert_eq!(WorkerRegistry::exposed(&1), 0);
    });
}

proptest! {
    /// The expected loss of false results is at least what they pay, whatever their payouts are, if the bond could
    /// stand for all and each is found with 0.4 of its chance of an audit.
    #[test]
    fn no_set_of_false_results_should_pay(
        payouts in proptest::collection::vec(1..2_000_000u64, 1..2_000), bond in 50_000_000..500_000_000u64,
        paid in 0..u64::MAX,
    ) {
        let mut exposed = 0;
        let mut unseen = 1.0;
        for payout in payouts {
            let payout = Balance::from(payout);
            if can_stand_for(bond.into(), exposed, payout) {
                exposed += payout;
                let chance = crate::audit_chance(paid.into(), bond.into(), payout);
                unseen *= 1.0 - 0.4 * f64::from(chance.deconstruct()) / 1e6;
            }
        }
        let burns = bond as f64 / 4.0;
        // The chance is rounded down to a millionth.
        prop_assert!(burns * (1.0 - unseen) >= exposed as f64 * 0.999, "{exposed} of {bond}, unseen {unseen}");
    }
}
