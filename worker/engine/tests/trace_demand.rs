//! Leaves, nodes, proofs and sums that a trace computes again when asked, against the whole trace of the
//! replay.

mod common;

use aipg_engine::{
    trace::{MemoryBudget, ModelFile, Position, Trace, TraceError, TraceRequest},
    Blake2b256, Model, ModelError,
};
use aipg_exact::{
    commitment::token_root,
    trace::{claims, Inputs, Leaf, Opening, Openings, Replay, Roots, Tensor},
    tree::{self, depth, Domain, ABSENT},
};
use common::{
    trace::{every_way, prompt, subjects, Subject},
    Random,
};

/// The least that a trace takes.
fn least(model: &Model, request: &TraceRequest<'_>) -> u64 {
    match model.trace(request, MemoryBudget { bytes: 0 }) {
        Err(TraceError::BudgetTooSmall { needed, .. }) => needed,
        other => panic!("{other:?}"),
    }
}

/// Calls `check` with the replay and with traces of the same job within several budgets.
fn for_each_trace(
    subjects: &[Subject],
    lengths: (usize, u32),
    mut check: impl FnMut(&Subject, &Trace<'_>, &Replay<'_>, &mut Random),
) {
    for (seed, subject) in (1..).zip(subjects) {
        for how in [every_way()[0], every_way()[5]] {
            let prompt = prompt(subject.header(), seed, lengths.0);
            let output = subject.answer(&prompt, lengths.1, how);
            let replay = subject.replay(&prompt, &output, how);
            let request = TraceRequest {
                prompt: &prompt,
                output: &output,
                sampler: how.sampler(),
            };
            let least = least(&subject.model, &request);
            for bytes in [least, 2 * least, u64::MAX] {
                let trace = subject.model.trace(&request, MemoryBudget { bytes });
                let mut random = Random::new(seed);
                check(subject, &trace.unwrap(), &replay, &mut random);
            }
        }
    }
}

/// Any leaf of any tensor, tensors in any order.
fn anywhere(job: &aipg_exact::trace::Job<'_>, random: &mut Random) -> (Tensor, u64) {
    let tensors: Vec<Tensor> = Tensor::all(job.header).collect();
    let tensor = tensors[random.below(tensors.len() as u32) as usize];
    (tensor, u64::from(random.below(tensor.leaves(job) as u32)))
}

#[test]
fn every_leaf_should_be_that_of_the_replay() {
    for_each_trace(subjects(), (9, 6), |_, trace, replay, _| {
        let job = replay.job();
        // Backwards, so that no layer is open when it is asked for.
        let mut tensors: Vec<Tensor> = Tensor::all(job.header).collect();
        tensors.reverse();
        for tensor in tensors {
            for index in 0..tensor.leaves(&job) {
                let leaf = trace.leaf(tensor, index);
                let expected = replay.leaf(Leaf::Trace(tensor, index));
                assert_eq!(leaf.as_deref(), expected.as_deref(), "{tensor:?} {index}");
            }
            assert_eq!(trace.leaf(tensor, tensor.leaves(&job)), None);
        }
    });
}

#[test]
fn leaves_should_be_those_of_the_replay_in_any_order() {
    for_each_trace(&subjects()[8..], (120, 20), |_, trace, replay, random| {
        for _ in 0..60 {
            let (tensor, index) = anywhere(&replay.job(), random);
            let expected = replay.leaf(Leaf::Trace(tensor, index));
            let leaf = trace.leaf(tensor, index);
            assert_eq!(leaf.as_deref(), expected.as_deref(), "{tensor:?} {index}");
        }
    });
}

