//! Conversion of float checkpoints.

mod common;

use aipg_engine::{
    convert::{convert, ConvertInput, Decoder, HadamardChoice, Naming},
    Model,
};
use aipg_exact::header::{input, model, output};
use common::{checkpoint, relative_error, tokens, Checkpoint, SHAPE, VOCABULARY};

fn logit_error(checkpoint: &Checkpoint, hadamard: HadamardChoice) -> f64 {
    let (_, model) = checkpoint.convert(hadamard);
    relative_error(checkpoint, &model, &tokens(21, 60))
}

#[test]
fn logits_should_be_close_to_the_float_model() {
    for (seed, shape) in [SHAPE, [128, 3, 4, 1, 32, 256], [48, 2, 3, 3, 16, 96]]
        .into_iter()
        .enumerate()
    {
        let checkpoint = Checkpoint::random(shape, seed as u64);
        for hadamard in [HadamardChoice::WherePossible, HadamardChoice::Nowhere] {
            let error = logit_error(&checkpoint, hadamard);
            assert!(error < 0.03, "{shape:?} {hadamard:?}: {error}");
        }
    }
}

/// Every decoder that a header can ask for, one feature at a time and some together.
fn decoders() -> Vec<Decoder> {
    let with = |change: fn(&mut Decoder)| {
        let mut decoder = Decoder::default();
        change(&mut decoder);
        decoder
    };
    let qwen2 = with(|d| {
        (d.attention_bias, d.tied_embedding) = (true, true);
    });
    let qwen3 = with(|d| {
        (d.head_norm, d.tied_embedding) = (true, true);
    });
    let starcoder = with(|d| {
        (d.layer_norm, d.gelu, d.ungated) = (true, true, true);
        (
            d.attention_bias,
            d.attention_output_bias,
            d.feed_forward_bias,
        ) = (true, true, true);
        d.window = 20;
    });
    vec![
        with(|d| d.attention_bias = true),
        with(|d| d.attention_output_bias = true),
        with(|d| d.feed_forward_bias = true),
        with(|d| d.layer_norm = true),
        with(|d| d.gelu = true),
        with(|d| d.ungated = true),
        with(|d| d.head_norm = true),
        with(|d| (d.window, d.windowed_layers) = (9, vec![1])),
        qwen2,
        qwen3,
        starcoder,
    ]
}

#[test]
fn logits_should_be_close_to_the_float_model_of_every_decoder() {
    for (seed, decoder) in decoders().into_iter().enumerate() {
        let checkpoint = Checkpoint::random_decoder(SHAPE, decoder.clone(), seed as u64);
        let (converted, _) = checkpoint.convert(HadamardChoice::WherePossible);
        assert_eq!(converted.header.model_flags, decoder.flags());
        let error = logit_error(&checkpoint, HadamardChoice::WherePossible);
        assert!(error < 0.04, "{decoder:?}: {error}");
        // Each feature is more than noise: without it the float model is another.
        let mut other = checkpoint;
        other.configuration.decoder = Decoder {
            tied_embedding: decoder.tied_embedding,
            ungated: decoder.ungated,
            ..Decoder::default()
        };
        if other.configuration.decoder != decoder {
            other.tensors.retain(|name, _| !name.ends_with(".bias"));
            let (_, model) = Checkpoint::random_decoder(SHAPE, decoder.clone(), seed as u64)
                .convert(HadamardChoice::WherePossible);
            let error = relative_error(&other, &model, &tokens(21, 60));
            assert!(error > 0.05, "{decoder:?}: {error}");
        }
    }
}

/// Gains and biases of norms, of which one channel is far larger, are balanced with what reads them; the
/// function stays that of the floats.
#[test]
fn balanced_model_should_be_close_to_the_float_model_of_every_decoder() {
    for (seed, decoder) in decoders().into_iter().enumerate() {
        let checkpoint = Checkpoint::random_decoder(SHAPE, decoder.clone(), seed as u64);
        let checkpoint = checkpoint.with_outliers(40.0);
        let error = |loss_budget| {
            let input = ConvertInput {
                loss_budget,
                ..checkpoint.input(HadamardChoice::WherePossible)
            };
            let model = Model::from_bytes(&convert(&input).unwrap().bytes).unwrap();
            relative_error(&checkpoint, &model, &tokens(21, 60))
        };
        let (rotated, balanced) = (error(None), error(Some(0.0)));
        assert!(
            balanced < 0.7 * rotated && balanced < 0.04,
            "{decoder:?}: {rotated}, {balanced}"
        );
    }
}

