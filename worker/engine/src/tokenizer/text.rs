//! `tokenizer.json` files of Hugging Face.

use super::TokenizerError;
use serde::Deserialize;
use std::{collections::BTreeMap, fmt};

/// Ids are below this: the largest vocabulary that a header has.
const MOST_IDS: u32 = aipg_exact::header::MAX_VOCABULARY;

/// What stands for a space in SentencePiece vocabularies.
const SPACE: char = '\u{2581}';

/// A tokenizer of Hugging Face.
#[derive(Clone)]
pub struct TextTokenizer {
    library: tokenizers::Tokenizer,
    special: BTreeMap<String, u32>,
    /// The bytes of all tokens, one after the other.
    bytes: Vec<u8>,
    /// Where those of each token end.
    ends: Vec<u32>,
}

impl fmt::Debug for TextTokenizer {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "tokenizer of {} ids", self.vocabulary())
    }
}

/// The part of a file that tells which bytes a token stands for.
#[derive(Deserialize)]
struct Description {
    decoder: Option<Decoder>,
    #[serde(default)]
    added_tokens: Vec<Added>,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct Decoder {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    decoders: Vec<Decoder>,
}

/// How the text of a token becomes bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spelling {
    /// Each byte is a printable character, as in GPT-2.
    Bytes,
    /// A character stands for spaces, and `<0xE9>` for a byte, as in SentencePiece.
    Pieces,
}

impl Decoder {
    fn spelling(&self) -> Result<Spelling, TokenizerError> {
        let parts = match self.decoders.as_slice() {
            [] => std::slice::from_ref(self),
            parts => parts,
        };
        let has = |kind: &str| parts.iter().any(|part| part.kind == kind);
        if has("ByteLevel") {
            Ok(Spelling::Bytes)
        } else if has("ByteFallback") || has("Metaspace") {
            Ok(Spelling::Pieces)
        } else {
            Err(TokenizerError::UnknownDecoder(self.kind.clone()))
        }
    }
}

impl TextTokenizer {
    /// Parses the content of a file.
    ///
    /// # Errors
    /// [`TokenizerError::Library`], [`TokenizerError::MovedToken`], [`TokenizerError::UnknownDecoder`],
    /// [`TokenizerError::LargeId`] or [`TokenizerError::BadToken`].
    pub fn from_json(json: &[u8]) -> Result<Self, TokenizerError> {
        let description: Description = serde_json::from_slice(json)?;
        let mut library = tokenizers::Tokenizer::from_bytes(json).map_err(library_error)?;
        // Prompts are never cut or filled up.
        library.with_truncation(None).map_err(library_error)?;
        library.with_padding(None);
        // The library numbers added tokens that follow no other by itself.
        for Added { id, content } in description.added_tokens {
            if library.token_to_id(&content) != Some(id) {
                return Err(TokenizerError::MovedToken(id));
            }
        }
        let spelling = match description.decoder {
            Some(decoder) => decoder.spelling()?,
            None => return Err(TokenizerError::UnknownDecoder("none".into())),
        };
        let mut tokens: Vec<(u32, String)> = library
            .get_vocab(true)
            .into_iter()
            .map(|(token, id)| (id, token))
            .collect();
        tokens.sort_unstable();
        let added = library.get_added_tokens_decoder();
        let mut tokenizer = Self {
            library,
            special: BTreeMap::new(),
            bytes: Vec::new(),
            ends: Vec::new(),
        };
        for (id, token) in tokens {
            if id >= MOST_IDS {
                return Err(TokenizerError::LargeId(id));
            }
            // Of two names of an id the first counts.
            if (id as usize) < tokenizer.ends.len() {
                continue;
            }
            // Ids that are in no vocabulary have no bytes.
            let end = tokenizer.bytes.len() as u32;
            tokenizer.ends.resize(id as usize, end);
            match added.get(&id) {
                Some(added) if added.special => {
                    tokenizer.special.insert(token, id);
                }
                // Added tokens are spelled as they are.
                Some(_) => tokenizer.bytes.extend(token.as_bytes()),
                None => {
                    let bytes = spell(&token, spelling).ok_or(TokenizerError::BadToken(id))?;
                    tokenizer.bytes.extend(bytes);
                }
            }
            tokenizer.ends.push(tokenizer.bytes.len() as u32);
        }
        Ok(tokenizer)
    }

