//! Files of picture models with random numbers of a size that keeps signals alive.

use super::Random;
use aipg_engine::{file::MAGIC, Blake2b256, ModelHeader};
use aipg_exact::{
    commitment::{scale_root, table_root, weight_root},
    header::{
        input, model, output, patch, Picture, MAX_LAYERS, SEMANTICS_VERSION, TEMPLATE_PICTURE,
        WINDOW_MASK_LENGTH,
    },
    layout::{move_place, section_lengths, weight_tensors, Weight},
};

/// Two layers, 16 × 24 pixels in six patches of 8 × 8, three steps; `tokenizer` is what it commits.
pub fn header(tokenizer: [u8; 32]) -> ModelHeader {
    let mut header = ModelHeader {
        semantics_version: SEMANTICS_VERSION,
        template: TEMPLATE_PICTURE,
        model_dimension: 64,
        layers: 2,
        heads: 4,
        key_value_heads: 2,
        head_dimension: 18,
        feed_forward: 90,
        vocabulary: 260,
        max_context: 16,
        epsilon: 42_950,
        score_scale: 23_000_000,
        model_flags: 0,
        output_flags: 0,
        window: 0,
        input_flags: [0; MAX_LAYERS],
        value_formats: [0; MAX_LAYERS],
        window_layers: [0; WINDOW_MASK_LENGTH],
        tokenizer,
        scales: [0; 32],
        tables: [0; 32],
        weights: [0; 32],
    };
    header.value_formats[..2].copy_from_slice(&[10, 11]);
    header.set_picture(&Picture {
        steps: 3,
        height: 16,
        width: 24,
        patch: 8,
        flags: 0,
    });
    header
}

/// [`header`] with every flag that it may have, one-pixel patches that fill no panel, one step.
pub fn headers() -> [ModelHeader; 3] {
    let plain = header([0; 32]);
    let mut everything = ModelHeader {
        model_flags: model::ALL & !model::TIED_EMBEDDING,
        output_flags: output::HADAMARD | output::WIDE,
        ..plain.clone()
    };
    everything.input_flags[0] = input::ATTENTION | input::FEED_FORWARD;
    everything.input_flags[1] = input::WIDE;
    let picture = plain.picture().unwrap();
    everything.set_picture(&Picture {
        flags: patch::HADAMARD | patch::WIDE,
        ..picture
    });
    let mut pixels = ModelHeader {
        model_dimension: 37,
        max_context: 50,
        ..plain.clone()
    };
    pixels.set_picture(&Picture {
        steps: 1,
        height: 5,
        width: 9,
        patch: 1,
        flags: 0,
    });
    [plain, everything, pixels]
}

/// A model file of this header with random sections.
pub fn file(mut header: ModelHeader, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let lengths = section_lengths(&header);
    let mut scales = Vec::new();
    for tensor in weight_tensors(&header) {
        if tensor.weight == Weight::Embedding {
            let multipliers = (0..tensor.rows).map(|_| 20_000_000 + random.below(20_000_000));
            scales.extend(multipliers.flat_map(u32::to_le_bytes));
            continue;
        }
        scales.extend(29u16.to_le_bytes());
        let multipliers = (0..tensor.rows).map(|_| 16_384 + random.below(16_385) as u16);
        scales.extend(multipliers.flat_map(u16::to_le_bytes));
        let biases = if tensor.biased { tensor.rows } else { 0 };
        let biases = (0..biases).map(|_| random.below(4_000) as i32 - 2_000);
        scales.extend(biases.flat_map(i32::to_le_bytes));
    }
    while (scales.len() as u64) < lengths.scales {
        scales.extend((3_000 + random.below(2_000)).to_le_bytes());
    }
    let mut bytes = |count: u64| (0..count).map(|_| random.next() as u8).collect::<Vec<u8>>();
    let mut tables = bytes(move_place(&header, 0));
    let weights = bytes(lengths.weights);
    while (tables.len() as u64) < lengths.tables {
        // κ about 1/2, δ about 1/4.
        tables.extend((30_000 + random.below(6_000)).to_le_bytes());
        tables.extend((14_000 + random.below(4_000)).to_le_bytes());
    }
    header.scales = scale_root::<Blake2b256>(&scales);
    header.tables = table_root::<Blake2b256>(&tables);
    header.weights = weight_root::<Blake2b256>(&header, &weights);
    let root = header.root::<Blake2b256>();
    [
        MAGIC.as_slice(),
        &root,
        &header.encode(),
        &scales,
        &tables,
        &weights,
    ]
    .concat()
}
