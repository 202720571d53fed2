//! Benchmarks of the calls, and of what other pallets have this one do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use aipg_primitives::{
    Balance, Conviction, DrawRequest, Fault, ModelCatalogue, ModelId, Region, ServiceLevel,
    WorkerDirectory,
};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate},
    EnsureOrigin, Get,
};
use frame_system::{pallet_prelude::BlockNumberFor, RawOrigin};
use sp_core::H256;
use sp_runtime::{traits::Zero, Permill};

/// What the benchmarks need of the runtime around this pallet.
pub trait BenchmarkHelper<AccountId> {
    /// An active model; different ones for different indices below `MaxOffers`.
    fn model(index: u32) -> ModelId;
    /// Gives a machine so much verified power, of a claim that is as dear as it can be to look up.
    fn measured(worker: &AccountId, steps: u32);
}

/// Verified power of candidates, in steps: the most there can be.
const POWER: u32 = 1 << 20;

fn origin<T: Config>(who: &T::AccountId) -> T::RuntimeOrigin {
    RawOrigin::Signed(who.clone()).into()
}

/// The price floor of a model, at which machines of benchmarks offer it.
fn floor_of<T: Config>(model: &ModelId) -> Balance {
    T::Models::terms(model)
        .expect("the model is active")
        .price_floor
}

/// Gives an account what registration and bond take, and as much again.
fn endow<T: Config>(who: &T::AccountId) {
    let needed = T::RegistrationFee::get() + T::MinimumBond::get() + T::Currency::minimum_balance();
    T::Currency::mint_into(who, needed * 2).unwrap();
}

/// A registered machine of full capacity, offline and without offers. The treasury can receive.
pub fn registered<T: Config>(worker: &T::AccountId) {
    T::Currency::mint_into(&T::Treasury::get(), T::Currency::minimum_balance()).unwrap();
    endow::<T>(worker);
    Pallet::<T>::register(
        origin::<T>(worker),
        T::MinimumBond::get(),
        T::MaxCapacity::get(),
        Region::Europe,
    )
    .unwrap();
}

/// A registered machine that offers the first `offers` models at their floors, offline.
fn offering<T: Config>(worker: &T::AccountId, offers: u32) {
    registered::<T>(worker);
    for index in 0..offers {
        let model = T::BenchmarkHelper::model(index);
        Pallet::<T>::set_offer(origin::<T>(worker), model, floor_of::<T>(&model)).unwrap();
    }
}

/// A machine that is online for the first `offers` models.
pub fn online<T: Config>(worker: &T::AccountId, offers: u32) {
    offering::<T>(worker, offers);
    Pallet::<T>::go_online(origin::<T>(worker)).unwrap();
}

/// A machine that is dearest to let down: online for `offers` models, in each of which another one
/// must move when it leaves, with a job, and suspended by its next failure.
pub fn unreliable<T: Config>(worker: &T::AccountId, offers: u32) {
    online::<T>(worker, offers);
    let last = (0..)
        .map(|index| account("last", index, 0))
        .find(|last| !Workers::<T>::contains_key(last))
        .expect("there are more numbers than machines");
    online::<T>(&last, offers);
    Workers::<T>::mutate_extant(worker, |record| {
        record.active = 1;
        record.failed = SUSPENSION_JOBS;
    });
}

/// `count` machines that every request for the first model fits, each with as many offers as it can
/// have.
pub fn candidates<T: Config>(count: u32) -> ModelId {
    candidates_of::<T>(0, count)
}

/// The same, other machines for each `model`, of which that one is drawn for. All have measured power, so that their
/// classes are to be found.
pub fn candidates_of<T: Config>(model: u32, count: u32) -> ModelId {
    let root = T::BenchmarkHelper::model(model);
    for index in 0..count {
        let worker = account("candidate", index, model);
        if Workers::<T>::contains_key(&worker) {
            continue;
        }
        offering::<T>(&worker, T::MaxOffers::get());
        Workers::<T>::mutate_extant(&worker, |record| {
            record.power = POWER;
            record.state = WorkerState::Online;
        });
        T::BenchmarkHelper::measured(&worker, POWER);
        // In the index of this model alone: the others have candidates of their own.
        Pallet::<T>::enter(&root, &worker, POWER);
    }
    root
}

