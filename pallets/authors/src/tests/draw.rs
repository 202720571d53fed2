use super::*;
use crate::draw::{draw, Member, Quota, Standing};
use proptest::prelude::*;
use sp_core::H256;
use std::collections::{BTreeMap, BTreeSet};

fn members(standings: &[(AccountId, Standing)]) -> Vec<Member<AccountId>> {
    standings
        .iter()
        .map(|&(author, standing)| Member { author, standing })
        .collect()
}

fn all(authors: impl IntoIterator<Item = AccountId>, standing: Standing) -> Vec<Member<AccountId>> {
    let member = |author| Member { author, standing };
    authors.into_iter().map(member).collect()
}

fn weighted(weights: &[(AccountId, u128)]) -> Vec<Weighted<AccountId>> {
    weights
        .iter()
        .map(|&(author, weight)| Weighted { author, weight })
        .collect()
}

fn seed(number: u64) -> H256 {
    H256::from_low_u64_be(number)
}

#[test]
fn quota_should_be_a_third_and_at_least_one_change() {
    let of = |size| {
        let quota = Quota::of(size);
        (quota.changes, quota.replaced)
    };
    assert_eq!(of(1), (1, 0));
    assert_eq!(of(2), (1, 0));
    assert_eq!(of(3), (1, 1));
    assert_eq!(of(5), (1, 1));
    assert_eq!(of(21), (7, 7));
}

// Numbers of the next two tests: blake2b-256 of "aipg/authors/0", the seed and a counter, as Python's hashlib
// has them, taken by hand.

#[test]
fn draw_should_add_the_one_computed_by_hand() {
    let set = all(1..=3, Standing::Eligible);
    let weights = weighted(&[(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)]);
    // One place is vacant and takes all that may change. The number is 54 of 90: the second of 4 and 5.
    let plan = draw(H256::repeat_byte(7), &set, &weights, 4);
    assert_eq!(plan.newcomers, vec![5]);
    assert!(plan.leaving.is_empty());
}

#[test]
fn draw_should_replace_the_one_computed_by_hand() {
    let set = all(1..=6, Standing::Eligible);
    let weights = weighted(&[
        (1, 10),
        (2, 10),
        (3, 10),
        (4, 10),
        (5, 10),
        (6, 10),
        (7, 40),
        (8, 60),
    ]);
    // 0 of 6 releases 1, 0 of 5 releases 6, which took its place. 22 of 120 draws 7 from 1, 6, 7, 8; 2 of 80
    // draws 1 again, which keeps its seat: 6 goes for 7.
    let plan = draw(H256::repeat_byte(7), &set, &weights, 6);
    assert_eq!(plan.newcomers, vec![7]);
    assert_eq!(plan.leaving, vec![6]);
}

#[test]
fn draw_should_replace_nobody_when_a_third_is_less_than_one() {
    let weights = weighted(&[(8, 10), (9, 10)]);
    for size in 1..=2 {
        let set = all(1..=size, Standing::Ineligible);
        let plan = draw(seed(1), &set, &weights, size as u32);
        assert_eq!(plan, Plan::default());
        // A vacant place is filled even so.
        let plan = draw(seed(1), &set, &weights, size as u32 + 1);
        assert_eq!((plan.newcomers.len(), plan.leaving.len()), (1, 0));
    }
}

#[test]
fn draw_should_fill_vacant_places_first() {
    let set = all(1..=9, Standing::Ineligible);
    let weights = weighted(&[(11, 1), (12, 1), (13, 1), (14, 1)]);
    let sizes = |target| {
        let plan = draw(seed(1), &set, &weights, target);
        (plan.newcomers.len(), plan.leaving.len())
    };
    assert_eq!(sizes(9), (3, 3));
    assert_eq!(sizes(10), (3, 2));
    assert_eq!(sizes(11), (3, 1));
    assert_eq!(sizes(12), (3, 0));
    assert_eq!(sizes(100), (3, 0));
    // A target that was lowered shrinks nothing.
    assert_eq!(sizes(2), (3, 3));
}

#[test]
fn draw_should_release_those_first_who_may_not_keep_their_seats() {
    let set = members(&[
        (1, Standing::Eligible),
        (2, Standing::Ineligible),
        (3, Standing::Going),
        (4, Standing::Eligible),
        (5, Standing::Offender),
        (6, Standing::Ineligible),
        (7, Standing::Eligible),
        (8, Standing::Eligible),
        (9, Standing::Eligible),
    ]);
    let weights = weighted(&[(11, 1), (12, 1), (13, 1)]);
    for number in 0..100 {
        let plan = draw(seed(number), &set, &weights, 9);
        assert_eq!(plan.leaving, vec![5, 3, 2]);
    }
    // With one newcomer only the first goes.
    let plan = draw(seed(1), &set, &weights[..1], 9);
    assert_eq!((plan.newcomers, plan.leaving), (vec![11], vec![5]));
}

#[test]
fn draw_should_release_members_alike_when_all_may_stay() {
    let set = all(1..=6, Standing::Eligible);
    let weights = weighted(&[(11, 1), (12, 1)]);
    let mut gone: BTreeMap<AccountId, u32> = BTreeMap::new();
    for number in 0..6_000 {
        for author in draw(seed(number), &set, &weights, 6).leaving {
            *gone.entry(author).or_default() += 1;
        }
    }
    // A third of 6,000 draws each; three standard deviations are 110.
    assert_eq!(gone.len(), 6);
    assert!(gone.values().all(|count| count.abs_diff(2_000) < 150));
}

