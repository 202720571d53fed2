//! Picture jobs: made, checked, and disputed to the last claim.

use aipg_client::{
    blobs,
    disputes::{DeliveredResult, Revealed, Side, Stage},
    Hash, Sampling, SamplingParameters, TokenList,
};
use aipg_engine::{
    file::MAGIC,
    trace::{ModelFile, Trace},
    Blake2b256, Model, RunError, Sampler,
};
use aipg_exact::{
    testing::{self, small_picture_header},
    trace::{Claim, Flaw, Inputs, Leaf, Node, Part, Tensor},
};
use aipg_worker::{
    check::{check, CheckError},
    conduct::Honest,
    disputes::{
        player::{next_move, Board, Play, PlayError},
        study::{
            answer_again, flaw, what_is_false, Findings, Question, Reply, Study, Subject, BUDGET,
        },
    },
    inference::{Inference, Task},
    jobs::Answer,
    models::Served,
    work::{Work, WorkError},
};
use indicatif::{MultiProgress, ProgressDrawTarget};
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};
use subxt::utils::AccountId32;
use tokio::sync::Notify;

const PROMPT: [u32; 3] = [5, 255, 7];
const SEED: u64 = 9;
/// 3 · 8 · 16.
const VALUES: u32 = 384;

/// A model of three steps and two layers, in a file.
struct Fixture {
    served: Served,
    _folder: tempfile::TempDir,
}

impl Fixture {
    fn new() -> Self {
        let random = testing::Model::random::<Blake2b256>(small_picture_header(), 3);
        let bytes = [
            MAGIC.as_slice(),
            &random.header.root::<Blake2b256>(),
            &random.header.encode(),
            &random.scales,
            &random.tables,
            &random.weights,
        ]
        .concat();
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("pictures.aipg");
        std::fs::write(&path, bytes).unwrap();
        let model = Arc::new(Model::load(&path).unwrap());
        let ask = None;
        Self {
            served: Served { model, path, ask },
            _folder: folder,
        }
    }

    fn work(&self) -> Work<'static> {
        Work {
            prompt: &PROMPT,
            max_output: VALUES,
            stop: &[],
            seed: SEED,
            sampling: Sampling::Greedy,
        }
    }

    fn answer(&self) -> Answer {
        self.work().answer(&self.served.model, &mut |_| ()).unwrap()
    }

    /// A result with this output and the digest of the right picture.
    fn subject(&self, output: Vec<u32>) -> Subject {
        let list = |tokens: &[u32]| TokenList {
            blob: blobs::hash(&blobs::encode_tokens(tokens)),
            root: blobs::token_root(tokens),
            count: tokens.len() as u32,
        };
        let result = DeliveredResult {
            job: 7,
            worker: AccountId32([1; 32]),
            model: Hash(self.served.model.header().root::<Blake2b256>()),
            input: list(&PROMPT),
            output: list(&output),
            input_provider: None,
            output_provider: None,
            digest: Hash(self.answer().digest),
            max_output: VALUES,
            stop: vec![],
            seed: SEED,
            sampling: Sampling::Greedy,
            delivered: 1,
        };
        Subject {
            result,
            prompt: PROMPT.to_vec(),
            output,
            model: self.served.clone(),
        }
    }

    fn trace(&self, output: &[u32]) -> Trace<'_> {
        let model = &self.served.model;
        self.work().trace(model, output, BUDGET).unwrap()
    }
}

/// The right picture with another byte in the middle.
fn falsified(output: &[u32]) -> Vec<u32> {
    let mut output = output.to_vec();
    output[VALUES as usize / 2] ^= 1;
    output
}

#[test]
fn progress_should_be_told_by_steps() {
    let fixture = Fixture::new();
    let mut told = Vec::new();
    let answer = fixture
        .work()
        .answer(&fixture.served.model, &mut |tokens| told.push(tokens))
        .unwrap();
    assert_eq!(told, [128, 256, 384]);
    let painting = fixture.served.model.paint(&PROMPT, SEED, &mut |_| ());
    let painting = painting.unwrap();
    assert_eq!(answer.tokens, painting.tokens());
    assert_eq!(answer.digest, painting.digest);
}

