//! The dense index of machines that are online, per model and class of capacity.
//!
//! A draw picks positions, so the machines of a model's class stand at 0 .. count without gaps: who leaves is
//! replaced by the last one. Entering and leaving take a constant number of reads and writes.

use crate::{
    capacity::class_of, ClassCount, Classes, Config, Event, Offers, Pallet, Place, Positions,
    Serving, WorkerOf, WorkerState, Workers,
};
use aipg_primitives::{MeasuredMachines, ModelId};

impl<T: Config> Pallet<T> {
    /// Changes how many machines of a class serve a model, and returns how many did.
    fn count(model: &ModelId, class: u8, change: impl FnOnce(u32) -> u32) -> u32 {
        let mut classes = Classes::<T>::get(model);
        let known = classes.binary_search_by_key(&class, |it| it.class);
        let before = known
            .ok()
            .and_then(|at| classes.get(at))
            .map_or(0, |it| it.count);
        let count = change(before);
        match known {
            Ok(at) if count == 0 => {
                classes.remove(at);
            }
            Ok(at) => {
                if let Some(it) = classes.get_mut(at) {
                    it.count = count;
                }
            }
            // There are fewer classes than the list can hold, and each is in it once.
            Err(at) => {
                let _ = classes.try_insert(at, ClassCount { class, count });
            }
        }
        if classes.is_empty() {
            Classes::<T>::remove(model);
        } else {
            Classes::<T>::insert(model, classes);
        }
        before
    }

    /// Puts a machine of `power` at the end of its class in a model's index. Does nothing if it is in the index.
    pub(crate) fn enter(model: &ModelId, worker: &T::AccountId, power: u32) {
        if Positions::<T>::contains_key(worker, model) {
            return;
        }
        let class = class_of(power);
        let index = Self::count(model, class, |count| count.saturating_add(1));
        let place = Place { class, index };
        Serving::<T>::insert(model, place, worker);
        Positions::<T>::insert(worker, model, place);
    }

    /// Takes a machine out of a model's index; the last machine of its class moves to its place. Does nothing if
    /// it is not there.
    pub(crate) fn leave(model: &ModelId, worker: &T::AccountId) {
        let Some(place) = Positions::<T>::take(worker, model) else {
            return;
        };
        let before = Self::count(model, place.class, |count| count.saturating_sub(1));
        let last = Place {
            index: before.saturating_sub(1),
            ..place
        };
        if let Some(moved) = Serving::<T>::take(model, last).filter(|_| last != place) {
            Positions::<T>::insert(&moved, model, place);
            Serving::<T>::insert(model, place, moved);
        }
    }

    /// Takes an online machine out of every index and says so in an event. Returns whether it was
    /// online; the caller stores the record.
    pub(crate) fn take_offline(worker: &T::AccountId, record: &mut WorkerOf<T>) -> bool {
        if record.state != WorkerState::Online {
            return false;
        }
        for offer in &Offers::<T>::get(worker) {
            Self::leave(&offer.model, worker);
        }
        record.state = WorkerState::Offline;
        Self::deposit_event(Event::WentOffline {
            worker: worker.clone(),
        });
        true
    }
}

impl<T: Config> MeasuredMachines<T::AccountId> for Pallet<T> {
    fn is_online(worker: &T::AccountId) -> bool {
        Workers::<T>::get(worker).is_some_and(|record| record.state == WorkerState::Online)
    }

    fn measured(worker: &T::AccountId, steps: u32) {
        Workers::<T>::mutate_extant(worker, |record| {
            let moves = class_of(record.power) != class_of(steps);
            record.power = steps;
            if moves && record.state == WorkerState::Online {
                for offer in &Offers::<T>::get(worker) {
                    Self::leave(&offer.model, worker);
                    Self::enter(&offer.model, worker, steps);
                }
            }
        });
    }

    fn failed(worker: &T::AccountId) {
        Workers::<T>::mutate_extant(worker, |record| {
            record.challenges_failed = record.challenges_failed.saturating_add(1);
        });
    }
}
