use super::*;
use crate::{
    testing::{fields, WithoutModels},
    Value,
};

fn answered(operation: &str, inputs: Fields) -> Result<Fields, AnswerError> {
    answer::<WithoutModels>(operation, inputs)
}

#[test]
fn answer_should_be_that_of_the_operation() {
    let inputs = fields([
        ("x", Value::List(vec![5, -5])),
        ("shift", Value::List(vec![1, 1])),
    ]);
    let outputs = fields([("y", Value::List(vec![3, -2]))]);
    assert_eq!(answered("rsh", inputs), Ok(outputs));
}

#[test]
fn answer_should_be_refused_when_the_operation_is_unknown() {
    let error = AnswerError::UnknownOperation("abacus".into());
    assert_eq!(answered("abacus", Fields::new()), Err(error.clone()));
    assert_eq!(error.to_string(), "UnknownOperation: abacus");
}

#[test]
fn answer_should_be_refused_when_inputs_do_not_fit() {
    let list = |numbers: &[i64]| Value::List(numbers.to_vec());
    for (operation, inputs, reason) in [
        ("rsh", fields([("x", list(&[5]))]), "shift is missing"),
        (
            "rsh",
            fields([("shift", list(&[1 << 31])), ("x", list(&[5]))]),
            "shift is of another type or out of range",
        ),
        (
            "rsh",
            fields([("shift", list(&[1, 2])), ("x", list(&[5]))]),
            "x and shift: 1 and 2",
        ),
        (
            "rotate",
            fields([("row", list(&[1, 2]))]),
            "a row of 2 is not made of blocks of 64",
        ),
        (
            "embed",
            fields([
                ("elements", list(&[-128])),
                ("multiplier", Value::Integer(1)),
            ]),
            "-128 is no int8 element",
        ),
        (
            "step",
            fields([
                ("delta", Value::Integer(1)),
                ("kappa", Value::Integer(1)),
                ("v", list(&[1, 2])),
                ("x", list(&[1])),
            ]),
            "x and v: 1 and 2",
        ),
        (
            "noise",
            fields([
                ("count", Value::Integer(1)),
                ("first", Value::Integer(65_536)),
                ("seed", Value::Integer(1)),
            ]),
            "no picture has so many values",
        ),
        (
            "activate",
            fields([("activation", Value::Text("relu".into())), ("x", list(&[]))]),
            "activation is of another type or out of range",
        ),
        (
            "attend",
            fields([
                ("columns", Value::Integer(1 << 40)),
                ("scores", list(&[])),
                ("value_format", Value::Integer(2)),
                ("value_scales", list(&[])),
                ("values", list(&[])),
            ]),
            "a head has no more than 256 columns",
        ),
        (
            "choose",
            fields([
                ("logits", list(&[1])),
                ("ordinal", Value::Integer(0)),
                (
                    "sampling",
                    Value::Record(fields([("beta", Value::Integer(0))])),
                ),
            ]),
            "sampling: seed is missing",
        ),
        (
            "digest",
            fields([("hidden", list(&[1, 2, 3])), ("width", Value::Integer(2))]),
            "the width does not divide the number of elements",
        ),
    ] {
        let error = AnswerError::BadInputs(reason.into());
        assert_eq!(answered(operation, inputs), Err(error), "{operation}");
    }
}

#[test]
fn every_operation_should_refuse_no_inputs() {
    let names: Vec<_> = operation_names::<WithoutModels>().collect();
    assert_eq!(names.len(), 26);
    for name in names {
        let answer = answered(name, Fields::new());
        assert!(
            matches!(answer, Err(AnswerError::BadInputs(_))),
            "{name}: {answer:?}"
        );
    }
}
