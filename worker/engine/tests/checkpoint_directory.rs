//! Checkpoints in directories: one file, or shards and their index.

mod common;

use aipg_engine::convert::{self, convert, ConvertError, ConvertInput, HadamardChoice};
use common::{Checkpoint, SHAPE};
use serde_json::{json, Value};
use std::{fs, path::Path};

const SHARDS: [&str; 2] = [
    "model-00001-of-00002.safetensors",
    "model-00002-of-00002.safetensors",
];
const INDEX: &str = "model.safetensors.index.json";

/// Writes every other tensor into the second shard, and the index.
fn write_shards(checkpoint: &Checkpoint, folder: &Path) {
    let mut shards = [checkpoint.clone(), checkpoint.clone()];
    let mut weight_map = serde_json::Map::new();
    for (index, name) in checkpoint.tensors.keys().enumerate() {
        shards[1 - index % 2].tensors.remove(name);
        weight_map.insert(name.clone(), SHARDS[index % 2].into());
    }
    for (shard, name) in shards.iter().zip(SHARDS) {
        fs::write(folder.join(name), shard.bytes()).unwrap();
    }
    write_index(folder, weight_map.into());
}

fn write_index(folder: &Path, weight_map: Value) {
    let index = json!({"metadata": {"total_size": 1}, "weight_map": weight_map});
    fs::write(folder.join(INDEX), index.to_string()).unwrap();
}

fn read_index(folder: &Path) -> Value {
    let index: Value = serde_json::from_slice(&fs::read(folder.join(INDEX)).unwrap()).unwrap();
    index["weight_map"].clone()
}

#[test]
fn model_should_be_the_same_when_its_checkpoint_is_in_shards() {
    let checkpoint = Checkpoint::random(SHAPE, 1);
    let expected = convert(&checkpoint.input(HadamardChoice::default())).unwrap();
    let from = |folder: &Path| {
        let input = ConvertInput {
            checkpoint: convert::Checkpoint::from_directory(folder).unwrap(),
            ..checkpoint.input(HadamardChoice::default())
        };
        convert(&input).unwrap().bytes
    };
    let folder = tempfile::tempdir().unwrap();
    write_shards(&checkpoint, folder.path());
    assert!(from(folder.path()) == expected.bytes);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("model.safetensors"), checkpoint.bytes()).unwrap();
    assert!(from(folder.path()) == expected.bytes);
}

#[test]
fn progress_should_reach_the_end_of_each_stage_and_the_file_be_the_same() {
    use convert::{convert_to_file, Stage};
    let input = ConvertInput {
        measured_tokens: 20,
        ..Checkpoint::random(SHAPE, 1).input(HadamardChoice::default())
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.aipg");
    let mut heard = Vec::new();
    let (header, quality) = convert_to_file(&input, &path, &mut |step| heard.push(step)).unwrap();
    for (stage, total) in [
        (Stage::Weights, 2 * 7 + 2),
        (Stage::Calibration, 2),
        (Stage::Reference, 2),
    ] {
        let steps: Vec<usize> = heard
            .iter()
            .filter(|step| step.stage == stage && step.total == total)
            .map(|step| step.done)
            .collect();
        assert_eq!(steps, (1..=total).collect::<Vec<_>>(), "{stage:?}");
    }
    let quality = quality.unwrap();
    assert_eq!(quality.tokens, 19);
    assert!(
        quality.divergence < 0.01 && quality.agreement > 0.8,
        "{quality:?}"
    );
    let converted = convert(&input).unwrap();
    assert_eq!(converted.header, header);
    assert!(fs::read(&path).unwrap() == converted.bytes);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing else is left"
    );
    let error = convert_to_file(&input, &folder.path().join("none/model.aipg"), &mut |_| ());
    assert!(matches!(error, Err(ConvertError::Io(_))));
}

/// The error of a directory of shards that was changed.
fn refused(change: impl FnOnce(&Path)) -> ConvertError {
    let folder = tempfile::tempdir().unwrap();
    write_shards(&Checkpoint::random([32, 1, 2, 1, 16, 32], 1), folder.path());
    change(folder.path());
    convert::Checkpoint::from_directory(folder.path()).unwrap_err()
}

#[test]
fn directory_should_be_refused_when_shards_and_index_disagree() {
    let moved = "embedding.weight";
    let error = refused(|folder| fs::remove_file(folder.join(SHARDS[1])).unwrap());
    assert!(matches!(error, ConvertError::MissingShard(name) if name == SHARDS[1]));

    let error = refused(|folder| {
        let mut index = read_index(folder);
        index[moved] = SHARDS[1].into();
        write_index(folder, index);
    });
    assert!(
        matches!(&error, ConvertError::MisplacedTensor { name, shard, index }
            if (name.as_str(), shard.as_str(), index.as_str()) == (moved, SHARDS[0], SHARDS[1])),
        "{error}"
    );

    let error = refused(|folder| {
        let mut index = read_index(folder);
        index.as_object_mut().unwrap().remove(moved);
        write_index(folder, index);
    });
    assert!(matches!(error, ConvertError::MisplacedTensor { index, .. } if index == "no shard"));

    let error = refused(|folder| {
        let mut index = read_index(folder);
        index["more"] = SHARDS[0].into();
        write_index(folder, index);
    });
    assert!(matches!(error, ConvertError::MissingTensor(name) if name == "more"));
}

#[test]
fn directory_should_be_refused_when_its_index_leads_out_of_it() {
    for name in [
        "../model.safetensors",
        "/tmp/model.safetensors",
        "a/b.safetensors",
        "x.bin",
    ] {
        let error = refused(|folder| {
            let mut index = read_index(folder);
            index["embedding.weight"] = name.into();
            write_index(folder, index);
        });
        assert!(matches!(error, ConvertError::BadShardName(found) if found == name));
    }
}

#[test]
fn directory_should_be_refused_when_a_file_is_malformed() {
    let error = refused(|folder| fs::write(folder.join(INDEX), "{}").unwrap());
    assert!(matches!(error, ConvertError::Index(_)));
    let error = refused(|folder| fs::remove_file(folder.join(INDEX)).unwrap());
    assert!(matches!(error, ConvertError::NoCheckpoint(_)));
    let error = refused(|folder| {
        let path = folder.join(SHARDS[1]);
        let mut bytes = fs::read(&path).unwrap();
        bytes.pop();
        fs::write(path, bytes).unwrap();
    });
    assert!(matches!(error, ConvertError::Truncated { file, .. } if file == SHARDS[1]));
    let error = convert::Checkpoint::from_file("no/such/file".as_ref()).unwrap_err();
    assert!(matches!(error, ConvertError::Unreadable { .. }));
}
