//! Measures exact inference on every GPU of the machine, for `docs/gpu.md`: bandwidth of copies and, in the
//! same run, tokens a second alone and in a batch of 32, of a prompt, and what an audit takes.
//!
//! ```text
//! cargo run --release -p aipg-cuda --example bench -- [60m] [0.5b] [8b]
//! cargo run --release -p aipg-cuda --example bench -- --processor    # shows that it works, without a GPU
//! ```
//!
//! Weights are random: only the shape matters. The largest shape needs 9 GB here and 14 GB on the GPU.

use aipg_cuda::{
    decoder::{Append, Decoder, ForwardError, ForwardPass, Limits},
    device::Device,
    driver::{discover, Gpu},
    jobs::{generate, replay, Job},
    memory::Needs,
    operations::Tuning,
    testing::{models, Host},
};
use aipg_exact::{
    header::{input, output, ModelHeader},
    layout::weight_tensors,
    testing::{small_header, Model},
    Blake2b256,
};
use std::{error::Error, hint::black_box, sync::Arc, time::Instant};

/// Bytes that a copy moves, and how often.
const COPY: (usize, u32) = (1 << 30, 20);

/// What is measured unless names are given.
const SHAPES: [&str; 3] = ["60m", "0.5b", "8b"];

/// How long runs are.
#[derive(Clone, Copy)]
struct Lengths {
    prompt: usize,
    output: usize,
    batch: usize,
    rounds: usize,
}

/// A shape by its name.
fn shape(name: &str) -> Option<ModelHeader> {
    let dense = |d, layers: u32, heads, groups, feed_forward, vocabulary| {
        let mut header = ModelHeader {
            model_dimension: d,
            layers,
            heads,
            key_value_heads: groups,
            head_dimension: if d == 4_096 { 128 } else { 64 },
            feed_forward,
            vocabulary,
            max_context: 2_048,
            output_flags: output::HADAMARD,
            ..small_header()
        };
        header.input_flags[..layers as usize].fill(input::HADAMARD);
        header.value_formats[..layers as usize].fill(12);
        header
    };
    match name {
        "tiny" => Some(small_header()),
        "60m" => Some(dense(512, 9, 8, 4, 1_536, 32_000)),
        "0.5b" => Some(dense(896, 24, 14, 2, 4_864, 151_936)),
        "8b" => Some(dense(4_096, 32, 32, 8, 14_336, 128_256)),
        _ => None,
    }
}

/// Bytes of weights that every token reads: all but the embedding.
fn bytes_read(header: &ModelHeader) -> f64 {
    let tensors = weight_tensors(header).skip(1);
    tensors.map(|it| it.rows as f64 * it.columns as f64).sum()
}

/// The shortest of some times, in seconds.
fn shortest(
    rounds: usize,
    mut run: impl FnMut() -> Result<(), ForwardError>,
) -> Result<f64, ForwardError> {
    let mut best = f64::INFINITY;
    for _ in 0..=rounds {
        let started = Instant::now();
        run()?;
        best = best.min(started.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Seconds that jobs take from their first token on: with all of the output, less with one token of it.
fn generation(decoder: &mut Decoder, jobs: usize, lengths: Lengths) -> Result<f64, ForwardError> {
    let mut seconds = |max_output| {
        let prompt = [1; 4];
        let job = Job {
            prompt: &prompt,
            max_output,
            stop: &[],
            sampling: None,
        };
        let jobs = vec![job; jobs];
        shortest(lengths.rounds, || {
            black_box(generate(decoder, &jobs)?);
            Ok(())
        })
    };
    Ok(seconds(lengths.output + 1)? - seconds(1)?)
}

fn measure(
    device: &Arc<dyn Device>,
    name: &str,
    bandwidth: Option<f64>,
    lengths: Lengths,
) -> Result<(), Box<dyn Error>> {
    let header = shape(name).ok_or("the shapes are tiny, 60m, 0.5b and 8b")?;
    let limits = Limits::of(lengths.batch, lengths.prompt + lengths.output + 8);
    let bytes = Needs::of(&header, &limits).with(limits.slots as u64);
    let read = bytes_read(&header);
    let model = Model::random::<Blake2b256>(header, 1);
    let mut decoder = models::decoder(device, &model, limits, Tuning::default());
    drop(model);

    let prompt = vec![2; lengths.prompt];
    let prompting = shortest(lengths.rounds, || {
        decoder.clear(0)?;
        for tokens in prompt.chunks(decoder.limits().rows) {
            black_box(decoder.append(&[Append { slot: 0, tokens }])?);
        }
        Ok(())
    })?;
    let alone = generation(&mut decoder, 1, lengths)?;
    let together = generation(&mut decoder, lengths.batch, lengths)?;
    let audited = vec![2; lengths.output];
    let audit = shortest(lengths.rounds, || {
        black_box(replay(&mut decoder, &audited)?);
        Ok(())
    })?;
    let output = lengths.output as f64;
    let limit = bandwidth.map_or("–".to_owned(), |bandwidth| {
        format!("{:.0} %", 100.0 * output / alone * read / bandwidth)
    });
    println!(
        "| {name} | {} | {:.1} | {limit} | {:.1} | {:.1} | 1/{:.1} |",
        bytes >> 20,
        output / alone,
        output * lengths.batch as f64 / together,
        lengths.prompt as f64 / prompting,
        alone / audit
    );
    Ok(())
}

fn heading(device: &dyn Device, bandwidth: Option<f64>, lengths: Lengths) {
    println!("{}", device.describe());
    if let Some(bandwidth) = bandwidth {
        println!("copies read and write {:.1} GB/s", bandwidth / 1e9);
    }
    let Lengths {
        prompt,
        output,
        batch,
        ..
    } = lengths;
    println!("prompt of {prompt} tokens, {output} generated, batch of {batch}\n");
    println!("| shape | MiB | generation, tokens/s | of the limit | batch, tokens/s | prompt, tokens/s | audit ÷ generation |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["--processor"] {
        for name in SHAPES {
            let header = shape(name).ok_or(name)?;
            header.validate()?;
            println!(
                "{name}: {:.0} million weights are read for a token",
                bytes_read(&header) / 1e6
            );
        }
        let device: Arc<dyn Device> = Arc::new(Host { order: 0 });
        let lengths = Lengths {
            prompt: 8,
            output: 4,
            batch: 2,
            rounds: 0,
        };
        heading(&*device, None, lengths);
        return measure(&device, "tiny", None, lengths);
    }
    let shapes = match arguments.is_empty() {
        true => SHAPES.map(str::to_owned).into(),
        false => arguments,
    };
    if let Some(unknown) = shapes.iter().find(|name| shape(name).is_none()) {
        return Err(format!("`{unknown}` is no shape: 60m, 0.5b, 8b, or --processor").into());
    }
    let found = match discover() {
        Ok(found) => found,
        Err(absence) => {
            println!("no GPU: {absence}");
            return Ok(());
        }
    };
    let lengths = Lengths {
        prompt: 1_024,
        output: 256,
        batch: 32,
        rounds: 3,
    };
    for found in found {
        let gpu = Gpu::open(&found)?;
        let bandwidth = gpu.copy_bandwidth(COPY.0, COPY.1)?;
        let device: Arc<dyn Device> = Arc::new(gpu);
        heading(&*device, Some(bandwidth), lengths);
        for name in &shapes {
            measure(&device, name, Some(bandwidth), lengths)?;
        }
        println!();
    }
    Ok(())
}
