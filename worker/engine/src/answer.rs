//! Answers as text: what can be shown while tokens come, and the stop sequences that end them.
//!
//! An [`Answer`] reads along with a [`Sequence`]. Its text is the decoded output up to where it ends:
//!
//! - before a stop token, which ended the sequence,
//! - before the first [`Stop`] that is complete; of several that are complete with the same byte, before
//!   the longest;
//! - else with the last token.
//!
//! Text that could still become part of a stop is held back until that is decided, and so is a character
//! whose last byte has not come. Nothing else is. The pieces put together are therefore the text; what is
//! no UTF-8 is U+FFFD in it, as in [`String::from_utf8_lossy`].
//!
//! None of this is part of a job: the chain knows stop tokens only. Tokens and digest of a sequence that a
//! [`Stop`] ended are those of a job with the same prompt that asks for just so many tokens.

use crate::{Finish, Sequence};
use thiserror::Error;

/// Something that ends an answer when the answer has come to contain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// These tokens, one after the other.
    Tokens(Vec<u32>),
    /// This text, however tokens cut it.
    Text(String),
}

/// Why an answer cannot be ended by a [`Stop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StopError {
    /// A stop has no token.
    #[error("EmptyStopSequence: a stop sequence has at least one token")]
    EmptyStopSequence,
    /// A stop has no text.
    #[error("EmptyStopText: a stop text has at least one character")]
    EmptyStopText,
}

/// An answer while its tokens come.
#[derive(Clone, Debug)]
pub struct Answer {
    stops: Vec<Stop>,
    /// How far each stop has come, in the order of `stops`.
    progress: Vec<Progress>,
    /// Where the bytes of each token begin in those of the whole output.
    starts: Vec<usize>,
    /// Bytes of the output that are not in `text` yet.
    held: Vec<u8>,
    /// Bytes of the output before `held`.
    passed: usize,
    text: String,
    end: Option<Reason>,
}

/// Why an answer has ended. In the order in which they count when several begin and end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    StopToken,
    /// By its number.
    Stop(usize),
    NoMoreTokens,
}

/// A token, and a byte of the output in it or at its end.
type Place = (usize, usize);

impl Answer {
    /// The empty beginning of an answer that `stops` end.
    ///
    /// # Errors
    /// [`StopError`] if a stop is empty.
    pub fn new(stops: Vec<Stop>) -> Result<Self, StopError> {
        for stop in &stops {
            match stop {
                Stop::Tokens(tokens) if tokens.is_empty() => {
                    return Err(StopError::EmptyStopSequence);
                }
                Stop::Text(text) if text.is_empty() => return Err(StopError::EmptyStopText),
                _ => (),
            }
        }
        let progress = stops.iter().map(|stop| match stop {
            Stop::Tokens(tokens) => Progress::Tokens(Match::new(tokens.clone())),
            Stop::Text(text) => Progress::Text(Match::new(text.clone().into_bytes())),
        });
        Ok(Self {
            progress: progress.collect(),
            stops,
            starts: Vec::new(),
            held: Vec::new(),
            passed: 0,
            text: String::new(),
            end: None,
        })
    }

