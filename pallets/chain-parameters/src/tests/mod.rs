//! Tests, one file per behaviour.

mod genesis;
mod getters;
mod presets;
mod validation;
