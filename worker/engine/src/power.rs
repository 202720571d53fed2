//! The chain of verified power on this machine's kernels: see `aipg_exact::power` and docs/power.md.
//!
//! A run keeps little of what it computes: the root of each state's rows and a state in every so many. What has
//! to be shown later is computed anew from the state before it.

use crate::{
    kernels::{
        panels::{Activations, Panels, LANES},
        Block, BLOCK_ROWS,
    },
    Blake2b256, Kernel,
};
use aipg_exact::{
    power::{self, matrix_of, requantise, Chain, Opening, Row, Sample, MATRICES, ROWS, WIDTH},
    tree::{self, Domain},
};
use rayon::prelude::*;

/// Steps from one state that is kept to the next.
const KEPT_EVERY: u32 = 256;

/// Most steps that a chain can have: what the chain takes as one commitment.
pub const MAX_STEPS: u32 = 1 << 20;

/// A chain that was computed.
#[derive(Debug)]
pub struct Measured {
    chain: Chain,
    kernel: &'static Kernel,
    matrices: Vec<Panels>,
    /// The top of the tree over the rows of X₁, X₂, …
    layers: Vec<[u8; 32]>,
    /// X₀ and every [`KEPT_EVERY`]th state, int8 `[ROWS, WIDTH]`.
    kept: Vec<Vec<i8>>,
}

impl Measured {
    /// Computes the chain of `account` in the window of `seed`, as long as `goes_on` says so of the steps so
    /// far. At most [`MAX_STEPS`], and one at least.
    pub fn run(seed: &[u8; 32], account: &[u8], mut goes_on: impl FnMut(u32) -> bool) -> Self {
        let chain = Chain::new::<Blake2b256>(seed, account);
        let matrices = (0..MATRICES)
            .into_par_iter()
            .map(|matrix| Panels::pack(&chain.weights(matrix), WIDTH as usize))
            .collect();
        let mut state = chain.first_state();
        let mut measured = Self {
            chain,
            kernel: Kernel::best(),
            matrices,
            layers: Vec::new(),
            kept: vec![state.clone()],
        };
        for step in 1..=MAX_STEPS {
            measured.advance(step, &mut state);
            measured.layers.push(top(&leaves(&state)));
            if step % KEPT_EVERY == 0 {
                measured.kept.push(state.clone());
            }
            if !goes_on(step) {
                break;
            }
        }
        measured
    }

    /// Steps that were computed.
    pub fn steps(&self) -> u32 {
        // At most MAX_STEPS.
        u32::try_from(self.layers.len()).unwrap_or(u32::MAX)
    }

    /// What is committed to.
    pub fn root(&self) -> [u8; 32] {
        let shape = [u64::from(self.steps())];
        tree::root::<Blake2b256>(Domain::Power, &shape, &top(&self.layers))
    }

    /// What proves a sample. `None` if the chain has no such step, row or segment.
    pub fn open(&self, sample: Sample) -> Option<Opening> {
        let Sample { step, row, segment } = sample;
        if step == 0 || step > self.steps() || row >= ROWS || segment >= power::SEGMENTS {
            return None;
        }
        let (before, after) = self.states(step)?;
        Some(Opening {
            before: (step > 1)
                .then(|| self.row(&before, step - 1, row))
                .flatten(),
            after: self.row(&after, step, row)?,
        })
    }

    /// Xⱼ₋₁ and Xⱼ, j being `step`.
    fn states(&self, step: u32) -> Option<(Vec<i8>, Vec<i8>)> {
        let before = step.checked_sub(1)?;
        let kept = before / KEPT_EVERY;
        let mut state = self.kept.get(kept as usize)?.clone();
        for step in kept * KEPT_EVERY + 1..=before {
            self.advance(step, &mut state);
        }
        let previous = state.clone();
        self.advance(step, &mut state);
        Some((previous, state))
    }

    /// A row of Xⱼ, j being `step` and at least 1, with its path.
    fn row(&self, state: &[i8], step: u32, row: u32) -> Option<Row> {
        let width = WIDTH as usize;
        let layer = step.checked_sub(1)? as usize;
        let mut path = tree::path::<Blake2b256>(Domain::Power, &leaves(state), row as usize)?;
        path.extend(tree::path::<Blake2b256>(
            Domain::Power,
            &self.layers,
            layer,
        )?);
        let elements = state.get(row as usize * width..)?.get(..width)?;
        Some(Row {
            bytes: power::bytes_of(elements),
            path,
        })
    }

