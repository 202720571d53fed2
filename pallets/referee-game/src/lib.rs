//! The state machine of disputes, as `docs/spec/useful-work.md` has it: what a [`Case`] is, and how a
//! [`Game`] between one challenge and one trace goes; and who is drawn to audit a result ([`is_drawn`]).
//!
//! Nothing here knows of storage, money or hashes. What is disputed is a [`Subject`]: the pallet's are
//! traces of `aipg-exact`, the search's (`tests/`) are a few small numbers. So what is searched is what
//! runs on chain.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod audit;
mod case;
mod game;

pub use audit::{is_drawn, DRAW_CONTEXT, DRAW_LABEL, DRAW_SEED};
pub use case::{Case, Standing, Windows};
pub use game::{
    play, Clocks, Game, GameOf, Move, Next, Refusal, Ruling, Side, Stage, StageOf, Subject,
};

/// A point in time: blocks in which the chain finalised.
pub type Tick = u32;