    /// Ids are below this.
    pub fn vocabulary(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Token ids of a text; with what the file adds to every text, if `complete`.
    pub(super) fn encode(&self, text: &str, complete: bool) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self.library.encode_fast(text, complete);
        Ok(encoding.map_err(library_error)?.get_ids().to_vec())
    }

    pub(super) fn bytes(&self, id: u32) -> &[u8] {
        let id = id as usize;
        let Some(&end) = self.ends.get(id) else {
            return &[];
        };
        let start = match id {
            0 => 0,
            _ => self.ends[id - 1],
        };
        &self.bytes[start as usize..end as usize]
    }

    pub(super) fn special(&self, name: &str) -> Option<u32> {
        self.special.get(name).copied()
    }
}

fn library_error(error: tokenizers::Error) -> TokenizerError {
    TokenizerError::Library(error.to_string())
}

/// The bytes of a token's text.
fn spell(token: &str, spelling: Spelling) -> Option<Vec<u8>> {
    match spelling {
        Spelling::Bytes => token.chars().map(byte_of).collect(),
        Spelling::Pieces => Some(match byte_piece(token) {
            Some(byte) => vec![byte],
            None => token.replace(SPACE, " ").into_bytes(),
        }),
    }
}

/// The byte of `<0xE9>`.
fn byte_piece(token: &str) -> Option<u8> {
    let digits = token.strip_prefix("<0x")?.strip_suffix('>')?;
    u8::from_str_radix(digits, 16)
        .ok()
        .filter(|_| digits.len() == 2)
}

/// Whether a byte stands for itself where bytes are spelled as characters.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}

