//! Bytes that are no transaction.

use super::{
    chain::{transaction, Chain, Terms},
    *,
};
use codec::{Compact, DecodeLimit, Encode};
use frame_support::MAX_EXTRINSIC_DEPTH;
use proptest::{prelude::*, test_runner::TestRunner};
use sp_keyring::Sr25519Keyring::Bob;

/// As every runtime API reads a transaction.
fn decode(bytes: &[u8]) -> Result<UncheckedExtrinsic, codec::Error> {
    UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &*bytes)
}

fn execute<R>(test: impl FnOnce() -> R) -> R {
    sp_io::TestExternalities::from(storage(DEV_RUNTIME_PRESET, |_| ())).execute_with(|| {
        Chain::start();
        test()
    })
}

/// A valid transaction that has a bit of everything.
fn sample() -> UncheckedExtrinsic {
    let remark = RuntimeCall::from(frame_system::Call::remark { remark: vec![3; 9] });
    let submit = pallet_job_escrow::Call::submit {
        model: Hash::repeat_byte(1),
        input: tokens(5),
        parameters: aipg_primitives::JobParameters {
            max_output: 5,
            stop: vec![1, 2].try_into().expect("two fit"),
            ..Default::default()
        },
        max_price: AIPG,
        class: Default::default(),
        deadline: 100,
        service: Default::default(),
        referrer: Some(account(Bob)),
        provider: None,
    };
    let calls = vec![remark, submit.into()];
    let batch = pallet_utility::Call::batch { calls };
    transaction(Bob, batch.into(), Terms::next(Bob))
}

/// The bytes of a signed transaction whose call is what `call` encodes.
fn with_call(call: &[u8]) -> Vec<u8> {
    let sample = execute(|| transaction(Bob, dummy(), Terms::next(Bob))).encode();
    let body = &sample[Compact::<u32>::len_of(&sample)..];
    let without_call = &body[..body.len() - dummy().encode().len()];
    let body = [without_call, call].concat();
    [Compact(body.len() as u32).encode(), body].concat()
}

fn dummy() -> RuntimeCall {
    frame_system::Call::remark { remark: vec![] }.into()
}

trait PrefixLength {
    fn len_of(bytes: &[u8]) -> usize;
}

impl PrefixLength for Compact<u32> {
    /// Bytes of the compact number at the front.
    fn len_of(bytes: &[u8]) -> usize {
        match bytes[0] & 3 {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => 5,
        }
    }
}

/// `depth` batches around a remark.
fn nested(depth: usize) -> Vec<u8> {
    let batch = pallet_utility::Call::<Runtime>::batch { calls: vec![] };
    let mut head = RuntimeCall::from(batch).encode();
    head.pop();
    head.extend(Compact(1u32).encode());
    [head.repeat(depth), dummy().encode()].concat()
}

#[test]
fn transaction_should_not_decode_when_it_is_cut_anywhere() {
    let bytes = execute(sample).encode();
    assert!(decode(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "cut to {length} bytes");
    }
    assert!(
        decode(&[bytes, vec![0]].concat()).is_err(),
        "a byte too many"
    );
}

#[test]
fn transaction_should_not_decode_when_a_length_is_beyond_its_bytes() {
    let remark = &dummy().encode()[..2];
    let batch = &nested(1)[..2];
    for call in [remark, batch] {
        for length in [2u32, 1 << 14, 1 << 24, 1 << 30, u32::MAX] {
            let call = [call, &Compact(length).encode(), &[0]].concat();
            assert!(decode(&with_call(&call)).is_err(), "a length of {length}");
        }
        // A length of more than 32 bits.
        let call = [call, &Compact(u64::MAX).encode(), &[0]].concat();
        assert!(decode(&with_call(&call)).is_err());
    }
}

#[test]
fn transaction_should_not_decode_when_its_calls_are_nested_too_deep() {
    assert!(decode(&with_call(&nested(20))).is_ok());
    // Far beyond what a stack of recursive calls could take.
    for depth in [MAX_EXTRINSIC_DEPTH as usize + 1, 10_000, 1_000_000] {
        assert!(decode(&with_call(&nested(depth))).is_err(), "{depth} deep");
    }
}

#[test]
fn nested_batches_should_run_when_they_decode() {
    execute(|| {
        let call =
            RuntimeCall::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &nested(5)[..])
                .expect("not too deep");
        assert_eq!(chain::send(Bob, call), Ok(Ok(())));
    });
}

#[test]
fn runtime_api_should_refuse_bytes_that_are_no_transaction() {
    execute(|| {
        let bytes = [&[0u8][..], &sample().encode()[..40], &Hash::zero().0[..]].concat();
        let call =
            || crate::apis::api::dispatch("TaggedTransactionQueue_validate_transaction", &bytes);
        let refused = std::panic::catch_unwind(call).expect_err("the executor is told");
        let message = refused.downcast_ref::<String>().expect("a message");
        assert!(message.starts_with("Bad input data"), "{message}");
    });
}

/// Changes of a valid encoding: `(place, what)`.
fn mutations() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
}

fn mutate(bytes: &mut Vec<u8>, mutations: &[(prop::sample::Index, u8)]) {
    for (place, what) in mutations {
        if bytes.is_empty() {
            return;
        }
        let place = place.index(bytes.len());
        match what % 4 {
            0 => bytes[place] ^= 1 << (what / 4 % 8),
            1 => bytes[place] = *what,
            2 => bytes.insert(place, *what),
            _ => {
                bytes.remove(place);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_should_decode_or_not_without_a_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        version in prop_oneof![Just(4u8), Just(0x84), Just(5), Just(0x45), any::<u8>()],
    ) {
        let body = [&[version][..], &bytes].concat();
        let _ = decode(&[Compact(body.len() as u32).encode(), body].concat());
        let _ = decode(&bytes);
        let _ = RuntimeCall::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..]);
        let _ = ModelRegistry::root_of(&bytes);
    }
}

#[test]
fn changed_transaction_should_never_be_applied() {
    let bytes = execute(sample).encode();
    let config = ProptestConfig {
        failure_persistence: None,
        ..Default::default()
    };
    execute(|| {
        let state = (Balances::total_issuance(), treasury());
        TestRunner::new(config)
            .run(&mutations(), |mutations| {
                let mut changed = bytes.clone();
                mutate(&mut changed, &mutations);
                if changed == bytes {
                    return Ok(());
                }
                if let Ok(transaction) = decode(&changed) {
                    let outcome = Executive::apply_extrinsic(transaction);
                    prop_assert!(outcome.is_err(), "{outcome:?}");
                }
                prop_assert_eq!((Balances::total_issuance(), treasury()), state);
                Ok(())
            })
            .unwrap();
    });
}
