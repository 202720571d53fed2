use super::*;
use crate::split::split_fee;

fn free(account: AccountId) -> Balance {
    Balances::free_balance(account)
}

/// Settles one job of 30 units at the mock's ask, with or without a referrer.
fn settle(referrer: Option<AccountId>) -> Balance {
    let job = NextJob::<Test>::get();
    let mut order = Order::new();
    order.referrer = referrer;
    assert_ok!(order.submit());
    next_draw(WORKER);
    run_to(System::block_number() + BEACON_DELAY);
    assert_ok!(JobEscrow::claim(RuntimeOrigin::signed(WORKER), job));
    assert_ok!(deliver(WORKER, job));
    run_to(System::block_number() + CHALLENGE_WINDOW);
    assert!(JobEscrow::view(job).is_none());
    30 * ASK
}

#[test]
fn settlement_should_pay_by_the_split_to_the_unit() {
    execute(|| {
        let issuance = Balances::total_issuance();
        let fee = settle(Some(REFERRER));
        assert_eq!(fee, 360);
        // Floors of 92, 5, 1.5, 0.5, 0.5 % of 360; the treasury takes the rest.
        assert_eq!(free(WORKER), ENDOWMENT + 331);
        assert_eq!(free(CREATOR), ENDOWMENT + 18);
        assert_eq!(free(STAKERS), ENDOWMENT + 1);
        assert_eq!(free(REFERRER), ENDOWMENT + 1);
        assert_eq!(free(TREASURY), ENDOWMENT + 4);
        assert_eq!(Balances::total_issuance(), issuance - 5);
        assert_eq!(free(REQUESTER), ENDOWMENT - fee);
        assert_eq!(held(REQUESTER), 0);
        assert!(events().contains(&Event::JobSettled {
            job: 0,
            worker: WORKER,
            requester: REQUESTER,
            units: 30,
            fee,
            to_worker: 331,
            to_creator: 18,
            burned: 5,
            to_stakers: 1,
            to_referrer: 1,
            to_treasury: 4,
            returned: PRICE - fee,
        }));
    });
}

#[test]
fn settlement_should_tell_who_credits_work() {
    execute(|| {
        let fee = settle(None);
        assert_eq!(
            SETTLED.with_borrow(Clone::clone),
            vec![SettledJob {
                job: 0,
                worker: WORKER,
                requester: REQUESTER,
                model: MODEL,
                class: TrustClass::Exact,
                units: 30,
                ask: ASK,
                fee,
                mint_ceiling: DEFAULT_CEILING,
                is_subsidised: false,
            }]
        );
    });
}

#[test]
fn settlement_should_give_the_referrers_share_to_the_treasury_when_there_is_none() {
    execute(|| {
        settle(None);
        assert_eq!(free(TREASURY), ENDOWMENT + 5);
        assert_eq!(free(REFERRER), ENDOWMENT);
    });
}

#[test]
fn settlement_should_give_the_treasury_what_an_account_cannot_receive() {
    execute(|| {
        // One unit is under the existential deposit of an account that does not exist.
        let fee = settle(Some(STRANGER));
        assert_eq!(free(STRANGER), 0);
        assert_eq!(free(TREASURY), ENDOWMENT + 5);
        assert_eq!(free(REQUESTER), ENDOWMENT - fee);
    });
}

#[test]
fn settlement_should_wait_while_the_gate_is_closed() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        GATE_OPEN.set(false);
        run_to(System::block_number() + CHALLENGE_WINDOW + 30);
        assert!(JobEscrow::view(job).is_some());
        assert_eq!(held(REQUESTER), PRICE);
        GATE_OPEN.set(true);
        run_to(System::block_number() + 10);
        assert!(JobEscrow::view(job).is_none());
        assert_eq!(held(REQUESTER), 0);
    });
}

