//! Every kernel against aipg-exact, on numbers of all magnitudes, odd shapes and several cuttings.

mod common;

use aipg_cuda::{
    buffer::{Buffer, Element},
    device::{Device, Kernel},
    model::{Embedding, Matrix, Norm},
    operations::{
        stride, Attention, AttentionScratch, Heads, LayerCache, Operations, Place, Positions, Rows,
        Tuning,
    },
};
use aipg_exact::{
    activation::Activation,
    attention::{attend, score, value_scale},
    elementwise::{add_biases, add_residual, argmax, embed},
    gemm::dot,
    hadamard::rotate,
    layout::InputMode,
    normalise::{
        apply_gain, apply_norm_biases, centre, normalise_head, normalised_scale, root_mean_square,
    },
    quantise::{
        quantise_row, quantise_row_wide, requantise, requantise_wide, wide_sum, Amplitude, Scale,
    },
    rope,
    testing::Numbers,
};
use common::{
    devices,
    numbers::{int32s, int8s, scale, signed},
    tunings,
};
use proptest::prelude::*;
use std::sync::Arc;

/// A device and a way to cut work.
struct Bench {
    device: Arc<dyn Device>,
    operations: Operations,
}

impl Bench {
    fn buffer<T: Element>(&self, numbers: &[T]) -> Buffer<T> {
        Buffer::of(&*self.device, numbers).unwrap()
    }

    fn zeros<T: Element>(&self, count: usize) -> Buffer<T> {
        Buffer::zeros(&*self.device, count).unwrap()
    }

    fn rows(&self, rows: usize, width: usize) -> Rows {
        Rows::new(&*self.device, rows, width).unwrap()
    }
}

/// Every device with a cutting that `turn` chooses.
fn benches(turn: usize) -> Vec<Bench> {
    let tunings = tunings();
    let devices = devices().into_iter().zip(turn..);
    let benches = devices.map(|(device, turn)| {
        let tuning = tunings[turn % tunings.len()];
        let operations = Operations::tuned(device.clone(), tuning);
        Bench { device, operations }
    });
    benches.collect()
}

fn read<T: Element>(buffer: &Buffer<T>) -> Vec<T> {
    buffer.read(0, buffer.len()).unwrap()
}

/// Rows as they are stored: padded with zeros.
fn padded(elements: &[i8], width: usize) -> Vec<i8> {
    let rows = elements.chunks_exact(width);
    rows.flat_map(|row| {
        let mut row = row.to_vec();
        row.resize(stride(width), 0);
        row
    })
    .collect()
}

/// A quantised row: both planes and the amplitude.
fn quantised(u: &mut [i64], mode: InputMode) -> (Vec<i8>, Vec<i8>, Amplitude) {
    if mode.rotated {
        rotate(u);
    }
    let (mut high, mut low) = (vec![0; u.len()], vec![0; u.len()]);
    let amplitude = if mode.wide {
        quantise_row_wide(u, &mut high, &mut low)
    } else {
        quantise_row(u, &mut high)
    };
    (high, low, amplitude)
}

/// Both planes of a row and its scale.
type ExpectedRow = (Vec<i8>, Vec<i8>, Scale);

/// Compares what a kernel left with rows that were quantised here.
fn assert_rows(found: &Rows, expected: &[ExpectedRow], wide: bool) {
    let width = expected[0].0.len();
    let join = |part: fn(&ExpectedRow) -> &Vec<i8>| {
        let elements: Vec<&[i8]> = expected.iter().map(|row| part(row).as_slice()).collect();
        padded(&elements.concat(), width)
    };
    assert_eq!(read(&found.high), join(|row| &row.0));
    if wide {
        assert_eq!(read(&found.low), join(|row| &row.1));
    }
    let scales: Vec<Scale> = expected.iter().map(|row| row.2).collect();
    assert_eq!(read(&found.scales), scales);
}

fn modes() -> impl Strategy<Value = InputMode> {
    (any::<bool>(), any::<bool>()).prop_map(|(rotated, wide)| InputMode { rotated, wide })
}

