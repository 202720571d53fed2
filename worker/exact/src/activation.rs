//! The gated activation of the feed-forward layer.

use crate::{arithmetic::interpolate, tables::SILU};

/// Gate and up (Q12) are clamped to this magnitude first.
pub const MAX_GATE: i32 = (1 << 26) - 1;

/// Where the table begins and ends: ±8 in Q12.
const TABLE_EDGE: i64 = 8 << 12;

/// SiLU of a Q12 value in Q16, from a table of steps 1/16 with linear interpolation. At 8 and above
/// it is the identity, below −8 it is 0. At most 31 bits.
pub fn silu(gate: i32) -> i64 {
    let gate = i64::from(gate.clamp(-MAX_GATE, MAX_GATE));
    if gate >= TABLE_EDGE {
        gate << 4
    } else if gate < -TABLE_EDGE {
        0
    } else {
        interpolate(&SILU, gate + TABLE_EDGE, 8)
    }
}

/// SiLU(gate) · up in Q28, below 2⁵⁶ in magnitude.
pub fn gated(gate: i32, up: i32) -> i64 {
    silu(gate) * i64::from(up.clamp(-MAX_GATE, MAX_GATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silu_should_be_close_to_float_everywhere() {
        for gate in (-80_000i32..80_000).step_by(7) {
            let x = f64::from(gate) / 4096.0;
            let float = x / (1.0 + (-x).exp());
            let exact = silu(gate) as f64 / 65536.0;
            // Interpolation: h²/8 · max|SiLU''| = 0.00025; cut at ±8: 0.0027.
            let bound = if x.abs() < 8.0 { 0.000_27 } else { 0.002_7 };
            assert!(
                (float - exact).abs() <= bound,
                "SiLU({x}) = {float}, not {exact}"
            );
        }
    }

    #[test]
    fn silu_should_meet_the_table_at_its_nodes() {
        assert_eq!(silu(0), 0);
        assert_eq!(silu(-TABLE_EDGE as i32), i64::from(SILU[0]));
        assert_eq!(silu(256), i64::from(SILU[129]));
        assert_eq!(silu(-256), i64::from(SILU[127]));
        assert_eq!(silu(TABLE_EDGE as i32), 8 << 16);
        assert_eq!(silu(-TABLE_EDGE as i32 - 1), 0);
    }

    #[test]
    fn gated_should_clamp_on_extremes() {
        let largest = i64::from(MAX_GATE);
        for gate in [i32::MAX, MAX_GATE] {
            assert_eq!(gated(gate, i32::MAX), (largest << 4) * largest);
            assert_eq!(gated(gate, i32::MIN), -(largest << 4) * largest);
        }
        assert_eq!(gated(i32::MIN, i32::MIN), 0);
        assert!(gated(i32::MAX, i32::MAX) < crate::hadamard::MAX_INPUT);
    }
}
