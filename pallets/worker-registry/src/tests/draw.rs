use super::*;

#[test]
fn draw_should_take_slots_until_none_is_free() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        assert_eq!(draw(&request(0)), Some((1, FLOOR)));
        assert_eq!(draw(&request(1)), Some((1, FLOOR)));
        assert_eq!(record(1).active, 2);
        assert_storage_noop!(assert_eq!(draw(&request(2)), None));
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        assert_eq!(draw(&request(3)), Some((1, FLOOR)));
    });
}

#[test]
fn draw_should_find_nobody_when_no_machine_serves_the_model() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        let other = DrawRequest {
            model: model(2),
            ..request(0)
        };
        assert_storage_noop!(assert_eq!(draw(&other), None));
    });
}

#[test]
fn draw_should_skip_machines_that_cost_more_than_the_requester_pays() {
    execute(|| {
        register(1);
        serve(1, 3 * FLOOR);
        let exact = DrawRequest {
            max_price: 300 * FLOOR,
            ..request(0)
        };
        let short = DrawRequest {
            max_price: 300 * FLOOR - 1,
            ..request(0)
        };
        assert_eq!(draw(&short), None);
        assert_eq!(draw(&exact), Some((1, 3 * FLOOR)));
    });
}

#[test]
fn draw_should_skip_machines_whose_cost_overflows() {
    execute(|| {
        register(1);
        serve(1, Balance::MAX / 2);
        assert_eq!(
            draw(&DrawRequest {
                max_price: Balance::MAX,
                units: 3,
                ..request(0)
            }),
            None
        );
        // Nor can a bond stand for one that does not.
        assert_eq!(
            draw(&DrawRequest {
                max_price: Balance::MAX,
                units: 2,
                ..request(0)
            }),
            None
        );
    });
}

#[test]
fn draw_should_skip_offers_under_a_floor_that_rose() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        ActiveModels::mutate(|models| models.insert(model(1), FLOOR + 1));
        assert_eq!(draw(&request(0)), None);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(1), FLOOR + 1));
        assert_eq!(draw(&request(0)), Some((1, FLOOR + 1)));
    });
}

#[test]
fn draw_should_find_nobody_when_the_model_is_retired() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        ActiveModels::mutate(|models| models.remove(&model(1)));
        assert_storage_noop!(assert_eq!(draw(&request(0)), None));
    });
}

#[test]
fn draw_should_skip_machines_of_another_region() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 2);
        let mut request = request(0);
        request.service.region = Some(Region::Asia);
        assert_eq!(draw(&request), None);
        request.service.region = Some(Region::Europe);
        assert_eq!(draw(&request), Some((1, FLOOR)));
    });
}

#[test]
fn draw_should_skip_machines_of_a_lower_level() {
    execute(|| {
        online_with(1, LEVEL_TWO_BOND, 2);
        let mut request = request(0);
        request.service.min_level = 1;
        assert_eq!(draw(&request), Some((1, FLOOR)));
        request.service.min_level = 2;
        assert_eq!(draw(&request), None);
        Workers::<Test>::mutate(1, |record| record.as_mut().unwrap().challenges_passed = 10);
        assert_eq!(draw(&request), Some((1, FLOOR)));
    });
}

#[test]
fn draw_should_find_the_one_that_fits_when_it_is_among_the_candidates() {
    execute(|| {
        for who in 1..=3 {
            register(who);
            serve(who, 100 * FLOOR);
        }
        register(4);
        serve(4, FLOOR);
        for seed in 0..50 {
            assert_eq!(draw(&request(seed)), Some((4, FLOOR)));
            WorkerRegistry::released(&4, PAYOUT);
        }
    });
}

#[test]
fn draw_should_repeat_itself_when_seed_and_state_are_the_same() {
    execute(|| {
        for who in 1..=20 {
            register(who);
            serve(who, FLOOR);
        }
        let mut winners = std::collections::BTreeSet::new();
        for seed in 0..100 {
            let (first, _) = draw(&request(seed)).unwrap();
            WorkerRegistry::released(&first, PAYOUT);
            let (second, _) = draw(&request(seed)).unwrap();
            WorkerRegistry::released(&second, PAYOUT);
            assert_eq!(first, second);
            winners.insert(first);
        }
        assert!(
            winners.len() > 10,
            "only {} of 20 machines ever won",
            winners.len()
        );
    });
}

