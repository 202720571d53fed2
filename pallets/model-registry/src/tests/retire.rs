use super::*;
use crate::{Error, Event, Models};
use aipg_primitives::ModelCatalogue;
use frame_support::{assert_noop, traits::fungible::Inspect};

#[test]
fn deposit_should_be_released_when_the_creator_retires_the_model() {
    execute(|| {
        let (first, second) = (registered(1), registered(2));
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), first));
        assert_eq!(on_hold(CREATOR), DEPOSIT);
        assert_eq!(Balances::balance(&CREATOR), 900 * AIPG);
        System::assert_last_event(
            Event::ModelRetired {
                model: first,
                released: DEPOSIT,
            }
            .into(),
        );
        assert_ok!(ModelRegistry::retire(
            RuntimeOrigin::signed(CREATOR),
            second
        ));
        assert_eq!(on_hold(CREATOR), 0);
        assert_eq!(Balances::balance(&CREATOR), 1_000 * AIPG);
    });
}

#[test]
fn retired_model_should_have_units_but_no_terms_when_jobs_still_run() {
    execute(|| {
        let root = registered(7);
        let units = ModelRegistry::units(&root, 10, 5);
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root));
        assert_eq!(ModelRegistry::terms(&root), None);
        assert!(units.is_some());
        assert_eq!(ModelRegistry::units(&root, 10, 5), units);
        assert_eq!(
            ModelRegistry::header(&root),
            Some(small_model(7).encode().to_vec())
        );
    });
}

#[test]
fn retired_model_should_stay_retired_when_it_is_registered_again() {
    execute(|| {
        let root = registered(7);
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root));
        let header = encoded_model(7).1;
        assert_noop!(
            ModelRegistry::register(
                RuntimeOrigin::signed(CREATOR),
                root,
                header,
                TrustClass::Exact,
                AIPG
            ),
            Error::<Test>::AlreadyRegistered
        );
    });
}

#[test]
fn retiring_should_fail_when_the_model_is_retired_already() {
    execute(|| {
        let root = registered(7);
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root));
        assert_noop!(
            ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root),
            Error::<Test>::ModelRetired
        );
    });
}

#[test]
fn retiring_should_fail_when_somebody_else_tries() {
    execute(|| {
        let root = registered(7);
        assert_noop!(
            ModelRegistry::retire(RuntimeOrigin::signed(OTHER), root),
            Error::<Test>::NotCreator
        );
    });
}

#[test]
fn retiring_should_fail_when_the_model_is_unknown() {
    execute(|| {
        assert_noop!(
            ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), encoded_model(7).0),
            Error::<Test>::UnknownModel
        );
    });
}

#[test]
fn retiring_should_release_nothing_when_it_is_a_genesis_model() {
    execute_with_models(vec![genesis_model(7, Some(CREATOR))], || {
        let own = registered(8);
        let root = encoded_model(7).0;
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root));
        System::assert_last_event(
            Event::ModelRetired {
                model: root,
                released: 0,
            }
            .into(),
        );
        assert_eq!(on_hold(CREATOR), DEPOSIT);
        assert!(!Models::<Test>::get(own).unwrap().retired);
    });
}
