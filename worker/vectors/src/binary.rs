//! The binary form of vectors.
//!
//! `docs/spec/vectors.md` has the layout.
//!
//! There is one encoding of a vector, and [`decode`] takes no other: bytes that it takes are those that [`encode`]
//! gives. It allocates no more than a small multiple of the bytes that are there.

use crate::{answer_digest, digest, Fields, Value, Vector};
use aipg_exact::{header::SEMANTICS_VERSION, Hasher256};
use alloc::{string::String, vec::Vec};
use core::fmt;

/// The first bytes of a file.
pub const MAGIC: &[u8; 8] = b"AIPGVEC1";

/// How deep fields may stand in fields.
const DEPTH: u32 = 4;

/// The kinds of values.
mod kind {
    pub const NULL: u8 = 0;
    pub const FALSE: u8 = 1;
    pub const TRUE: u8 = 2;
    pub const INTEGER: u8 = 3;
    pub const LARGE: u8 = 4;
    pub const LIST: u8 = 5;
    pub const BYTES: u8 = 6;
    pub const TEXT: u8 = 7;
    pub const RECORD: u8 = 8;
}

/// Why bytes are no vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The bytes end before what they announce.
    Truncated,
    /// There are bytes after the end.
    TrailingBytes,
    /// The file begins with something else.
    BadMagic,
    /// The vectors are those of another version of the semantics.
    SemanticsVersion(u32),
    /// A name is empty or has other characters.
    BadName,
    /// A name is not after the one before it.
    FieldOrder,
    /// There is no such kind of value.
    UnknownKind(u8),
    /// A number, or the elements of a list, could be shorter or have a width that there is not.
    BadWidth,
    /// A text is not UTF-8.
    BadText,
    /// Fields stand deeper in fields than any vector's.
    TooDeep,
    /// The digest at the end is not that of the answers.
    DigestMismatch,
}

impl fmt::Display for FormatError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => formatter.write_str("Truncated: the bytes end too early"),
            Self::TrailingBytes => formatter.write_str("TrailingBytes: something follows the end"),
            Self::BadMagic => formatter.write_str("BadMagic: these are no test vectors"),
            Self::SemanticsVersion(version) => {
                write!(formatter, "SemanticsVersion: {version} is another version")
            }
            Self::BadName => {
                formatter.write_str("BadName: a name is empty or has other characters")
            }
            Self::FieldOrder => formatter.write_str("FieldOrder: the fields are not in order"),
            Self::UnknownKind(kind) => write!(formatter, "UnknownKind: {kind} is no kind of value"),
            Self::BadWidth => {
                formatter.write_str("BadWidth: a number is not as short as it can be")
            }
            Self::BadText => formatter.write_str("BadText: a text is not UTF-8"),
            Self::TooDeep => formatter.write_str("TooDeep: too many fields in fields"),
            Self::DigestMismatch => {
                formatter.write_str("DigestMismatch: the answers have another digest")
            }
        }
    }
}

impl core::error::Error for FormatError {}

/// The bytes of a file.
pub fn encode<H: Hasher256>(vectors: &[Vector]) -> Vec<u8> {
    let mut output = MAGIC.to_vec();
    output.extend(SEMANTICS_VERSION.to_le_bytes());
    push_length(vectors.len(), &mut output);
    for vector in vectors {
        push_name(&vector.operation, &mut output);
        for fields in [&vector.inputs, &vector.outputs] {
            push_bytes(&encode_fields(fields), &mut output);
        }
    }
    output.extend(recorded_digest::<H>(vectors));
    output
}

/// The vectors of a file.
///
/// # Errors
/// [`FormatError`] for the first thing that is not as [`encode`] writes it.
pub fn decode<H: Hasher256>(bytes: &[u8]) -> Result<Vec<Vector>, FormatError> {
    let mut reader = Reader(bytes);
    if reader.array()? != *MAGIC {
        return Err(FormatError::BadMagic);
    }
    let version = u32::from_le_bytes(reader.array()?);
    if version != SEMANTICS_VERSION {
        return Err(FormatError::SemanticsVersion(version));
    }
    let mut vectors = Vec::new();
    for _ in 0..u32::from_le_bytes(reader.array()?) {
        vectors.push(Vector {
            operation: reader.name()?,
            inputs: decode_fields(reader.bytes()?)?,
            outputs: decode_fields(reader.bytes()?)?,
        });
    }
    let digest = reader.array()?;
    reader.end()?;
    if digest != recorded_digest::<H>(&vectors) {
        return Err(FormatError::DigestMismatch);
    }
    Ok(vectors)
}

fn recorded_digest<H: Hasher256>(vectors: &[Vector]) -> [u8; 32] {
    let answers = vectors
        .iter()
        .map(|vector| answer_digest::<H>(&vector.outputs));
    digest::<H>(&answers.collect::<Vec<_>>())
}

/// The bytes of inputs or outputs.
pub fn encode_fields(fields: &Fields) -> Vec<u8> {
    let mut output = Vec::new();
    push_fields(fields, &mut output);
    output
}

/// The inputs or outputs that `bytes` are.
///
/// # Errors
/// [`FormatError`] for the first thing that is not as [`encode_fields`] writes it.
pub fn decode_fields(bytes: &[u8]) -> Result<Fields, FormatError> {
    let mut reader = Reader(bytes);
    let fields = reader.fields(DEPTH)?;
    reader.end()?;
    Ok(fields)
}

