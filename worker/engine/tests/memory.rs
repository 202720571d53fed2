//! Crafted files must not make a reader allocate: every parser stays within a bound that follows from
//! the length of its input, and names what is wrong. A binary of its own, for its allocator counts.
#![allow(unsafe_code)]

mod common;

use aipg_engine::{
    blob,
    convert::{convert, Checkpoint, CheckpointConfiguration, ConvertInput, HadamardChoice},
    file::PREFIX_LENGTH,
    tokenizer::Tokenizer,
    Model,
};
use common::{small_model, tokenizer};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

/// Counts what each thread has allocated, and the most it ever had.
struct Counting;

thread_local! {
    static NOW: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that ends may free what it allocated after its counters are gone.
    let _ = NOW.try_with(|now| {
        now.set(now.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(now.get())));
    });
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

/// What `run` returns, and the most bytes that it had allocated at a time.
fn measured<T>(run: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.get();
    MOST.set(before);
    let result = run();
    (result, (MOST.get() - before).max(0) as usize)
}

/// For messages, and what a hash function or a parser needs whatever it reads.
const CONSTANT: usize = 16 << 10;

#[test]
fn counter_should_see_an_allocation() {
    let (bytes, most) = measured(|| vec![1u8; 100_000]);
    assert!(most >= bytes.len());
}

#[test]
fn model_should_stay_bounded_when_its_header_promises_terabytes() {
    let (converted, _) = small_model();
    let bytes = &converted.bytes;
    let shapes: [fn(&mut aipg_engine::ModelHeader); 5] = [
        |header| header.vocabulary = 1 << 20,
        |header| header.layers = 128,
        |header| header.feed_forward = 133_120,
        |header| header.max_context = 1 << 18,
        |header| {
            header.vocabulary = 1 << 20;
            header.model_dimension = (1 << 15) - 64;
            header.feed_forward = 133_120;
            header.layers = 128;
            header.max_context = 1 << 18;
        },
    ];
    for shape in shapes {
        let mut header = converted.header.clone();
        shape(&mut header);
        if header.layers > converted.header.layers {
            header.value_formats = [10; 128];
        }
        let mut crafted = bytes.clone();
        crafted[8..40].copy_from_slice(&header.root::<aipg_engine::Blake2b256>());
        crafted[40..PREFIX_LENGTH].copy_from_slice(&header.encode());
        for length in [PREFIX_LENGTH, PREFIX_LENGTH + 1, bytes.len()] {
            let (result, most) = measured(|| Model::from_bytes(&crafted[..length]));
            let error = result.unwrap_err().to_string();
            assert!(error.starts_with("Truncated"), "{error}");
            assert!(most <= CONSTANT, "{most} bytes for a file of {length}");
        }
    }
}

#[test]
fn model_should_stay_bounded_when_it_is_cut_or_changed() {
    let (converted, _) = small_model();
    let bytes = &converted.bytes;
    for step in 0..200 {
        let length = bytes.len() * step / 200;
        let (result, most) = measured(|| Model::from_bytes(&bytes[..length]));
        assert!(result.is_err());
        assert!(most <= CONSTANT, "{most} bytes for a file of {length}");
        let mut changed = bytes.clone();
        changed[length] ^= 0x40;
        let (result, most) = measured(|| Model::from_bytes(&changed));
        assert!(result.is_err(), "byte {length}");
        assert!(most <= 2 * bytes.len() + CONSTANT, "{most} bytes");
    }
}

#[test]
fn model_should_need_a_small_multiple_of_its_file() {
    let (converted, _) = small_model();
    let (model, most) = measured(|| Model::from_bytes(&converted.bytes));
    assert!(model.is_ok());
    let bound = 4 * converted.bytes.len() + CONSTANT;
    assert!(
        most <= bound,
        "{most} bytes for a file of {}",
        converted.bytes.len()
    );
}

