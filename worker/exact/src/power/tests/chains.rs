use super::*;

/// Spread of the elements of a state, and the share of them that are clamped, in permill.
fn spread(state: &[i8]) -> (f64, u64) {
    let squares: i64 = state.iter().map(|&x| i64::from(x) * i64::from(x)).sum();
    let clamped = state.iter().filter(|x| x.unsigned_abs() == 127).count();
    let count = state.len();
    (
        (squares as f64 / count as f64).sqrt(),
        clamped as u64 * 1_000 / count as u64,
    )
}

/// The numbers come from another implementation, written from the text of docs/power.md.
#[test]
fn chain_should_be_the_golden_one() {
    assert_eq!(
        hex(&bytes_of(&chain().channels(5, 3, 1)[..16])),
        "acdd457d4e776cb48f2e9d167ee87822"
    );
    let ends: Vec<String> = states()
        .iter()
        .map(|state| hex(&row_of(state, 255)[..16]))
        .collect();
    assert_eq!(
        hex(&row_of(&states()[0], 255)[1_008..]),
        "9cf2d647cace5c69ced7db6c563ec709"
    );
    assert_eq!(
        ends[1..],
        [
            "7f7fb54d7f1b13e39e5a7f3d36f49eaa",
            "3c7f7f7fe29abf10fb2c8f84cc351081",
            "81816118c213cd3a818123cc263c68fe"
        ]
    );
    assert_eq!(
        hex(&commit(states()).root),
        "0f70347a55dcd379d1d1380091c4defa5e6b4dbe38233dbd5794fe9e14f88506"
    );
    let drawn: Vec<(u32, u32, u32)> = samples::<Blake>(&[9; 32], 1_000, 3)
        .into_iter()
        .map(|sample| (sample.step, sample.row, sample.segment))
        .collect();
    assert_eq!(drawn, [(628, 204, 15), (597, 57, 7), (451, 88, 1)]);
}

#[test]
fn state_should_neither_die_nor_saturate_over_many_steps() {
    let chain = chain();
    let rows = 4 * WIDTH as usize;
    let mut state: Vec<i8> = chain.first_state()[..rows].to_vec();
    for step in 1..=64 {
        state = chain.advance(step, 0, &state, &chain.weights(matrix_of(step)));
        let (spread, clamped) = spread(&state);
        assert!((60.0..90.0).contains(&spread), "{spread} at step {step}");
        assert!((50..250).contains(&clamped), "{clamped} at step {step}");
    }
    // Rows do not come together.
    let (first, rest) = state.split_at(WIDTH as usize);
    for other in rest.chunks(WIDTH as usize) {
        let product: i64 = dot(first, other).into();
        // The standard deviation of a product of unrelated rows is 75² · 32.
        assert!(product.abs() < 6 * 75 * 75 * 32, "{product}");
    }
}

#[test]
fn weights_should_be_the_same_for_all_accounts_and_first_states_of_one_only() {
    let (one, other) = (chain(), Chain::new::<Blake>(&SEED, b"other"));
    assert_eq!(one.weights(1), other.weights(1));
    let (mine, theirs) = (one.first_state(), other.first_state());
    let equal = mine.iter().zip(&theirs).filter(|(a, b)| a == b).count();
    assert!(equal < mine.len() / 128, "{equal}");
    let later = Chain::new::<Blake>(&[8; 32], ACCOUNT);
    assert_ne!(one.channels(1, 0, 1), later.channels(1, 0, 1));
    assert_ne!(mine, later.first_state());
}

#[test]
fn fresh_elements_should_be_of_one_account_step_and_row() {
    let (one, other) = (chain(), Chain::new::<Blake>(&SEED, b"other"));
    let mut seen: Vec<Vec<i8>> = Vec::new();
    for (step, row) in [(1, 0), (1, 1), (2, 0), (17, 0), (17, 1)] {
        seen.push(one.fresh(step, row).collect());
        seen.push(other.fresh(step, row).collect());
    }
    // They are not those of the first state either.
    seen.push(one.first_row(0).take(FRESH as usize).collect());
    assert!(seen.iter().all(|fresh| fresh.len() == FRESH as usize));
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
}

#[test]
fn refresh_should_replace_the_beginnings_of_rows_only() {
    let state = &states()[1];
    let mut fresh = state.clone();
    chain().refresh(2, 0, &mut fresh);
    let rows = state
        .chunks(WIDTH as usize)
        .zip(fresh.chunks(WIDTH as usize));
    for (row, (old, new)) in (0..).zip(rows) {
        let (beginning, rest) = new.split_at(FRESH as usize);
        assert!(beginning.iter().copied().eq(chain().fresh(2, row)));
        assert_eq!(rest, &old[FRESH as usize..]);
    }
}

