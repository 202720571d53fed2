//! What a decoder is said to need of a device, and what it allocates.

mod common;

use aipg_cuda::{
    decoder::{Decoder, Limits},
    device::{Device, DeviceError, Launch, Memory},
    memory::Needs,
    model::DeviceModel,
    operations::Tuning,
};
use aipg_exact::trace::Sections;
use common::models;
use std::sync::{
    atomic::{AtomicU64, Ordering},
    Arc,
};

/// A device that only counts.
#[derive(Debug, Default)]
struct Tally(AtomicU64);

/// Memory that is not there.
#[derive(Debug)]
struct Nothing;

impl Memory for Nothing {
    fn address(&self) -> u64 {
        0
    }

    fn write(&mut self, _: usize, _: &[u8]) -> Result<(), DeviceError> {
        Ok(())
    }

    fn read(&self, _: usize, _: &mut [u8]) -> Result<(), DeviceError> {
        Ok(())
    }
}

impl Device for Tally {
    fn describe(&self) -> String {
        "a tally".into()
    }

    fn allocate(&self, bytes: usize) -> Result<Box<dyn Memory>, DeviceError> {
        self.0.fetch_add(bytes as u64, Ordering::SeqCst);
        Ok(Box::new(Nothing))
    }

    fn launch(&self, _: &Launch) -> Result<(), DeviceError> {
        Ok(())
    }
}

#[test]
fn needs_should_be_what_is_allocated() {
    let limits = [
        Limits::of(1, 1 << 20),
        Limits::of(3, 40),
        Limits {
            slots: 4,
            positions: 64,
            rows: 23,
            logit_rows: 3,
            scores: 200,
        },
    ];
    for model in models::models() {
        let sections = Sections {
            scales: &model.scales,
            tables: &model.tables,
            weights: &model.weights,
        };
        for limits in limits {
            let tally = Arc::new(Tally::default());
            let uploaded = DeviceModel::upload(&*tally, &model.header, sections).unwrap();
            let decoder = Decoder::new(tally.clone(), uploaded, limits, Tuning::default());
            decoder.unwrap();
            let needs = Needs::of(&model.header, &limits);
            let counted = needs.with(limits.slots as u64);
            let allocated = tally.0.load(Ordering::SeqCst);
            assert_eq!(counted, allocated, "{limits:?} {:?}", model.header);
        }
    }
}

#[test]
fn needs_should_never_overflow() {
    let needs = Needs {
        fixed: u64::MAX - 1,
        slot: 3,
    };
    assert_eq!(needs.with(5), u64::MAX);
}
