use crate::{
    mock::*, weights::SubstrateWeight, Event, Lapsed, Minted, PendingWork, Rewarded, WeightInfo,
};
use aipg_primitives::{Balance, Burn, BurnReason, MintReason, WorkBudget};
use frame_support::{
    assert_ok,
    traits::{
        fungible::{hold::Inspect as _, Inspect},
        Hooks,
    },
};
use frame_system::RawOrigin;

/// The reward of the current block by its event: author, operations fund, work.
fn rewarded() -> Option<(Balance, Balance, Balance)> {
    events().into_iter().find_map(|event| match event {
        Event::BlockRewarded {
            author_amount,
            operations_amount,
            work_budget,
            ..
        } => Some((author_amount, operations_amount, work_budget)),
        _ => None,
    })
}

#[test]
fn block_should_mint_to_fund_and_author_and_leave_the_rest_to_work() {
    Chain::default().execute(|| {
        next_block();
        assert_eq!(Balances::balance(&FUND), 1_500);
        assert_eq!(Balances::balance(&AUTHOR), 3_000);
        assert_eq!(Balances::total_issuance(), 5_000 + 500 + 2_000);
        assert_eq!(Emission::pending(), 7_500);
        assert_eq!(
            events(),
            vec![
                Event::Minted {
                    who: FUND,
                    amount: 500,
                    reason: MintReason::OperationsFund
                },
                Event::Minted {
                    who: AUTHOR,
                    amount: 2_000,
                    reason: MintReason::BlockAuthor
                },
                Event::BlockRewarded {
                    author: Some(AUTHOR),
                    author_amount: 2_000,
                    operations_amount: 500,
                    work_budget: 7_500,
                },
            ]
        );
        next_block();
        assert_eq!(Emission::pending(), 15_000);
        assert_eq!(Minted::<Test>::get(MintReason::BlockAuthor), 4_000);
        assert_eq!(Minted::<Test>::get(MintReason::OperationsFund), 1_000);
        assert_eq!(Minted::<Test>::get(MintReason::UsefulWork), 0);
    });
}

#[test]
fn shares_should_be_rounded_down_when_the_reward_does_not_divide() {
    Chain {
        initial_reward: 9_999,
        ..Chain::default()
    }
    .execute(|| {
        next_block();
        assert_eq!(rewarded(), Some((1_999, 499, 7_501)));
    });
}

#[test]
fn author_share_should_lapse_when_the_author_is_unknown() {
    Chain::default().execute(|| {
        BlockAuthor::set(None);
        next_block();
        assert_eq!(
            events().last(),
            Some(&Event::BlockRewarded {
                author: None,
                author_amount: 0,
                operations_amount: 500,
                work_budget: 7_500,
            })
        );
        assert_eq!(Lapsed::<Test>::get(MintReason::BlockAuthor), 2_000);
        assert_eq!(Balances::total_issuance(), 5_500);
    });
}

#[test]
fn author_share_should_lapse_when_the_currency_refuses_the_account() {
    // 20 % of 40 is below the existential deposit.
    Chain {
        initial_reward: 40,
        ..Chain::default()
    }
    .execute(|| {
        BlockAuthor::set(Some(STRANGER));
        next_block();
        assert_eq!(rewarded(), Some((0, 2, 30)));
        assert_eq!(Balances::balance(&STRANGER), 0);
        assert_eq!(Lapsed::<Test>::get(MintReason::BlockAuthor), 8);
        // An account that exists can receive as little.
        BlockAuthor::set(Some(AUTHOR));
        next_block();
        assert_eq!(rewarded(), Some((8, 2, 30)));
        assert_eq!(Lapsed::<Test>::get(MintReason::BlockAuthor), 8);
    });
}

#[test]
fn author_should_get_an_account_when_the_share_pays_for_it() {
    Chain::default().execute(|| {
        BlockAuthor::set(Some(STRANGER));
        next_block();
        assert_eq!(Balances::balance(&STRANGER), 2_000);
    });
}

#[test]
fn operations_share_should_lapse_when_there_is_no_fund() {
    Chain {
        operations_fund: None,
        ..Chain::default()
    }
    .execute(|| {
        next_block();
        assert_eq!(rewarded(), Some((2_000, 0, 7_500)));
        assert_eq!(Lapsed::<Test>::get(MintReason::OperationsFund), 500);
        assert_eq!(Balances::total_issuance(), 7_000);
    });
}