#[test]
fn nodes_and_paths_should_be_those_of_the_whole_tree() {
    for_each_trace(&subjects()[8..], (120, 20), |_, trace, replay, random| {
        let job = replay.job();
        for _ in 0..12 {
            let (tensor, index) = anywhere(&job, random);
            let (domain, _) = tensor.tree(&job);
            let mut nodes = replay.leaf_hashes::<Blake2b256>(tensor);
            let path = tree::path::<Blake2b256>(domain, &nodes, index as usize);
            assert_eq!(trace.path(tensor, index), path, "{tensor:?} {index}");
            for level in 0..=depth(tensor.leaves(&job)) {
                let count = nodes.len() as u64;
                assert_eq!(trace.nodes(tensor, level, 0..u64::MAX), nodes);
                let some = u64::from(random.below(count as u32))..count;
                let found = trace.nodes(tensor, level, some.clone());
                assert_eq!(found, nodes[some.start as usize..], "{tensor:?} {level}");
                assert_eq!(trace.nodes(tensor, level, count..count + 3), [[0; 32]; 0]);
                let pairs = nodes.chunks(2);
                nodes = pairs
                    .map(|pair| {
                        let right = pair.get(1).unwrap_or(&ABSENT);
                        tree::node::<Blake2b256>(domain, &pair[0], right)
                    })
                    .collect();
            }
        }
    });
}

#[test]
fn nothing_should_be_found_where_nothing_is() {
    let subject = &subjects()[0];
    let how = every_way()[0];
    let prompt = prompt(subject.header(), 1, 3);
    let request = TraceRequest {
        prompt: &prompt,
        output: &[1, 2],
        sampler: how.sampler(),
    };
    let trace = subject.model.trace(&request, MemoryBudget::UNLIMITED);
    let trace = trace.unwrap();
    let part = aipg_exact::trace::Part::Keys;
    for layer in [1, usize::MAX] {
        let tensor = Tensor::Layer(layer, part);
        assert_eq!(trace.leaf(tensor, 0), None);
        assert_eq!(trace.path(tensor, 0), None);
        assert!(trace.nodes(tensor, 0, 0..1).is_empty());
    }
    for level in [3, 64, u32::MAX] {
        assert!(trace.nodes(Tensor::Chosen, level, 0..u64::MAX).is_empty());
    }
    let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
    let position = Position::new(&trace, &file);
    for leaf in [
        Leaf::Trace(Tensor::Layer(7, part), 0),
        Leaf::Trace(Tensor::Chosen, 2),
        Leaf::Scales(u64::MAX),
        Leaf::Tables(1 << 20),
        Leaf::Weights(u64::MAX),
        Leaf::Prompt(1),
        Leaf::Output(9),
    ] {
        assert!(position.leaf(leaf).is_none(), "{leaf:?}");
        let refused = position.open(&[leaf]).unwrap_err();
        assert!(matches!(refused, TraceError::NoLeaf(found) if found == leaf));
    }
}

fn roots(trace: &Trace<'_>) -> Roots {
    let job = trace.job();
    Roots {
        prompt: token_root::<Blake2b256>(trace.prompt()),
        output: token_root::<Blake2b256>(trace.output()),
        tensors: Tensor::all(job.header)
            .zip(trace.roots().tensors.iter().copied())
            .collect(),
    }
}

/// Whatever a claim needs: sums as the replay has them, and openings that lead to the roots and decide it.
#[test]
fn sums_and_openings_should_decide_every_kind_of_claim() {
    for_each_trace(subjects(), (9, 6), |subject, trace, replay, random| {
        let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        let position = Position::new(trace, &file);
        let (job, roots) = (trace.job(), roots(trace));
        for tensor in Tensor::all(job.header) {
            let index = u64::from(random.below(tensor.leaves(&job) as u32));
            let claims = claims(&job, tensor, index);
            let mut claim = claims[random.below(claims.len() as u32) as usize];
            // Down to a step of arithmetic, by any child.
            loop {
                let values = position.reveal(&claim).unwrap();
                let spans = claim.reveals(&job, replay).unwrap();
                assert_eq!(values, replay.reveal(&spans), "{claim:?}");
                assert_eq!(position.judge(&claim, &values), Ok(None));
                let leaves =
                    aipg_exact::trace::Recorder::leaves(&job, &claim, &values, &position).unwrap();
                let proven: Vec<Opening> = position.open(&leaves).unwrap();
                let opened = Openings::verify::<Blake2b256>(&job, &roots, proven).unwrap();
                let children = claim.check(&job, &values, &opened).unwrap();
                if children.is_empty() {
                    break;
                }
                claim = children[random.below(children.len() as u32) as usize];
            }
        }
    });
}