#[test]
fn gate_should_be_asked_with_the_tick_at_which_the_result_came() {
    execute(|| {
        TICK.set(41);
        let job = claimed_by(WORKER);
        TICK.set(42);
        assert_ok!(deliver(WORKER, job));
        TICK.set(50);
        GATE_OPEN.set(false);
        run_to(System::block_number() + CHALLENGE_WINDOW - 1);
        assert_eq!(ASKED.with_borrow(Clone::clone), vec![]);
        run_to(System::block_number() + 1);
        assert_eq!(ASKED.with_borrow(Clone::clone), vec![(job, 42)]);
        // Eight blocks later it is asked again, for the same tick.
        run_to(System::block_number() + 8);
        assert_eq!(ASKED.with_borrow(Clone::clone), vec![(job, 42); 2]);
    });
}

#[test]
fn state_check_should_fail_when_a_result_is_of_a_tick_to_come() {
    execute(|| {
        TICK.set(5);
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        assert_ok!(JobEscrow::do_try_state());
        TICK.set(4);
        assert!(JobEscrow::do_try_state().is_err());
        TICK.set(5);
    });
}

#[test]
fn settlement_should_change_nothing_and_be_tried_again_when_a_part_fails() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        BURN_WORKS.set(false);
        run_to(System::block_number() + CHALLENGE_WINDOW);
        assert!(events()
            .iter()
            .any(|event| matches!(event, Event::JobDeferred { job: 0, .. })));
        assert_eq!(free(WORKER), ENDOWMENT);
        assert_eq!(held(REQUESTER), PRICE);
        BURN_WORKS.set(true);
        run_to(System::block_number() + 10);
        assert!(JobEscrow::view(job).is_none());
        assert_eq!(held(REQUESTER), 0);
        assert_eq!(free(WORKER), ENDOWMENT + 331);
    });
}

#[test]
fn split_should_add_up_and_favour_the_treasury_with_the_dust() {
    let split = FeeSplit::STANDARD;
    for fee in (0..2_000).chain([AIPG, AIPG + 1, 7 * AIPG - 3, Balance::MAX / 2, Balance::MAX]) {
        for (creator, referrer) in [(true, true), (true, false), (false, true), (false, false)] {
            let parts = split_fee(fee, &split, creator, referrer);
            let sum = [
                parts.worker,
                parts.creator,
                parts.burned,
                parts.stakers,
                parts.referrer,
                parts.treasury,
            ]
            .into_iter()
            .fold(0u128, |sum, part| sum.checked_add(part).unwrap());
            assert_eq!(sum, fee);
            assert_eq!(parts.worker, split.worker.mul_floor(fee));
            assert!(creator || parts.creator == 0);
            assert!(referrer || parts.referrer == 0);
        }
    }
    let parts = split_fee(1_000 * AIPG, &split, true, true);
    assert_eq!(
        [
            parts.worker,
            parts.creator,
            parts.burned,
            parts.stakers,
            parts.referrer,
            parts.treasury
        ],
        [
            920 * AIPG,
            50 * AIPG,
            15 * AIPG,
            5 * AIPG,
            5 * AIPG,
            5 * AIPG
        ]
    );
}

#[test]
fn worker_should_be_told_when_its_bond_no_longer_stands_for_a_result() {
    execute(|| {
        settle(None);
        let told = [(WORKER, Report::Completed), (WORKER, Report::Settled)];
        assert_eq!(reports(), told);
    });
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        assert_ok!(<JobEscrow as DeliveredResults<_>>::refute(job, true));
        assert_eq!(reports().last(), Some(&(WORKER, Report::Settled)));
    });
}

/// Results of a frozen version may wait for days, many of them: they must not take the steps of others.
#[test]
fn settlement_should_be_asked_for_less_often_the_longer_it_is_held_back() {
    execute(|| {
        GATE_OPEN.set(false);
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        let mut asked_at = Vec::new();
        for _ in 0..1_000 {
            TICK.set(TICK.get() + 1);
            let before = ASKED.with_borrow(Vec::len);
            run_to(System::block_number() + 1);
            if ASKED.with_borrow(Vec::len) > before {
                asked_at.push(TICK.get());
            }
        }
        assert!(asked_at.len() < 50, "{asked_at:?}");
        for pair in asked_at.windows(2) {
            let pause = pair[1] - pair[0];
            assert_eq!(pause, (pair[0] / 8).max(8), "{asked_at:?}");
        }
        GATE_OPEN.set(true);
        run_to(System::block_number() + 125);
        assert!(JobEscrow::view(job).is_none());
    });
}
