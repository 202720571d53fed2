//! The byte tokenizer: ids 0 to 255 are the bytes of UTF-8, a few special ids mark the parts.

use super::TokenizerError;
use serde::Deserialize;

/// The byte tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteTokenizer {
    /// First token of every prompt.
    pub start: u32,
    /// Last token of every prompt; the answer follows.
    pub prompt_end: u32,
    /// Last token of a complete answer: the stop token.
    pub answer_end: u32,
    /// Ids are below this.
    pub vocabulary: u32,
}

/// Every byte at its number.
static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        bytes[byte] = byte as u8;
        byte += 1;
    }
    bytes
};

impl Default for ByteTokenizer {
    /// The demo model's ids.
    fn default() -> Self {
        Self {
            start: 256,
            prompt_end: 257,
            answer_end: 258,
            vocabulary: 272,
        }
    }
}

#[derive(Deserialize)]
struct Description {
    kind: String,
    special: Special,
    vocabulary: u32,
}

#[derive(Deserialize)]
struct Special {
    start: u32,
    prompt_end: u32,
    answer_end: u32,
}

impl ByteTokenizer {
    /// Parses the content of a tokenizer file.
    ///
    /// # Errors
    /// [`TokenizerError`] if it describes no byte tokenizer.
    pub fn from_json(json: &[u8]) -> Result<Self, TokenizerError> {
        let description: Description = serde_json::from_slice(json)?;
        if description.kind != "byte" {
            return Err(TokenizerError::UnknownKind(description.kind));
        }
        let Special {
            start,
            prompt_end,
            answer_end,
        } = description.special;
        let vocabulary = description.vocabulary;
        let specials = [start, prompt_end, answer_end];
        for (index, &id) in specials.iter().enumerate() {
            if id < 256 || id >= vocabulary || specials[..index].contains(&id) {
                return Err(TokenizerError::BadSpecial(id));
            }
        }
        Ok(Self {
            start,
            prompt_end,
            answer_end,
            vocabulary,
        })
    }

    /// Token ids of a prompt: start, the bytes of the text, end of prompt.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let bytes = text.bytes().map(u32::from);
        [self.start]
            .into_iter()
            .chain(bytes)
            .chain([self.prompt_end])
            .collect()
    }

    /// The id of a special token.
    pub(super) fn special(&self, name: &str) -> Option<u32> {
        match name {
            "start" => Some(self.start),
            "prompt_end" => Some(self.prompt_end),
            "answer_end" => Some(self.answer_end),
            _ => None,
        }
    }

    /// The bytes of a token: one, or none of special and reserved ids.
    pub fn bytes(&self, id: u32) -> &'static [u8] {
        u8::try_from(id).map_or(&[], |byte| std::slice::from_ref(&BYTES[usize::from(byte)]))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Tokenizer, *};
    use proptest::prelude::*;

    fn json(kind: &str, start: u32, prompt_end: u32, answer_end: u32) -> String {
        format!(
            r#"{{"name": "aipg-byte", "kind": "{kind}", "vocabulary": 272, "special":
               {{"start": {start}, "prompt_end": {prompt_end}, "answer_end": {answer_end}}}}}"#
        )
    }

    #[test]
    fn tokenizer_should_be_refused_when_its_file_is_wrong() {
        let parse = |text: &str| ByteTokenizer::from_json(text.as_bytes());
        assert!(matches!(parse("{}"), Err(TokenizerError::Malformed(_))));
        assert!(matches!(parse(""), Err(TokenizerError::Malformed(_))));
        let unknown = parse(&json("bpe", 256, 257, 258));
        assert!(matches!(unknown, Err(TokenizerError::UnknownKind(kind)) if kind == "bpe"));
        for (start, prompt_end, answer_end, bad) in [
            (255, 257, 258, 255),
            (256, 256, 258, 256),
            (256, 257, 272, 272),
        ] {
            let result = parse(&json("byte", start, prompt_end, answer_end));
            assert!(matches!(result, Err(TokenizerError::BadSpecial(id)) if id == bad));
        }
    }

    #[test]
    fn encode_should_mark_the_prompt() {
        let tokenizer = ByteTokenizer::default();
        assert_eq!(tokenizer.encode("Hé"), [256, 72, 0xc3, 0xa9, 257]);
        assert_eq!(tokenizer.encode(""), [256, 257]);
        let tokenizer = Tokenizer::Byte(tokenizer);
        assert_eq!(tokenizer.decode(&[256, 72, 105, 258, 271, u32::MAX]), "Hi");
        assert_eq!(tokenizer.decode(&[0xff, 72]), "\u{fffd}H");
    }

    proptest! {
        #[test]
        fn text_should_round_trip(text: String) {
            let tokenizer = ByteTokenizer::default();
            let ids = tokenizer.encode(&text);
            prop_assert!(ids.iter().all(|&id| id < tokenizer.vocabulary));
            prop_assert_eq!(Tokenizer::Byte(tokenizer).decode(&ids), text);
        }

        #[test]
        fn parser_should_never_panic(json in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = ByteTokenizer::from_json(&json);
        }
    }
}
