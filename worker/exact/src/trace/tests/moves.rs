//! What travels between the parties: bytes, homes of claims, the way down a tree, evidence.

use super::*;
use crate::{
    trace::{
        trace_root,
        wire::{Wire, CLAIM_BYTES},
        Evidence, Flaw, Node, TensorProof,
    },
    tree,
};
use std::collections::BTreeSet;

const PROMPT: [u32; 4] = [5, 39, 0, 7];

#[test]
fn a_claim_should_have_the_leaf_that_lists_it_as_its_home() {
    let models = models();
    for replay in jobs(&models) {
        let job = replay.job();
        for tensor in Tensor::all(job.header) {
            let indices = (0..tensor.leaves(&job)).step_by(3);
            for index in indices.chain([tensor.leaves(&job) - 1]) {
                for claim in claims(&job, tensor, index) {
                    assert_eq!(claim.home(&job), Some((tensor, index)), "{claim:?}");
                }
            }
        }
    }
}

/// Claims with any numbers: one byte of a listed claim is changed.
#[test]
fn a_claim_should_have_no_home_when_no_leaf_lists_it() {
    let models = models();
    let mut numbers = Numbers(5);
    for replay in jobs(&models) {
        let job = replay.job();
        let mut listed = BTreeSet::new();
        for tensor in Tensor::all(job.header) {
            for index in 0..tensor.leaves(&job) {
                let claims = claims(&job, tensor, index);
                let count = claims.len();
                listed.extend(claims);
                assert!(count > 0);
            }
        }
        let (mut with, mut without) = (0, 0);
        for claim in listed.iter().step_by(1 + listed.len() / 4_000) {
            let mut bytes = claim.to_bytes();
            let place = numbers.below(bytes.len() as u64) as usize;
            bytes[place] = numbers.below(24) as u8;
            let Some(changed) = Claim::from_bytes(&bytes) else {
                continue;
            };
            let home = changed.home(&job);
            assert_eq!(home.is_some(), listed.contains(&changed), "{changed:?}");
            match home {
                Some((tensor, index)) => {
                    with += 1;
                    assert!(claims(&job, tensor, index).contains(&changed));
                }
                None => without += 1,
            }
        }
        assert!(with > 100 && without > 100, "{with} {without}");
    }
}

#[test]
fn bytes_should_give_back_what_they_were_made_of() {
    let models = models();
    let mut longest = 0;
    for replay in jobs(&models) {
        let job = replay.job();
        for tensor in Tensor::all(job.header) {
            for mut claim in claims(&job, tensor, 0) {
                loop {
                    let bytes = claim.to_bytes();
                    longest = longest.max(bytes.len());
                    assert_eq!(Claim::from_bytes(&bytes), Some(claim));
                    assert_eq!(Claim::from_bytes(&bytes[..bytes.len() - 1]), None);
                    let mut more = bytes.clone();
                    more.push(0);
                    assert_eq!(Claim::from_bytes(&more), None);
                    let values = replay.reveal(&claim.reveals(&job, &replay).unwrap());
                    let children = claim.check(&job, &values, &replay).unwrap();
                    let Some(child) = children.last() else { break };
                    claim = *child;
                }
            }
        }
    }
    assert_eq!(longest, CLAIM_BYTES);
    for flaw in [
        Flaw::UnknownToken(3),
        Flaw::EarlyStop(9),
        Flaw::EndsEarly,
        Flaw::UnknownInput(1),
    ] {
        assert_eq!(Flaw::from_bytes(&flaw.to_bytes()), Some(flaw));
    }
    let long: Vec<u64> = (0..300).collect();
    assert_eq!(Vec::from_bytes(&long.to_bytes()), Some(long));
    // A length that a u16 does not hold, and one that the bytes do not have.
    assert_eq!(Vec::<u64>::from_bytes(&[2, 0, 1, 0]), None);
    assert_eq!(Vec::<u64>::from_bytes(&[0xfd, 0xff]), None);
    assert_eq!(Claim::from_bytes(&[25]), None);
}

