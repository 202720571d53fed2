use super::*;
use proptest::{collection::vec, prelude::*, sample::select};

fn text(text: &str) -> Stop {
    Stop::Text(text.into())
}

fn answer(stops: &[Stop]) -> Answer {
    Answer::new(stops.to_vec()).unwrap()
}

/// The pieces that an answer gives for tokens of these bytes, and for its end.
fn pieces(answer: &mut Answer, tokens: &[&str]) -> Vec<String> {
    let mut pieces: Vec<String> = tokens
        .iter()
        .zip(0..)
        .map(|(bytes, token)| answer.push(token, bytes.as_bytes()).to_owned())
        .collect();
    pieces.push(answer.end().to_owned());
    pieces
}

#[test]
fn answer_should_hold_back_what_could_become_a_stop() {
    let stops = [text("\n\n"), text("User:")];
    let mut stopped = answer(&stops);
    let tokens = ["A\n", "b", "c\nUs", "er", ": no", "more"];
    assert_eq!(
        pieces(&mut stopped, &tokens),
        ["A", "\nb", "c\n", "", "", "", ""]
    );
    assert_eq!(stopped.text(), "A\nbc\n");
    assert_eq!(stopped.stop(), Some(&stops[1]));

    let mut other = answer(&stops);
    let tokens = ["Us", "e", "less", "U"];
    assert_eq!(pieces(&mut other, &tokens), ["", "", "Useless", "", "U"]);
    assert_eq!((other.is_ended(), other.stop()), (true, None));
    assert_eq!(other.push(9, b"late"), "");
    assert_eq!(other.text(), "UselessU");
}

#[test]
fn answer_should_end_at_the_stop_that_is_complete_first() {
    let stops = [text("abcdef"), text("bc"), text("abc"), text("d")];
    for tokens in [&["xabcdef"][..], &["xa", "bcd"], &["x", "a", "b", "c"]] {
        let mut answer = answer(&stops);
        pieces(&mut answer, tokens);
        assert_eq!(answer.text(), "x");
        assert_eq!(answer.stop(), Some(&text("abc")), "{tokens:?}");
    }
}

#[test]
fn answer_should_end_at_a_sequence_of_tokens() {
    // Tokens 1 and 3 have no text.
    let bytes = ["a", "", "b", ""];
    let stop = Stop::Tokens(vec![1, 2, 3]);
    let mut answer = answer(std::slice::from_ref(&stop));
    let shown: Vec<String> = [0, 1, 2, 1, 2, 3, 0]
        .map(|token| answer.push(token, bytes[token as usize].as_bytes()).into())
        .to_vec();
    assert_eq!(shown, ["a", "", "", "b", "", "", ""]);
    assert_eq!((answer.text(), answer.stop()), ("ab", Some(&stop)));
}

#[test]
fn answer_should_never_show_a_part_of_a_character() {
    let mut answer = answer(&[text("€")]);
    // é, the first two bytes of €, and an a in the place of the third.
    let shown: Vec<String> = [0xc3, 0xa9, 0xe2, 0x82, b'a', 0xe2]
        .map(|byte| answer.push(byte.into(), &[byte]).into())
        .to_vec();
    assert_eq!(shown, ["", "é", "", "", "\u{fffd}a", ""]);
    assert_eq!(answer.end(), "\u{fffd}", "unfinished at the end");
}

#[test]
fn answer_should_leave_out_the_stop_token() {
    let mut plain = answer(&[]);
    plain.take(1, b"ab", false);
    plain.take(2, b"\n", true);
    assert_eq!((plain.text(), plain.stop()), ("ab", None));
    assert!(plain.is_ended());

    // As long as the stop token is the stop token; what is longer is a stop.
    let stops = [Stop::Tokens(vec![2]), text("b\n")];
    for (first, expected) in [("ab", ("a", Some(&stops[1]))), ("a", ("a", None))] {
        let mut answer = answer(&stops);
        answer.take(1, first.as_bytes(), false);
        answer.take(2, b"\n", true);
        assert_eq!((answer.text(), answer.stop()), expected);
    }
}

#[test]
fn stop_should_be_refused_when_it_is_empty() {
    let refused = |stop| Answer::new(vec![text("a"), stop]).unwrap_err();
    assert_eq!(refused(text("")), StopError::EmptyStopText);
    assert_eq!(refused(Stop::Tokens(vec![])), StopError::EmptyStopSequence);
}

/// An output of which everything is known.
struct Whole {
    tokens: Vec<u32>,
    bytes: Vec<u8>,
    /// Where the bytes of each token begin, and where the last ends.
    starts: Vec<usize>,
}

impl Whole {
    fn new(tokens: &[u32], vocabulary: &[Vec<u8>]) -> Self {
        let mut whole = Self {
            tokens: tokens.to_vec(),
            bytes: vec![],
            starts: vec![0],
        };
        for &token in tokens {
            whole.bytes.extend(&vocabulary[token as usize]);
            whole.starts.push(whole.bytes.len());
        }
        whole
    }

    /// The token that a byte belongs to.
    fn token_of(&self, byte: usize) -> usize {
        let spans = self.starts.windows(2);
        spans
            .enumerate()
            .find(|(_, span)| (span[0]..span[1]).contains(&byte))
            .map(|(token, _)| token)
            .unwrap()
    }

