//! The setting `devices`: what models may run on.

use serde::{de, Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// What models may run on. Whatever it says, the processor has every model as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// All GPUs that are found.
    #[default]
    Auto,
    /// The processor alone; GPUs are not even looked for.
    Cpu,
    /// These GPUs, by their numbers; each has to be there.
    These(Vec<usize>),
}

/// Why a text is no choice of devices.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChoiceError {
    #[error(
        "BadDevices: `{0}` is neither `auto` nor `cpu` nor a list of numbers of GPUs such as 0,2"
    )]
    Bad(String),
    #[error("DeviceTwice: GPU {0} is named twice")]
    Twice(usize),
}

impl Choice {
    fn these(numbers: Vec<usize>) -> Result<Self, ChoiceError> {
        let mut sorted = numbers.clone();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find(|pair| pair.first() == pair.last());
        match twice.and_then(|pair| pair.first()) {
            Some(&number) => Err(ChoiceError::Twice(number)),
            None if numbers.is_empty() => Err(ChoiceError::Bad(String::new())),
            None => Ok(Self::These(numbers)),
        }
    }
}

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match text.trim() {
            "auto" => return Ok(Self::Auto),
            "cpu" => return Ok(Self::Cpu),
            _ => {}
        }
        let numbers = text.split(',').map(|number| number.trim().parse());
        let numbers: Result<Vec<usize>, _> = numbers.collect();
        Self::these(numbers.map_err(|_| ChoiceError::Bad(text.to_owned()))?)
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Cpu => formatter.write_str("cpu"),
            Self::These(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
                formatter.write_str(&numbers.join(","))
            }
        }
    }
}

impl Serialize for Choice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text, a number or a list of numbers, as files and the environment have them.
impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Choice;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("`auto`, `cpu` or a list of numbers of GPUs")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Choice, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Choice, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Choice, E> {
                number.to_string().parse().map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Choice, A::Error> {
                let mut numbers = Vec::new();
                while let Some(number) = list.next_element()? {
                    numbers.push(number);
                }
                Choice::these(numbers).map_err(de::Error::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choice_should_parse_and_print_what_people_write() {
        for (text, choice) in [
            ("auto", Choice::Auto),
            ("cpu", Choice::Cpu),
            ("0", Choice::These(vec![0])),
            ("2,0", Choice::These(vec![2, 0])),
        ] {
            assert_eq!(text.parse(), Ok(choice.clone()));
            assert_eq!(choice.to_string(), text);
        }
        assert_eq!(" 1 , 3".parse(), Ok(Choice::These(vec![1, 3])));
    }

    #[test]
    fn choice_should_be_refused_by_name_when_it_is_none() {
        for text in ["", "gpu", "0,", "-1", "1;2", "all"] {
            let refused = Err(ChoiceError::Bad(text.into()));
            assert_eq!(text.parse::<Choice>(), refused);
        }
        assert_eq!("1,0,1".parse::<Choice>(), Err(ChoiceError::Twice(1)));
    }
}
