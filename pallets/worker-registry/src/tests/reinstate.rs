use super::*;

fn suspended(who: AccountId) {
    online_with(who, 10_000 * AIPG, 16);
    give_jobs(who, 10);
    for _ in 0..10 {
        WorkerRegistry::failed(&who, PAYOUT, Fault::ResultMissed);
    }
    assert!(record(who).suspended);
}

#[test]
fn machine_should_go_online_again_when_it_was_reinstated() {
    execute(|| {
        suspended(1);
        assert_ok!(WorkerRegistry::reinstate(RuntimeOrigin::root(), 1));
        System::assert_last_event(Event::Reinstated { worker: 1 }.into());
        assert!(!WorkerRegistry::view(&1).unwrap().online);
        assert_eq!(record(1).failed, 10);
        assert_ok!(WorkerRegistry::go_online(signed(1)));
        assert_eq!(draw(&request(0)), Some((1, FLOOR)));
    });
}

#[test]
fn machine_should_be_suspended_again_when_it_fails_after_reinstatement() {
    execute(|| {
        suspended(1);
        assert_ok!(WorkerRegistry::reinstate(RuntimeOrigin::root(), 1));
        assert_ok!(WorkerRegistry::go_online(signed(1)));
        give_jobs(1, 1);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ResultMissed);
        assert!(record(1).suspended);
    });
}

#[test]
fn reinstatement_should_fail_when_the_machine_is_not_suspended() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::reinstate(RuntimeOrigin::root(), 1),
            Error::<Test>::NotSuspended
        );
    });
}

#[test]
fn reinstatement_should_fail_when_the_machine_asks_for_it_itself() {
    execute(|| {
        suspended(1);
        assert_noop!(
            WorkerRegistry::reinstate(signed(1), 1),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn suspended_machine_should_be_able_to_leave_with_its_bond() {
    execute(|| {
        suspended(1);
        let bond = on_hold(1);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(1 + UNBONDING);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        System::assert_last_event(Event::Withdrawn { worker: 1, bond }.into());
    });
}
