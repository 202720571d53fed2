use super::*;
use proptest::prelude::*;

/// What anybody does next.
#[derive(Clone, Debug)]
enum Step {
    Pass(u8),
    Register(u64, u8),
    More(u64, u8),
    Leave(u64),
    Withdraw(u64),
    Deliver(u64),
    Commit(u64, u64, bool),
    Attest(u64, bool),
    Reveal(u64, u64, bool),
    Settle(u64),
    Fall(u64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..7u64;
    let job = || 0..4u64;
    prop_oneof![
        4 => (1..4u8).prop_map(Step::Pass),
        1 => (who(), any::<u8>()).prop_map(|(who, bond)| Step::Register(who, bond)),
        1 => (who(), any::<u8>()).prop_map(|(who, more)| Step::More(who, more)),
        1 => who().prop_map(Step::Leave),
        1 => who().prop_map(Step::Withdraw),
        3 => job().prop_map(Step::Deliver),
        8 => (who(), job(), any::<bool>()).prop_map(|(who, job, same)| Step::Commit(who, job, same)),
        3 => (job(), any::<bool>()).prop_map(|(job, same)| Step::Attest(job, same)),
        8 => (who(), job(), any::<bool>()).prop_map(|(who, job, same)| Step::Reveal(who, job, same)),
        1 => job().prop_map(Step::Settle),
        1 => (job(), any::<bool>()).prop_map(|(job, proven)| Step::Fall(job, proven)),
    ]
}

fn root(same: bool) -> H256 {
    if same {
        ROOT
    } else {
        OTHER_ROOT
    }
}

fn take(step: Step) {
    let bond = |part: u8| MINIMUM_BOND / 2 + Balance::from(part) * AIPG;
    match step {
        Step::Pass(blocks) => advance(blocks.into()),
        Step::Register(who, part) => drop(register(who, bond(part))),
        Step::More(who, part) => drop(Auditing::bond_more(signed(who), bond(part))),
        Step::Leave(who) => drop(Auditing::leave(signed(who))),
        Step::Withdraw(who) => drop(Auditing::withdraw(signed(who))),
        Step::Deliver(job) if stage_of(job).is_none() => deliver(job),
        Step::Deliver(_) => {}
        Step::Commit(who, job, same) => {
            if let Some(Stage::Committing { seed, .. }) = stage_of(job) {
                let hash = committed(who, job, root(same));
                let _ = Auditing::commit(signed(who), job, proof(who, seed), hash);
            }
        }
        Step::Attest(job, same) => drop(Auditing::attest(signed(WORKER), job, root(same))),
        Step::Reveal(who, job, same) => drop(reveal(who, job, root(same))),
        // As the escrow does: not while the audit is open, nor after an attestation that was missed.
        Step::Settle(job) if !Auditing::is_open(job) && !Auditing::is_missed(job) => settle(job),
        Step::Settle(_) => {}
        Step::Fall(job, proven) => Auditing::fell(job, proven),
    }
}

proptest! {
    #[test]
    fn state_should_hold_and_money_add_up_whatever_is_done(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        execute(|| {
            for step in steps {
                take(step);
                Auditing::do_try_state().unwrap();
                let owned: Balance = (1..=20)
                    .map(|who| Balances::free_balance(who) + Auditing::bond_of(&who))
                    .sum();
                assert_eq!(owned + Burned::get(), 20 * ENDOWMENT);
            }
            // Every audit ends by itself or waits for its result, and then nothing is left of it.
            advance(u64::from(WITHIN) + 30);
            for job in 0..4 {
                assert!(!Auditing::is_open(job));
                Auditing::fell(job, false);
            }
            assert_eq!(crate::Audits::<Test>::iter().count(), 0);
            assert_eq!(Commitments::<Test>::iter().count(), 0);
            for who in 1..7 {
                let _ = Auditing::leave(signed(who));
            }
            advance(UNBONDING);
            for who in 1..7 {
                let _ = Auditing::withdraw(signed(who));
                assert_eq!(Auditing::bond_of(&who), 0);
            }
        });
    }

    #[test]
    fn honest_auditors_should_never_lose_more_than_nothing(
        fakes in prop::collection::vec(any::<bool>(), 1..3),
        lies in any::<bool>(),
    ) {
        // Everybody reveals; the honest ones found the truth, and a false result is proven so.
        execute(|| {
            auditors(fakes.len() as u64);
            let truth = if lies { OTHER_ROOT } else { ROOT };
            let fake = if lies { ROOT } else { OTHER_ROOT };
            let found: Vec<_> = (2..)
                .zip(&fakes)
                .map(|(who, is_fake)| (who, if *is_fake { fake } else { truth }))
                .collect();
            over(&found);
            if lies {
                Auditing::fell(JOB, true);
            } else {
                settle(JOB);
            }
            for ((who, _), is_fake) in found.iter().zip(&fakes) {
                let loss = MINIMUM_BOND - Auditing::bond_of(who);
                assert_eq!(loss, if *is_fake { MINIMUM_BOND / 2 } else { 0 });
            }
        });
    }
}
