mod chains;
mod openings;

use super::*;
use crate::{
    testing::{hex, Blake},
    tree::path,
};
use proptest::prelude::*;
use std::sync::OnceLock;

const SEED: [u8; 32] = [7; 32];
const ACCOUNT: &[u8] = b"worker";
const STEPS: u32 = 3;

fn chain() -> Chain {
    Chain::new::<Blake>(&SEED, ACCOUNT)
}

/// The state after a step.
fn step_of(step: u32, state: &[i8]) -> Vec<i8> {
    chain().advance(step, 0, state, &chain().weights(matrix_of(step)))
}

/// X₀ … of the small chain.
fn states() -> &'static [Vec<i8>] {
    static STATES: OnceLock<Vec<Vec<i8>>> = OnceLock::new();
    STATES.get_or_init(|| {
        let mut states = vec![chain().first_state()];
        for step in 1..=STEPS {
            let next = step_of(step, &states[step as usize - 1]);
            states.push(next);
        }
        states
    })
}

/// The commitment to states, of which the first one is not committed to.
fn commit(states: &[Vec<i8>]) -> Commitment {
    let mut builder = tree::<Blake>();
    states[1..]
        .iter()
        .for_each(|state| push_state(&mut builder, state));
    let steps = states.len() as u32 - 1;
    let root = builder.finish(&[steps.into()]);
    Commitment { root, steps }
}

fn row_of(state: &[i8], row: u32) -> Vec<u8> {
    let start = (row * WIDTH) as usize;
    bytes_of(&state[start..start + WIDTH as usize])
}

/// What proves a sample of such states.
fn open(states: &[Vec<i8>], sample: Sample) -> Opening {
    let hashes: Vec<[u8; 32]> = states[1..]
        .iter()
        .flat_map(|state| (0..ROWS).map(|row| leaf::<Blake>(&row_of(state, row))))
        .collect();
    let open = |step: u32| {
        let index = leaf_index(step, sample.row).unwrap() as usize;
        Row {
            bytes: row_of(&states[step as usize], sample.row),
            path: path::<Blake>(Domain::Power, &hashes, index).unwrap(),
        }
    };
    Opening {
        before: (sample.step > 1).then(|| open(sample.step - 1)),
        after: open(sample.step),
    }
}

fn sample() -> impl Strategy<Value = Sample> {
    (1..=STEPS, 0..ROWS, 0..SEGMENTS).prop_map(|(step, row, segment)| Sample { step, row, segment })
}
