//! Types and traits through which the AI Power Grid pallets meet.
//!
//! Pallets never depend on each other: a pallet asks for one of the [`traits`] in its `Config`, and
//! the runtime wires the pallet that owns the fact. [`api`] holds the runtime APIs by which clients
//! read, and the plain records they return; [`agenda`] says when to try again.
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod agenda;
pub mod api;
pub mod hash;
pub mod receipt;
pub mod traits;
pub mod types;

pub use hash::HostBlake2;
pub use receipt::*;
pub use traits::*;
pub use types::*;
