//! Functions of rows for AVX2: the vectorised formulas compiled for it, and by hand what needs
//! gathers from tables or planes of products. Loops count with indices for the reason that
//! [`super::super::x86`] gives.
#![allow(unsafe_code)]

use super::{portable, vector, RowFunctions, ScaleSlices, PLANE_BITS};
use crate::kernels::panels::LANES;
use aipg_exact::{
    activation::{Activation, MAX_GATE},
    attention::MAX_WEIGHT,
    normalise::RootMeanSquare,
    quantise::{Amplitude, Scale},
    tables::EXP2,
};
use std::arch::x86_64::*;

impl RowFunctions {
    /// For processors with AVX2.
    pub const AVX2: Self = Self {
        requantise,
        quantise,
        apply_gain,
        root_mean_square,
        rotate,
        gated,
        scores,
        weights,
        weigh,
    };
}

/// Defines a function with the same arguments that runs `$inner` compiled for AVX2.
macro_rules! compiled_for_avx2 {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) $(-> $result:ty)? = $inner:path;)*) => {$(
        fn $name($($argument: $kind),*) $(-> $result)? {
            #[target_feature(enable = "avx2")]
            fn inner($($argument: $kind),*) $(-> $result)? {
                $inner($($argument),*)
            }
            // SAFETY: the functions of this module are handed out only where AVX2 was detected.
            unsafe { inner($($argument),*) }
        }
    )*};
}

compiled_for_avx2! {
    fn requantise(
        sums: &[i32], scale: Scale, multipliers: &[u16], shift: i32, output: &mut [i32]
    ) = vector::requantise;
    fn quantise(row: &[i64], output: &mut [i8]) -> Amplitude = vector::quantise;
    fn apply_gain(row: &[i32], gain: &[i32], output: &mut [i64]) = vector::apply_gain;
    fn root_mean_square(row: &[i32], epsilon: u32) -> RootMeanSquare = vector::root_mean_square;
    fn rotate(row: &mut [i64]) = vector::rotate;
    fn gated(
        activation: Activation, gate: &[i32], up: &[i32], output: &mut [i64]
    ) = gated_vectors;
    fn scores(
        products: &[i32], query: Scale, keys: ScaleSlices<'_>, score_scale: u32, output: &mut [i32]
    ) -> i32 = vector::scores;
    fn weights(
        scores: &[i32], maximum: i32, value_scales: &[u16], low: &mut [i16], high: &mut [i16]
    ) -> u64 = weight_vectors;
    fn weigh(panels: &[i8], low: &[i16], high: &[i16], sums: &mut [i64]) = weigh_vectors;
}

/// Entries of a table and the ones after them, for indices 0 … 255.
#[target_feature(enable = "avx2")]
fn entries(table: &[i32; 257], index: __m256i) -> (__m256i, __m256i) {
    let index = _mm256_and_si256(index, _mm256_set1_epi32(255));
    // SAFETY: an index of at most 255, or one more, lies inside the table's 257 entries.
    unsafe {
        (
            _mm256_i32gather_epi32::<4>(table.as_ptr(), index),
            _mm256_i32gather_epi32::<4>(table.as_ptr().add(1), index),
        )
    }
}

/// T[j] + rsh((T[j + 1] − T[j])·t, 8) with j the eight bits above the low eight of `x`, t those.
/// Steps of the tables are below 2²⁰, so the product fits.
#[target_feature(enable = "avx2")]
fn interpolate(table: &[i32; 257], x: __m256i) -> __m256i {
    let (from, to) = entries(table, _mm256_srli_epi32::<8>(x));
    let fraction = _mm256_and_si256(x, _mm256_set1_epi32(255));
    let product = _mm256_mullo_epi32(_mm256_sub_epi32(to, from), fraction);
    let rounded = _mm256_add_epi32(product, _mm256_set1_epi32(128));
    _mm256_add_epi32(from, _mm256_srai_epi32::<8>(rounded))
}

#[target_feature(enable = "avx2")]
fn load<T>(values: &[T; 8]) -> __m256i {
    const { assert!(size_of::<T>() == 4) };
    // SAFETY: eight values of four bytes are one vector.
    unsafe { _mm256_loadu_si256(values.as_ptr().cast()) }
}

#[target_feature(enable = "avx2")]
fn store(vector: __m256i) -> [i32; 8] {
    let mut values = [0; 8];
    // SAFETY: eight values of four bytes are one vector.
    unsafe { _mm256_storeu_si256(values.as_mut_ptr().cast(), vector) };
    values
}

#[target_feature(enable = "avx2")]
fn gated_vectors(activation: Activation, gate: &[i32], up: &[i32], output: &mut [i64]) {
    let ((gates, gate_rest), (ups, up_rest)) = (gate.as_chunks::<8>(), up.as_chunks::<8>());
    let (outputs, output_rest) = output.as_chunks_mut::<8>();
    let table = activation.table();
    let limit = _mm256_set1_epi32(MAX_GATE);
    let edge = _mm256_set1_epi32(8 << 12);
    for ((output, gate), up) in outputs.iter_mut().zip(gates).zip(ups) {
        let gate = _mm256_min_epi32(load(gate), limit);
        // Where the gate is beyond the table, the entry read is not used.
        let inside = interpolate(table, _mm256_add_epi32(gate, edge));
        let above = _mm256_cmpgt_epi32(gate, _mm256_sub_epi32(edge, _mm256_set1_epi32(1)));
        let below = _mm256_cmpgt_epi32(_mm256_sub_epi32(_mm256_setzero_si256(), edge), gate);
        let activated = _mm256_blendv_epi8(inside, _mm256_slli_epi32::<4>(gate), above);
        let activated = store(_mm256_andnot_si256(below, activated));
        for lane in 0..8 {
            output[lane] = vector::gate_product(activated[lane], up[lane]);
        }
    }
    portable::gated(activation, gate_rest, up_rest, output_rest);
}

