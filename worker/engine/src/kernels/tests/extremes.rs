//! Functions of rows at their limits.

use super::*;

#[test]
fn quantise_should_agree_on_extremes() {
    for kernel in kernels() {
        for largest in [
            0,
            1,
            255,
            256,
            257,
            (1 << 24) - 1,
            1 << 24,
            (1 << 24) + 1,
            (1 << 62) - 1,
            1 << 62,
            (1 << 62) + 1,
            i64::MAX,
            i64::MIN,
        ] {
            let row = [
                largest,
                largest.saturating_neg(),
                0,
                largest / 3,
                1,
                -1,
                largest / 2,
            ];
            let (mut q, mut reference) = ([0; 7], [0; 7]);
            let amplitude = (kernel.rows.quantise)(&row, &mut q);
            assert_eq!(amplitude, quantise::quantise_row(&row, &mut reference));
            assert_eq!(q, reference, "{} at {largest}", kernel.name);
        }
    }
}

#[test]
fn gated_should_agree_around_every_edge() {
    let edges = [
        i32::MIN,
        -(1 << 26),
        -(8 << 12),
        0,
        8 << 12,
        (1 << 26) - 1,
        i32::MAX,
    ];
    let near = |edge: i32| (-20..=20).map(move |offset| edge.saturating_add(offset));
    let gate: Vec<i32> = edges
        .into_iter()
        .flat_map(near)
        .chain(-40_000..40_000)
        .collect();
    let up: Vec<i32> = gate.iter().rev().map(|x| x.wrapping_mul(77_777)).collect();
    for kernel in kernels() {
        for activation in [Activation::Silu, Activation::Gelu] {
            let mut output = vec![0; gate.len()];
            (kernel.rows.gated)(activation, &gate, &up, &mut output);
            for ((&gate, &up), output) in gate.iter().zip(&up).zip(output) {
                let expected = activation.gated(gate, up);
                assert_eq!(output, expected, "{}: {gate}, {up}", kernel.name);
            }
        }
    }
}

#[test]
fn weights_should_agree_for_every_distance_from_the_maximum() {
    let distances = (0..30i64 << 16)
        .step_by(41)
        .chain([u32::MAX.into(), (1 << 31) - 1]);
    let distances: Vec<i64> = distances.collect();
    for kernel in kernels() {
        for maximum in [i32::MAX, 0] {
            let scores: Vec<i32> = distances
                .iter()
                .map(|&x| (i64::from(maximum) - x).max(i64::from(-i32::MAX)) as i32)
                .collect();
            let scales: Vec<u16> = (0..scores.len()).map(|i| (i * 7_919) as u16).collect();
            let (mut low, mut high) = (vec![0; scores.len()], vec![0; scores.len()]);
            let total = (kernel.rows.weights)(&scores, maximum, &scales, &mut low, &mut high);
            let mut expected = 0;
            for (index, (&score, &scale)) in scores.iter().zip(&scales).enumerate() {
                let probability = attention::exp2_negative(i64::from(maximum) - i64::from(score));
                expected += u64::from(probability);
                let weight = i32::from(low[index]) + (i32::from(high[index]) << PLANE_BITS);
                assert_eq!(
                    weight,
                    attention::weight(probability, scale),
                    "{}",
                    kernel.name
                );
            }
            assert_eq!(total, expected);
        }
    }
}

/// Weights and values at their largest, over more positions than 32-bit sums hold.
#[test]
fn weigh_should_not_overflow_when_all_is_at_its_largest() {
    const LENGTH: usize = 3 * 8_192 + 5;
    let mut values = Values::new(17);
    for _ in 0..LENGTH {
        values.push(&[-127; 17]);
    }
    let mut plane = vec![4_095; LENGTH.next_multiple_of(DEPTH)];
    plane[LENGTH..].fill(0);
    let expected = -127 * ((1 << 24) - 1) * LENGTH as i64;
    for kernel in kernels() {
        let mut sums = [1; 17];
        (kernel.rows.weigh)(values.groups(0..LENGTH), &plane, &plane, &mut sums);
        assert_eq!(sums, [expected; 17], "{}", kernel.name);
    }
}
