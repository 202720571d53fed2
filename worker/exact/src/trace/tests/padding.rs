//! What fills up a leaf beyond what it holds.

use super::*;
use crate::{
    layout::{places, TILE_COLUMNS, TILE_ROWS},
    tree,
};

/// A model whose tiles hold something beyond the edges of their tensors.
struct Overfull<'a>(&'a Replay<'a>);

impl Inputs for Overfull<'_> {
    fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
        let bytes = self.0.leaf(leaf)?;
        let Leaf::Weights(index) = leaf else {
            return Some(bytes);
        };
        let mut tile = bytes.into_owned();
        let place = places(self.0.job().header)
            .filter(|place| !place.tensor.tied)
            .find(|place| place.tiles().contains(&index))?;
        let across = place.tensor.columns.div_ceil(TILE_COLUMNS);
        let within = (index - place.tiles().start) as usize;
        let rows = place.tensor.rows - within / across * TILE_ROWS;
        let columns = place.tensor.columns - within % across * TILE_COLUMNS;
        for (row, elements) in tile.chunks_mut(TILE_COLUMNS).enumerate() {
            let held = if row < rows { columns } else { 0 };
            elements.iter_mut().skip(held).for_each(|byte| *byte = 0x55);
        }
        Some(Cow::Owned(tile))
    }
}

#[test]
fn a_claim_should_not_depend_on_what_fills_up_a_tile() {
    let models = models();
    let mut overfull = 0;
    for honest in jobs(&models) {
        let job = honest.job();
        for tensor in Tensor::all(job.header) {
            let index = tensor.leaves(&job) - 1;
            let mut lie = honest.clone();
            lie.leaf_mut(tensor, index).unwrap()[0] ^= 1;
            for trace in [&honest, &lie] {
                for claim in claims(&job, tensor, index) {
                    let mut pending = vec![claim];
                    while let Some(claim) = pending.pop() {
                        let values = claim.reveals(&job, trace).map(|it| trace.reveal(&it));
                        let plain = values
                            .clone()
                            .and_then(|values| claim.check(&job, &values, trace));
                        let full =
                            values.and_then(|values| claim.check(&job, &values, &Overfull(trace)));
                        assert_eq!(plain, full, "{claim:?}");
                        overfull += 1;
                        // The last part is that of the last, partial tile.
                        pending.extend(plain.ok().and_then(|parts| parts.last().copied()));
                    }
                }
            }
        }
    }
    assert!(overfull > 10_000, "{overfull}");
}

/// The root of a digest whose only leaf is not filled up is another one, and nothing can be shown for it.
#[test]
fn a_leaf_of_the_digest_should_not_be_revealed_when_it_is_not_filled_up() {
    let models = models();
    let replay = models[0].job(&[5], None).generate(1, &[]).unwrap();
    let job = replay.job();
    let tensor = Tensor::last(job.header);
    let (domain, shape) = tensor.tree(&job);
    let bytes = replay.leaf(Leaf::Trace(tensor, 0)).unwrap().into_owned();
    let full = replay.hashed_leaf(Leaf::Trace(tensor, 0)).unwrap();
    assert!(bytes.len() < full.len());
    let top = |leaf: &[u8]| {
        let hash = tree::leaf::<Blake>(domain, leaf);
        Node::top(&job, tensor, tree::root::<Blake>(domain, &shape, &hash))
    };
    assert!(top(&full).holds::<Blake>(&job, &full));
    assert!(!top(&full).holds::<Blake>(&job, &bytes));
    assert!(!top(&bytes).holds::<Blake>(&job, &bytes));
}

#[test]
fn a_token_should_be_malformed_when_its_leaf_is_not_filled_up_with_zeros() {
    struct Tokens(Leaf, Vec<u8>);
    impl Inputs for Tokens {
        fn leaf(&self, leaf: Leaf) -> Option<Cow<'_, [u8]>> {
            (leaf == self.0).then_some(Cow::Borrowed(&self.1))
        }
    }
    let header = &shapes()[0];
    let job = Job {
        header,
        prompt: 4,
        output: 70,
        sampling: None,
    };
    let read = |leaf, bytes: &[u8], flaw: Flaw| {
        let inputs = Tokens(leaf, bytes.to_vec());
        flaw.is_in(&job, 70, &[], &inputs)
    };
    // Leaves that hold 4, 64 and 6 ids.
    for (leaf, held, flaw) in [
        (Leaf::Prompt(0), 4, Flaw::UnknownInput(1)),
        (Leaf::Output(0), 64, Flaw::UnknownToken(1)),
        (Leaf::Output(1), 6, Flaw::UnknownToken(65)),
    ] {
        let mut bytes = vec![0; 256];
        assert_eq!(read(leaf, &bytes, flaw), Ok(false));
        assert_eq!(
            read(leaf, &bytes[..held * 4 - 1], flaw),
            Err(Fault::Malformed(leaf))
        );
        assert_eq!(read(leaf, &[0; 257], flaw), Err(Fault::Malformed(leaf)));
        if held < 64 {
            assert_eq!(
                read(leaf, &bytes[..held * 4], flaw),
                Err(Fault::Malformed(leaf))
            );
            for place in [held * 4, 255] {
                bytes[place] = 1;
                assert_eq!(read(leaf, &bytes, flaw), Err(Fault::Malformed(leaf)));
                bytes[place] = 0;
            }
        }
    }
}
