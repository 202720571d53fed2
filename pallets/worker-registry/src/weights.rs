//! Weights of the calls, counted by hand: reads and writes as the code makes them, and a base time.
//! Benchmarks replace them in a later issue.
//!
//! Counted as one read or write each: record of a machine, its offers, terms of a model, account,
//! holds, treasury account. Entering or leaving the index of a model: 3 reads and 5 writes at most.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, RuntimeDbWeight, Weight},
};

/// Weights of the calls of this pallet.
pub trait WeightInfo {
    fn register() -> Weight;
    fn set_offer() -> Weight;
    /// When it was the only offer or one of many: at most one index is left in both cases.
    fn remove_offer() -> Weight;
    /// `offers`: how many models the machine serves at most.
    fn go_online(offers: u32) -> Weight;
    /// `offers`: how many models the machine serves at most.
    fn go_offline(offers: u32) -> Weight;
    fn bond_more() -> Weight;
    fn retire() -> Weight;
    fn withdraw() -> Weight;
    fn reinstate() -> Weight;
}

/// Time of a call besides the database, picoseconds.
const CALL: u64 = 20_000_000;
/// Time of entering or leaving one index besides the database, picoseconds.
const INDEX: u64 = 5_000_000;
/// Largest entry that is read, with its key and its proof nodes, in bytes.
const ENTRY_PROOF: u64 = 4_096;
/// Reads of entering or leaving an index.
const INDEX_READS: u64 = 3;
/// Writes of entering or leaving an index.
const INDEX_WRITES: u64 = 5;

fn weight(database: RuntimeDbWeight, reads: u64, writes: u64, indices: u32) -> Weight {
    let indices = u64::from(indices);
    let reads = reads.saturating_add(indices.saturating_mul(INDEX_READS));
    let writes = writes.saturating_add(indices.saturating_mul(INDEX_WRITES));
    let time = CALL.saturating_add(indices.saturating_mul(INDEX));
    Weight::from_parts(time, reads.saturating_mul(ENTRY_PROOF))
        .saturating_add(database.reads_writes(reads, writes))
}

/// Counts of every call: reads, writes, indices entered or left.
macro_rules! weights {
    ($target:ty, [$($generics:tt)*], $database:expr) => {
        impl<$($generics)*> WeightInfo for $target {
            // Record, account, holds, treasury; the same.
            fn register() -> Weight { weight($database, 4, 4, 0) }
            // Record, terms, offers; offers and one index.
            fn set_offer() -> Weight { weight($database, 3, 1, 1) }
            // Record, offers (twice); record, offers and one index.
            fn remove_offer() -> Weight { weight($database, 3, 2, 1) }
            // Record, holds, offers; record and an index for each offer.
            fn go_online(offers: u32) -> Weight { weight($database, 3, 1, offers) }
            // Record, offers; record and an index for each offer.
            fn go_offline(offers: u32) -> Weight { weight($database, 2, 1, offers) }
            // Record, account, holds; account, holds.
            fn bond_more() -> Weight { weight($database, 3, 2, 0) }
            // Record, window; record.
            fn retire() -> Weight { weight($database, 2, 1, 0) }
            // Record, account, holds; record, offers, account, holds.
            fn withdraw() -> Weight { weight($database, 3, 4, 0) }
            // Record; record.
            fn reinstate() -> Weight { weight($database, 1, 1, 0) }
        }
    };
}

/// Weights with the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

weights!(SubstrateWeight<T>, [T: frame_system::Config], T::DbWeight::get());

// For mocks: the same counts with the stock database weights.
weights!((), [], RocksDbWeight::get());
