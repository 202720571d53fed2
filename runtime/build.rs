//! Builds the WASM blob of the runtime beside the native library.

#[cfg(all(feature = "std", not(feature = "metadata-hash")))]
fn main() {
    substrate_wasm_builder::WasmBuilder::build_using_defaults();
}

/// A published build: the blob knows the hash of its metadata, token symbol and decimals included.
#[cfg(all(feature = "std", feature = "metadata-hash"))]
fn main() {
    substrate_wasm_builder::WasmBuilder::init_with_defaults()
        .enable_metadata_hash("AIPG", 18)
        .build();
}

#[cfg(not(feature = "std"))]
fn main() {}