fn state_of<T: Config>(worker: &T::AccountId) -> Option<WorkerState<BlockNumberFor<T>>> {
    Workers::<T>::get(worker).map(|record| record.state)
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() {
        let worker: T::AccountId = whitelisted_caller();
        endow::<T>(&worker);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(worker.clone()),
            T::MinimumBond::get(),
            T::MaxCapacity::get(),
            Region::Europe,
        );

        assert!(Workers::<T>::contains_key(&worker));
    }

    /// The last offer that a machine can have, while it is online.
    #[benchmark]
    fn set_offer() {
        let worker: T::AccountId = whitelisted_caller();
        let others = T::MaxOffers::get() - 1;
        online::<T>(&worker, others);
        let model = T::BenchmarkHelper::model(others);
        let ask = floor_of::<T>(&model);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()), model, ask);

        assert_eq!(Offers::<T>::get(&worker).len() as u32, T::MaxOffers::get());
        assert!(Positions::<T>::contains_key(&worker, model));
    }

    /// The only offer of a machine that is online: the machine goes offline, and another one takes
    /// its place in the index.
    #[benchmark]
    fn remove_offer() {
        let worker: T::AccountId = whitelisted_caller();
        online::<T>(&worker, 1);
        online::<T>(&account("last", 0, 0), 1);
        let model = T::BenchmarkHelper::model(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()), model);

        assert!(state_of::<T>(&worker) == Some(WorkerState::Offline));
    }

    #[benchmark]
    fn go_online(o: Linear<1, { T::MaxOffers::get() }>) {
        let worker: T::AccountId = whitelisted_caller();
        offering::<T>(&worker, o);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()));

        assert!(state_of::<T>(&worker) == Some(WorkerState::Online));
    }

    /// In every index another machine takes the place.
    #[benchmark]
    fn go_offline(o: Linear<1, { T::MaxOffers::get() }>) {
        let worker: T::AccountId = whitelisted_caller();
        online::<T>(&worker, o);
        online::<T>(&account("last", 0, 0), o);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()));

        assert!(state_of::<T>(&worker) == Some(WorkerState::Offline));
    }

    #[benchmark]
    fn bond_more() {
        let worker: T::AccountId = whitelisted_caller();
        registered::<T>(&worker);
        let amount = T::MinimumBond::get();
        let bond = Pallet::<T>::bond_of(&worker);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()), amount);

        assert_eq!(Pallet::<T>::bond_of(&worker), bond + amount);
    }

    #[benchmark]
    fn retire() {
        let worker: T::AccountId = whitelisted_caller();
        registered::<T>(&worker);

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()));

        assert!(matches!(
            state_of::<T>(&worker),
            Some(WorkerState::Retired { .. })
        ));
    }

    #[benchmark]
    fn withdraw() {
        let worker: T::AccountId = whitelisted_caller();
        offering::<T>(&worker, T::MaxOffers::get());
        Workers::<T>::mutate_extant(&worker, |record| {
            record.state = WorkerState::Retired {
                unbonds_at: Zero::zero(),
            };
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(worker.clone()));

        assert!(!Workers::<T>::contains_key(&worker));
    }

    #[benchmark]
    fn reinstate() -> Result<(), BenchmarkError> {
        let worker: T::AccountId = account("worker", 0, 0);
        registered::<T>(&worker);
        Workers::<T>::mutate_extant(&worker, |record| record.suspended = true);
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, worker.clone());

        assert_eq!(
            Workers::<T>::get(&worker).map(|record| record.suspended),
            Some(false)
        );
        Ok(())
    }

    /// The machine leaves as many indices as there can be, with the longest reason.
    #[benchmark]
    fn convict_misuse() -> Result<(), BenchmarkError> {
        let worker: T::AccountId = account("worker", 0, 0);
        unreliable::<T>(&worker, T::MaxOffers::get());
        let bond = Pallet::<T>::bond_of(&worker);
        let reason = Reason::truncate_from(alloc::vec![b'a'; MAX_REASON as usize]);
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, worker.clone(), reason);

        assert!(Pallet::<T>::bond_of(&worker) < bond);
        assert!(state_of::<T>(&worker) == Some(WorkerState::Offline));
        assert!(Pallet::<T>::is_banned(&worker));
        Ok(())
    }

    #[benchmark]
    fn grant_level_four() -> Result<(), BenchmarkError> {
        let worker: T::AccountId = account("worker", 0, 0);
        registered::<T>(&worker);
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;
        let agreement = H256::repeat_byte(1);

        #[extrinsic_call]
        _(
            origin as T::RuntimeOrigin,
            worker.clone(),
            agreement,
            T::LevelThreeBond::get(),
        );

        assert!(Workers::<T>::get(&worker).is_some_and(|record| record.agreement.is_some()));
        Ok(())
    }

    #[benchmark]
    fn revoke_level_four() -> Result<(), BenchmarkError> {
        let worker: T::AccountId = account("worker", 0, 0);
        registered::<T>(&worker);
        Workers::<T>::mutate_extant(&worker, |record| {
            record.agreement = Some(Agreement {
                hash: H256::repeat_byte(1),
                insurance: T::LevelThreeBond::get(),
            });
        });
        let origin = T::GovernanceOrigin::try_successful_origin()
            .map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, worker.clone());

        assert!(Workers::<T>::get(&worker).is_some_and(|record| record.agreement.is_none()));
        Ok(())
    }

    /// Every one of `c` candidates fits.
    #[benchmark]
    fn draw(c: Linear<1, { T::Candidates::get() }>) {
        let model = candidates::<T>(c);
        let request = DrawRequest {
            model,
            units: 100,
            max_price: floor_of::<T>(&model) * 100,
            mint_ceiling: 0,
            service: ServiceLevel {
                region: Some(Region::Europe),
                min_level: 1,
            },
            needs_power: false,
            seed: ModelId::repeat_byte(7),
        };
        let drawn;

        #[block]
        {
            drawn = Pallet::<T>::draw(&request, &[]);
        }

        assert!(drawn.is_ok());
    }

    #[benchmark]
    fn completed() {
        let worker: T::AccountId = account("worker", 0, 0);
        registered::<T>(&worker);

        #[block]
        {
            Pallet::<T>::completed(&worker, 0, 0, Some(Permill::from_percent(10)));
        }

        assert_eq!(
            Workers::<T>::get(&worker).map(|record| record.completed),
            Some(1)
        );
    }

    /// The machine is penalised, suspended, and leaves `o` indices.
    #[benchmark]
    fn failed(o: Linear<1, { T::MaxOffers::get() }>) {
        let worker: T::AccountId = account("worker", 0, 0);
        unreliable::<T>(&worker, o);

        #[block]
        {
            Pallet::<T>::failed(&worker, 0, Fault::ResultMissed);
        }

        assert!(state_of::<T>(&worker) == Some(WorkerState::Offline));
        assert!(Pallet::<T>::bond_of(&worker) < T::MinimumBond::get());
    }

    /// The machine leaves as many indices as there can be, and the reward opens an account.
    #[benchmark]
    fn convict() {
        let worker: T::AccountId = account("worker", 0, 0);
        let reward: T::AccountId = account("reward", 0, 0);
        unreliable::<T>(&worker, T::MaxOffers::get());
        let bond = Pallet::<T>::bond_of(&worker);
        let moved;

        #[block]
        {
            moved = Pallet::<T>::convict(&worker, &reward).unwrap();
        }

        assert!(moved > 0 && T::Currency::balance(&reward) == moved);
        assert!(Pallet::<T>::bond_of(&worker) < bond);
        assert!(state_of::<T>(&worker) == Some(WorkerState::Offline));
        assert!(Pallet::<T>::is_banned(&worker));
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::test_externalities(), crate::mock::Test);
}
