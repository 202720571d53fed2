//! The parameters as other pallets take them: windows in blocks, and `Get` types for `Config`s.

use crate::pallet::{Config, Pallet, Parameters};
use aipg_primitives::{Units, Windows};
use core::marker::PhantomData;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;

impl<T: Config> Windows<BlockNumberFor<T>> for Pallet<T> {
    fn claim() -> BlockNumberFor<T> {
        Parameters::<T>::get().claim_window.into()
    }

    fn run(units: Units) -> BlockNumberFor<T> {
        Parameters::<T>::get().run_blocks(units).into()
    }

    fn progress() -> BlockNumberFor<T> {
        Parameters::<T>::get().progress_window.into()
    }

    fn challenge() -> BlockNumberFor<T> {
        Parameters::<T>::get().challenge_window.into()
    }

    fn unbonding() -> BlockNumberFor<T> {
        Parameters::<T>::get().unbonding.into()
    }

    fn max_deadline() -> BlockNumberFor<T> {
        Parameters::<T>::get().max_deadline.into()
    }
}

/// Length of a slot in milliseconds: BABE's expected block time.
pub struct SlotDuration<T>(PhantomData<T>);

impl<T: Config> Get<u64> for SlotDuration<T> {
    fn get() -> u64 {
        Parameters::<T>::get().slot_duration_ms
    }
}

/// Least milliseconds between two timestamps: half a slot, at least 1. The timestamp pallet's
/// convention, by which BABE derives the slot as twice this; hence slots of an even length.
pub struct MinimumPeriod<T>(PhantomData<T>);

impl<T: Config> Get<u64> for MinimumPeriod<T> {
    fn get() -> u64 {
        (Parameters::<T>::get().slot_duration_ms >> 1).max(1)
    }
}

/// Slots of an epoch.
pub struct EpochDuration<T>(PhantomData<T>);

impl<T: Config> Get<u64> for EpochDuration<T> {
    fn get() -> u64 {
        Parameters::<T>::get().epoch_slots
    }
}

/// Sessions of an era.
pub struct EraSessions<T>(PhantomData<T>);

impl<T: Config> Get<u32> for EraSessions<T> {
    fn get() -> u32 {
        Parameters::<T>::get().era_sessions
    }
}

/// Block authors that there should be.
pub struct AuthorSeats<T>(PhantomData<T>);

impl<T: Config> Get<u32> for AuthorSeats<T> {
    fn get() -> u32 {
        Parameters::<T>::get().author_seats
    }
}

/// Block authors below which none gives up its seat.
pub struct LeastAuthors<T>(PhantomData<T>);

impl<T: Config> Get<u32> for LeastAuthors<T> {
    fn get() -> u32 {
        Parameters::<T>::get().least_authors
    }
}

/// Blocks of a round of useful work.
pub struct RoundBlocks<T>(PhantomData<T>);

impl<T: Config> Get<u32> for RoundBlocks<T> {
    fn get() -> u32 {
        Parameters::<T>::get().round_blocks
    }
}

/// Rounds after the close of a round in which its rewards can be claimed.
pub struct RewardExpiryRounds<T>(PhantomData<T>);

impl<T: Config> Get<u32> for RewardExpiryRounds<T> {
    fn get() -> u32 {
        Parameters::<T>::get().reward_expiry_rounds()
    }
}

/// Later blocks that make a beacon, at least.
pub struct BeaconBlocks<T>(PhantomData<T>);

impl<T: Config> Get<u32> for BeaconBlocks<T> {
    fn get() -> u32 {
        Parameters::<T>::get().beacon_blocks
    }
}

/// Distinct authors of the blocks that make a beacon, at least.
pub struct BeaconAuthors<T>(PhantomData<T>);

impl<T: Config> Get<u32> for BeaconAuthors<T> {
    fn get() -> u32 {
        Parameters::<T>::get().beacon_authors
    }
}

/// Later blocks that make the beacon of audits, at least.
pub struct AuditBeaconBlocks<T>(PhantomData<T>);

