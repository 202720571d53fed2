//! Machines that are measured count by their power in draws, with real pallets around the windows.

use super::*;
use aipg_exact::power::{commit_to, samples, Chain};
use aipg_primitives::{HostBlake2, MeritsOf, Region};
use codec::Encode;
use frame_support::{assert_ok, BoundedVec};
use pallet_power::types::{Opening, Openings, Row};
use pallet_worker_registry::{class_of, Classes};
use Sr25519Keyring::{Bob, Charlie, Dave};

/// A state in which a window opens in every block that has none, with the machines of Charlie and Dave online.
fn with_machines(test: impl FnOnce(aipg_primitives::ModelId)) {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|it| it.power_interval = 1);
        let (model, record) = pallet_model_registry::Models::<Runtime>::iter()
            .next()
            .expect("there is a demo model");
        for who in [Charlie, Dave] {
            assert_ok!(WorkerRegistry::register(
                signed(who),
                200 * AIPG,
                1,
                Region::Europe
            ));
            assert_ok!(WorkerRegistry::set_offer(
                signed(who),
                model,
                record.price_floor
            ));
            assert_ok!(WorkerRegistry::go_online(signed(who)));
        }
        test(model);
        check_all_pallets();
    });
}

/// Blocks pass until a window is open in which one can commit; returns its number.
fn until_open() -> u32 {
    loop {
        let now = System::block_number();
        if let Some(window) = pallet_power::Current::<Runtime>::get() {
            if now < window.closes_at {
                return window.number;
            }
        }
        run_to(now + 1);
    }
}

fn until_over(number: u32) {
    while pallet_power::Current::<Runtime>::get().is_some_and(|it| it.number == number) {
        run_to(System::block_number() + 1);
    }
}

fn row(row: aipg_exact::power::Row) -> Row {
    Row {
        bytes: BoundedVec::truncate_from(row.bytes),
        path: BoundedVec::truncate_from(row.path),
    }
}

/// The classes of capacity of the machines that serve the model, with how many there are of each.
fn classes(model: aipg_primitives::ModelId) -> Vec<(u8, u32)> {
    let classes = Classes::<Runtime>::get(model);
    classes.iter().map(|it| (it.class, it.count)).collect()
}

#[test]
fn machine_should_count_by_its_power_once_it_was_proven() {
    with_machines(|model| {
        assert_eq!(classes(model), [(1, 2)]);
        let number = until_open();
        let window = pallet_power::Current::<Runtime>::get().expect("it is open");
        let who = account(Charlie);
        let chain = Chain::new::<HostBlake2>(window.seed.as_fixed_bytes(), &who.encode());
        // The commitment is fixed before anybody knows what is drawn, so this one is made of what will be: the
        // beacon that the test plays is known.
        let steps = 100;
        let beacon = played_beacon(window.closes_at);
        let seed: Hash =
            sp_io::hashing::blake2_256(&(b"aipg/power/samples", beacon, number, &who).encode())
                .into();
        let drawn = samples::<HostBlake2>(seed.as_fixed_bytes(), steps, 8);
        let (commitment, openings) = commit_to::<HostBlake2>(&chain, steps, &drawn);
        assert_ok!(Power::commit(
            signed(Charlie),
            number,
            steps,
            commitment.root.into()
        ));
        // Says the same and can prove nothing.
        assert_ok!(Power::commit(
            signed(Dave),
            number,
            steps,
            Hash::repeat_byte(1)
        ));
        assert_eq!(Power::view(&who).claimed, Some(steps));

        let samples = || Power::view(&who).drawn;
        while samples().is_none() {
            run_to(System::block_number() + 1);
        }
        let openings: Openings = BoundedVec::truncate_from(
            openings
                .into_iter()
                .map(|opening| Opening {
                    before: opening.before.map(row),
                    after: row(opening.after),
                })
                .collect(),
        );
        assert_ok!(Power::prove(signed(Charlie), number, openings));
        assert_eq!(classes(model), [(1, 1), (class_of(steps), 1)]);

        until_over(number);
        assert_ok!(Power::settle(signed(Bob), account(Dave)));
        let record = |who| {
            pallet_worker_registry::Workers::<Runtime>::get(account(who)).expect("registered")
        };
        assert_eq!(
            (record(Charlie).power, record(Charlie).challenges_passed),
            (steps, 1)
        );
        assert_eq!((record(Dave).power, record(Dave).challenges_failed), (0, 1));
        assert_eq!(record(Dave).reputation().deconstruct(), 980_000);
        let merits = configs::work::WorkersMerits::merits_of(&who);
        assert_eq!(
            (merits.attended, merits.windows, merits.is_fast),
            (1, 1, true)
        );
    });
}

/// What the beacon of a block will be, of the outputs that [`run_to`] plays.
fn played_beacon(height: BlockNumber) -> Hash {
    let folded = sp_io::hashing::blake2_256(&(&b"aipg/beacon/0"[..], height).encode());
    (1..=2).fold(folded.into(), |folded: Hash, after| {
        let output = Hash::from_low_u64_be(u64::from(height + after));
        sp_io::hashing::blake2_256(&(folded, output).encode()).into()
    })
}

#[test]
fn no_window_should_open_on_dev() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        run_to(50);
        assert_eq!(pallet_power::WindowCount::<Runtime>::get(), 0);
    });
}
