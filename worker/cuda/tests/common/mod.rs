//! The devices of the tests: the processor in several orders, and the GPUs of the machine.
#![allow(dead_code, reason = "no test file uses all of it")]

pub mod numbers;
pub mod runs;

pub use aipg_cuda::testing::models;

use aipg_cuda::{
    device::Device,
    driver::{discover, Gpu},
    operations::Tuning,
    testing::Host,
};
use std::sync::{Arc, OnceLock};

/// Orders in which threads and blocks run: forward, backward, shuffled.
pub const ORDERS: [u64; 3] = [0, 1, 77];

/// The processor in all orders, and then a GPU if there is one; else a line that says why not.
pub fn devices() -> Vec<Arc<dyn Device>> {
    // A GPU is opened once: its kernels take seconds to compile.
    static DEVICES: OnceLock<Vec<Arc<dyn Device>>> = OnceLock::new();
    let open = || {
        let mut devices: Vec<Arc<dyn Device>> = Vec::new();
        for order in ORDERS {
            devices.push(Arc::new(Host { order }));
        }
        match discover() {
            Ok(found) => {
                for found in found {
                    eprintln!("testing on {found}");
                    devices.push(Arc::new(Gpu::open(&found).unwrap()));
                }
            }
            Err(absence) => eprintln!("skipped on GPUs: {absence}"),
        }
        devices
    };
    DEVICES.get_or_init(open).clone()
}

/// Ways to cut work into blocks, the usual one first.
pub fn tunings() -> Vec<Tuning> {
    let tuning = |row_threads, head_threads, keys, product_threads| Tuning {
        row_threads,
        head_threads,
        keys,
        product_threads,
        product: None,
    };
    vec![
        Tuning::default(),
        tuning(32, 32, 32, 32),
        tuning(96, 128, 64, 256),
    ]
}
