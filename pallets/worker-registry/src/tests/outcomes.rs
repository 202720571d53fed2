use super::*;
use crate::WorkerState;

#[test]
fn completed_job_should_free_its_slot_and_count() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        give_jobs(1, 2);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        let record = record(1);
        assert_eq!((record.active, record.completed, record.failed), (1, 1, 0));
        assert_eq!(on_hold(1), MINIMUM_BOND);
    });
}

#[test]
fn released_job_should_free_its_slot_and_count_nothing() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        give_jobs(1, 2);
        WorkerRegistry::released(&1, PAYOUT);
        let record = record(1);
        assert_eq!((record.active, record.completed, record.failed), (1, 0, 0));
        assert_eq!(on_hold(1), MINIMUM_BOND);
    });
}

#[test]
fn failed_job_should_move_a_twentieth_of_the_bond_to_the_treasury_rounded_down() {
    execute(|| {
        // 5 % of it is 50 AIPG and 19/20 of a unit: the machine keeps the fraction.
        online_with(1, 1_000 * AIPG + 19, 2);
        give_jobs(1, 2);
        let issuance = Balances::total_issuance();
        for fault in [Fault::ClaimMissed, Fault::ResultMissed] {
            let (bond, treasury) = (on_hold(1), Balances::balance(&TREASURY));
            WorkerRegistry::failed(&1, PAYOUT, fault);
            let amount = bond / 20;
            assert_eq!(on_hold(1), bond - amount);
            assert_eq!(Balances::balance(&TREASURY), treasury + amount);
            System::assert_last_event(
                Event::Penalised {
                    worker: 1,
                    fault,
                    amount,
                }
                .into(),
            );
        }
        let record = record(1);
        assert_eq!((record.active, record.completed, record.failed), (0, 0, 2));
        assert_eq!(record.state, WorkerState::Online);
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn machine_should_go_offline_when_a_penalty_takes_its_bond_under_the_minimum() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        give_jobs(1, 2);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        assert_eq!(record(1).state, WorkerState::Offline);
        assert!(!record(1).suspended);
        System::assert_last_event(Event::WentOffline { worker: 1 }.into());
        // The other job fails while it is offline: penalised, and nothing to take offline.
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        assert_eq!(on_hold(1), 90_250_000_000_000_000_000);
        System::assert_last_event(
            Event::Penalised {
                worker: 1,
                fault: Fault::ResultMissed,
                amount: 4_750_000_000_000_000_000,
            }
            .into(),
        );
    });
}

#[test]
fn machine_should_stay_when_a_fifth_of_its_jobs_failed_and_be_suspended_above() {
    execute(|| {
        online_with(1, 10_000 * AIPG, 16);
        give_jobs(1, 11);
        for _ in 0..8 {
            WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        }
        for _ in 0..2 {
            WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        }
        assert!(!record(1).suspended);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        assert!(record(1).suspended);
        assert_eq!(record(1).state, WorkerState::Offline);
        System::assert_has_event(
            Event::Suspended {
                worker: 1,
                completed: 8,
                failed: 3,
            }
            .into(),
        );
        System::assert_last_event(Event::WentOffline { worker: 1 }.into());
        assert_eq!(draw(&request(0)), None);
    });
}

#[test]
fn machine_should_not_be_suspended_when_it_had_fewer_than_ten_jobs() {
    execute(|| {
        online_with(1, 10_000 * AIPG, 16);
        give_jobs(1, 10);
        for _ in 0..9 {
            WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        }
        assert!(!record(1).suspended);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        assert!(record(1).suspended);
    });
}

#[test]
fn suspension_should_be_announced_once_when_more_jobs_fail() {
    execute(|| {
        online_with(1, 10_000 * AIPG, 16);
        give_jobs(1, 12);
        for _ in 0..12 {
            WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        }
        let suspensions = System::events()
            .iter()
            .filter(|record| {
                matches!(
                    record.event,
                    RuntimeEvent::WorkerRegistry(Event::Suspended { .. })
                )
            })
            .count();
        assert_eq!(suspensions, 1);
    });
}

#[test]
fn going_online_should_fail_when_the_machine_is_suspended() {
    execute(|| {
        online_with(1, 10_000 * AIPG, 16);
        give_jobs(1, 10);
        for _ in 0..10 {
            WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        }
        assert_noop!(
            WorkerRegistry::go_online(signed(1)),
            Error::<Test>::WorkerSuspended
        );
    });
}

#[test]
fn outcome_should_change_nothing_when_the_machine_is_unknown() {
    execute(|| {
        assert_storage_noop!(WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK));
        assert_storage_noop!(WorkerRegistry::released(&1, PAYOUT));
        assert_storage_noop!(WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed));
    });
}

