//! The checks of the state must notice what they are for.

use super::*;
use crate::{HoldReason, ModelRecord, Models};
use frame_support::traits::fungible::MutateHold;

/// What the checks say after a change of the record of a registered model.
fn verdict_after(change: impl FnOnce(&mut ModelRecord<AccountId>)) -> Result<(), String> {
    test_externalities(vec![]).execute_with(|| {
        let root = registered(7);
        Models::<Test>::mutate(root, |record| change(record.as_mut().unwrap()));
        ModelRegistry::do_try_state().map_err(|error| format!("{error:?}"))
    })
}

#[test]
fn state_check_should_pass_when_nothing_was_changed() {
    assert_eq!(verdict_after(|_| ()), Ok(()));
}

#[test]
fn state_check_should_fail_when_a_record_is_corrupted() {
    type Corruption = fn(&mut ModelRecord<AccountId>);
    let cases: Vec<(&str, Corruption)> = vec![
        ("root", |record| record.header = encoded_model(8).1),
        ("class", |record| record.class = TrustClass::Pinned),
        ("floor", |record| record.price_floor = 0),
        ("ceiling", |record| {
            record.mint_ceiling = Some(MAX_MINT_CEILING + 1)
        }),
        ("retired", |record| record.retired = true),
        ("nobody", |record| record.creator = None),
        ("on hold", |record| record.deposit += 1),
        ("on hold", |record| record.creator = Some(OTHER)),
    ];
    for (word, change) in cases {
        let message = verdict_after(change).unwrap_err();
        assert!(message.contains(word), "{word}: {message}");
    }
}

#[test]
fn state_check_should_fail_when_a_hold_is_owned_by_no_record() {
    test_externalities(vec![]).execute_with(|| {
        registered(7);
        assert_ok!(Balances::hold(
            &HoldReason::ModelDeposit.into(),
            &CREATOR,
            1
        ));
        assert!(ModelRegistry::do_try_state().is_err());
    });
}
