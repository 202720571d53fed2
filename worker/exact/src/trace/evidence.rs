//! What a party brings to have a claim decided.

use crate::{
    tree::{Domain, TreeBuilder},
    Hasher256,
};

/// Root of a trace: of the roots of all tensors, in the order of [`Tensor::all`](super::Tensor::all).
pub fn trace_root<H: Hasher256>(roots: &[[u8; 32]]) -> [u8; 32] {
    let mut builder = TreeBuilder::<H>::new(Domain::TraceRoot);
    roots.iter().for_each(|root| builder.push(root));
    builder.finish(&[roots.len() as u64])
}