#[test]
fn a_descent_should_lead_to_each_leaf_and_to_no_other() {
    let models = models();
    for replay in jobs(&models) {
        let job = replay.job();
        for tensor in Tensor::all(job.header) {
            let hashes = replay.leaf_hashes::<Blake>(tensor);
            for index in [0, hashes.len() as u64 / 2, hashes.len() as u64 - 1] {
                let mut node = Node::top(&job, tensor, replay.root::<Blake>(tensor));
                while !node.is_leaf() {
                    let nodes = &replay.nodes_below::<Blake>(&node)[..];
                    let below = node.below(&job);
                    assert!(node.reveals::<Blake>(&job, nodes));
                    let mut wrong = nodes.to_vec();
                    wrong[0][7] ^= 1;
                    assert!(!node.reveals::<Blake>(&job, &wrong));
                    assert!(!node.reveals::<Blake>(&job, &nodes[1..]));
                    wrong = nodes.to_vec();
                    wrong.push([0; 32]);
                    assert!(!node.reveals::<Blake>(&job, &wrong));

                    let chosen = index >> node.level_below();
                    let hash = nodes[(chosen - below.start) as usize];
                    let path = node.path::<Blake>(&job, nodes, chosen).unwrap();
                    let child =
                        |index, hash, path: &[_]| node.child::<Blake>(&job, index, hash, path);
                    assert_eq!(child(chosen, [1; 32], &path), None);
                    assert_eq!(child(chosen, hash, &path[1..]), None);
                    assert_eq!(child(below.end, hash, &path), None);
                    node = child(chosen, hash, &path).unwrap();
                }
                let bytes = replay
                    .leaf(Leaf::Trace(tensor, index))
                    .unwrap()
                    .into_owned();
                let mut padded = bytes.clone();
                padded.resize(bytes.len().max(tensor.tree(&job).0.leaf_length()), 0);
                assert!(node.holds::<Blake>(&job, &padded));
                padded[0] ^= 1;
                assert!(!node.holds::<Blake>(&job, &padded));
            }
        }
    }
}

/// The nodes so many levels above the leaves.
fn level(domain: tree::Domain, leaves: &[[u8; 32]], levels: u32) -> Vec<[u8; 32]> {
    (0..levels).fold(leaves.to_vec(), |nodes, _| {
        nodes
            .chunks(2)
            .map(|pair| {
                let right = pair.get(1).unwrap_or(&tree::ABSENT);
                tree::node::<Blake>(domain, &pair[0], right)
            })
            .collect()
    })
}

/// More leaves than two reveals take down, the last subtree with few of them.
#[test]
fn a_descent_should_verify_in_a_tree_of_many_levels() {
    let models = models();
    let job = Job {
        prompt: 70_001,
        ..jobs(&models)[0].job()
    };
    let tensor = Tensor::Layer(0, Part::AttentionNorm);
    let count = tensor.leaves(&job);
    let domain = tensor.tree(&job).0;
    let hashes: Vec<[u8; 32]> = (0..count)
        .map(|leaf| tree::leaf::<Blake>(domain, &leaf.to_le_bytes()))
        .collect();
    let mut builder = tree::TreeBuilder::<Blake>::new(domain);
    (0..count).for_each(|leaf| builder.push(&leaf.to_le_bytes()));
    let root = builder.finish(&tensor.tree(&job).1);
    for index in [0, 65_535, 65_536, count - 1] {
        let mut node = Node::top(&job, tensor, root);
        let mut reveals = 0;
        while !node.is_leaf() {
            let nodes = level(domain, &hashes, node.level_below());
            let below = node.below(&job);
            let nodes = &nodes[below.start as usize..below.end as usize];
            assert!(node.reveals::<Blake>(&job, nodes));
            let chosen = index >> node.level_below();
            let path = node.path::<Blake>(&job, nodes, chosen).unwrap();
            let hash = nodes[(chosen - below.start) as usize];
            node = node.child::<Blake>(&job, chosen, hash, &path).unwrap();
            reveals += 1;
        }
        assert_eq!(reveals, 3);
        assert!(node.holds::<Blake>(&job, &index.to_le_bytes()));
    }
}

