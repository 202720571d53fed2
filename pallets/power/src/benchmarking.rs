//! Benchmarks of the calls and of what the chain does by itself.
#![allow(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use crate::{
    attendance::Attendance,
    types::{Claim, Draw, Opening, Openings, Record, Row, Window, MAX_STEPS},
};
use aipg_exact::power::{self, commit_to, Chain};
use aipg_primitives::{Beacon, HostBlake2};
use alloc::vec::Vec;
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::BoundedVec;
use frame_system::{pallet_prelude::BlockNumberFor, Pallet as System, RawOrigin};
use sp_core::H256;

/// Sets up what benchmarks need of other pallets.
pub trait BenchmarkHelper<AccountId> {
    /// Gives an account a machine that is online and may be measured.
    fn bring_online(worker: &AccountId);
}

const SEED: H256 = H256::repeat_byte(1);
const ROOT: H256 = H256::repeat_byte(2);

/// A window in progress in which everybody still can commit.
fn open<T: Config>(number: u32) -> Window<BlockNumberFor<T>> {
    let now = System::<T>::block_number();
    let window = Window {
        number,
        seed: SEED,
        closes_at: now + 10u32.into(),
        proves_until: now + 20u32.into(),
    };
    Current::<T>::put(window);
    WindowCount::<T>::put(number + 1);
    window
}

fn drawn<T: Config>(window: u32, beacon: H256) {
    Draws::<T>::insert(Pallet::<T>::slot_of(window), Draw { window, beacon });
}

fn claiming<T: Config>(
    window: u32,
    steps: u32,
    root: H256,
    is_certain: bool,
) -> Record<BlockNumberFor<T>> {
    Record {
        attendance: Attendance::new(window),
        power: 1,
        proven: 1,
        claim: Some(Claim {
            steps,
            root,
            is_certain,
        }),
        barred_until: None,
    }
}

/// Gives a worker so much power, by a claim in the window in progress, which the beacon of that window decides
/// about: all that a draw of jobs can have to look up.
pub fn measured<T: Config>(worker: &T::AccountId, steps: u32) {
    if !Current::<T>::exists() {
        drawn::<T>(0, SEED);
        open::<T>(0);
    }
    let record = Record {
        power: steps,
        ..claiming::<T>(0, steps, ROOT, false)
    };
    Records::<T>::insert(worker, record);
}

fn row(row: power::Row) -> Row {
    Row {
        bytes: BoundedVec::truncate_from(row.bytes),
        path: BoundedVec::truncate_from(row.path),
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    /// What the worker claimed before counts.
    #[benchmark]
    fn commit() {
        let caller: T::AccountId = whitelisted_caller();
        T::BenchmarkHelper::bring_online(&caller);
        let record = claiming::<T>(0, 7, ROOT, false);
        let claim = record.claim.unwrap();
        let mut beacons = (0..255).map(H256::repeat_byte);
        let misses = |beacon: &H256| !Pallet::<T>::is_drawn(beacon, 0, &caller, &claim);
        drawn::<T>(0, beacons.find(misses).unwrap());
        Records::<T>::insert(&caller, record);
        super::open::<T>(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), 1, MAX_STEPS, ROOT);

        let record = Records::<T>::get(caller).unwrap();
        assert_eq!((record.power, record.attendance.last), (7, 1));
    }

    /// The longest chain.
    #[benchmark]
    fn prove() {
        let caller: T::AccountId = whitelisted_caller();
        T::BenchmarkHelper::bring_online(&caller);
        super::open::<T>(0);
        drawn::<T>(0, SEED);
        let mut record = claiming::<T>(0, MAX_STEPS, ROOT, true);
        let claim = record.claim.unwrap();
        let samples = Pallet::<T>::drawn_samples(&SEED, 0, &caller, &claim).unwrap();
        let chain = Chain::new::<HostBlake2>(SEED.as_fixed_bytes(), &caller.encode());
        let (commitment, openings) = commit_to::<HostBlake2>(&chain, MAX_STEPS, &samples);
        record.claim = Some(Claim {
            root: commitment.root.into(),
            ..claim
        });
        Records::<T>::insert(&caller, record);
        let openings: Vec<Opening> = openings
            .into_iter()
            .map(|opening| Opening {
                before: opening.before.map(row),
                after: row(opening.after),
            })
            .collect();
        let openings: Openings = BoundedVec::truncate_from(openings);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller.clone()), 0, openings);

        assert_eq!(Records::<T>::get(caller).unwrap().power, MAX_STEPS);
    }

    /// The worker could not prove what it claimed.
    #[benchmark]
    fn settle() {
        let caller: T::AccountId = whitelisted_caller();
        let worker: T::AccountId = account("worker", 0, 0);
        T::BenchmarkHelper::bring_online(&worker);
        Records::<T>::insert(&worker, claiming::<T>(0, 7, ROOT, true));
        drawn::<T>(0, SEED);
        super::open::<T>(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), worker.clone());

        assert!(Records::<T>::get(worker).unwrap().barred_until.is_some());
    }

    /// A block of a window that awaits nothing.
    #[benchmark]
    fn wait() {
        super::open::<T>(0);
        let now = System::<T>::block_number();

        #[block]
        {
            Pallet::<T>::run(now);
        }

        assert!(Current::<T>::exists());
    }

    /// A block in which the beacon that draws is awaited and not there.
    #[benchmark]
    fn poll() {
        let window = super::open::<T>(0);
        let now = window.closes_at + T::Beacon::delay();
        Current::<T>::put(Window {
            proves_until: now + 1u32.into(),
            ..window
        });

        #[block]
        {
            Pallet::<T>::run(now);
        }

        assert!(Current::<T>::exists());
        assert_eq!(Pallet::<T>::beacon_of(0), None);
    }

    #[benchmark]
    fn open() {
        #[block]
        {
            Pallet::<T>::open(SEED);
        }

        assert!(Current::<T>::exists());
    }

    #[benchmark]
    fn draw() {
        let window = super::open::<T>(0);

        #[block]
        {
            Pallet::<T>::draw(window, SEED);
        }

        assert_eq!(Pallet::<T>::beacon_of(0), Some(SEED));
    }

    #[benchmark]
    fn end() {
        let window = super::open::<T>(0);

        #[block]
        {
            Pallet::<T>::end(window);
        }

        assert!(!Current::<T>::exists());
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::fresh(), crate::mock::Test);
}
