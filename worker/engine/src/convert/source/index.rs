//! A directory with one safetensors file, or with shards and an index of them.

use super::{open, safetensors_file, Checkpoint};
use crate::convert::ConvertError;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path},
};

/// Name of a checkpoint in one file.
const SINGLE: &str = "model.safetensors";

/// Name of the index of shards.
const INDEX: &str = "model.safetensors.index.json";

/// Largest index that is read. That of a model with 100,000 tensors has some 10 MB.
const LARGEST_INDEX: u64 = 64 << 20;

#[derive(Deserialize)]
struct Index {
    /// The shard of each tensor.
    weight_map: BTreeMap<String, String>,
}

/// The checkpoint in a directory.
pub(super) fn read(directory: &Path) -> Result<Checkpoint, ConvertError> {
    let single = directory.join(SINGLE);
    if single.is_file() {
        return Checkpoint::from_file(&single);
    }
    let path = directory.join(INDEX);
    if !path.is_file() {
        return Err(ConvertError::NoCheckpoint(directory.display().to_string()));
    }
    let index = parse(&path)?;
    let mut checkpoint = Checkpoint::default();
    let shards: BTreeSet<&String> = index.weight_map.values().collect();
    // All names before any file is opened.
    for &shard in &shards {
        if !is_plain(shard) {
            return Err(ConvertError::BadShardName(shard.clone()));
        }
        if !directory.join(shard).is_file() {
            return Err(ConvertError::MissingShard(shard.clone()));
        }
    }
    for shard in shards {
        let mut tensors = Checkpoint::default();
        safetensors_file::read(shard, open(&directory.join(shard))?, &mut tensors)?;
        for (name, place) in tensors.places {
            match index.weight_map.get(&name) {
                Some(file) if file == shard => checkpoint.insert(name, place)?,
                elsewhere => {
                    return Err(ConvertError::MisplacedTensor {
                        name,
                        shard: shard.clone(),
                        index: elsewhere.cloned().unwrap_or_else(|| "no shard".into()),
                    })
                }
            }
        }
    }
    match index
        .weight_map
        .into_keys()
        .find(|name| !checkpoint.has(name))
    {
        Some(missing) => Err(ConvertError::MissingTensor(missing)),
        None => Ok(checkpoint),
    }
}

fn parse(path: &Path) -> Result<Index, ConvertError> {
    let unreadable = |error| ConvertError::Unreadable {
        file: path.display().to_string(),
        error,
    };
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > LARGEST_INDEX {
        return Err(ConvertError::Index(format!("it has {length} bytes")));
    }
    let json = fs::read(path).map_err(unreadable)?;
    serde_json::from_slice(&json).map_err(|error| ConvertError::Index(error.to_string()))
}

/// Whether a name is that of a file beside the index, and nowhere else.
fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let first = components.next();
    // A backslash separates on other systems.
    matches!(first, Some(Component::Normal(part)) if part == name)
        && components.next().is_none()
        && !name.contains(['\\', '\0'])
        && name.ends_with(".safetensors")
}

#[cfg(test)]
mod tests {
    use super::is_plain;

    #[test]
    fn names_should_be_plain() {
        assert!(is_plain("model-00001-of-00002.safetensors"));
        for name in [
            "../model.safetensors",
            "/etc/model.safetensors",
            "a/model.safetensors",
            "./model.safetensors",
            "model.safetensors/",
            "a\\model.safetensors",
            "..",
            "",
            "model.bin",
            "model\0.safetensors",
        ] {
            assert!(!is_plain(name), "{name}");
        }
    }
}
