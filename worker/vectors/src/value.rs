//! Fields by name.

use alloc::{collections::BTreeMap, string::String, vec::Vec};

/// Inputs or outputs, in the order of their names.
pub type Fields = BTreeMap<String, Value>;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing, where something may be.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A number of 64 bits.
    Integer(i64),
    /// A number beyond them, from 2⁶³; smaller ones are an [`Self::Integer`].
    Large(u64),
    /// Numbers; a matrix is a list, row by row.
    List(Vec<i64>),
    /// Bytes, which JSON has as hexadecimal text.
    Bytes(Vec<u8>),
    /// Text; no text is hexadecimal.
    Text(String),
    /// Fields in a field.
    Record(Fields),
}

impl Value {
    /// The number of an [`Self::Integer`] or a [`Self::Large`].
    pub fn number(&self) -> Option<i128> {
        match self {
            Self::Integer(number) => Some((*number).into()),
            Self::Large(number) => Some((*number).into()),
            _ => None,
        }
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Large(number), Self::Integer)
    }
}
