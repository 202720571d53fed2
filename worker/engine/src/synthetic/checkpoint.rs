//! Checkpoints with random weights, as Hugging Face has them.

use super::Normal;
use crate::convert::{tensors_of, CheckpointConfiguration, ConvertError, HadamardChoice};
use half::bf16;
use safetensors::{
    tensor::{Metadata, TensorInfo},
    Dtype,
};
use serde_json::{json, Map, Value};
use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::Path,
};

/// Bytes of an element.
const WIDTH: usize = 2;

/// A tensor's name and shape.
type Named = (String, Vec<usize>);

/// Writes `config.json` and tensors of its shape, bfloat16 from `seed`, into a folder: one safetensors file, or
/// `shards` of them with their index. Matrices are normal with deviation 1/√width, gains lie around 1, biases
/// around 0.
///
/// # Errors
/// [`ConvertError`] if the configuration is refused or a file cannot be written.
pub fn write_checkpoint(
    folder: &Path,
    config: &Value,
    seed: u64,
    shards: usize,
) -> Result<(), ConvertError> {
    let json = config.to_string().into_bytes();
    let configuration = CheckpointConfiguration::from_json(&json)?;
    let header = configuration.header(HadamardChoice::Nowhere, [0; 32])?;
    let tensors = tensors_of(&configuration, &header);
    fs::write(folder.join("config.json"), json)?;
    let mut normal = Normal::new(seed);
    if shards <= 1 {
        return write_file(&folder.join("model.safetensors"), &tensors, &mut normal);
    }
    let parts: Vec<&[Named]> = tensors.chunks(tensors.len().div_ceil(shards)).collect();
    let mut weight_map = Map::new();
    for (index, part) in parts.iter().enumerate() {
        let file = format!("model-{:05}-of-{:05}.safetensors", index + 1, parts.len());
        write_file(&folder.join(&file), part, &mut normal)?;
        for (name, _) in *part {
            weight_map.insert(name.clone(), file.as_str().into());
        }
    }
    let index = json!({"metadata": {}, "weight_map": weight_map});
    fs::write(
        folder.join("model.safetensors.index.json"),
        index.to_string(),
    )?;
    Ok(())
}

fn write_file(path: &Path, tensors: &[Named], normal: &mut Normal) -> Result<(), ConvertError> {
    let mut end = 0;
    let infos = tensors.iter().map(|(name, shape)| {
        let start = end;
        end += shape.iter().product::<usize>() * WIDTH;
        let info = TensorInfo {
            dtype: Dtype::BF16,
            shape: shape.clone(),
            data_offsets: (start, end),
        };
        (name.clone(), info)
    });
    let refuse = |what: String| ConvertError::Checkpoint(what);
    let metadata =
        Metadata::new(None, infos.collect()).map_err(|error| refuse(error.to_string()))?;
    let mut head = serde_json::to_vec(&metadata).map_err(|error| refuse(error.to_string()))?;
    // Tensors begin at a multiple of eight bytes.
    head.resize(head.len().next_multiple_of(8), b' ');
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&(head.len() as u64).to_le_bytes())?;
    file.write_all(&head)?;
    for (name, shape) in tensors {
        let (mean, deviation) = match shape.as_slice() {
            [_, columns] => (0.0, 1.0 / (*columns as f64).sqrt()),
            _ if name.ends_with(".bias") => (0.0, 0.1),
            _ => (1.0, 0.1),
        };
        for x in normal.take(shape.iter().product()) {
            let element = bf16::from_f64(mean + deviation * x);
            file.write_all(&element.to_le_bytes())?;
        }
    }
    file.flush()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::{convert, Checkpoint, ConvertInput};

    #[test]
    fn checkpoint_should_be_one_that_converts_and_the_same_in_shards() {
        let config = json!({
            "model_type": "qwen3", "hidden_act": "silu", "hidden_size": 64, "head_dim": 32,
            "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
            "num_key_value_heads": 2, "vocab_size": 50, "max_position_embeddings": 32,
            "rms_norm_eps": 1e-6, "attention_bias": true, "tie_word_embeddings": true
        });
        let converted = [1, 3].map(|shards| {
            let folder = tempfile::tempdir().unwrap();
            write_checkpoint(folder.path(), &config, 7, shards).unwrap();
            assert_eq!(
                fs::read_dir(folder.path()).unwrap().count(),
                [0, 2, 0, 5][shards]
            );
            let input = ConvertInput {
                checkpoint: Checkpoint::from_directory(folder.path()).unwrap(),
                configuration: CheckpointConfiguration::from_json(config.to_string().as_bytes())
                    .unwrap(),
                tokenizer: Vec::new(),
                calibration: vec![1, 2, 3],
                hadamard: HadamardChoice::default(),
                loss_budget: None,
                measured_tokens: 0,
            };
            convert(&input).unwrap().bytes
        });
        assert!(converted[0] == converted[1]);
        let nowhere = write_checkpoint("no/such/folder".as_ref(), &config, 7, 1);
        assert!(matches!(nowhere, Err(ConvertError::Io(_))));
    }
}