#[test]
fn tokenizer_should_stay_bounded_when_its_file_is_crafted() {
    let deep = [b"[".repeat(200_000), b"]".repeat(200_000)].concat();
    let long = format!(r#"{{"kind": "{}"}}"#, "x".repeat(1 << 20)).into_bytes();
    let escapes = format!(r#"{{"kind": "{}"}}"#, r"\u0041".repeat(200_000)).into_bytes();
    let number = format!(r#"{{"vocabulary": {}}}"#, "9".repeat(1 << 20)).into_bytes();
    let keys: String = (0..100_000)
        .map(|index| format!(r#""k{index}": [{index}], "#))
        .collect();
    let many = format!(r#"{{{keys}"kind": "byte"}}"#).into_bytes();
    for (name, file) in [
        ("deep", deep),
        ("long", long),
        ("escapes", escapes),
        ("number", number),
        ("many", many),
        ("not text", vec![0xff; 1 << 20]),
    ] {
        let (result, most) = measured(|| Tokenizer::from_json(&file));
        assert!(result.is_err(), "{name}");
        let bound = 3 * file.len() + CONSTANT;
        assert!(
            most <= bound,
            "{name}: {most} bytes for a file of {}",
            file.len()
        );
    }
}

#[test]
fn tokens_should_need_what_they_are_made_of() {
    for length in [0, 3, 4, 5, 1 << 20, (1 << 20) + 1] {
        let bytes = vec![0xff; length];
        let (result, most) = measured(|| blob::decode_tokens(&bytes));
        assert_eq!(result.is_ok(), length % 4 == 0);
        assert!(most <= length, "{most} bytes for a blob of {length}");
    }
}

/// A checkpoint whose header is `json`, with `rest` behind it.
fn checkpoint(json: &str, rest: &[u8]) -> Vec<u8> {
    [&(json.len() as u64).to_le_bytes(), json.as_bytes(), rest].concat()
}

#[test]
fn conversion_should_stay_bounded_when_checkpoint_or_configuration_is_crafted() {
    let tensor = |name: &str, shape: &str, end: u64| {
        format!(r#""{name}": {{"dtype": "F32", "shape": {shape}, "data_offsets": [0, {end}]}}"#)
    };
    let many: Vec<String> = (0..10_000)
        .map(|index| tensor(&format!("t{index}"), "[0]", 0))
        .collect();
    let crafted = [
        ("empty", vec![]),
        ("length only", u64::MAX.to_le_bytes().to_vec()),
        ("length of a terabyte", (1u64 << 40).to_le_bytes().to_vec()),
        ("no tensors", checkpoint("{}", &[])),
        ("deep", checkpoint(&"[".repeat(100_000), &[])),
        (
            "shape that overflows",
            checkpoint(
                &format!(
                    "{{{}}}",
                    tensor("embedding.weight", "[4294967296, 4294967296]", 16)
                ),
                &[0; 16],
            ),
        ),
        (
            "data that is not there",
            checkpoint(
                &format!(
                    "{{{}}}",
                    tensor("embedding.weight", "[1048576, 32704]", 1 << 37)
                ),
                &[0; 16],
            ),
        ),
        (
            "many tensors",
            checkpoint(&format!("{{{}}}", many.join(",")), &[]),
        ),
    ];
    let largest = CheckpointConfiguration {
        model_dimension: 32_704,
        layers: 128,
        heads: 64,
        key_value_heads: 64,
        head_dimension: 256,
        feed_forward: 133_120,
        vocabulary: common::VOCABULARY,
        max_context: 1 << 18,
        rope_base: 10_000.0,
        epsilon: 1e-5,
        ..common::configuration([0; 6])
    };
    for (name, bytes) in crafted {
        let length = bytes.len();
        let (result, most) = measured(|| {
            convert(&ConvertInput {
                checkpoint: Checkpoint::from_bytes(bytes)?,
                configuration: largest.clone(),
                tokenizer: tokenizer(),
                calibration: vec![1, 2, 3],
                hadamard: HadamardChoice::WherePossible,
                loss_budget: None,
                measured_tokens: 0,
            })
        });
        assert!(result.is_err(), "{name}");
        // The parser keeps a name, a shape and a place in its index for each tensor of a few bytes.
        let bound = 16 * length + CONSTANT;
        assert!(most <= bound, "{name}: {most} bytes for a file of {length}");
    }
}
