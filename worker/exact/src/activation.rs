//! The activation of the feed-forward layer, with or without a gate.

use crate::{
    arithmetic::interpolate,
    tables::{GELU, SILU},
};

/// Gate and up (Q12) are clamped to this magnitude first.
pub const MAX_GATE: i32 = (1 << 26) - 1;

/// Where the tables begin and end: ±8 in Q12.
const TABLE_EDGE: i64 = 8 << 12;

/// The function between the two matrices of a feed-forward layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x / (1 + e^−x)
    #[default]
    Silu,
    /// x · Φ(x)
    Gelu,
}

impl Activation {
    /// The activation of a Q12 value in Q16, from a table of steps 1/16 with linear interpolation.
    /// At 8 and above it is the identity, below −8 it is 0. At most 31 bits.
    pub fn apply(self, value: i32) -> i64 {
        let value = i64::from(value.clamp(-MAX_GATE, MAX_GATE));
        if value >= TABLE_EDGE {
            value << 4
        } else if value < -TABLE_EDGE {
            0
        } else {
            interpolate(self.table(), value + TABLE_EDGE, 8)
        }
    }

    /// Its values at −8, −8 + 1/16, … 8 in Q16.
    pub const fn table(self) -> &'static [i32; 257] {
        match self {
            Self::Silu => &SILU,
            Self::Gelu => &GELU,
        }
    }

    /// activation(gate) · up in Q28, below 2⁵⁶ in magnitude.
    pub fn gated(self, gate: i32, up: i32) -> i64 {
        self.apply(gate) * i64::from(up.clamp(-MAX_GATE, MAX_GATE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use super::Activation::{Gelu, Silu};

    /// x·Φ(x) by integrating the density from 0 with Simpson's rule.
    fn float_gelu(x: f64) -> f64 {
        let density = |t: f64| (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let steps = 400;
        let h = x / f64::from(steps);
        let sum: f64 = (0..=steps)
            .map(|i| {
                let weight = match i {
                    0 => 1.0,
                    i if i == steps => 1.0,
                    i if i % 2 == 1 => 4.0,
                    _ => 2.0,
                };
                weight * density(f64::from(i) * h)
            })
            .sum();
        x * (0.5 + sum * h / 3.0)
    }

    #[test]
    fn activations_should_be_close_to_float_everywhere() {
        for value in (-80_000i32..80_000).step_by(7) {
            let x = f64::from(value) / 4096.0;
            for (activation, float) in [(Silu, x / (1.0 + (-x).exp())), (Gelu, float_gelu(x))] {
                let exact = activation.apply(value) as f64 / 65536.0;
                // Interpolation: h²/8 · max|f''| (0.5 and 0.8); SiLU is cut at ±8, by 0.0027.
                let bound = match activation {
                    Silu if x.abs() >= 8.0 => 0.002_7,
                    Silu => 0.000_27,
                    Gelu => 0.000_41,
                };
                assert!(
                    (float - exact).abs() <= bound,
                    "{activation:?}({x}) = {float}, not {exact}"
                );
            }
        }
    }

    #[test]
    fn activations_should_meet_their_tables_at_the_nodes() {
        for (activation, table) in [(Silu, &SILU), (Gelu, &GELU)] {
            assert_eq!(activation.apply(0), 0);
            assert_eq!(activation.apply(-TABLE_EDGE as i32), i64::from(table[0]));
            assert_eq!(activation.apply(256), i64::from(table[129]));
            assert_eq!(activation.apply(-256), i64::from(table[127]));
            assert_eq!(activation.apply(TABLE_EDGE as i32), 8 << 16);
            assert_eq!(activation.apply(-TABLE_EDGE as i32 - 1), 0);
        }
    }

    #[test]
    fn gated_should_clamp_on_extremes() {
        let largest = i64::from(MAX_GATE);
        for activation in [Silu, Gelu] {
            for gate in [i32::MAX, MAX_GATE] {
                assert_eq!(activation.gated(gate, i32::MAX), (largest << 4) * largest);
                assert_eq!(activation.gated(gate, i32::MIN), -(largest << 4) * largest);
            }
            assert_eq!(activation.gated(i32::MIN, i32::MIN), 0);
            assert!(activation.gated(i32::MAX, i32::MAX) < crate::hadamard::MAX_INPUT);
        }
    }
}
