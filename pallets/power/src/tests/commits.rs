use super::*;

#[test]
fn commitment_should_be_kept_when_a_machine_is_online() {
    execute(|| {
        let window = open();
        assert_ok!(commit(1, 5, INVENTED));
        let record = record_of(1).unwrap();
        assert_eq!(record.attendance, Attendance::new(window.number));
        assert_eq!((record.power, record.proven), (0, 0));
        let claim = Claim {
            steps: 5,
            root: INVENTED,
            is_certain: true,
        };
        assert_eq!(record.claim, Some(claim));
        assert_eq!(
            events().last(),
            Some(&Event::Committed {
                window: window.number,
                worker: 1,
                steps: 5,
                root: INVENTED,
                is_certain: true,
            })
        );
    });
}

#[test]
fn commitment_should_be_refused_when_there_is_no_window_or_another() {
    execute(|| {
        assert_noop!(commit(1, 5, INVENTED), Error::<Test>::NoWindow);
        let number = open().number;
        for other in [number - 1, number + 1] {
            let result = Power::commit(signed(1), other, 5, INVENTED);
            assert_noop!(result, Error::<Test>::WrongWindow);
        }
    });
}

#[test]
fn commitment_should_be_refused_when_the_window_has_closed() {
    execute(|| {
        open();
        advance(COMMIT - 1);
        assert_ok!(commit(1, 5, INVENTED));
        advance(1);
        assert_noop!(commit(2, 5, INVENTED), Error::<Test>::CommitTimeOver);
    });
}

#[test]
fn commitment_should_be_refused_when_its_steps_are_none_or_too_many() {
    execute(|| {
        open();
        for steps in [0, MAX_STEPS + 1, u32::MAX] {
            assert_noop!(commit(1, steps, INVENTED), Error::<Test>::StepsOutOfRange);
        }
        assert_ok!(commit(1, MAX_STEPS, INVENTED));
        assert_ok!(commit(2, 1, INVENTED));
    });
}

#[test]
fn commitment_should_be_refused_when_the_machine_is_offline() {
    execute(|| {
        open();
        Offline::set(vec![1]);
        assert_noop!(commit(1, 5, INVENTED), Error::<Test>::NotOnline);
    });
}

#[test]
fn second_commitment_should_be_refused_when_it_is_of_the_same_window() {
    execute(|| {
        open();
        assert_ok!(commit(1, 5, INVENTED));
        assert_noop!(commit(1, 6, INVENTED), Error::<Test>::AlreadyCommitted);
    });
}

#[test]
fn commitment_should_settle_the_one_before() {
    execute(|| {
        let window = open().number;
        let who = somebody(false);
        veteran(who, 10);
        assert_ok!(commit(who, 12, INVENTED));
        to_end();
        open();
        assert_ok!(commit(who, 11, INVENTED));
        let record = record_of(who).unwrap();
        assert_eq!((record.power, record.proven), (12, 10));
        assert_eq!(record.claim.unwrap().steps, 11);
        assert_eq!(Told::get(), [(who, 12)]);
        assert!(events().contains(&Event::Measured {
            window,
            worker: who,
            steps: 12,
        }));
    });
}

#[test]
fn commitment_should_only_record_the_failure_when_the_one_before_failed() {
    execute(|| {
        let window = open().number;
        assert_ok!(commit(1, 5, INVENTED));
        to_end();
        open();
        assert_ok!(commit(1, 7, INVENTED));
        let barred_until = System::block_number() + PENALTY;
        let record = record_of(1).unwrap();
        assert_eq!(record.claim, None);
        assert_eq!(record.attendance.last, window);
        assert_eq!(record.barred_until, Some(barred_until));
        assert_eq!(
            events().last(),
            Some(&Event::Failed {
                window,
                worker: 1,
                steps: 5,
                barred_until,
            })
        );
        assert_eq!(FailedBy::get(), [1]);
        assert_noop!(commit(1, 7, INVENTED), Error::<Test>::Barred);
    });
}

#[test]
fn barred_worker_should_commit_again_when_its_time_is_over() {
    execute(|| {
        open();
        assert_ok!(commit(1, 5, INVENTED));
        to_end();
        assert_ok!(settle(1));
        let until = record_of(1).unwrap().barred_until.unwrap();
        assert_eq!(until, System::block_number() + PENALTY);
        advance(until - 2 - System::block_number());
        open();
        assert_eq!(System::block_number(), until - 1);
        assert_noop!(commit(1, 5, INVENTED), Error::<Test>::Barred);
        advance(1);
        assert_ok!(commit(1, 5, INVENTED));
        let record = record_of(1).unwrap();
        assert_eq!(record.barred_until, None);
        assert!(record.claim.unwrap().is_certain);
    });
}

#[test]
fn worker_should_be_drawn_for_certain_when_it_is_a_newcomer() {
    execute(|| {
        for attended in 0..NEWCOMER_WINDOWS + 2 {
            open();
            let steps = 5;
            let (root, openings) = computed(1, steps);
            assert_ok!(commit(1, steps, root));
            let is_newcomer = attended < NEWCOMER_WINDOWS;
            assert_eq!(claim_of(1).is_certain, is_newcomer, "{attended}");
            to_draw();
            if is_newcomer || !is_lucky(1) {
                assert_ok!(prove(1, openings));
            }
            to_end();
        }
        assert_eq!(record_of(1).unwrap().power, 5);
        assert_eq!(PassedBy::get().len(), NEWCOMER_WINDOWS as usize);
    });
}

#[test]
fn worker_should_be_drawn_for_certain_when_it_claims_much_more_than_it_has_proven() {
    execute(|| {
        for (steps, is_certain) in [(1, false), (100, false), (125, false), (126, true)] {
            veteran(1, 100);
            open();
            assert_ok!(commit(1, steps, INVENTED));
            assert_eq!(claim_of(1).is_certain, is_certain, "{steps}");
            to_end();
        }
    });
}

#[test]
fn leap_should_be_counted_from_what_was_proven_when_the_power_is_higher() {
    execute(|| {
        veteran(1, 100);
        Records::<Test>::mutate_extant(1, |record| record.power = 125);
        open();
        assert_ok!(commit(1, 130, INVENTED));
        assert!(claim_of(1).is_certain);
    });
}
