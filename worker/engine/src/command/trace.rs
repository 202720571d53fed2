//! What it costs to rebuild a trace, beside a prefill of the same rows in the same process.

use crate::{
    convert::{CheckpointConfiguration, Decoder, Naming},
    synthetic,
    trace::{Descent, MemoryBudget, Trace, TraceRequest},
    Kernel, Model, Sampler,
};
use aipg_exact::trace::{Part, Tensor};
use anyhow::{ensure, Context, Result};
use clap::Args;
use serde_json::{json, Value};
use std::{fs, path::PathBuf, time::Instant};

/// Arguments of a measurement.
#[derive(Clone, Debug, Args)]
pub struct TraceMeasurement {
    /// Model file; without it a model of random weights with 0.5 billion parameters (that of Qwen2.5-0.5B)
    pub model: Option<PathBuf>,
    /// Tokens of the prompt
    #[arg(long, default_value_t = 256)]
    pub prompt: u32,
    /// Tokens of the output
    #[arg(long, default_value_t = 32)]
    pub output: u32,
    /// Memory that the trace may take, MiB; without it as much as it likes
    #[arg(long)]
    pub budget: Option<u64>,
    /// Rounds; the fastest of each counts
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
}

impl TraceMeasurement {
    /// Measures, and returns times in seconds and memory in bytes.
    ///
    /// # Errors
    /// If the model cannot be read, or the job does not fit the model or the budget.
    pub fn run(&self) -> Result<Value> {
        ensure!(self.rounds > 0, "there is at least one round");
        let model = match &self.model {
            Some(path) => {
                Model::load(path).with_context(|| format!("cannot load {}", path.display()))?
            }
            None => {
                synthetic::model(&half_a_billion(), 1)?.with_kernel(Kernel::from_environment()?)
            }
        };
        let vocabulary = u64::from(model.header().vocabulary);
        let tokens: Vec<u32> = (0..u64::from(self.prompt) + u64::from(self.output))
            .map(|index| (index * 7_919 % vocabulary) as u32)
            .collect();
        let (prompt, output) = tokens.split_at(self.prompt as usize);
        let request = TraceRequest {
            prompt,
            output,
            sampler: Sampler::GREEDY,
        };
        let budget = match self.budget {
            Some(mebibytes) => MemoryBudget {
                bytes: mebibytes.saturating_mul(1 << 20),
            },
            None => MemoryBudget::UNLIMITED,
        };
        let (mut prefill, mut rebuild, mut descent) = (f64::MAX, f64::MAX, f64::MAX);
        let mut memory = None;
        let mut leaves = 0;
        for round in 0..self.rounds {
            // Before anything else has left free memory behind.
            let before = (round == 0).then(reset_memory).flatten();
            let (trace, seconds) = timed(|| model.trace(&request, budget));
            let trace = trace?;
            rebuild = rebuild.min(seconds);
            descent = descent.min(timed(|| descend(&trace)).1);
            if let (Some(before), Some(after)) = (before, status("VmHWM:")) {
                memory = Some(after.saturating_sub(before));
            }
            leaves = trace.whole_bytes();
            drop(trace);
            prefill = prefill.min(timed(|| prefilled(&model, &tokens)).1);
        }
        Ok(json!({
            "kernel": model.kernel().name(),
            "threads": rayon::current_num_threads(),
            "rows": tokens.len() - 1,
            "output_tokens": output.len(),
            "budget_bytes": self.budget.map(|_| budget.bytes),
            "prefill_seconds": prefill,
            "trace_seconds": rebuild,
            "ratio": rebuild / prefill,
            "descent_seconds": descent,
            "trace_memory_bytes": memory,
            "whole_trace_bytes": leaves,
        }))
    }
}

/// The shape of Qwen2.5-0.5B.
fn half_a_billion() -> CheckpointConfiguration {
    CheckpointConfiguration {
        model_dimension: 896,
        layers: 24,
        heads: 14,
        key_value_heads: 2,
        head_dimension: 64,
        feed_forward: 4_864,
        vocabulary: 151_936,
        max_context: 4_096,
        rope_base: 1_000_000.0,
        epsilon: 1e-6,
        decoder: Decoder {
            tied_embedding: true,
            attention_bias: true,
            ..Decoder::default()
        },
        naming: Naming::Plain,
    }
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64())
}

/// All rows of the job as a prompt, and the token after them.
fn prefilled(model: &Model, tokens: &[u32]) {
    let rows = &tokens[..tokens.len() - 1];
    // The trace of the same rows was made, so they are in range.
    let _ = model.generate(rows, 1, &[], &Sampler::GREEDY, &mut |_| ());
}

/// What a party of a dispute asks for: all nodes on the way to the last leaf of a layer in the middle, the
/// leaf, and its proof.
fn descend(trace: &Trace<'_>) {
    let job = trace.job();
    let tensor = Tensor::Layer(job.header.layers as usize / 2, Part::DownInput);
    let mut descent = Descent::new(&job, tensor);
    while descent.leaf().is_none() {
        let own = trace.nodes_below(&descent);
        let mut theirs = own.clone();
        if let Some(last) = theirs.last_mut() {
            *last = [0; 32];
        }
        if descent.choose(&job, &own, &theirs).is_none() {
            return;
        }
    }
    let index = descent.leaf().unwrap_or_default();
    let _ = (trace.leaf(tensor, index), trace.path(tensor, index));
}

/// Forgets the largest resident memory so far; the resident memory now. Linux tells, others do not.
fn reset_memory() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    status("VmRSS:")
}

/// A line of the process's status, in bytes.
fn status(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let rest = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = rest.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
