//! A job through all pallets: from the prompt to the reward, and the books after it.

use super::*;
use crate::configs::money::StakersPot;
use aipg_primitives::{JobParameters, ModelId, Region, ServiceLevel, TokenList, TrustClass};
use frame_support::assert_ok;
use frame_support::traits::{fungible::InspectHold, PalletsInfoAccess};
use pallet_job_escrow::HoldReason as JobHold;
use pallet_worker_registry::HoldReason as BondHold;
use sp_keyring::Sr25519Keyring::{Bob, Charlie, Dave, Ferdie};

const BOND: Balance = 1_000 * AIPG;
pub(super) const PROMPT: u32 = 30;
pub(super) const MAX_OUTPUT: u32 = 100;
pub(super) const OUTPUT: u32 = 60;

pub(super) fn model() -> ModelId {
    pallet_model_registry::Models::<Runtime>::iter_keys()
        .next()
        .expect("dev has a model")
}

pub(super) fn tokens(count: u32) -> TokenList {
    TokenList {
        blob: Hash::repeat_byte(1),
        root: Hash::repeat_byte(2),
        count,
    }
}

fn ask() -> Balance {
    AIPG / 2_000
}

pub(super) fn online_worker() {
    let origin = || signed(Charlie);
    assert_ok!(WorkerRegistry::register(origin(), BOND, 2, Region::Europe));
    assert_ok!(WorkerRegistry::set_offer(origin(), model(), ask()));
    assert_ok!(WorkerRegistry::go_online(origin()));
}

pub(super) fn submit() -> Balance {
    let quote = JobEscrow::quote(model(), PROMPT, MAX_OUTPUT).expect("the model takes the job");
    // Twice what it costs at most, so that nobody is too dear for the draw to be open.
    let price = quote.least_price * 2 + 5;
    assert_ok!(JobEscrow::submit(
        signed(Bob),
        model(),
        tokens(PROMPT),
        JobParameters {
            max_output: MAX_OUTPUT,
            ..Default::default()
        },
        price,
        TrustClass::Exact,
        System::block_number() + 200,
        ServiceLevel::default(),
        None,
        None,
    ));
    price
}

#[test]
fn hooks_should_run_in_the_order_that_our_pallets_rely_on() {
    let names = |infos: Vec<frame_support::traits::PalletInfoData>| -> Vec<&str> {
        infos.iter().map(|pallet| pallet.name).collect()
    };
    let ours = names(<OwnPallets as PalletsInfoAccess>::infos());
    let mut all = names(<AllPalletsWithSystem as PalletsInfoAccess>::infos());
    all.retain(|name| ours.contains(name));
    assert_eq!(all, ours);
}

#[test]
fn job_should_pay_everybody_and_mint_a_reward() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        let before = Emission::books();
        assert_eq!(treasury(), EXISTENTIAL_DEPOSIT);
        online_worker();
        assert_eq!(treasury(), EXISTENTIAL_DEPOSIT + 100 * AIPG);
        let price = submit();
        assert_eq!(
            Balances::balance_on_hold(&JobHold::JobPrice.into(), &account(Bob)),
            price
        );
        run_to(8);
        let jobs = JobEscrow::worker_jobs(&account(Charlie));
        assert_eq!(jobs.len(), 1, "the only machine was drawn");
        assert_ok!(JobEscrow::claim(signed(Charlie), 0));
        assert_ok!(JobEscrow::submit_result(
            signed(Charlie),
            0,
            tokens(OUTPUT),
            Hash::repeat_byte(3),
            None
        ));
        let units = JobEscrow::quote(model(), PROMPT, OUTPUT).unwrap().units;
        let fee = Balance::from(units) * ask();
        run_to(40);

        let share = |millionths: u128| fee * millionths / 1_000_000;
        assert_eq!(Balances::free_balance(account(Bob)), 100_000 * AIPG - fee);
        assert_eq!(Balances::total_balance_on_hold(&account(Bob)), 0);
        assert_eq!(
            Balances::free_balance(account(Charlie)),
            100_000 * AIPG - BOND - 100 * AIPG + share(920_000)
        );
        assert_eq!(
            Balances::total_balance_on_hold(&account(Charlie)),
            Balances::balance_on_hold(&BondHold::WorkerBond.into(), &account(Charlie))
        );
        assert_eq!(
            Balances::free_balance(account(Dave)),
            100_000 * AIPG + share(50_000)
        );
        assert_eq!(
            Balances::free_balance(<StakersPot as Get<AccountId>>::get()),
            EXISTENTIAL_DEPOSIT + share(5_000)
        );

        let rewards = UsefulWork::claimable_rewards(&account(Charlie));
        assert_eq!(rewards.len(), 1);
        // On dev κ is twice the credit, here the fee, and little work meets a large budget.
        assert_eq!(rewards[0].amount, 2 * fee);
        assert_eq!(rewards[0].ceiling, aipg_primitives::api::Ceiling::Fee);
        assert_ok!(UsefulWork::claim_reward(signed(Charlie), rewards[0].round));

        let after = Emission::books();
        assert_eq!(after.minted_work, 2 * fee);
        assert_eq!(after.burned_fees, share(15_000));
        assert_eq!(after.reserved_work, 0);
        assert_eq!(
            after.issuance,
            before.imported + after.minted_author + after.minted_operations + after.minted_work
                - after.burned_fees
        );
        assert_eq!(
            Balances::free_balance(account(Ferdie)),
            100_000 * AIPG + 40 * 250 * AIPG
        );
        check_all_pallets();
    });
}

#[test]
fn job_should_be_refunded_whole_when_no_machine_is_online() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        submit();
        run_to(202);
        assert_eq!(Balances::free_balance(account(Bob)), 100_000 * AIPG);
        assert_eq!(Balances::total_balance_on_hold(&account(Bob)), 0);
        assert_eq!(Emission::books().minted_work, 0);
        check_all_pallets();
    });
}

#[test]
fn silent_worker_should_be_penalised_and_the_job_drawn_again() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        submit();
        run_to(8);
        assert_eq!(JobEscrow::worker_jobs(&account(Charlie)).len(), 1);
        let before = treasury();
        run_to(20);
        assert_eq!(treasury() - before, BOND / 20);
        assert_eq!(
            Balances::total_balance_on_hold(&account(Charlie)),
            BOND - BOND / 20
        );
        check_all_pallets();
        run_to(202);
        assert_eq!(Balances::free_balance(account(Bob)), 100_000 * AIPG);
        check_all_pallets();
    });
}