    /// Every occurrence of every stop: where it ends, where it begins (a token and a byte each) and
    /// which it is, 0 for a stop token at the end.
    fn occurrences(&self, stops: &[Stop], stop_token: bool) -> Vec<(Place, Place, usize)> {
        let mut found = Vec::new();
        let mut sequence = |pattern: &[u32], number: usize, first: usize| {
            for (start, window) in self.tokens.windows(pattern.len()).enumerate().skip(first) {
                if window == pattern {
                    let end = start + window.len();
                    let begin = (start, self.starts[start]);
                    found.push(((end - 1, self.starts[end]), begin, number));
                }
            }
        };
        if let (true, Some(last)) = (stop_token, self.tokens.last()) {
            sequence(&[*last], 0, self.tokens.len() - 1);
        }
        for (stop, number) in stops.iter().zip(1..) {
            if let Stop::Tokens(pattern) = stop {
                sequence(pattern, number, 0);
            }
        }
        for (stop, number) in stops.iter().zip(1..) {
            let Stop::Text(pattern) = stop else { continue };
            for (start, window) in self.bytes.windows(pattern.len()).enumerate() {
                if window == pattern.as_bytes() {
                    let end = start + window.len();
                    let begin = (self.token_of(start), start);
                    found.push(((self.token_of(end - 1), end), begin, number));
                }
            }
        }
        found
    }

    /// Everything that nothing to come can make part of a stop or of a character.
    fn certain(&self, stops: &[Stop]) -> String {
        fn begun<T: PartialEq>(stream: &[T], pattern: &[T]) -> usize {
            let longest = stream.len().min(pattern.len() - 1);
            let mut lengths = (0..=longest).rev();
            lengths
                .find(|&length| stream.ends_with(&pattern[..length]))
                .unwrap()
        }
        let mut end = self.bytes.len();
        for stop in stops {
            end = end.min(match stop {
                Stop::Text(text) => self.bytes.len() - begun(&self.bytes, text.as_bytes()),
                Stop::Tokens(tokens) => {
                    self.starts[self.tokens.len() - begun(&self.tokens, tokens)]
                }
            });
        }
        let begins_character = |bytes: &[u8]| {
            let error = std::str::from_utf8(bytes).err();
            error.is_some_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        };
        let unfinished = (1..=end.min(3))
            .find(|length| begins_character(&self.bytes[end - length..end]))
            .unwrap_or(0);
        String::from_utf8_lossy(&self.bytes[..end - unfinished]).into_owned()
    }
}

/// Bytes of which characters come about as well as broken ones.
const BYTES: [u8; 12] = [
    b'a', b'a', b'a', b'b', b'b', b'b', 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0,
];

fn stops(vocabulary: u32) -> impl Strategy<Value = Vec<Stop>> {
    let tokens = vec(0..vocabulary, 1..5).prop_map(Stop::Tokens);
    let text = vec(select(vec!['a', 'b', 'é', '€']), 1..7)
        .prop_map(|characters| Stop::Text(characters.into_iter().collect()));
    vec(prop_oneof![tokens, text], 0..5)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn answer_should_be_what_a_search_in_the_whole_output_finds(
        vocabulary in vec(vec(select(&BYTES[..]), 0..5), 4),
        tokens in vec(0u32..4, 1..40),
        stops in stops(4),
        stop_token: bool,
    ) {
        let whole = Whole::new(&tokens, &vocabulary);
        let first = whole.occurrences(&stops, stop_token).into_iter().min();
        let mut answer = answer(&stops);
        let mut pieces = String::new();
        for (index, &token) in tokens.iter().enumerate() {
            let before = answer.text().len();
            let last = index + 1 == tokens.len();
            answer.take(token, &vocabulary[token as usize], stop_token && last);
            pieces.push_str(&answer.text()[before..]);
            let ended = first.is_some_and(|((end, _), ..)| end <= index);
            prop_assert_eq!(answer.is_ended(), ended, "token {}", index);
            if !ended {
                let so_far = Whole::new(&tokens[..=index], &vocabulary);
                prop_assert_eq!(&pieces, &so_far.certain(&stops), "token {}", index);
            }
        }
        pieces.push_str(answer.end());
        let length = first.map_or(whole.bytes.len(), |(_, (_, begin), _)| begin);
        prop_assert_eq!(&pieces, &String::from_utf8_lossy(&whole.bytes[..length]));
        prop_assert_eq!(&pieces, answer.text());
        let stop = first.and_then(|(.., number)| stops.get(number.wrapping_sub(1)));
        prop_assert_eq!(answer.stop(), stop);
    }

    #[test]
    fn text_should_not_depend_on_how_tokens_cut_it(
        characters in vec(select(vec!['a', 'b', 'é', '€', '🦀']), 0..60),
        cuts in vec(0usize..5, 0..200),
        stops in stops(1),
    ) {
        let whole: String = characters.into_iter().collect();
        let texts: Vec<Stop> = stops
            .into_iter()
            .filter(|stop| matches!(stop, Stop::Text(_)))
            .collect();
        let mut at_once = answer(&texts);
        at_once.push(0, whole.as_bytes());
        at_once.end();
        let (mut cut, mut pieces) = (answer(&texts), String::new());
        let mut rest = whole.as_bytes();
        for length in cuts {
            let token = rest.split_off(..length.min(rest.len())).unwrap_or_default();
            pieces.push_str(cut.push(0, token));
        }
        pieces.push_str(cut.push(0, rest));
        pieces.push_str(cut.end());
        prop_assert_eq!(&pieces, at_once.text());
        prop_assert_eq!(cut.stop(), at_once.stop());
        prop_assert!(!pieces.contains(char::REPLACEMENT_CHARACTER));
    }
}
