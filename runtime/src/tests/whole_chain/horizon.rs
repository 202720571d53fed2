//! The schedule to its end, in the runtime's configuration.
//!
//! A preset's rewards last for up to 730 million blocks. The blocks around each halving are run for
//! real; between them every block is worth the same, and what so many of them do is booked at once
//! ([`skip_to`]): the shares that are minted, and the work budget, which lapses since no work is done.

use super::{chain::Chain, ledger::Ledger, *};
use aipg_primitives::MintReason;
use frame_support::traits::fungible::Mutate;
use pallet_emission::{Lapsed, Minted, Rewarded};

/// What `dev` and `local` start with: six accounts, the treasury and the stakers' pot.
const ENDOWED: Balance = 600_000 * AIPG + 2 * EXISTENTIAL_DEPOSIT;

/// Shares of a reward, rounded down, by the table of the economy.
fn operations(reward: Balance) -> Balance {
    reward * 5 / 100
}

fn author(reward: Balance) -> Balance {
    reward * 20 / 100
}

/// From inside a block to inside block `height`, over blocks that are all worth `reward`.
fn skip_to(chain: &mut Chain, height: BlockNumber, reward: Balance) {
    chain.end();
    let blocks = Balance::from(height - 1 - System::block_number());
    let fund = pallet_emission::Terms::<Runtime>::get().operations_fund;
    for (who, reason, amount) in [
        (
            fund.expect("presets have one"),
            MintReason::OperationsFund,
            operations(reward),
        ),
        (
            account(Sr25519Keyring::Alice),
            MintReason::BlockAuthor,
            author(reward),
        ),
    ] {
        Balances::mint_into(&who, amount * blocks).expect("the account exists");
        Minted::<Runtime>::mutate(reason, |total| *total += amount * blocks);
    }
    let work = reward - operations(reward) - author(reward);
    Lapsed::<Runtime>::mutate(MintReason::UsefulWork, |total| *total += work * blocks);
    Rewarded::<Runtime>::mutate(|total| *total += reward * blocks);
    System::set_block_number(height - 1);
    chain.begin();
}

/// Runs the real block `height` and asserts what it is worth.
fn run_block(chain: &mut Chain, height: BlockNumber, reward: Balance) {
    let before = Emission::books();
    chain.run_to(height);
    let after = Emission::books();
    assert_eq!(
        after.minted_operations - before.minted_operations,
        operations(reward),
        "operations of block {height}"
    );
    assert_eq!(
        after.minted_author - before.minted_author,
        author(reward),
        "author of block {height}"
    );
    check_all_pallets();
}

/// Runs a preset, which starts with `imported`, from genesis past the end of its rewards.
fn run_out(preset: &str, imported: Balance, initial_reward: Balance, interval: BlockNumber) {
    sp_io::TestExternalities::from(storage(preset, |_| ())).execute_with(|| {
        let mut chain = Chain::start();
        assert_eq!(Emission::books().imported, imported);
        let (mut minted, mut scheduled) = (0, 0);
        let mut reward = initial_reward;
        let mut edge: BlockNumber = 0;
        let mut halvings = 0;
        while reward > 0 {
            // The first two blocks of the era, and the last two.
            run_block(&mut chain, edge + 2, reward);
            skip_to(&mut chain, edge + interval - 2, reward);
            run_block(&mut chain, edge + interval - 1, reward);
            run_block(&mut chain, edge + interval, reward);
            edge += interval;
            minted += Balance::from(interval) * (operations(reward) + author(reward));
            scheduled += Balance::from(interval) * reward;
            assert_eq!(
                Rewarded::<Runtime>::get(),
                scheduled,
                "through block {edge}"
            );
            reward /= 2;
            halvings += 1;
            // The block after the edge is the first that is worth half.
            run_block(&mut chain, edge + 1, reward);
        }
        // 5,000 AIPG have 73 bits, 500 have 69.
        assert_eq!(halvings, Balance::BITS - initial_reward.leading_zeros());
        for height in edge + 2..edge + 22 {
            run_block(&mut chain, height, 0);
        }
        let books = Emission::books();
        assert_eq!(books.issuance, imported + minted);
        assert!(books.issuance <= books.cap);
        assert_eq!(books.pending_work, 0, "the last round is closed");
        assert_eq!(books.lapsed_work, scheduled - minted);
        // What the shifts drop is less than one AIPG of ten billion.
        assert!(scheduled <= books.cap && books.cap - scheduled < AIPG);
        assert_eq!(books.block_reward, 0);
    });
}

#[test]
fn dev_should_emit_the_schedule_of_the_main_network_to_its_end() {
    run_out(DEV_RUNTIME_PRESET, ENDOWED, 5_000 * AIPG, 1_000_000);
}

#[test]
fn local_should_emit_its_schedule_to_its_end() {
    run_out(
        LOCAL_TESTNET_RUNTIME_PRESET,
        ENDOWED,
        500 * AIPG,
        10_000_000,
    );
}

