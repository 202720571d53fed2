//! What the chain does for one machine costs the same however many machines there are.

use super::*;
use aipg_primitives::{
    DrawRequest, MeasuredMachines, ModelId, OnSettled, Region, ServiceLevel, SettledJob,
    TrustClass, WorkerDirectory,
};
use codec::Encode;
use frame_support::{
    assert_ok,
    traits::{fungible::Mutate, OnFinalize},
};
use std::time::Instant;

/// Units of the jobs that machines are drawn for and were paid for.
const UNITS: u64 = 100;

fn machine(number: u32) -> AccountId {
    sp_io::hashing::blake2_256(&number.to_le_bytes()).into()
}

fn model() -> ModelId {
    pallet_model_registry::Models::<Runtime>::iter_keys()
        .next()
        .expect("dev has a model")
}

/// A state in which so many machines of different power are online and have credit in the first round, inside the last
/// block of that round, with a window open.
fn crowd(machines: u32) -> sp_io::TestExternalities {
    let mut state = preset_state(DEV_RUNTIME_PRESET);
    state.execute_with(|| {
        run_to(9);
        let model = model();
        let floor = pallet_model_registry::Models::<Runtime>::get(model)
            .expect("it is there")
            .price_floor;
        for number in 0..machines {
            let who = machine(number);
            let origin = || RuntimeOrigin::signed(who.clone());
            assert_ok!(Balances::mint_into(&who, 400 * AIPG));
            assert_ok!(WorkerRegistry::register(
                origin(),
                200 * AIPG,
                16,
                Region::Europe
            ));
            assert_ok!(WorkerRegistry::set_offer(origin(), model, floor));
            assert_ok!(WorkerRegistry::go_online(origin()));
            let power = 1 + number % 1_000;
            WorkerRegistry::measured(&who, power);
            pallet_power::Records::<Runtime>::insert(
                &who,
                pallet_power::types::Record {
                    attendance: pallet_power::attendance::Attendance::new(0),
                    power,
                    proven: power,
                    claim: None,
                    barred_until: None,
                },
            );
            UsefulWork::on_settled(&SettledJob {
                job: number.into(),
                worker: who,
                requester: account(Sr25519Keyring::Bob),
                model,
                class: TrustClass::Exact,
                units: UNITS,
                ask: floor,
                fee: floor * Balance::from(UNITS),
                mint_ceiling: 1_000_000,
                is_subsidised: false,
            });
        }
        pallet_power::Current::<Runtime>::put(pallet_power::types::Window {
            number: 1,
            seed: Hash::repeat_byte(1),
            closes_at: 1_000,
            proves_until: 2_000,
        });
        pallet_power::WindowCount::<Runtime>::put(2);
        System::reset_events();
    });
    state.commit_all().expect("the state can be written");
    state
}

fn draw(number: u32) {
    let model = model();
    let request = DrawRequest {
        model,
        units: UNITS,
        max_price: AIPG,
        mint_ceiling: 0,
        service: ServiceLevel::default(),
        needs_power: false,
        seed: Hash::from_low_u64_be(number.into()),
    };
    let drawn = WorkerRegistry::draw(&request, &[]).expect("somebody fits");
    WorkerRegistry::released(&drawn.worker, drawn.payout);
}

fn commit(number: u32) {
    let origin = RuntimeOrigin::signed(machine(number));
    assert_ok!(Power::commit(origin, 1, 5, Hash::repeat_byte(2)));
}

fn close_round(_: u32) {
    UsefulWork::on_finalize(System::block_number());
}

fn claim(number: u32) {
    // The round has closed with the block before.
    System::set_block_number(10);
    let origin = RuntimeOrigin::signed(machine(number));
    assert_ok!(UsefulWork::claim_reward(origin, 0));
}

/// What is done: its name, how often it can be, and what it is for machine number n.
type Operation = (&'static str, u32, fn(u32));

/// What is done, in this order.
const OPERATIONS: [Operation; 4] = [
    ("assignment: a draw", 50, draw),
    ("heartbeat: a commitment to power", 50, commit),
    ("settlement of a round", 1, close_round),
    ("claim of a reward", 50, claim),
];

/// Bytes of the proof of each operation: all that it reads.
fn proofs(machines: u32) -> Vec<usize> {
    let mut state = crowd(machines);
    OPERATIONS
        .iter()
        .map(|(_, _, operation)| {
            let ((), proof) = state.execute_and_prove(|| {
                operation(0);
            });
            // What was done stays: a claim needs the round to be closed.
            state.commit_all().expect("the state can be written");
            proof.encoded_size()
        })
        .collect()
}

#[test]
fn operations_should_read_no_more_when_there_are_a_hundred_times_as_many_machines() {
    let (few, many) = (proofs(50), proofs(5_000));
    for ((name, _, _), (few, many)) in OPERATIONS.iter().zip(few.iter().zip(&many)) {
        // The state's tree gets deeper by two nodes at most, 600 bytes each, on the way to each of at most 40 entries.
        // One more entry for each machine would be 4,950 × 32 bytes at the very least.
        assert!(
            *many < few + 40 * 2 * 600,
            "{name}: {few} bytes with 50 machines, {many} with 5,000"
        );
    }
}

/// Prints what each operation takes, for docs/measurements.md. `scripts/bench market` runs it.
#[test]
#[ignore = "measures and prints, minutes long"]
fn table_of_operations() {
    println!("| machines | operation | µs | bytes read |");
    println!("|--:|---|--:|--:|");
    for machines in [100, 10_000, 100_000] {
        let proofs = proofs(machines);
        let mut state = crowd(machines);
        for ((name, times, operation), proof) in OPERATIONS.iter().zip(proofs) {
            let mut each: Vec<u128> = (0..*times)
                .map(|number| {
                    state.execute_with(|| {
                        let started = Instant::now();
                        operation(number);
                        started.elapsed().as_micros()
                    })
                })
                .collect();
            state.commit_all().expect("the state can be written");
            each.sort_unstable();
            let median = each[each.len() / 2];
            println!("| {machines} | {name} | {median} | {proof} |");
        }
    }
}
