//! Chains that the node can join: three presets by name, any other one by its JSON file.
//!
//! A preset is only a name, an identifier and the properties wallets show; the genesis state
//! itself is built by the runtime from its own preset of the same purpose. For the public network
//! the node lays authorities and balances over it, which come from two files.

use std::path::{Path, PathBuf};

use aipg_runtime::{genesis::MAINNET_RUNTIME_PRESET, WASM_BINARY};
use sc_service::{ChainType, GenericChainSpec, NoExtension, Properties};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

use crate::genesis::{GenesisFileError, GenesisFiles};

/// The chain specification type of this node: no client-side extensions.
pub type ChainSpec = GenericChainSpec;

/// Symbol of the token, shown by wallets.
pub const TOKEN_SYMBOL: &str = "AIPG";
/// Decimal places of the token: one AIPG is 10^18 units.
pub const TOKEN_DECIMALS: u32 = 18;
/// Address prefix of the chain's accounts.
pub const SS58_FORMAT: u16 = aipg_runtime::configs::system::SS58_PREFIX;
/// Prefix of the network protocol names, so that nodes of other chains are not talked to.
const PROTOCOL_ID: &str = "aipg";

/// Why a chain specification could not be had.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ChainSpecError {
    /// The name is no preset and does not look like a file.
    #[error(
        "UnknownChain: there is no chain `{name}`; use `dev`, `local`, `mainnet` or the path of a \
         chain specification in JSON"
    )]
    UnknownChain {
        /// What was given to `--chain`.
        name: String,
    },
    /// The name looks like a file, and there is none.
    #[error("ChainSpecNotFound: there is no chain specification file `{}`", path.display())]
    FileNotFound {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file is no chain specification.
    #[error("InvalidChainSpec: `{}` is not a chain specification: {reason}", path.display())]
    InvalidFile {
        /// The file that was read.
        path: PathBuf,
        /// What the parser says about it.
        reason: String,
    },
    /// The binary was compiled without the runtime blob that every preset starts from.
    #[error(
        "RuntimeBlobMissing: this binary was built with SKIP_WASM_BUILD and has no runtime; \
         build it again without that variable"
    )]
    RuntimeBlobMissing,
    /// The files of the public network's genesis are missing, wrong or not wanted.
    #[error(transparent)]
    GenesisFiles(#[from] GenesisFileError),
}

/// A chain that the binary knows by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    /// One author (Alice) and funded development accounts, for a single machine.
    Dev,
    /// Four authorities (Alice, Bob, Charlie, Dave), for a local network of several nodes.
    Local,
    /// The public network: authorities and balances come from files.
    Mainnet,
}

impl Preset {
    /// The preset called `name` on the command line. No name at all means the local network: it
    /// is what `key` subcommands get when no chain is given.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "dev" => Some(Self::Dev),
            "local" | "" => Some(Self::Local),
            "mainnet" => Some(Self::Mainnet),
            _ => None,
        }
    }

    /// Identifier of the chain; also the name of its folder under `<base path>/chains`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Dev => "aipg-dev",
            Self::Local => "aipg-local",
            Self::Mainnet => "aipg-mainnet",
        }
    }

    /// Human-readable name of the chain.
    pub fn title(self) -> &'static str {
        match self {
            Self::Dev => "AI Power Grid Development",
            Self::Local => "AI Power Grid Local Testnet",
            Self::Mainnet => "AI Power Grid",
        }
    }

    /// Name of the runtime's genesis preset that holds the chain's state.
    pub fn runtime_preset(self) -> &'static str {
        match self {
            Self::Dev => DEV_RUNTIME_PRESET,
            Self::Local => LOCAL_TESTNET_RUNTIME_PRESET,
            Self::Mainnet => MAINNET_RUNTIME_PRESET,
        }
    }

    fn chain_type(self) -> ChainType {
        match self {
            Self::Dev => ChainType::Development,
            Self::Local => ChainType::Local,
            Self::Mainnet => ChainType::Live,
        }
    }

    /// Builds the chain specification around the runtime blob `code`, with `patch` over the
    /// runtime's preset.
    pub fn build(self, code: &[u8], patch: serde_json::Value) -> ChainSpec {
        ChainSpec::builder(code, NoExtension::None)
            .with_name(self.title())
            .with_id(self.id())
            .with_chain_type(self.chain_type())
            .with_protocol_id(PROTOCOL_ID)
            .with_properties(properties())
            .with_genesis_config_preset_name(self.runtime_preset())
            .with_genesis_config_patch(patch)
            .build()
    }
}

