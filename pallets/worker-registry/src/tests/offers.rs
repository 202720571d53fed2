use super::*;
use crate::{Offer, Offers, Positions, Serving};

fn offers(who: AccountId) -> Vec<Offer> {
    Offers::<Test>::get(who).into_inner()
}

#[test]
fn offer_should_be_stored_when_the_model_is_active() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_eq!(
            offers(1),
            [Offer {
                model: model(1),
                ask: FLOOR
            }]
        );
        System::assert_last_event(
            Event::OfferSet {
                worker: 1,
                model: model(1),
                ask: FLOOR,
            }
            .into(),
        );
        assert_eq!(serving(model(1)), 0);
    });
}

#[test]
fn offer_should_change_its_price_when_the_model_is_offered_already() {
    execute(|| {
        register(1);
        serve(1, FLOOR);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), 3 * FLOOR));
        assert_eq!(
            offers(1),
            [Offer {
                model: model(1),
                ask: 3 * FLOOR
            }]
        );
        assert_eq!(serving(model(1)), 1);
        assert_eq!(draw(&request(0)), Some((1, 3 * FLOOR)));
    });
}

#[test]
fn offer_should_count_at_once_when_the_machine_is_online() {
    execute(|| {
        register(1);
        serve(1, FLOOR);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(2), FLOOR));
        assert_eq!(Serving::<Test>::get(model(2), at(0)), Some(1));
        assert_ok!(WorkerRegistry::remove_offer(signed(1), model(2)));
        assert_eq!(Serving::<Test>::get(model(2), at(0)), None);
        assert_eq!(serving(model(2)), 0);
        assert_eq!(serving(model(1)), 1);
    });
}

#[test]
fn offer_should_fail_when_the_model_is_unknown() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::set_offer(signed(1), model(99), FLOOR),
            Error::<Test>::UnknownModel
        );
    });
}

#[test]
fn offer_should_fail_when_the_price_is_under_the_floor() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::set_offer(signed(1), model(1), FLOOR - 1),
            Error::<Test>::AskBelowFloor
        );
        // Neither may an offer that exists be changed to less.
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_noop!(
            WorkerRegistry::set_offer(signed(1), model(1), FLOOR - 1),
            Error::<Test>::AskBelowFloor
        );
    });
}

#[test]
fn offer_should_fail_when_the_machine_offers_as_many_models_as_it_may() {
    execute(|| {
        register(1);
        for name in 1..=16 {
            assert_ok!(WorkerRegistry::set_offer(signed(1), model(name), FLOOR));
        }
        assert_noop!(
            WorkerRegistry::set_offer(signed(1), model(17), FLOOR),
            Error::<Test>::TooManyOffers
        );
        // A full list takes new prices.
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(16), 2 * FLOOR));
    });
}

#[test]
fn offer_should_fail_when_the_machine_is_retired() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_noop!(
            WorkerRegistry::set_offer(signed(1), model(1), FLOOR),
            Error::<Test>::WorkerRetired
        );
    });
}

#[test]
fn removal_should_fail_when_the_model_is_not_offered() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_noop!(
            WorkerRegistry::remove_offer(signed(1), model(2)),
            Error::<Test>::OfferNotFound
        );
    });
}

#[test]
fn machine_should_go_offline_when_it_takes_its_last_offer_back() {
    execute(|| {
        register(1);
        serve(1, FLOOR);
        assert_ok!(WorkerRegistry::remove_offer(signed(1), model(1)));
        assert!(!WorkerRegistry::view(&1).unwrap().online);
        assert_eq!(offers(1), []);
        assert_eq!(serving(model(1)), 0);
        System::assert_has_event(
            Event::OfferRemoved {
                worker: 1,
                model: model(1),
            }
            .into(),
        );
        System::assert_last_event(Event::WentOffline { worker: 1 }.into());
    });
}

#[test]
fn removal_should_only_forget_the_offer_when_the_machine_is_offline() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR));
        assert_ok!(WorkerRegistry::remove_offer(signed(1), model(1)));
        assert_eq!(offers(1), []);
        System::assert_last_event(
            Event::OfferRemoved {
                worker: 1,
                model: model(1),
            }
            .into(),
        );
    });
}

#[test]
fn index_should_stay_dense_when_machines_leave_from_its_middle() {
    execute(|| {
        for who in 1..=5 {
            register(who);
            serve(who, FLOOR);
        }
        assert_ok!(WorkerRegistry::go_offline(signed(2)));
        assert_ok!(WorkerRegistry::go_offline(signed(5)));
        let places: Vec<_> = (0..4)
            .map(|place| Serving::<Test>::get(model(1), at(place)))
            .collect();
        // 5 took the place of 2, then 4 took the place of 5.
        assert_eq!(places, [Some(1), Some(4), Some(3), None]);
        assert_eq!(Positions::<Test>::get(4, model(1)), Some(at(1)));
        assert_eq!(Positions::<Test>::get(5, model(1)), None);
        assert_eq!(serving(model(1)), 3);
    });
}