impl<T: Config> Get<u32> for AuditBeaconBlocks<T> {
    fn get() -> u32 {
        Parameters::<T>::get().audit_beacon_blocks
    }
}

/// Distinct authors of the blocks that make the beacon of audits, at least.
pub struct AuditBeaconAuthors<T>(PhantomData<T>);

impl<T: Config> Get<u32> for AuditBeaconAuthors<T> {
    fn get() -> u32 {
        Parameters::<T>::get().audit_beacon_authors
    }
}

/// Reference time of a block's weight in milliseconds.
pub struct MaxBlockRefTimeMs<T>(PhantomData<T>);

impl<T: Config> Get<u64> for MaxBlockRefTimeMs<T> {
    fn get() -> u64 {
        Parameters::<T>::get().max_block_ref_time_ms
    }
}

/// Whether Root may create and destroy tokens by decree.
pub struct RootIssuance<T>(PhantomData<T>);

impl<T: Config> Get<bool> for RootIssuance<T> {
    fn get() -> bool {
        Parameters::<T>::get().root_issuance
    }
}

/// Blocks between two windows in which power is measured, on average; 0 for none.
pub struct PowerInterval<T>(PhantomData<T>);

impl<T: Config> Get<u32> for PowerInterval<T> {
    fn get() -> u32 {
        Parameters::<T>::get().power_interval
    }
}

/// Blocks of such a window.
pub struct PowerWindow<T>(PhantomData<T>);

impl<T: Config> Get<BlockNumberFor<T>> for PowerWindow<T> {
    fn get() -> BlockNumberFor<T> {
        Parameters::<T>::get().power_window.into()
    }
}

/// Blocks in which machines that are drawn prove their power.
pub struct PowerProof<T>(PhantomData<T>);

impl<T: Config> Get<BlockNumberFor<T>> for PowerProof<T> {
    fn get() -> BlockNumberFor<T> {
        Parameters::<T>::get().power_proof.into()
    }
}

/// Blocks for which a machine that cannot has no power.
pub struct PowerBar<T>(PhantomData<T>);

impl<T: Config> Get<BlockNumberFor<T>> for PowerBar<T> {
    fn get() -> BlockNumberFor<T> {
        Parameters::<T>::get().power_bar.into()
    }
}

/// Blocks from the genesis in which the first work of a bond counts twice.
pub struct EarlyBlocks<T>(PhantomData<T>);

impl<T: Config> Get<BlockNumberFor<T>> for EarlyBlocks<T> {
    fn get() -> BlockNumberFor<T> {
        Parameters::<T>::get().early_blocks.into()
    }
}

/// Share of the budget of useful work that is for public jobs at first, in parts per million.
pub struct BootstrapShare<T>(PhantomData<T>);

impl<T: Config> Get<u32> for BootstrapShare<T> {
    fn get() -> u32 {
        Parameters::<T>::get().bootstrap_share
    }
}

/// Blocks after which it halves.
pub struct BootstrapHalving<T>(PhantomData<T>);

impl<T: Config> Get<BlockNumberFor<T>> for BootstrapHalving<T> {
    fn get() -> BlockNumberFor<T> {
        Parameters::<T>::get().bootstrap_halving.into()
    }
}

/// Rounds of a day.
pub struct RoundsADay<T>(PhantomData<T>);

impl<T: Config> Get<u32> for RoundsADay<T> {
    fn get() -> u32 {
        Parameters::<T>::get().rounds_a_day()
    }
}

/// Most that governance may let be minted for a job, in millionths of its credit.
pub struct ListedCeiling<T>(PhantomData<T>);

impl<T: Config> Get<u32> for ListedCeiling<T> {
    fn get() -> u32 {
        Parameters::<T>::get().listed_ceiling
    }
}

/// Machines that have to serve a listed model.
pub struct ListedMachines<T>(PhantomData<T>);

impl<T: Config> Get<u32> for ListedMachines<T> {
    fn get() -> u32 {
        Parameters::<T>::get().listed_machines
    }
}