#[test]
fn picture_should_depend_on_nothing_but_prompt_and_seed() {
    let fixture = Fixture::new();
    let stop = fixture.answer().tokens;
    let drawn = Work {
        stop: &stop[..1],
        sampling: Sampling::Seeded(SamplingParameters {
            beta: 65_536,
            top_k: 40,
            top_p: 62_259,
            min_p: None,
        }),
        ..fixture.work()
    };
    let model = &fixture.served.model;
    assert_eq!(drawn.answer(model, &mut |_| ()).unwrap(), fixture.answer());
    let other = Work {
        seed: SEED + 1,
        ..fixture.work()
    };
    assert_ne!(other.answer(model, &mut |_| ()).unwrap(), fixture.answer());
    for max_output in [1, VALUES - 1, VALUES + 1] {
        let work = Work {
            max_output,
            ..fixture.work()
        };
        assert!(matches!(
            work.answer(model, &mut |_| ()),
            Err(WorkError::Run(RunError::OutputLength { expected: VALUES, found })) if found == max_output as usize
        ));
    }
}

#[tokio::test]
async fn run_should_end_in_a_picture_that_was_checked() {
    let fixture = Fixture::new();
    let bars = MultiProgress::with_draw_target(ProgressDrawTarget::hidden());
    let (inference, mut results) = Inference::new(1, true, bars, Arc::new(Honest));
    inference.start(Task {
        job: 7,
        ticket: 1,
        model: fixture.served.model.clone(),
        prompt: PROMPT.to_vec(),
        max_output: VALUES,
        stop: vec![],
        seed: SEED,
        sampling: Sampling::Greedy,
    });
    let finished = results.recv().await.unwrap();
    assert_eq!(finished.outcome.unwrap(), fixture.answer());
}