/// A patch that changes nothing.
fn no_patch() -> serde_json::Value {
    serde_json::Value::Object(serde_json::Map::new())
}

/// What wallets and explorers read from `system_properties`.
pub fn properties() -> Properties {
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), TOKEN_SYMBOL.into());
    properties.insert("tokenDecimals".into(), TOKEN_DECIMALS.into());
    properties.insert("ss58Format".into(), SS58_FORMAT.into());
    properties
}

/// The chain called `name`: a preset, or else a chain specification file. `files` are the public
/// network's, and only its.
///
/// Errors: every variant of [`ChainSpecError`].
pub fn load(name: &str, files: &GenesisFiles) -> Result<ChainSpec, ChainSpecError> {
    let preset = Preset::from_name(name);
    if files.any() && preset != Some(Preset::Mainnet) {
        let chain = if name.is_empty() { "local" } else { name }.into();
        return Err(GenesisFileError::NotUsed { chain }.into());
    }
    let Some(preset) = preset else {
        return load_file(Path::new(name));
    };
    let patch = match preset {
        Preset::Mainnet => files.read()?.into_patch(),
        Preset::Dev | Preset::Local => no_patch(),
    };
    let code = WASM_BINARY.ok_or(ChainSpecError::RuntimeBlobMissing)?;
    Ok(preset.build(code, patch))
}

/// The chain called `name` for those who ask which one it is and not how it begins: its genesis is
/// not looked at, so the public network's files are not needed.
///
/// Errors: those of a chain specification file.
pub fn identify(name: &str) -> Result<ChainSpec, ChainSpecError> {
    match Preset::from_name(name) {
        Some(preset) => Ok(preset.build(&[], no_patch())),
        None => load_file(Path::new(name)),
    }
}

