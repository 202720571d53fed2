//! What a picture model has beside the layers of a decoder: noise at the beginning, a step after each
//! pass through the layers, bytes at the end.
//!
//! A latent picture is N·c values in Q16, those of a patch one after the other; see
//! [`Picture`] for their order.

mod noise;

pub use noise::{key, noise, normal, NORMAL};

use crate::{
    arithmetic::{rsh, saturate},
    header::Picture,
};

/// Fractional bits of latent values and of the factors of a step.
pub const LATENT: i32 = 16;

/// What a step makes of its latent value and the model's output for it: sat(rsh(κ·x + δ·v, 16)).
///
/// x and v are saturated, so |κ·x + δ·v| ≤ 2 · 2³¹ · (2³¹ − 1) < 2⁶³.
#[inline]
pub const fn step(x: i32, v: i32, kappa: i32, delta: i32) -> i32 {
    let kept = (kappa as i64).saturating_mul(x as i64);
    let moved = (delta as i64).saturating_mul(v as i64);
    saturate(rsh(kept.saturating_add(moved), LATENT))
}

/// The byte of a latent value, Q16: −1 becomes 0 and 1 becomes 255, halves are rounded up (40 bits).
#[inline]
pub const fn byte(x: i32) -> u8 {
    let scaled = (x as i64).saturating_mul(255).saturating_add(256 << LATENT) >> (LATENT + 1);
    if scaled < 0 {
        0
    } else if scaled > 255 {
        255
    } else {
        scaled as u8
    }
}

impl Picture {
    /// Where in the latent picture the value of output token number `token` is; `None` beyond the
    /// last token. Tokens go through the whole picture's pixel rows, columns and channels.
    pub fn latent_index(&self, token: u32) -> Option<u32> {
        if token >= self.values() {
            return None;
        }
        let (pixel, channel) = (token.checked_div(3)?, token.checked_rem(3)?);
        let (row, column) = (
            pixel.checked_div(self.width)?,
            pixel.checked_rem(self.width)?,
        );
        let side = self.patch;
        let across = self.width.checked_div(side)?;
        let patch = row
            .checked_div(side)?
            .checked_mul(across)?
            .checked_add(column.checked_div(side)?)?;
        let within = row
            .checked_rem(side)?
            .checked_mul(side)?
            .checked_add(column.checked_rem(side)?)?
            .checked_mul(3)?
            .checked_add(channel)?;
        patch.checked_mul(self.patch_values())?.checked_add(within)
    }

    /// Number of the output token of a patch's value: what [`Self::latent_index`] takes apart. `None`
    /// if there is no such value.
    pub fn token(&self, patch: u64, value: usize) -> Option<u32> {
        let (patch, value) = (u32::try_from(patch).ok()?, u32::try_from(value).ok()?);
        if patch >= self.patches() || value >= self.patch_values() {
            return None;
        }
        let side = self.patch;
        let across = self.width.checked_div(side)?;
        let (pixel, channel) = (value.checked_div(3)?, value.checked_rem(3)?);
        let row = patch
            .checked_div(across)?
            .checked_mul(side)?
            .checked_add(pixel.checked_div(side)?)?;
        let column = patch
            .checked_rem(across)?
            .checked_mul(side)?
            .checked_add(pixel.checked_rem(side)?)?;
        row.checked_mul(self.width)?
            .checked_add(column)?
            .checked_mul(3)?
            .checked_add(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENDS: [i32; 8] = [-i32::MAX, -65_536, -1, 0, 1, 65_535, 65_536, i32::MAX];

    #[test]
    fn step_should_equal_its_definition_on_extremes() {
        let factors = [
            i32::MIN,
            -i32::MAX,
            -65_536,
            -1,
            0,
            1,
            32_768,
            65_536,
            i32::MAX,
        ];
        for (x, v) in ENDS.into_iter().flat_map(|x| ENDS.map(|v| (x, v))) {
            for (kappa, delta) in factors.into_iter().flat_map(|k| factors.map(|d| (k, d))) {
                // Checked: an overflow of 64 bits would stop the test.
                let sum = i64::from(kappa) * i64::from(x) + i64::from(delta) * i64::from(v);
                let limit = i128::from(i32::MAX);
                let exact = ((i128::from(sum) + (1 << 15)) >> 16).clamp(-limit, limit);
                assert_eq!(i128::from(step(x, v, kappa, delta)), exact);
            }
        }
        // Never given, and still defined.
        assert_eq!(step(i32::MIN, i32::MIN, i32::MIN, i32::MIN), i32::MAX);
    }

    #[test]
    fn byte_should_cover_its_range() {
        let cases = [
            (i32::MIN, 0),
            (-65_537, 0),
            (-65_536, 0),
            (-65_279, 0),
            (-65_278, 1),
            (0, 128),
            (65_535, 255),
            (65_536, 255),
            (i32::MAX, 255),
        ];
        for (x, expected) in cases {
            assert_eq!(byte(x), expected, "{x}");
        }
        for expected in 0..=255u8 {
            // The value that stands for a byte, rounded.
            let x = (f64::from(expected) * 2.0 / 255.0 - 1.0) * 65_536.0;
            assert_eq!(byte(x.round() as i32), expected);
        }
    }

    #[test]
    fn latent_index_should_take_patches_apart() {
        let picture = Picture {
            steps: 1,
            height: 4,
            width: 6,
            patch: 2,
            flags: 0,
        };
        // The third pixel of the first row begins the second patch; the fourth of the second ends it.
        assert_eq!(picture.latent_index(6), Some(12));
        assert_eq!(picture.latent_index(18 + 11), Some(23));
        assert_eq!(picture.latent_index(71), Some(71));
        assert_eq!(picture.latent_index(72), None);
        let mut seen: Vec<u32> = (0..72).filter_map(|t| picture.latent_index(t)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..72).collect::<Vec<_>>());
        for token in 0..72 {
            let index = picture.latent_index(token).unwrap();
            let (patch, value) = (u64::from(index) / 12, index as usize % 12);
            assert_eq!(picture.token(patch, value), Some(token));
        }
        assert_eq!(picture.token(6, 0), None);
        assert_eq!(picture.token(0, 12), None);
    }

    proptest! {
        #[test]
        fn latent_index_should_never_panic(
            height: u32, width: u32, patch: u32, token: u32, small in 0u32..9,
        ) {
            for picture in [
                Picture { steps: 1, height, width, patch, flags: 0 },
                Picture { steps: 1, height: small, width: small, patch: small, flags: 0 },
            ] {
                let _ = picture.latent_index(token);
                let _ = picture.latent_index(token % 500);
                let _ = picture.token(token.into(), small as usize);
                let _ = picture.token((token % 500).into(), token as usize);
            }
        }
    }
}
