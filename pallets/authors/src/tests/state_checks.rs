use super::*;
use frame_support::BoundedVec;

/// Whether the checks find what is wrong.
fn finds(fault: impl FnOnce(), message: &'static str) {
    execute(|| {
        candidate(10, 100, 100);
        candidate(1, 100, 100);
        let result = frame_support::storage::with_transaction(|| {
            fault();
            let found = Authors::do_try_state();
            frame_support::storage::TransactionOutcome::Rollback(
                Ok::<_, sp_runtime::DispatchError>(found),
            )
        });
        assert_eq!(result.unwrap(), Err(message.into()));
    });
}

fn put_seats(seats: &[(AccountId, Option<Going>)]) {
    let seats = seats
        .iter()
        .map(|&(author, going)| Seat { author, going })
        .collect();
    Seats::<Test>::put(BoundedVec::truncate_from(seats));
}

#[test]
fn checks_should_find_wrong_candidates() {
    finds(
        || CandidateCount::<Test>::put(3),
        "candidates are miscounted",
    );
    finds(
        || Banned::<Test>::insert(10, ()),
        "a banned account is a candidate",
    );
    let exit = |is_expelled| Exit {
        unbonds_at: 1,
        is_expelled,
    };
    finds(
        || Exits::<Test>::insert(10, exit(false)),
        "a candidate has left as well",
    );
    finds(
        || Exits::<Test>::insert(11, exit(true)),
        "who is expelled is banned, and no other who leaves",
    );
    finds(
        || {
            for who in 100..200 {
                Candidates::<Test>::insert(who, Candidacy::Standing);
            }
            CandidateCount::<Test>::put(102);
        },
        "there are too many candidates",
    );
}

#[test]
fn checks_should_find_wrong_bonds() {
    finds(
        || {
            Candidates::<Test>::remove(10);
            CandidateCount::<Test>::put(1);
        },
        "a bond belongs to nobody who can have it back",
    );
    finds(
        || {
            Candidates::<Test>::insert(11, Candidacy::Standing);
            CandidateCount::<Test>::put(3);
        },
        "a candidate has no bond",
    );
}

#[test]
fn checks_should_find_wrong_seats() {
    finds(|| put_seats(&[]), "nobody has a seat");
    finds(
        || put_seats(&[(1, None), (1, None)]),
        "an author has two seats",
    );
    finds(
        || Banned::<Test>::insert(2, ()),
        "the seat of a banned author is marked so, and no other",
    );
    finds(
        || put_seats(&[(1, Some(Going::Offence))]),
        "the seat of a banned author is marked so, and no other",
    );
    finds(
        || {
            assert_ok!(Authors::leave(signed(1)));
            put_seats(&[(1, None)]);
        },
        "the seat of an author who left is not marked",
    );
    finds(
        || Sitting::<Test>::put(BoundedVec::truncate_from(vec![1, 1])),
        "an author sits twice",
    );
}

#[test]
fn checks_should_find_wrong_elections() {
    let snapshot = |weight| {
        Snapshot::<Test>::put(BoundedVec::truncate_from(vec![Weighted {
            author: 10,
            weight,
        }]));
    };
    let drawn = |newcomers, leaving| {
        Drawn::<Test>::put(Plan {
            newcomers: BoundedVec::truncate_from(newcomers),
            leaving: BoundedVec::truncate_from(leaving),
        });
    };
    let alone = "weights wait for a beacon, and a beacon decides over weights";
    finds(|| Anchor::<Test>::put(1), alone);
    finds(|| snapshot(1), alone);
    finds(
        || {
            Anchor::<Test>::put(1);
            snapshot(0);
        },
        "somebody without weight can be drawn",
    );
    finds(
        || {
            Anchor::<Test>::put(1);
            snapshot(1);
            drawn(vec![10], vec![]);
        },
        "an election is decided and awaited at once",
    );
    finds(|| drawn(vec![10], vec![2, 3]), "more go than come");
    finds(|| drawn(vec![], vec![]), "more go than come");
    finds(
        || drawn(vec![2], vec![]),
        "who has a seat is drawn for another",
    );
}
