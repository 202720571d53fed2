use super::*;

fn lost(who: AccountId) -> Balance {
    MINIMUM_BOND - Auditing::bond_of(&who)
}

fn half() -> Balance {
    MINIMUM_BOND / 2
}

#[test]
fn auditors_who_found_the_same_should_be_paid_when_the_result_stands() {
    execute(|| {
        Chance::set(Permill::one());
        auditors(2);
        over(&[(2, ROOT), (3, ROOT)]);
        settle(JOB);
        let mut paid = Paid::get();
        paid.sort();
        assert_eq!(
            paid,
            [(2, JOB, Permill::one(), 2), (3, JOB, Permill::one(), 2)]
        );
        assert_eq!(Passed::get(), [WORKER]);
        assert_eq!(stage_of(JOB), None);
        assert_eq!(Burned::get(), 0);
        assert!(events().contains(&Event::AuditEnded {
            job: JOB,
            is_right: true,
            agreed: 2
        }));
    });
}

#[test]
fn auditor_who_found_something_else_should_lose_half_when_the_result_stands() {
    execute(|| {
        auditors(2);
        over(&[(2, ROOT), (3, OTHER_ROOT)]);
        settle(JOB);
        assert_eq!((lost(2), lost(3)), (0, half()));
        assert_eq!(Burned::get(), half());
        assert_eq!(TotalBond::<Test>::get(), 2 * MINIMUM_BOND - half());
        assert_eq!(Paid::get(), [(2, JOB, Permill::one(), 2)]);
        assert!(events().contains(&Event::AuditorPenalised {
            job: JOB,
            auditor: 3,
            fault: AuditorFault::Wrong,
            amount: half(),
        }));
    });
}

#[test]
fn auditor_who_vouched_for_it_should_lose_half_when_the_result_is_proven_false() {
    execute(|| {
        auditors(2);
        over(&[(2, ROOT), (3, OTHER_ROOT)]);
        Auditing::fell(JOB, true);
        assert_eq!((lost(2), lost(3)), (half(), 0));
        assert!(Paid::get().is_empty() && Passed::get().is_empty());
        assert!(events().contains(&Event::AuditEnded {
            job: JOB,
            is_right: false,
            agreed: 1
        }));
    });
}

#[test]
fn nobody_should_lose_when_the_result_falls_unproven() {
    execute(|| {
        auditors(2);
        over(&[(2, ROOT), (3, OTHER_ROOT)]);
        Auditing::fell(JOB, false);
        assert_eq!((lost(2), lost(3)), (0, 0));
        assert!(Paid::get().is_empty());
    });
}

#[test]
fn auditor_who_does_not_reveal_should_lose_a_little() {
    execute(|| {
        auditors(2);
        attested(&[(2, ROOT), (3, ROOT)]);
        assert_ok!(reveal(2, JOB, ROOT));
        advance(REVEAL.into());
        settle(JOB);
        assert_eq!((lost(2), lost(3)), (0, MINIMUM_BOND / 20));
        assert_eq!(Paid::get().len(), 1);
    });
}

#[test]
fn auditor_should_not_lose_when_the_result_falls_before_it_could_reveal() {
    for is_proven in [false, true] {
        execute(|| {
            auditors(1);
            attested(&[(2, ROOT)]);
            Auditing::fell(JOB, is_proven);
            assert_eq!(lost(2), 0);
        });
        execute(|| {
            auditors(1);
            drawn(JOB);
            assert_ok!(commit(2, JOB, ROOT));
            Auditing::fell(JOB, is_proven);
            assert_eq!(lost(2), 0);
            assert_eq!(stage_of(JOB), None);
        });
    }
}

#[test]
fn history_should_not_grow_when_no_auditor_agreed() {
    execute(|| {
        auditors(1);
        over(&[(2, OTHER_ROOT)]);
        settle(JOB);
        assert!(Passed::get().is_empty());
    });
}

#[test]
fn result_should_be_void_when_its_worker_does_not_attest() {
    execute(|| {
        auditors(1);
        drawn(JOB);
        assert_ok!(commit(2, JOB, ROOT));
        advance(COMMIT.into());
        assert!(Auditing::is_open(JOB) && !Auditing::is_missed(JOB));
        advance(ATTEST.into());
        assert!(!Auditing::is_open(JOB) && Auditing::is_missed(JOB));
        assert_eq!(Auditing::of(JOB), Attestation::None);
        assert!(events().contains(&Event::AttestationMissed {
            job: JOB,
            worker: WORKER
        }));
        assert_noop!(
            Auditing::attest(signed(WORKER), JOB, ROOT),
            Error::<Test>::WrongStage
        );
        Auditing::fell(JOB, false);
        assert_eq!(stage_of(JOB), None);
        assert_eq!(lost(2), 0);
        assert_eq!(Auditors::<Test>::get(2).unwrap().open, 0);
    });
}

#[test]
fn results_without_an_audit_should_end_as_they_are() {
    execute(|| {
        settle(JOB);
        Auditing::fell(JOB, true);
        assert!(!Auditing::is_open(JOB) && !Auditing::is_missed(JOB));
        assert_eq!(Auditing::of(JOB), Attestation::None);
        assert!(events().is_empty());
    });
}
