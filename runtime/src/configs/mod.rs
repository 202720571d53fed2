//! How each pallet is configured, by subject.

pub mod consensus;
pub mod money;
pub mod system;
pub mod work;
