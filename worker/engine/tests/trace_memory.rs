//! A trace stays within its budget, whatever is asked of it. A binary of its own, for its allocator counts.
#![allow(unsafe_code)]

use aipg_engine::{
    convert::{CheckpointConfiguration, Decoder, Naming},
    synthetic,
    trace::{MemoryBudget, Trace, TraceError, TraceRequest},
    Model, Sampler,
};
use aipg_exact::{
    trace::{Part, Tensor},
    tree::depth,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicIsize, Ordering::SeqCst},
};

/// Counts what all threads have allocated, and the most they ever had.
struct Counting;

static NOW: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

fn count(bytes: isize) {
    let now = NOW.fetch_add(bytes, SeqCst) + bytes;
    MOST.fetch_max(now, SeqCst);
}

// SAFETY: all calls go on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `run` returns, and the most bytes that all threads had allocated at a time.
fn measured<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = NOW.load(SeqCst);
    MOST.store(before, SeqCst);
    let result = run();
    (result, (MOST.load(SeqCst) - before).max(0) as u64)
}

/// For error messages, and queues of the threads.
const CONSTANT: u64 = 16 << 10;

fn model(shape: [u32; 6], vocabulary: u32, decoder: Decoder) -> Model {
    let [model_dimension, layers, heads, key_value_heads, head_dimension, feed_forward] = shape;
    let configuration = CheckpointConfiguration {
        model_dimension,
        layers,
        heads,
        key_value_heads,
        head_dimension,
        feed_forward,
        vocabulary,
        max_context: 1_024,
        rope_base: 10_000.0,
        epsilon: 1e-5,
        decoder,
        naming: Naming::Plain,
    };
    synthetic::model(&configuration, 1).unwrap()
}

/// What a party of a dispute asks for: nodes at every level, leaves, proofs, here and there.
fn ask(trace: &Trace<'_>) -> Vec<Vec<[u8; 32]>> {
    let job = trace.job();
    let last = job.header.layers as usize - 1;
    let mut answers = Vec::new();
    for layer in [last, last / 2, 1, last / 2 + 1, 0] {
        for part in [Part::Softmax, Part::DownInput, Part::Keys, Part::Output] {
            let tensor = Tensor::Layer(layer, part);
            let leaves = tensor.leaves(&job);
            let top = depth(leaves);
            answers.push(trace.nodes(tensor, top.saturating_sub(8), 0..256));
            answers.push(trace.nodes(tensor, top.saturating_sub(11), 0..256));
            for index in [0, leaves / 2, leaves - 1] {
                answers.push(trace.path(tensor, index).unwrap());
                assert!(trace.leaf(tensor, index).is_some());
            }
        }
    }
    answers
}

fn check(model: &Model, rows: usize, sampler: Sampler) {
    let vocabulary = model.header().vocabulary;
    let tokens: Vec<u32> = (0..rows as u32)
        .map(|index| index * 7_919 % vocabulary)
        .collect();
    let (prompt, output) = tokens.split_at(rows - 20);
    let request = TraceRequest {
        prompt,
        output,
        sampler,
    };
    let unlimited = model.trace(&request, MemoryBudget::UNLIMITED).unwrap();
    let answers = ask(&unlimited);
    let (roots, whole) = (unlimited.roots().clone(), unlimited.whole_bytes());
    drop(unlimited);
    let (refused, most) = measured(|| model.trace(&request, MemoryBudget { bytes: 0 }));
    let Err(TraceError::BudgetTooSmall { needed, .. }) = refused else {
        panic!("a trace takes memory");
    };
    // Nothing is computed in vain.
    assert!(most <= 64 * rows as u64, "{most}");
    assert!(8 * needed < whole, "{needed} of {whole}");
    for bytes in [needed, needed * 3 / 2, needed * 5 / 2, whole / 4] {
        let (found, most) = measured(|| {
            let trace = model.trace(&request, MemoryBudget { bytes }).unwrap();
            let answers = ask(&trace);
            (trace.roots().clone(), answers)
        });
        println!("{rows} rows, {whole} bytes in all: {most} bytes of a budget of {bytes}");
        assert!(most <= bytes + CONSTANT, "{most} of {bytes}");
        assert!(found == (roots.clone(), answers.clone()), "{bytes}");
    }
}

/// One test, for whatever else runs would be counted, too.
#[test]
fn a_trace_should_stay_within_its_budget_and_give_the_same_roots() {
    let (bytes, most) = measured(|| vec![1u8; 100_000]);
    assert!(most >= bytes.len() as u64);
    drop(bytes);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2);
    pool.build().unwrap().install(|| {
        let plain = model([64, 24, 4, 2, 16, 192], 300, Decoder::default());
        check(&plain, 1_000, Sampler::GREEDY);
        let everything = Decoder::everything(100, vec![1]);
        let everything = model([130, 9, 6, 3, 20, 260], 5_000, everything);
        let parameters = aipg_engine::sampling::Parameters {
            beta: 30_000,
            top_k: 20,
            top_p: 60_000,
            min_p: Some(300_000),
        };
        check(&everything, 700, Sampler::seeded(1, parameters).unwrap());
    });
}
