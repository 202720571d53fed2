use super::*;
use frame_support::{traits::ConstU32, BoundedVec};
use sp_runtime::{BuildStorage, DispatchError};

#[test]
fn models_should_be_set_by_governance_alone() {
    execute(|| {
        let models = || BoundedVec::<_, ConstU32<MAX_MODELS>>::truncate_from(vec![model(2)]);
        assert_noop!(
            Bootstrap::set_models(RuntimeOrigin::signed(WORKER), models()),
            DispatchError::BadOrigin
        );
        assert_ok!(set_models(&[model(2)]));
        assert_eq!(Models::<Test>::get(), models());
        assert_eq!(events(), vec![Event::ModelsSet { models: models() }]);
        assert_ok!(set_models(&[]));
        assert!(Models::<Test>::get().is_empty());
    });
}

#[test]
fn models_should_be_registered_and_different() {
    execute(|| {
        assert_noop!(
            set_models(&[model(1), model(9)]),
            Error::<Test>::UnknownModel
        );
        assert_noop!(
            set_models(&[model(1), model(2), model(1)]),
            Error::<Test>::DuplicateModel
        );
    });
}

#[test]
fn genesis_should_refuse_too_many_models_and_repeated_ones() {
    let builds = |models: Vec<H256>| {
        std::panic::catch_unwind(|| {
            RuntimeGenesisConfig {
                bootstrap: crate::GenesisConfig {
                    models,
                    ..Default::default()
                },
                ..Default::default()
            }
            .build_storage()
            .is_ok()
        })
        .is_ok()
    };
    assert!(builds((0..8).map(model).collect()));
    assert!(!builds((0..9).map(model).collect()));
    assert!(!builds(vec![model(1), model(1)]));
}
