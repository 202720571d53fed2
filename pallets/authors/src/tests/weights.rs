use super::*;
use crate::weight_of::{median_rate, weight, weights, Means};
use proptest::prelude::*;

/// Credit and bond in AIPG, without stake.
fn means(credit: Balance, bond: Balance) -> Means {
    Means {
        credit: credit * AIPG,
        bond: bond * AIPG,
        stake: 0,
    }
}

#[test]
fn weight_should_be_the_product_of_the_roots() {
    let candidate = Means {
        credit: 9,
        bond: 10,
        stake: 6,
    };
    assert_eq!(weight(&candidate, u128::MAX), 12);
}

#[test]
fn weight_should_be_zero_when_there_is_no_credit() {
    assert_eq!(weights(&[means(0, 1_000), means(1, 1)])[0], 0);
}

#[test]
fn median_should_weigh_rates_by_bonds() {
    // Rates 1, 2, 3 with bonds 1, 1, 3.
    let candidates = [means(1, 1), means(2, 1), means(9, 3)];
    assert_eq!(median_rate(&candidates), 3 * AIPG);
    // Rates 1, 2, 3 with bonds 3, 1, 1.
    let candidates = [means(3, 1), means(2, 1), means(3, 3)];
    assert_eq!(median_rate(&candidates), AIPG);
    // Exactly half of the bonds has rate 1.
    assert_eq!(median_rate(&[means(1, 1), means(2, 1)]), AIPG);
    assert_eq!(median_rate(&[]), 0);
}

#[test]
fn median_should_be_that_of_those_with_credit_when_half_of_the_bonds_has_none() {
    assert_eq!(median_rate(&[means(0, 100), means(2, 1)]), 2 * AIPG);
    assert_eq!(median_rate(&[means(0, 100), means(0, 1)]), 0);
}

#[test]
fn credit_should_count_up_to_four_times_the_median() {
    let honest = means(100, 100);
    let crowd = [honest; 9];
    let with = |credit| {
        let mut all = crowd.to_vec();
        all.push(means(credit, 100));
        weights(&all)[9]
    };
    let one = weight(&honest, u128::MAX);
    assert_eq!(with(100), one);
    assert!(with(399) < 2 * one);
    assert_eq!(with(400), 2 * one);
    // Washing a thousand times as much gains no more than twice the weight.
    assert_eq!(with(100_000), 2 * one);
    assert_eq!(with(10_000_000_000), 2 * one);
}

#[test]
fn stake_should_count_like_bond_in_the_weight_and_not_in_the_limit() {
    let own = means(100, 400);
    let staked = Means {
        stake: 300 * AIPG,
        ..means(100, 100)
    };
    assert_eq!(weight(&own, u128::MAX), weight(&staked, u128::MAX));
    // At a median of 1/4 the limit is 100 of credit for a bond of 100, whatever the stake.
    let washed = Means {
        credit: 1_000 * AIPG,
        ..staked
    };
    assert_eq!(weight(&washed, AIPG / 4), weight(&staked, u128::MAX));
}

#[test]
fn weight_should_not_overflow_when_one_owns_everything() {
    let all = Means {
        credit: u128::MAX,
        bond: u128::MAX,
        stake: u128::MAX,
    };
    assert!(weights(&[all])[0] > 0);
    let supply = means(10_000_000_000, 10_000_000_000);
    // 1,024 of these add up to less than 2¹⁰⁴.
    assert!(weights(&[supply])[0] * 1_024 < 1 << 104);
}

proptest! {
    #[test]
    fn splitting_should_gain_nothing(
        credit in 1u128..1_000_000,
        bond in 100u128..1_000_000,
        accounts in 2usize..20,
        others in prop::collection::vec((0u128..1_000_000, 100u128..1_000_000), 0..10),
    ) {
        let others: Vec<Means> = others.into_iter().map(|(c, b)| means(c, b)).collect();
        let mut whole = others.clone();
        whole.push(means(credit, bond));
        let mut parts = others.clone();
        let part = Means {
            credit: credit * AIPG / accounts as u128,
            bond: bond * AIPG / accounts as u128,
            stake: 0,
        };
        parts.extend(std::iter::repeat_n(part, accounts));
        let one = weights(&whole)[others.len()];
        let many: u128 = weights(&parts)[others.len()..].iter().sum();
        // Roots are rounded down: to one part in 10⁹ of a number of 10¹⁸ and more.
        prop_assert!(many <= one + one / 100_000_000);
        prop_assert!(many >= one - one / 100_000_000);
    }

    #[test]
    fn splitting_should_lose_when_the_parts_are_unequal(
        credit in 1_000u128..1_000_000,
        bond in 1_000u128..1_000_000,
        share in 1u128..999,
    ) {
        // At a fixed limit that is not met: Cauchy and Schwarz.
        let whole = weight(&means(credit, bond), u128::MAX);
        let first = Means { credit: credit * AIPG * share / 1_000, ..means(0, bond / 2) };
        let second = Means { credit: credit * AIPG - first.credit, ..means(0, bond - bond / 2) };
        let parts = weight(&first, u128::MAX) + weight(&second, u128::MAX);
        prop_assert!(parts <= whole + whole / 100_000_000);
    }
}
