use super::*;

#[test]
fn audit_should_go_through_its_stages() {
    execute(|| {
        auditors(2);
        drawn(JOB);
        assert_eq!(Auditing::of(JOB), Attestation::Awaited);
        assert_ok!(commit(2, JOB, ROOT));
        assert_ok!(commit(3, JOB, ROOT));
        advance(COMMIT.into());
        let until = Ticks::get() + ATTEST;
        assert!(events().contains(&Event::AttestationDue {
            job: JOB,
            worker: WORKER,
            until
        }));
        assert_eq!(Auditing::of(JOB), Attestation::Awaited);
        assert_ok!(Auditing::attest(signed(WORKER), JOB, ROOT));
        assert_eq!(Auditing::of(JOB), Attestation::Root(ROOT));
        for auditor in [2, 3] {
            assert_ok!(reveal(auditor, JOB, ROOT));
            assert!(events().contains(&Event::AuditRevealed {
                job: JOB,
                auditor,
                agrees: true
            }));
        }
        assert!(Auditing::is_open(JOB));
        advance(REVEAL.into());
        assert!(!Auditing::is_open(JOB));
        assert_eq!(Auditing::of(JOB), Attestation::Root(ROOT));
    });
}

#[test]
fn commitment_should_be_refused_when_it_is_not_the_callers_turn() {
    execute(|| {
        auditors(5);
        let call = |who, proof| Auditing::commit(signed(who), JOB, proof, ROOT);
        let any = proof(2, H256::zero());
        assert_noop!(call(15, any), Error::<Test>::NotAuditor);
        assert_noop!(call(2, any), Error::<Test>::AuditNotFound);
        deliver(JOB);
        assert_noop!(call(2, any), Error::<Test>::WrongStage);
        // Too late for this beacon.
        assert_ok!(register(10, MINIMUM_BOND));
        assert_ok!(register(WORKER, MINIMUM_BOND));
        Auditors::<Test>::mutate_extant(WORKER, |auditor| auditor.active_from = 0);
        advance(BEACON_DELAY);
        let seed = seed_of(JOB);
        assert_noop!(call(10, proof(10, seed)), Error::<Test>::NotActive);
        assert_noop!(call(WORKER, proof(WORKER, seed)), Error::<Test>::OwnResult);
        assert_noop!(call(2, any), Error::<Test>::InvalidProof);
        assert_noop!(call(2, proof(3, seed)), Error::<Test>::InvalidProof);
        let mut edited = proof(2, seed);
        edited.pre_output = proof(3, seed).pre_output;
        assert_noop!(call(2, edited), Error::<Test>::InvalidProof);
        assert_ok!(Auditing::leave(signed(6)));
        assert_noop!(call(6, proof(6, seed)), Error::<Test>::AuditorHasLeft);
    });
}

#[test]
fn commitment_should_be_refused_when_the_caller_was_not_drawn() {
    execute(|| {
        auditors(10);
        let (mut took, mut refused) = (0, 0);
        let seed = drawn(JOB);
        for who in 2..12 {
            match Auditing::commit(signed(who), JOB, proof(who, seed), ROOT) {
                Ok(()) => took += 1,
                Err(error) => {
                    let expected = [Error::<Test>::NotDrawn, Error::EnoughAuditors];
                    assert!(expected.map(Into::into).contains(&error), "{error:?}");
                    refused += 1;
                }
            }
        }
        assert!(took <= MAX_AUDITORS && refused > 0);
        // With a bond under the minimum nobody is drawn.
        Auditors::<Test>::iter_keys().for_each(|who| {
            Auditing::penalise(JOB, who, AuditorFault::Wrong);
        });
        drawn(JOB + 1);
        for who in 2..12 {
            assert_noop!(commit(who, JOB + 1, ROOT), Error::<Test>::NotDrawn);
        }
    });
}