fn findings(subject: &Subject) -> Findings {
    let news = Arc::new(Notify::new());
    let mut study = Study::start(subject.clone(), Arc::new(Honest), news);
    let started = Instant::now();
    loop {
        match study.ask(&Question::Findings) {
            Some(Ok(Reply::Findings(findings))) => return findings,
            Some(other) => panic!("{other:?}"),
            None => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(started.elapsed() < Duration::from_secs(60), "no findings");
    }
}

#[test]
fn result_should_be_right_only_with_every_byte_of_the_picture() {
    let fixture = Fixture::new();
    let output = fixture.answer().tokens;
    let right = fixture.subject(output.clone());
    assert_eq!(what_is_false(&right), None);
    let found = findings(&right);
    assert!(found.is_right && found.is_digest_right && found.flaw.is_none());
    assert_eq!(found.roots.len(), 3 * (15 * 2 + 6) + 1);
    assert_eq!(
        answer_again(&right.result, &PROMPT, &fixture.served),
        Some(output.clone())
    );

    let wrong = fixture.subject(falsified(&output));
    let reason = what_is_false(&wrong).unwrap();
    assert!(
        reason.starts_with("OutputMismatch: output token 192"),
        "{reason}"
    );
    let found = findings(&wrong);
    // Its trace is the right picture's.
    assert!(!found.is_right && found.is_digest_right && found.flaw.is_none());
    assert_eq!(answer_again(&wrong.result, &PROMPT, &fixture.served), None);

    let mut digest = fixture.subject(output.clone());
    digest.result.digest = Hash([7; 32]);
    assert!(what_is_false(&digest).unwrap().starts_with("the digest is"));
    assert!(!findings(&digest).is_digest_right);

    let mut seed = fixture.subject(output);
    seed.result.seed += 1;
    assert!(what_is_false(&seed).is_some());
}

#[test]
fn flaw_should_be_a_token_that_the_vocabulary_does_not_have() {
    let fixture = Fixture::new();
    let mut output = fixture.answer().tokens;
    assert!(flaw(&fixture.subject(output.clone())).is_none());
    // No stop token ends a picture.
    let mut stopped = fixture.subject(output.clone());
    stopped.result.stop = vec![output[0]];
    assert!(flaw(&stopped).is_none());
    output[100] = 256;
    let (found, evidence) = flaw(&fixture.subject(output.clone())).unwrap();
    assert_eq!(found, Flaw::UnknownToken(100));
    let trace = fixture.trace(&fixture.answer().tokens);
    let opened = evidence.verify::<Blake2b256>(
        &trace.job(),
        blobs::token_root(&PROMPT).0,
        blobs::token_root(&output).0,
        &[0; 32],
    );
    let is_in = found.is_in(&trace.job(), VALUES, &[], &opened.unwrap());
    assert_eq!(is_in, Ok(true));
}

#[test]
fn check_should_make_the_picture_again() {
    let fixture = Fixture::new();
    let Answer { tokens, digest } = fixture.answer();
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("input"), folder.path().join("output"));
    std::fs::write(&input, blobs::encode_tokens(&PROMPT)).unwrap();
    let checked = |tokens: &[u32], seed, digest: [u8; 32]| {
        std::fs::write(&output, blobs::encode_tokens(tokens)).unwrap();
        let claimed = Hash(digest).to_string();
        let (model, sampler) = (&fixture.served.path, Sampler::GREEDY);
        check(model, &input, &output, &claimed, &sampler, seed)
    };
    // Three steps of eight patches and three tokens.
    assert_eq!(checked(&tokens, SEED, digest).unwrap(), 33);
    let wrong = [
        checked(&falsified(&tokens), SEED, digest),
        checked(&tokens, SEED + 1, digest),
        checked(&tokens[1..], SEED, digest),
    ];
    for outcome in wrong {
        assert!(matches!(outcome, Err(CheckError::WrongResult(_))));
    }
    assert!(matches!(
        checked(&tokens, SEED, [7; 32]),
        Err(CheckError::DigestMismatch { .. })
    ));
}

/// Plays a game to its end, with the chain's part done by what the chain calls. The winner and the claim that
/// decided.
fn play(challenger: &Trace<'_>, defender: &Trace<'_>, file: &ModelFile) -> (Side, Claim) {
    let job = defender.job();
    let roots = defender.roots().tensors.clone();
    let trace_root = defender.roots().root();
    let prompt = blobs::token_root(defender.prompt()).0;
    let output = blobs::token_root(defender.output()).0;
    let mut board = Board {
        stage: Stage::Opening,
        roots,
        revealed: None,
    };
    let stage_at = |node: Node| match node.is_leaf() {
        true => Stage::Leaf(node),
        false => Stage::Nodes(node),
    };
    for _ in 0..40 {
        let mover = match board.stage.turn() {
            Side::Challenger => challenger,
            Side::Defender => defender,
        };
        let stage = board.stage.clone();
        board.stage = match (next_move(mover, file, &board, &Honest).unwrap(), stage) {
            (Play::NameTensor(proof), _) => {
                assert!(proof.holds::<Blake2b256>(job.header, &trace_root));
                let node = Node::top(&job, proof.tensor, proof.root);
                board.revealed = Some(Revealed {
                    at: node,
                    path: vec![],
                    nodes: vec![],
                    leaf: vec![],
                });
                stage_at(node)
            }
            (Play::RevealNodes(nodes), Stage::Nodes(node)) => {
                assert!(node.reveals::<Blake2b256>(&job, &nodes));
                board.revealed.as_mut().unwrap().nodes = nodes;
                Stage::Choice(node)
            }
            (Play::ChooseNode(choice), Stage::Choice(node)) => {
                let child = node.child::<Blake2b256>(&job, choice.index, choice.hash, &choice.path);
                let (node, shown) = (child.unwrap(), board.revealed.as_mut().unwrap());
                let path = choice.path.into_iter().chain(shown.path.drain(..));
                shown.path = path.collect();
                shown.at = node;
                shown.nodes = vec![];
                stage_at(node)
            }
            (Play::RevealLeaf(leaf), Stage::Leaf(node)) => {
                assert!(node.holds::<Blake2b256>(&job, &leaf));
                board.revealed.as_mut().unwrap().leaf = leaf;
                Stage::Accusation(Leaf::Trace(node.tensor, node.index))
            }
            (Play::Accuse { claim, evidence }, _) => {
                let opened = evidence.verify::<Blake2b256>(&job, prompt, output, &trace_root);
                sums_of(claim, &job, &opened.unwrap())
            }
            (Play::RevealSums(values), Stage::Sums(claim, count)) => {
                assert_eq!(values.len(), count as usize);
                Stage::Verdict(claim, values)
            }
            (Play::Judge { evidence, part }, Stage::Verdict(claim, values)) => {
                let opened = evidence.verify::<Blake2b256>(&job, prompt, output, &trace_root);
                let opened = opened.unwrap();
                match claim.check(&job, &values, &opened) {
                    Err(fault) if fault.convicts() => return (Side::Challenger, claim),
                    Ok(parts) if parts.is_empty() => return (Side::Defender, claim),
                    Ok(parts) => sums_of(parts[part.unwrap() as usize], &job, &opened),
                    Err(fault) => panic!("no move: {fault:?}"),
                }
            }
            (play, stage) => panic!("{play:?} at {stage:?}"),
        };
    }
    panic!("the game does not end");
}

