use super::*;
use crate::{Error, Event, Header, ModelRecord, Models};
use aipg_exact::header::Picture;
use frame_support::{assert_noop, traits::fungible::Inspect};
use sp_runtime::DispatchError;

fn register(who: u64, root: ModelId, header: Header) -> Result<(), DispatchError> {
    ModelRegistry::register(
        RuntimeOrigin::signed(who),
        root,
        header,
        TrustClass::Exact,
        AIPG,
    )
}

#[test]
fn model_should_be_recorded_with_its_deposit_on_hold_when_the_header_is_valid() {
    execute(|| {
        let (root, header) = encoded_model(7);
        assert_ok!(register(CREATOR, root, header.clone()));
        assert_eq!(
            Models::<Test>::get(root),
            Some(ModelRecord {
                header,
                class: TrustClass::Exact,
                price_floor: AIPG,
                creator: Some(CREATOR),
                mint_ceiling: None,
                deposit: DEPOSIT,
                retired: false,
            })
        );
        assert_eq!(on_hold(CREATOR), DEPOSIT);
        assert_eq!(Balances::balance(&CREATOR), 900 * AIPG);
        System::assert_has_event(
            Event::ModelRegistered {
                model: root,
                creator: CREATOR,
                class: TrustClass::Exact,
                price_floor: AIPG,
            }
            .into(),
        );
    });
}

#[test]
fn registration_should_fail_when_the_stated_root_is_another_models() {
    execute(|| {
        let (_, header) = encoded_model(7);
        let (other_root, _) = encoded_model(8);
        assert_noop!(
            register(CREATOR, other_root, header),
            Error::<Test>::RootMismatch
        );
    });
}

#[test]
fn registration_should_fail_when_any_byte_of_the_header_is_changed() {
    execute(|| {
        let (root, header) = encoded_model(7);
        for position in 0..header.len() {
            let mut changed = header.clone();
            changed[position] ^= 1;
            let error = register(CREATOR, root, changed).unwrap_err();
            assert!(
                error == Error::<Test>::RootMismatch.into()
                    || error == Error::<Test>::InvalidHeader.into(),
                "byte {position}: {error:?}"
            );
        }
        assert!(Models::<Test>::iter().next().is_none());
        assert_eq!(on_hold(CREATOR), 0);
    });
}

#[test]
fn registration_should_fail_when_the_header_does_not_decode() {
    execute(|| {
        let (root, header) = encoded_model(7);
        let short = Header::try_from(header[..header.len() - 1].to_vec()).unwrap();
        assert_noop!(register(CREATOR, root, short), Error::<Test>::InvalidHeader);
        assert_noop!(
            register(CREATOR, root, Header::default()),
            Error::<Test>::InvalidHeader
        );
    });
}

#[test]
fn registration_should_fail_when_a_field_is_out_of_range_although_the_root_is_right() {
    execute(|| {
        let mut header = small_model(7);
        header.key_value_heads = 3;
        let bytes = header.encode().to_vec();
        let root = sp_io::hashing::blake2_256(&[b"aipg/model/1".as_slice(), &bytes].concat());
        assert_noop!(
            register(CREATOR, root.into(), Header::try_from(bytes).unwrap()),
            Error::<Test>::InvalidHeader
        );
    });
}

#[test]
fn registration_should_fail_when_nobody_could_decide_a_dispute_about_the_model() {
    execute(|| {
        let mut header = small_model(7);
        header.set_picture(&Picture {
            steps: 4,
            height: 32,
            width: 32,
            patch: 4,
            flags: 0,
        });
        assert_eq!(header.validate(), Ok(()));
        let bytes = header.encode().to_vec();
        let root = sp_io::hashing::blake2_256(&[b"aipg/model/1".as_slice(), &bytes].concat());
        assert_noop!(
            register(CREATOR, root.into(), Header::try_from(bytes).unwrap()),
            Error::<Test>::ClassNotSupported
        );
    });
}

#[test]
fn registration_should_fail_when_the_root_is_registered_already() {
    execute(|| {
        registered(7);
        let (root, header) = encoded_model(7);
        for who in [CREATOR, OTHER] {
            assert_noop!(
                register(who, root, header.clone()),
                Error::<Test>::AlreadyRegistered
            );
        }
    });
}

#[test]
fn registration_should_fail_when_the_class_has_no_backend() {
    execute(|| {
        let (root, header) = encoded_model(7);
        for class in [
            TrustClass::Pinned,
            TrustClass::Statistical,
            TrustClass::Attested,
        ] {
            assert_noop!(
                ModelRegistry::register(
                    RuntimeOrigin::signed(CREATOR),
                    root,
                    header.clone(),
                    class,
                    AIPG
                ),
                Error::<Test>::ClassNotSupported
            );
        }
    });
}

#[test]
fn registration_should_fail_when_the_price_floor_is_zero() {
    execute(|| {
        let (root, header) = encoded_model(7);
        assert_noop!(
            ModelRegistry::register(
                RuntimeOrigin::signed(CREATOR),
                root,
                header,
                TrustClass::Exact,
                0
            ),
            Error::<Test>::PriceFloorZero
        );
    });
}

#[test]
fn registration_should_fail_when_the_deposit_is_not_covered() {
    execute(|| {
        let (root, header) = encoded_model(7);
        // One unit short of the deposit and the existential deposit; with it the same call passes.
        assert_noop!(
            register(POOR, root, header.clone()),
            Error::<Test>::BalanceTooLow
        );
        assert_ok!(Balances::transfer_keep_alive(
            RuntimeOrigin::signed(OTHER),
            POOR,
            1
        ));
        assert_ok!(register(POOR, root, header));
    });
}

#[test]
fn registration_should_fail_when_it_is_not_signed() {
    execute(|| {
        let (root, header) = encoded_model(7);
        for origin in [RuntimeOrigin::none(), RuntimeOrigin::root()] {
            assert_noop!(
                ModelRegistry::register(origin, root, header.clone(), TrustClass::Exact, AIPG),
                DispatchError::BadOrigin
            );
        }
    });
}

#[test]
fn deposits_should_add_up_when_a_creator_registers_several_models() {
    execute(|| {
        registered(1);
        registered(2);
        assert_eq!(on_hold(CREATOR), 2 * DEPOSIT);
    });
}