#[test]
fn commitments_should_count_once() {
    execute(|| {
        // Half of the bonds each: always drawn, if only two are there.
        auditors(2);
        drawn(JOB);
        assert_ok!(commit(2, JOB, ROOT));
        assert_noop!(commit(2, JOB, ROOT), Error::<Test>::AlreadyCommitted);
        assert_ok!(commit(3, JOB, ROOT));
    });
}

#[test]
fn nothing_should_be_taken_when_its_window_is_over_though_the_agenda_lags() {
    execute(|| {
        auditors(1);
        drawn(JOB);
        let due = || crate::Audits::<Test>::get(JOB).unwrap().due;
        let call = || commit(2, JOB, ROOT);
        Ticks::set(due());
        assert_noop!(call(), Error::<Test>::WrongStage);
        Ticks::set(due() - 1);
        assert_ok!(call());
        advance(1);
        let attest = || Auditing::attest(signed(WORKER), JOB, ROOT);
        Ticks::set(due());
        assert_noop!(attest(), Error::<Test>::WrongStage);
        Ticks::set(due() - 1);
        assert_ok!(attest());
        Ticks::set(due());
        assert_noop!(reveal(2, JOB, ROOT), Error::<Test>::WrongStage);
        Ticks::set(due() - 1);
        assert_ok!(reveal(2, JOB, ROOT));
    });
}

#[test]
fn attestation_should_be_taken_from_the_worker_once_and_in_time() {
    execute(|| {
        auditors(1);
        let attest = |who| Auditing::attest(signed(who), JOB, ROOT);
        assert_noop!(attest(WORKER), Error::<Test>::AuditNotFound);
        drawn(JOB);
        assert_noop!(attest(WORKER), Error::<Test>::WrongStage);
        assert_ok!(commit(2, JOB, ROOT));
        assert_noop!(attest(WORKER), Error::<Test>::WrongStage);
        advance(COMMIT.into());
        assert_noop!(attest(2), Error::<Test>::NotTheWorker);
        assert_ok!(attest(WORKER));
        assert_noop!(attest(WORKER), Error::<Test>::WrongStage);
        assert!(events().contains(&Event::Attested {
            job: JOB,
            worker: WORKER,
            root: ROOT,
            until: Ticks::get() + REVEAL,
        }));
    });
}

#[test]
fn revelation_should_be_what_was_committed_to() {
    execute(|| {
        auditors(2);
        assert_noop!(reveal(2, JOB, ROOT), Error::<Test>::AuditNotFound);
        drawn(JOB);
        assert_ok!(commit(2, JOB, ROOT));
        assert_noop!(reveal(2, JOB, ROOT), Error::<Test>::WrongStage);
        advance(COMMIT.into());
        assert_ok!(Auditing::attest(signed(WORKER), JOB, ROOT));
        assert_noop!(reveal(3, JOB, ROOT), Error::<Test>::NotCommitted);
        let mismatch = Error::<Test>::CommitmentMismatch;
        assert_noop!(reveal(2, JOB, OTHER_ROOT), mismatch);
        let wrong_salt = Auditing::reveal(signed(2), JOB, salt(3), ROOT);
        assert_noop!(wrong_salt, Error::<Test>::CommitmentMismatch);
        assert_ok!(reveal(2, JOB, ROOT));
        assert_noop!(reveal(2, JOB, ROOT), Error::<Test>::AlreadyRevealed);
    });
}

#[test]
fn commitment_should_be_of_one_job_and_one_account() {
    let account = |who: u64| codec::Encode::encode(&who);
    let one = commitment(1, &account(2), ROOT, ROOT);
    for other in [
        commitment(2, &account(2), ROOT, ROOT),
        commitment(1, &account(3), ROOT, ROOT),
        commitment(1, &account(2), OTHER_ROOT, ROOT),
        commitment(1, &account(2), ROOT, OTHER_ROOT),
    ] {
        assert_ne!(one, other);
    }
}
