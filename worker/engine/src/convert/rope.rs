//! The rotary embedding: its frequencies, how they are scaled for longer contexts, and its table.

use super::{
    math::{exp, ln, sin_cos},
    ConvertError,
};
use aipg_exact::header::ModelHeader;
use serde::Deserialize;
use std::f64::consts::PI;

/// How a checkpoint changes the frequencies θ of its rotary embedding.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum RopeScaling {
    /// Not at all.
    #[default]
    None,
    /// θ / factor: positions lie closer.
    Linear {
        /// At least 1.
        factor: f64,
    },
    /// As Llama 3.1 has it: wavelengths 2π/θ that are long beside the original context are divided by the
    /// factor, short ones are kept, and those between are interpolated.
    Llama3 {
        /// At least 1.
        factor: f64,
        /// Wavelengths above `original_context / low_frequency_factor` are long.
        low_frequency_factor: f64,
        /// Wavelengths below `original_context / high_frequency_factor` are short.
        high_frequency_factor: f64,
        /// Positions that the model was first trained on.
        original_context: u32,
    },
    /// θ / divisor, a divisor for each pair of a head's elements: GGUF files carry Llama 3's so.
    Divisors {
        /// At least 1 each.
        divisors: Vec<f64>,
    },
}

impl RopeScaling {
    /// Whether the frequencies of `pairs` pairs stay in what the table is computed for.
    ///
    /// # Errors
    /// [`ConvertError::Configuration`] if a number is out of range.
    pub(super) fn check(&self, pairs: usize) -> Result<(), ConvertError> {
        let shrinks = |factor: f64| factor.is_finite() && factor >= 1.0;
        let fits = match self {
            Self::None => true,
            Self::Linear { factor } => shrinks(*factor),
            Self::Llama3 {
                factor,
                low_frequency_factor: low,
                high_frequency_factor: high,
                original_context,
            } => {
                shrinks(*factor)
                    && *low > 0.0
                    && low < high
                    && high.is_finite()
                    && *original_context > 0
            }
            Self::Divisors { divisors } => {
                divisors.len() == pairs && divisors.iter().copied().all(shrinks)
            }
        };
        match fits {
            true => Ok(()),
            false => Err(ConvertError::Configuration(format!(
                "the scaling of the rotary embedding is out of range: {self:?}"
            ))),
        }
    }

    /// The frequency of pair `index`, of which `frequency` is the unscaled one.
    fn scaled(&self, index: usize, frequency: f64) -> f64 {
        match self {
            Self::None => frequency,
            Self::Linear { factor } => frequency / factor,
            Self::Llama3 {
                factor,
                low_frequency_factor: low,
                high_frequency_factor: high,
                original_context,
            } => {
                let wavelength = 2.0 * PI / frequency;
                let context = f64::from(*original_context);
                if wavelength < context / high {
                    frequency
                } else if wavelength > context / low {
                    frequency / factor
                } else {
                    let smooth = (context / wavelength - low) / (high - low);
                    (1.0 - smooth) * frequency / factor + smooth * frequency
                }
            }
            Self::Divisors { divisors } => frequency / divisors.get(index).copied().unwrap_or(1.0),
        }
    }
}

/// The angles of the rotary embedding: position · base^(−2i / head_dimension), scaled.
pub(crate) struct Rotary {
    frequencies: Vec<f64>,
}

impl Rotary {
    pub fn new(header: &ModelHeader, base: f64, scaling: &RopeScaling) -> Self {
        let pairs = header.head_dimension / 2;
        let logarithm = ln(base);
        let frequencies = (0..pairs)
            .map(|i| exp(-(f64::from(i) / f64::from(pairs)) * logarithm))
            .enumerate()
            .map(|(index, frequency)| scaling.scaled(index, frequency))
            .collect();
        Self { frequencies }
    }

    /// Sine and cosine of each pair at a position.
    pub fn angles(&self, position: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let frequencies = self.frequencies.iter();
        frequencies.map(move |frequency| sin_cos(position as f64 * frequency))
    }

    /// The table section: cosines and sines in Q15, 1.0 → 32767.
    pub fn table(&self, positions: u32) -> Vec<u8> {
        let entry =
            |x: f64| ((x * 32_768.0).round().clamp(-32_767.0, 32_767.0) as i16).to_le_bytes();
        let mut table = Vec::new();
        for position in 0..positions as usize {
            table.extend(self.angles(position).flat_map(|(_, cosine)| entry(cosine)));
            table.extend(self.angles(position).flat_map(|(sine, _)| entry(sine)));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LLAMA3: RopeScaling = RopeScaling::Llama3 {
        factor: 8.0,
        low_frequency_factor: 1.0,
        high_frequency_factor: 4.0,
        original_context: 8_192,
    };

    #[test]
    fn frequencies_should_be_scaled_by_their_wavelength() {
        let scaled = |wavelength: f64| {
            let frequency = 2.0 * PI / wavelength;
            LLAMA3.scaled(0, frequency) / frequency
        };
        assert_eq!(scaled(2_000.0), 1.0, "shorter than 8192 / 4");
        assert_eq!(scaled(9_000.0), 0.125, "longer than 8192 / 1");
        // 8192 / 3000 − 1 over 4 − 1 is kept, the rest divided by 8.
        let smooth = (8_192.0 / 3_000.0 - 1.0) / 3.0;
        assert!((scaled(3_000.0) - ((1.0 - smooth) / 8.0 + smooth)).abs() < 1e-12);
        assert_eq!(RopeScaling::Linear { factor: 4.0 }.scaled(3, 0.5), 0.125);
        let divisors = vec![1.0, 2.0];
        assert_eq!(RopeScaling::Divisors { divisors }.scaled(1, 0.5), 0.25);
        assert_eq!(RopeScaling::None.scaled(1, 0.5), 0.5);
    }

    #[test]
    fn scaling_should_be_refused_when_it_is_out_of_range() {
        let llama3 = |factor, low_frequency_factor, high_frequency_factor, original_context| {
            RopeScaling::Llama3 {
                factor,
                low_frequency_factor,
                high_frequency_factor,
                original_context,
            }
        };
        for wrong in [
            RopeScaling::Linear { factor: 0.5 },
            RopeScaling::Linear { factor: f64::NAN },
            llama3(f64::INFINITY, 1.0, 4.0, 8_192),
            llama3(8.0, 0.0, 4.0, 8_192),
            llama3(8.0, 4.0, 4.0, 8_192),
            llama3(8.0, 1.0, f64::INFINITY, 8_192),
            llama3(8.0, 1.0, 4.0, 0),
            RopeScaling::Divisors {
                divisors: vec![1.0; 3],
            },
            RopeScaling::Divisors {
                divisors: vec![1.0, 0.5],
            },
        ] {
            let error = wrong.check(2);
            assert!(
                matches!(error, Err(ConvertError::Configuration(_))),
                "{wrong:?}"
            );
        }
        assert!(LLAMA3.check(2).is_ok());
    }
}
