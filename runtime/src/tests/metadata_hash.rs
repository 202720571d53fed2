//! The hash of the metadata in a published build: what a wallet computes from the metadata that the
//! chain serves is what the runtime compares with.
//!
//! Only the blob knows the hash, so it is the blob that runs here, as in a node.

use super::{extensions::transaction, *};
use codec::{Decode, Encode};
use configs::system::SS58_PREFIX;
use merkleized_metadata::{generate_metadata_digest, ExtraInfo};
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::{SubstrateHostFunctions, TestExternalities};
use sp_keyring::Sr25519Keyring::Bob;
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
};

type MetadataHash = [u8; 32];

/// The blob of this build in an executor, which compiles it once.
struct Blob(WasmExecutor<SubstrateHostFunctions>);

impl Blob {
    fn load() -> Self {
        Self(WasmExecutor::builder().build())
    }

    /// Calls a runtime API on a state and decodes what it returns.
    fn call<T: Decode>(
        &self,
        state: &mut TestExternalities,
        api: &str,
        arguments: impl Encode,
    ) -> T {
        let blob = WASM_BINARY.expect("SKIP_WASM_BUILD is not set");
        let code = RuntimeCode {
            code_fetcher: &WrappedRuntimeCode(blob.into()),
            heap_pages: None,
            hash: b"the blob of this build".to_vec(),
        };
        let (returned, _) = self.0.call(
            &mut state.ext(),
            &code,
            api,
            &arguments.encode(),
            CallContext::Offchain,
        );
        T::decode(&mut &returned.expect("the blob runs")[..]).expect("the API returns this type")
    }

    /// The hash as a wallet computes it, by RFC 78 from version 15 of the metadata.
    fn hash_of_metadata(&self, state: &mut TestExternalities) -> MetadataHash {
        let bytes: Option<Vec<u8>> = self.call(state, "Metadata_metadata_at_version", 15u32);
        let bytes = bytes.expect("version 15 is served");
        let (_magic, metadata): (u32, _) = Decode::decode(&mut &bytes[..]).expect("it decodes");
        let extra = ExtraInfo {
            spec_version: VERSION.spec_version,
            spec_name: VERSION.spec_name.into(),
            base58_prefix: SS58_PREFIX,
            decimals: 18,
            token_symbol: "AIPG".into(),
        };
        generate_metadata_digest(&metadata, extra)
            .expect("the metadata can be hashed")
            .hash()
    }

    /// What the pool is told about a transaction that was signed with this hash, or without one.
    fn validate(
        &self,
        state: &mut TestExternalities,
        hash: Option<MetadataHash>,
    ) -> TransactionValidity {
        let (signed, parent) = state.execute_with(|| {
            let remark = frame_system::Call::remark { remark: vec![] };
            (
                transaction(Bob, remark.into(), 0, hash),
                System::block_hash(0),
            )
        });
        self.call(
            state,
            "TaggedTransactionQueue_validate_transaction",
            (TransactionSource::External, signed, parent),
        )
    }
}

#[test]
fn transaction_should_be_valid_only_when_its_metadata_hash_is_the_blobs() {
    let blob = Blob::load();
    let mut hashes = Vec::new();
    for name in PRESETS {
        let mut state = genesis_state(name);
        let hash = blob.hash_of_metadata(&mut state);
        let valid = blob.validate(&mut state, Some(hash));
        assert!(valid.is_ok(), "{name}: {valid:?}");
        for bit in [0, 255] {
            let mut wrong = hash;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                blob.validate(&mut state, Some(wrong)),
                Err(TransactionValidityError::Invalid(
                    InvalidTransaction::BadProof
                )),
                "{name}"
            );
        }
        assert!(blob.validate(&mut state, None).is_ok(), "{name}");
        hashes.push(hash);
    }
    // One binary for every preset: what genesis fixes is in the metadata's constants, which the
    // hash leaves out.
    hashes.dedup();
    assert_eq!(hashes.len(), 1);
}