fn load_file(path: &Path) -> Result<ChainSpec, ChainSpecError> {
    if !path.is_file() {
        let looks_like_a_file =
            path.components().count() > 1 || path.extension().is_some_and(|end| end == "json");
        return Err(if looks_like_a_file {
            ChainSpecError::FileNotFound { path: path.into() }
        } else {
            ChainSpecError::UnknownChain {
                name: path.display().to_string(),
            }
        });
    }
    ChainSpec::from_json_file(path.into()).map_err(|reason| ChainSpecError::InvalidFile {
        path: path.into(),
        reason,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sc_service::ChainSpec as _;
    use sp_runtime::BuildStorage;

    fn open(name: &str) -> Result<ChainSpec, ChainSpecError> {
        load(name, &GenesisFiles::default())
    }

    #[test]
    fn preset_should_be_found_when_its_name_is_given() {
        assert_eq!(Preset::from_name("dev"), Some(Preset::Dev));
        assert_eq!(Preset::from_name("local"), Some(Preset::Local));
        assert_eq!(Preset::from_name(""), Some(Preset::Local));
        assert_eq!(Preset::from_name("mainnet"), Some(Preset::Mainnet));
        assert_eq!(Preset::from_name("Dev"), None);
        assert_eq!(Preset::from_name("development"), None);
    }

    #[test]
    fn preset_should_name_the_runtime_preset_of_the_same_purpose() {
        assert_eq!(Preset::Dev.runtime_preset(), "development");
        assert_eq!(Preset::Local.runtime_preset(), "local_testnet");
        assert_eq!(Preset::Mainnet.runtime_preset(), "mainnet");
    }

    #[test]
    fn specification_should_carry_identity_and_token_when_built_from_a_preset() {
        for (preset, id, chain_type) in [
            (Preset::Dev, "aipg-dev", ChainType::Development),
            (Preset::Local, "aipg-local", ChainType::Local),
            (Preset::Mainnet, "aipg-mainnet", ChainType::Live),
        ] {
            let spec = preset.build(b"code", no_patch());
            assert_eq!(spec.id(), id);
            assert_eq!(spec.chain_type(), chain_type);
            assert_eq!(spec.protocol_id(), Some("aipg"));
            assert_eq!(spec.properties()["tokenSymbol"], "AIPG");
            assert_eq!(spec.properties()["tokenDecimals"], 18);
            assert_eq!(spec.properties()["ss58Format"], 2686);
        }
    }

    #[test]
    fn genesis_should_be_built_by_the_runtime_when_the_blob_is_there() {
        for name in ["dev", "local"] {
            match WASM_BINARY {
                Some(_) => {
                    let storage = open(name).unwrap().build_storage().unwrap();
                    assert!(storage
                        .top
                        .contains_key(sp_core::storage::well_known_keys::CODE));
                }
                None => assert_eq!(open(name).err(), Some(ChainSpecError::RuntimeBlobMissing)),
            }
        }
    }

    #[test]
    fn load_should_name_the_chain_when_it_is_unknown() {
        let error = open("testnet").err().unwrap();
        assert_eq!(
            error,
            ChainSpecError::UnknownChain {
                name: "testnet".into()
            }
        );
        assert!(error
            .to_string()
            .starts_with("UnknownChain: there is no chain `testnet`"));
    }

    #[test]
    fn load_should_name_the_file_when_it_is_missing() {
        for path in ["missing.json", "some/folder/specification"] {
            let error = open(path).err().unwrap();
            assert_eq!(error, ChainSpecError::FileNotFound { path: path.into() });
            assert!(error.to_string().starts_with("ChainSpecNotFound"));
        }
    }

    #[test]
    fn load_should_name_the_file_when_it_is_no_specification() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        std::fs::write(&path, "{\"name\": 1}").unwrap();
        let error = open(path.to_str().unwrap()).err().unwrap();
        assert!(
            matches!(&error, ChainSpecError::InvalidFile { path: named, .. } if *named == path)
        );
        assert!(error.to_string().starts_with("InvalidChainSpec"));
    }

    #[test]
    fn load_should_read_a_specification_when_its_file_is_given() {
        // A raw genesis needs no runtime blob, so this holds for every build of the node.
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chain.json");
        let json = serde_json::json!({
            "name": "Somebody's Chain",
            "id": "somebody",
            "chainType": "Live",
            "bootNodes": [],
            "telemetryEndpoints": null,
            "protocolId": "aipg",
            "properties": properties(),
            "codeSubstitutes": {},
            "genesis": { "raw": { "top": {}, "childrenDefault": {} } },
        });
        std::fs::write(&path, json.to_string()).unwrap();
        let spec = open(path.to_str().unwrap()).unwrap();
        assert_eq!(spec.id(), "somebody");
        assert_eq!(spec.properties()["tokenSymbol"], "AIPG");
    }

    #[test]
    fn mainnet_should_not_load_without_its_files_but_can_be_identified() {
        assert_eq!(
            open("mainnet").err(),
            Some(ChainSpecError::GenesisFiles(GenesisFileError::Missing))
        );
        for (name, id) in [
            ("dev", "aipg-dev"),
            ("", "aipg-local"),
            ("mainnet", "aipg-mainnet"),
        ] {
            assert_eq!(identify(name).unwrap().id(), id);
        }
        assert!(matches!(
            identify("testnet"),
            Err(ChainSpecError::UnknownChain { .. })
        ));
    }

    #[test]
    fn files_should_be_refused_when_the_chain_has_a_genesis_of_its_own() {
        let files = GenesisFiles {
            genesis_authorities: None,
            genesis_balances: Some("balances.csv".into()),
        };
        for (name, named) in [
            ("dev", "dev"),
            ("local", "local"),
            ("", "local"),
            ("chain.json", "chain.json"),
        ] {
            let error = load(name, &files).err().unwrap();
            let chain = named.into();
            let expected = GenesisFileError::NotUsed { chain };
            assert_eq!(error, ChainSpecError::GenesisFiles(expected));
            assert!(error.to_string().starts_with("GenesisFilesNotUsed: "));
        }
    }
}
