//! The models that this machine serves.

use crate::{
    config::ModelSetting,
    memory::{ModelsDoNotFit, Room},
    verified::{Loaded, Verified},
};
use aipg_client::{Amount, ChainError, Hash, ModelTerms, State};
use aipg_engine::{memory::read_header, Model, ModelError};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use thiserror::Error;

/// A verified model in memory.
#[derive(Clone)]
pub struct Served {
    pub model: Arc<Model>,
    pub path: PathBuf,
    /// Price of a unit, if the settings name one.
    pub ask: Option<Amount>,
}

/// Models by root, in the order of their roots.
pub type Models = BTreeMap<Hash, Served>;

/// Why a model cannot be served.
#[derive(Debug, Error)]
pub enum ModelsError {
    #[error("cannot load {path}: {error}", path = .path.display())]
    Load { path: PathBuf, error: ModelError },
    #[error(transparent)]
    DoNotFit(#[from] ModelsDoNotFit),
    #[error("`{text}` is no model root: 0x and 64 hexadecimal digits")]
    BadRoot { text: String },
    #[error("ModelRootMismatch: {path} is model {found}, the settings want {expected}", path = .path.display())]
    ModelRootMismatch {
        path: PathBuf,
        expected: Hash,
        found: Hash,
    },
    #[error("{first} and {second} are the same model {root}", first = .first.display(), second = .second.display())]
    Twice {
        root: Hash,
        first: PathBuf,
        second: PathBuf,
    },
    #[error("ModelNotRegistered: the chain does not know model {root} ({path}); its creator registers it with modelRegistry.register", path = .path.display())]
    ModelNotRegistered { root: Hash, path: PathBuf },
    #[error("the ask of {path}, {ask}, is under the model's price floor of {floor} per unit", path = .path.display())]
    AskUnderFloor {
        path: PathBuf,
        ask: Amount,
        floor: Amount,
    },
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Loads model files. Loading recomputes every commitment of a file, so a changed byte is named
/// here and not by a failed job. Nothing is loaded if not everything fits `room`.
pub fn load(
    settings: &[ModelSetting],
    default_ask: Option<Amount>,
    room: Room,
) -> Result<Models, ModelsError> {
    load_known(settings, default_ask, room, &mut Verified::nowhere())
}

/// [`load`] that goes by what was verified before, as far as the settings want that.
pub fn load_known(
    settings: &[ModelSetting],
    default_ask: Option<Amount>,
    room: Room,
    verified: &mut Verified,
) -> Result<Models, ModelsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |error| ModelsError::Load { path, error }
    };
    let mut headers = Vec::with_capacity(settings.len());
    for ModelSetting { path, .. } in settings {
        headers.push((path.as_path(), read_header(path).map_err(failed(path))?));
    }
    room.check(&headers)?;
    let mut models = Models::new();
    for setting in settings {
        let expected = setting.root.as_deref().map(parse_root).transpose()?;
        let path = setting.path.clone();
        let Loaded { model, was_known } = verified.load(&path).map_err(failed(&path))?;
        let root = Hash(model.root());
        check_root(&path, expected, root)?;
        let ask = setting.ask.or(default_ask);
        let kernel = model.kernel().name();
        let message = match was_known {
            false => "model loaded and verified",
            true => "model loaded; it was verified before and its file has not changed",
        };
        tracing::info!(model = %root, path = %path.display(), kernel, "{message}");
        if let Some(first) = models.get(&root) {
            return Err(ModelsError::Twice {
                root,
                first: first.path.clone(),
                second: path,
            });
        }
        models.insert(
            root,
            Served {
                model: Arc::new(model),
                path,
                ask,
            },
        );
    }
    Ok(models)
}

/// The price of a unit of each model: the settings', or else the floor that the chain keeps.
pub async fn asks(models: &Models, state: &State) -> Result<Vec<(Hash, Amount)>, ModelsError> {
    let mut asks = Vec::with_capacity(models.len());
    for (&root, served) in models {
        let terms = state.model(root).await?;
        asks.push((root, choose_ask(&served.path, root, served.ask, terms)?));
    }
    Ok(asks)
}

