//! Builds the blob beside the native library, as the runtime's is built.

#[cfg(feature = "std")]
fn main() {
    substrate_wasm_builder::WasmBuilder::init_with_defaults()
        // Nothing here is a runtime but its executor.
        .disable_runtime_version_section_check()
        .build();
}

#[cfg(not(feature = "std"))]
fn main() {}
