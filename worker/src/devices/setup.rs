//! Making GPUs ready: kernels, models in their memory, and the check that each has to pass.

use super::{
    check::{self, Trial},
    plan::{plan, Demand, Placement, Space},
    Devices, Serving,
};
use crate::{
    memory::{self, Bytes},
    metrics::Metrics,
    models::{Models, Served},
};
use aipg_client::Hash;
use aipg_cuda::{
    decoder::{Decoder, ForwardPass, Limits},
    device::Device,
    driver::{Found, Gpu},
    memory::Needs,
    model::DeviceModel,
    operations::Tuning,
    service::{Root, Service},
};
use aipg_engine::{
    file::{file_length, read_file, Verification},
    ModelHeader,
};
use aipg_exact::trace::Sections;
use anyhow::{bail, ensure};
use std::{
    collections::{btree_map::Entry, BTreeMap},
    sync::Arc,
};

/// A GPU with the kernels on it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The GPU's number.
    pub number: usize,
    pub device: Arc<dyn Device>,
    /// Bytes that nobody uses.
    pub free: u64,
}

/// Compiles the kernels for each GPU. One that fails is left out.
pub(super) fn open(gpus: Vec<Found>) -> Vec<Opened> {
    let mut opened = Vec::new();
    for found in gpus {
        match Gpu::open(&found) {
            Ok(gpu) => opened.push(Opened {
                number: found.ordinal,
                device: Arc::new(gpu),
                free: found.free,
            }),
            Err(error) => tracing::error!(device = found.ordinal, %error, "the GPU is not used"),
        }
    }
    opened
}

/// Room for whole contexts: a job that fits the model fits the GPU.
fn limits(header: &ModelHeader, slots: u64) -> Limits {
    // A plan has at most 64 slots.
    Limits::of(slots as usize, header.max_context as usize)
}

impl Devices {
    /// Places models on GPUs, has each prove what it computes, and starts those that could.
    pub fn serve(gpus: Vec<Opened>, models: &Models, jobs: u64, metrics: Metrics) -> Self {
        // Pictures are made on the processor only.
        let texts = models
            .iter()
            .filter(|(_, served)| served.model.header().picture().is_none());
        let demands: Vec<Demand> = texts
            .map(|(&model, served)| {
                let header = served.model.header();
                let needs = Needs::of(header, &limits(header, 1));
                Demand { model, needs }
            })
            .collect();
        let spaces: Vec<Space> = gpus
            .iter()
            .map(|gpu| Space {
                device: gpu.number,
                free: gpu.free,
            })
            .collect();
        let plan = plan(&demands, &spaces, jobs);
        for left_out in &plan.left_out {
            tracing::warn!(model = %left_out.model, reason = %left_out, "the model stays on the processor");
        }
        let mut expected = Expected(BTreeMap::new());
        let serving = gpus.iter().filter_map(|gpu| {
            let placed = plan.placements.iter();
            let here = placed.filter(|it| it.device == gpu.number);
            begin(gpu, here, models, &mut expected, &metrics)
        });
        let serving = serving.collect();
        Self::new(serving, metrics)
    }
}

/// What the processor answers to the trials of each model, computed once.
struct Expected(BTreeMap<Hash, Vec<Trial>>);

impl Expected {
    fn of(&mut self, root: Hash, served: &Served) -> Result<&[Trial], check::TrialError> {
        Ok(match self.0.entry(root) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(check::trials(&served.model)?),
        })
    }
}

/// Puts models on a GPU and starts it; `None` if it has none that it may serve.
fn begin<'a>(
    gpu: &Opened,
    placements: impl Iterator<Item = &'a Placement>,
    models: &Models,
    expected: &mut Expected,
    metrics: &Metrics,
) -> Option<Serving> {
    let device = gpu.number;
    let mut passes: BTreeMap<Root, Box<dyn ForwardPass>> = BTreeMap::new();
    for &Placement { model, slots, .. } in placements {
        let Some(served) = models.get(&model) else {
            continue;
        };
        match prove(gpu, model, slots, served, expected) {
            Ok(pass) => {
                tracing::info!(device, %model, jobs = slots, "the GPU computes as the processor does: it serves the model");
                passes.insert(model.0, pass);
            }
            Err(error) => {
                tracing::error!(device, %model, error = %format_args!("{error:#}"), "the GPU does not serve the model, which stays on the processor");
            }
        }
    }
    if passes.is_empty() {
        return None;
    }
    let models = passes.keys().map(|root| Hash(*root)).collect();
    match Service::start(&format!("gpu-{device}"), passes) {
        Ok(service) => {
            metrics.device_in_service(device);
            Some(Serving {
                device,
                models,
                service,
            })
        }
        Err(error) => {
            tracing::error!(device, %error, "the GPU is not used");
            None
        }
    }
}

/// Copies a model to a GPU and compares what it computes with the processor.
fn prove(
    gpu: &Opened,
    root: Hash,
    slots: u64,
    served: &Served,
    expected: &mut Expected,
) -> anyhow::Result<Box<dyn ForwardPass>> {
    let trials = expected.of(root, served)?;
    let mut pass = upload(gpu, root, slots, served)?;
    check::check(&mut *pass, trials)?;
    Ok(pass)
}

fn upload(
    gpu: &Opened,
    root: Hash,
    slots: u64,
    served: &Served,
) -> anyhow::Result<Box<dyn ForwardPass>> {
    let needed = file_length(served.model.header());
    let free = memory::available();
    ensure!(
        needed <= free,
        "NoMemoryToCopy: reading the model again takes {}, {} are free",
        Bytes(needed),
        Bytes(free)
    );
    let (header, sections) = read_file(&served.path, Verification::Everything)?;
    if header != *served.model.header() {
        bail!(
            "ModelRootMismatch: {} is not model {root} any more",
            served.path.display()
        );
    }
    let sections = Sections {
        scales: &sections.scales,
        tables: &sections.tables,
        weights: &sections.weights,
    };
    let model = DeviceModel::upload(&*gpu.device, &header, sections)?;
    let limits = limits(&header, slots);
    let decoder = Decoder::new(gpu.device.clone(), model, limits, Tuning::default())?;
    Ok(Box::new(decoder))
}