#[test]
fn penalty_should_be_nothing_when_the_treasury_cannot_take_it() {
    execute(|| {
        // A penalty under the existential deposit cannot open the treasury's account.
        online_with(1, MINIMUM_BOND, 1);
        give_jobs(1, 1);
        assert_ok!(Balances::force_set_balance(
            RuntimeOrigin::root(),
            TREASURY,
            0
        ));
        let bond = on_hold(1);
        let reason = crate::HoldReason::WorkerBond.into();
        let rest = EXISTENTIAL_DEPOSIT;
        use frame_support::traits::{fungible::MutateHold, tokens::Precision};
        assert_ok!(Balances::release(
            &reason,
            &1,
            bond - rest,
            Precision::Exact
        ));
        crate::TotalBond::<Test>::put(rest);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        assert_eq!(on_hold(1), rest);
        assert_eq!(record(1).failed, 1);
        System::assert_has_event(
            Event::Penalised {
                worker: 1,
                fault: Fault::ClaimMissed,
                amount: 0,
            }
            .into(),
        );
    });
}

#[test]
fn lapsed_result_should_count_as_a_failure_instead_of_a_completion() {
    execute(|| {
        online_with(1, MINIMUM_BOND * 2, 2);
        give_jobs(1, 1);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        assert_eq!((record(1).unsettled, record(1).completed), (1, 1));
        WorkerRegistry::lapsed(&1, PAYOUT, Fault::AttestationMissed);
        let record = record(1);
        assert_eq!((record.active, record.unsettled), (0, 0));
        assert_eq!((record.completed, record.failed), (0, 1));
        let amount = MINIMUM_BOND / 10;
        assert_eq!(on_hold(1), MINIMUM_BOND * 2 - amount);
        System::assert_last_event(
            Event::Penalised {
                worker: 1,
                fault: Fault::AttestationMissed,
                amount,
            }
            .into(),
        );
        // A machine that is not there any more loses nothing.
        WorkerRegistry::lapsed(&77, PAYOUT, Fault::AttestationMissed);
    });
}

#[test]
fn audits_should_become_rarer_with_what_was_paid_and_what_is_at_stake() {
    use crate::audit_chance;
    use sp_runtime::Permill;
    let percent = Permill::from_percent;
    let bond = 1_000_000 * AIPG;
    for (paid, bond, payout, chance) in [
        // A newcomer; after five payouts as large, every second one.
        (0, bond, AIPG, percent(100)),
        (5 * AIPG, bond, AIPG, percent(50)),
        (45 * AIPG, bond, AIPG, percent(10)),
        (495 * AIPG, bond, AIPG, percent(1)),
        (500 * AIPG, bond, AIPG, percent(1)),
        (Balance::MAX, bond, AIPG, percent(1)),
        // A thousand cheap jobs are none for a dear one.
        (
            500 * AIPG,
            bond,
            1_000 * AIPG,
            Permill::from_rational(5_000u32, 5_500),
        ),
        // A fiftieth of the bond is audited whatever was before, half of that as often.
        (Balance::MAX, 50 * AIPG, AIPG, percent(100)),
        (Balance::MAX, 100 * AIPG, AIPG, percent(50)),
        (Balance::MAX, 10 * AIPG, AIPG, percent(100)),
        (Balance::MAX, 0, AIPG, percent(100)),
        (Balance::MAX, 0, Balance::MAX, percent(100)),
        (0, 0, 0, percent(1)),
    ] {
        let found = audit_chance(paid, bond, payout);
        assert_eq!(found, chance, "{paid} paid, {bond} on hold, {payout}");
    }
}

#[test]
fn history_should_be_what_was_paid_and_what_was_passed() {
    execute(|| {
        use aipg_primitives::{AuditHistory, CheckedMachines};
        use sp_runtime::Permill;
        let chance = |who| WorkerRegistry::chance(&who, MINIMUM_BOND / 100);
        assert_eq!(chance(77), Permill::one(), "nobody");
        register(1);
        assert_eq!(chance(1), Permill::one());
        WorkerRegistry::settled(&1, MINIMUM_BOND * 100, true);
        assert_eq!(record(1).paid, MINIMUM_BOND * 100);
        assert_eq!(chance(1), Permill::from_percent(50), "by its bond");
        WorkerRegistry::passed(&1);
        assert_eq!(record(1).challenges_passed, 1);
        assert_storage_noop!(WorkerRegistry::passed(&77));
        assert_storage_noop!(WorkerRegistry::settled(&77, 1, true));
    });
}
