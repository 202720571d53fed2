//! What the converter refuses, by name.

mod common;

use aipg_engine::{
    convert::{
        self, convert, CheckpointConfiguration, ConvertError, ConvertInput, HadamardChoice,
        RopeScaling,
    },
    RunError,
};
use aipg_exact::header::{model, HeaderError};
use common::{Checkpoint, SHAPE, VOCABULARY};

fn refused(change: impl FnOnce(&mut Checkpoint)) -> ConvertError {
    let mut checkpoint = Checkpoint::random(SHAPE, 1);
    change(&mut checkpoint);
    convert(&checkpoint.input(HadamardChoice::default())).unwrap_err()
}

fn refused_input(change: impl FnOnce(&mut ConvertInput)) -> ConvertError {
    let mut input = Checkpoint::random(SHAPE, 1).input(HadamardChoice::default());
    change(&mut input);
    convert(&input).unwrap_err()
}

#[test]
fn checkpoint_should_be_refused_when_its_tensors_are_wrong() {
    let name = "layers.1.attention.key.weight";
    let error = refused(|checkpoint| drop(checkpoint.tensors.remove(name)));
    assert!(matches!(error, ConvertError::MissingTensor(found) if found == name));
    let bias = "layers.0.attention.query.bias";
    let error = refused(|checkpoint| {
        checkpoint.tensors.insert(bias.into(), (vec![1], vec![0.0]));
    });
    assert!(matches!(error, ConvertError::UnexpectedTensor(found) if found == bias));
    let error = refused(|checkpoint| {
        checkpoint
            .tensors
            .insert(name.into(), (vec![2, 3], vec![0.0; 6]));
    });
    assert!(matches!(
        error,
        ConvertError::WrongShape { expected, found, .. }
            if (expected.as_slice(), found.as_slice()) == (&[64, 64], &[2, 3])
    ));
    for value in [f32::NAN, f32::INFINITY] {
        let error = refused(|checkpoint| checkpoint.tensors.get_mut(name).unwrap().1[5] = value);
        assert!(matches!(error, ConvertError::NotFinite(found) if found == name));
    }
    let error = refused(|checkpoint| {
        checkpoint.tensors.get_mut("embedding.weight").unwrap().1[0] = 128.0;
    });
    assert!(matches!(error, ConvertError::OutOfRange(found) if found == "embedding.weight"));
}

#[test]
fn checkpoint_should_be_refused_when_a_tensor_is_not_float() {
    use safetensors::{tensor::TensorView, Dtype};
    let bytes = vec![0; VOCABULARY as usize * 64 * 2];
    let view = TensorView::new(Dtype::I16, vec![VOCABULARY as usize, 64], &bytes).unwrap();
    let bytes = safetensors::serialize([("embedding.weight", view)], None).unwrap();
    let error = refused_input(|input| input.checkpoint = common::checkpoint(bytes));
    assert!(matches!(error, ConvertError::NotFloat(name) if name == "embedding.weight"));
}

#[test]
fn input_should_be_refused_when_it_is_malformed() {
    let mut bytes = Checkpoint::random(SHAPE, 1).bytes();
    let mut opened = |length| {
        bytes.resize(length, 0);
        convert::Checkpoint::from_bytes(bytes.clone()).unwrap_err()
    };
    let whole = Checkpoint::random(SHAPE, 1).bytes().len();
    assert!(matches!(opened(whole + 1), ConvertError::Checkpoint(_)));
    for length in [whole - 1, 100, 7, 0] {
        let error = opened(length);
        assert!(
            matches!(error, ConvertError::Truncated { found, .. } if found == length as u64),
            "{error}"
        );
    }
    let error = refused_input(|input| input.tokenizer.clear());
    assert!(matches!(error, ConvertError::Tokenizer(_)));
    let error = refused_input(|input| {
        input.tokenizer = String::from_utf8_lossy(&input.tokenizer)
            .replace("272", "300")
            .into();
    });
    assert!(matches!(
        error,
        ConvertError::VocabularyMismatch {
            tokenizer: 300,
            model: VOCABULARY
        }
    ));
    let error = refused_input(|input| input.calibration.clear());
    assert!(matches!(
        error,
        ConvertError::Calibration(RunError::EmptyPrompt)
    ));
    let error = refused_input(|input| input.calibration[3] = 272);
    assert!(matches!(
        error,
        ConvertError::Calibration(RunError::TokenOutOfVocabulary { index: 3, .. })
    ));
}

#[test]
fn configuration_should_be_refused_when_it_is_out_of_range() {
    let shape = |change: fn(&mut CheckpointConfiguration)| {
        refused_input(|input| change(&mut input.configuration))
    };
    for (error, expected) in [
        (shape(|c| c.layers = 0), HeaderError::Layers),
        (shape(|c| c.layers = u32::MAX), HeaderError::Layers),
        (shape(|c| c.heads = u32::MAX), HeaderError::Heads),
        (shape(|c| c.key_value_heads = 3), HeaderError::KeyValueHeads),
        (shape(|c| c.head_dimension = 0), HeaderError::HeadDimension),
        (shape(|c| c.epsilon = -1.0), HeaderError::Epsilon),
        (shape(|c| c.epsilon = 1.0), HeaderError::Epsilon),
    ] {
        assert!(
            matches!(error, ConvertError::Shape(found) if found == expected),
            "{error}"
        );
    }
    for error in [
        shape(|c| c.epsilon = f64::NAN),
        shape(|c| c.rope_base = 1.0),
        shape(|c| c.rope_base = f64::INFINITY),
        shape(|c| c.decoder.rope_scaling = RopeScaling::Linear { factor: 0.0 }),
        refused_input(|input| input.loss_budget = Some(f64::NAN)),
        refused_input(|input| input.loss_budget = Some(-0.1)),
    ] {
        assert!(matches!(error, ConvertError::Configuration(_)), "{error}");
    }
}

#[test]
fn configuration_should_parse_its_json() {
    let json = r#"{"model_dimension": 64, "layers": 2, "heads": 4, "key_value_heads": 2,
        "head_dimension": 32, "feed_forward": 192, "vocabulary": 272, "max_context": 160,
        "rope_base": 10000.0, "epsilon": 1e-05}"#;
    let parsed = CheckpointConfiguration::from_json(json.as_bytes()).unwrap();
    assert_eq!(parsed, common::configuration(SHAPE));
    let json = &json.replace("}", r#", "decoder": {"gelu": true}}"#);
    let parsed = CheckpointConfiguration::from_json(json.as_bytes()).unwrap();
    assert_eq!(parsed.decoder.flags(), model::GELU);
    for wrong in [
        json.replace("gelu", "relu"),
        json.replace("layers", "depth"),
        json.replace("64", "-1"),
        String::new(),
    ] {
        let error = CheckpointConfiguration::from_json(wrong.as_bytes());
        assert!(matches!(error, Err(ConvertError::Configuration(_))));
    }
}

#[test]
fn model_file_should_not_be_written_when_the_folder_is_missing() {
    let (converted, _) = common::small_model();
    let error = converted.write("no/such/folder/model.aipg".as_ref());
    assert!(matches!(error, Err(ConvertError::Io(_))));
}