    /// Takes in what `sequence` has put out since, and returns what that adds to the text. A sequence in
    /// which a stop is complete is ended; it has tokens beyond it if it was advanced more than once between
    /// two calls. `bytes` gives those of a token, none of one that is no text.
    pub fn read<'a>(&mut self, sequence: &mut Sequence, bytes: impl Fn(u32) -> &'a [u8]) -> &str {
        let before = self.text.len();
        let output = sequence.output();
        for (index, &token) in output.iter().enumerate().skip(self.starts.len()) {
            let is_last = index + 1 == output.len();
            let stops = is_last && sequence.finish() == Some(Finish::StopToken);
            self.take(token, bytes(token), stops);
        }
        if self.stop().is_some() {
            sequence.stop();
        } else if sequence.is_finished() {
            self.end();
        }
        &self.text[before..]
    }

    /// Takes in the next token, which is no stop token, and returns what it adds to the text. Nothing is
    /// added after the end.
    pub fn push(&mut self, token: u32, bytes: &[u8]) -> &str {
        let before = self.text.len();
        self.take(token, bytes, false);
        &self.text[before..]
    }

    /// Takes in that no token follows, and returns what that adds to the text.
    pub fn end(&mut self) -> &str {
        let before = self.text.len();
        if self.end.is_none() {
            self.end_at(self.passed + self.held.len(), Reason::NoMoreTokens);
        }
        &self.text[before..]
    }

    /// The text so far; all of it once the answer has ended.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing is added to the text any more.
    pub const fn is_ended(&self) -> bool {
        self.end.is_some()
    }

    /// The stop that ended it, if one did.
    pub fn stop(&self) -> Option<&Stop> {
        match self.end {
            Some(Reason::Stop(number)) => self.stops.get(number),
            _ => None,
        }
    }

    /// Takes in a token, which may be one that ended the sequence.
    fn take(&mut self, token: u32, bytes: &[u8], is_stop_token: bool) {
        if self.end.is_some() {
            return;
        }
        let here = (self.starts.len(), self.passed + self.held.len());
        self.starts.push(here.1);
        let mut found = self.take_token(token);
        if is_stop_token {
            found.push((here, Reason::StopToken));
        }
        for (index, &byte) in bytes.iter().enumerate() {
            self.held.push(byte);
            let texts = self.take_byte(byte);
            if index + 1 == bytes.len() {
                // Token stops are complete with the last byte.
                found.extend(texts);
            } else if !texts.is_empty() {
                found = texts;
                break;
            }
        }
        // The longest is the one that begins first.
        match found.into_iter().min() {
            Some(((_, byte), reason)) => self.end_at(byte, reason),
            None => self.show(self.undecided(), false),
        }
    }

    /// Token stops that are complete with the newest token, and where they begin.
    fn take_token(&mut self, token: u32) -> Vec<(Place, Reason)> {
        let mut found = Vec::new();
        for (number, progress) in self.progress.iter_mut().enumerate() {
            if let Progress::Tokens(stop) = progress {
                if stop.take(token) {
                    let first = self.starts.len() - stop.matched;
                    found.push(((first, self.starts[first]), Reason::Stop(number)));
                }
            }
        }
        found
    }

    /// Stop texts that are complete with the newest byte, and where they begin.
    fn take_byte(&mut self, byte: u8) -> Vec<(Place, Reason)> {
        let mut found = Vec::new();
        for (number, progress) in self.progress.iter_mut().enumerate() {
            if let Progress::Text(stop) = progress {
                if stop.take(byte) {
                    let first = self.passed + self.held.len() - stop.matched;
                    let token = self.starts.partition_point(|&start| start <= first) - 1;
                    found.push(((token, first), Reason::Stop(number)));
                }
            }
        }
        found
    }

    /// The first byte of the output that may belong to a stop.
    fn undecided(&self) -> usize {
        let length = self.passed + self.held.len();
        let begun = self.progress.iter().map(|progress| match progress {
            Progress::Text(stop) => length - stop.matched,
            Progress::Tokens(stop) => {
                let first = self.starts.len() - stop.matched;
                self.starts.get(first).copied().unwrap_or(length)
            }
        });
        begun.min().unwrap_or(length)
    }

    fn end_at(&mut self, byte: usize, reason: Reason) {
        self.show(byte, true);
        self.held.clear();
        self.end = Some(reason);
    }

    /// Moves what is held and lies before `limit` to the text, but of an unfinished character only the
    /// `last` of all.
    fn show(&mut self, limit: usize, last: bool) {
        let limit = limit - self.passed;
        let mut shown = 0;
        for chunk in self.held[..limit].utf8_chunks() {
            self.text.push_str(chunk.valid());
            shown += chunk.valid().len();
            let broken = chunk.invalid();
            if broken.is_empty() || !last && shown + broken.len() == limit && is_begun(broken) {
                break;
            }
            self.text.push(char::REPLACEMENT_CHARACTER);
            shown += broken.len();
        }
        self.held.drain(..shown);
        self.passed += shown;
    }
}

/// Whether bytes that are no UTF-8 are the beginning of a character.
fn is_begun(broken: &[u8]) -> bool {
    std::str::from_utf8(broken).is_err_and(|error| error.error_len().is_none())
}

/// How far a stop has come.
#[derive(Clone, Debug)]
enum Progress {
    Tokens(Match<u32>),
    Text(Match<u8>),
}

/// A pattern that is looked for in a stream, by the method of Knuth, Morris and Pratt (1977).
#[derive(Clone, Debug)]
struct Match<T> {
    pattern: Vec<T>,
    /// Of each beginning of the pattern, by its length less one: the length of the longest shorter
    /// beginning that it ends with.
    shorter: Vec<usize>,
    /// Length of the longest beginning of the pattern that the stream ends with.
    matched: usize,
}

impl<T: Copy + PartialEq> Match<T> {
    fn new(pattern: Vec<T>) -> Self {
        let mut this = Self {
            shorter: vec![0],
            matched: 0,
            pattern,
        };
        // What is known of a beginning suffices to find out about the next.
        for index in 1..this.pattern.len() {
            this.take(this.pattern[index]);
            this.shorter.push(this.matched);
        }
        this.matched = 0;
        this
    }

    /// Takes the next element of the stream; whether the pattern is complete with it.
    fn take(&mut self, element: T) -> bool {
        while self.matched > 0 && self.pattern.get(self.matched) != Some(&element) {
            self.matched = self.shorter[self.matched - 1];
        }
        if self.pattern.get(self.matched) == Some(&element) {
            self.matched += 1;
        }
        self.matched == self.pattern.len()
    }
}

#[cfg(test)]
mod tests;