#[test]
fn draw_should_be_open_when_nobody_was_passed_over() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 4);
        let open = |request: &DrawRequest| {
            let drawn = WorkerRegistry::draw(request, &[]).unwrap();
            WorkerRegistry::released(&1, drawn.payout);
            assert_eq!(drawn.worker, 1);
            drawn.is_open
        };
        assert!(open(&request(0)));
        // A cost of exactly half of what the requester pays, and a little more than that.
        let priced = |max_price| DrawRequest {
            max_price,
            ..request(0)
        };
        assert!(open(&priced(200 * FLOOR)));
        assert!(!open(&priced(200 * FLOOR - 1)));

        // Somebody else could do it, but is too dear.
        register(2);
        serve(2, 11 * FLOOR);
        assert!(!open(&request(1)));
        // It does not count while it could not.
        Workers::<Test>::mutate(2, |record| record.as_mut().unwrap().active = 1);
        assert!(open(&request(1)));
    });
}

#[test]
fn draw_should_be_open_only_when_enough_machines_serve_none_of_which_has_a_third() {
    execute(|| {
        OpenMachines::set(4);
        let is_open = |seed| {
            let drawn = WorkerRegistry::draw(&request(seed), &[]).unwrap();
            WorkerRegistry::released(&drawn.worker, drawn.payout);
            drawn.is_open
        };
        for who in 1..=3 {
            online_with(who, MINIMUM_BOND, 1);
            assert!(!is_open(who));
        }
        online_with(4, MINIMUM_BOND, 1);
        assert!(is_open(4));
        // One has two fifths of the capacity, then two sixths, then two sevenths.
        <WorkerRegistry as aipg_primitives::MeasuredMachines<_>>::measured(&1, 2);
        assert!(!is_open(5));
        online_with(5, MINIMUM_BOND, 1);
        assert!(!is_open(6));
        online_with(6, MINIMUM_BOND, 1);
        assert!(is_open(7));
    });
}

#[test]
fn draw_should_not_be_open_when_the_job_is_too_large_for_a_bond() {
    execute(|| {
        online_with(1, LEVEL_TWO_BOND, 1);
        online_with(2, MINIMUM_BOND, 1);
        // A little more than a fiftieth of the small bond.
        let large = DrawRequest {
            units: u64::try_from(MINIMUM_BOND / FLOOR / 50 + 1).unwrap(),
            max_price: MINIMUM_BOND,
            mint_ceiling: 0,
            ..request(0)
        };
        let drawn = WorkerRegistry::draw(&large, &[]).unwrap();
        assert_eq!((drawn.worker, drawn.is_open), (1, false));
    });
}

#[test]
fn nobody_should_be_drawn_openly_when_all_were_passed_over() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 1);
        let dear = DrawRequest {
            max_price: 100 * FLOOR - 1,
            ..request(0)
        };
        let nobody = WorkerRegistry::draw(&dear, &[]).unwrap_err();
        assert!(!nobody.is_open);
        // Nobody who could do it was passed over: it is busy.
        Workers::<Test>::mutate(1, |record| record.as_mut().unwrap().active = 1);
        let nobody = WorkerRegistry::draw(&request(1), &[]).unwrap_err();
        assert!(nobody.is_open);
    });
}

#[test]
fn draw_should_not_be_open_when_region_or_level_pass_over_somebody() {
    execute(|| {
        online_with(1, LEVEL_TWO_BOND, 4);
        Workers::<Test>::mutate(1, |record| record.as_mut().unwrap().challenges_passed = 10);
        assert_ok!(WorkerRegistry::register(
            signed(2),
            MINIMUM_BOND,
            1,
            Region::Asia
        ));
        serve(2, FLOOR);
        let mut request = request(0);
        request.service.region = Some(Region::Europe);
        assert!(!WorkerRegistry::draw(&request, &[]).unwrap().is_open);
        request.service.region = None;
        request.service.min_level = 2;
        assert!(!WorkerRegistry::draw(&request, &[]).unwrap().is_open);
        request.service.min_level = 1;
        assert!(WorkerRegistry::draw(&request, &[]).unwrap().is_open);
    });
}

#[test]
fn machines_to_avoid_should_be_drawn_only_when_nobody_else_fits() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 4);
        online_with(2, MINIMUM_BOND, 4);
        for seed in 0..20 {
            let drawn = WorkerRegistry::draw(&request(seed), &[1]).unwrap();
            assert_eq!(drawn.worker, 2);
            WorkerRegistry::released(&2, drawn.payout);
        }
        // They are what is left, and say no less of how open the request is.
        let drawn = WorkerRegistry::draw(&request(0), &[1, 2]).unwrap();
        assert!([1, 2].contains(&drawn.worker));
        assert!(drawn.is_open);
        assert_ok!(WorkerRegistry::go_offline(signed(2)));
        let drawn = WorkerRegistry::draw(&request(1), &[1]).unwrap();
        assert_eq!(drawn.worker, 1);
    });
}