#[test]
fn mainnet_should_emit_its_schedule_to_its_end_beside_the_imported_balances() {
    let imported = imported_balances().iter().map(|entry| entry.1).sum();
    run_out(MAINNET_RUNTIME_PRESET, imported, 5_000 * AIPG, 1_000_000);
}

/// An old chain whose balances leave room for one era and half of the next: the cap is reached there,
/// and what the schedule would still emit is never minted.
#[test]
fn mainnet_should_stop_at_the_cap_when_imported_balances_leave_too_little_room_for_its_schedule() {
    const INTERVAL: BlockNumber = 1_000_000;
    let (first, second) = (5_000 * AIPG, 2_500 * AIPG);
    let minted = |reward, blocks| (operations(reward) + author(reward)) * Balance::from(blocks);
    // Without work a quarter of each reward is minted. A few blocks' worth is left when the second
    // era is half over.
    let room = minted(first, INTERVAL) + minted(second, INTERVAL / 2) + 20_000 * AIPG;
    let state = storage(MAINNET_RUNTIME_PRESET, |config| {
        let imported: Balance = config.balances.balances.iter().map(|entry| entry.1).sum();
        config.balances.balances[0].1 += config.emission.cap - imported - room;
    });
    sp_io::TestExternalities::from(state).execute_with(|| {
        let mut chain = Chain::start();
        let books = Emission::books();
        assert_eq!(books.imported + room, books.cap);
        run_block(&mut chain, 2, first);
        skip_to(&mut chain, INTERVAL - 1, first);
        run_block(&mut chain, INTERVAL, first);
        run_block(&mut chain, INTERVAL + 1, second);
        let half = INTERVAL + INTERVAL / 2;
        skip_to(&mut chain, half, second);
        run_block(&mut chain, half + 1, second);
        // A round is worth at most what the cap leaves, of which no work earns three quarters.
        chain.run_to(half + 240);
        check_all_pallets();
        let books = Emission::books();
        assert!(books.issuance + books.pending_work <= books.cap);
        let left = books.cap - books.issuance;
        assert!(left < 100 * AIPG, "{left} left under the cap");
        // No later era finds more, to the end of the schedule and past it.
        for era in 2..=Balance::BITS - first.leading_zeros() + 1 {
            skip_to(&mut chain, era * INTERVAL - 1, 0);
            chain.run_to(era * INTERVAL + 1);
            let books = Emission::books();
            assert!(books.issuance <= books.cap);
            assert!(books.cap - books.issuance <= left, "era {era}");
            check_all_pallets();
        }
    });
}

/// The `dev` preset with imported balances that leave `room` under the cap of ten billion AIPG.
fn imported_up_to(room: Balance) -> Storage {
    storage(DEV_RUNTIME_PRESET, |config| {
        let imported: Balance = config.balances.balances.iter().map(|entry| entry.1).sum();
        let old_chain = config.emission.cap - imported - room;
        let holder = account(Sr25519Keyring::Bob);
        for (who, amount) in &mut config.balances.balances {
            if *who == holder {
                *amount += old_chain;
            }
        }
    })
}

#[test]
fn issuance_should_approach_the_cap_and_never_pass_it_when_imported_balances_are_near_it() {
    let room = 20_000 * AIPG;
    sp_io::TestExternalities::from(imported_up_to(room)).execute_with(|| {
        let mut chain = Chain::start();
        let mut ledger = Ledger::open();
        let cap = Emission::books().cap;
        let mut truncated = 0;
        while System::block_number() < 400 {
            let before = Rewarded::<Runtime>::get();
            let events = chain.end();
            ledger.book(&events);
            assert_eq!(ledger.check(), vec![], "block {}", System::block_number());
            chain.begin();
            if Rewarded::<Runtime>::get() - before < 5_000 * AIPG {
                truncated += 1;
            }
        }
        assert!(truncated > 300, "{truncated} blocks truncated");
        let left = cap - Emission::books().issuance;
        assert!(left < AIPG, "{left} left under the cap");
        // Nor does it pass the cap in any later era.
        skip_to(&mut chain, 5_000_000, 0);
        chain.run_to(5_000_020);
        let books = Emission::books();
        assert!(books.issuance + books.pending_work <= cap);
        check_all_pallets();
    });
}

#[test]
fn nothing_should_be_minted_when_imported_balances_fill_the_cap() {
    sp_io::TestExternalities::from(imported_up_to(0)).execute_with(|| {
        let mut chain = Chain::start();
        chain.run_to(25);
        let books = Emission::books();
        assert_eq!(books.issuance, books.cap);
        assert_eq!(Rewarded::<Runtime>::get(), 0);
        check_all_pallets();
    });
}

#[test]
#[should_panic(expected = "the imported balances are above the cap")]
fn genesis_should_be_refused_when_imported_balances_are_above_the_cap() {
    storage(DEV_RUNTIME_PRESET, |config| {
        config.emission.cap = config.balances.balances.iter().map(|entry| entry.1).sum();
        config.emission.cap -= 1;
    });
}