    /// Makes Xⱼ of Xⱼ₋₁, j being `step`, on all cores.
    fn advance(&self, step: u32, state: &mut [i8]) {
        let width = WIDTH as usize;
        let panels = &self.matrices[matrix_of(step) as usize];
        let rows_each = (ROWS as usize)
            .div_ceil(rayon::current_num_threads())
            .next_multiple_of(BLOCK_ROWS);
        let parts = state.par_chunks_mut(rows_each * width).enumerate();
        parts.for_each(|(part, rows)| {
            let first = part * rows_each;
            // Below ROWS.
            self.chain.refresh(step, first as u32, rows);
            let input = Activations::from_elements(self.kernel.companion, rows, width);
            for panel in 0..panels.panels() {
                for first in (0..input.rows()).step_by(BLOCK_ROWS) {
                    let sums = (self.kernel.products)(&Block::new(panels, panel, &input, first));
                    let rows = rows.chunks_exact_mut(width).skip(first);
                    for (row, sums) in rows.zip(&sums) {
                        let slots = row.iter_mut().skip(panel * LANES);
                        slots
                            .zip(sums)
                            .for_each(|(slot, &sum)| *slot = requantise(sum));
                    }
                }
            }
        });
    }
}

/// The leaves of a state int8 `[ROWS, WIDTH]`.
fn leaves(state: &[i8]) -> Vec<[u8; 32]> {
    state
        .par_chunks_exact(WIDTH as usize)
        .map(|row| power::leaf::<Blake2b256>(&power::bytes_of(row)))
        .collect()
}

/// The top of a tree over these hashes.
fn top(hashes: &[[u8; 32]]) -> [u8; 32] {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => tree::node::<Blake2b256>(Domain::Power, left, right),
                [left, ..] => tree::node::<Blake2b256>(Domain::Power, left, &tree::ABSENT),
                [] => tree::ABSENT,
            })
            .collect();
    }
    level.first().copied().unwrap_or(tree::ABSENT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_exact::power::{check, samples, Commitment, OpeningError};

    const SEED: [u8; 32] = [5; 32];

    fn run(steps: u32) -> Measured {
        Measured::run(&SEED, b"account", |so_far| so_far < steps)
    }

    /// The states of the definition, one step after the other.
    fn reference(steps: u32) -> Vec<Vec<i8>> {
        let chain = Chain::new::<Blake2b256>(&SEED, b"account");
        let mut states = vec![chain.first_state()];
        for step in 1..=steps {
            let last = states.last().expect("there is the first one");
            let weights = chain.weights(matrix_of(step));
            states.push(chain.advance(step, 0, last, &weights));
        }
        states
    }

    #[test]
    fn states_should_equal_the_definition() {
        let measured = run(3);
        assert_eq!(measured.steps(), 3);
        for (step, state) in (0..).zip(reference(3)).skip(1) {
            let (_, computed) = measured.states(step).expect("the step was computed");
            assert!(computed == state, "step {step}");
        }
    }

    #[test]
    fn root_should_equal_the_definition() {
        for steps in 1..=3 {
            let mut tree = power::tree::<Blake2b256>();
            for state in &reference(steps)[1..] {
                power::push_state(&mut tree, state);
            }
            assert_eq!(run(steps).root(), tree.finish(&[steps.into()]), "{steps}");
        }
    }

    #[test]
    fn openings_should_be_accepted() {
        // Beyond the first state that is kept.
        let steps = KEPT_EVERY + 2;
        let measured = run(steps);
        let chain = Chain::new::<Blake2b256>(&SEED, b"account");
        let commitment = Commitment {
            root: measured.root(),
            steps,
        };
        let mut drawn = samples::<Blake2b256>(&[9; 32], steps, 4);
        for step in [1, 2, KEPT_EVERY, KEPT_EVERY + 1, steps] {
            drawn.push(Sample {
                step,
                row: ROWS - 1,
                segment: 3,
            });
        }
        for sample in drawn {
            let opening = measured.open(sample).expect("the step was computed");
            check::<Blake2b256>(&chain, &commitment, sample, &opening)
                .unwrap_or_else(|error| panic!("{sample:?}: {error:?}"));
        }
    }

    #[test]
    fn opening_should_be_refused_of_another_account() {
        let measured = run(1);
        let sample = Sample {
            step: 1,
            row: 7,
            segment: 2,
        };
        let opening = measured.open(sample).expect("the step was computed");
        let commitment = Commitment {
            root: measured.root(),
            steps: 1,
        };
        let other = Chain::new::<Blake2b256>(&SEED, b"another");
        assert_eq!(
            check::<Blake2b256>(&other, &commitment, sample, &opening),
            Err(OpeningError::Segment)
        );
    }

    #[test]
    fn opening_should_not_exist_of_what_was_not_computed() {
        let measured = run(1);
        let sample = |step, row, segment| Sample { step, row, segment };
        for sample in [
            sample(0, 0, 0),
            sample(2, 0, 0),
            sample(1, ROWS, 0),
            sample(1, 0, power::SEGMENTS),
        ] {
            assert_eq!(measured.open(sample), None, "{sample:?}");
        }
    }
}
