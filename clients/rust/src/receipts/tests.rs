use super::*;
use aipg_exact::tree::path;
use subxt::ext::scale_encode::EncodeAsType;

/// Leaves of the specification's vectors: i + 1 times the byte i.
fn receipts(count: u8) -> Vec<Vec<u8>> {
    let one = |number: u8| vec![number; usize::from(number) + 1];
    (0..count).map(one).collect()
}

fn proof(receipts: &[Vec<u8>], index: usize) -> Proof {
    let hash = |receipt: &Vec<u8>| leaf::<Blake2b256>(Domain::Receipts, receipt);
    let leaves: Vec<_> = receipts.iter().map(hash).collect();
    let path = path::<Blake2b256>(Domain::Receipts, &leaves, index).unwrap();
    Proof {
        job: 1,
        round: 2,
        index: index as u32,
        count: receipts.len() as u32,
        receipt: format!("0x{}", hex::encode(&receipts[index])),
        path: path.into_iter().map(Hash).collect(),
    }
}

#[test]
fn proof_should_lead_to_the_roots_of_the_specification() {
    for (count, expected) in [
        (
            1,
            "2c065685e20cf88ce53f81f5d303ba8e9dcf85227493dce896816d9c337a890d",
        ),
        (
            3,
            "862b6abe7cee3d2a06608be101915932b7cd2cf31c35142df79ca56af03bd34b",
        ),
        (
            8,
            "f953f6a2120ff755d4b7680c3901434bc270f26bbdd00b5cbc3765eae8f1db08",
        ),
    ] {
        let receipts = receipts(count);
        for (index, receipt) in receipts.iter().enumerate() {
            let proof = proof(&receipts, index);
            assert_eq!(proof.bytes().as_ref(), Some(receipt));
            assert_eq!(proof.root(receipt), Hash::from_hex(expected));
        }
    }
}

#[test]
fn proof_should_lead_elsewhere_when_anything_in_it_is_changed() {
    let receipts = receipts(8);
    let good = proof(&receipts, 3);
    let root = good.root(&receipts[3]);
    assert_ne!(good.root(&receipts[4]), root);
    let mut sibling = good.clone();
    sibling.path[1].0[7] ^= 1;
    let mut short = good.clone();
    short.path.pop();
    let (index, count) = (good.index + 1, good.count - 1);
    let other = |proof: Proof| proof.root(&receipts[3]);
    assert_ne!(other(sibling), root);
    assert_eq!(other(short), None);
    assert_ne!(
        other(Proof {
            index,
            ..good.clone()
        }),
        root
    );
    assert_ne!(
        other(Proof {
            count,
            ..good.clone()
        }),
        root
    );
    assert_eq!(other(Proof { index: 8, ..good }), None);
}

#[test]
fn share_of_the_worker_should_be_rounded_down_and_hold_for_any_fee() {
    let share = |fee| worker_share(Amount(fee)).0;
    assert_eq!([share(0), share(1), share(2)], [0, 0, 1]);
    assert_eq!(share(100), 92);
    assert_eq!(share(1_000_001), 920_000);
    assert_eq!(share(u128::MAX), u128::MAX / 25 * 23 + 4);
}

fn metadata() -> Metadata {
    Metadata::decode_from(include_bytes!("../../metadata/aipg.scale").as_slice()).unwrap()
}

/// The bytes of the receipt of job 7, which ended so in block 77.
fn encoded(outcome: generated::Outcome<AccountId32>) -> Vec<u8> {
    use crate::api::runtime_types::{
        aipg_primitives::types as field, bounded_collections::bounded_vec::BoundedVec,
    };
    let receipt = Encoded {
        job: 7,
        requester: AccountId32([1; 32]),
        model: Hash([2; 32]).into(),
        class: field::TrustClass::Exact,
        input: tokens(3),
        parameters: field::JobParameters {
            seed: 9,
            max_output: 8,
            sampling: field::Sampling::Greedy,
            stop: BoundedVec(vec![4, 5]),
        },
        max_price: 1_000,
        finished_at: 77,
        outcome,
    };
    let metadata = metadata();
    let id = receipt_type(&metadata).unwrap();
    receipt.encode_as_type(id, metadata.types()).unwrap()
}

fn tokens(byte: u8) -> crate::api::runtime_types::aipg_primitives::types::TokenList {
    crate::api::runtime_types::aipg_primitives::types::TokenList {
        blob: Hash([byte; 32]).into(),
        root: Hash([byte; 32]).into(),
        count: 5,
    }
}

/// What the bytes of a receipt of job 7 tell.
fn event_of(bytes: &[u8]) -> ChainEvent {
    let decoded = decode(bytes, &metadata()).unwrap();
    assert_eq!((decoded.job, decoded.finished_at), (7, 77));
    let receipt = Receipt {
        job: 7,
        round: 7,
        index: 0,
        finished_at: 77,
        outcome: decoded.outcome.into(),
    };
    receipt.event()
}

#[test]
fn receipt_should_be_decoded_by_the_runtime_s_metadata() {
    let bytes = encoded(generated::Outcome::Paid {
        worker: AccountId32([6; 32]),
        output: tokens(4),
        digest: Hash([5; 32]).into(),
        units: 10,
        ask: 20,
        fee: 200,
    });
    assert_eq!(bytes[..8], 7u64.to_le_bytes());
    let paid = ChainEvent::Settled {
        job: 7,
        worker: AccountId32([6; 32]),
        units: 10,
        fee: Amount(200),
        to_worker: Amount(184),
    };
    assert_eq!(event_of(&bytes), paid);
    assert!(decode(&bytes[..bytes.len() - 1], &metadata()).is_err());
}

#[test]
fn reason_of_a_refund_should_have_the_number_and_the_name_of_the_specification() {
    use generated::RefundReason::{
        DeadlineUnreachable, InputUnavailable, NotAttested, ResultRefuted,
    };
    let reasons = [
        (DeadlineUnreachable, "DeadlineUnreachable"),
        (InputUnavailable, "InputUnavailable"),
        (ResultRefuted, "ResultRefuted"),
        (NotAttested, "NotAttested"),
    ];
    for (number, (reason, name)) in (0u8..).zip(reasons) {
        let bytes = encoded(generated::Outcome::Refunded {
            reason,
            returned: 1_000,
        });
        let end = [&[1, number][..], &1_000u128.to_le_bytes()].concat();
        assert!(bytes.ends_with(&end), "{name}");
        let refunded = ChainEvent::Refunded {
            job: 7,
            reason: name,
        };
        assert_eq!(event_of(&bytes), refunded);
    }
}

#[test]
fn refusal_should_tell_what_passes_from_what_another_node_may_know() {
    let refused = |code| {
        let text = format!(r#"{{"code": {code}, "message": "reason"}}"#);
        refusal(7, rpcs::Error::User(serde_json::from_str(&text).unwrap()))
    };
    for code in [26_872, 26_873] {
        assert!(matches!(refused(code), ReceiptError::NotYet { job: 7, .. }));
    }
    for code in [26_871, 26_874, 26_875, 26_876, -32_601] {
        let error = refused(code);
        assert!(matches!(error, ReceiptError::Unavailable { .. }), "{error}");
    }
    let lost = refusal(7, rpcs::Error::Client("closed".into()));
    assert!(matches!(lost, ReceiptError::Chain(error) if error.is_transport()));
}
