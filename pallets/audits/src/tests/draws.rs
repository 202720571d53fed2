use super::*;

#[test]
fn result_should_wait_for_its_audit_when_it_is_drawn() {
    execute(|| {
        auditors(1);
        deliver(JOB);
        assert!(Auditing::is_open(JOB));
        advance(BEACON_DELAY - 1);
        assert!(matches!(stage_of(JOB), Some(Stage::Drawing(_))));
        advance(1);
        let seed = seed_of(JOB);
        assert!(Auditing::is_open(JOB));
        assert!(events().contains(&Event::AuditBegun {
            job: JOB,
            worker: WORKER,
            draw: 0,
            seed,
            until: Ticks::get() + COMMIT,
        }));
    });
}

#[test]
fn results_should_be_audited_as_often_as_the_history_says() {
    execute(|| {
        auditors(1);
        for (chance, audited) in [
            (0, 0..=0),
            (100, 60..=140),
            (500, 440..=560),
            (1_000, 1_000..=1_000),
        ] {
            Chance::set(Permill::from_rational(chance, 1_000u32));
            let mut count = 0;
            for job in 0..1_000 {
                deliver(job);
                // One beacon for all, one draw for each.
                crate::Audits::<Test>::mutate_extant(job, |audit| audit.stage = Stage::Drawing(1));
                let due = crate::Audits::<Test>::get(job).unwrap().due;
                Auditing::step(job, due, Ticks::get());
                if stage_of(job).is_some() {
                    count += 1;
                    Auditing::fell(job, false);
                }
            }
            assert!(audited.contains(&count), "{count} of 1,000 at {chance}");
        }
    });
}

#[test]
fn result_should_not_wait_when_it_is_not_drawn() {
    execute(|| {
        auditors(1);
        Chance::set(Permill::zero());
        deliver(JOB);
        advance(BEACON_DELAY);
        assert!(!Auditing::is_open(JOB));
        assert_eq!(stage_of(JOB), None);
    });
}

#[test]
fn result_should_not_wait_when_there_are_no_auditors() {
    execute(|| {
        deliver(JOB);
        assert!(!Auditing::is_open(JOB));
        assert_eq!(stage_of(JOB), None);
    });
}

#[test]
fn drawn_auditors_should_be_as_many_as_expected_on_average() {
    execute(|| {
        for who in 2..12 {
            assert_ok!(register(who, MINIMUM_BOND));
        }
        let mut count = 0;
        for number in 0..300 {
            let seed = H256::from_low_u64_be(number);
            for who in 2..12 {
                let key = sp_core::Pair::public(&pair(who));
                let number = Auditing::number(&key, &seed, proof(who, seed)).unwrap();
                let rank = Auditing::rank(number, MINIMUM_BOND, TotalBond::<Test>::get());
                count += u32::from(rank.is_some());
            }
        }
        assert!((520..=680).contains(&count), "{count} of 600");
    });
}

#[test]
fn others_should_be_drawn_when_nobody_replies_and_the_result_goes_free_when_nobody_ever_does() {
    execute(|| {
        auditors(1);
        let first = drawn(JOB);
        advance(COMMIT.into());
        assert!(matches!(stage_of(JOB), Some(Stage::Drawing(_))));
        advance(BEACON_DELAY);
        let second = seed_of(JOB);
        assert_ne!(first, second);
        assert!(Auditing::is_open(JOB));
        // The third draw would not be over in time.
        advance(COMMIT.into());
        advance(BEACON_DELAY);
        assert!(matches!(stage_of(JOB), Some(Stage::Committing { .. })));
        advance(COMMIT.into());
        assert_eq!(stage_of(JOB), None);
        assert!(!Auditing::is_open(JOB));
        assert!(events().contains(&Event::AuditAbandoned { job: JOB }));
    });
}

#[test]
fn second_draw_should_go_on_like_the_first() {
    execute(|| {
        auditors(1);
        drawn(JOB);
        advance(u64::from(COMMIT) + BEACON_DELAY);
        assert_ok!(commit(2, JOB, ROOT));
        advance(COMMIT.into());
        assert_eq!(stage_of(JOB), Some(Stage::Attesting));
    });
}

