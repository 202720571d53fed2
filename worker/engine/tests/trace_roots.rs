//! The engine's traces have the roots of the replay that decides claims, on every kernel.

mod common;

use aipg_engine::{
    trace::{MemoryBudget, Trace, TraceError, TraceRequest},
    Blake2b256, Kernel, Model, RunError, Sampler,
};
use aipg_exact::trace::{trace_root, Replay, Tensor};
use common::trace::{every_way, prompt, subjects, How, Subject};

fn request<'a>(prompt: &'a [u32], output: &'a [u32], how: How) -> TraceRequest<'a> {
    TraceRequest {
        prompt,
        output,
        sampler: how.sampler(),
    }
}

fn roots(replay: &Replay<'_>) -> Vec<[u8; 32]> {
    Tensor::all(replay.job().header)
        .map(|tensor| replay.root::<Blake2b256>(tensor))
        .collect()
}

fn unlimited<'m>(model: &'m Model, request: &TraceRequest<'_>) -> Trace<'m> {
    model.trace(request, MemoryBudget::UNLIMITED).unwrap()
}

#[test]
fn roots_should_be_those_of_the_replay_on_every_kernel() {
    for subject in subjects() {
        let prompt = prompt(subject.header(), 1, 9);
        for how in every_way() {
            let answer = subject.answer(&prompt, 6, how);
            let forced: Vec<u32> = answer.iter().rev().copied().collect();
            for output in [&answer, &forced] {
                let expected = roots(&subject.replay(&prompt, output, how));
                for kernel in Kernel::available() {
                    let model = subject.model.clone().with_kernel(kernel);
                    let trace = unlimited(&model, &request(&prompt, output, how));
                    assert_eq!(trace.roots().tensors, expected, "{kernel:?} {how:?}");
                }
                let model = &subject.model;
                let trace = unlimited(model, &request(&prompt, output, how));
                assert_eq!(trace.roots().root(), trace_root::<Blake2b256>(&expected));
                let digest = model.replay(&prompt, output, &how.sampler());
                match trace.unsampled() {
                    None => assert_eq!(digest, Ok(trace.digest())),
                    Some(token) => {
                        assert!(matches!(digest, Err(RunError::OutputMismatch { index, .. })
                            if index == token as usize),)
                    }
                }
                assert_eq!(
                    trace.unsampled().is_none(),
                    output == &answer || forced == answer
                );
            }
        }
    }
}

#[test]
fn roots_should_be_those_of_the_replay_on_the_demo_model() {
    let demo = Subject::demo();
    let question = b"What is 2 + 3?".iter().map(|&byte| byte.into());
    let prompt: Vec<u32> = std::iter::once(256).chain(question).chain([257]).collect();
    for how in [every_way()[0], every_way()[5]] {
        let output = demo.answer(&prompt, 6, how);
        let expected = roots(&demo.replay(&prompt, &output, how));
        for kernel in Kernel::available() {
            let model = demo.model.clone().with_kernel(kernel);
            let trace = unlimited(&model, &request(&prompt, &output, how));
            assert_eq!(trace.roots().tensors, expected, "{kernel:?}");
            assert_eq!(trace.unsampled(), None);
        }
    }
}

/// Several blocks of rows, and trees of several groups of leaves.
#[test]
fn roots_should_not_depend_on_budget_or_threads() {
    let subject = &subjects()[9];
    let how = every_way()[5];
    let prompt = prompt(subject.header(), 2, 130);
    let output = subject.answer(&prompt, 20, how);
    let request = request(&prompt, &output, how);
    let expected = roots(&subject.replay(&prompt, &output, how));
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let Err(TraceError::BudgetTooSmall { needed, .. }) =
                subject.model.trace(&request, MemoryBudget { bytes: 0 })
            else {
                panic!("a trace takes memory");
            };
            for bytes in [needed, needed * 3 / 2, needed * 2, needed * 5, u64::MAX] {
                let trace = subject.model.trace(&request, MemoryBudget { bytes });
                assert_eq!(trace.unwrap().roots().tensors, expected);
            }
            let bytes = needed - 1;
            let refused = subject.model.trace(&request, MemoryBudget { bytes });
            assert!(matches!(
                refused.unwrap_err(),
                TraceError::BudgetTooSmall { budget, .. } if budget == bytes
            ));
        });
    }
}

#[test]
fn trace_should_be_refused_when_the_job_cannot_run() {
    let model = &subjects()[0].model;
    let refused = |prompt: &[u32], output: &[u32]| {
        let request = TraceRequest {
            prompt,
            output,
            sampler: Sampler::GREEDY,
        };
        match model.trace(&request, MemoryBudget::UNLIMITED) {
            Err(TraceError::Run(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&[], &[1]), RunError::EmptyPrompt);
    assert_eq!(refused(&[1], &[]), RunError::NoOutput);
    let unknown = |index| RunError::TokenOutOfVocabulary {
        index,
        token: 30,
        vocabulary: 30,
    };
    assert_eq!(refused(&[1, 30], &[1]), unknown(1));
    // The last token of the output enters no row, but its logit is asked for.
    assert_eq!(refused(&[1, 2], &[3, 30]), unknown(3));
    assert_eq!(
        refused(&[1; 24], &[1]),
        RunError::ContextOverflow {
            positions: 25,
            max_context: 24
        }
    );
}
