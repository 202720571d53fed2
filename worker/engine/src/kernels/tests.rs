mod extremes;

use super::{
    panels::{Values, DEPTH},
    product::{project, Factor, QuantisedRows},
    rows::{Scales, PLANE_BITS},
    *,
};
use aipg_exact::{
    activation::Activation,
    attention,
    elementwise::add_biases,
    hadamard,
    header::MAX_INNER_DIMENSION,
    normalise,
    quantise::{self, Scale},
};
use proptest::{collection::vec, prelude::*};

/// Kernels that this machine can run; the others are named, so that a log says what was not tried.
fn kernels() -> Vec<&'static Kernel> {
    let available: Vec<_> = Kernel::available().collect();
    for kernel in KERNELS {
        if !available.iter().any(|other| other.name == kernel.name) {
            println!(
                "skipped: this processor cannot run the kernel {}",
                kernel.name
            );
        }
    }
    available
}

fn dot(a: &[i8], b: &[i8]) -> i32 {
    let sum: i64 = a
        .iter()
        .zip(b)
        .map(|(&a, &b)| i64::from(a) * i64::from(b))
        .sum();
    i32::try_from(sum).expect("within the bound on the inner dimension")
}

/// All sums of a product, `[rows, channels]`.
fn sums(kernel: &Kernel, weights: &[i8], rows: &[i8], columns: usize) -> Vec<Vec<i32>> {
    let panels = Panels::pack(weights, columns);
    let input = Activations::from_elements(kernel.companion, rows, columns);
    let mut output = vec![vec![]; input.rows()];
    for first in (0..input.rows()).step_by(BLOCK_ROWS) {
        for panel in 0..panels.panels() {
            let sums = (kernel.products)(&Block::new(&panels, panel, &input, first));
            for (row, sums) in output[first..].iter_mut().zip(&sums) {
                row.extend_from_slice(sums);
            }
        }
    }
    for row in &mut output {
        assert!(row[panels.rows()..].iter().all(|&sum| sum == 0), "padding");
        row.truncate(panels.rows());
    }
    output
}

fn expected(weights: &[i8], rows: &[i8], columns: usize) -> Vec<Vec<i32>> {
    rows.chunks_exact(columns)
        .map(|row| weights.chunks_exact(columns).map(|w| dot(row, w)).collect())
        .collect()
}

#[test]
fn best_should_be_a_kernel_that_agrees_with_the_portable_one() {
    let best = Kernel::best();
    assert!(best.agrees_with(&PORTABLE));
    assert_eq!(best.name, Kernel::available().next().unwrap().name);
    println!("this machine runs the kernel {}", best.name);
}

#[test]
fn agreement_should_fail_when_a_kernel_is_wrong() {
    fn products(block: &Block<'_>) -> Sums {
        let mut sums = portable::products(block);
        // Off by one in the largest sums only, as a saturating instruction would be.
        sums.as_flattened_mut()
            .iter_mut()
            .filter(|sum| **sum > 127 * 127 * 32)
            .for_each(|sum| *sum -= 1);
        sums
    }
    let wrong = Kernel {
        products,
        ..PORTABLE
    };
    assert!(!wrong.agrees_with(&PORTABLE));

    let mut rows = PORTABLE.rows;
    rows.quantise = |row, output| {
        let amplitude = quantise::quantise_row(row, output);
        output.iter_mut().for_each(|q| *q = (*q).min(126));
        amplitude
    };
    assert!(!Kernel { rows, ..PORTABLE }.agrees_with(&PORTABLE));
}

#[test]
fn by_name_should_name_what_is_wrong() {
    assert_eq!(Kernel::by_name("portable").unwrap().name, "portable");
    let error = Kernel::by_name("abacus").unwrap_err();
    assert!(error.to_string().starts_with("UnknownKernel"), "{error}");
    assert!(error.to_string().contains("portable"), "{error}");
    for kernel in KERNELS {
        let found = Kernel::by_name(kernel.name);
        let expected = (kernel.detected)();
        assert_eq!(found.is_ok(), expected, "{}", kernel.name);
        if !expected {
            assert_eq!(found.unwrap_err(), KernelError::Unsupported(kernel.name));
        }
    }
}