#[test]
fn draw_should_not_draw_marked_members_or_those_without_weight() {
    let set = members(&[
        (1, Standing::Going),
        (2, Standing::Eligible),
        (3, Standing::Eligible),
    ]);
    let weights = weighted(&[(1, 1_000), (2, 1), (8, 0)]);
    for number in 0..100 {
        assert_eq!(draw(seed(number), &set, &weights, 3), Plan::default());
    }
    assert_eq!(draw(seed(1), &set, &[], 3), Plan::default());
    // However heavy, the marked one goes for whoever else can be drawn.
    let weights = weighted(&[(1, 1_000), (9, 1)]);
    for number in 0..100 {
        let plan = draw(seed(number), &set, &weights, 3);
        assert_eq!((plan.newcomers, plan.leaving), (vec![9], vec![1]));
    }
}

#[test]
fn released_member_should_keep_its_seat_when_it_is_drawn_again() {
    let set = all(1..=3, Standing::Eligible);
    let weights = weighted(&[(1, 3), (2, 3), (3, 3), (4, 1)]);
    let draws = 8_000;
    let changed = (0..draws)
        .filter(|number| !draw(seed(*number), &set, &weights, 3).newcomers.is_empty())
        .count();
    // One released with weight 3 against one newcomer with weight 1: a quarter, ± 4 standard deviations.
    assert!(changed.abs_diff(2_000) < 155, "{changed}");
}

#[test]
fn draws_should_be_in_proportion_to_weights() {
    // One place of three authors without bonds goes to one of five.
    let set = all(1..=3, Standing::Ineligible);
    let weights = weighted(&[(11, 1), (12, 2), (13, 3), (14, 14), (15, 80)]);
    let draws = 20_000;
    let mut count: BTreeMap<AccountId, u32> = BTreeMap::new();
    for number in 0..draws {
        let plan = draw(seed(number), &set, &weights, 3);
        assert_eq!(plan.newcomers.len(), 1);
        *count.entry(plan.newcomers[0]).or_default() += 1;
    }
    for candidate in weights {
        let share = candidate.weight as f64 / 100.0;
        let expected = draws as f64 * share;
        let deviation = (expected * (1.0 - share)).sqrt();
        let found = f64::from(count[&candidate.author]);
        assert!(
            (found - expected).abs() < 4.0 * deviation,
            "{candidate:?} {found}"
        );
    }
}

#[test]
fn second_place_should_be_drawn_among_the_others() {
    // Two places; each of three candidates is left out with the chance that two others come first.
    let set = all(1..=6, Standing::Ineligible);
    let weights = weighted(&[(11, 1), (12, 2), (13, 3)]);
    let draws = 12_000;
    let mut left_out: BTreeMap<AccountId, u32> = BTreeMap::new();
    for number in 0..draws {
        let plan = draw(seed(number), &set, &weights, 6);
        let drawn: BTreeSet<AccountId> = plan.newcomers.into_iter().collect();
        assert_eq!(drawn.len(), 2);
        let other = (11..=13).find(|who| !drawn.contains(who)).unwrap();
        *left_out.entry(other).or_default() += 1;
    }
    let orders = |a: f64, b: f64| a / 6.0 * b / (6.0 - a) + b / 6.0 * a / (6.0 - b);
    for (who, chance) in [
        (11, orders(2.0, 3.0)),
        (12, orders(1.0, 3.0)),
        (13, orders(1.0, 2.0)),
    ] {
        let expected = draws as f64 * chance;
        let deviation = (expected * (1.0 - chance)).sqrt();
        let found = f64::from(left_out[&who]);
        assert!(
            (found - expected).abs() < 4.0 * deviation,
            "{who} {found} {expected}"
        );
    }
}

#[test]
fn two_halves_should_be_drawn_as_often_as_the_whole() {
    let set = all(1..=3, Standing::Ineligible);
    let whole = weighted(&[(11, 30), (12, 70)]);
    let halves = weighted(&[(11, 15), (13, 15), (12, 70)]);
    let count = |weights: &[Weighted<AccountId>]| {
        (0..10_000)
            .filter(|number| draw(seed(*number), &set, weights, 3).newcomers[0] != 12)
            .count()
    };
    // 3,000 each, ± 4 standard deviations.
    assert!(count(&whole).abs_diff(3_000) < 184);
    assert!(count(&halves).abs_diff(3_000) < 184);
}

proptest! {
    #[test]
    fn draw_should_keep_its_bounds_whatever_the_set_is(
        standings in prop::collection::vec(0u8..4, 1..40),
        weights in prop::collection::vec((0u64..80, 0u128..1_000), 0..60),
        target in 0u32..60,
        number in any::<u64>(),
    ) {
        let set: Vec<_> = (0..).zip(&standings).map(|(author, standing)| Member {
            author,
            standing: match standing {
                0 => Standing::Offender,
                1 => Standing::Going,
                2 => Standing::Ineligible,
                _ => Standing::Eligible,
            },
        }).collect();
        let weights: BTreeMap<u64, u128> = weights.into_iter().collect();
        let pool: Vec<_> = weights
            .iter()
            .map(|(&author, &weight)| Weighted { author, weight })
            .collect();
        let plan = draw(seed(number), &set, &pool, target);
        let quota = Quota::of(set.len() as u32);
        let come = plan.newcomers.len() as u32;
        let go = plan.leaving.len() as u32;
        prop_assert!(come <= quota.changes && go <= quota.replaced && go <= come);
        let size = set.len() as u32;
        prop_assert!(size + come - go <= target.max(size));
        let distinct: BTreeSet<_> = plan.newcomers.iter().chain(&plan.leaving).collect();
        prop_assert_eq!(distinct.len() as u32, come + go);
        for author in &plan.newcomers {
            prop_assert!(weights[author] > 0 && *author >= set.len() as u64);
        }
        prop_assert!(plan.leaving.iter().all(|author| *author < set.len() as u64));
    }
}
