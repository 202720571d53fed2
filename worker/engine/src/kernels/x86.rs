//! Products on x86-64 with vector instructions.
//!
//! All of them are exact. `maddubs` saturates its sums of two products at 16 bits, which is out of
//! reach since neither operand is −128: 2 · 127 · 127 < 2¹⁵. `vpdpbusd` (never its saturating form)
//! adds modulo 2³², so the offset sum may wrap and still gives the exact difference.
//!
//! The loops count with indices: adapters of iterators take closures, and a closure of a function with
//! target features is not inlined into an adapter without them.
#![allow(unsafe_code)]

use super::{
    panels::{Companion, DEPTH, LANES},
    rows::RowFunctions,
    Block, Kernel, Sums, BLOCK_ROWS,
};
use std::arch::x86_64::*;

pub static AVX2: Kernel = Kernel {
    name: "avx2",
    companion: Companion::Magnitude,
    products: avx2,
    rows: RowFunctions::AVX2,
    detected: || is_x86_feature_detected!("avx2"),
};

pub static AVX_VNNI: Kernel = Kernel {
    name: "avx-vnni",
    companion: Companion::Offset,
    products: avx_vnni,
    rows: RowFunctions::AVX2,
    detected: || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni"),
};

pub static AVX512_VNNI: Kernel = Kernel {
    name: "avx512-vnni",
    companion: Companion::Offset,
    products: avx512_vnni,
    rows: RowFunctions::AVX2,
    detected: || {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vnni")
    },
};

/// Bytes of a group of columns in a panel.
const GROUP: usize = LANES * DEPTH;

/// Reads four bytes as the 32 bits that are broadcast to all lanes.
///
/// # Safety
///
/// `pointer + 4 · step` and the three bytes after it are readable.
#[inline(always)]
unsafe fn quad<T>(pointer: *const T, step: usize) -> i32 {
    // SAFETY: the caller's promise; no alignment is needed.
    unsafe { pointer.cast::<i32>().add(step).read_unaligned() }
}

/// Writes one kernel for each number of rows, so that the sums of a block stay in registers.
macro_rules! by_rows {
    ($name:ident, $kernel:ident) => {
        /// See [`super::Kernel::products`]; only for processors that have the kernel's features.
        fn $name(block: &Block<'_>) -> Sums {
            // SAFETY: this kernel is handed out only where its features were detected, and a block
            // is checked when it is made: the panel has `steps` groups, each row `steps` quads.
            unsafe {
                match block.rows {
                    1 => $kernel::<1>(block),
                    2 => $kernel::<2>(block),
                    3 => $kernel::<3>(block),
                    _ => $kernel::<BLOCK_ROWS>(block),
                }
            }
        }
    };
}

by_rows!(avx2, avx2_rows);
by_rows!(avx_vnni, avx_vnni_rows);
by_rows!(avx512_vnni, avx512_vnni_rows);

/// # Safety
///
/// The processor has AVX2, `block.rows` ≥ R, and panel and rows are as long as `block.steps` says.
#[target_feature(enable = "avx2")]
unsafe fn avx2_rows<const R: usize>(block: &Block<'_>) -> Sums {
    let (elements, magnitudes) = (block.elements::<R>(), block.companions::<R>());
    let panel = block.panel.as_ptr();
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_si256(); 2]; R];
    for step in 0..block.steps {
        // SAFETY: the group lies inside the panel, the quads inside their rows.
        unsafe {
            let group = panel.add(step * GROUP).cast();
            let weights = [_mm256_loadu_si256(group), _mm256_loadu_si256(group.add(1))];
            for row in 0..R {
                let signs = _mm256_set1_epi32(quad(elements[row], step));
                let magnitudes = _mm256_set1_epi32(quad(magnitudes[row], step));
                for half in 0..2 {
                    let signed = _mm256_sign_epi8(weights[half], signs);
                    let pairs = _mm256_maddubs_epi16(magnitudes, signed);
                    let quads = _mm256_madd_epi16(pairs, ones);
                    sums[row][half] = _mm256_add_epi32(sums[row][half], quads);
                }
            }
        }
    }
    store_halves(&sums)
}

/// # Safety
///
/// The processor has AVX2 and AVX-VNNI, and otherwise as [`avx2_rows`].
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn avx_vnni_rows<const R: usize>(block: &Block<'_>) -> Sums {
    let offsets = block.companions::<R>();
    let panel = block.panel.as_ptr();
    let corrections = corrections(block);
    let start = corrections.as_ptr().cast::<__m256i>();
    // SAFETY: 16 lanes of 32 bits are two vectors.
    let start = unsafe { [_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1))] };
    let mut sums = [start; R];
    for step in 0..block.steps {
        // SAFETY: the group lies inside the panel, the quads inside their rows.
        unsafe {
            let group = panel.add(step * GROUP).cast();
            let weights = [_mm256_loadu_si256(group), _mm256_loadu_si256(group.add(1))];
            for row in 0..R {
                let offsets = _mm256_set1_epi32(quad(offsets[row], step));
                for half in 0..2 {
                    sums[row][half] =
                        _mm256_dpbusd_avx_epi32(sums[row][half], offsets, weights[half]);
                }
            }
        }
    }
    store_halves(&sums)
}

/// # Safety
///
/// The processor has AVX-512 F, BW and VNNI, and otherwise as [`avx2_rows`].
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn avx512_vnni_rows<const R: usize>(block: &Block<'_>) -> Sums {
    let offsets = block.companions::<R>();
    let panel = block.panel.as_ptr();
    // SAFETY: 16 lanes of 32 bits are one vector.
    let start = unsafe { _mm512_loadu_si512(corrections(block).as_ptr().cast()) };
    let mut sums = [start; R];
    for step in 0..block.steps {
        // SAFETY: the group lies inside the panel, the quads inside their rows.
        unsafe {
            let weights = _mm512_loadu_si512(panel.add(step * GROUP).cast());
            for row in 0..R {
                let offsets = _mm512_set1_epi32(quad(offsets[row], step));
                sums[row] = _mm512_dpbusd_epi32(sums[row], offsets, weights);
            }
        }
    }
    let mut output = [[0; LANES]; BLOCK_ROWS];
    for row in 0..R {
        // SAFETY: 16 lanes of 32 bits are one vector.
        unsafe { _mm512_storeu_si512(output[row].as_mut_ptr().cast(), sums[row]) };
    }
    output
}

#[target_feature(enable = "avx2")]
fn store_halves<const R: usize>(sums: &[[__m256i; 2]; R]) -> Sums {
    let mut output = [[0; LANES]; BLOCK_ROWS];
    for row in 0..R {
        let halves = output[row].as_mut_ptr().cast::<__m256i>();
        // SAFETY: 16 lanes of 32 bits are two vectors.
        unsafe {
            _mm256_storeu_si256(halves, sums[row][0]);
            _mm256_storeu_si256(halves.add(1), sums[row][1]);
        }
    }
    output
}

/// −128 · Σw for each lane: what the offset of 128 adds too much, modulo 2³².
fn corrections(block: &Block<'_>) -> [i32; LANES] {
    block.sums.map(|sum| sum.wrapping_mul(-128))
}
