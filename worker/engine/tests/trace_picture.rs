//! Traces of pictures against the replay, and disputes about them.

mod common;

use aipg_engine::{
    trace::{
        Descent, Disputed, MemoryBudget, ModelFile, PictureRequest, Position, Trace, TraceError,
    },
    Blake2b256, Model, RunError,
};
use aipg_exact::{
    commitment::token_root,
    layout::section_lengths,
    picture::key,
    trace::{Claim, Fault, Inputs, Leaf, Openings, Replay, Roots, Sections, Tensor, MAX_ROUNDS},
};
use common::{
    pictures::{file, headers},
    Random,
};

const PROMPT: [u32; 3] = [3, 250, 7];
const SEED: u64 = 9;

struct Subject {
    bytes: Vec<u8>,
    model: Model,
}

fn subjects() -> Vec<Subject> {
    let subject = |(seed, header)| {
        let bytes = file(header, seed);
        let model = Model::from_bytes(&bytes).unwrap();
        Subject { bytes, model }
    };
    (1..).zip(headers()).map(subject).collect()
}

impl Subject {
    fn replay(&self) -> Replay<'_> {
        let header = self.model.header();
        let lengths = section_lengths(header);
        let sections = &self.bytes[aipg_engine::file::PREFIX_LENGTH..];
        let (scales, rest) = sections.split_at(lengths.scales as usize);
        let (tables, weights) = rest.split_at(lengths.tables as usize);
        let sections = Sections {
            scales,
            tables,
            weights,
        };
        Replay::paint(header, sections, &PROMPT, key::<Blake2b256>(SEED)).unwrap()
    }

    fn output(&self) -> Vec<u32> {
        let painting = self.model.paint(&PROMPT, SEED, &mut |_| ()).unwrap();
        painting.tokens()
    }

    fn trace(&self, output: &[u32], budget: MemoryBudget) -> Result<Trace<'_>, TraceError> {
        let request = PictureRequest {
            prompt: &PROMPT,
            seed: SEED,
            output,
        };
        self.model.trace_picture(&request, budget)
    }

    fn whole(&self) -> Trace<'_> {
        self.trace(&self.output(), MemoryBudget::UNLIMITED).unwrap()
    }
}

#[test]
fn roots_and_leaves_should_be_those_of_the_replay() {
    for subject in subjects() {
        let (trace, replay) = (subject.whole(), subject.replay());
        let job = replay.job();
        assert_eq!(trace.job().rows(), job.rows());
        assert_eq!(
            (trace.prompt(), trace.output()),
            (&PROMPT[..], replay.output())
        );
        assert_eq!(trace.unsampled(), None);
        let painting = subject.model.paint(&PROMPT, SEED, &mut |_| ()).unwrap();
        assert_eq!(trace.digest(), painting.digest);
        // Backwards, so that no step is open when it is asked for.
        let mut tensors: Vec<Tensor> = Tensor::all(job.header).collect();
        tensors.reverse();
        for tensor in tensors {
            let root = trace.roots().tensor(job.header, tensor);
            assert_eq!(root, Some(replay.root::<Blake2b256>(tensor)), "{tensor:?}");
            for index in 0..tensor.leaves(&job) {
                let leaf = trace.leaf(tensor, index);
                let expected = replay.leaf(Leaf::Trace(tensor, index));
                assert_eq!(leaf.as_deref(), expected.as_deref(), "{tensor:?} {index}");
            }
            assert_eq!(trace.leaf(tensor, tensor.leaves(&job)), None);
        }
        assert_eq!(trace.leaf(Tensor::Chosen, 0), None);
        assert_eq!(trace.leaf(Tensor::Embedded, 0), None);
    }
}

#[test]
fn trace_should_be_refused_by_name_when_it_cannot_be_made() {
    let [subject, ..] = <[Subject; 3]>::try_from(subjects()).ok().unwrap();
    let output = subject.output();
    let refused =
        |output: &[u32], bytes| subject.trace(output, MemoryBudget { bytes }).unwrap_err();
    let error = refused(&output[1..], u64::MAX);
    let TraceError::Run(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        error,
        RunError::OutputLength {
            found: 16 * 24 * 3 - 1,
            expected: 16 * 24 * 3
        }
    );
    let TraceError::BudgetTooSmall { needed, .. } = refused(&output, 1_000) else {
        panic!("it takes more");
    };
    let trace = subject
        .trace(&output, MemoryBudget { bytes: needed })
        .unwrap();
    assert_eq!(trace.digest(), subject.whole().digest());
    let (_, text) = common::small_model();
    let request = PictureRequest {
        prompt: &[1],
        seed: 1,
        output: &[1],
    };
    let error = text.trace_picture(&request, MemoryBudget::UNLIMITED);
    assert!(matches!(
        error,
        Err(TraceError::Run(RunError::NoPictureModel))
    ));
}

