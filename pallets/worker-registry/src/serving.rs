//! The dense index of machines that are online, per model.
//!
//! A draw picks positions, so the machines of a model stand at 0 .. count without gaps: who leaves is
//! replaced by the last one. Entering and leaving take a constant number of reads and writes.

use crate::{
    Config, Event, Offers, Pallet, Positions, Serving, ServingCount, WorkerOf, WorkerState,
};
use aipg_primitives::ModelId;

impl<T: Config> Pallet<T> {
    /// Puts a machine at the end of a model's index. Does nothing if it is there.
    pub(crate) fn enter(model: &ModelId, worker: &T::AccountId) {
        if Positions::<T>::contains_key(worker, model) {
            return;
        }
        let position = ServingCount::<T>::get(model);
        Serving::<T>::insert(model, position, worker);
        Positions::<T>::insert(worker, model, position);
        ServingCount::<T>::insert(model, position.saturating_add(1));
    }

    /// Takes a machine out of a model's index; the last machine moves to its place. Does nothing if
    /// it is not there.
    pub(crate) fn leave(model: &ModelId, worker: &T::AccountId) {
        let Some(position) = Positions::<T>::take(worker, model) else {
            return;
        };
        let last = ServingCount::<T>::get(model).saturating_sub(1);
        if let Some(moved) = Serving::<T>::take(model, last).filter(|_| last != position) {
            Positions::<T>::insert(&moved, model, position);
            Serving::<T>::insert(model, position, moved);
        }
        if last == 0 {
            ServingCount::<T>::remove(model);
        } else {
            ServingCount::<T>::insert(model, last);
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
