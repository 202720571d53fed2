//! Quality of a model on held-out tokens. The logits are exact; only the report uses floats.

use crate::{Model, RunError};

/// How well a model predicts a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Tokens predicted.
    pub tokens: u64,
    /// Mean of −log₂ p(token).
    pub bits_per_token: f64,
}

impl Model {
    /// Scores `ids` in consecutive windows of `window` tokens, each a teacher-forced prefill; the
    /// first token of a window is given, not predicted. `progress` hears the ids done so far.
    ///
    /// # Errors
    /// [`RunError`] if the window is shorter than 2 or longer than the context, there are fewer than
    /// 2 ids or an id is out of the vocabulary.
    pub fn score(
        &self,
        ids: &[u32],
        window: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Score, RunError> {
        if window < 2 {
            return Err(RunError::WindowTooShort);
        }
        if ids.len() < 2 {
            return Err(RunError::EmptyPrompt);
        }
        self.check(ids, window as u64)?;
        let mut tokens = 0u64;
        let mut bits = 0.0;
        let mut done = 0;
        for window in ids.chunks(window) {
            done += window.len();
            if let Some((_, given)) = window.split_last().filter(|(_, given)| !given.is_empty()) {
                let logits = self.logits(given)?;
                let rows = logits.chunks_exact(self.header.vocabulary as usize);
                for (row, &next) in rows.zip(&window[1..]) {
                    bits += surprise(row, next as usize);
                    tokens += 1;
                }
            }
            progress(done);
        }
        Ok(Score {
            tokens,
            bits_per_token: bits / tokens as f64,
        })
    }
}

/// −log₂ of the softmax at `index`.
fn surprise(logits: &[i32], index: usize) -> f64 {
    let nats = |logit: i32| f64::from(logit) / 65536.0;
    let largest = logits
        .iter()
        .copied()
        .map(nats)
        .fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = logits
        .iter()
        .map(|&logit| (nats(logit) - largest).exp())
        .sum();
    (total.ln() + largest - nats(logits[index])) * std::f64::consts::LOG2_E
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surprise_should_be_the_bits_of_the_softmax() {
        assert!((surprise(&[5, 5, 5, 5], 2) - 2.0).abs() < 1e-12);
        let ln3 = (3f64.ln() * 65536.0) as i32;
        assert!((surprise(&[ln3, 0], 1) - 2.0).abs() < 1e-4);
    }
}