#[test]
fn leaves_of_the_model_should_lead_to_its_roots() {
    let demo = Subject::demo();
    for subject in subjects().iter().chain([&demo]) {
        let file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        let header = subject.header();
        let lengths = aipg_exact::layout::section_lengths(header);
        let places = aipg_exact::layout::places(header);
        let stored = places.filter(|place| !place.tensor.tied);
        let tiles = stored.map(|place| place.tiles().end).max().unwrap();
        let section = |length: u64| (length.div_ceil(1024), length);
        type Kind = (fn(u64) -> Leaf, Domain, (u64, u64), [u8; 32]);
        let kinds: [Kind; 3] = [
            (
                Leaf::Scales,
                Domain::Scales,
                section(lengths.scales),
                header.scales,
            ),
            (
                Leaf::Tables,
                Domain::Tables,
                section(lengths.tables),
                header.tables,
            ),
            (
                Leaf::Weights,
                Domain::Weights,
                (tiles, tiles),
                header.weights,
            ),
        ];
        for (leaf, domain, (leaves, shape), root) in kinds {
            for index in [0, leaves / 2, leaves - 1] {
                let bytes = file.leaf(leaf(index)).unwrap().unwrap();
                let path = file.path(leaf(index)).unwrap().unwrap();
                let hash = tree::leaf::<Blake2b256>(domain, &bytes);
                let top = tree::top_of_path::<Blake2b256>(domain, leaves, index, hash, &path);
                let found = tree::root::<Blake2b256>(domain, &[shape], &top.unwrap());
                assert_eq!(found, root, "{domain:?} {index}");
            }
            assert_eq!(file.leaf(leaf(leaves)).unwrap(), None);
            assert_eq!(file.path(leaf(leaves)).unwrap(), None);
        }
    }
}

#[test]
fn model_file_should_be_refused_when_it_is_not_the_models() {
    let [subject, other] = [&subjects()[8], &subjects()[9]];
    let refused = |bytes: Vec<u8>| ModelFile::from_bytes(bytes, &subject.model).unwrap_err();
    let error = refused(other.bytes.clone());
    assert!(matches!(error, TraceError::OtherModel), "{error}");
    let length = subject.bytes.len();
    let error = refused(subject.bytes[..length - 1].to_vec());
    assert!(matches!(
        error,
        TraceError::Model(ModelError::Truncated { .. })
    ));
    assert!(error.to_string().starts_with("Truncated"));
    let error = refused(Vec::new());
    assert!(matches!(
        error,
        TraceError::Model(ModelError::Truncated { .. })
    ));
    let error = refused([&subject.bytes[..], &[0]].concat());
    assert!(matches!(
        error,
        TraceError::Model(ModelError::WrongLength { .. })
    ));
    let lengths = aipg_exact::layout::section_lengths(subject.header());
    let scales = aipg_engine::file::PREFIX_LENGTH;
    let tables = scales + lengths.scales as usize;
    for (place, name) in [
        (scales, "ScaleRootMismatch"),
        (tables, "TableRootMismatch"),
        (length - 1, "WeightRootMismatch"),
    ] {
        let mut bytes = subject.bytes.clone();
        bytes[place] ^= 1;
        let error = refused(bytes).to_string();
        assert!(error.starts_with(name), "{error}");
    }
    let missing = ModelFile::open(std::path::Path::new("/nowhere"), &subject.model).unwrap_err();
    assert!(missing.to_string().starts_with("Io"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.aipg");
    std::fs::write(&path, &subject.bytes).unwrap();
    let file = ModelFile::open(&path, &subject.model).unwrap();
    let memory = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
    for leaf in [Leaf::Scales(1), Leaf::Tables(0), Leaf::Weights(3)] {
        assert_eq!(file.leaf(leaf).unwrap(), memory.leaf(leaf).unwrap());
        assert_eq!(file.path(leaf).unwrap(), memory.path(leaf).unwrap());
    }
}
