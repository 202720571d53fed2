//! The committed vectors, answered by the portable implementation.

use aipg_exact::{Blake2b256, Hasher256};
use aipg_vectors::{answer, binary, digest, portable::Portable, AnswerError, Value, Vector};

const VECTORS: &[u8] = include_bytes!("../../../docs/spec/vectors.bin");

type Implementation = Portable<Blake2b256>;

fn vectors() -> Vec<Vector> {
    binary::decode::<Blake2b256>(VECTORS).unwrap()
}

#[test]
fn portable_implementation_should_answer_every_vector() {
    for (number, vector) in vectors().into_iter().enumerate() {
        let outputs = answer::<Implementation>(&vector.operation, vector.inputs);
        assert_eq!(
            outputs,
            Ok(vector.outputs),
            "vector {number}, {}",
            vector.operation
        );
    }
}

#[test]
fn file_should_be_the_only_encoding_of_its_vectors() {
    assert!(binary::encode::<Blake2b256>(&vectors()) == VECTORS);
}

#[test]
fn digest_should_be_of_answers_one_after_the_other() {
    let one = [[1; 32], [2; 32]];
    assert_eq!(
        digest::<Blake2b256>(&one),
        Blake2b256::hash(&[&[1; 32], &[2; 32]])
    );
}

/// The first job, its model changed by `change`.
fn refusal(change: impl Fn(&mut Vec<u8>)) -> String {
    let vectors = vectors().into_iter();
    let mut jobs = vectors.filter(|vector| vector.operation == "generate");
    let mut inputs = jobs.next().unwrap().inputs;
    let Some(Value::Bytes(model)) = inputs.get_mut("model") else {
        panic!("a job has a model");
    };
    change(model);
    match answer::<Implementation>("generate", inputs) {
        Err(AnswerError::BadInputs(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn model_should_be_refused_by_name_when_the_file_is_damaged() {
    for length in [0, 7, 8, 39, 40, 499, 500] {
        assert_eq!(
            refusal(|model| model.truncate(length)),
            "Truncated",
            "{length}"
        );
    }
    assert_eq!(refusal(|model| model[0] ^= 1), "BadMagic");
    assert_eq!(refusal(|model| model[8] ^= 1), "ModelRootMismatch");
    assert!(refusal(|model| model[40] ^= 1).starts_with("BadHeader: "));
    assert_eq!(refusal(|model| model[500] ^= 1), "ScaleRootMismatch");
    assert_eq!(refusal(|model| model.push(0)), "WrongLength");
    let last = |model: &mut Vec<u8>| *model.last_mut().unwrap() ^= 1;
    assert_eq!(refusal(last), "WeightRootMismatch");
}

#[test]
fn job_should_be_refused_by_name_when_it_does_not_fit() {
    let vectors = vectors().into_iter();
    let job = vectors
        .into_iter()
        .find(|vector| vector.operation == "generate")
        .unwrap();
    for (field, value, reason) in [
        ("prompt", Value::List(vec![]), "EmptyPrompt: "),
        ("prompt", Value::List(vec![30]), "Token: 30 "),
        ("max_output", Value::Integer(0), "NoOutput: "),
        ("max_output", Value::Integer(100), "Context: "),
    ] {
        let mut inputs = job.inputs.clone();
        inputs.insert(field.into(), value);
        let error = answer::<Implementation>("generate", inputs)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("BadInputs: {reason}")),
            "{error}"
        );
    }
}

#[test]
fn picture_should_be_refused_by_name_when_it_does_not_fit() {
    let vectors = vectors();
    let of = |name: &str| {
        let found = vectors.iter().find(|vector| vector.operation == name);
        found.unwrap().inputs.clone()
    };
    let refused = |change: &dyn Fn(&mut aipg_vectors::Fields)| {
        let mut inputs = of("paint");
        change(&mut inputs);
        let error = answer::<Implementation>("paint", inputs).unwrap_err();
        error.to_string()
    };
    let prompt = |ids: &[i64]| Value::List(ids.to_vec());
    for (ids, reason) in [
        (vec![], "EmptyPrompt: "),
        (vec![256], "Token: 256 "),
        (vec![1; 24], "Context: "),
    ] {
        let error = refused(&|inputs| drop(inputs.insert("prompt".into(), prompt(&ids))));
        assert!(
            error.starts_with(&format!("BadInputs: {reason}")),
            "{error}"
        );
    }
    let text = of("generate")["model"].clone();
    let error = refused(&|inputs| drop(inputs.insert("model".into(), text.clone())));
    assert!(error.starts_with("BadInputs: NoPictureModel"), "{error}");
    let mut inputs = of("generate");
    inputs.insert("model".into(), of("paint")["model"].clone());
    let error = answer::<Implementation>("generate", inputs).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("BadInputs: PictureModel"), "{error}");
}
