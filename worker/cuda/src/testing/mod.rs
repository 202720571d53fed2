//! What tests share: the processor as a device, devices that fail, and models with any bytes.
//!
//! The kernels are compiled by `clang++` (`CXX` names another compiler) once in a process.

mod faulty;
mod host;
pub mod models;

pub use faulty::{Fault, Faulty};
pub use host::Host;
