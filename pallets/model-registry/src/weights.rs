//! Weights of the calls, counted by hand: reads and writes as the code makes them, and a base time
//! for decoding and hashing a header. Benchmarks replace them in a later issue.

use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::RocksDbWeight, Weight},
};

/// Weights of the calls of this pallet.
pub trait WeightInfo {
    fn register() -> Weight;
    fn set_price_floor() -> Weight;
    fn retire() -> Weight;
    fn list() -> Weight;
}

/// Largest encoded record with its key and proof nodes, in bytes.
const RECORD_PROOF: u64 = 4_096;
/// System account and holds of one account with their proof nodes, in bytes.
const ACCOUNT_PROOF: u64 = 8_192;

/// Time of a call besides the database, picoseconds.
const CALL: u64 = 20_000_000;
/// Decoding, validating and hashing a header in the WebAssembly runtime, picoseconds.
const HEADER: u64 = 30_000_000;

/// Weights with the database of the runtime.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
    // Reads: record, account, holds. Writes: the same.
    fn register() -> Weight {
        Weight::from_parts(
            CALL.saturating_add(HEADER),
            RECORD_PROOF.saturating_add(ACCOUNT_PROOF),
        )
        .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    // Reads: record. Writes: record.
    fn set_price_floor() -> Weight {
        Weight::from_parts(CALL, RECORD_PROOF).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
    // Reads: record, account, holds. Writes: the same.
    fn retire() -> Weight {
        Weight::from_parts(CALL, RECORD_PROOF.saturating_add(ACCOUNT_PROOF))
            .saturating_add(T::DbWeight::get().reads_writes(3, 3))
    }
    // Reads: record. Writes: record.
    fn list() -> Weight {
        Weight::from_parts(CALL, RECORD_PROOF).saturating_add(T::DbWeight::get().reads_writes(1, 1))
    }
}

/// For mocks: the same counts with the stock database weights.
impl WeightInfo for () {
    fn register() -> Weight {
        Weight::from_parts(
            CALL.saturating_add(HEADER),
            RECORD_PROOF.saturating_add(ACCOUNT_PROOF),
        )
        .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
    }
    fn set_price_floor() -> Weight {
        Weight::from_parts(CALL, RECORD_PROOF)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
    fn retire() -> Weight {
        Weight::from_parts(CALL, RECORD_PROOF.saturating_add(ACCOUNT_PROOF))
            .saturating_add(RocksDbWeight::get().reads_writes(3, 3))
    }
    fn list() -> Weight {
        Weight::from_parts(CALL, RECORD_PROOF)
            .saturating_add(RocksDbWeight::get().reads_writes(1, 1))
    }
}
