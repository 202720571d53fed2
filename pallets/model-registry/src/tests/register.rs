use super::*;
use crate::{Error, Event, Header, ModelRecord, Models};
use aipg_exact::header::Picture;
use aipg_primitives::ModelCatalogue;
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

/// The header of a picture model of 32 × 32 pixels, and its root.
fn picture_model(steps: u32, layers: u32) -> (ModelId, Header) {
    let mut header = small_model(7);
    header.layers = layers;
    header.value_formats[..layers as usize].fill(12);
    header.set_picture(&Picture {
        steps,
        height: 32,
        width: 32,
        patch: 4,
        flags: 0,
    });
    assert_eq!(header.validate(), Ok(()));
    let bytes = header.encode().to_vec();
    let root = sp_io::hashing::blake2_256(&[b"aipg/model/1".as_slice(), &bytes].concat());
    (root.into(), Header::try_from(bytes).unwrap())
}

#[test]
fn picture_model_should_be_registered_when_its_traces_can_be_posted() {
    execute(|| {
        let (root, header) = picture_model(20, 6);
        assert_ok!(register(CREATOR, root, header));
        assert_eq!(ModelRegistry::picture_length(&root), Some(3 * 32 * 32));
        // A job of 64 patches and a prompt has this output and no other.
        assert!(ModelRegistry::units(&root, 4, 3_072).is_some());
        assert_eq!(ModelRegistry::units(&root, 4, 3_071), None);
        let text = registered(8);
        assert_eq!(ModelRegistry::picture_length(&text), None);
        assert_eq!(ModelRegistry::picture_length(&ModelId::zero()), None);
    });
}

#[test]
fn registration_should_fail_when_nobody_could_post_a_trace_of_the_model() {
    // (15·L + 6)·S + 1 tensors each.
    for (steps, layers, tensors) in [
        (20, 6, 1_921),
        (13, 10, 2_029),
        (5, 27, 2_056),
        (20, 7, 2_221),
    ] {
        execute(|| {
            let (root, header) = picture_model(steps, layers);
            let outcome = register(CREATOR, root, header);
            let expected = if tensors <= 2_048 {
                Ok(())
            } else {
                Err(Error::<Test>::TraceTooLong.into())
            };
            assert_eq!(outcome, expected, "{tensors} tensors");
        });
    }
    // The deepest text model.
    execute(|| {
        let mut header = small_model(7);
        header.layers = 128;
        header.value_formats.fill(12);
        let bytes = header.encode().to_vec();
        let root = sp_io::hashing::blake2_256(&[b"aipg/model/1".as_slice(), &bytes].concat());
        assert_ok!(register(
            CREATOR,
            root.into(),
            Header::try_from(bytes).unwrap()
        ));
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
