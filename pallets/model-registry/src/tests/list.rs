use super::*;
use crate::{Error, Event};
use aipg_primitives::ModelCatalogue;
use frame_support::assert_noop;
use sp_runtime::DispatchError;

#[test]
fn mint_ceiling_should_change_when_governance_lists_the_model() {
    execute(|| {
        let root = registered(7);
        for ceiling in [Some(2_000_000), Some(0), Some(MAX_MINT_CEILING), None] {
            assert_ok!(ModelRegistry::list(RuntimeOrigin::root(), root, ceiling));
            assert_eq!(ModelRegistry::terms(&root).unwrap().mint_ceiling, ceiling);
            System::assert_last_event(
                Event::ModelListed {
                    model: root,
                    mint_ceiling: ceiling,
                }
                .into(),
            );
        }
    });
}

#[test]
fn mint_ceiling_should_not_change_when_it_is_above_the_bound() {
    execute(|| {
        let root = registered(7);
        assert_noop!(
            ModelRegistry::list(RuntimeOrigin::root(), root, Some(MAX_MINT_CEILING + 1)),
            Error::<Test>::MintCeilingTooHigh
        );
    });
}

#[test]
fn mint_ceiling_should_not_change_when_the_creator_lists_the_model() {
    execute(|| {
        let root = registered(7);
        assert_noop!(
            ModelRegistry::list(RuntimeOrigin::signed(CREATOR), root, Some(1)),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn mint_ceiling_should_not_change_when_the_model_is_unknown_or_retired() {
    execute(|| {
        assert_noop!(
            ModelRegistry::list(RuntimeOrigin::root(), encoded_model(7).0, None),
            Error::<Test>::UnknownModel
        );
        let root = registered(7);
        assert_ok!(ModelRegistry::retire(RuntimeOrigin::signed(CREATOR), root));
        assert_noop!(
            ModelRegistry::list(RuntimeOrigin::root(), root, Some(1)),
            Error::<Test>::ModelRetired
        );
    });
}
