//! One file per behaviour; `players` is what they share.

mod answers;
mod challenges;
mod clocks;
mod commitments;
mod demands;
mod fuse;
mod games;
mod padding;
mod players;
mod properties;
mod rewards;
mod ties;
mod traces;