#[target_feature(enable = "avx2")]
fn weight_vectors(
    scores: &[i32],
    maximum: i32,
    value_scales: &[u16],
    low: &mut [i16],
    high: &mut [i16],
) -> u64 {
    let mut total = 0u64;
    let (chunks, rest) = scores.as_chunks::<8>();
    let done = scores.len() - rest.len();
    let most = _mm256_set1_epi32(31 << 16);
    for (index, chunk) in chunks.iter().enumerate() {
        // The difference of two 32-bit numbers modulo 2³², read without a sign, is exact since the
        // maximum is the larger one. Beyond 26 the weight is 0.
        let x = _mm256_min_epu32(
            _mm256_sub_epi32(_mm256_set1_epi32(maximum), load(chunk)),
            most,
        );
        let whole = _mm256_srli_epi32::<16>(x);
        let power = interpolate(&EXP2, _mm256_and_si256(x, _mm256_set1_epi32(0xffff)));
        let half = _mm256_srli_epi32::<1>(_mm256_sllv_epi32(_mm256_set1_epi32(1), whole));
        let probability = _mm256_srlv_epi32(_mm256_add_epi32(power, half), whole);
        let probability = _mm256_min_epi32(probability, _mm256_set1_epi32(MAX_WEIGHT as i32));
        let probability = store(probability);
        let range = index * 8..index * 8 + 8;
        let (low, high) = (&mut low[range.clone()], &mut high[range.clone()]);
        let scales = &value_scales[range];
        for lane in 0..8 {
            let probability = probability[lane] as u64;
            total += probability;
            let weight = ((probability * u64::from(scales[lane]) + (1 << 15)) >> 16) as i32;
            low[lane] = (weight & ((1 << PLANE_BITS) - 1)) as i16;
            high[lane] = (weight >> PLANE_BITS) as i16;
        }
    }
    total
        + portable::weights(
            rest,
            maximum,
            &value_scales[done..],
            &mut low[done..],
            &mut high[done..],
        )
}

/// Positions after which 32-bit sums move to 64 bits: a sum takes two products below 2¹² · 127 from
/// every four positions, so 8,192 of them stay below 2³¹.
const SPILL: usize = 8_192;

#[target_feature(enable = "avx2")]
fn weigh_vectors(panels: &[i8], low: &[i16], high: &[i16], sums: &mut [i64]) {
    sums.fill(0);
    let width = sums.len().next_multiple_of(LANES);
    let spans = panels.chunks(width * SPILL);
    for ((panels, low), high) in spans.zip(low.chunks(SPILL)).zip(high.chunks(SPILL)) {
        for (block, sums) in sums.chunks_mut(LANES).enumerate() {
            let columns = weigh_block(panels, width * 4, block * LANES * 4, low, high);
            for (sum, column) in sums.iter_mut().zip(columns) {
                *sum += column;
            }
        }
    }
}

/// Sums of the 16 columns whose groups begin `offset` bytes after each multiple of `stride`.
#[target_feature(enable = "avx2")]
fn weigh_block(
    panels: &[i8],
    stride: usize,
    offset: usize,
    low: &[i16],
    high: &[i16],
) -> [i64; LANES] {
    let mut lows = [_mm256_setzero_si256(); 4];
    let mut highs = lows;
    for (position, low) in low.as_chunks::<4>().0.iter().enumerate() {
        let values = &panels[position * stride + offset..][..LANES * 4];
        let high = &high[position * 4..][..4];
        // SAFETY: four values of two bytes are 64 bits; 16-byte parts lie inside the 64 values.
        unsafe {
            let low = _mm256_set1_epi64x(low.as_ptr().cast::<i64>().read_unaligned());
            let high = _mm256_set1_epi64x(high.as_ptr().cast::<i64>().read_unaligned());
            for part in 0..4 {
                let values = _mm_loadu_si128(values.as_ptr().add(part * 16).cast());
                let values = _mm256_cvtepi8_epi16(values);
                lows[part] = _mm256_add_epi32(lows[part], _mm256_madd_epi16(values, low));
                highs[part] = _mm256_add_epi32(highs[part], _mm256_madd_epi16(values, high));
            }
        }
    }
    let mut columns = [0; LANES];
    for (part, columns) in columns.chunks_exact_mut(4).enumerate() {
        let (low, high) = (store(lows[part]), store(highs[part]));
        for (index, column) in columns.iter_mut().enumerate() {
            let sum =
                |values: &[i32; 8]| i64::from(values[2 * index]) + i64::from(values[2 * index + 1]);
            *column = sum(&low) + (sum(&high) << PLANE_BITS);
        }
    }
    columns
}