#[test]
fn draw_should_take_another_beacon_when_the_first_never_comes() {
    execute(|| {
        auditors(1);
        deliver(JOB);
        NoBeaconFrom::set(0);
        advance(24);
        let anchor = System::block_number();
        advance(1);
        assert_eq!(stage_of(JOB), Some(Stage::Drawing(anchor + 1)));
        NoBeaconFrom::set(u64::MAX);
        advance(BEACON_DELAY);
        seed_of(JOB);
    });
}

#[test]
fn audit_should_stand_still_while_ticks_do() {
    execute(|| {
        auditors(1);
        drawn(JOB);
        FinalityLags::set(true);
        advance(100);
        assert_ok!(commit(2, JOB, ROOT));
        FinalityLags::set(false);
        advance(COMMIT.into());
        assert_eq!(stage_of(JOB), Some(Stage::Attesting));
    });
}

#[test]
fn proof_of_the_benchmarks_should_hold() {
    use crate::sample::{KEY, PROOF, SEED};
    use crate::types::DrawProof;
    use codec::{Decode, Encode};
    use sp_core::{crypto::VrfSecret, sr25519::Pair, Pair as _};
    let pair = Pair::from_seed(&[7; 32]);
    let fresh = DrawProof::from(pair.vrf_sign(&sign_data(&SEED))).encode();
    let key = sp_core::sr25519::Public::from_raw(KEY);
    let proof = DrawProof::decode(&mut &PROOF[..]).expect("it decodes");
    let holds = key == pair.public() && Auditing::number(&key, &SEED, proof).is_some();
    assert!(holds, "{:?} signs {fresh:?}", pair.public().0);
}

#[test]
fn hook_should_leave_to_the_next_block_what_it_has_no_room_for() {
    execute(|| {
        auditors(1);
        Chance::set(Permill::one());
        for job in 0..4 {
            deliver(job);
        }
        advance(BEACON_DELAY - 1);
        let drawn = || {
            (0..4)
                .filter(|job| matches!(stage_of(*job), Some(Stage::Committing { .. })))
                .count()
        };
        // Room for the tick that passes and two steps, the second of which could be the dearest.
        let (step, pass) = (<() as WeightInfo>::step(), <() as WeightInfo>::pass_tick());
        StepsWeight::set(pass + step + <() as WeightInfo>::redraw());
        advance(1);
        assert_eq!(drawn(), 2);
        advance(1);
        assert_eq!(drawn(), 4);
        // Without any room one step is taken at a time.
        StepsWeight::set(frame_support::weights::Weight::zero());
        deliver(9);
        advance(BEACON_DELAY + 6);
        assert!(matches!(stage_of(9), Some(Stage::Committing { .. })));
    });
}

/// What the hook of the next block takes.
fn next_block() -> frame_support::weights::Weight {
    let next = System::block_number() + 1;
    System::set_block_number(next);
    Ticks::mutate(|ticks| *ticks += 1);
    <Auditing as frame_support::traits::Hooks<u64>>::on_initialize(next)
}

#[test]
fn hook_should_go_once_through_a_tick_however_many_audits_are_due() {
    execute(|| {
        auditors(1);
        for job in 0..2_000 {
            deliver(job);
        }
        advance(BEACON_DELAY - 1);
        let weight = next_block();
        let drawn = |job| matches!(stage_of(job), Some(Stage::Committing { .. }));
        assert!((0..2_000).all(drawn));
        // Each pass over a tick is charged: one over that of this block, one over the next.
        let (step, pass) = (<() as WeightInfo>::step(), <() as WeightInfo>::pass_tick());
        assert_eq!(weight, pass * 2 + step * 2_000);
    });
}

#[test]
fn hook_should_find_again_what_a_step_puts_under_the_same_tick() {
    execute(|| {
        DrawDelay::set(0);
        auditors(1);
        for job in 0..100 {
            deliver(job);
        }
        advance(1);
        let first = seed_of(0);
        advance(u64::from(COMMIT) - 1);
        // All are drawn again in this tick, whose beacon is there at once.
        let weight = next_block();
        for job in 0..100 {
            seed_of(job);
            assert_eq!(crate::Audits::<Test>::get(job).unwrap().draw, 1);
        }
        assert_ne!(seed_of(0), first);
        let (step, pass) = (<() as WeightInfo>::step(), <() as WeightInfo>::pass_tick());
        assert_eq!(weight, pass * 3 + step * 200);
    });
}
