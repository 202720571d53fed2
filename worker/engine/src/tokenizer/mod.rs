//! Text to token ids and back, behind one type: the byte tokenizer of the demo model, and `tokenizer.json` files
//! of Hugging Face.
//!
//! Tokenizers are outside the semantics. A model commits the hash of its tokenizer file, and jobs
//! are token ids; text is the client's business.

mod byte;
mod gguf;
mod text;

pub use byte::ByteTokenizer;
pub use gguf::{from_gguf, special_text};
pub use text::TextTokenizer;

use serde::{de::IgnoredAny, Deserialize};
use std::{fs, io, path::Path};
use thiserror::Error;

/// Largest tokenizer file. Those of vocabularies of 256,000 have some 35 MB.
const LARGEST_FILE: usize = 64 << 20;

/// Why a tokenizer file is refused.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// The file cannot be read.
    #[error("cannot read the tokenizer file: {0}")]
    Io(#[from] io::Error),
    /// The file is not the JSON of a tokenizer.
    #[error("the tokenizer file is malformed: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The file is larger than that of any model.
    #[error("the tokenizer file is too large: {0} bytes")]
    TooLarge(usize),
    /// The tokenizer is of another kind than `byte`.
    #[error("unknown kind of tokenizer: {0}")]
    UnknownKind(String),
    /// A special id is a byte, occurs twice or is outside the vocabulary.
    #[error("special id {0} is a byte, used twice or outside the vocabulary")]
    BadSpecial(u32),
    /// The `tokenizers` crate refuses the file, or a text.
    #[error("the tokenizer fails: {0}")]
    Library(String),
    /// The file does not say, in a way that is known, which bytes a token stands for.
    #[error("unknown decoder of tokens: {0}")]
    UnknownDecoder(String),
    /// A token's text is not made of what its decoder knows.
    #[error("token {0} stands for no bytes that its decoder knows")]
    BadToken(u32),
    /// A GGUF file has no tokenizer that can be used.
    #[error("the tokenizer of the GGUF file cannot be used, as {0}: give the model's tokenizer.json by --tokenizer")]
    Gguf(String),
    /// An added token has an id that leaves a gap behind the vocabulary.
    #[error("added token {0} does not follow the others: the tokenizer would give it another id")]
    MovedToken(u32),
    /// An id is larger than any vocabulary.
    #[error("token id {0} is larger than any vocabulary")]
    LargeId(u32),
}

/// A tokenizer.
#[derive(Clone, Debug)]
pub enum Tokenizer {
    /// Ids 0 to 255 are bytes.
    Byte(ByteTokenizer),
    /// A `tokenizer.json` of Hugging Face.
    Text(Box<TextTokenizer>),
}

impl Default for Tokenizer {
    /// The demo model's.
    fn default() -> Self {
        Self::Byte(ByteTokenizer::default())
    }
}

/// What tells the kinds of files apart.
#[derive(Deserialize)]
struct Kind {
    model: Option<IgnoredAny>,
}

impl Tokenizer {
    /// Reads a tokenizer file.
    ///
    /// # Errors
    /// [`TokenizerError`] if the file cannot be read or describes no tokenizer that is known.
    pub fn from_file(path: &Path) -> Result<Self, TokenizerError> {
        Self::from_json(&fs::read(path)?)
    }

    /// Parses the content of a tokenizer file.
    ///
    /// # Errors
    /// [`TokenizerError`] if it describes no tokenizer that is known.
    pub fn from_json(json: &[u8]) -> Result<Self, TokenizerError> {
        if json.len() > LARGEST_FILE {
            return Err(TokenizerError::TooLarge(json.len()));
        }
        let Kind { model } = serde_json::from_slice(json)?;
        Ok(match model {
            Some(_) => Self::Text(Box::new(TextTokenizer::from_json(json)?)),
            None => Self::Byte(ByteTokenizer::from_json(json)?),
        })
    }

