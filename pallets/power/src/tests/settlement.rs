use super::*;

#[test]
fn power_should_count_as_soon_as_it_is_known_not_to_be_drawn() {
    execute(|| {
        let window = open().number;
        let who = somebody(false);
        veteran(who, 10);
        assert_ok!(commit(who, 12, INVENTED));
        assert_noop!(settle(who), Error::<Test>::NothingToSettle);
        advance(COMMIT + BEACON_DELAY - 1);
        assert_noop!(settle(who), Error::<Test>::NothingToSettle);
        assert_eq!(Power::power_of(&who), 10);
        advance(1);
        assert_eq!(Power::power_of(&who), 12);
        assert!(Told::get().is_empty());
        assert_ok!(settle(who));
        assert_eq!(Power::power_of(&who), 12);
        let record = record_of(who).unwrap();
        // Nothing was proven.
        assert_eq!((record.power, record.proven), (12, 10));
        assert_eq!(Told::get(), [(who, 12)]);
        assert!(PassedBy::get().is_empty());
        assert_eq!(
            events().last(),
            Some(&Event::Measured {
                window,
                worker: who,
                steps: 12,
            })
        );
        assert_noop!(settle(who), Error::<Test>::NothingToSettle);
    });
}

#[test]
fn power_should_be_lost_when_it_was_drawn_and_not_proven() {
    execute(|| {
        let window = open().number;
        let who = somebody(true);
        veteran(who, 10);
        assert_ok!(commit(who, 12, INVENTED));
        to_draw();
        advance(PROVE - 1);
        assert_noop!(settle(who), Error::<Test>::NothingToSettle);
        assert_eq!(Power::power_of(&who), 10);
        advance(1);
        // Even if nobody settles it.
        assert_eq!(Power::power_of(&who), 0);
        advance(7);
        let barred_until = System::block_number() + PENALTY;
        assert_ok!(settle(who));
        let record = record_of(who).unwrap();
        assert_eq!((record.power, record.proven), (0, 0));
        assert_eq!(record.barred_until, Some(barred_until));
        assert_eq!(Told::get(), [(who, 0)]);
        assert_eq!(FailedBy::get(), [who]);
        assert_eq!(
            events().last(),
            Some(&Event::Failed {
                window,
                worker: who,
                steps: 12,
                barred_until,
            })
        );
        assert_noop!(settle(who), Error::<Test>::NothingToSettle);
        assert_eq!(FailedBy::get(), [who]);
    });
}

#[test]
fn nobody_should_be_measured_or_punished_when_the_beacon_is_withheld() {
    execute(|| {
        let window = open();
        let lucky = somebody(false);
        let unlucky = somebody(true);
        for who in [lucky, unlucky] {
            veteran(who, 10);
            assert_ok!(commit(who, 11, INVENTED));
        }
        assert_ok!(commit(1, 11, INVENTED));
        NoBeaconFrom::set(window.closes_at);
        advance(COMMIT + BEACON_DELAY);
        assert_noop!(settle(lucky), Error::<Test>::NothingToSettle);
        to_end();
        for (who, power) in [(lucky, 10), (unlucky, 10), (1, 0)] {
            assert_eq!(Power::power_of(&who), power);
            assert_ok!(settle(who));
            let record = record_of(who).unwrap();
            assert_eq!((record.power, record.claim), (power, None));
            assert_eq!(record.barred_until, None);
            assert_eq!(
                events().last(),
                Some(&Event::Voided {
                    window: window.number,
                    worker: who,
                })
            );
        }
        assert_eq!((Told::get(), FailedBy::get()), (vec![], vec![]));
        // It goes on.
        NoBeaconFrom::set(u64::MAX);
        open();
        assert_ok!(commit(1, 11, INVENTED));
        assert_ok!(commit(unlucky, 11, INVENTED));
        to_draw();
        assert!(Power::beacon_of(window.number + 1).is_some());
    });
}

#[test]
fn power_should_lapse_when_a_window_is_missed() {
    execute(|| {
        veteran(1, 10);
        open();
        advance(COMMIT - 1);
        // It can still be attended.
        assert_eq!(Power::power_of(&1), 10);
        assert_noop!(settle(1), Error::<Test>::NothingToSettle);
        advance(1);
        assert_eq!(Power::power_of(&1), 0);
        assert!(!Power::is_fast(&1));
        assert_ok!(settle(1));
        assert_eq!(record_of(1).unwrap().power, 0);
        assert_eq!(Told::get(), [(1, 0)]);
        assert_eq!(events().last(), Some(&Event::Lapsed { worker: 1 }));
        assert_noop!(settle(1), Error::<Test>::NothingToSettle);
    });
}

