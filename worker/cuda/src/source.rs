//! The text of the kernels: one program, the same on every device.

use aipg_exact::tables::{EXP2, GELU, SILU};
use std::fmt::Write;

/// What a compiler for CUDA devices has to know of the names that differ elsewhere.
pub const PRELUDE: &str = "#define TABLE __device__ const\n";

/// The kernels in the order in which they use each other. The tables stand behind the first of them.
const PARTS: [&str; 6] = [
    include_str!("../kernels/reduce.cuh"),
    include_str!("../kernels/rows.cu"),
    include_str!("../kernels/product.cu"),
    include_str!("../kernels/heads.cu"),
    include_str!("../kernels/attention.cu"),
    include_str!("../kernels/tokens.cu"),
];

/// The program without [`PRELUDE`]: it needs nothing but the language, `TABLE` and the built-in functions
/// of CUDA. The tables are those of [`aipg_exact::tables`], which own them.
pub fn program() -> String {
    let mut text = include_str!("../kernels/arithmetic.cuh").to_owned();
    for (name, table) in [("EXP2", &EXP2), ("SILU", &SILU), ("GELU", &GELU)] {
        let entries: Vec<String> = table.iter().map(i32::to_string).collect();
        // Writing to a string does not fail.
        let _ = writeln!(text, "TABLE i32 {name}[257] = {{{}}};", entries.join(","));
    }
    PARTS.iter().for_each(|part| text.push_str(part));
    text
}
