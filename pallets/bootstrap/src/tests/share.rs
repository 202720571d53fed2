//! How much of a round's budget is for public jobs.

use super::*;

#[test]
fn share_should_halve_six_times_and_then_be_nothing() {
    execute(|| {
        let expected = [10_000, 5_000, 2_500, 1_250, 625, 312, 0, 0];
        for (halvings, share) in (0..).zip(expected) {
            let begin = halvings * HALVING;
            assert_eq!(Bootstrap::share_at(begin), share, "from block {begin}");
            let last = begin + HALVING - 1;
            assert_eq!(Bootstrap::share_at(last), share, "until block {last}");
        }
        assert_eq!(Bootstrap::share_at(u64::MAX), 0);
    });
}

#[test]
fn shares_of_all_days_should_sum_to_what_the_economy_table_says() {
    execute(|| {
        // The main network: 3,750 AIPG a block of a minute are for useful work, 43,200 blocks are thirty days.
        HalvingBlocks::set(43_200);
        let of_block = |height| 3_750 * u128::from(Bootstrap::share_at(height)) / 1_000_000;
        let exact: u128 = (0..6u64)
            .map(|halving| 3_750 * 43_200 * u128::from(Bootstrap::share_at(halving * 43_200)))
            .sum();
        assert_eq!(of_block(0), 37);
        // 3,190,000 AIPG in all.
        assert_eq!(exact / 1_000_000 / 10_000, 318);
    });
}

#[test]
fn share_of_a_budget_should_be_rounded_down() {
    execute(|| {
        assert_eq!(Bootstrap::share_of(1_000_000), 10_000);
        assert_eq!(Bootstrap::share_of(99), 0);
        assert_eq!(Bootstrap::share_of(199), 1);
        System::set_block_number(5 * HALVING);
        assert_eq!(Bootstrap::share_of(1_000_000), 312);
        System::set_block_number(6 * HALVING);
        assert_eq!(Bootstrap::share_of(Balance::MAX), 0);
    });
}

#[test]
fn nothing_should_be_taken_when_there_are_no_models_or_no_share() {
    execute(|| {
        assert_ok!(set_models(&[]));
        assert_eq!(Bootstrap::share_of(1_000_000), 0);
        assert_ok!(set_models(&[model(1)]));
        assert_eq!(Bootstrap::share_of(1_000_000), 10_000);
        Share::set(0);
        assert_eq!(Bootstrap::share_of(1_000_000), 0);
    });
}

#[test]
fn allowance_should_never_be_above_what_some_rounds_grant() {
    execute(|| {
        for round in 1..=ROUNDS {
            assert_eq!(close_round(1_000_000), 10_000);
            assert_eq!(Allowance::<Test>::get(), 10_000 * Balance::from(round));
        }
        // What is above is not granted: it lapses with the rest of the round.
        assert_eq!(close_round(1_000_000), 0);
        assert_eq!(Allowance::<Test>::get(), 50_000);
        assert_eq!(Reserved::get(), 50_000);
        // A round that is worth less caps to less, and so does a halving.
        assert_eq!(close_round(900_000), 0);
        assert_eq!(Allowance::<Test>::get(), 45_000);
        assert_eq!((Reserved::get(), Lapsed::get()), (45_000, 5_000));
        System::set_block_number(HALVING);
        assert_eq!(close_round(1_000_000), 0);
        assert_eq!(Allowance::<Test>::get(), 25_000);
        assert_eq!((Reserved::get(), Lapsed::get()), (25_000, 25_000));
    });
}

#[test]
fn allowance_should_lapse_when_governance_takes_the_models_away() {
    execute(|| {
        close_round(1_000_000);
        assert_ok!(set_models(&[]));
        assert_eq!(close_round(1_000_000), 0);
        assert_eq!((Allowance::<Test>::get(), Lapsed::get()), (0, 10_000));
    });
}