#[test]
fn model_should_store_a_tied_embedding_once() {
    let tied = Decoder {
        tied_embedding: true,
        ..Decoder::default()
    };
    let length = |decoder| {
        let (converted, _) =
            Checkpoint::random_decoder(SHAPE, decoder, 1).convert(HadamardChoice::WherePossible);
        assert_eq!(
            converted.header.has(model::TIED_EMBEDDING),
            converted.header.output_flags == 0
        );
        converted.bytes.len()
    };
    assert_eq!(
        length(Decoder::default()) - length(tied),
        VOCABULARY as usize * 64
    );
}

/// The same tensors under the names of Hugging Face, in 16 bits: the same model.
#[test]
fn checkpoint_should_be_read_when_its_names_are_of_hugging_face() {
    let decoder = Decoder {
        attention_bias: true,
        head_norm: true,
        ..Decoder::default()
    };
    let mut plain = Checkpoint::random_decoder(SHAPE, decoder, 3);
    for (_, elements) in plain.tensors.values_mut() {
        elements
            .iter_mut()
            .for_each(|x| *x = f32::from_bits(x.to_bits() & 0xffff_0000));
    }
    let renamed = |name: &str| {
        [
            ("feed_forward_norm", "post_attention_layernorm"),
            ("attention_norm", "input_layernorm"),
            ("attention.query_norm", "self_attn.q_norm"),
            ("attention.key_norm", "self_attn.k_norm"),
            ("attention.query", "self_attn.q_proj"),
            ("attention.key", "self_attn.k_proj"),
            ("attention.value", "self_attn.v_proj"),
            ("attention.output", "self_attn.o_proj"),
            ("feed_forward.", "mlp."),
            ("gate", "gate_proj"),
            ("up.", "up_proj."),
            ("down", "down_proj"),
            ("layers", "model.layers"),
            ("embedding", "model.embed_tokens"),
            ("final_norm", "model.norm"),
        ]
        .iter()
        .fold(name.to_owned(), |name, (from, to)| {
            name.replacen(from, to, 1)
        })
        .replace("output.weight", "lm_head.weight")
    };
    let mut other = plain.clone();
    other.configuration.naming = Naming::HuggingFace;
    other.tensors = plain
        .tensors
        .iter()
        .map(|(name, tensor)| (renamed(name), tensor.clone()))
        .collect();
    let frequencies = "model.layers.0.self_attn.rotary_emb.inv_freq";
    other
        .tensors
        .insert(frequencies.into(), (vec![1], vec![1.0]));
    let mut input = other.input(HadamardChoice::WherePossible);
    input.checkpoint = checkpoint(other.brain_float_bytes());
    let (expected, _) = plain.convert(HadamardChoice::WherePossible);
    assert_eq!(convert(&input).unwrap().bytes, expected.bytes);
}

