//! Fields as structs.

use crate::{Fields, Value};
use alloc::{borrow::ToOwned, format, string::String, vec::Vec};

/// A struct that stands for [`Fields`].
pub trait Record: Sized {
    /// The struct's fields by name.
    fn into_fields(self) -> Fields;

    /// The struct of these fields; what it does not know is left aside.
    ///
    /// # Errors
    /// What is missing, of another type or out of range.
    fn from_fields(fields: Fields) -> Result<Self, String>;
}

/// A field of a [`Record`].
pub trait Field: Sized {
    /// What the field holds.
    fn into_value(self) -> Value;

    /// The field of a value, if it is of its type and in its range.
    fn from_value(value: Value) -> Option<Self>;

    /// Puts the field under its name.
    fn store(self, name: &str, fields: &mut Fields) {
        fields.insert(name.to_owned(), self.into_value());
    }

    /// Takes the field of this name.
    ///
    /// # Errors
    /// It is missing, of another type or out of range.
    fn load(name: &str, fields: &mut Fields) -> Result<Self, String> {
        let value = fields
            .remove(name)
            .ok_or_else(|| format!("{name} is missing"))?;
        Self::from_value(value).ok_or_else(|| format!("{name} is of another type or out of range"))
    }
}

/// Declares a struct that is a [`Record`].
macro_rules! record {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[$field_meta:meta])* pub $field:ident: $type:ty, )*
        }
    )*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$field_meta])* pub $field: $type, )*
        }

        impl $crate::record::Record for $name {
            fn into_fields(self) -> $crate::Fields {
                let mut fields = $crate::Fields::new();
                $( $crate::record::Field::store(self.$field, stringify!($field), &mut fields); )*
                fields
            }

            fn from_fields(mut fields: $crate::Fields) -> Result<Self, alloc::string::String> {
                Ok(Self {
                    $( $field: $crate::record::Field::load(stringify!($field), &mut fields)?, )*
                })
            }
        }
    )*};
}
pub(crate) use record;

impl<R: Record> Field for R {
    fn into_value(self) -> Value {
        Value::Record(self.into_fields())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Record(fields) => Self::from_fields(fields).ok(),
            _ => None,
        }
    }

    fn load(name: &str, fields: &mut Fields) -> Result<Self, String> {
        match fields.remove(name) {
            Some(Value::Record(inner)) => {
                Self::from_fields(inner).map_err(|error| format!("{name}: {error}"))
            }
            Some(_) => Err(format!("{name} is of another type")),
            None => Err(format!("{name} is missing")),
        }
    }
}

/// Numbers and lists of them.
macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Field for $type {
            fn into_value(self) -> Value {
                i64::from(self).into_value()
            }

            fn from_value(value: Value) -> Option<Self> {
                value.number()?.try_into().ok()
            }
        }

        impl Field for Vec<$type> {
            fn into_value(self) -> Value {
                Value::List(self.into_iter().map(i64::from).collect())
            }

            fn from_value(value: Value) -> Option<Self> {
                let Value::List(numbers) = value else {
                    return None;
                };
                let numbers = numbers.into_iter().map(|number| number.try_into().ok());
                numbers.collect()
            }
        }
    )*};
}
numbers!(i8, i16, i32, u8, u16, u32);

impl Field for i64 {
    fn into_value(self) -> Value {
        Value::Integer(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        value.number()?.try_into().ok()
    }
}

impl Field for Vec<i64> {
    fn into_value(self) -> Value {
        Value::List(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::List(numbers) => Some(numbers),
            _ => None,
        }
    }
}

impl Field for u64 {
    fn into_value(self) -> Value {
        self.into()
    }

    fn from_value(value: Value) -> Option<Self> {
        value.number()?.try_into().ok()
    }
}

/// A length.
impl Field for usize {
    fn into_value(self) -> Value {
        (self as u64).into()
    }

    fn from_value(value: Value) -> Option<Self> {
        value.number()?.try_into().ok()
    }
}

impl Field for bool {
    fn into_value(self) -> Value {
        Value::Flag(self)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Flag(flag) => Some(flag),
            _ => None,
        }
    }
}

/// A number or null.
impl Field for Option<u32> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, u32::into_value)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            number => u32::from_value(number).map(Some),
        }
    }
}

/// A hash.
impl Field for [u8; 32] {
    fn into_value(self) -> Value {
        Value::Bytes(self.to_vec())
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => bytes.try_into().ok(),
            _ => None,
        }
    }
}

/// Bytes of any length; a list of numbers is a [`Vec`] of another type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Field for Bytes {
    fn into_value(self) -> Value {
        Value::Bytes(self.0)
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(Self(bytes)),
            _ => None,
        }
    }
}
