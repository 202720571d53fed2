use crate::quantile::toward;
use crate::types::MAX_STEPS;
use proptest::prelude::*;

/// SplitMix64.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[test]
fn estimate_should_move_by_parts() {
    for (estimate, sample, expected) in [
        (0, 1, 9),
        (0, 0, 0),
        (100, 101, 109),
        (100, 99, 99),
        (100, 100, 100),
        (512, 1_000, 530),
        (512, 1, 510),
        (2_560_000, u32::MAX, 2_650_000),
        (u32::MAX, 0, u32::MAX - u32::MAX / 256),
        (1, 0, 0),
    ] {
        assert_eq!(toward(estimate, sample), expected, "{estimate}, {sample}");
    }
}

#[test]
fn estimate_should_stay_near_when_all_machines_are_equal() {
    let mut estimate = 0;
    for number in 0..2_000 {
        estimate = toward(estimate, 5_000);
        assert!(number < 200 || (4_800..5_200).contains(&estimate));
    }
    assert!(estimate <= 5_000, "all of them are fast in the end");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of a population of any shape, about a tenth is above the estimate.
    #[test]
    fn estimate_should_leave_a_tenth_above_it(
        seed: u64,
        population in prop_oneof![
            // Of one order of magnitude, or of many.
            prop::collection::vec(20_000..200_000u32, 200..400),
            prop::collection::vec((8..20u32, 0..1u32 << 8).prop_map(|(size, rest)| {
                (1 << size) + (rest << size >> 8)
            }), 200..400),
        ],
        start in 0..=MAX_STEPS,
    ) {
        let mut numbers = Numbers(seed);
        let mut estimate = start;
        let count = population.len() as u64;
        let mut above = 0;
        let (before, rounds) = (6_000, 6_000);
        for round in 0..before + rounds {
            let sample = population[(numbers.next() % count) as usize];
            if round >= before && sample > estimate {
                above += 1;
            }
            estimate = toward(estimate, sample);
            prop_assert!(estimate <= MAX_STEPS + MAX_STEPS / 16);
        }
        let permill = above * 1_000 / rounds;
        prop_assert!((80..120).contains(&permill), "{permill} of 1,000 are above");
    }

    #[test]
    fn estimate_should_move_towards_the_sample(estimate: u32, sample: u32) {
        let moved = toward(estimate, sample);
        prop_assert_eq!(moved.cmp(&estimate), match sample.cmp(&estimate) {
            _ if estimate == u32::MAX && sample == u32::MAX => core::cmp::Ordering::Equal,
            order => order,
        });
    }
}
