//! The tokenizer of prompts in words: a list of words, each with the id of its place.
//!
//! A prompt is read without its punctuation and in lower case. A word that is not on the list is refused
//! by name: a model that does not know it could only make something else.

use serde::Deserialize;
use std::{collections::BTreeMap, fs, io, path::Path};
use thiserror::Error;

/// Why a tokenizer file is refused.
#[derive(Debug, Error)]
pub enum WordsError {
    /// The file cannot be read.
    #[error("cannot read the tokenizer file: {0}")]
    Io(#[from] io::Error),
    /// The file is not the JSON of a tokenizer.
    #[error("the tokenizer file is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The tokenizer is of another kind than `words`.
    #[error("unknown kind of tokenizer: {0}")]
    UnknownKind(String),
    /// An entry is not one word in lower case.
    #[error("BadWord: {0:?} is not a word in lower case")]
    BadWord(String),
    /// A word stands in the list twice.
    #[error("RepeatedWord: {0:?} stands in the list twice")]
    RepeatedWord(String),
}

/// Why a prompt has no tokens.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PromptError {
    /// There is no word in it.
    #[error("NoWords: the prompt has no word; known are {known}")]
    NoWords {
        /// What could be in it.
        known: String,
    },
    /// The model does not know a word of it.
    #[error("UnknownWord: {word:?} is not a word of the model; known are {known}")]
    UnknownWord {
        /// The first such word.
        word: String,
        /// What could be in it.
        known: String,
    },
}

/// A list of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(BTreeMap<String, u32>);

#[derive(Deserialize)]
struct Description {
    kind: String,
    #[serde(default)]
    words: Vec<String>,
}

/// The words of a text: what stands between characters that are neither letters nor digits.
fn split(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Words {
    /// Reads a tokenizer file.
    ///
    /// # Errors
    /// [`WordsError`] if the file cannot be read or has no list of words.
    pub fn from_file(path: &Path) -> Result<Self, WordsError> {
        Self::from_json(&fs::read(path)?)
    }

    /// Parses the content of a tokenizer file.
    ///
    /// # Errors
    /// [`WordsError`] if it has no list of words, or one with something else in it.
    pub fn from_json(json: &[u8]) -> Result<Self, WordsError> {
        let description: Description = serde_json::from_slice(json)?;
        if description.kind != "words" {
            return Err(WordsError::UnknownKind(description.kind));
        }
        let mut ids = BTreeMap::new();
        for (id, word) in (0..).zip(description.words) {
            if split(&word) != [word.as_str()] {
                return Err(WordsError::BadWord(word));
            }
            if ids.insert(word.clone(), id).is_some() {
                return Err(WordsError::RepeatedWord(word));
            }
        }
        Ok(Self(ids))
    }

    /// Token ids of a prompt, one for each word.
    ///
    /// # Errors
    /// [`PromptError`] if there is no word, or one that is not on the list.
    pub fn encode(&self, prompt: &str) -> Result<Vec<u32>, PromptError> {
        let known = || self.0.keys().cloned().collect::<Vec<_>>().join(", ");
        let words = split(prompt);
        if words.is_empty() {
            return Err(PromptError::NoWords { known: known() });
        }
        let ids = words.into_iter().map(|word| match self.0.get(&word) {
            Some(&id) => Ok(id),
            None => Err(PromptError::UnknownWord {
                word,
                known: known(),
            }),
        });
        ids.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FILE: &str =
        r#"{"name": "w", "version": 1, "kind": "words", "words": ["robot", "a", "red", "7"]}"#;

    #[test]
    fn encode_should_give_the_places_of_the_words() {
        let words = Words::from_json(FILE.as_bytes()).unwrap();
        assert_eq!(words.encode("A red,robot!"), Ok(vec![1, 2, 0]));
        assert_eq!(words.encode("  7-ROBOT\n"), Ok(vec![3, 0]));
    }

    #[test]
    fn encode_should_name_what_it_does_not_know_and_what_it_knows() {
        let words = Words::from_json(FILE.as_bytes()).unwrap();
        let error = words.encode("a Blue robot").unwrap_err();
        assert_eq!(
            error.to_string(),
            "UnknownWord: \"blue\" is not a word of the model; known are 7, a, red, robot"
        );
        let error = words.encode(" ,.! ").unwrap_err();
        assert_eq!(
            error.to_string(),
            "NoWords: the prompt has no word; known are 7, a, red, robot"
        );
    }

    #[test]
    fn tokenizer_should_be_refused_when_its_file_is_wrong() {
        let missing = Words::from_file(Path::new("no/such/tokenizer.json"));
        assert!(matches!(missing, Err(WordsError::Io(_))));
        let parse = |text: &str| Words::from_json(text.as_bytes()).unwrap_err();
        assert!(matches!(parse(""), WordsError::Malformed(_)));
        assert!(matches!(parse("{}"), WordsError::Malformed(_)));
        assert!(
            matches!(parse(r#"{"kind": "byte"}"#), WordsError::UnknownKind(kind) if kind == "byte")
        );
        let of = |words: &str| parse(&format!(r#"{{"kind": "words", "words": [{words}]}}"#));
        for bad in ["", "Red", "two words", "red,", " red"] {
            let error = of(&format!(r#""a", "{bad}""#));
            assert!(matches!(error, WordsError::BadWord(word) if word == bad));
        }
        assert!(matches!(of(r#""a", "b", "a""#), WordsError::RepeatedWord(word) if word == "a"));
    }

    proptest! {
        #[test]
        fn prompts_should_never_panic(prompt: String, json in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = Words::from_json(&json);
            let words = Words::from_json(FILE.as_bytes()).unwrap();
            let _ = words.encode(&prompt);
        }
    }
}