/// The byte that a character stands for: printable ones of Latin-1 for themselves, and those from U+0100 on for
/// the others in order.
fn byte_of(character: char) -> Option<u8> {
    let number = u32::from(character);
    match u8::try_from(number) {
        Ok(byte) => is_plain(byte).then_some(byte),
        Err(_) => {
            let index = usize::try_from(number - 256).ok()?;
            (0..=255u8).filter(|&byte| !is_plain(byte)).nth(index)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Tokenizer, *};
    use proptest::prelude::*;
    use serde_json::{json, Value};

    /// The character that stands for a byte.
    fn character_of(byte: u8) -> char {
        match is_plain(byte) {
            true => char::from(byte),
            false => {
                let before = (0..byte).filter(|&byte| !is_plain(byte)).count() as u32;
                // 68 bytes are not plain, and U+0100 to U+0143 are characters.
                char::from_u32(256 + before).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
        }
    }

    /// A byte-level tokenizer of all bytes, some merges and two added tokens, one of which is special.
    fn byte_level() -> Value {
        let mut vocabulary: serde_json::Map<String, Value> = (0..=255u8)
            .map(|byte| (character_of(byte).to_string(), byte.into()))
            .collect();
        for (id, token) in [(256, "he"), (257, "ll"), (258, "hell"), (259, "\u{120}w")] {
            vocabulary.insert(token.into(), id.into());
        }
        let added = |id: u32, content: &str, special: bool| {
            json!({"id": id, "content": content, "special": special, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        };
        json!({
            "version": "1.0", "truncation": {"direction": "Right", "max_length": 4,
                "strategy": "LongestFirst", "stride": 0}, "padding": null,
            "added_tokens": [added(260, "<|im_end|>", true), added(261, "<think>", false)],
            "normalizer": null,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false,
                "trim_offsets": true, "use_regex": true},
            "post_processor": {"type": "TemplateProcessing",
                "single": [{"SpecialToken": {"id": "<|im_end|>", "type_id": 0}},
                    {"Sequence": {"id": "A", "type_id": 0}}],
                "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                    {"Sequence": {"id": "B", "type_id": 1}}],
                "special_tokens": {"<|im_end|>":
                    {"id": "<|im_end|>", "ids": [260], "tokens": ["<|im_end|>"]}}},
            "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                "use_regex": true},
            "model": {"type": "BPE", "dropout": null, "unk_token": null,
                "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
                "byte_fallback": false, "vocab": vocabulary,
                "merges": ["h e", "l l", "he ll", "\u{120} w"]},
        })
    }

    fn parse(value: &Value) -> Result<Tokenizer, TokenizerError> {
        Tokenizer::from_json(value.to_string().as_bytes())
    }

    #[test]
    fn byte_level_tokenizer_should_encode_and_spell() {
        let tokenizer = parse(&byte_level()).unwrap();
        let text = "hello w\u{e9}<think><|im_end|>";
        let ids = tokenizer.encode_rendered(text).unwrap();
        assert_eq!(ids, [258, 111, 259, 0xc3, 0xa9, 261, 260]);
        assert_eq!(tokenizer.encode("he").unwrap(), [260, 256]);
        assert_eq!(tokenizer.decode(&ids), "hello w\u{e9}<think>");
        assert_eq!(tokenizer.bytes(259), b" w");
        assert_eq!(tokenizer.bytes(0xc3), [0xc3]);
        for none in [260, 262, u32::MAX] {
            assert_eq!(tokenizer.bytes(none), b"", "{none}");
        }
        assert_eq!((tokenizer.vocabulary(), tokenizer.ends()), (262, vec![260]));
        assert_eq!(tokenizer.special("<think>"), None);
    }

    #[test]
    fn pieces_should_be_spelled() {
        let json = json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
            "normalizer": null, "pre_tokenizer": null, "post_processor": null,
            "decoder": {"type": "Sequence", "decoders": [
                {"type": "Replace", "pattern": {"String": "\u{2581}"}, "content": " "},
                {"type": "ByteFallback"}, {"type": "Fuse"}]},
            "model": {"type": "BPE", "dropout": null, "unk_token": "<unk>",
                "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": true,
                "byte_fallback": true,
                "vocab": {"<unk>": 0, "<0xC3>": 1, "<0xA9>": 2, "a": 3, "\u{2581}": 4, "\u{2581}a": 5},
                "merges": ["\u{2581} a"]},
        });
        let tokenizer = parse(&json).unwrap();
        assert_eq!(tokenizer.encode("\u{2581}a\u{e9}").unwrap(), [5, 1, 2]);
        assert_eq!(tokenizer.decode(&[5, 1, 2]), " a\u{e9}");
        assert_eq!(tokenizer.bytes(1), [0xc3]);
    }

    #[test]
    fn tokenizer_should_be_refused_when_its_tokens_cannot_be_spelled() {
        let mut wrong = byte_level();
        wrong["decoder"] = json!({"type": "WordPiece", "prefix": "##", "cleanup": true});
        let error = parse(&wrong);
        assert!(matches!(error, Err(TokenizerError::UnknownDecoder(kind)) if kind == "WordPiece"));
        wrong["decoder"] = Value::Null;
        let error = parse(&wrong);
        assert!(matches!(error, Err(TokenizerError::UnknownDecoder(kind)) if kind == "none"));
        // Another token in the place of the first.
        let replaced = |token: &str, id: u32| {
            let mut wrong = byte_level();
            let vocabulary = wrong["model"]["vocab"].as_object_mut().unwrap();
            vocabulary.remove("\u{100}");
            vocabulary.insert(token.into(), id.into());
            parse(&wrong)
        };
        let error = replaced("a b", 0);
        assert!(matches!(error, Err(TokenizerError::BadToken(0))));
        let error = replaced("zz", 1 << 20);
        assert!(matches!(error, Err(TokenizerError::LargeId(id)) if id == 1 << 20));
        let mut wrong = byte_level();
        wrong["added_tokens"][0]["id"] = 270.into();
        let error = parse(&wrong);
        assert!(matches!(error, Err(TokenizerError::MovedToken(270))));
        let mut wrong = byte_level();
        wrong["model"]["merges"] = json!(["h z"]);
        assert!(matches!(parse(&wrong), Err(TokenizerError::Library(_))));
    }

    #[test]
    fn characters_should_stand_for_every_byte() {
        for byte in 0..=255 {
            assert_eq!(byte_of(character_of(byte)), Some(byte));
        }
        assert_eq!(
            (character_of(b' '), character_of(b'\n')),
            ('\u{120}', '\u{10a}')
        );
        assert_eq!((byte_of(' '), byte_of('\u{144}')), (None, None));
    }

    proptest! {
        #[test]
        fn text_should_round_trip(text: String) {
            let tokenizer = parse(&byte_level()).unwrap();
            let ids = tokenizer.encode_rendered(&text).unwrap();
            prop_assert!(ids.iter().all(|&id| id < tokenizer.vocabulary()));
            prop_assert_eq!(tokenizer.decode(&ids), text);
        }
    }
}
