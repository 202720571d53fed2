//! Vectors as JSON, a line each.

use super::ConformanceError;
use aipg_vectors::{Fields, Value, Vector};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// A vector in the order that its line has.
#[derive(Deserialize, Serialize)]
struct Line {
    operation: String,
    inputs: Json,
    outputs: Json,
}

/// The line of a vector.
///
/// # Errors
/// [`ConformanceError::BadInputs`] is not met in practice: fields by name are what JSON is made for.
pub fn to_line(vector: &Vector) -> Result<String, ConformanceError> {
    Ok(serde_json::to_string(&Line {
        operation: vector.operation.clone(),
        inputs: from_fields(&vector.inputs),
        outputs: from_fields(&vector.outputs),
    })?)
}

/// The vector of a line.
///
/// # Errors
/// [`ConformanceError::BadInputs`] if it is not JSON, or of something that no vector holds.
pub fn from_line(line: &str) -> Result<Vector, ConformanceError> {
    let line: Line = serde_json::from_str(line)?;
    Ok(Vector {
        operation: line.operation,
        inputs: to_fields(line.inputs)?,
        outputs: to_fields(line.outputs)?,
    })
}

/// Fields as an object.
pub(super) fn from_fields(fields: &Fields) -> Json {
    let fields = fields.iter();
    Json::Object(
        fields
            .map(|(name, value)| (name.clone(), from_value(value)))
            .collect(),
    )
}

/// The fields of an object.
pub(super) fn to_fields(object: Json) -> Result<Fields, ConformanceError> {
    match object {
        Json::Object(fields) => object_to_fields(fields),
        other => Err(ConformanceError::BadInputs(format!("{other} is no object"))),
    }
}

fn object_to_fields(object: Map<String, Json>) -> Result<Fields, ConformanceError> {
    let fields = object.into_iter();
    fields
        .map(|(name, value)| Ok((name, to_value(value)?)))
        .collect()
}

fn from_value(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Flag(flag) => (*flag).into(),
        Value::Integer(number) => (*number).into(),
        Value::Large(number) => (*number).into(),
        Value::List(numbers) => numbers.as_slice().into(),
        Value::Bytes(bytes) => hex::encode(bytes).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Record(fields) => from_fields(fields),
    }
}

fn to_value(json: Json) -> Result<Value, ConformanceError> {
    let whole = |number: Json| ConformanceError::BadInputs(format!("{number} is no integer"));
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Flag(flag),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::Integer(number),
            (None, Some(number)) => Value::Large(number),
            (None, None) => return Err(whole(number.into())),
        },
        Json::Array(numbers) => {
            let numbers = numbers.into_iter();
            let numbers = numbers.map(|number| number.as_i64().ok_or_else(|| whole(number)));
            Value::List(numbers.collect::<Result<_, _>>()?)
        }
        // No text is hexadecimal, and no bytes are anything else.
        Json::String(text) => match hex::decode(&text) {
            Ok(bytes) => Value::Bytes(bytes),
            Err(_) => Value::Text(text),
        },
        Json::Object(fields) => Value::Record(object_to_fields(fields)?),
    })
}