#[test]
fn products_should_be_exact_when_the_inner_dimension_is_the_largest() {
    let columns = MAX_INNER_DIMENSION as usize;
    let (high, low) = (vec![127i8; columns], vec![-127i8; columns]);
    let weights = [high.clone(), low.clone()].concat();
    let rows = [high.clone(), low, vec![0; columns]].concat();
    let most = i32::try_from(columns * 127 * 127).unwrap();
    for kernel in kernels() {
        let sums = sums(kernel, &weights, &rows, columns);
        assert_eq!(
            sums,
            [[most, -most], [-most, most], [0, 0]],
            "{}",
            kernel.name
        );
    }
}

#[test]
#[should_panic(expected = "widths of a product")]
fn block_should_refuse_operands_of_different_widths() {
    let input = Activations::from_elements(Companion::None, &[1; 8], 8);
    Block::new(&Panels::pack(&[1; 12], 12), 0, &input, 0);
}

/// A row for [`RowFunctions::quantise`] at each of its limits.
fn any_scale() -> impl Strategy<Value = Scale> {
    (
        any::<u16>(),
        prop_oneof![8 => -14i32..20, 1 => -200i32..200],
    )
        .prop_map(|(mantissa, exponent)| Scale { mantissa, exponent })
}

fn int8() -> impl Strategy<Value = i8> {
    prop_oneof![Just(127i8), Just(-127i8), -127i8..=127]
}

/// Numbers of all magnitudes.
fn int32() -> impl Strategy<Value = i32> {
    (any::<i32>(), 0u32..32).prop_map(|(x, shift)| x >> shift.min(31))
}