    /// Ids are below this. The vocabulary of the model may be larger, as many are padded.
    pub fn vocabulary(&self) -> u32 {
        match self {
            Self::Byte(tokenizer) => tokenizer.vocabulary,
            Self::Text(tokenizer) => tokenizer.vocabulary(),
        }
    }

    /// Token ids of a prompt: the text with what begins, and ends, every prompt of the model.
    ///
    /// # Errors
    /// [`TokenizerError::Library`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        match self {
            Self::Byte(tokenizer) => Ok(tokenizer.encode(text)),
            Self::Text(tokenizer) => tokenizer.encode(text, true),
        }
    }

    /// Token ids of a text that is complete, as a chat template gives it: nothing is added. In files of Hugging
    /// Face the names of special tokens in it become these tokens.
    ///
    /// # Errors
    /// [`TokenizerError::Library`].
    pub fn encode_rendered(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        match self {
            Self::Byte(_) => Ok(text.bytes().map(u32::from).collect()),
            Self::Text(tokenizer) => tokenizer.encode(text, false),
        }
    }

    /// The bytes of a token; none of special ids and of such that there are not.
    pub fn bytes(&self, id: u32) -> &[u8] {
        match self {
            Self::Byte(tokenizer) => tokenizer.bytes(id),
            Self::Text(tokenizer) => tokenizer.bytes(id),
        }
    }

    /// Text of token ids. Special and unknown ids have none; what is not UTF-8 becomes U+FFFD.
    pub fn decode(&self, ids: &[u32]) -> String {
        let bytes: Vec<u8> = ids.iter().flat_map(|&id| self.bytes(id)).copied().collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The id of a special token by its name, such as `<|im_end|>`; the byte tokenizer's are `start`,
    /// `prompt_end` and `answer_end`.
    pub fn special(&self, name: &str) -> Option<u32> {
        match self {
            Self::Byte(tokenizer) => tokenizer.special(name),
            Self::Text(tokenizer) => tokenizer.special(name),
        }
    }

    /// Ids that end an answer, by the names that special tokens of chat models have.
    pub fn ends(&self) -> Vec<u32> {
        const NAMES: [&str; 7] = [
            "answer_end",
            "<|im_end|>",
            "<|eot_id|>",
            "<|eom_id|>",
            "<|end_of_text|>",
            "<|endoftext|>",
            "</s>",
        ];
        NAMES.iter().filter_map(|name| self.special(name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokenizer_should_be_refused_when_its_file_is_wrong() {
        let missing = Tokenizer::from_file(Path::new("no/such/tokenizer.json"));
        assert!(matches!(missing, Err(TokenizerError::Io(_))));
        let parse = |text: &str| Tokenizer::from_json(text.as_bytes());
        for malformed in ["", "{}", "[]", r#"{"model": null}"#] {
            assert!(
                matches!(parse(malformed), Err(TokenizerError::Malformed(_))),
                "{malformed}"
            );
        }
        let library = parse(r#"{"model": {"type": "Dictionary"}}"#);
        assert!(matches!(library, Err(TokenizerError::Library(_))));
        let large = vec![b' '; LARGEST_FILE + 1];
        let error = Tokenizer::from_json(&large);
        assert!(matches!(error, Err(TokenizerError::TooLarge(length)) if length == large.len()));
    }

    #[test]
    fn byte_tokenizer_should_be_one() {
        let json = br#"{"kind": "byte", "vocabulary": 272,
            "special": {"start": 256, "prompt_end": 257, "answer_end": 258}}"#;
        let tokenizer = Tokenizer::from_json(json).unwrap();
        assert_eq!(tokenizer.encode("Hi").unwrap(), [256, 72, 105, 257]);
        assert_eq!(tokenizer.encode_rendered("Hi").unwrap(), [72, 105]);
        assert_eq!(tokenizer.decode(&[256, 72, 105, 999]), "Hi");
        assert_eq!((tokenizer.vocabulary(), tokenizer.ends()), (272, vec![258]));
        assert_eq!(tokenizer.special("start"), Some(256));
        assert_eq!(tokenizer.special("<|im_end|>"), None);
    }
}
