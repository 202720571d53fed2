//! What public jobs mint and burn.

use crate::{mock::*, Burned, Error, Event, Lapsed, Minted, ReservedWork};
use aipg_primitives::{Balance, BurnReason, LaneBudget, MintReason, WorkBudget};
use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use sp_runtime::TokenError;

/// Pays public jobs; never endowed.
const LANE: u64 = STRANGER;

/// A reserve of so much.
fn reserve(amount: Balance) {
    run_to(2);
    assert_eq!(<Emission as WorkBudget<u64>>::allocate(amount), amount);
}

#[test]
fn fund_should_mint_of_the_reserved_budget_by_its_own_reason() {
    Chain::default().execute(|| {
        reserve(4_000);
        let issuance = Balances::total_issuance();
        assert_ok!(Emission::fund(&LANE, 1_500));
        assert_eq!(Balances::balance(&LANE), 1_500);
        assert_eq!(Balances::total_issuance(), issuance + 1_500);
        assert_eq!(ReservedWork::<Test>::get(), 2_500);
        assert_eq!(Minted::<Test>::get(MintReason::Bootstrap), 1_500);
        assert_eq!(Minted::<Test>::get(MintReason::UsefulWork), 0);
        let books = Emission::books();
        assert_eq!((books.minted_bootstrap, books.minted_work), (1_500, 0));
        assert_eq!(
            events().last(),
            Some(&Event::Minted {
                who: LANE,
                amount: 1_500,
                reason: MintReason::Bootstrap
            })
        );
    });
}

#[test]
fn fund_should_mint_nothing_beyond_the_reserved_budget() {
    Chain::default().execute(|| {
        reserve(4_000);
        assert_noop!(
            Emission::fund(&LANE, 4_001),
            Error::<Test>::WorkBudgetExceeded
        );
        // Below the existential deposit of a new account.
        assert_noop!(
            Emission::fund(&LANE, EXISTENTIAL_DEPOSIT - 1),
            TokenError::BelowMinimum
        );
        assert_ok!(Emission::fund(&LANE, 0));
        assert_ok!(Emission::fund(&LANE, 4_000));
        assert_eq!(<Emission as LaneBudget<u64>>::reserved(), 0);
    });
}

#[test]
fn lapsed_allowance_should_be_counted_with_useful_work() {
    Chain::default().execute(|| {
        reserve(4_000);
        let before = Lapsed::<Test>::get(MintReason::UsefulWork);
        <Emission as LaneBudget<u64>>::lapse(1_000);
        assert_eq!(ReservedWork::<Test>::get(), 3_000);
        assert_eq!(Lapsed::<Test>::get(MintReason::UsefulWork), before + 1_000);
    });
}

#[test]
fn rest_should_burn_to_the_last_unit_but_not_what_is_on_hold() {
    Chain::default().execute(|| {
        reserve(4_000);
        assert_ok!(Emission::fund(&LANE, 1_500));
        let issuance = Balances::total_issuance();
        hold(pallet_holder::HoldReason::Fee, LANE, 500);
        let burned = Emission::burn_rest(&LANE).unwrap();
        // While something is on hold the account lives.
        assert_eq!(burned, 1_000 - EXISTENTIAL_DEPOSIT);
        assert_eq!(Balances::total_balance(&LANE), 500 + EXISTENTIAL_DEPOSIT);
        assert_eq!(Burned::<Test>::get(BurnReason::Bootstrap), burned);
        assert_eq!(Emission::books().burned_bootstrap, burned);
        assert_eq!(
            events().last(),
            Some(&Event::Burned {
                who: LANE,
                amount: burned,
                reason: BurnReason::Bootstrap
            })
        );
        assert_eq!(Balances::total_issuance(), issuance - burned);
    });
    Chain::default().execute(|| {
        reserve(4_000);
        assert_ok!(Emission::fund(&LANE, 1_500));
        assert_eq!(Emission::burn_rest(&LANE), Ok(1_500));
        assert_eq!(Balances::total_balance(&LANE), 0);
        assert_eq!(Emission::burn_rest(&LANE), Ok(0));
        assert_eq!(Burned::<Test>::get(BurnReason::Bootstrap), 1_500);
    });
}
