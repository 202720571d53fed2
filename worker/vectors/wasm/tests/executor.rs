//! The blob in the executor of the node, with the node's host functions, as the runtime runs.

use aipg_vectors::{answer_digest, binary, digest, Vector};
use aipg_vectors_wasm::WASM_BINARY;
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode};
use sp_io::SubstrateHostFunctions;
use sp_state_machine::BasicExternalities;
use std::time::Instant;

const VECTORS: &[u8] = include_bytes!("../../../../docs/spec/vectors.bin");

struct Blake2b256;

impl aipg_exact::Hasher256 for Blake2b256 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        sp_io::hashing::blake2_256(&parts.concat())
    }
}

/// The blob, which the executor compiles once.
struct Blob {
    code: &'static [u8],
    executor: WasmExecutor<SubstrateHostFunctions>,
}

impl Blob {
    /// `None` in builds without blobs (`SKIP_WASM_BUILD`), where there is nothing to ask.
    fn load() -> Option<Self> {
        let Some(code) = WASM_BINARY else {
            eprintln!("no blob in this build: nothing was asked");
            return None;
        };
        let executor = WasmExecutor::builder().build();
        Some(Self { code, executor })
    }

    fn call(&self, function: &str, input: &[u8]) -> Result<Vec<u8>, String> {
        let code = RuntimeCode {
            code_fetcher: &WrappedRuntimeCode(self.code.into()),
            heap_pages: None,
            hash: b"the blob of this build".to_vec(),
        };
        let mut state = BasicExternalities::default();
        let (returned, _) = self.executor.call(
            &mut state,
            &code,
            function,
            input,
            CallContext::Onchain { import: false },
        );
        returned.map_err(|error| error.to_string())
    }

    fn digests(&self, vectors: &[Vector]) -> Result<Vec<[u8; 32]>, String> {
        let file = binary::encode::<Blake2b256>(vectors);
        let digests = self.call("answer_digests", &file)?;
        Ok(digests.as_chunks().0.to_vec())
    }

    /// The sum over `rounds` tiles of products.
    fn inner_products(&self, kind: u8, rounds: u32) -> Vec<u8> {
        let request = [&[kind][..], &rounds.to_le_bytes()].concat();
        self.call("inner_products", &request).unwrap()
    }

    /// The shortest time of a call in microseconds: calls are short, so that other programs do not come between.
    fn shortest(&self, kind: u8, rounds: u32) -> f64 {
        let times = (0..500).map(|_| {
            let start = Instant::now();
            self.inner_products(kind, rounds);
            start.elapsed().as_secs_f64() * 1e6
        });
        times.fold(f64::INFINITY, f64::min)
    }
}

const DOT: u8 = 0;
const TILE: u8 = 1;

#[test]
fn blob_should_answer_every_vector_when_asked_in_the_executor() {
    let Some(blob) = Blob::load() else { return };
    let vectors = binary::decode::<Blake2b256>(VECTORS).unwrap();
    let digests = blob.digests(&vectors).unwrap();
    assert_eq!(digests.len(), vectors.len());
    for (number, (vector, found)) in vectors.iter().zip(&digests).enumerate() {
        let recorded = answer_digest::<Blake2b256>(&vector.outputs);
        assert_eq!(*found, recorded, "vector {number}, {}", vector.operation);
    }
    assert!(VECTORS.ends_with(&digest::<Blake2b256>(&digests)));
}

#[test]
fn blob_should_refuse_by_name_what_has_no_answer() {
    let Some(blob) = Blob::load() else { return };
    let mut vectors = binary::decode::<Blake2b256>(VECTORS).unwrap();
    vectors.truncate(1);
    vectors[0].inputs.clear();
    let error = blob.digests(&vectors).unwrap_err();
    assert!(error.contains("rsh: BadInputs: x is missing"), "{error}");
    let error = blob.call("answer_digests", b"nonsense").unwrap_err();
    assert!(error.contains("BadMagic"), "{error}");
}

#[test]
fn tile_should_equal_the_inner_products_when_compiled_for_the_executor() {
    let Some(blob) = Blob::load() else { return };
    assert_eq!(blob.inner_products(DOT, 3), blob.inner_products(TILE, 3));
    assert_ne!(blob.inner_products(DOT, 1), [0; 4]);
}

/// The figures of docs/engine.md.
#[test]
#[ignore = "measures, and asserts nothing"]
fn inner_products_should_be_measured_in_the_executor() {
    let Some(blob) = Blob::load() else { return };
    const ROUNDS: u32 = 50;
    for (name, kind) in [("dot", DOT), ("tile", TILE)] {
        let time = (blob.shortest(kind, ROUNDS) - blob.shortest(kind, 0)) / f64::from(ROUNDS);
        println!("{name:>4}: {time:.1} us for 16 x 16 products of 256 elements");
    }
}