/// Else one machine would count twice, in two accounts that attend in turn.
#[test]
fn power_should_be_of_the_last_window_alone() {
    execute(|| {
        veteran(1, 10);
        veteran(2, 10);
        for turn in 0..6 {
            let who = 1 + turn % 2;
            open();
            let (root, openings) = computed(who, 10);
            assert_ok!(commit(who, 10, root));
            to_draw();
            if !is_lucky(who) {
                assert_ok!(prove(who, openings));
            }
            to_end();
            let powers = Power::power_of(&1) + Power::power_of(&2);
            assert_eq!((Power::power_of(&who), powers), (10, 10));
        }
    });
}

#[test]
fn lapsed_power_should_be_noticed_by_the_next_commitment() {
    execute(|| {
        veteran(1, 10);
        pass_windows(2);
        open();
        assert_ok!(commit(1, 10, INVENTED));
        assert!(events().contains(&Event::Lapsed { worker: 1 }));
        assert_eq!(record_of(1).unwrap().power, 0);
        assert_eq!(record_of(1).unwrap().proven, 10);
    });
}

#[test]
fn claim_should_be_void_when_it_is_forgotten_who_was_drawn() {
    execute(|| {
        let window = open().number;
        assert_ok!(commit(1, 5, INVENTED));
        to_end();
        pass_windows(REMEMBERED - 1);
        // The last moment at which it is a failure.
        assert!(Power::beacon_of(window).is_some());
        pass_windows(1);
        assert!(Power::beacon_of(window).is_none());
        assert_ok!(settle(1));
        assert!(FailedBy::get().is_empty());
        // Nothing is left of it.
        assert_eq!(record_of(1), None);
        assert!(events().contains(&Event::Voided { window, worker: 1 }));
        assert_eq!(events().last(), Some(&Event::Forgotten { worker: 1 }));
    });
}

#[test]
fn record_should_be_kept_while_it_bars_or_a_window_is_remembered() {
    execute(|| {
        veteran(1, 10);
        pass_windows(REMEMBERED - 1);
        assert_ok!(settle(1));
        assert_noop!(settle(1), Error::<Test>::NothingToSettle);
        pass_windows(1);
        Records::<Test>::mutate_extant(1, |record| {
            record.proven = 0;
            record.barred_until = Some(System::block_number() + 1);
        });
        assert_noop!(settle(1), Error::<Test>::NothingToSettle);
        advance(1);
        assert_ok!(settle(1));
        assert_eq!(record_of(1), None);
    });
}

#[test]
fn settling_should_be_refused_when_nothing_is_known_of_the_account() {
    execute(|| {
        assert_noop!(settle(1), Error::<Test>::NothingToSettle);
        assert_eq!(Power::power_of(&1), 0);
        assert_eq!(Power::attendance(&1), None);
        assert!(!Power::is_fast(&1));
    });
}

#[test]
fn settling_should_be_anybodys_and_signed() {
    execute(|| {
        open();
        assert_ok!(commit(1, 5, INVENTED));
        to_end();
        let none = frame_system::RawOrigin::None;
        let bad_origin = sp_runtime::DispatchError::BadOrigin;
        assert_noop!(Power::settle(none.clone().into(), 1), bad_origin);
        assert_noop!(
            Power::commit(none.clone().into(), 1, 1, INVENTED),
            bad_origin
        );
        assert_noop!(
            Power::prove(none.into(), 1, Openings::default()),
            bad_origin
        );
        assert_ok!(Power::settle(signed(77), 1));
        assert_eq!(FailedBy::get(), [1]);
    });
}

#[test]
fn fastest_tenth_should_learn_from_what_counts_only() {
    execute(|| {
        // Failed and void claims teach nothing.
        open();
        assert_ok!(commit(1, MAX_STEPS, INVENTED));
        to_end();
        assert_ok!(settle(1));
        assert_eq!(FastestTenth::<Test>::get(), 0);
        let window = open();
        assert_ok!(commit(2, MAX_STEPS, INVENTED));
        NoBeaconFrom::set(window.closes_at);
        to_end();
        assert_ok!(settle(2));
        assert_eq!(FastestTenth::<Test>::get(), 0);
        NoBeaconFrom::set(u64::MAX);
        // Proven and undrawn ones do.
        open();
        let who = somebody(false);
        veteran(who, 1_000);
        assert_ok!(commit(who, 1_000, INVENTED));
        let (root, openings) = computed(3, 1_000);
        assert_ok!(commit(3, 1_000, root));
        to_draw();
        assert_ok!(prove(3, openings));
        assert_eq!(FastestTenth::<Test>::get(), 9);
        assert_ok!(settle(who));
        assert_eq!(FastestTenth::<Test>::get(), 18);
        assert!(Power::is_fast(&who) && Power::is_fast(&3));
        FastestTenth::<Test>::put(1_000);
        assert!(Power::is_fast(&who));
        FastestTenth::<Test>::put(1_001);
        assert!(!Power::is_fast(&who));
        // Who has none is not fast, however slow all are.
        FastestTenth::<Test>::put(0);
        assert!(!Power::is_fast(&1));
    });
}
