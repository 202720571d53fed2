//! The runs of benchmarks.
//!
//! Every benchmark runs three times over: once to see that it did what it says, once on a state that
//! counts reads and writes, and then for its time, on a state that counts nothing.

use crate::{
    blob::{Blob, State},
    cost::{Cost, Items},
    plan::{plan, Values},
    speed::{self, Speed},
};
use anyhow::{anyhow, ensure, Context, Result};
use codec::Encode;
use frame_benchmarking::{
    BenchmarkBatch, BenchmarkConfig, BenchmarkList, BenchmarkMetadata, BenchmarkResult,
};
use frame_support::traits::StorageInfo;
use serde::Serialize;
use sp_core::storage::Storage;
use std::time::{Duration, Instant};

/// How much is measured of each benchmark.
#[derive(Debug)]
pub struct Effort {
    /// Most values of each component.
    pub steps: u32,
    /// Timed runs for each of them.
    pub repeat: u32,
    /// Least time of all the timed runs of a benchmark together.
    pub least: Duration,
}

/// The benchmarks in a runtime, and what is needed to run them.
pub struct Benchmarks {
    pallets: Vec<Pallet>,
    items: Items,
    genesis: Storage,
}

struct Pallet {
    name: String,
    list: BenchmarkList,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Of this machine while it measured.
    speed: Speed,
    pallets: Vec<Measured>,
}

/// What the benchmarks of one pallet cost on the reference machine.
#[derive(Debug, Serialize)]
struct Measured {
    pallet: String,
    benchmarks: Vec<Cost>,
}

/// Both states that a benchmark runs on.
struct States {
    counting: State,
    plain: State,
}

impl Benchmarks {
    /// Asks the runtime for its benchmarks.
    ///
    /// # Errors
    /// The runtime was compiled without benchmarks, or cannot build its genesis state.
    pub fn of(blob: &Blob) -> Result<Self> {
        let genesis = blob.genesis()?;
        let state = state(&genesis, false)?;
        let extra = false;
        let (lists, storage): (Vec<BenchmarkList>, Vec<StorageInfo>) = blob
            .call(&state, "Benchmark_benchmark_metadata", &extra.encode())
            .context("was the blob compiled with the feature runtime-benchmarks?")?;
        let pallets = lists.into_iter().map(|list| {
            Ok(Pallet {
                name: text(&list.pallet)?,
                list,
            })
        });
        Ok(Self {
            pallets: pallets.collect::<Result<_>>()?,
            items: Items::new(storage),
            genesis,
        })
    }

    /// Names of the pallets that have benchmarks, in the order of the runtime.
    pub fn pallets(&self) -> impl Iterator<Item = &String> {
        self.pallets.iter().map(|pallet| &pallet.name)
    }

    /// Runs all benchmarks of the pallets named, or of all if none is. Says on standard error what
    /// it is at.
    ///
    /// # Errors
    /// Benchmarks failed: those that did are named once all were run.
    pub fn measure(&self, blob: &Blob, names: &[String], effort: &Effort) -> Result<Report> {
        let states = States {
            counting: state(&self.genesis, true)?,
            plain: state(&self.genesis, false)?,
        };
        let mut speeds = Vec::new();
        let mut measured = Vec::new();
        let mut failed = Vec::new();
        for Pallet { name, list } in &self.pallets {
            if !(names.is_empty() || names.contains(name)) {
                continue;
            }
            // Again and again, since other work on the machine comes and goes.
            speeds.push(speed::measure());
            let mut benchmarks = Vec::new();
            for benchmark in &list.benchmarks {
                let title = text(&benchmark.name)?;
                let started = Instant::now();
                let run = Run {
                    blob,
                    states: &states,
                    list,
                    benchmark,
                };
                match run.cost(&title, &self.items, effort) {
                    Ok(cost) => benchmarks.push(cost),
                    Err(error) => {
                        eprintln!("{name}::{title} failed: {error:#}");
                        failed.push(format!("{name}::{title}"));
                    }
                }
                eprintln!("{name}::{title}: {:.1} s", started.elapsed().as_secs_f64());
            }
            measured.push(Measured {
                pallet: name.clone(),
                benchmarks,
            });
        }
        ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
        let speed = speed::median(speeds).context("no pallet was measured")?;
        for cost in measured.iter_mut().flat_map(|of| &mut of.benchmarks) {
            cost.on_reference_machine(speed.factor());
        }
        Ok(Report {
            speed,
            pallets: measured,
        })
    }
}

/// One benchmark and what it runs on.
struct Run<'a> {
    blob: &'a Blob,
    states: &'a States,
    list: &'a BenchmarkList,
    benchmark: &'a BenchmarkMetadata,
}

impl Run<'_> {
    fn cost(&self, name: &str, items: &Items, effort: &Effort) -> Result<Cost> {
        let components = &self.benchmark.components;
        let plan = plan(components, effort.steps);
        let mut counted = Vec::new();
        for values in &plan {
            self.dispatch(&self.states.plain, values, true, 1)?;
            counted.extend(self.dispatch(&self.states.counting, values, false, 1)?);
        }
        let mut timed = Vec::new();
        let started = Instant::now();
        while timed.is_empty() || started.elapsed() < effort.least {
            for values in &plan {
                timed.extend(self.dispatch(&self.states.plain, values, false, effort.repeat)?);
            }
        }
        Cost::of(name, components, &counted, &timed, items)
    }

    /// Runs the benchmark with these values of its components, `repeat` times, each on a fresh
    /// state. `verify` has it check what it did, which takes time.
    fn dispatch(
        &self,
        state: &State,
        values: &Values,
        verify: bool,
        repeat: u32,
    ) -> Result<Vec<BenchmarkResult>> {
        let config = BenchmarkConfig {
            pallet: self.list.pallet.clone(),
            instance: self.list.instance.clone(),
            benchmark: self.benchmark.name.clone(),
            selected_components: values.clone(),
            verify,
            internal_repeats: repeat,
        };
        let batches: Result<Vec<BenchmarkBatch>, String> =
            self.blob
                .call(state, "Benchmark_dispatch_benchmark", &config.encode())?;
        let results: Vec<_> = batches
            .map_err(|error| anyhow!("with {values:?}: {error}"))?
            .into_iter()
            .flat_map(|batch| batch.results)
            .collect();
        ensure!(!results.is_empty(), "with {values:?}: it was skipped");
        Ok(results)
    }
}

fn state(genesis: &Storage, counts: bool) -> Result<State> {
    // The proof is recorded where it is counted: it takes time.
    State::new(genesis.clone(), None, counts, counts)
        .map_err(|error| anyhow!("no state to run on: {error}"))
}

fn text(bytes: &[u8]) -> Result<String> {
    String::from_utf8(bytes.to_vec()).context("names are text")
}