#[test]
fn evidence_should_hold_for_its_own_trace_alone() {
    let models = models();
    let replay = &jobs(&models)[1];
    let job = replay.job();
    let roots = replay.tensor_roots::<Blake>();
    let trace = trace_root::<Blake>(&roots);
    let proof = |tensor| TensorProof::new::<Blake>(job.header, &roots, tensor).unwrap();
    for tensor in Tensor::all(job.header) {
        assert!(proof(tensor).holds::<Blake>(job.header, &trace));
        assert!(!proof(tensor).holds::<Blake>(job.header, &[9; 32]));
    }
    let wrong = TensorProof {
        tensor: Tensor::FinalNorm,
        ..proof(Tensor::Chosen)
    };
    assert!(!wrong.holds::<Blake>(job.header, &trace));
    // A layer beyond the model would have the number of another tensor.
    let layers = job.header.layers as usize;
    let beyond = TensorProof {
        tensor: Tensor::Layer(layers, Part::AttentionNorm),
        ..proof(Tensor::FinalNorm)
    };
    assert!(!beyond.holds::<Blake>(job.header, &trace));

    let leaf = Leaf::Trace(Tensor::FinalNorm, 0);
    let whole = replay.evidence::<Blake>(&[leaf]);
    let evidence = |tensors: &[TensorProof]| Evidence {
        tensors: tensors.to_vec(),
        leaves: whole.leaves.clone(),
    };
    let (prompt, output) = (
        crate::commitment::token_root::<Blake>(&PROMPT),
        crate::commitment::token_root::<Blake>(replay.output()),
    );
    let verify = |evidence: Evidence, root| evidence.verify::<Blake>(&job, prompt, output, root);
    assert_eq!(whole.tensors, [proof(Tensor::FinalNorm)]);
    let opened = verify(whole.clone(), &trace).unwrap();
    assert!(opened.leaf(leaf).is_some());
    assert_eq!(Evidence::from_bytes(&whole.to_bytes()), Some(whole.clone()));
    assert_eq!(
        verify(whole.clone(), &[0; 32]).unwrap_err(),
        OpeningError::WrongTensor(Tensor::FinalNorm)
    );
    assert_eq!(
        verify(evidence(&[proof(Tensor::Chosen)]), &trace).unwrap_err(),
        OpeningError::NoRoot(leaf)
    );
}

#[test]
fn an_answer_should_have_a_flaw_exactly_if_its_tokens_do() {
    let models = models();
    let replay = &jobs(&models)[0];
    let job = replay.job();
    let output = replay.output().to_vec();
    let last = output.len() as u64 - 1;
    let is_in = |flaw: Flaw, most, stop: &[u32]| flaw.is_in(&job, most, stop, replay);
    let count = job.output;
    assert_eq!(is_in(Flaw::EndsEarly, count, &[]), Ok(false));
    assert_eq!(is_in(Flaw::EndsEarly, count + 1, &[]), Ok(true));
    assert_eq!(
        is_in(Flaw::EndsEarly, count + 1, &output[last as usize..]),
        Ok(false)
    );
    for index in 0..=last {
        let stop = [output[index as usize]];
        assert_eq!(
            is_in(Flaw::EarlyStop(index), count, &stop),
            Ok(index < last)
        );
        assert_eq!(is_in(Flaw::EarlyStop(index), count, &[]), Ok(false));
        assert_eq!(is_in(Flaw::UnknownToken(index), count, &[]), Ok(false));
        // A model with a smaller vocabulary.
        let header = ModelHeader {
            vocabulary: output[index as usize],
            ..job.header.clone()
        };
        let job = Job {
            header: &header,
            ..job
        };
        assert_eq!(
            Flaw::UnknownToken(index).is_in(&job, count, &[], replay),
            Ok(true)
        );
    }
    for (index, &token) in (0..).zip(&PROMPT) {
        let flaw = Flaw::UnknownInput(index);
        assert_eq!(is_in(flaw, count, &[]), Ok(false));
        let header = ModelHeader {
            vocabulary: token,
            ..job.header.clone()
        };
        let job = Job {
            header: &header,
            ..job
        };
        assert_eq!(flaw.is_in(&job, count, &[], replay), Ok(true));
    }
    assert_eq!(
        is_in(Flaw::UnknownInput(PROMPT.len() as u64), count, &[]),
        Err(Fault::Unknown)
    );
    assert_eq!(
        is_in(Flaw::UnknownToken(last + 1), count, &[]),
        Err(Fault::Unknown)
    );
    assert_eq!(
        is_in(Flaw::EarlyStop(u64::MAX), count, &[]),
        Err(Fault::Unknown)
    );
    let nothing = Openings::default();
    assert_eq!(
        Flaw::EndsEarly.is_in(&job, count + 1, &[], &nothing),
        Err(Fault::Missing(Leaf::Output(last / 64)))
    );
}