/// Outliers within the feed-forward layer, where no norm can be balanced and, as its width is no multiple
/// of 64, no rotation helps.
#[test]
fn budget_should_be_met_with_the_fewest_wide_inputs_that_do() {
    let mut checkpoint = Checkpoint::random([96, 2, 3, 3, 32, 100], 4);
    for (name, (shape, elements)) in &mut checkpoint.tensors {
        let (columns, channel) = (shape[shape.len() - 1], 7);
        if name.contains("feed_forward.up") {
            let row = &mut elements[channel * columns..][..columns];
            row.iter_mut().for_each(|x| *x *= 60.0);
        } else if name.contains("feed_forward.down") {
            let column = elements.iter_mut().skip(channel).step_by(columns);
            column.for_each(|x| *x /= 60.0);
        }
    }
    let with = |loss_budget| {
        let input = ConvertInput {
            loss_budget,
            ..checkpoint.input(HadamardChoice::WherePossible)
        };
        (convert(&input).unwrap(), convert(&input).unwrap())
    };
    let (first, second) = with(Some(0.000_5));
    assert_eq!(first.bytes, second.bytes);
    let quality = first.quality.unwrap();
    assert!(
        quality.divergence <= 0.000_5 * quality.float_bits,
        "{quality:?}"
    );
    let wide = |header: &aipg_exact::header::ModelHeader| {
        let inputs = header.input_flags.iter();
        inputs
            .map(|flags| (flags & input::WIDE).count_ones())
            .sum::<u32>()
            + (header.output_flags >> 1)
    };
    assert!(
        (1..9).contains(&wide(&first.header)),
        "{}",
        wide(&first.header)
    );

    let (generous, _) = with(Some(10.0));
    assert_eq!(wide(&generous.header), 0);
    let loose = generous.quality.unwrap();
    assert!(loose.divergence > 4.0 * quality.divergence, "{loose:?}");
    assert_eq!(loose.float_bits, quality.float_bits);
    let (plain, _) = with(None);
    assert_eq!((plain.quality, wide(&plain.header)), (None, 0));
}

/// Channels that are 100 times larger than the others leave int8 no room for the rest, unless the
/// rotation spreads them.
#[test]
fn hadamard_should_protect_from_outlier_channels() {
    let checkpoint = Checkpoint::random([128, 2, 4, 2, 32, 256], 3).with_outliers(100.0);
    let plain = logit_error(&checkpoint, HadamardChoice::Nowhere);
    let rotated = logit_error(&checkpoint, HadamardChoice::WherePossible);
    assert!(rotated < 0.15, "{rotated}");
    assert!(plain > 3.0 * rotated, "plain {plain}, rotated {rotated}");
}

#[test]
fn conversion_should_be_deterministic() {
    let checkpoint = Checkpoint::random(SHAPE, 5);
    let input = checkpoint.input(HadamardChoice::WherePossible);
    let (first, second) = (convert(&input).unwrap(), convert(&input).unwrap());
    assert_eq!(first.bytes, second.bytes);
    let plain = convert(&checkpoint.input(HadamardChoice::Nowhere)).unwrap();
    assert_ne!(plain.header.weights, first.header.weights);
}

#[test]
fn hadamard_flags_should_follow_the_widths() {
    let flags = |shape, hadamard| {
        let (converted, _) = Checkpoint::random(shape, 5).convert(hadamard);
        let header = converted.header;
        assert_eq!(header.input_flags[2], 0);
        (header.input_flags[0], header.output_flags)
    };
    assert_eq!(
        flags(SHAPE, HadamardChoice::WherePossible),
        (input::HADAMARD, output::HADAMARD)
    );
    assert_eq!(flags(SHAPE, HadamardChoice::Nowhere), (0, 0));
    let narrow = [32, 2, 2, 1, 32, 100];
    assert_eq!(
        flags(narrow, HadamardChoice::WherePossible),
        (input::ATTENTION_OUTPUT, 0)
    );
}

#[test]
fn value_formats_should_follow_the_size_of_the_values() {
    let format = |factor: f32| {
        let mut checkpoint = Checkpoint::random(SHAPE, 5);
        let tensor = checkpoint
            .tensors
            .get_mut("layers.0.attention.value.weight")
            .unwrap();
        tensor.1.iter_mut().for_each(|x| *x *= factor);
        let (converted, _) = checkpoint.convert(HadamardChoice::WherePossible);
        (
            converted.header.value_formats[0],
            logit_error(&checkpoint, HadamardChoice::WherePossible),
        )
    };
    let (usual, _) = format(1.0);
    assert_eq!(format(8.0).0, usual - 3);
    assert_eq!(format(1.0 / 1024.0).0, 16);
    let (large, error) = format(512.0);
    assert_eq!(large, usual - 9);
    assert!(error < 0.05, "{error}");
}
