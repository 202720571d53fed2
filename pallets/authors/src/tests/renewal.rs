use super::*;
use crate::renewal::{renew, Size};

/// Seats 1, 2, … of which some are marked.
fn set(count: u64, marked: &[(AccountId, Going)]) -> Vec<Seat<AccountId>> {
    (1..=count)
        .map(|author| Seat {
            author,
            going: marked
                .iter()
                .find(|(who, _)| *who == author)
                .map(|(_, going)| *going),
        })
        .collect()
}

fn plan(newcomers: &[AccountId], leaving: &[AccountId]) -> Plan<Vec<AccountId>> {
    Plan {
        newcomers: newcomers.to_vec(),
        leaving: leaving.to_vec(),
    }
}

fn renewed(
    seats: &[Seat<AccountId>],
    plan: Option<&Plan<Vec<AccountId>>>,
    target: u32,
    least: u32,
) -> Vec<AccountId> {
    let next = renew(seats, plan, Size { target, least });
    next.into_iter().map(|seat| seat.author).collect()
}

#[test]
fn set_should_stay_when_nothing_happened() {
    assert_eq!(renewed(&set(4, &[]), None, 4, 3), vec![1, 2, 3, 4]);
    // Not even when there are too few or too many.
    assert_eq!(renewed(&set(4, &[]), None, 9, 9), vec![1, 2, 3, 4]);
    assert_eq!(renewed(&set(4, &[]), None, 1, 1), vec![1, 2, 3, 4]);
}

#[test]
fn marked_seats_should_go_the_most_urgent_first() {
    let seats = set(
        6,
        &[
            (1, Going::Left),
            (2, Going::Absent),
            (3, Going::Keyless),
            (4, Going::Offence),
        ],
    );
    assert_eq!(renewed(&seats, None, 6, 5), vec![1, 2, 3, 5, 6]);
    // At most a third at once.
    assert_eq!(renewed(&seats, None, 6, 1), vec![1, 2, 5, 6]);
    // And none when too few would be left.
    assert_eq!(renewed(&seats, None, 6, 6), vec![1, 2, 3, 4, 5, 6]);
}

#[test]
fn last_author_should_stay_when_the_minimum_is_zero() {
    let seats = set(1, &[(1, Going::Offence)]);
    assert_eq!(renewed(&seats, None, 1, 0), vec![1]);
}

#[test]
fn newcomers_should_replace_those_who_leave() {
    let drawn = plan(&[7, 8], &[2, 5]);
    assert_eq!(
        renewed(&set(6, &[]), Some(&drawn), 6, 3),
        vec![1, 3, 4, 6, 7, 8]
    );
}

#[test]
fn old_members_should_stay_when_a_newcomer_is_lost() {
    let drawn = plan(&[8], &[2, 5]);
    assert_eq!(
        renewed(&set(6, &[]), Some(&drawn), 6, 3),
        vec![1, 3, 4, 5, 6, 8]
    );
    let drawn = plan(&[], &[2, 5]);
    assert_eq!(
        renewed(&set(6, &[]), Some(&drawn), 6, 3),
        vec![1, 2, 3, 4, 5, 6]
    );
}

#[test]
fn newcomers_should_fill_vacant_places_before_somebody_leaves() {
    let drawn = plan(&[7, 8], &[2]);
    assert_eq!(
        renewed(&set(6, &[]), Some(&drawn), 7, 3),
        vec![1, 3, 4, 5, 6, 7, 8]
    );
}

#[test]
fn offender_should_be_the_first_to_be_replaced_when_it_is_marked_after_the_draw() {
    let drawn = plan(&[7, 8], &[2, 5]);
    let seats = set(6, &[(4, Going::Offence)]);
    // It cannot be dropped without somebody in its place.
    assert_eq!(renewed(&seats, Some(&drawn), 6, 6), vec![1, 3, 5, 6, 7, 8]);
    // It can, and then one newcomer fills its place: still two come and two go.
    assert_eq!(renewed(&seats, Some(&drawn), 6, 3), vec![1, 3, 5, 6, 7, 8]);
}

#[test]
fn no_more_than_a_third_should_come_when_marked_seats_go_as_well() {
    let drawn = plan(&[7, 8], &[2, 5]);
    let seats = set(
        6,
        &[(3, Going::Left), (4, Going::Offence), (6, Going::Absent)],
    );
    assert_eq!(renewed(&seats, Some(&drawn), 6, 3), vec![1, 2, 3, 5, 7, 8]);
    let drawn = plan(&[7, 8, 9], &[]);
    assert_eq!(
        renewed(&set(6, &[]), Some(&drawn), 9, 3),
        vec![1, 2, 3, 4, 5, 6, 7, 8]
    );
}

#[test]
fn newcomer_should_replace_nobody_when_there_are_two() {
    let drawn = plan(&[7], &[1]);
    assert_eq!(renewed(&set(2, &[]), Some(&drawn), 2, 1), vec![1, 2]);
    let seats = set(2, &[(1, Going::Left)]);
    assert_eq!(renewed(&seats, Some(&drawn), 2, 2), vec![1, 2]);
    // A seat that may be given up makes room.
    assert_eq!(renewed(&seats, Some(&drawn), 2, 1), vec![2, 7]);
}
