//! What follows when auditors commit and none of them reveals.

use super::*;

const SILENT: Balance = MINIMUM_BOND / 20;

fn lost(who: AccountId) -> Balance {
    MINIMUM_BOND - Auditing::bond_of(&who)
}

/// Two have committed, the worker has attested, and nobody has revealed.
fn silent() {
    auditors(2);
    attested(&[(2, ROOT), (3, ROOT)]);
    advance(REVEAL.into());
}

/// The next draw has taken place.
fn drawn_again() {
    assert!(matches!(stage_of(JOB), Some(Stage::Drawing(_))));
    advance(BEACON_DELAY);
    seed_of(JOB);
}

#[test]
fn others_should_be_drawn_when_nobody_reveals_and_the_silent_should_pay() {
    execute(|| {
        for who in [2, 3, 4] {
            assert_ok!(register(who, 2 * MINIMUM_BOND));
        }
        advance(KEY_DELAY);
        drawn(JOB);
        // Whoever the numbers would draw.
        crate::Audits::<Test>::mutate_extant(JOB, |audit| audit.total_bond = MINIMUM_BOND);
        for who in [2, 3] {
            assert_ok!(commit(who, JOB, OTHER_ROOT));
        }
        advance(COMMIT.into());
        assert_ok!(Auditing::attest(signed(WORKER), JOB, ROOT));
        advance(u64::from(REVEAL) - 1);
        assert_eq!(stage_of(JOB), Some(Stage::Revealing(ROOT)));
        advance(1);
        for auditor in [2, 3] {
            let amount = 2 * SILENT;
            assert_eq!(Auditing::bond_of(&auditor), 2 * MINIMUM_BOND - amount);
            assert_eq!(Auditors::<Test>::get(auditor).unwrap().open, 0);
            assert!(events().contains(&Event::AuditorPenalised {
                job: JOB,
                auditor,
                fault: AuditorFault::Silent,
                amount,
            }));
        }
        assert_eq!(Commitments::<Test>::iter().count(), 0);
        drawn_again();
        // The root stays part of the result; the worker is not asked again.
        assert!(Auditing::is_open(JOB));
        assert_eq!(Auditing::of(JOB), Attestation::Root(ROOT));
        let attest = Auditing::attest(signed(WORKER), JOB, OTHER_ROOT);
        assert_noop!(attest, Error::<Test>::WrongStage);
        let audit = crate::Audits::<Test>::get(JOB).unwrap();
        assert_eq!(audit.draw, 1);
        assert_eq!(audit.total_bond, 6 * MINIMUM_BOND - 4 * SILENT);
        crate::Audits::<Test>::mutate_extant(JOB, |audit| audit.total_bond = MINIMUM_BOND);
        assert_ok!(commit(4, JOB, ROOT));
        advance(COMMIT.into());
        assert_eq!(stage_of(JOB), Some(Stage::Revealing(ROOT)));
        assert!(events().contains(&Event::Attested {
            job: JOB,
            worker: WORKER,
            root: ROOT,
            until: Ticks::get() + REVEAL,
        }));
        assert_ok!(reveal(4, JOB, ROOT));
        advance(REVEAL.into());
        assert_eq!(stage_of(JOB), Some(Stage::Over(ROOT)));
        settle(JOB);
        assert_eq!(Paid::get(), [(4, JOB, Permill::one(), 2)]);
        assert_eq!(Burned::get(), 4 * SILENT);
    });
}

#[test]
fn audit_should_be_over_when_nobody_commits_after_the_silent() {
    execute(|| {
        silent();
        // They are the only ones, and under the minimum.
        drawn_again();
        assert_noop!(commit(2, JOB, ROOT), Error::<Test>::NotDrawn);
        advance(COMMIT.into());
        drawn_again();
        assert_eq!(Auditing::of(JOB), Attestation::Root(ROOT));
        advance(COMMIT.into());
        assert_eq!(stage_of(JOB), Some(Stage::Over(ROOT)));
        assert_eq!(Auditing::of(JOB), Attestation::Root(ROOT));
        assert!(!Auditing::is_open(JOB));
        settle(JOB);
        assert_eq!((lost(2), lost(3)), (SILENT, SILENT));
        assert!(Passed::get().is_empty() && Paid::get().is_empty());
        assert!(events().contains(&Event::AuditEnded {
            job: JOB,
            is_right: true,
            agreed: 0
        }));
        assert!(!events().contains(&Event::AuditAbandoned { job: JOB }));
    });
}

#[test]
fn nobody_should_be_drawn_again_when_there_is_no_time_or_no_draw_left() {
    let changes: [fn(&mut AuditOf<Test>); 2] = [
        |audit| audit.draw = MAX_DRAWS - 1,
        // One tick too late for another draw, which nobody attests.
        |audit| {
            let draw = Ticks::get() + REVEAL + BEACON_DELAY as u32 + COMMIT + REVEAL;
            audit.delivered = draw - WITHIN - 1;
        },
    ];
    for change in changes {
        execute(|| {
            auditors(2);
            advance(WITHIN.into());
            attested(&[(2, ROOT), (3, ROOT)]);
            crate::Audits::<Test>::mutate_extant(JOB, change);
            advance(REVEAL.into());
            assert_eq!(stage_of(JOB), Some(Stage::Over(ROOT)));
            assert_eq!((lost(2), lost(3)), (0, 0));
            settle(JOB);
            assert_eq!((lost(2), lost(3)), (SILENT, SILENT));
        });
    }
}

#[test]
fn last_draw_should_end_just_in_time() {
    execute(|| {
        auditors(2);
        advance(WITHIN.into());
        attested(&[(2, ROOT), (3, ROOT)]);
        let end = Ticks::get() + REVEAL + BEACON_DELAY as u32 + COMMIT + REVEAL;
        crate::Audits::<Test>::mutate_extant(JOB, |audit| audit.delivered = end - WITHIN);
        advance(REVEAL.into());
        drawn_again();
    });
}

#[test]
fn silent_should_pay_once_when_the_result_falls_while_others_are_drawn() {
    for is_proven in [false, true] {
        execute(|| {
            silent();
            drawn_again();
            Auditing::fell(JOB, is_proven);
            assert_eq!(stage_of(JOB), None);
            assert_eq!((lost(2), lost(3)), (SILENT, SILENT));
        });
    }
}

#[test]
fn silent_should_pay_though_they_have_left() {
    execute(|| {
        auditors(2);
        attested(&[(2, ROOT), (3, ROOT)]);
        assert_ok!(Auditing::leave(signed(3)));
        advance(REVEAL.into());
        assert_eq!((lost(2), lost(3)), (SILENT, SILENT));
        assert_eq!(TotalBond::<Test>::get(), MINIMUM_BOND - SILENT);
    });
}
