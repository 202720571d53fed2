use super::*;
use aipg_exact::header::model;
use serde_json::json;

fn qwen2() -> Value {
    // The shape of Qwen2.5-0.5B.
    json!({
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
        "hidden_size": 896, "intermediate_size": 4864, "num_hidden_layers": 24,
        "num_attention_heads": 14, "num_key_value_heads": 2, "vocab_size": 151_936,
        "max_position_embeddings": 32_768, "max_window_layers": 21, "sliding_window": 32_768,
        "use_sliding_window": false, "rms_norm_eps": 1e-6, "rope_theta": 1_000_000.0,
        "tie_word_embeddings": true, "torch_dtype": "bfloat16"
    })
}

fn parse(value: &Value) -> Result<CheckpointConfiguration, ConvertError> {
    CheckpointConfiguration::from_json(value.to_string().as_bytes())
}

/// The configuration of Qwen2.5-0.5B with other values of some fields.
fn changed<const N: usize>(
    fields: [(&str, Value); N],
) -> Result<CheckpointConfiguration, ConvertError> {
    let mut value = qwen2();
    for (field, other) in fields {
        value[field] = other;
    }
    parse(&value)
}

#[test]
fn configuration_should_be_read_when_it_is_of_qwen2() {
    let parsed = parse(&qwen2()).unwrap();
    assert_eq!((parsed.heads, parsed.key_value_heads), (14, 2));
    assert_eq!(parsed.head_dimension, 64);
    assert_eq!((parsed.rope_base, parsed.epsilon), (1e6, 1e-6));
    assert_eq!(parsed.naming, Naming::HuggingFace);
    assert_eq!(
        parsed.decoder.flags(),
        model::TIED_EMBEDDING | model::ATTENTION_BIAS
    );
    assert_eq!(parsed.decoder.window, 0);
}

#[test]
fn configuration_should_be_read_when_it_is_of_llama_or_qwen3() {
    let mut value = qwen2();
    value["model_type"] = "llama".into();
    value["mlp_bias"] = true.into();
    value["tie_word_embeddings"] = false.into();
    value["num_key_value_heads"] = Value::Null;
    let parsed = parse(&value).unwrap();
    assert_eq!(parsed.key_value_heads, 14);
    assert_eq!(parsed.decoder.flags(), model::FEED_FORWARD_BIAS);

    value["model_type"] = "qwen3".into();
    value["attention_bias"] = true.into();
    value["head_dim"] = 128.into();
    let parsed = parse(&value).unwrap();
    assert_eq!(parsed.head_dimension, 128);
    assert_eq!(
        parsed.decoder.flags(),
        model::FEED_FORWARD_BIAS
            | model::HEAD_NORM
            | model::ATTENTION_BIAS
            | model::ATTENTION_OUTPUT_BIAS
    );
}

#[test]
fn windows_should_begin_after_the_first_layers() {
    let mut value = qwen2();
    value["use_sliding_window"] = true.into();
    let decoder = parse(&value).unwrap().decoder;
    assert_eq!(decoder.windowed_layers, [21, 22, 23]);
    assert_eq!(decoder.window, 32_768);
    value["max_window_layers"] = 24.into();
    assert_eq!(parse(&value).unwrap().decoder.window, 0);
}

#[test]
fn windows_should_be_of_the_layers_that_the_configuration_names() {
    let mistral = [
        ("model_type", json!("mistral")),
        ("sliding_window", json!(4_096)),
    ];
    let decoder = changed(mistral.clone()).unwrap().decoder;
    assert_eq!(decoder.window, 4_096);
    assert_eq!(decoder.windowed_layers, (0..24).collect::<Vec<_>>());
    let unlimited = [
        ("model_type", json!("mistral")),
        ("sliding_window", Value::Null),
    ];
    assert_eq!(changed(unlimited).unwrap().decoder.window, 0);

    let kinds = |kind: &str| {
        let mut kinds = vec!["full_attention"; 24];
        kinds[3] = kind;
        json!(kinds)
    };
    let [kind, window] = mistral;
    let layers = |types: Value| changed([kind.clone(), window.clone(), ("layer_types", types)]);
    let decoder = layers(kinds("sliding_attention")).unwrap().decoder;
    assert_eq!(decoder.windowed_layers, [3]);
    let error = layers(kinds("linear_attention"));
    assert!(matches!(error, Err(ConvertError::Unsupported(_))));
    let error = layers(json!(["full_attention"]));
    assert!(matches!(error, Err(ConvertError::Configuration(_))));
    let error = changed([("layer_types", kinds("sliding_attention"))]);
    assert!(matches!(error, Err(ConvertError::Configuration(_))));
    let error = changed([
        ("model_type", json!("mistral")),
        ("sliding_window", json!(0)),
    ]);
    assert!(matches!(error, Err(ConvertError::Configuration(_))));
}

