//! What waits while a version is frozen, and what becomes of it when governance has ruled.

use super::*;
use crate::tests::answers;
use aipg_primitives::{Freezes, SettlementGate};
use frame_support::assert_noop;

/// Another version, which no model of the tests has.
const OTHER: u32 = SEMANTICS_VERSION + 1;
/// A job that nobody doubts.
const QUIET: JobId = 40;

#[test]
fn slashes_should_wait_and_nothing_be_lost_while_the_version_is_frozen() {
    execute(|| {
        blow();
        let staked = bonds();
        assert_eq!(staked, 3 * CHALLENGE_BOND);
        advance(10 * CHALLENGE_WINDOW);
        assert_eq!(queued(), WORKERS);
        assert!(Convicted::get().is_empty());
        assert!(Forfeited::get().is_empty());
        assert!(Refuted::get().is_empty());
        assert_eq!(bonds(), staked);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT);
        assert_eq!(Burned::get(), 0);
        // Each is said to wait once, and none to have failed.
        let waits = |event: &Event<Test>| matches!(event, Event::SlashQueued { .. });
        assert_eq!(count(waits), 3);
        let failed = |event: &Event<Test>| matches!(event, Event::CaseDeferred { .. });
        assert_eq!(count(failed), 0);
    });
}

/// The longer the version is frozen, the less often a case of it is looked at.
#[test]
fn queued_slashes_should_take_few_steps() {
    execute(|| {
        blow();
        let since = Referee::now();
        advance_to(2 * CHALLENGE_WINDOW + 10);
        let due = || Cases::<Test>::get(WORKERS[0]).unwrap().due;
        let mut steps = Vec::new();
        let mut next = due();
        for _ in 0..1_000 {
            advance(1);
            if due() != next {
                steps.push((next, due() - next));
                next = due();
            }
        }
        assert!((10..50).contains(&steps.len()), "{steps:?}");
        for (at, pause) in steps {
            assert_eq!(pause, ((at - since) / 8).max(8));
        }
    });
}

#[test]
fn results_of_a_frozen_version_should_not_settle_and_others_should() {
    execute(|| {
        blow();
        let delivered = Referee::now();
        deliver_as(QUIET, 15, truth(), MOST, &[]);
        // The header of a version that this runtime does not run.
        deliver_as(QUIET + 1, 15, truth(), MOST, &[]);
        let other = H256::repeat_byte(9);
        Headers::mutate(|headers| headers.insert(other, OTHER.to_le_bytes().to_vec()));
        Results::mutate(|results| results.get_mut(&(QUIET + 1)).unwrap().model = other);
        advance(CHALLENGE_WINDOW);
        assert!(!Referee::may_settle(QUIET, delivered));
        assert!(Referee::may_settle(QUIET + 1, delivered));
        // Of a job that is not there nothing is known.
        assert!(Referee::may_settle(77, delivered));
        resolve(FuseRuling::Convict);
        assert!(Referee::may_settle(QUIET, delivered));
    });
}

#[test]
fn upheld_results_of_a_frozen_version_should_wait_as_well() {
    let truth: &'static _ = Box::leak(Box::new(truth().clone()));
    execute(|| {
        blow();
        let delivered = Referee::now();
        let table = doubted(QUIET, 15, 15, truth);
        let played = table.play(TENSOR, 0, |claims| claims[0], |_| true);
        assert_eq!(played.0, Side::Defender);
        advance(CHALLENGE_WINDOW + 10);
        assert!(has_event(
            |event| matches!(event, Event::ResultUpheld { job } if *job == QUIET)
        ));
        assert!(!Referee::may_settle(QUIET, delivered));
        resolve(FuseRuling::Pardon);
        assert!(Referee::may_settle(QUIET, delivered));
    });
}

/// Everybody's money stays while a version is frozen; afterwards that of those whose slash is queued still.
#[test]
fn money_should_be_held_until_the_queue_is_worked_off() {
    execute(|| {
        assert!(!Referee::holds(&WORKERS[0]));
        blow();
        assert!(Referee::holds(&WORKERS[0]) && Referee::holds(&15));
        advance(3 * CHALLENGE_WINDOW);
        resolve(FuseRuling::Convict);
        assert!(Referee::holds(&WORKERS[0]) && !Referee::holds(&15));
        advance(2 * CHALLENGE_WINDOW);
        assert_eq!(queued(), [0; 0]);
        assert!(!Referee::holds(&WORKERS[0]));
    });
}

#[test]
fn queued_slashes_should_go_on_when_governance_convicts() {
    execute(|| {
        let issuance = Balances::total_issuance();
        blow();
        advance(3 * CHALLENGE_WINDOW);
        assert_eq!(queued(), WORKERS);
        resolve(FuseRuling::Convict);
        assert_eq!(Fuses::<Test>::iter().count(), 0);
        assert!(Losses::<Test>::get().is_empty());
        advance(CHALLENGE_WINDOW);
        let mut convicted = Convicted::get();
        convicted.sort_unstable();
        assert_eq!(convicted, WORKERS);
        assert_eq!(Forfeited::get().len(), 3);
        advance(CHALLENGE_WINDOW + 10);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(bonds(), 0);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + 3 * REWARD);
        assert_eq!(wealth(Referee::pot()), 0);
        assert_eq!(Balances::total_issuance(), issuance + 3 * REWARD);
    });
}

