//! Who is drawn to audit a result. Pallet and auditors have to agree on it.
//!
//! An auditor's number is 16 bytes, little-endian, that its verifiable random function (sr25519) makes in
//! the context [`DRAW_CONTEXT`] from a transcript with the label [`DRAW_LABEL`] and one message: the seed of
//! the draw, named [`DRAW_SEED`].

/// Label of the transcript.
pub const DRAW_LABEL: &[u8] = b"aipg.aud";

/// Name of its message.
pub const DRAW_SEED: &[u8] = b"seed";

/// Context of the bytes.
pub const DRAW_CONTEXT: &[u8] = b"aipg.aud.draw";

/// Whether a number of 128 random bits draws an auditor who has `bond` of the bonds of all, `total`, where
/// `expected` are expected: with the chance `expected · bond / total`, or always where that is 1 or more.
pub fn is_drawn(number: u128, bond: u128, total: u128, expected: u32) -> bool {
    let wanted = bond.saturating_mul(expected.into());
    if wanted >= total {
        return bond > 0;
    }
    // The quotient of the range first: what that leaves out is less than the total in 2¹²⁸.
    let each = u128::MAX.checked_div(total).unwrap_or_default();
    number < each.saturating_mul(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_to_be_drawn_should_be_the_share_of_the_bonds() {
        // All of it, or more than all: always.
        for (bond, total) in [(100, 100), (50, 100), (51, 100)] {
            assert!(is_drawn(u128::MAX, bond, total, 2));
        }
        // A hundredth of the bonds, two expected: the lowest fiftieth of the numbers.
        let limit = u128::MAX / 100 * 2;
        assert!(is_drawn(0, 1, 100, 2) && is_drawn(limit - 1, 1, 100, 2));
        assert!(!is_drawn(limit, 1, 100, 2) && !is_drawn(u128::MAX, 1, 100, 2));
    }

    #[test]
    fn who_has_no_bond_should_not_be_drawn() {
        assert!(!is_drawn(0, 0, 100, 2));
        assert!(!is_drawn(0, 0, 0, 2));
    }

    #[test]
    fn bonds_should_be_as_large_as_there_is_money() {
        let unit = 10u128.pow(18);
        let (bond, total) = (100 * unit, 10_000_000_000 * unit);
        let limit = u128::MAX / total * (2 * bond);
        assert!(is_drawn(limit - 1, bond, total, 2) && !is_drawn(limit, bond, total, 2));
        assert!(is_drawn(u128::MAX, u128::MAX, u128::MAX, u32::MAX));
    }
}
