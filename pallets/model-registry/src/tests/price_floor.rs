use super::*;
use crate::{Error, Event, Models};
use frame_support::assert_noop;

#[test]
fn price_floor_should_change_when_the_creator_sets_it() {
    execute(|| {
        let root = registered(7);
        assert_ok!(ModelRegistry::set_price_floor(
            RuntimeOrigin::signed(CREATOR),
            root,
            1
        ));
        assert_eq!(Models::<Test>::get(root).unwrap().price_floor, 1);
        System::assert_last_event(
            Event::PriceFloorSet {
                model: root,
                price_floor: 1,
            }
            .into(),
        );
    });
}

#[test]
fn price_floor_should_not_change_when_it_is_zero() {
    execute(|| {
        let root = registered(7);
        assert_noop!(
            ModelRegistry::set_price_floor(RuntimeOrigin::signed(CREATOR), root, 0),
            Error::<Test>::PriceFloorZero
        );
    });
}

#[test]
fn price_floor_should_not_change_when_somebody_else_sets_it() {
    execute(|| {
        let root = registered(7);
        assert_noop!(
            ModelRegistry::set_price_floor(RuntimeOrigin::signed(OTHER), root, 1),
            Error::<Test>::NotCreator
        );
    });
}

#[test]
fn price_floor_should_not_change_when_the_model_is_unknown() {
    execute(|| {
        assert_noop!(
            ModelRegistry::set_price_floor(RuntimeOrigin::signed(CREATOR), encoded_model(7).0, 1),
            Error::<Test>::UnknownModel
        );
    });
}

#[test]
fn price_floor_should_not_change_when_the_model_is_retired() {
    execute(|| {
        let root = registered(7);
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root));
        assert_noop!(
            ModelRegistry::set_price_floor(RuntimeOrigin::signed(CREATOR), root, 1),
            Error::<Test>::ModelRetired
        );
    });
}

#[test]
fn price_floor_should_not_change_when_a_genesis_model_has_no_creator() {
    execute_with_models(vec![genesis_model(7, None)], || {
        assert_noop!(
            ModelRegistry::set_price_floor(RuntimeOrigin::signed(CREATOR), encoded_model(7).0, 1),
            Error::<Test>::NotCreator
        );
    });
}