#[test]
fn pardoned_results_should_cost_their_workers_nothing() {
    execute(|| {
        let issuance = Balances::total_issuance();
        blow();
        // Of a result that came before the ruling and is doubted after it.
        deliver_as(14, 14, &lie(), MOST, &[]);
        advance(3);
        resolve(FuseRuling::Pardon);
        let fuse = Fuses::<Test>::get(SEMANTICS_VERSION);
        assert_eq!(fuse.pardoned_before, Referee::now());
        challenge_of(14, SECOND, truth());
        advance(3 * CHALLENGE_WINDOW);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(
            count(|event| matches!(event, Event::ResultPardoned { .. })),
            4
        );
        let mut refuted = Refuted::get();
        refuted.sort_unstable();
        assert_eq!(refuted, [11, 12, 13, 14]);
        assert!(Convicted::get().is_empty());
        assert!(Forfeited::get().is_empty());
        for who in [CHALLENGER, SECOND, 11, 12, 13, 14] {
            assert_eq!(wealth(who), ENDOWMENT);
            assert_eq!(on_hold(HoldReason::Challenge, who), 0);
        }
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn queued_slashes_should_be_dropped_when_governance_pardons() {
    execute(|| {
        blow();
        advance(3 * CHALLENGE_WINDOW);
        assert_eq!(queued(), WORKERS);
        resolve(FuseRuling::Pardon);
        advance(2 * CHALLENGE_WINDOW);
        assert_eq!(queued(), [0; 0]);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert!(Convicted::get().is_empty());
        assert_eq!(wealth(CHALLENGER), ENDOWMENT);
        assert_eq!(bonds(), 0);
    });
}

#[test]
fn what_is_delivered_after_a_pardon_should_convict_and_freeze_again() {
    execute(|| {
        blow();
        let late = doubted(14, 14, 14, Box::leak(Box::new(lie())));
        advance(1);
        resolve(FuseRuling::Pardon);
        let pardoned_before = Fuses::<Test>::get(SEMANTICS_VERSION).pardoned_before;
        // A game about a pardoned result says nothing new.
        assert_eq!(late.refute(TENSOR, 0).0, Side::Challenger);
        assert!(Losses::<Test>::get().is_empty());

        for worker in [15, 16] {
            caught(worker);
        }
        assert!(!is_frozen());
        caught(17);
        assert!(is_frozen());
        // What was pardoned stays so meanwhile.
        advance(3 * CHALLENGE_WINDOW);
        let mut refuted = Refuted::get();
        refuted.sort_unstable();
        assert_eq!(refuted, [11, 12, 13, 14]);
        assert_eq!(queued(), [15, 16, 17]);
        resolve(FuseRuling::Convict);
        assert_eq!(
            Fuses::<Test>::get(SEMANTICS_VERSION),
            Fuse {
                frozen_since: None,
                pardoned_before
            }
        );
        advance(2 * CHALLENGE_WINDOW);
        let mut convicted = Convicted::get();
        convicted.sort_unstable();
        assert_eq!(convicted, [15, 16, 17]);
    });
}

#[test]
fn an_answer_that_contradicts_itself_should_convict_while_the_version_is_frozen() {
    execute(|| {
        blow();
        deliver_with(truth(), MOST + 1, &[]);
        let number = challenge(SECOND, truth());
        advance(1);
        assert_ok!(answers::prove_end(SECOND, number, truth()));
        advance(1);
        assert_eq!(Convicted::get(), [WORKER]);
        advance(CHALLENGE_WINDOW + 2);
        assert_eq!(wealth(SECOND), ENDOWMENT + REWARD);
    });
}

/// What waits for governance does not wait for it any more.
#[test]
fn a_queued_slash_should_go_on_when_the_answer_contradicts_itself() {
    execute(|| {
        blow();
        deliver_with(truth(), MOST + 1, &[]);
        let number = challenge(SECOND, truth());
        advance(3 * CHALLENGE_WINDOW);
        assert!(queued().contains(&JOB));
        assert_ok!(answers::prove_end(SECOND, number, truth()));
        advance(1);
        assert_eq!(Convicted::get(), [WORKER]);
        assert_eq!(queued(), WORKERS);
    });
}

#[test]
fn only_governance_should_rule_and_only_about_what_is_frozen() {
    execute(|| {
        let rule = |origin, version| Referee::resolve_fuse(origin, version, FuseRuling::Pardon);
        let root = RuntimeOrigin::root;
        assert_noop!(rule(root(), SEMANTICS_VERSION), error(Error::NotFrozen));
        blow();
        assert_noop!(rule(root(), OTHER), error(Error::NotFrozen));
        assert_noop!(
            rule(signed(CHALLENGER), SEMANTICS_VERSION),
            sp_runtime::DispatchError::BadOrigin
        );
        assert!(is_frozen());
        resolve(FuseRuling::Convict);
        assert_noop!(rule(root(), SEMANTICS_VERSION), error(Error::NotFrozen));
    });
}

#[test]
fn a_ruling_should_leave_losses_of_other_versions() {
    execute(|| {
        Losses::<Test>::mutate(|losses| {
            let other = Loss {
                version: OTHER,
                ..loss(15, 1)
            };
            Referee::remember(losses, other);
        });
        blow();
        assert_eq!(Losses::<Test>::get().len(), 4);
        resolve(FuseRuling::Convict);
        let left = Losses::<Test>::get();
        assert_eq!((left.len(), left[0].version), (1, OTHER));
    });
}
