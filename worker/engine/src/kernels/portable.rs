//! Products in plain Rust: what every other kernel must equal, and what runs where none fits.

use super::{
    panels::{DEPTH, LANES},
    Block, Sums, BLOCK_ROWS,
};

/// See [`super::Kernel::products`].
pub fn products(block: &Block<'_>) -> Sums {
    let mut sums = [[0i32; LANES]; BLOCK_ROWS];
    let groups = block.panel.as_chunks::<{ LANES * DEPTH }>().0;
    for (row, sums) in (0..block.rows).zip(&mut sums) {
        let row = block.input.row(block.first + row).as_chunks::<DEPTH>().0;
        for (group, row) in groups.iter().zip(row) {
            let lanes = group.as_chunks::<DEPTH>().0;
            for (sum, lane) in sums.iter_mut().zip(lanes) {
                // Exact by the bound on the inner dimension: |sum| ≤ 133,144 · 127².
                *sum = lane.iter().zip(row).fold(*sum, |sum, (&w, &x)| {
                    sum.wrapping_add(i32::from(w).wrapping_mul(i32::from(x)))
                });
            }
        }
    }
    sums
}
