//! The runtime blob, and the states that its benchmarks run on.

use anyhow::{anyhow, Context, Result};
use codec::Decode;
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_client_db::BenchmarkingState;
use sc_executor::WasmExecutor;
use sp_core::{
    offchain::{testing::TestOffchainExt, OffchainDbExt, OffchainWorkerExt},
    storage::{well_known_keys::CODE, Storage},
    traits::{CallContext, ReadRuntimeVersionExt, RuntimeCode, WrappedRuntimeCode},
};
use sp_externalities::Extensions;
use sp_io::hashing::blake2_256;
use sp_keystore::{testing::MemoryKeystore, KeystoreExt};
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{OverlayedChanges, StateMachine};
use std::{borrow::Cow, fs, path::Path};

/// The preset whose state every run begins with.
const PRESET: &str = "development";

/// What a blob with benchmarks may call of the host: what every runtime may, clock and counters.
type HostFunctions = (
    sp_io::SubstrateHostFunctions,
    frame_benchmarking::benchmarking::HostFunctions,
);

/// A state in memory that begins anew with every run.
pub type State = BenchmarkingState<BlakeTwo256>;

/// A runtime, compiled for this machine as the node compiles it.
pub struct Blob {
    code: Vec<u8>,
    hash: Vec<u8>,
    executor: WasmExecutor<HostFunctions>,
}

impl Blob {
    /// Reads the blob from a file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        let code =
            fs::read(path).with_context(|| format!("cannot read the blob {}", path.display()))?;
        Ok(Self {
            hash: blake2_256(&code).to_vec(),
            code,
            executor: WasmExecutor::builder().build(),
        })
    }

    /// The genesis state of the preset, with this blob as its code.
    ///
    /// # Errors
    /// The runtime has no such preset, or refuses to build it.
    pub fn genesis(&self) -> Result<Storage> {
        let caller = GenesisConfigBuilderRuntimeCaller::<HostFunctions>::new(&self.code);
        let mut genesis = caller
            .get_storage_for_named_preset(Some(&PRESET.into()))
            .map_err(|error| anyhow!("no genesis state: {error}"))?;
        genesis.top.insert(CODE.to_vec(), self.code.clone());
        Ok(genesis)
    }

    /// Calls a runtime API and decodes what it returns.
    ///
    /// # Errors
    /// The runtime has no such method, panics in it, or returns another type.
    pub fn call<R: Decode>(&self, state: &State, method: &str, arguments: &[u8]) -> Result<R> {
        let code = WrappedRuntimeCode(Cow::Borrowed(self.code.as_slice()));
        let runtime = RuntimeCode {
            code_fetcher: &code,
            heap_pages: None,
            hash: self.hash.clone(),
        };
        let returned = StateMachine::new(
            state,
            &mut OverlayedChanges::default(),
            &self.executor,
            method,
            arguments,
            &mut self.extensions(),
            &runtime,
            CallContext::Offchain,
        )
        .execute()
        .map_err(|error| anyhow!("{method} failed: {error}"))?;
        R::decode(&mut returned.as_slice())
            .map_err(|error| anyhow!("{method} returned something else: {error}"))
    }

    /// What benchmarks of FRAME ask of the node besides storage.
    fn extensions(&self) -> Extensions {
        let (offchain, _) = TestOffchainExt::new();
        let mut extensions = Extensions::default();
        extensions.register(KeystoreExt::new(MemoryKeystore::new()));
        extensions.register(OffchainDbExt::new(offchain.clone()));
        extensions.register(OffchainWorkerExt::new(offchain));
        extensions.register(ReadRuntimeVersionExt::new(self.executor.clone()));
        extensions
    }
}