/// A width that the mode allows.
fn width_for(mode: InputMode, width: usize) -> usize {
    if mode.rotated {
        (width / 50 + 1) * 64
    } else {
        width
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn normalise_should_equal_its_definition(
        seed: u64, rows in 1usize..4, width in 1usize..400, bits in 1u32..=31,
        mode in modes(), layer_norm: bool, epsilon in 1u32..=1 << 28,
    ) {
        let width = width_for(mode, width);
        let numbers = &mut Numbers(seed);
        let hidden = int32s(numbers, rows * width, bits);
        let gains = int32s(numbers, width, 24);
        let biases = layer_norm.then(|| int32s(numbers, width, 24));
        let expected: Vec<_> = hidden.chunks_exact(width).map(|row| {
            let mut row = row.to_vec();
            if layer_norm {
                centre(&mut row);
            }
            let norm = root_mean_square(&row, epsilon);
            let mut u = vec![0; width];
            apply_gain(&row, &gains, &mut u);
            if let Some(biases) = &biases {
                apply_norm_biases(&mut u, biases, norm);
            }
            let (high, low, amplitude) = quantised(&mut u, mode);
            (high, low, normalised_scale(amplitude, norm))
        }).collect();
        for bench in benches(seed as usize % 3) {
            let norm = Norm {
                gains: bench.buffer(&gains),
                biases: biases.as_ref().map(|biases| bench.buffer(biases)),
                epsilon,
            };
            let input = bench.buffer(&hidden);
            let mut target = bench.rows(rows, width);
            bench.operations.normalise(&input, None, rows, &norm, mode, &mut target).unwrap();
            assert_rows(&target, &expected, mode.wide);
            // The same rows from last to first.
            let chosen: Vec<u32> = (0..rows as u32).rev().collect();
            let chosen = Some(bench.buffer(&chosen));
            bench.operations
                .normalise(&input, chosen.as_ref(), rows, &norm, mode, &mut target).unwrap();
            let reversed: Vec<_> = expected.iter().rev().cloned().collect();
            assert_rows(&target, &reversed, mode.wide);
        }
    }

    #[test]
    fn quantise_should_equal_its_definition(
        seed: u64, rows in 1usize..4, width in 1usize..400, bits in 1u32..=31, mode in modes(),
    ) {
        let width = width_for(mode, width);
        let input = int32s(&mut Numbers(seed), rows * width, bits);
        let expected: Vec<_> = input.chunks_exact(width).map(|row| {
            let mut u: Vec<i64> = row.iter().map(|&x| x.into()).collect();
            let (high, low, amplitude) = quantised(&mut u, mode);
            (high, low, amplitude.scale())
        }).collect();
        for bench in benches(seed as usize % 3) {
            let mut target = bench.rows(rows, width);
            let input = bench.buffer(&input);
            bench.operations.quantise(&input, rows, width, mode, &mut target).unwrap();
            assert_rows(&target, &expected, mode.wide);
        }
    }

    #[test]
    fn gate_should_equal_its_definition(
        seed: u64, rows in 1usize..4, width in 1usize..400, bits in 1u32..=31,
        mode in modes(), gelu: bool, gated: bool,
    ) {
        let width = width_for(mode, width);
        let numbers = &mut Numbers(seed);
        let mut gate = int32s(numbers, rows * width, bits);
        let edges = [-32_769, -32_768, -1, 32_767, 32_768, 1 << 26, -(1 << 26)];
        gate.iter_mut().zip(edges).for_each(|(slot, edge)| *slot = edge);
        let up = int32s(numbers, rows * width, bits);
        let activation = if gelu { Activation::Gelu } else { Activation::Silu };
        let pairs: Vec<(i32, i32)> = gate.iter().copied().zip(up.iter().copied()).collect();
        let expected: Vec<_> = pairs.chunks_exact(width).map(|row| {
            let u = row.iter().map(|&(gate, up)| if gated {
                activation.gated(gate, up)
            } else {
                activation.apply(up)
            });
            let (high, low, amplitude) = quantised(&mut u.collect::<Vec<_>>(), mode);
            (high, low, amplitude.scale())
        }).collect();
        for bench in benches(seed as usize % 3) {
            let mut target = bench.rows(rows, width);
            let (gate, up) = (bench.buffer(&gate), bench.buffer(&up));
            let factors = (gated.then_some(&gate), &up);
            bench.operations.gate(factors, activation, rows, width, mode, &mut target).unwrap();
            assert_rows(&target, &expected, mode.wide);
        }
    }

    #[test]
    fn product_should_equal_its_definition_in_every_tiling(
        seed: u64, rows in 1usize..70, channels in 1usize..70, width in 1usize..300,
        wide: bool, biased: bool, adds: bool, shift in 0i32..60,
    ) {
        let numbers = &mut Numbers(seed);
        // Both planes come from rows, so that all their bounds hold.
        let input = int32s(numbers, rows * width, 31);
        let weights = int8s(numbers, channels * width);
        let multipliers: Vec<u16> = (0..channels).map(|_| numbers.draw() as u16).collect();
        let biases = int32s(numbers, channels, 31);
        let before = int32s(numbers, rows * channels, 31);
        let mode = InputMode { rotated: false, wide };
        let mut expected = before.clone();
        for (row, output) in input.chunks_exact(width).zip(expected.chunks_exact_mut(channels)) {
            let mut u: Vec<i64> = row.iter().map(|&x| x.into()).collect();
            let (high, low, amplitude) = quantised(&mut u, mode);
            let scale = amplitude.scale();
            let mut products: Vec<i32> = weights.chunks_exact(width).zip(&multipliers)
                .map(|(weights, &multiplier)| {
                    let sum = dot(&high, weights);
                    if wide {
                        let sum = wide_sum(sum, dot(&low, weights));
                        requantise_wide(sum, scale, multiplier, shift)
                    } else {
                        requantise(sum, scale, multiplier, shift)
                    }
                })
                .collect();
            if biased {
                add_biases(&mut products, &biases);
            }
            if adds {
                add_residual(output, &products);
            } else {
                output.copy_from_slice(&products);
            }
        }
        let kernels = [
            None, Some(Kernel::Product1), Some(Kernel::Product2), Some(Kernel::Product4),
            Some(Kernel::Product8), Some(Kernel::ProductTile32), Some(Kernel::ProductTile64),
        ];
        let cuttings = devices().into_iter().enumerate();
        for (turn, device) in cuttings {
            for (kernel, turn) in kernels.into_iter().zip(turn..) {
                let tuning = Tuning { product: kernel, ..tunings()[turn % 3] };
                let operations = Operations::tuned(device.clone(), tuning);
                let bench = Bench { device: device.clone(), operations };
                let matrix = Matrix {
                    weights: bench.buffer(&padded(&weights, width)),
                    multipliers: bench.buffer(&multipliers),
                    biases: biased.then(|| bench.buffer(&biases)),
                    shift,
                    rows: channels,
                    columns: width,
                    input: mode,
                };
                let mut quantised = bench.rows(rows, width);
                let input = bench.buffer(&input);
                bench.operations.quantise(&input, rows, width, mode, &mut quantised).unwrap();
                let output = bench.buffer(&before);
                bench.operations.product(&quantised, rows, &matrix, (0, 0), &output, adds).unwrap();
                prop_assert_eq!(read(&output), expected.clone(), "{:?}", kernel);
            }
        }
    }

    #[test]
    fn heads_should_equal_their_definition(
        seed: u64, rows in 1usize..4, heads in 1usize..4, half in 1usize..=128,
        bits in 1u32..=31, normed: bool, epsilon in 1u32..=1 << 28, value_format in 2u8..=16,
    ) {
        let width = 2 * half;
        let numbers = &mut Numbers(seed);
        let input = int32s(numbers, rows * heads * width, bits);
        let gains = normed.then(|| int32s(numbers, width, 24));
        let (slots, capacity) = (2, 9);
        let table: Vec<i16> = (0..capacity * width).map(|_| numbers.draw() as i16).collect();
        // Positions of each row differ.
        let row_slots: Vec<u32> = (0..rows).map(|row| row as u32 % 2).collect();
        let row_positions: Vec<u32> = (0..rows).map(|row| (2 * row + 1) as u32).collect();
        let place = |row: usize, head: usize| {
            (row_slots[row] as usize * heads + head) * capacity + row_positions[row] as usize
        };
        let quantise_head = |head: &[i32]| {
            let mut u: Vec<i64> = head.iter().map(|&x| x.into()).collect();
            let (high, _, amplitude) = quantised(&mut u, InputMode::default());
            (padded(&high, width), amplitude.scale())
        };
        for bench in benches(seed as usize % 3) {
            let positions = Positions {
                slots: bench.buffer(&row_slots),
                positions: bench.buffer(&row_positions),
            };
            let (input_buffer, rotary) = (bench.buffer(&input), bench.buffer(&table));
            let gains_buffer = gains.as_ref().map(|gains| bench.buffer(gains));
            let places = slots * heads * capacity;
            let line = stride(width);
            let queries = (bench.zeros(rows * heads * line), bench.zeros(rows * heads));
            let keys = (bench.zeros(places * line), bench.zeros(places));
            let values = (bench.zeros(places * line), bench.zeros(places));
            let placed = Heads {
                input: &input_buffer,
                gains: gains_buffer.as_ref(),
                rotary: Some(&rotary),
                positions: &positions,
                heads, width, epsilon, capacity, slots,
                place: Place::Rows(&queries.0, &queries.1),
            };
            bench.operations.place_heads(rows, &placed).unwrap();
            let placed = Heads { place: Place::Keys(&keys.0, &keys.1), ..placed };
            bench.operations.place_heads(rows, &placed).unwrap();
            let placed = Heads {
                gains: None,
                rotary: None,
                place: Place::Values(&values.0, &values.1, value_format),
                ..placed
            };
            bench.operations.place_heads(rows, &placed).unwrap();

            let mut expected_queries = (Vec::new(), Vec::new());
            let mut expected_keys = (vec![0i8; places * line], vec![Scale::default(); places]);
            let mut expected_values = (vec![0i8; places * line], vec![0u16; places]);
            for (index, head) in input.chunks_exact(width).enumerate() {
                let (row, number) = (index / heads, index % heads);
                let place = place(row, number);
                let (elements, scale) = quantise_head(head);
                expected_values.0[place * line..][..line].copy_from_slice(&elements);
                expected_values.1[place] = value_scale(scale, value_format);
                let mut head = head.to_vec();
                if let Some(gains) = &gains {
                    normalise_head(&mut head, gains, epsilon);
                }
                let table = &table[row_positions[row] as usize * width..][..width];
                rope::rotate(&mut head, &table[..half], &table[half..]);
                let (elements, scale) = quantise_head(&head);
                expected_keys.0[place * line..][..line].copy_from_slice(&elements);
                expected_keys.1[place] = scale;
                expected_queries.0.extend(elements);
                expected_queries.1.push(scale);
            }
            prop_assert_eq!((read(&queries.0), read(&queries.1)), expected_queries);
            prop_assert_eq!((read(&keys.0), read(&keys.1)), expected_keys);
            prop_assert_eq!((read(&values.0), read(&values.1)), expected_values);
        }
    }

    #[test]
    fn attention_should_equal_its_definition(
        seed: u64, groups in 1usize..3, each in 1usize..4, half in 1usize..40,
        positions in proptest::collection::vec(0u32..150, 1..4),
        window in proptest::option::of(1u32..60),
        score_scale in 1u32..=1 << 30, value_format in 2u8..=16, room in 1usize..4,
    ) {
        let (width, heads, capacity, slots) = (2 * half, groups * each, 150, positions.len());
        let numbers = &mut Numbers(seed);
        let queries = int8s(numbers, slots * heads * width);
        let query_scales: Vec<Scale> = (0..slots * heads).map(|_| scale(numbers)).collect();
        let places = slots * groups * capacity;
        let keys = int8s(numbers, places * width);
        let key_scales: Vec<Scale> = (0..places).map(|_| scale(numbers)).collect();
        let values = int8s(numbers, places * width);
        let value_scales: Vec<u16> = (0..places).map(|_| signed(numbers, 16).unsigned_abs() as u16).collect();
        let mut expected = Vec::new();
        for (slot, &position) in positions.iter().enumerate() {
            for head in 0..heads {
                let index = slot * heads + head;
                let query = &queries[index * width..][..width];
                let end = position as usize + 1;
                let first = end - window.map_or(end, |window| end.min(window as usize));
                let base = (slot * groups + head * groups / heads) * capacity;
                let seen = base + first..base + end;
                let row = |elements: &'_ [i8], place: usize| elements[place * width..][..width].to_vec();
                let scores: Vec<i32> = seen.clone().map(|place| {
                    score(query, query_scales[index], &row(&keys, place), key_scales[place], score_scale)
                }).collect();
                let rows: Vec<Vec<i8>> = seen.clone().map(|place| row(&values, place)).collect();
                let mut weights = vec![0; scores.len()];
                let mut output = vec![0; width];
                attend(
                    &scores, rows.iter().map(Vec::as_slice), value_scales[seen].iter().copied(),
                    value_format, &mut weights, &mut output,
                );
                expected.extend(output);
            }
        }
        for bench in benches(seed as usize % 3) {
            let cache = LayerCache {
                keys: bench.buffer(&padded(&keys, width)),
                key_scales: bench.buffer(&key_scales),
                values: bench.buffer(&padded(&values, width)),
                value_scales: bench.buffer(&value_scales),
            };
            let row_slots: Vec<u32> = (0..slots as u32).collect();
            let places = Positions {
                slots: bench.buffer(&row_slots),
                positions: bench.buffer(&positions),
            };
            let (queries, query_scales) =
                (bench.buffer(&padded(&queries, width)), bench.buffer(&query_scales));
            let attention = Attention {
                queries: &queries,
                query_scales: &query_scales,
                cache: &cache,
                positions: &places,
                known_positions: &positions,
                heads, groups, width, capacity, slots, window, score_scale, value_format,
            };
            // Room for all rows, or for fewer at a time.
            let scratch =
                AttentionScratch::new(&*bench.device, room, heads, width, room * heads * capacity);
            let output = bench.zeros(slots * heads * width);
            bench.operations.attend(&attention, &scratch.unwrap(), &output).unwrap();
            prop_assert_eq!(read(&output), expected.clone());
        }
    }

    #[test]
    fn tokens_should_become_rows_and_logits_tokens(
        seed: u64, rows in 1usize..5, width in 1usize..300, vocabulary in 1usize..600, bits in 1u32..=31,
    ) {
        let numbers = &mut Numbers(seed);
        let weights = int8s(numbers, vocabulary * width);
        let multipliers: Vec<u32> = (0..vocabulary).map(|_| numbers.draw() as u32).collect();
        let tokens: Vec<u32> = (0..rows).map(|_| numbers.below(vocabulary as u64) as u32).collect();
        let logits = int32s(numbers, rows * vocabulary, bits);
        let expected: Vec<i32> = tokens.iter().flat_map(|&token| {
            let row = &weights[token as usize * width..][..width];
            row.iter().map(|&element| embed(element, multipliers[token as usize])).collect::<Vec<_>>()
        }).collect();
        let best: Vec<u32> = logits.chunks_exact(vocabulary).map(|row| argmax(row).unwrap()).collect();
        for bench in benches(seed as usize % 3) {
            let (weights, multipliers) =
                (bench.buffer(&padded(&weights, width)), bench.buffer(&multipliers));
            let embedding = Embedding { weights: &weights, multipliers: &multipliers, width };
            let hidden = bench.zeros(rows * width);
            bench.operations.embed(&bench.buffer(&tokens), rows, &embedding, &hidden).unwrap();
            prop_assert_eq!(read(&hidden), expected.clone());
            let found = bench.zeros(rows);
            bench.operations.greedy(&bench.buffer(&logits), rows, vocabulary, &found).unwrap();
            prop_assert_eq!(read(&found), best.clone());
        }
    }
}

/// The longest row that there may be, with all elements at their limits: the sums reach 31 bits.
#[test]
fn product_should_hold_on_the_longest_rows() {
    let width = 133_144;
    let expected = requantise(
        127 * 127 * width as i32,
        Scale {
            mantissa: 65_535,
            exponent: -8,
        },
        32_768,
        40,
    );
    for kernel in [Kernel::Product1, Kernel::Product8, Kernel::ProductTile32] {
        let device = devices().remove(0);
        let tuning = Tuning {
            product: Some(kernel),
            ..Tuning::default()
        };
        let operations = Operations::tuned(device.clone(), tuning);
        let bench = Bench { device, operations };
        let matrix = Matrix {
            weights: bench.buffer(&padded(&vec![-127; width], width)),
            multipliers: bench.buffer(&[u16::MAX]),
            biases: None,
            shift: 40,
            rows: 1,
            columns: width,
            input: InputMode::default(),
        };
        let mut rows = bench.rows(1, width);
        let input = bench.buffer(&vec![-i32::MAX; width]);
        bench
            .operations
            .quantise(&input, 1, width, InputMode::default(), &mut rows)
            .unwrap();
        rows.scales
            .write(
                0,
                &[Scale {
                    mantissa: 65_535,
                    exponent: -8,
                }],
            )
            .unwrap();
        let output = bench.zeros(1);
        bench
            .operations
            .product(&rows, 1, &matrix, (0, 0), &output, false)
            .unwrap();
        assert_eq!(read(&output), [expected]);
    }
}
