//! The checks of the state must notice what they are for.

use super::*;
use crate::{Banned, Classes, HoldReason, Offer, Offers, Positions, Serving, WorkerState};
use frame_support::{
    traits::{fungible::MutateHold, tokens::Precision},
    BoundedVec,
};

/// What the checks say after `change`, on a state with the machines 1 and 2 online for model 1, 3
/// registered and 4 retired.
fn verdict_after(change: impl FnOnce()) -> Result<(), String> {
    test_externalities().execute_with(|| {
        for who in 1..=4 {
            register(who);
        }
        serve(1, FLOOR);
        serve(2, FLOOR);
        assert_ok!(WorkerRegistry::retire(signed(4)));
        assert_ok!(WorkerRegistry::do_try_state());
        change();
        WorkerRegistry::do_try_state().map_err(|error| format!("{error:?}"))
    })
}

fn change_record(who: AccountId, change: impl FnOnce(&mut Worker<BlockNumber>)) {
    Workers::<Test>::mutate(who, |record| change(record.as_mut().unwrap()));
}

/// Says that so many machines of the least class serve model 1.
fn count(class: usize, count: u32) {
    Classes::<Test>::mutate(model(1), |classes| classes[class - 1].count = count);
}

fn release(who: AccountId, amount: Balance) {
    let reason = HoldReason::WorkerBond.into();
    assert_ok!(Balances::release(&reason, &who, amount, Precision::Exact));
}

#[test]
fn state_check_should_fail_when_the_state_is_corrupted() {
    let cases: Vec<(&str, fn())> = vec![
        ("without a bond", || release(3, MINIMUM_BOND)),
        ("under the minimum", || release(1, 1)),
        ("their sum", || crate::TotalBond::<Test>::put(1)),
        ("capacity", || change_record(1, |record| record.active = 2)),
        ("capacity", || {
            change_record(3, |record| record.capacity = 17)
        }),
        ("retired machine with a job", || {
            change_record(4, |record| record.active = 1)
        }),
        ("suspended", || {
            change_record(1, |record| record.suspended = true)
        }),
        ("banned", || Banned::<Test>::insert(1, ())),
        ("without an offer", || Offers::<Test>::remove(1)),
        ("disagree", || {
            change_record(1, |record| record.state = WorkerState::Offline)
        }),
        ("without an offer", || {
            change_record(3, |record| record.state = WorkerState::Online)
        }),
        ("disagree", || Positions::<Test>::remove(1, model(1))),
        ("offered once", || {
            Offers::<Test>::mutate(1, |offers| {
                offers
                    .try_push(Offer {
                        model: model(1),
                        ask: FLOOR,
                    })
                    .unwrap()
            })
        }),
        ("offered once", || {
            Positions::<Test>::insert(1, model(2), at(0))
        }),
        ("offers of nobody", || {
            Offers::<Test>::mutate(9, |offers| {
                offers
                    .try_push(Offer {
                        model: model(1),
                        ask: FLOOR,
                    })
                    .unwrap()
            })
        }),
        ("another place", || {
            Serving::<Test>::insert(model(1), at(0), 2)
        }),
        ("another place", || {
            Serving::<Test>::insert(model(1), at(2), 1)
        }),
        ("other capacity", || {
            change_record(1, |record| record.power = 2)
        }),
        ("gaps", || count(1, 1)),
        ("gaps", || count(1, 3)),
        ("gaps", || count(1, 0)),
        ("out of order", || {
            Classes::<Test>::mutate(model(1), |classes| {
                let mut again = classes[0];
                again.class = 0;
                classes.try_push(again).unwrap();
            })
        }),
        ("out of order, or none", || {
            Classes::<Test>::insert(model(2), BoundedVec::default())
        }),
        ("without a count", || Classes::<Test>::remove(model(1))),
        ("without a count", || {
            Serving::<Test>::remove(model(1), at(0))
        }),
        ("another machine stands", || {
            Positions::<Test>::insert(9, model(1), at(0))
        }),
    ];
    for (number, (words, change)) in cases.into_iter().enumerate() {
        let message = verdict_after(change).expect_err(words);
        assert!(message.contains(words), "case {number}, {words}: {message}");
    }
}
