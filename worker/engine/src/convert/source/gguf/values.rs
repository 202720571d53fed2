//! The metadata of a GGUF file, read with every length checked before anything is allocated for it.

use super::GgufError;
use crate::convert::source::ReadAt;
use std::{collections::BTreeMap, io};

/// Most bytes of metadata that are read. Tokenizers, the largest of it, have some 10 MB.
const MOST_METADATA: u64 = 128 << 20;

/// Bytes that are read from the file at a time.
const PIECE: usize = 1 << 16;

/// Longest key or name of a tensor.
const LONGEST_NAME: usize = 1 << 16;

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Any integer.
    Integer(i128),
    /// A float of 32 or 64 bits.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(String),
    /// Texts.
    Texts(Vec<String>),
    /// Integers of any width, those of 64 bits without sign wrapped.
    Integers(Vec<i64>),
    /// An array of another kind, of which nothing is needed.
    Other,
}

/// Metadata by key.
pub type Metadata = BTreeMap<String, Value>;

/// Kinds of values by their number.
mod kind {
    pub const U8: u32 = 0;
    pub const I8: u32 = 1;
    pub const U16: u32 = 2;
    pub const I16: u32 = 3;
    pub const U32: u32 = 4;
    pub const I32: u32 = 5;
    pub const F32: u32 = 6;
    pub const BOOL: u32 = 7;
    pub const TEXT: u32 = 8;
    pub const ARRAY: u32 = 9;
    pub const U64: u32 = 10;
    pub const I64: u32 = 11;
    pub const F64: u32 = 12;
}

/// Reads one thing after the other.
pub(super) struct Cursor<'a> {
    source: &'a dyn ReadAt,
    /// Of the first byte that was not taken.
    pub offset: u64,
    /// Bytes from there that are in memory.
    buffer: Vec<u8>,
    /// How many of them were taken.
    taken: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(source: &'a dyn ReadAt) -> Self {
        Self {
            source,
            offset: 0,
            buffer: Vec::new(),
            taken: 0,
        }
    }

    /// Bytes that are left.
    pub fn left(&self) -> u64 {
        self.source.length().saturating_sub(self.offset)
    }

    /// The next bytes.
    fn take(&mut self, count: usize) -> Result<&[u8], GgufError> {
        let expected = self.offset.saturating_add(count as u64);
        if count as u64 > self.left() {
            let found = self.source.length();
            return Err(GgufError::Truncated { expected, found });
        }
        if expected > MOST_METADATA {
            return Err(GgufError::TooMuchMetadata);
        }
        if self.buffer.len() - self.taken < count {
            let length = self.left().min(count.max(PIECE) as u64) as usize;
            self.buffer.resize(length, 0);
            self.taken = 0;
            self.source.read_at(self.offset, &mut self.buffer)?;
        }
        let start = self.taken;
        self.taken += count;
        self.offset = expected;
        Ok(&self.buffer[start..self.taken])
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        Ok(bytes)
    }

    pub fn u32(&mut self) -> Result<u32, GgufError> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, GgufError> {
        self.array().map(u64::from_le_bytes)
    }

    /// A count of things of at least so many bytes each, which must have room in what is left.
    pub fn count(&mut self, least: u64) -> Result<usize, GgufError> {
        let count = self.u64()?;
        let expected = count.saturating_mul(least).saturating_add(self.offset);
        if expected > self.source.length() {
            let found = self.source.length();
            return Err(GgufError::Truncated { expected, found });
        }
        if expected > MOST_METADATA {
            return Err(GgufError::TooMuchMetadata);
        }
        usize::try_from(count).map_err(|_| GgufError::TooMuchMetadata)
    }

    fn text(&mut self) -> Result<String, GgufError> {
        let length = self.count(1)?;
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(GgufError::NotUtf8),
        }
    }

    pub fn name(&mut self) -> Result<String, GgufError> {
        let name = self.text()?;
        match name.len() <= LONGEST_NAME {
            true => Ok(name),
            false => Err(GgufError::LongName(name.len())),
        }
    }

    /// Reads so many pairs of key and value.
    pub fn metadata(&mut self, count: usize) -> Result<Metadata, GgufError> {
        let mut metadata = Metadata::new();
        for _ in 0..count {
            let key = self.name()?;
            let kind = self.u32()?;
            let value = match kind {
                kind::TEXT => Value::Text(self.text()?),
                kind::ARRAY => self.values()?,
                _ => self.number(kind)?,
            };
            if metadata.contains_key(&key) {
                return Err(GgufError::DuplicateKey(key));
            }
            metadata.insert(key, value);
        }
        Ok(metadata)
    }

    fn number(&mut self, kind: u32) -> Result<Value, GgufError> {
        Ok(match kind {
            kind::U8 => Value::Integer(u8::from_le_bytes(self.array()?).into()),
            kind::I8 => Value::Integer(i8::from_le_bytes(self.array()?).into()),
            kind::U16 => Value::Integer(u16::from_le_bytes(self.array()?).into()),
            kind::I16 => Value::Integer(i16::from_le_bytes(self.array()?).into()),
            kind::U32 => Value::Integer(self.u32()?.into()),
            kind::I32 => Value::Integer(i32::from_le_bytes(self.array()?).into()),
            kind::U64 => Value::Integer(self.u64()?.into()),
            kind::I64 => Value::Integer(i64::from_le_bytes(self.array()?).into()),
            kind::F32 => Value::Float(f32::from_le_bytes(self.array()?).into()),
            kind::F64 => Value::Float(f64::from_le_bytes(self.array()?)),
            kind::BOOL => Value::Bool(self.array::<1>()? != [0]),
            other => return Err(GgufError::UnknownValue(other)),
        })
    }

    /// An array of values of one kind.
    fn values(&mut self) -> Result<Value, GgufError> {
        let kind = self.u32()?;
        let least = match kind {
            kind::U8 | kind::I8 | kind::BOOL => 1,
            kind::U16 | kind::I16 => 2,
            kind::U32 | kind::I32 | kind::F32 => 4,
            kind::U64 | kind::I64 | kind::F64 | kind::TEXT => 8,
            kind::ARRAY => return Err(GgufError::NestedArray),
            other => return Err(GgufError::UnknownValue(other)),
        };
        let count = self.count(least)?;
        match kind {
            kind::TEXT => Ok(Value::Texts(
                (0..count).map(|_| self.text()).collect::<Result<_, _>>()?,
            )),
            kind::F32 | kind::F64 | kind::BOOL => {
                for _ in 0..count {
                    self.take(least as usize)?;
                }
                Ok(Value::Other)
            }
            _ => {
                let mut integers = Vec::with_capacity(count);
                for _ in 0..count {
                    if let Value::Integer(integer) = self.number(kind)? {
                        integers.push(integer as i64);
                    }
                }
                Ok(Value::Integers(integers))
            }
        }
    }
}

impl From<io::Error> for GgufError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
