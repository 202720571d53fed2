use super::*;
use crate::Kernel;
use aipg_vectors::{operation_names, record::Record};
use serde_json::json;

const JSON: &str = include_str!("../../../../docs/spec/vectors.jsonl");
const BINARY: &[u8] = include_bytes!("../../../../docs/spec/vectors.bin");

#[test]
fn committed_vectors_should_be_those_of_this_implementation() {
    let generated = vectors();
    for (number, (line, vector)) in JSON.lines().zip(&generated).enumerate() {
        assert_eq!(
            line,
            to_line(vector).unwrap(),
            "vector {number}: aipg-model vectors writes them again"
        );
    }
    assert_eq!(JSON.lines().count(), generated.len());
    assert!(
        BINARY == to_binary(&generated),
        "aipg-model vectors --binary writes the binary form again"
    );
    for name in operation_names::<Engine>() {
        let of_name = generated.iter().filter(|vector| vector.operation == name);
        let count = of_name.count();
        assert!(count >= 4, "{count} vectors of {name}");
    }
}

#[test]
fn both_forms_should_hold_the_same_vectors() {
    let binary = binary::decode::<Blake2b256>(BINARY).unwrap();
    let lines: Vec<_> = JSON.lines().map(|line| from_line(line).unwrap()).collect();
    assert_eq!(lines, binary);
    let (_, digest) = BINARY.split_last_chunk::<32>().unwrap();
    let page = include_str!("../../../../docs/spec/vectors.md");
    assert!(
        page.contains(&hex::encode(digest)),
        "the page has the digest"
    );
}

#[test]
fn every_kernel_should_answer_the_jobs() {
    let binary = binary::decode::<Blake2b256>(BINARY).unwrap();
    let jobs = binary
        .into_iter()
        .filter(|vector| vector.operation == "generate");
    for (number, vector) in jobs.enumerate() {
        let job = Generate::from_fields(vector.inputs).unwrap();
        for kernel in Kernel::available() {
            let model = Model::from_bytes(&job.model.0).unwrap().with_kernel(kernel);
            let answer = run(&model, &job).unwrap().into_fields();
            assert_eq!(answer, vector.outputs, "job {number}, {}", kernel.name());
        }
    }
}

#[test]
fn every_kernel_should_make_the_pictures() {
    let binary = binary::decode::<Blake2b256>(BINARY).unwrap();
    let jobs = binary
        .into_iter()
        .filter(|vector| vector.operation == "paint");
    for (number, vector) in jobs.enumerate() {
        let job = Paint::from_fields(vector.inputs).unwrap();
        for kernel in Kernel::available() {
            let model = Model::from_bytes(&job.model.0).unwrap().with_kernel(kernel);
            let answer = paint(&model, &job).unwrap().into_fields();
            assert_eq!(answer, vector.outputs, "job {number}, {}", kernel.name());
        }
    }
}

#[test]
fn serve_should_answer_every_line() {
    let questions = b"{\"operation\": \"rsh\", \"inputs\": {\"x\": [5, -5], \"shift\": [1, 1]}}\n\
        {\"operation\": \"abacus\", \"inputs\": {}}\n\
        {\"operation\": \"rsh\", \"inputs\": {\"x\": [5]}}\n\
        {\"operation\": \"rotate\", \"inputs\": {\"row\": [1, 2]}}\n\
        nonsense\n";
    let mut answers = Vec::new();
    serve(questions.as_slice(), &mut answers).unwrap();
    let answers: Vec<Value> = answers
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(answers[0], json!({ "outputs": { "y": [3, -2] } }));
    let error = |index: usize| answers[index]["error"].as_str().unwrap_or_default();
    assert!(error(1).starts_with("UnknownOperation: abacus"));
    for index in 2..5 {
        assert!(
            error(index).starts_with("BadInputs"),
            "{index}: {}",
            error(index)
        );
    }
    assert_eq!(answers.len(), 5);
}
