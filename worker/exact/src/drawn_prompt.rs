//! Prompts that nobody writes: tokens drawn from a seed.
//!
//! The chain submits jobs with such prompts, and whoever runs or checks one of them rebuilds its tokens from what
//! the chain says, without a blob store.

use crate::Hasher256;
use alloc::vec::Vec;

const DOMAIN: &[u8] = b"aipg/prompt/0";

/// `count` token ids below `vocabulary`. Token `i` is the first eight bytes of
/// H("aipg/prompt/0" ‖ seed ‖ i), as little-endian numbers, modulo the vocabulary; `i` has four bytes.
///
/// The modulus favours no token by more than 2⁻³². No tokens if the vocabulary is empty.
pub fn drawn_prompt<H: Hasher256>(seed: &[u8; 32], count: u32, vocabulary: u32) -> Vec<u32> {
    (0..count)
        .filter_map(|index| {
            let hash = H::hash(&[DOMAIN, seed, &index.to_le_bytes()]);
            let number = u64::from_le_bytes(*hash.first_chunk()?);
            let token = number.checked_rem(vocabulary.into())?;
            u32::try_from(token).ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Blake2b256;
    use proptest::prelude::*;

    fn prompt(seed: u8, count: u32, vocabulary: u32) -> Vec<u32> {
        drawn_prompt::<Blake2b256>(&[seed; 32], count, vocabulary)
    }

    #[test]
    fn prompt_should_be_what_its_definition_says() {
        let hash = Blake2b256::hash(&[b"aipg/prompt/0", &[7; 32], &[1, 0, 0, 0]]);
        let number = u64::from_le_bytes(hash[..8].try_into().unwrap());
        assert_eq!(u64::from(prompt(7, 2, 272)[1]), number % 272);
    }

    #[test]
    fn prompts_should_differ_when_their_seeds_do() {
        assert_ne!(prompt(1, 8, 272), prompt(2, 8, 272));
        // A longer one goes on where the shorter one ends.
        assert_eq!(prompt(1, 16, 272)[..8], prompt(1, 8, 272));
    }

    #[test]
    fn prompt_should_be_empty_without_a_vocabulary() {
        assert!(prompt(1, 8, 0).is_empty());
        assert_eq!(prompt(1, 3, 1), [0, 0, 0]);
    }

    #[test]
    fn tokens_should_be_spread_over_the_vocabulary() {
        let mut seen = [0u32; 16];
        for id in prompt(3, 16_000, 16) {
            seen[id as usize] += 1;
        }
        // Six standard deviations of a thousand.
        assert!(
            seen.iter().all(|count| count.abs_diff(1_000) < 190),
            "{seen:?}"
        );
    }

    proptest! {
        #[test]
        fn tokens_should_be_in_the_vocabulary(seed: [u8; 32], count in 0u32..200, vocabulary in 1u32..) {
            let prompt = drawn_prompt::<Blake2b256>(&seed, count, vocabulary);
            prop_assert_eq!(prompt.len(), count as usize);
            prop_assert!(prompt.iter().all(|id| *id < vocabulary));
        }
    }
}
