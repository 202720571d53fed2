use super::*;
use crate::{elementwise::argmax, testing::Blake};
use proptest::prelude::*;

const OFF: Parameters = Parameters {
    beta: 1 << 16,
    top_k: 0,
    top_p: WHOLE,
    min_p: None,
};

fn draw(logits: &[i32], parameters: &Parameters, seed: u64, ordinal: u32) -> u32 {
    let mut places = vec![7; 3];
    choose(logits, parameters, key::<Blake>(seed), ordinal, &mut places).unwrap()
}

/// Candidates that pass, by sorting and adding up.
fn kept_by_sorting(logits: &[i32], parameters: &Parameters) -> Vec<u32> {
    let scaled: Vec<i64> = logits
        .iter()
        .map(|&logit| parameters.scale(logit))
        .collect();
    let largest = *scaled.iter().max().unwrap();
    let mut order: Vec<usize> = (0..logits.len()).collect();
    order.sort_by_key(|&index| (-scaled[index], index));
    let weigh = |index: usize| u128::from(weight(place((largest - scaled[index]) as u64, 0)));
    let total: u128 = order.iter().map(|&index| weigh(index)).sum();
    let mut sum = 0;
    let mut kept = Vec::new();
    for (rank, &index) in order.iter().enumerate() {
        let reached = sum << 16 >= u128::from(parameters.top_p) * total;
        sum += weigh(index);
        if (parameters.top_k > 0 && rank >= parameters.top_k as usize)
            || (parameters.top_p < WHOLE && rank > 0 && reached)
            || parameters
                .min_p
                .is_some_and(|most| largest - scaled[index] > most.into())
        {
            break;
        }
        kept.push(index as u32);
    }
    kept
}

fn draw_by_sorting(logits: &[i32], parameters: &Parameters, seed: u64, ordinal: u32) -> u32 {
    let noisy = |index: &u32| {
        let words = philox([index >> 2, ordinal, 0, 0], key::<Blake>(seed));
        let value = parameters.scale(logits[*index as usize]) + gumbel(words[(index & 3) as usize]);
        (value, core::cmp::Reverse(*index))
    };
    kept_by_sorting(logits, parameters)
        .into_iter()
        .max_by_key(noisy)
        .unwrap()
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let beta = prop_oneof![
        Just(1),
        Just(LARGEST_BETA),
        1..=LARGEST_BETA,
        30_000..200_000u32
    ];
    let top_k = prop_oneof![Just(0), 1..8u32, 1..500u32, Just(u32::MAX)];
    let top_p = prop_oneof![Just(WHOLE), Just(1), Just(WHOLE - 1), 1..=WHOLE];
    let min_p = prop_oneof![
        Just(None),
        Just(Some(0)),
        Just(Some(u32::MAX)),
        (0..1_000_000u32).prop_map(Some)
    ];
    (beta, top_k, top_p, min_p).prop_map(|(beta, top_k, top_p, min_p)| Parameters {
        beta,
        top_k,
        top_p,
        min_p,
    })
}

fn row() -> impl Strategy<Value = Vec<i32>> {
    let logit = prop_oneof![
        8 => -1_000_000..1_000_000i32,
        2 => -3..3i32,
        1 => Just(i32::MIN),
        1 => Just(i32::MAX),
        1 => any::<i32>(),
    ];
    prop_oneof![
        prop::collection::vec(logit, 1..300),
        prop::collection::vec(-200_000..200_000i32, 1..300),
        (any::<i32>(), 1..300usize).prop_map(|(logit, count)| vec![logit; count]),
    ]
}

proptest! {
    #[test]
    fn draw_should_be_that_of_sorting(
        logits in row(), parameters in parameters(), seed: u64, ordinal: u32,
    ) {
        prop_assert_eq!(
            draw(&logits, &parameters, seed, ordinal),
            draw_by_sorting(&logits, &parameters, seed, ordinal)
        );
    }

    /// The largest logit passes whatever the filters are; at the narrowest it is the only one.
    #[test]
    fn draw_should_be_greedy_when_a_filter_keeps_one(logits in row(), seed: u64, which in 0..3) {
        let parameters = match which {
            0 => Parameters { top_k: 1, ..OFF },
            1 => Parameters { top_p: 1, ..OFF },
            _ => Parameters { min_p: Some(0), beta: LARGEST_BETA, top_k: 1, ..OFF },
        };
        prop_assert_eq!(Some(draw(&logits, &parameters, seed, 0)), argmax(&logits));
    }
}