/// Plays a false claim to its end: the defender tells true sums, or the nearest lie with which the claim
/// holds; the referee sees openings and nothing else.
fn convict(
    position: &Position<'_>,
    known: &Roots,
    mut claim: Claim,
    liar: &Trace<'_>,
    file: &ModelFile,
) {
    let job = position.job();
    let theirs = Position::new(liar, file);
    for _ in 0..=MAX_ROUNDS {
        let told = theirs.reveal(&claim).unwrap_or_default();
        let verdict = position.judge(&claim, &told).unwrap().unwrap();
        let openings = position.open(&verdict.leaves).unwrap();
        let opened = Openings::verify::<Blake2b256>(&job, known, openings).unwrap();
        match (claim.check(&job, &told, &opened), verdict.part) {
            (Err(fault), None) => return assert!(fault.convicts(), "{claim:?}"),
            (Ok(parts), Some((number, part))) => {
                assert_eq!(parts[number as usize], part);
                claim = part;
            }
            other => panic!("{claim:?}: {other:?}"),
        }
    }
    panic!("too many rounds: {claim:?}");
}

/// Of every tensor one leaf is false.
#[test]
fn an_honest_challenger_should_win_whatever_leaf_is_false() {
    for (seed, subject) in (1..).zip(subjects()) {
        let model_file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        let own = subject.whole();
        let job = own.job();
        let mut random = Random::new(seed);
        for tensor in Tensor::all(job.header) {
            let index = u64::from(random.below(tensor.leaves(&job) as u32));
            let mut lie = own.leaf(tensor, index).unwrap();
            let place = random.below(lie.len() as u32) as usize & !3;
            lie[place] ^= 1;
            let mut liar = subject.whole();
            assert!(liar.falsify(tensor, index, lie));
            let theirs = liar.roots().tensors.clone();
            assert_eq!(own.target(&theirs), Some((tensor, None)));
            let mut descent = Descent::new(&job, tensor);
            while descent.leaf().is_none() {
                let nodes = (own.nodes_below(&descent), liar.nodes_below(&descent));
                descent.choose(&job, &nodes.0, &nodes.1).unwrap();
            }
            assert_eq!(descent.leaf(), Some(index));
            let bytes = liar.hashed_leaf(tensor, index).unwrap();
            let disputed = descent.disputed(bytes).unwrap();
            let position = Position::new(&own, &model_file).against(disputed);
            let accusation = position.accuse().unwrap().unwrap();
            convict(
                &position,
                &known(&liar),
                accusation.claim,
                &liar,
                &model_file,
            );
        }
    }
}

/// What the referee knows of a party's trace.
fn known(trace: &Trace<'_>) -> Roots {
    let header = trace.job().header;
    Roots {
        prompt: token_root::<Blake2b256>(trace.prompt()),
        output: token_root::<Blake2b256>(trace.output()),
        tensors: Tensor::all(header)
            .zip(trace.roots().tensors.iter().copied())
            .collect(),
    }
}

/// All of the trace is right, and the picture is another.
#[test]
fn a_falsified_pixel_should_lose() {
    for subject in subjects() {
        let model_file = ModelFile::from_bytes(subject.bytes.clone(), &subject.model).unwrap();
        let honest = subject.output();
        for token in [0, 1, honest.len() / 2, honest.len() - 1] {
            let mut output = honest.clone();
            output[token] ^= 0x80;
            let trace = subject.trace(&output, MemoryBudget::UNLIMITED).unwrap();
            assert_eq!(trace.unsampled(), Some(token as u32));
            let roots = trace.roots().tensors.clone();
            assert_eq!(roots, subject.whole().roots().tensors);
            let (tensor, index) = trace.target(&roots).unwrap();
            let index = index.unwrap();
            let disputed = Disputed {
                tensor,
                index,
                bytes: trace.hashed_leaf(tensor, index).unwrap(),
                path: trace.path(tensor, index).unwrap(),
            };
            let position = Position::new(&trace, &model_file).against(disputed);
            let claim = position.accuse().unwrap().unwrap().claim;
            assert!(matches!(claim, Claim::Pixel { .. }), "{claim:?}");
            let verdict = position.judge(&claim, &[]).unwrap().unwrap();
            let openings = position.open(&verdict.leaves).unwrap();
            let opened = Openings::verify::<Blake2b256>(&trace.job(), &known(&trace), openings);
            let decision = claim.check(&trace.job(), &[], &opened.unwrap());
            assert_eq!(decision, Err(Fault::False));
        }
        let whole = subject.whole();
        assert_eq!(whole.target(&whole.roots().tensors), None);
    }
}
