//! Decisions from proven leaves.

use super::*;
use crate::commitment::token_root;

/// Leaves with their proofs.
fn openings(replay: &Replay<'_>, leaves: &[Leaf]) -> Vec<Opening> {
    replay.evidence::<Blake>(leaves).leaves
}

fn roots(replay: &Replay<'_>, prompt: &[u32]) -> Roots {
    let tensors = Tensor::all(replay.job().header);
    Roots {
        prompt: token_root::<Blake>(prompt),
        output: token_root::<Blake>(replay.output()),
        tensors: tensors
            .map(|tensor| (tensor, replay.root::<Blake>(tensor)))
            .collect(),
    }
}

#[test]
fn openings_should_decide_what_the_whole_trace_decides() {
    let models = models();
    let mut numbers = Numbers(3);
    for replay in jobs(&models) {
        let job = replay.job();
        let roots = roots(&replay, &[5, 39, 0, 7]);
        for tensor in Tensor::all(job.header) {
            let index = numbers.below(tensor.leaves(&job));
            let claims = claims(&job, tensor, index);
            let mut claim = claims[numbers.below(claims.len() as u64) as usize];
            // Down to a step of arithmetic, by any child.
            loop {
                let values = replay.reveal(&claim.reveals(&job, &replay).unwrap());
                let leaves = Recorder::leaves(&job, &claim, &values, &replay).unwrap();
                let proven = openings(&replay, &leaves);
                let opened = Openings::verify::<Blake>(&job, &roots, proven.clone()).unwrap();
                let children = claim.check(&job, &values, &opened);
                assert_eq!(children, claim.check(&job, &values, &replay));

                for place in 0..proven.len() {
                    let mut fewer = proven.clone();
                    let missing = fewer.remove(place).leaf;
                    let opened = Openings::verify::<Blake>(&job, &roots, fewer).unwrap();
                    let decided = claim.check(&job, &values, &opened);
                    assert_eq!(decided, Err(Fault::Missing(missing)));

                    let mut forged = proven.clone();
                    forged[place].bytes[0] ^= 1;
                    assert_eq!(
                        Openings::verify::<Blake>(&job, &roots, forged).unwrap_err(),
                        OpeningError::WrongPath(missing)
                    );
                }
                let children = children.unwrap();
                if children.is_empty() {
                    break;
                }
                claim = children[numbers.below(children.len() as u64) as usize];
            }
        }
    }
}

#[test]
fn openings_should_be_refused_without_a_root() {
    let models = models();
    let replay = &jobs(&models)[0];
    let mut roots = roots(replay, &[5, 39, 0, 7]);
    roots.tensors.clear();
    let leaf = Leaf::Trace(Tensor::Embedded, 0);
    assert_eq!(
        Openings::verify::<Blake>(&replay.job(), &roots, openings(replay, &[leaf])).unwrap_err(),
        OpeningError::NoRoot(leaf)
    );
}
