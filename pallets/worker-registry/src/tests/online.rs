use super::*;
use crate::WorkerState;

#[test]
fn machine_should_be_drawable_for_all_its_models_when_it_goes_online() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(2), FLOOR));
        assert_eq!(draw(&request(0)), None);
        assert_ok!(WorkerRegistry::go_online(signed(1)));
        assert_eq!(record(1).state, WorkerState::Online);
        assert_eq!(serving(model(1)), 1);
        assert_eq!(serving(model(2)), 1);
        System::assert_last_event(Event::WentOnline { worker: 1 }.into());
        assert_eq!(draw(&request(0)), Some((1, FLOOR)));
    });
}

#[test]
fn machine_should_not_be_drawable_when_it_went_offline() {
    execute(|| {
        register(1);
        serve(1, FLOOR);
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        assert_eq!(record(1).state, WorkerState::Offline);
        assert_eq!(serving(model(1)), 0);
        System::assert_last_event(Event::WentOffline { worker: 1 }.into());
        assert_eq!(draw(&request(0)), None);
    });
}

#[test]
fn going_online_should_fail_when_there_is_no_offer() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::go_online(signed(1)),
            Error::<Test>::NoOffers
        );
    });
}

#[test]
fn going_online_should_fail_when_the_machine_is_online() {
    execute(|| {
        register(1);
        serve(1, FLOOR);
        assert_noop!(
            WorkerRegistry::go_online(signed(1)),
            Error::<Test>::AlreadyOnline
        );
    });
}

#[test]
fn going_online_should_fail_when_the_bond_fell_under_the_minimum() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 1);
        give_jobs(1, 1);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        assert_noop!(
            WorkerRegistry::go_online(signed(1)),
            Error::<Test>::BondTooSmall
        );
        assert_ok!(WorkerRegistry::bond_more(
            signed(1),
            MINIMUM_BOND - on_hold(1)
        ));
        assert_ok!(WorkerRegistry::go_online(signed(1)));
    });
}

#[test]
fn going_online_should_fail_when_the_machine_is_retired() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_noop!(
            WorkerRegistry::go_online(signed(1)),
            Error::<Test>::WorkerRetired
        );
    });
}

#[test]
fn going_offline_should_fail_when_the_machine_is_not_online() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::go_offline(signed(1)),
            Error::<Test>::NotOnline
        );
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_noop!(
            WorkerRegistry::go_offline(signed(1)),
            Error::<Test>::NotOnline
        );
    });
}

#[test]
fn jobs_should_be_kept_when_the_machine_goes_offline() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        give_jobs(1, 2);
        assert_ok!(WorkerRegistry::go_offline(signed(1)));
        assert_eq!(record(1).active, 2);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        assert_eq!((record(1).active, record(1).completed), (1, 1));
    });
}