#[test]
fn block_should_halve_the_reward_when_an_edge_is_passed() {
    Chain {
        halving_interval: 1_000_000,
        ..Chain::default()
    }
    .execute(|| {
        for (height, expected) in [
            (1, (2_000, 500, 7_500)),
            (1_000_000, (2_000, 500, 7_500)),
            (1_000_001, (1_000, 250, 3_750)),
            (2_000_000, (1_000, 250, 3_750)),
            (2_000_001, (500, 125, 1_875)),
        ] {
            jump_to(height);
            assert_eq!(rewarded(), Some(expected), "at {height}");
        }
    });
}

#[test]
fn block_should_mint_nothing_when_the_schedule_has_ended() {
    Chain {
        initial_reward: 100,
        halving_interval: 2,
        ..Chain::default()
    }
    .execute(|| {
        // 100 has seven bits, so the reward is 0 from the seventh halving on.
        run_to(14);
        assert_eq!(rewarded(), Some((0, 0, 1)));
        let total = Rewarded::<Test>::get();
        assert_eq!(total, 2 * (100 + 50 + 25 + 12 + 6 + 3 + 1));
        run_to(30);
        assert_eq!(events(), vec![]);
        assert_eq!(Rewarded::<Test>::get(), total);
    });
}

#[test]
fn block_should_be_truncated_when_it_meets_the_cap() {
    Chain {
        cap: 5_000 + 25_000,
        ..Chain::default()
    }
    .execute(|| {
        run_to(2);
        assert_eq!(rewarded(), Some((2_000, 500, 7_500)));
        next_block();
        assert_eq!(rewarded(), Some((1_000, 250, 3_750)));
        // Budgets count although they are not minted: they could all be claimed.
        assert_eq!(
            Balances::total_issuance() + PendingWork::<Test>::get(),
            30_000
        );
        next_block();
        assert_eq!(rewarded(), None);
        assert_eq!(Emission::allocate(Balance::MAX), 18_750);
        assert_ok!(<Emission as WorkBudget<u64>>::pay(&WORKER, 18_750));
        assert_eq!(Balances::total_issuance(), 30_000);
        next_block();
        assert_eq!(rewarded(), None);
    });
}

#[test]
fn block_should_use_the_room_under_the_cap_when_work_lapses_or_tokens_burn() {
    Chain {
        cap: 5_000 + 10_000,
        ..Chain::default()
    }
    .execute(|| {
        next_block();
        next_block();
        assert_eq!(rewarded(), None);
        assert_eq!(Emission::allocate(7_499), 7_499);
        next_block();
        assert_eq!(rewarded(), Some((0, 0, 1)));
        assert_eq!(Emission::allocate(1), 1);
        hold(pallet_holder::HoldReason::Fee, PAYER, 100);
        let reason = pallet_holder::HoldReason::Fee.into();
        assert_ok!(Emission::burn_held(
            &reason,
            &PAYER,
            100,
            BurnReason::JobFee
        ));
        next_block();
        assert_eq!(rewarded(), Some((20, 5, 75)));
        assert_eq!(Balances::total_balance_on_hold(&PAYER), 0);
    });
}

#[test]
fn dust_should_not_change_the_issuance_when_the_runtime_routes_it() {
    Chain::default().execute(|| {
        next_block();
        let issuance = Balances::total_issuance();
        let origin = RawOrigin::Signed(WORKER).into();
        assert_ok!(Balances::transfer_allow_death(origin, PAYER, 995));
        assert_eq!(Balances::balance(&WORKER), 0);
        assert_eq!(Balances::balance(&TREASURY), 1_005);
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn hook_should_charge_its_weight() {
    Chain::default().execute(|| {
        assert_eq!(
            Emission::on_initialize(0),
            <() as WeightInfo>::on_initialize()
        );
        // The mock's database is free, so what is left of a runtime's weight is the computation.
        let computation = SubstrateWeight::<Test>::on_initialize();
        assert!(computation.ref_time() > 0);
        assert!(computation.ref_time() < <() as WeightInfo>::on_initialize().ref_time());
    });
}
