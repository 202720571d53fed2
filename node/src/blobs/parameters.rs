//! The parameters of the blob methods, as they come from anybody.
//!
//! JSON-RPC has one error for every wrong parameter, and the general readers of hexadecimal strings
//! forgive an odd digit or a blank. Here a parameter is taken as it is and judged by itself, so that
//! each fault has a name; what is too long is refused before anything is decoded, and what is no
//! string is skipped over without being kept.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use sp_core::H256;

/// What is wrong with a parameter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParameter {
    /// The parameter, or its value, is not there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// The value is no string.
    #[error("`{0}` is {1}, a hexadecimal string is needed")]
    WrongType(&'static str, &'static str),
    /// The string has no prefix.
    #[error("`{0}` does not begin with 0x")]
    NoPrefix(&'static str),
    /// A byte has two digits.
    #[error("`{0}` has an odd number of digits")]
    OddDigits(&'static str),
    /// There is something else than digits.
    #[error("`{name}` has the character {character:?} at {position}, which is no digit")]
    NoDigit {
        /// The parameter.
        name: &'static str,
        /// What stands there.
        character: char,
        /// Place among the digits after the prefix, from 0.
        position: usize,
    },
    /// A hash has a length.
    #[error("`{name}` has {found} bytes, 32 are needed")]
    WrongLength {
        /// The parameter.
        name: &'static str,
        /// Its bytes.
        found: usize,
    },
    /// More bytes than allowed.
    #[error("the blob has {length} bytes, at most {most} are allowed")]
    TooLong {
        /// Its bytes.
        length: usize,
        /// Allowed bytes.
        most: usize,
    },
}

/// A parameter that should be a hexadecimal string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hexadecimal {
    /// It is a string; its content was not looked at yet.
    Text(String),
    /// It is this instead.
    Other(&'static str),
}

impl Hexadecimal {
    /// The bytes of the parameter `name`, `most` at most.
    ///
    /// Errors: every variant of [`InvalidParameter`] except [`InvalidParameter::WrongLength`].
    pub fn bytes(
        parameter: Option<Self>,
        name: &'static str,
        most: usize,
    ) -> Result<Vec<u8>, InvalidParameter> {
        let text = match parameter {
            None => return Err(InvalidParameter::Missing(name)),
            Some(Self::Other(kind)) => return Err(InvalidParameter::WrongType(name, kind)),
            Some(Self::Text(text)) => text,
        };
        let digits = text
            .strip_prefix("0x")
            .ok_or(InvalidParameter::NoPrefix(name))?;
        let length = digits.len().div_ceil(2);
        if length > most {
            return Err(InvalidParameter::TooLong { length, most });
        }
        hex::decode(digits).map_err(|error| match error {
            hex::FromHexError::InvalidHexCharacter { index, .. } => InvalidParameter::NoDigit {
                name,
                // The decoder goes by bytes; a character may have several.
                character: digits
                    .get(index..)
                    .and_then(|rest| rest.chars().next())
                    .unwrap_or(char::REPLACEMENT_CHARACTER),
                position: index,
            },
            _ => InvalidParameter::OddDigits(name),
        })
    }

    /// The hash that the parameter `name` is.
    ///
    /// Errors: every variant of [`InvalidParameter`] except [`InvalidParameter::TooLong`].
    pub fn hash(parameter: Option<Self>, name: &'static str) -> Result<H256, InvalidParameter> {
        let bytes = Self::bytes(parameter, name, H256::len_bytes());
        let found = match bytes {
            Ok(bytes) if bytes.len() == H256::len_bytes() => return Ok(H256::from_slice(&bytes)),
            Ok(bytes) => bytes.len(),
            Err(InvalidParameter::TooLong { length, .. }) => length,
            Err(error) => return Err(error),
        };
        Err(InvalidParameter::WrongLength { name, found })
    }
}

impl<'de> Deserialize<'de> for Hexadecimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

/// Takes strings, and notes what anything else is without keeping it.
struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Hexadecimal;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a hexadecimal string")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Text(text.into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Text(text))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Other("a boolean"))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Other("a number"))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Other("a number"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Other("a number"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Hexadecimal::Other("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Hexadecimal::Other("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        // With arbitrary precision a number comes as an object of one key.
        let mut number = false;
        while let Some(key) = object.next_key::<String>()? {
            number = key.starts_with("$serde_json::");
            object.next_value::<IgnoredAny>()?;
        }
        Ok(Hexadecimal::Other(match number {
            true => "a number",
            false => "an object",
        }))
    }
}
