//! What a transaction carries besides its call.

use super::*;
use codec::{Decode, Encode};
use frame_metadata_hash_extension::CheckMetadataHash;
use sp_keyring::Sr25519Keyring::Bob;
use sp_runtime::{
    generic::{Era, SignedPayload},
    traits::TransactionExtension,
    transaction_validity::{TransactionValidityError, UnknownTransaction},
};

fn extension(nonce: Nonce, tip: Balance, metadata_hash: CheckMetadataHash<Runtime>) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
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