#[test]
fn rope_scaling_should_be_read() {
    let llama3 = json!({"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
        "high_freq_factor": 4.0, "original_max_position_embeddings": 8192});
    let parsed = changed([("rope_scaling", llama3.clone())]).unwrap();
    let expected = RopeScaling::Llama3 {
        factor: 8.0,
        low_frequency_factor: 1.0,
        high_frequency_factor: 4.0,
        original_context: 8_192,
    };
    assert_eq!(parsed.decoder.rope_scaling, expected);

    let parsed = changed([("rope_scaling", json!({"type": "linear", "factor": 2.0}))]).unwrap();
    assert_eq!(
        parsed.decoder.rope_scaling,
        RopeScaling::Linear { factor: 2.0 }
    );
    let newer = json!({"rope_type": "default", "rope_theta": 5e5});
    let parsed = changed([("rope_parameters", newer), ("rope_theta", Value::Null)]).unwrap();
    assert_eq!(parsed.rope_base, 5e5);
    assert_eq!(parsed.decoder.rope_scaling, RopeScaling::None);

    for missing in ["factor", "low_freq_factor", "high_freq_factor", "rope_type"] {
        let mut scaling = llama3.clone();
        scaling[missing] = Value::Null;
        let error = changed([("rope_scaling", scaling)]);
        assert!(
            matches!(error, Err(ConvertError::Configuration(_))),
            "{missing}"
        );
    }
    let error = changed([(
        "rope_scaling",
        json!({"rope_type": "yarn", "type": "yarn", "factor": 4.0}),
    )]);
    assert!(matches!(error, Err(ConvertError::UnknownRopeScaling(kind)) if kind == "yarn"));
}

#[test]
fn configuration_should_be_refused_when_the_semantics_lacks_it() {
    for (field, wrong) in [
        ("hidden_act", json!("gelu")),
        ("partial_rotary_factor", json!(0.5)),
        ("quantization_config", json!({"quant_method": "awq"})),
        ("no_rope_layers", json!([1, 1, 1, 0])),
        ("model_type", json!("smollm3")),
    ] {
        let error = changed([(field, wrong)]);
        assert!(
            matches!(error, Err(ConvertError::Unsupported(_))),
            "{field}"
        );
    }
    let smollm3 = [
        ("model_type", json!("smollm3")),
        ("no_rope_layers", json!([1, 1])),
    ];
    assert!(changed(smollm3).is_ok());
    let error = changed([("model_type", json!("mamba"))]);
    assert!(matches!(error, Err(ConvertError::UnknownArchitecture(kind)) if kind == "mamba"));
}

#[test]
fn configuration_should_be_refused_when_it_is_absurd() {
    for (field, wrong) in [
        ("hidden_size", json!("wide")),
        ("hidden_size", json!(-1)),
        ("vocab_size", json!(1u64 << 40)),
        ("rms_norm_eps", Value::Null),
    ] {
        let error = changed([(field, wrong)]);
        assert!(
            matches!(error, Err(ConvertError::Configuration(_))),
            "{field}"
        );
    }
    for (field, wrong) in [("hidden_size", 897), ("num_attention_heads", 0)] {
        let error = changed([(field, wrong.into())]);
        assert!(
            matches!(error, Err(ConvertError::HeadsDoNotDivide { .. })),
            "{field}"
        );
    }
}
