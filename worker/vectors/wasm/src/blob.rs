//! What the blob computes.

extern crate alloc;

use aipg_exact::{
    gemm::{dot, tile},
    layout::{TILE_COLUMNS, TILE_ROWS},
    Blake2b256,
};
use aipg_vectors::{answer, answer_digest, binary, portable::Portable};
use alloc::{vec, vec::Vec};
use core::hint::black_box;

/// The digest of each answer to the vectors of a file; panics at the first that has none.
pub fn answer_digests(file: &[u8]) -> Vec<u8> {
    let vectors = binary::decode::<Blake2b256>(file).expect("the caller sends vectors");
    let mut digests = Vec::new();
    for vector in vectors {
        match answer::<Portable<Blake2b256>>(&vector.operation, vector.inputs) {
            Ok(outputs) => digests.extend(answer_digest::<Blake2b256>(&outputs)),
            Err(error) => panic!("{}: {error}", vector.operation),
        }
    }
    digests
}

/// Multiplies 16 rows of 256 elements with a tile of weights, as often as asked, and adds up what comes out.
pub fn inner_products(request: &[u8]) -> Vec<u8> {
    let [kind, rounds @ ..] = request else {
        panic!("the caller says which");
    };
    let products = match kind {
        0 => one_by_one,
        _ => tile,
    };
    let rounds = rounds.try_into().expect("the caller says how often");
    // Any elements do; neither loop is faster for some of them.
    let element = |index: usize| (index * 37 % 255) as i8;
    let rows: Vec<i8> = (0..TILE_ROWS * TILE_COLUMNS).map(element).collect();
    let weights: Vec<i8> = rows.iter().rev().copied().collect();
    let mut output = vec![0; TILE_ROWS * TILE_ROWS];
    for _ in 0..u32::from_le_bytes(rounds) {
        products(
            black_box(&rows),
            black_box(&weights),
            TILE_COLUMNS,
            &mut output,
        );
    }
    let sum = output.into_iter().fold(0, i32::wrapping_add);
    sum.to_le_bytes().to_vec()
}

/// [`tile`] with an inner product for each output.
fn one_by_one(rows: &[i8], weights: &[i8], columns: usize, output: &mut [i32]) {
    let channels = weights.len() / columns;
    let outputs = output.chunks_exact_mut(channels);
    for (row, output) in rows.chunks_exact(columns).zip(outputs) {
        for (slot, weights) in output.iter_mut().zip(weights.chunks_exact(columns)) {
            *slot = slot.wrapping_add(dot(row, weights));
        }
    }
}
