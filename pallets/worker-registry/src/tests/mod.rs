//! One file per behaviour.

mod bond;
mod capacity;
mod conviction;
mod draw;
mod draw_statistics;
mod exposure;
mod level;
mod misuse;
mod needs_power;
mod offers;
mod online;
mod outcomes;
mod pace;
mod random_operations;
mod register;
mod reinstate;
mod retirement;
mod score;
mod state_checks;
mod uptime;
mod view;

use crate::{mock::*, Classes, Error, Event, Place, Worker, Workers, NEWCOMER_PACE};
use aipg_primitives::{Balance, DrawRequest, Fault, ModelId, Region, WorkerDirectory, AIPG};
use frame_support::{assert_noop, assert_ok, assert_storage_noop, traits::fungible::Inspect};
use sp_runtime::{DispatchError, Permill};

/// The part of its time that a job took, where that does not matter: the pace of a newcomer stays what it is.
const TOOK: Option<Permill> = Some(NEWCOMER_PACE);

/// Registers a machine with the minimum bond and one slot.
fn register(who: AccountId) {
    register_with(who, MINIMUM_BOND, 1);
}

fn register_with(who: AccountId, bond: Balance, capacity: u32) {
    assert_ok!(WorkerRegistry::register(
        signed(who),
        bond,
        capacity,
        Region::Europe
    ));
}

/// Offers model 1 at `ask` and goes online.
fn serve(who: AccountId, ask: Balance) {
    assert_ok!(WorkerRegistry::set_offer(signed(who), model(1), ask));
    assert_ok!(WorkerRegistry::go_online(signed(who)));
}

/// A machine online for model 1 at the floor, with this bond and capacity.
fn online_with(who: AccountId, bond: Balance, capacity: u32) {
    register_with(who, bond, capacity);
    serve(who, FLOOR);
}

/// How many machines are online for a model.
fn serving(model: ModelId) -> u32 {
    Classes::<Test>::get(model).iter().map(|it| it.count).sum()
}

/// A place among the machines that were not measured.
fn at(index: u32) -> Place {
    Place { class: 1, index }
}

fn record(who: AccountId) -> Worker<BlockNumber> {
    Workers::<Test>::get(who).unwrap()
}

fn draw(request: &DrawRequest) -> Option<(AccountId, Balance)> {
    WorkerRegistry::draw(request, &[])
        .ok()
        .map(|drawn| (drawn.worker, drawn.ask))
}

/// Draws `jobs` jobs, which the only machine online must get.
fn give_jobs(who: AccountId, jobs: u64) {
    for seed in 0..jobs {
        assert_eq!(draw(&request(seed)).map(|(worker, _)| worker), Some(who));
    }
}
