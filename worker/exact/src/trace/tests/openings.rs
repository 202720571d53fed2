//! Decisions from proven leaves.

use super::*;
use crate::{commitment::token_root, tree};

/// All leaves that deciding a claim needs, with their proofs.
fn openings(replay: &Replay<'_>, leaves: &[Leaf]) -> Vec<Opening> {
    let (job, header) = (replay.job(), replay.job().header);
    let section = |domain, wrap: fn(u64) -> Leaf| {
        let leaves = (0..).map_while(|index| replay.leaf(wrap(index)));
        leaves
            .map(|bytes| tree::leaf::<Blake>(domain, &bytes))
            .collect::<Vec<_>>()
    };
    let open = |&leaf: &Leaf| {
        let (domain, hashes, index) = match leaf {
            Leaf::Scales(index) => {
                let domain = tree::Domain::Scales;
                (domain, section(domain, Leaf::Scales), index)
            }
            Leaf::Tables(index) => {
                let domain = tree::Domain::Tables;
                (domain, section(domain, Leaf::Tables), index)
            }
            Leaf::Weights(index) => {
                let domain = tree::Domain::Weights;
                (domain, section(domain, Leaf::Weights), index)
            }
            Leaf::Prompt(index) => {
                let domain = tree::Domain::Tokens;
                (domain, section(domain, Leaf::Prompt), index)
            }
            Leaf::Output(index) => {
                let domain = tree::Domain::Tokens;
                (domain, section(domain, Leaf::Output), index)
            }
            Leaf::Trace(tensor, index) => (
                tensor.tree(&job).0,
                replay.leaf_hashes::<Blake>(tensor),
                index,
            ),
        };
        let mut bytes = replay.leaf(leaf).unwrap().into_owned();
        if bytes.len() < domain.leaf_length() {
            bytes.resize(domain.leaf_length(), 0);
        }
        let path = tree::path::<Blake>(domain, &hashes, index as usize).unwrap();
        Opening { leaf, bytes, path }
    };
    assert!(header.validate().is_ok());
    leaves.iter().map(open).collect()
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