/// Without fresh elements a state that comes again would be followed by the same states, and the chain of one
/// account would be that of every other but for its first step.
#[test]
fn equal_rows_should_part_at_once_and_stay_apart() {
    let chain = chain();
    let width = WIDTH as usize;
    let row = &states()[0][..width];
    let weights = chain.weights(1);
    let distance = |a: &[i8], b: &[i8]| {
        let square = |(a, b): (&i8, &i8)| (f64::from(*a) - f64::from(*b)).powi(2);
        (a.iter().zip(b).map(square).sum::<f64>() / width as f64).sqrt()
    };
    let others = [
        chain.advance(1, 1, row, &weights),
        chain.advance(17, 0, row, &weights),
        Chain::new::<Blake>(&SEED, b"other").advance(1, 0, row, &weights),
    ];
    let one = chain.advance(1, 0, row, &weights);
    for other in others {
        let apart = distance(&one, &other);
        assert!((8.0..20.0).contains(&apart), "{apart}");
        // The same steps from here on, as rows 0 and 1 of one account.
        let mut both = [one.clone(), other].concat();
        for step in 2..20 {
            both = chain.advance(step, 0, &both, &chain.weights(matrix_of(step)));
            let (a, b) = both.split_at(width);
            let now = distance(a, b);
            assert!(now > apart, "{now} at step {step}");
        }
    }
}

#[test]
fn matrices_and_channels_should_differ() {
    let chain = chain();
    let mut seen: Vec<Vec<i8>> = (0..MATRICES)
        .flat_map(|matrix| (0..4).map(move |channel| (matrix, channel)))
        .map(|(matrix, channel)| chain.channels(matrix, channel, 1))
        .collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
    assert_eq!(matrix_of(MATRICES - 1), 15);
    assert_eq!(matrix_of(MATRICES), 0);
}

#[test]
fn random_elements_should_be_uniform_without_the_least_one() {
    let weights = chain().weights(2);
    assert_eq!(weights.len(), 1 << 20);
    let mut counts = [0u32; 256];
    for weight in weights {
        counts[(i32::from(weight) + 128) as usize] += 1;
    }
    assert_eq!(counts[0], 0);
    assert!((7_700..8_700).contains(&counts[1]), "{}", counts[1]);
    let rest = &counts[2..];
    assert!(rest.iter().all(|count| (3_700..4_500).contains(count)));
}

#[test]
fn a_segment_should_be_a_part_of_its_matrix() {
    let chain = chain();
    let weights = chain.weights(9);
    for segment in [0, 1, SEGMENTS - 1] {
        let first = segment * SEGMENT;
        let start = (first * WIDTH) as usize;
        let end = start + (SEGMENT * WIDTH) as usize;
        assert_eq!(chain.channels(9, first, SEGMENT), weights[start..end]);
    }
}

#[test]
fn requantise_should_round_to_the_nearest_and_clamp() {
    for (sum, expected) in [
        (0, 0),
        (1_023, 0),
        (1_024, 1),
        (-1_024, 0),
        (-1_025, -1),
        (126 * 2_048 + 1_023, 126),
        (126 * 2_048 + 1_024, 127),
        (128 * 2_048, 127),
        (-127 * 2_048, -127),
        (-128 * 2_048, -127),
        (i32::MAX, 127),
        (i32::MIN, -127),
    ] {
        assert_eq!(requantise(sum), expected, "{sum}");
    }
}

#[test]
fn samples_should_be_none_when_there_are_no_steps() {
    assert_eq!(samples::<Blake>(&SEED, 0, 8), []);
    assert_eq!(leaf_index(0, 3), None);
}

#[test]
fn samples_should_reach_every_part_of_a_chain() {
    let drawn = samples::<Blake>(&SEED, 4, 4_000);
    for step in 1..=4 {
        let count = drawn.iter().filter(|sample| sample.step == step).count();
        assert!((900..1_100).contains(&count), "{count} of step {step}");
    }
    for segment in 0..SEGMENTS {
        let of_segment = drawn.iter().filter(|sample| sample.segment == segment);
        let count = of_segment.count();
        assert!((180..330).contains(&count), "{count} of {segment}");
    }
    let mut rows: Vec<u32> = drawn.iter().map(|sample| sample.row).collect();
    rows.sort_unstable();
    rows.dedup();
    assert_eq!(rows.len(), ROWS as usize);
}

proptest! {
    #[test]
    fn requantise_should_be_the_rounded_quotient(sum in -(1i32 << 24)..1 << 24) {
        let exact = (f64::from(sum) / 2_048.0 + 0.5).floor();
        prop_assert_eq!(f64::from(requantise(sum)), exact.clamp(-127.0, 127.0));
    }

    #[test]
    fn samples_should_be_of_the_chain(seed: [u8; 32], steps in 1u32.., count in 0u32..20) {
        let drawn = samples::<Blake>(&seed, steps, count);
        prop_assert_eq!(drawn.len(), count as usize);
        for sample in drawn {
            prop_assert!((1..=steps).contains(&sample.step));
            prop_assert!(sample.row < ROWS && sample.segment < SEGMENTS);
        }
    }

    #[test]
    fn a_row_should_go_through_the_chain_by_itself(row in 0..ROWS, step in 1..=STEPS) {
        let start = (row * WIDTH) as usize;
        let end = start + WIDTH as usize;
        let before = &states()[step as usize - 1][start..end];
        let after = chain().advance(step, row, before, &chain().weights(matrix_of(step)));
        prop_assert_eq!(&after[..], &states()[step as usize][start..end]);
    }
}
