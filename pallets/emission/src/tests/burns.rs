use crate::{mock::*, Burned, Event};
use aipg_primitives::{Balance, Burn, BurnReason};
use frame_support::{
    assert_noop, assert_ok, assert_storage_noop,
    dispatch::DispatchResult,
    traits::{
        fungible::{hold::Inspect as _, Inspect},
        LockableCurrency, WithdrawReasons,
    },
};
use pallet_holder::HoldReason::{self, Bond, Fee};
use sp_runtime::TokenError;

fn burn(reason: HoldReason, amount: Balance) -> DispatchResult {
    Emission::burn_held(&reason.into(), &PAYER, amount, BurnReason::JobFee)
}

#[test]
fn burn_should_take_exactly_the_amount_from_the_hold() {
    Chain::default().execute(|| {
        next_block();
        let issuance = Balances::total_issuance();
        hold(Fee, PAYER, 300);
        hold(Bond, PAYER, 50);
        assert_ok!(burn(Fee, 100));
        assert_eq!(Balances::balance_on_hold(&Fee.into(), &PAYER), 200);
        assert_eq!(Balances::balance_on_hold(&Bond.into(), &PAYER), 50);
        assert_eq!(Balances::balance(&PAYER), 650);
        assert_eq!(Balances::total_issuance(), issuance - 100);
        assert_eq!(Burned::<Test>::get(BurnReason::JobFee), 100);
        assert_eq!(
            events().last(),
            Some(&Event::Burned {
                who: PAYER,
                amount: 100,
                reason: BurnReason::JobFee
            })
        );
        assert_ok!(burn(Fee, 200));
        assert_eq!(Balances::balance_on_hold(&Fee.into(), &PAYER), 0);
        assert_eq!(Burned::<Test>::get(BurnReason::JobFee), 300);
    });
}

#[test]
fn burn_should_be_counted_and_told_by_its_own_reason() {
    Chain::default().execute(|| {
        next_block();
        hold(Bond, PAYER, 300);
        let reasons = [
            (BurnReason::JobFee, 1),
            (BurnReason::Conviction, 20),
            (BurnReason::LostBond, 100),
        ];
        for (reason, amount) in reasons {
            assert_ok!(Emission::burn_held(&Bond.into(), &PAYER, amount, reason));
            assert_eq!(
                events().last(),
                Some(&Event::Burned {
                    who: PAYER,
                    amount,
                    reason
                })
            );
        }
        for (reason, amount) in reasons {
            assert_eq!(Burned::<Test>::get(reason), amount);
        }
    });
}

#[test]
fn burn_should_change_nothing_when_the_hold_is_smaller() {
    Chain::default().execute(|| {
        hold(Fee, PAYER, 300);
        hold(Bond, PAYER, 300);
        assert_noop!(burn(Fee, 301), TokenError::FundsUnavailable);
        assert_noop!(burn(Fee, 601), TokenError::Frozen);
    });
}

#[test]
fn burn_should_change_nothing_when_the_hold_has_another_reason() {
    Chain::default().execute(|| {
        hold(Bond, PAYER, 300);
        assert_noop!(burn(Fee, 1), TokenError::FundsUnavailable);
    });
}

#[test]
fn burn_should_change_nothing_when_the_amount_is_zero() {
    Chain::default().execute(|| {
        next_block();
        assert_storage_noop!(assert_ok!(burn(Fee, 0)));
    });
}

#[test]
fn burn_should_take_the_hold_when_the_balance_is_locked() {
    Chain::default().execute(|| {
        hold(Fee, PAYER, 300);
        Balances::set_lock(*b"vote....", &PAYER, 1_000, WithdrawReasons::all());
        assert_ok!(burn(Fee, 300));
        assert_eq!(Balances::total_balance(&PAYER), 700);
    });
}