fn sums_of(claim: Claim, job: &aipg_exact::trace::Job<'_>, opened: &impl Inputs) -> Stage {
    match claim.reveals(job, opened) {
        Ok(spans) if !spans.is_empty() => Stage::Sums(claim, spans.len() as u32),
        _ => Stage::Verdict(claim, vec![]),
    }
}

#[test]
fn falsified_pixel_should_lose_by_one_claim() {
    let fixture = Fixture::new();
    let file = ModelFile::open(&fixture.served.path, &fixture.served.model).unwrap();
    let wrong = fixture.trace(&falsified(&fixture.answer().tokens));
    let (winner, claim) = play(&wrong, &wrong, &file);
    assert_eq!(winner, Side::Challenger);
    let header = fixture.served.model.header();
    let index = header.picture().unwrap().latent_index(VALUES / 2).unwrap();
    let (row, column) = (u64::from(index / 48), (index % 48) as usize);
    assert_eq!(claim, Claim::Pixel { row, column });
}

#[test]
fn false_step_of_a_picture_should_lose() {
    let fixture = Fixture::new();
    let file = ModelFile::open(&fixture.served.path, &fixture.served.model).unwrap();
    let output = fixture.answer().tokens;
    let truth = fixture.trace(&output);
    for tensor in [
        Tensor::Latent(0),
        Tensor::PatchPeak(1),
        Tensor::PatchInput(2),
        Tensor::StepRows(1),
        Tensor::Layer(3, Part::Middle),
        Tensor::StepInput(0),
        Tensor::Latent(2),
    ] {
        let mut wrong = fixture.trace(&output);
        let index = tensor.leaves(&truth.job()) - 1;
        let mut leaf = truth.leaf(tensor, index).unwrap();
        leaf[0] ^= 1;
        assert!(wrong.falsify(tensor, index, leaf));
        assert_eq!(
            play(&truth, &wrong, &file).0,
            Side::Challenger,
            "{tensor:?}"
        );
    }
}

#[test]
fn nothing_should_be_accused_of_a_true_trace() {
    let fixture = Fixture::new();
    let file = ModelFile::open(&fixture.served.path, &fixture.served.model).unwrap();
    let truth = fixture.trace(&fixture.answer().tokens);
    let board = Board {
        stage: Stage::Opening,
        roots: truth.roots().tensors.clone(),
        revealed: None,
    };
    assert!(matches!(
        next_move(&truth, &file, &board, &Honest),
        Err(PlayError::NothingWrong)
    ));
}
