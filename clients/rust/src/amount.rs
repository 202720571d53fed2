//! Amounts of AIPG as people write them: exact decimals, never floating point.

use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// Decimal places of the token: 1 AIPG = 10^18 of the smallest unit.
const DECIMALS: usize = 18;

/// An amount in the smallest unit. Reads and prints as a decimal number of AIPG.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub u128);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AmountError {
    #[error("`{0}` is not an amount of AIPG; write digits with an optional point, like 0.002")]
    NotANumber(String),
    #[error("`{0}` has more than 18 decimal places; the smallest unit is 10^-18 AIPG")]
    TooPrecise(String),
    #[error("`{0}` is larger than any amount of AIPG")]
    TooLarge(String),
}

impl Amount {
    /// A whole number of AIPG.
    pub const fn whole(aipg: u64) -> Self {
        // At most 2^64 × 10^18, which is below 2^128.
        Self(aipg as u128 * 10u128.pow(DECIMALS as u32))
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Self, AmountError> {
        let not_a_number = || AmountError::NotANumber(text.to_owned());
        let number = text.trim();
        let number = number.strip_suffix("AIPG").unwrap_or(number).trim_end();
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return Err(not_a_number());
        }
        if !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
        {
            return Err(not_a_number());
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > DECIMALS {
            return Err(AmountError::TooPrecise(text.to_owned()));
        }
        let digits = format!("{whole}{fraction:0<DECIMALS$}");
        digits
            .parse()
            .map(Self)
            .map_err(|_| AmountError::TooLarge(text.to_owned()))
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u128.pow(DECIMALS as u32);
        let (whole, fraction) = (self.0 / unit, self.0 % unit);
        let fraction = format!("{fraction:0>DECIMALS$}");
        match fraction.trim_end_matches('0') {
            "" => write!(formatter, "{whole} AIPG"),
            fraction => write!(formatter, "{whole}.{fraction} AIPG"),
        }
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Amount;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an amount of AIPG such as \"0.002\" or 100")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, aipg: u64) -> Result<Amount, E> {
                Ok(Amount::whole(aipg))
            }

            fn visit_i64<E: de::Error>(self, aipg: i64) -> Result<Amount, E> {
                u64::try_from(aipg)
                    .map(Amount::whole)
                    .map_err(|_| E::custom("an amount of AIPG is not negative"))
            }

            fn visit_f64<E: de::Error>(self, aipg: f64) -> Result<Amount, E> {
                // The shortest text that names this float is what its author wrote.
                self.visit_str(&aipg.to_string())
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn amount_should_read_exact_decimals() {
        assert_eq!("1".parse(), Ok(Amount(1_000_000_000_000_000_000)));
        assert_eq!("0.002".parse(), Ok(Amount(2_000_000_000_000_000)));
        assert_eq!(".5 AIPG".parse(), Ok(Amount(500_000_000_000_000_000)));
        assert_eq!("0.000000000000000001".parse(), Ok(Amount(1)));
        assert_eq!("1.0000000000000000000".parse(), Ok(Amount::whole(1)));
    }

    #[test]
    fn amount_should_print_what_it_reads() {
        for text in [
            "0 AIPG",
            "1 AIPG",
            "0.002 AIPG",
            "123.000000000000000001 AIPG",
        ] {
            assert_eq!(
                text.parse::<Amount>().map(|amount| amount.to_string()),
                Ok(text.into())
            );
        }
    }

    #[test]
    fn amount_should_be_refused_when_it_is_no_number() {
        for text in ["", ".", "-1", "1,5", "1e3", "abc", "1.2.3"] {
            assert_eq!(
                text.parse::<Amount>(),
                Err(AmountError::NotANumber(text.into()))
            );
        }
    }

    #[test]
    fn amount_should_be_refused_when_it_is_too_precise_or_too_large() {
        let precise = "0.0000000000000000001";
        assert_eq!(
            precise.parse::<Amount>(),
            Err(AmountError::TooPrecise(precise.into()))
        );
        let large = "999999999999999999999999999999";
        assert_eq!(
            large.parse::<Amount>(),
            Err(AmountError::TooLarge(large.into()))
        );
    }

    #[test]
    fn amount_should_come_from_numbers_and_texts_of_a_file() {
        fn read<'a>(
            value: impl de::IntoDeserializer<'a, de::value::Error>,
        ) -> Result<Amount, de::value::Error> {
            Amount::deserialize(value.into_deserializer())
        }
        assert_eq!(read("0.1"), Ok(Amount(100_000_000_000_000_000)));
        assert_eq!(read(3u64), Ok(Amount::whole(3)));
        assert_eq!(read(3i64), Ok(Amount::whole(3)));
        assert_eq!(read(0.1f64), read("0.1"));
        assert!(read(-3i64).is_err());
    }
}