/// Lengths are below 2³², as is the memory that vectors are made for.
fn push_length(length: usize, output: &mut Vec<u8>) {
    output.extend((length as u32).to_le_bytes());
}

fn push_bytes(bytes: &[u8], output: &mut Vec<u8>) {
    push_length(bytes.len(), output);
    output.extend(bytes);
}

/// Names are short: those of operations and of fields.
fn push_name(name: &str, output: &mut Vec<u8>) {
    output.push(name.len() as u8);
    output.extend(name.as_bytes());
}

fn push_fields(fields: &Fields, output: &mut Vec<u8>) {
    output.push(fields.len() as u8);
    for (name, value) in fields {
        push_name(name, output);
        push_value(value, output);
    }
}

fn push_value(value: &Value, output: &mut Vec<u8>) {
    match value {
        Value::Null => output.push(kind::NULL),
        Value::Flag(false) => output.push(kind::FALSE),
        Value::Flag(true) => output.push(kind::TRUE),
        Value::Integer(number) => {
            output.push(kind::INTEGER);
            output.extend(number.to_le_bytes());
        }
        Value::Large(number) => {
            output.push(kind::LARGE);
            output.extend(number.to_le_bytes());
        }
        Value::List(numbers) => {
            let width = width(numbers);
            output.extend([kind::LIST, width as u8]);
            push_length(numbers.len(), output);
            for number in numbers {
                output.extend(number.to_le_bytes().iter().take(width));
            }
        }
        Value::Bytes(bytes) => {
            output.push(kind::BYTES);
            push_bytes(bytes, output);
        }
        Value::Text(text) => {
            output.push(kind::TEXT);
            push_bytes(text.as_bytes(), output);
        }
        Value::Record(fields) => {
            output.push(kind::RECORD);
            push_fields(fields, output);
        }
    }
}

/// Bytes in which each of the numbers fits.
fn width(numbers: &[i64]) -> usize {
    let fits = |bits: u32| {
        let rest = 64 - bits;
        numbers
            .iter()
            .all(|number| number << rest >> rest == *number)
    };
    match () {
        () if fits(8) => 1,
        () if fits(16) => 2,
        () if fits(32) => 4,
        () => 8,
    }
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], FormatError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(FormatError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, FormatError> {
        self.array().map(|[byte]| byte)
    }

    fn length(&mut self) -> Result<usize, FormatError> {
        let length = u32::from_le_bytes(self.array()?);
        usize::try_from(length).map_err(|_| FormatError::Truncated)
    }

    fn bytes(&mut self) -> Result<&'a [u8], FormatError> {
        let length = self.length()?;
        self.take(length)
    }

    const fn end(&self) -> Result<(), FormatError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(FormatError::TrailingBytes),
        }
    }

    fn name(&mut self) -> Result<String, FormatError> {
        let length = self.byte()?;
        let name = self.take(length.into())?;
        let known = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if name.is_empty() || !name.iter().all(known) {
            return Err(FormatError::BadName);
        }
        Ok(name.iter().map(|&byte| char::from(byte)).collect())
    }

    fn fields(&mut self, depth: u32) -> Result<Fields, FormatError> {
        let depth = depth.checked_sub(1).ok_or(FormatError::TooDeep)?;
        let mut fields = Fields::new();
        for _ in 0..self.byte()? {
            let name = self.name()?;
            if fields
                .last_key_value()
                .is_some_and(|(last, _)| *last >= name)
            {
                return Err(FormatError::FieldOrder);
            }
            let value = self.value(depth)?;
            fields.insert(name, value);
        }
        Ok(fields)
    }

    fn value(&mut self, depth: u32) -> Result<Value, FormatError> {
        Ok(match self.byte()? {
            kind::NULL => Value::Null,
            kind::FALSE => Value::Flag(false),
            kind::TRUE => Value::Flag(true),
            kind::INTEGER => Value::Integer(i64::from_le_bytes(self.array()?)),
            kind::LARGE => match Value::from(u64::from_le_bytes(self.array()?)) {
                Value::Integer(_) => return Err(FormatError::BadWidth),
                large => large,
            },
            kind::LIST => Value::List(self.list()?),
            kind::BYTES => Value::Bytes(self.bytes()?.to_vec()),
            kind::TEXT => {
                let text = String::from_utf8(self.bytes()?.to_vec());
                Value::Text(text.map_err(|_| FormatError::BadText)?)
            }
            kind::RECORD => Value::Record(self.fields(depth)?),
            other => return Err(FormatError::UnknownKind(other)),
        })
    }

    fn list(&mut self) -> Result<Vec<i64>, FormatError> {
        let bytes = usize::from(self.byte()?);
        if !matches!(bytes, 1 | 2 | 4 | 8) {
            return Err(FormatError::BadWidth);
        }
        let count = self.length()?;
        let elements = self.take(count.checked_mul(bytes).ok_or(FormatError::Truncated)?)?;
        let elements = elements.chunks_exact(bytes).map(signed);
        let elements: Vec<i64> = elements.collect();
        if width(&elements) != bytes {
            return Err(FormatError::BadWidth);
        }
        Ok(elements)
    }
}

/// The number of up to eight bytes in two's complement.
fn signed(bytes: &[u8]) -> i64 {
    let start = match bytes.last() {
        Some(last) if last & 0x80 != 0 => -1,
        _ => 0,
    };
    let bytes = bytes.iter().rev();
    bytes.fold(start, |number, &byte| number << 8 | i64::from(byte))
}

#[cfg(test)]
mod tests;