/// The price of a unit of a model that the chain keeps under `terms`.
fn choose_ask(
    path: &Path,
    root: Hash,
    ask: Option<Amount>,
    terms: Option<ModelTerms>,
) -> Result<Amount, ModelsError> {
    let path = path.to_owned();
    let Some(ModelTerms { price_floor: floor }) = terms else {
        return Err(ModelsError::ModelNotRegistered { root, path });
    };
    match ask {
        Some(ask) if ask < floor => Err(ModelsError::AskUnderFloor { path, ask, floor }),
        Some(ask) => Ok(ask),
        None => Ok(floor),
    }
}

fn check_root(path: &Path, expected: Option<Hash>, found: Hash) -> Result<(), ModelsError> {
    match expected {
        Some(expected) if expected != found => Err(ModelsError::ModelRootMismatch {
            path: path.to_owned(),
            expected,
            found,
        }),
        _ => Ok(()),
    }
}

/// A root as people write it.
pub fn parse_root(text: &str) -> Result<Hash, ModelsError> {
    Hash::from_hex(text).ok_or_else(|| ModelsError::BadRoot {
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLENTY: Room = Room {
        available: u64::MAX,
        runs: 1,
    };

    #[test]
    fn root_should_parse_with_and_without_prefix() {
        let digits = "ab".repeat(32);
        assert_eq!(parse_root(&digits).unwrap(), Hash([0xab; 32]));
        assert_eq!(
            parse_root(&format!("0x{digits}")).unwrap(),
            Hash([0xab; 32])
        );
        for text in ["", "0x12", "zz"] {
            assert!(matches!(parse_root(text), Err(ModelsError::BadRoot { .. })));
        }
    }

    #[test]
    fn model_should_be_refused_when_its_root_is_another() {
        let path = PathBuf::from("model.aipg");
        let (one, two) = (Hash([1; 32]), Hash([2; 32]));
        assert!(check_root(&path, None, one).is_ok());
        assert!(check_root(&path, Some(one), one).is_ok());
        let error = check_root(&path, Some(two), one).unwrap_err();
        assert!(error.to_string().starts_with("ModelRootMismatch"));
        assert!(matches!(
            error,
            ModelsError::ModelRootMismatch { expected, found, .. } if (expected, found) == (two, one)
        ));
    }

    fn ask(ask: Option<u128>, floor: Option<u128>) -> Result<Amount, ModelsError> {
        let terms = floor.map(|floor| ModelTerms {
            price_floor: Amount(floor),
        });
        choose_ask(Path::new("m.aipg"), Hash([1; 32]), ask.map(Amount), terms)
    }

    #[test]
    fn ask_should_default_to_the_floor() {
        assert_eq!(ask(None, Some(10)).unwrap(), Amount(10));
        assert_eq!(ask(Some(10), Some(10)).unwrap(), Amount(10));
        assert_eq!(ask(Some(11), Some(10)).unwrap(), Amount(11));
    }

    #[test]
    fn ask_should_be_refused_when_it_is_under_the_floor() {
        assert!(matches!(
            ask(Some(9), Some(10)),
            Err(ModelsError::AskUnderFloor {
                ask: Amount(9),
                floor: Amount(10),
                ..
            })
        ));
    }

    #[test]
    fn model_should_be_refused_when_the_chain_does_not_know_it() {
        let error = ask(Some(11), None).unwrap_err();
        assert!(error.to_string().starts_with("ModelNotRegistered"));
        assert!(matches!(
            error,
            ModelsError::ModelNotRegistered { root: Hash(root), .. } if root == [1; 32]
        ));
    }

    #[test]
    fn model_should_be_refused_when_its_file_is_missing_or_no_model() {
        let folder = tempfile::tempdir().unwrap();
        let missing = ModelSetting::of(folder.path().join("missing.aipg"), None);
        assert!(matches!(
            load(&[missing], None, PLENTY),
            Err(ModelsError::Load { .. })
        ));
        let path = folder.path().join("text.aipg");
        std::fs::write(&path, "not a model").unwrap();
        let text = ModelSetting::of(path, None);
        assert!(matches!(
            load(&[text], None, PLENTY),
            Err(ModelsError::Load { .. })
        ));
    }
}