proptest! {
    #[test]
    fn products_should_equal_the_sums_of_products(
        (columns, weights, rows) in (1usize..150, 1usize..40, 1usize..10)
            .prop_flat_map(|(columns, channels, rows)| (
                Just(columns), vec(int8(), columns * channels), vec(int8(), columns * rows),
            )),
    ) {
        let expected = expected(&weights, &rows, columns);
        for kernel in kernels() {
            prop_assert_eq!(&sums(kernel, &weights, &rows, columns), &expected, "{}", kernel.name);
        }
    }

    /// Both ways to divide the work, by panels and by rows, on one and on several threads.
    #[test]
    fn project_should_not_depend_on_kernel_rows_or_threads(
        (columns, weights, rows) in (1usize..40, 1usize..40, prop_oneof![1usize..10, 60usize..70])
            .prop_flat_map(|(columns, channels, rows)| (
                Just(columns), vec(int8(), columns * channels), vec(int8(), columns * rows),
            )),
        scale in any_scale(), shift in 0i32..40, threads in 1usize..4, wide: bool, biased: bool,
    ) {
        let channels = weights.len() / columns;
        let multipliers: Vec<u16> = (0..channels).map(|i| (i * 40_503) as u16).collect();
        let biases: Vec<i32> = (0..if biased { channels } else { 0 })
            .map(|i| (i as i32).wrapping_mul(-1_640_531_527))
            .collect();
        let low_rows: Vec<i8> = rows.iter().map(|x| x / 2).collect();
        let low_sums = super::tests::expected(&weights, &low_rows, columns).concat();
        let mut expected: Vec<i32> = expected(&weights, &rows, columns)
            .concat()
            .into_iter()
            .zip(low_sums)
            .zip(multipliers.iter().cycle())
            .map(|((sum, low), &multiplier)| match wide {
                true => {
                    let sum = quantise::wide_sum(sum, low);
                    quantise::requantise_wide(sum, scale, multiplier, shift)
                }
                false => quantise::requantise(sum, scale, multiplier, shift),
            })
            .collect();
        if biased {
            expected.chunks_exact_mut(channels).for_each(|row| add_biases(row, &biases));
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let panels = Panels::pack(&weights, columns);
        for kernel in kernels() {
            let input = QuantisedRows {
                activations: Activations::from_elements(kernel.companion, &rows, columns),
                low: wide.then(|| Activations::from_elements(kernel.companion, &low_rows, columns)),
                scales: vec![scale; rows.len() / columns],
            };
            let factor = Factor { weights: &panels, multipliers: &multipliers, biases: &biases, shift };
            let [first, second] = pool.install(|| project(kernel, [factor, factor], &input));
            prop_assert_eq!(&first, &expected, "{}", kernel.name);
            prop_assert_eq!(&second, &expected, "{}", kernel.name);
        }
    }

    #[test]
    fn requantise_should_equal_the_formula(
        pairs in vec((any::<i32>(), any::<u16>()), 1..40), scale in any_scale(), shift in -80i32..110,
    ) {
        let (sums, multipliers): (Vec<i32>, Vec<u16>) = pairs.into_iter().unzip();
        for kernel in kernels() {
            let mut output = vec![0; sums.len()];
            (kernel.rows.requantise)(&sums, scale, &multipliers, shift, &mut output);
            for ((&sum, &multiplier), output) in sums.iter().zip(&multipliers).zip(output) {
                prop_assert_eq!(output, quantise::requantise(sum, scale, multiplier, shift));
            }
        }
    }

    #[test]
    fn norms_should_equal_the_formulas(
        pairs in vec((int32(), any::<i32>()), 1..150), epsilon: u32, rotated_bits in 0u32..8,
    ) {
        let (row, gain): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
        let mut expected = vec![0; row.len()];
        normalise::apply_gain(&row, &gain, &mut expected);
        for kernel in kernels() {
            let mut wide = vec![0; row.len()];
            (kernel.rows.apply_gain)(&row, &gain, &mut wide);
            prop_assert_eq!(&wide, &expected);
            prop_assert_eq!(
                (kernel.rows.root_mean_square)(&row, epsilon),
                normalise::root_mean_square(&row, epsilon)
            );
            let mut rotated: Vec<i64> = wide.iter().map(|x| x >> rotated_bits).collect();
            let mut reference = rotated.clone();
            (kernel.rows.rotate)(&mut rotated);
            hadamard::rotate(&mut reference);
            prop_assert_eq!(&rotated, &reference, "{}", kernel.name);
            let (mut q, mut expected) = (vec![0; row.len()], vec![0; row.len()]);
            prop_assert_eq!(
                (kernel.rows.quantise)(&rotated, &mut q),
                quantise::quantise_row(&rotated, &mut expected)
            );
            prop_assert_eq!(q, expected, "{}", kernel.name);
        }
    }

    #[test]
    fn attention_should_equal_the_formulas(
        keys in vec((-4_129_024i32..=4_129_024, any_scale(), vec(int8(), 3), any::<u16>()), 1..60),
        query in any_scale(), score_scale in prop_oneof![0u32..=1 << 30, any::<u32>()],
    ) {
        let products: Vec<i32> = keys.iter().map(|key| key.0).collect();
        let value_scales: Vec<u16> = keys.iter().map(|key| key.3).collect();
        let (mut scales, mut values) = (Scales::default(), Values::new(3));
        for (_, scale, value, _) in &keys {
            scales.push(*scale);
            values.push(value);
        }
        let expected: Vec<i32> = keys
            .iter()
            .map(|key| attention::score_of_product(key.0, query, key.1, score_scale))
            .collect();
        for kernel in kernels() {
            let length = keys.len();
            let mut scores = vec![0; length];
            let maximum = (kernel.rows.scores)(&products, query, scales.range(0..length), score_scale, &mut scores);
            prop_assert_eq!(&scores, &expected, "{}", kernel.name);
            prop_assert_eq!(Some(&maximum), expected.iter().max());

            let mut planes = [vec![0; length.next_multiple_of(DEPTH)], vec![0; length.next_multiple_of(DEPTH)]];
            let [low, high] = &mut planes;
            let total = (kernel.rows.weights)(
                &scores, maximum, &value_scales, &mut low[..length], &mut high[..length],
            );
            let mut sums = vec![0; 3];
            (kernel.rows.weigh)(values.groups(0..length), low, high, &mut sums);
            let mut expected_total = 0;
            let mut expected_sums = [0i64; 3];
            for (&score, key) in scores.iter().zip(&keys) {
                let probability = attention::exp2_negative(i64::from(maximum) - i64::from(score));
                expected_total += u64::from(probability);
                for (sum, &value) in expected_sums.iter_mut().zip(&key.2) {
                    *sum += i64::from(attention::weight(probability, key.3)) * i64::from(value);
                }
            }
            prop_assert_eq!(total, expected_total);
            prop_assert_eq!(&sums[..], &expected_sums, "{}", kernel.name);
        }
    }
}
