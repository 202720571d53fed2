//! What a transaction carries besides its call.

use super::*;
use crate::extension::{CheckOperational, NOT_ENTITLED};
use codec::{Decode, Encode};
use frame_metadata_hash_extension::CheckMetadataHash;
use pallet_referee::WeightInfo as _;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie};
use sp_runtime::{
    generic::{Era, SignedPayload},
    traits::TransactionExtension,
    transaction_validity::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
};

fn extension(nonce: Nonce, tip: Balance, metadata_hash: CheckMetadataHash<Runtime>) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        CheckOperational,
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(tip),
        metadata_hash,
        frame_system::WeightReclaim::new(),
    )
}

/// A transaction as it comes over the network, signed with this hash of the metadata or without
/// one. The native runtime knows no hash, whatever the build: it is compiled into the blob only.
pub fn transaction(
    signer: Sr25519Keyring,
    call: RuntimeCall,
    tip: Balance,
    metadata_hash: Option<[u8; 32]>,
) -> UncheckedExtrinsic {
    let metadata_hash = match metadata_hash {
        Some(hash) => CheckMetadataHash::new_with_custom_hash(hash),
        None => CheckMetadataHash::new(false),
    };
    let nonce = System::account_nonce(account(signer));
    let payload = SignedPayload::new(call, extension(nonce, tip, metadata_hash))
        .expect("the implicit parts are known");
    let signature = payload.using_encoded(|payload| signer.sign(payload));
    let (call, extension, _) = payload.deconstruct();
    let transaction = UncheckedExtrinsic::new_signed(
        call,
        account(signer).into(),
        Signature::Sr25519(signature),
        extension,
    );
    UncheckedExtrinsic::decode(&mut &transaction.encode()[..]).expect("the encoding is its own")
}

fn remark() -> RuntimeCall {
    RuntimeCall::System(frame_system::Call::remark { remark: vec![] })
}

#[test]
fn transactions_should_carry_a_metadata_hash_mode_from_genesis_on() {
    let names: Vec<_> = <TxExtension as TransactionExtension<RuntimeCall>>::metadata()
        .into_iter()
        .map(|extension| extension.identifier)
        .collect();
    assert!(names.contains(&"CheckMetadataHash"), "{names:?}");
}

#[test]
fn transaction_should_be_applied_when_its_metadata_mode_is_off() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            System::initialize(&2, &Hash::default(), &Default::default());
            let outcome = Executive::apply_extrinsic(transaction(Bob, remark(), 0, None));
            assert_eq!(outcome, Ok(Ok(())), "{name}");
        });
    }
}

#[test]
fn transaction_should_be_refused_when_it_names_a_metadata_hash_that_the_runtime_does_not_know() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        System::initialize(&2, &Hash::default(), &Default::default());
        let outcome = Executive::apply_extrinsic(transaction(Bob, remark(), 0, Some([7; 32])));
        assert_eq!(
            outcome,
            Err(TransactionValidityError::Unknown(
                UnknownTransaction::CannotLookup
            ))
        );
        assert_eq!(System::account_nonce(account(Bob)), 0);
    });
}

/// What becomes of an operational transaction on the development chain, whose sudo key is Alice's.
fn send(signer: Sr25519Keyring, call: RuntimeCall) -> sp_runtime::ApplyExtrinsicResult {
    Executive::apply_extrinsic(transaction(signer, call, 0, None))
}

fn set_heap_pages() -> RuntimeCall {
    frame_system::Call::set_heap_pages { pages: 7 }.into()
}

fn some_move(job: u64) -> RuntimeCall {
    let seat = pallet_referee::types::Seat {
        job,
        challenge: 0,
        trace: 0,
    };
    pallet_referee::Call::reveal_leaf {
        seat,
        bytes: Default::default(),
    }
    .into()
}

/// A case of the job whose game waits for Bob to reveal nodes.
fn begin_game(job: u64) {
    use aipg_referee_game::{Case, Windows};
    use pallet_referee::{types::*, Cases, Challenges, Games, Traces};
    let windows = Windows {
        challenge: 15,
        clock: 30,
    };
    let record = CaseRecord {
        case: Case::new(0, windows),
        worker: account(Bob),
        phase: Phase::Live,
        flawed: false,
        proven: false,
        challenges: 1,
        traces: 1,
        lost_traces: 0,
        due: 15,
    };
    Cases::<Runtime>::insert(job, record);
    let challenge = Challenge {
        account: account(Alice),
        bond: 0,
        commitment: Hash::zero(),
        made_in: 1,
        since: 0,
        root: None,
        original: false,
        lives: true,
    };
    Challenges::<Runtime>::insert(job, 0, challenge);
    let trace = Trace {
        account: account(Bob),
        bond: 0,
        root: Hash::zero(),
        since: 0,
        lives: true,
    };
    Traces::<Runtime>::insert(job, 0, trace);
    let node = aipg_exact::trace::Node {
        tensor: aipg_exact::trace::Tensor::Embedded,
        level: 0,
        index: 0,
        hash: [0; 32],
    };
    let game = GameRecord::new(0, 30);
    let stage = aipg_referee_game::Stage::Leaf(node.into());
    Games::<Runtime>::insert(job, (0, 0), GameRecord { stage, ..game });
}

#[test]
fn operational_transactions_should_be_refused_but_from_those_for_whom_they_are() {
    let refused = Err(TransactionValidityError::Invalid(
        InvalidTransaction::Custom(NOT_ENTITLED),
    ));
    let sudo = |call| -> RuntimeCall {
        pallet_sudo::Call::sudo {
            call: Box::new(call),
        }
        .into()
    };
    let batch = |calls| -> RuntimeCall { pallet_utility::Call::batch_all { calls }.into() };
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        System::initialize(&2, &Hash::default(), &Default::default());
        begin_game(7);
        let nonce = System::account_nonce(account(Bob));
        for call in [
            set_heap_pages(),
            sudo(set_heap_pages()),
            some_move(8),
            batch(vec![some_move(7), some_move(7)]),
            frame_system::Call::apply_authorized_upgrade { code: vec![] }.into(),
        ] {
            assert_eq!(send(Bob, call.clone()), refused, "{call:?}");
        }
        assert_eq!(System::account_nonce(account(Bob)), nonce, "they are free");
        assert_eq!(send(Charlie, some_move(7)), refused, "it is not Charlie's");

        // It is Bob's move: it is taken, and fails for what it says.
        assert!(matches!(send(Bob, some_move(7)), Ok(Err(_))));
        // Among other calls a move uses the part of the block that is everybody's.
        let mixed = batch(vec![remark(), some_move(8)]);
        assert!(matches!(send(Bob, mixed), Ok(Err(_))));
        assert_eq!(send(Alice, sudo(set_heap_pages())), Ok(Ok(())));
        let authorize = frame_system::Call::authorize_upgrade {
            code_hash: Hash::repeat_byte(1),
        };
        assert_eq!(send(Alice, sudo(authorize.into())), Ok(Ok(())));
        let apply = frame_system::Call::apply_authorized_upgrade { code: vec![] };
        assert!(matches!(send(Bob, apply.into()), Ok(Err(_))));
    });
}

#[test]
fn the_check_of_operational_transactions_should_weigh_on_these_alone() {
    let weight = |call| TransactionExtension::<RuntimeCall>::weight(&CheckOperational, &call);
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        assert_eq!(weight(remark()), Default::default());
        let turn = <Runtime as pallet_referee::Config>::WeightInfo::is_on_turn();
        assert_eq!(weight(some_move(7)), turn);
        assert_eq!(weight(set_heap_pages()), turn);
    });
}
