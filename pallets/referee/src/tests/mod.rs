//! One file per behaviour; `players` is what they share.

mod answers;
mod challenges;
mod clocks;
mod commitments;
mod demands;
mod fuse;
mod games;
mod padding;
mod pictures;
mod players;
mod properties;
mod rewards;
mod ties;
mod traces;
