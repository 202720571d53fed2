//! Exact inference on NVIDIA GPUs, and what it takes to trust it on a machine without one.
//!
//! The kernels (`kernels/`) are one program of integers in the common part of CUDA and C++. Where there is a
//! GPU it is compiled for it at run time ([`driver`]); the tests compile the same text for the processor,
//! with threads, barriers and shuffles of their own, and compare every operation and whole models with
//! `aipg-exact` and `aipg-engine`, bit for bit. `docs/gpu.md` has the argument and the state of it.
//!
//! - [`device`]: what a device has to do
//! - [`buffer`]: its memory as numbers
//! - [`source`]: the program
//! - [`operations`]: each operation of the forward pass as launches
//! - [`model`], [`decoder`]: a model and sequences on a device
//! - [`memory`]: how much of a device that takes
//! - [`jobs`]: generation and replay on any [`decoder::ForwardPass`]
//! - [`service`]: a thread that runs what waits for a device
//! - [`driver`]: NVIDIA GPUs

pub mod buffer;
pub mod decoder;
pub mod device;
pub mod driver;
pub mod jobs;
pub mod memory;
pub mod model;
pub mod operations;
pub mod service;
pub mod source;
#[cfg(feature = "testing")]
pub mod testing;