#[test]
fn draws_should_come_as_often_as_softmax_says() {
    let chances: [f64; 5] = [0.4, 0.3, 0.2, 0.08, 0.02];
    let logits = chances.map(|chance| (chance.ln() * 65_536.0).round() as i32);
    let filters = [
        (OFF, [1.0; 5]),
        (Parameters { top_k: 2, ..OFF }, [1.0, 1.0, 0.0, 0.0, 0.0]),
        // 0.4 + 0.3 do not reach 0.75, with 0.2 they do.
        (
            Parameters {
                top_p: 49_152,
                ..OFF
            },
            [1.0, 1.0, 1.0, 0.0, 0.0],
        ),
        // A fifth as likely as the first: 0.08 is not over ln 5 = 1.609 away by a hair, 0.02 is.
        (
            Parameters {
                min_p: Some(105_480),
                ..OFF
            },
            [1.0, 1.0, 1.0, 1.0, 0.0],
        ),
    ];
    const DRAWS: u32 = 40_000;
    for (parameters, passes) in filters {
        let mut counts = [0u32; 5];
        for ordinal in 0..DRAWS {
            counts[draw(&logits, &parameters, 42, ordinal) as usize] += 1;
        }
        let total: f64 = chances
            .iter()
            .zip(&passes)
            .map(|(chance, pass)| chance * pass)
            .sum();
        for ((count, chance), pass) in counts.iter().zip(chances).zip(passes) {
            let expected = chance * pass / total * f64::from(DRAWS);
            let deviation = (f64::from(*count) - expected).abs();
            assert!(
                deviation <= 4.0 * expected.sqrt(),
                "{parameters:?} {counts:?}"
            );
        }
    }
}

#[test]
fn draw_should_depend_on_seed_and_ordinal_only_by_the_generator() {
    let logits = [0; 64];
    let of = |seed, ordinal| draw(&logits, &OFF, seed, ordinal);
    assert_eq!(of(1, 2), of(1, 2));
    let differs =
        |other: &dyn Fn(u32) -> u32| (0..20).any(|ordinal| other(ordinal) != of(1, ordinal));
    assert!(differs(&|ordinal| of(2, ordinal)));
    assert!(differs(&|ordinal| of(1, ordinal + 1)));
}

/// The vectors that the specification prints.
#[test]
fn draws_should_keep_their_bits() {
    let key = key::<Blake>(42);
    let logits: Vec<i32> = (0..1_000i32).map(|i| (i * 7_919) % 1_009 * 400).collect();
    let filtered = Parameters {
        beta: 93_623,
        top_k: 40,
        top_p: 62_259,
        min_p: Some(196_328),
    };
    let tokens: Vec<u32> = (0..6)
        .map(|ordinal| draw(&logits, &OFF, 42, ordinal))
        .collect();
    let narrow: Vec<u32> = (0..6)
        .map(|ordinal| draw(&logits, &filtered, 42, ordinal))
        .collect();
    assert_eq!(key, [0xd282_b454, 0x8aa1_bc2a]);
    assert_eq!(tokens, [490, 990, 199, 753, 653, 977]);
    assert_eq!(narrow, [277, 198, 198, 20, 653, 198]);
}

#[test]
fn choose_should_give_nothing_when_there_is_no_row() {
    assert_eq!(choose(&[], &OFF, [0; 2], 0, &mut Vec::new()), None);
    let row = vec![0; (1 << INDEX_BITS) + 1];
    assert_eq!(choose(&row, &OFF, [0; 2], 0, &mut Vec::new()), None);
    assert!(choose(&row[1..], &OFF, [0; 2], 0, &mut Vec::new()).is_some());
}

#[test]
fn check_should_name_what_is_out_of_range() {
    let with = |beta, top_p| Parameters { beta, top_p, ..OFF }.check();
    assert_eq!(with(1, 1), Ok(()));
    assert_eq!(with(LARGEST_BETA, WHOLE), Ok(()));
    assert_eq!(with(0, 1), Err(OutOfRange::Beta(0)));
    assert_eq!(
        with(LARGEST_BETA + 1, 1),
        Err(OutOfRange::Beta(LARGEST_BETA + 1))
    );
    assert_eq!(with(1, 0), Err(OutOfRange::TopP(0)));
    assert_eq!(with(1, WHOLE + 1), Err(OutOfRange::TopP(WHOLE + 1)));
    assert!(OutOfRange::Beta(0)
        .to_string()
        .starts_with("BetaOutOfRange"));
}
