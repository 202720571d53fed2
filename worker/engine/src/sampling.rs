//! How a run chooses its tokens.

use crate::Blake2b256;
use aipg_exact::{
    elementwise::argmax,
    sampling::{choose, key, LARGEST_BETA, WHOLE},
    trace::Sampling,
};
use thiserror::Error;

pub use aipg_exact::sampling::{OutOfRange, Parameters};

/// Chooses a token after each row of logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampler(Option<Seeded>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seeded {
    key: [u32; 2],
    parameters: Parameters,
}

impl Sampler {
    /// The largest logit, ties to the lowest id.
    pub const GREEDY: Self = Self(None);

    /// Draws from `seed`; the same seed gives the same answer.
    ///
    /// # Errors
    /// [`OutOfRange`] if a parameter is.
    pub fn seeded(seed: u64, parameters: Parameters) -> Result<Self, OutOfRange> {
        parameters.check()?;
        let key = key::<Blake2b256>(seed);
        Ok(Self(Some(Seeded { key, parameters })))
    }

    /// The same in the terms of traces.
    pub(crate) fn sampling(&self) -> Option<Sampling> {
        self.0
            .map(|Seeded { key, parameters }| Sampling { parameters, key })
    }

    /// The output token of number `ordinal` from its logits (Q16); `None` without logits.
    pub(crate) fn choose(&self, logits: &[i32], ordinal: u32) -> Option<u32> {
        match &self.0 {
            None => argmax(logits),
            Some(Seeded { key, parameters }) => {
                choose(logits, parameters, *key, ordinal, &mut Vec::new())
            }
        }
    }
}

/// Sampling in the terms people use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// 0 is greedy; else 1/16 to 131,072.
    pub temperature: f64,
    /// Only so many of the most likely tokens; 0 takes all.
    pub top_k: u32,
    /// Only the most likely tokens that make up this probability, over 0 to 1.
    pub top_p: f64,
    /// Only tokens at least so many times as likely as the likeliest, 0 to 1.
    pub min_p: f64,
}

/// A setting out of its range.
#[derive(Clone, Copy, Debug, PartialEq, Error)]
pub enum SettingsError {
    /// The temperature.
    #[error("TemperatureOutOfRange: {0} is neither 0 nor in 1/16 to 131072")]
    Temperature(f64),
    /// Top-p.
    #[error("TopPOutOfRange: {0} is not over 0 and at most 1")]
    TopP(f64),
    /// Min-p.
    #[error("MinPOutOfRange: {0} is not in 0 to 1")]
    MinP(f64),
}

impl Settings {
    /// The integers of the semantics: beta = round(65,536 / temperature), top-p = round(p · 65,536), the
    /// distance of min-p = round(−ln p · 65,536). `None` is greedy decoding.
    ///
    /// # Errors
    /// [`SettingsError`] for the first setting that is out of its range.
    pub fn parameters(&self) -> Result<Option<Parameters>, SettingsError> {
        let one = f64::from(WHOLE);
        let beta = (one / self.temperature).round();
        let greedy = self.temperature == 0.0;
        // What is no number is in no range.
        if !greedy && !(1.0..=f64::from(LARGEST_BETA)).contains(&beta) {
            return Err(SettingsError::Temperature(self.temperature));
        }
        let top_p = (self.top_p * one).round();
        if !(1.0..=one).contains(&top_p) || self.top_p > 1.0 {
            return Err(SettingsError::TopP(self.top_p));
        }
        if !(0.0..=1.0).contains(&self.min_p) {
            return Err(SettingsError::MinP(self.min_p));
        }
        // The ranges above are within u32; ln of the least positive number times 65,536 is, too.
        Ok((!greedy).then(|| Parameters {
            beta: beta as u32,
            top_k: self.top_k,
            top_p: top_p as u32,
            min_p: (self.min_p > 0.0).then(|| (-self.min_p.ln() * one).round() as u32),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Settings = Settings {
        temperature: 1.0,
        top_k: 0,
        top_p: 1.0,
        min_p: 0.0,
    };

    #[test]
    fn settings_should_become_the_integers_of_the_clients() {
        let settings = Settings {
            temperature: 0.7,
            top_k: 40,
            top_p: 0.95,
            min_p: 0.05,
        };
        let expected = Parameters {
            beta: 93_623,
            top_k: 40,
            top_p: 62_259,
            min_p: Some(196_328),
        };
        assert_eq!(settings.parameters(), Ok(Some(expected)));
        let plain = PLAIN.parameters().unwrap().unwrap();
        assert_eq!(
            (plain.beta, plain.top_p, plain.min_p),
            (65_536, 65_536, None)
        );
        let greedy = Settings {
            temperature: 0.0,
            ..PLAIN
        };
        assert_eq!(greedy.parameters(), Ok(None));
    }

    #[test]
    fn settings_should_be_refused_by_name_when_out_of_range() {
        for temperature in [-1.0, 0.01, 200_000.0, f64::NAN, f64::INFINITY] {
            let error = Settings {
                temperature,
                ..PLAIN
            }
            .parameters()
            .unwrap_err();
            assert!(
                matches!(error, SettingsError::Temperature(_)),
                "{temperature}"
            );
        }
        for top_p in [0.0, -0.5, 1.1, f64::NAN] {
            let error = Settings { top_p, ..PLAIN }.parameters().unwrap_err();
            assert!(matches!(error, SettingsError::TopP(_)), "{top_p}");
        }
        for min_p in [-0.1, 1.1, f64::NAN] {
            let error = Settings { min_p, ..PLAIN }.parameters().unwrap_err();
            assert!(matches!(error, SettingsError::MinP(_)), "{min_p}");
        }
    }

    #[test]
    fn sampler_should_refuse_parameters_out_of_range() {
        let mut parameters = PLAIN.parameters().unwrap().unwrap();
        assert!(Sampler::seeded(0, parameters).is_ok());
        parameters.beta = 0;
        assert_eq!(Sampler::seeded(0, parameters), Err(OutOfRange::Beta(0)));
    }
}
