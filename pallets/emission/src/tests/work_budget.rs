use crate::{mock::*, Error, Event, Lapsed, Minted, PendingWork, ReservedWork};
use aipg_primitives::{Balance, MintReason, WorkBudget};
use frame_support::{
    assert_noop, assert_ok, assert_storage_noop, dispatch::DispatchResult,
    traits::fungible::Inspect,
};
use sp_runtime::TokenError;

fn allocate(amount: Balance) -> Balance {
    <Emission as WorkBudget<u64>>::allocate(amount)
}

fn lapse(amount: Balance) {
    <Emission as WorkBudget<u64>>::lapse(amount)
}

fn pay(who: u64, amount: Balance) -> DispatchResult {
    Emission::pay(&who, amount)
}

fn lapsed() -> Balance {
    Lapsed::<Test>::get(MintReason::UsefulWork)
}

#[test]
fn allocation_should_reserve_what_was_earned_and_lapse_the_rest() {
    Chain::default().execute(|| {
        run_to(2);
        let issuance = Balances::total_issuance();
        assert_eq!(allocate(4_000), 4_000);
        assert_eq!(PendingWork::<Test>::get(), 0);
        assert_eq!(ReservedWork::<Test>::get(), 4_000);
        assert_eq!(lapsed(), 11_000);
        assert_eq!(Balances::total_issuance(), issuance);
        assert_eq!(
            events().last(),
            Some(&Event::WorkAllocated {
                reserved: 4_000,
                lapsed: 11_000
            })
        );
        next_block();
        assert_eq!(allocate(500), 500);
        assert_eq!(ReservedWork::<Test>::get(), 4_500);
        assert_eq!(lapsed(), 18_000);
    });
}

#[test]
fn allocation_should_reserve_all_of_the_pending_budget_when_more_is_asked() {
    Chain::default().execute(|| {
        next_block();
        assert_eq!(allocate(7_501), 7_500);
        assert_eq!(ReservedWork::<Test>::get(), 7_500);
        assert_eq!(lapsed(), 0);
    });
}

#[test]
fn allocation_should_change_nothing_when_nothing_is_pending() {
    Chain::default().execute(|| {
        next_block();
        allocate(0);
        assert_eq!(lapsed(), 7_500);
        assert_storage_noop!(assert_eq!(allocate(1), 0));
    });
}

#[test]
fn pay_should_mint_from_the_reserved_budget() {
    Chain::default().execute(|| {
        next_block();
        let issuance = Balances::total_issuance();
        allocate(4_000);
        assert_ok!(pay(WORKER, 1_500));
        assert_eq!(Balances::balance(&WORKER), 2_500);
        assert_eq!(Balances::total_issuance(), issuance + 1_500);
        assert_eq!(ReservedWork::<Test>::get(), 2_500);
        assert_eq!(Minted::<Test>::get(MintReason::UsefulWork), 1_500);
        assert_eq!(
            events().last(),
            Some(&Event::Minted {
                who: WORKER,
                amount: 1_500,
                reason: MintReason::UsefulWork
            })
        );
        assert_ok!(pay(STRANGER, 2_500));
        assert_eq!(Balances::balance(&STRANGER), 2_500);
        assert_eq!(ReservedWork::<Test>::get(), 0);
    });
}

#[test]
fn pay_should_be_refused_when_the_amount_is_above_the_reserved_budget() {
    Chain::default().execute(|| {
        next_block();
        // A pending budget is not reserved yet.
        assert_noop!(pay(WORKER, 1), Error::<Test>::WorkBudgetExceeded);
        allocate(4_000);
        assert_noop!(pay(WORKER, 4_001), Error::<Test>::WorkBudgetExceeded);
        assert_ok!(pay(WORKER, 4_000));
    });
}

#[test]
fn pay_should_lose_nothing_when_the_currency_refuses_the_account() {
    Chain::default().execute(|| {
        next_block();
        allocate(4_000);
        assert_noop!(
            pay(STRANGER, EXISTENTIAL_DEPOSIT - 1),
            TokenError::BelowMinimum
        );
        assert_eq!(ReservedWork::<Test>::get(), 4_000);
        assert_ok!(pay(STRANGER, EXISTENTIAL_DEPOSIT));
    });
}

#[test]
fn pay_should_change_nothing_when_the_amount_is_zero() {
    Chain::default().execute(|| {
        next_block();
        assert_storage_noop!(assert_ok!(pay(WORKER, 0)));
    });
}

#[test]
fn lapse_should_give_reserved_budget_back_unminted() {
    Chain::default().execute(|| {
        next_block();
        let issuance = Balances::total_issuance();
        allocate(7_500);
        lapse(500);
        assert_eq!(ReservedWork::<Test>::get(), 7_000);
        assert_eq!(lapsed(), 500);
        assert_eq!(events().last(), Some(&Event::WorkLapsed { amount: 500 }));
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn lapse_should_stop_at_the_reserved_budget_when_more_is_given() {
    Chain::default().execute(|| {
        next_block();
        allocate(7_500);
        lapse(7_501);
        assert_eq!(ReservedWork::<Test>::get(), 0);
        assert_eq!(lapsed(), 7_500);
        assert_storage_noop!(lapse(1));
    });
}

#[test]
fn lapse_should_change_nothing_when_the_amount_is_zero() {
    Chain::default().execute(|| {
        next_block();
        allocate(7_500);
        assert_storage_noop!(lapse(0));
    });
}
