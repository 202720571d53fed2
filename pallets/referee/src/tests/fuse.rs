//! Several workers that lose by the same bytes: their version freezes, and governance rules.

mod rulings;

use super::players::*;
use crate::{fuse::*, mock::*, pallet::*, types::*, HoldReason};
use aipg_exact::{
    header::SEMANTICS_VERSION,
    trace::{Replay, Tensor},
};
use aipg_primitives::{Balance, JobId, AIPG};
use aipg_referee_game::Side;
use frame_support::assert_ok;
use sp_core::H256;

const TENSOR: Tensor = Tensor::FinalInput;
/// Workers, each with the job of its number.
const WORKERS: [AccountId; 3] = [11, 12, 13];

/// The same false leaf, whoever computes it.
fn lie() -> Replay<'static> {
    flipped(truth(), TENSOR, 0, 0)
}

/// The worker of this job delivers the lie, is challenged, and `defender` stands for it.
fn doubted(
    job: JobId,
    worker: AccountId,
    defender: AccountId,
    lie: &'static Replay<'static>,
) -> Table<'static> {
    deliver_as(job, worker, lie, MOST, &[]);
    let number = challenge_of(job, CHALLENGER, truth());
    advance(1);
    assert_ok!(try_post_of(job, defender, lie));
    let posted = posted();
    assert_ok!(open_of(job, CHALLENGER, number, truth()));
    Table {
        seat: Seat {
            job,
            challenge: number,
            trace: posted,
        },
        challenger: CHALLENGER,
        defender,
        trace: lie,
    }
}

fn caught_with(job: JobId, worker: AccountId, lie: Replay<'static>) {
    let lie = Box::leak(Box::new(lie));
    let table = doubted(job, worker, worker, lie);
    assert_eq!(table.refute(TENSOR, 0).0, Side::Challenger);
}

fn caught(worker: AccountId) {
    caught_with(worker, worker, lie());
}

fn blow() {
    WORKERS.into_iter().for_each(caught);
    assert!(is_frozen());
}

fn is_frozen() -> bool {
    let fuse = Fuses::<Test>::get(SEMANTICS_VERSION);
    let is_frozen = fuse.frozen_since.is_some();
    assert_eq!(FrozenVersions::<Test>::get(), u32::from(is_frozen));
    is_frozen
}

fn resolve(ruling: FuseRuling) {
    let root = RuntimeOrigin::root();
    assert_ok!(Referee::resolve_fuse(root, SEMANTICS_VERSION, ruling));
    assert_eq!(
        last_event(),
        Event::FuseResolved {
            version: SEMANTICS_VERSION,
            ruling
        }
    );
    assert!(!is_frozen());
}

fn queued() -> Vec<JobId> {
    let mut jobs: Vec<_> = Queue::<Test>::iter_keys().map(|(_, job)| job).collect();
    jobs.sort_unstable();
    jobs
}

fn count(matches: impl Fn(&Event<Test>) -> bool) -> usize {
    events().iter().filter(|event| matches(event)).count()
}

fn bonds() -> Balance {
    on_hold(HoldReason::Challenge, CHALLENGER)
}

/// A loss by bytes of this number.
fn loss(worker: AccountId, claimed: u64) -> Loss<AccountId> {
    Loss {
        claimed: H256::from_low_u64_be(claimed),
        version: SEMANTICS_VERSION,
        worker,
        bond: 1,
        at: 0,
    }
}

#[test]
fn three_workers_with_the_same_false_bytes_should_freeze_their_version() {
    execute(|| {
        caught(WORKERS[0]);
        caught(WORKERS[1]);
        assert!(!is_frozen());
        let table = doubted(
            WORKERS[2],
            WORKERS[2],
            WORKERS[2],
            Box::leak(Box::new(lie())),
        );
        assert_eq!(table.refute(TENSOR, 0).0, Side::Challenger);
        assert!(is_frozen());
        let since = Fuses::<Test>::get(SEMANTICS_VERSION).frozen_since;
        assert_eq!(since, Some(Referee::now()));
        let blown = events().into_iter().find_map(|event| match event {
            Event::FuseBlown {
                version,
                job,
                model,
                claim,
            } => Some((version, job, model, claim)),
            _ => None,
        });
        let (version, job, model, claim) = blown.expect("the event");
        assert_eq!((version, job), (SEMANTICS_VERSION, WORKERS[2]));
        assert_eq!(model, Results::get()[&job].model);
        assert!(has_event(|event| matches!(
            event,
            Event::GameEnded {
                outcome: Outcome {
                    ending: Ending::Executed { claim: executed },
                    ..
                },
                ..
            } if *executed == claim
        )));
        // A fourth changes nothing.
        caught(14);
        assert_eq!(count(|event| matches!(event, Event::FuseBlown { .. })), 1);
        assert_eq!(Fuses::<Test>::get(SEMANTICS_VERSION).frozen_since, since);
        assert_eq!(Losses::<Test>::get().len(), 3);
    });
}

#[test]
fn two_workers_should_freeze_nothing() {
    execute(|| {
        caught(WORKERS[0]);
        caught(WORKERS[1]);
        assert!(!is_frozen());
        assert_eq!(Losses::<Test>::get().len(), 2);
        advance_to(3 * CHALLENGE_WINDOW + 10);
        assert_eq!(Convicted::get(), WORKERS[..2]);
    });
}

#[test]
fn workers_with_different_false_bytes_should_freeze_nothing() {
    execute(|| {
        for (byte, worker) in WORKERS.into_iter().enumerate() {
            caught_with(worker, worker, flipped(truth(), TENSOR, 0, byte));
        }
        assert!(!is_frozen());
        assert_eq!(Losses::<Test>::get().len(), 3);
    });
}

/// Two models of the same shape differ in their roots.
#[test]
fn the_same_bytes_of_another_model_should_be_others() {
    let claim = ClaimBytes::truncate_from(vec![1, 2]);
    let claimed = |model: u8, claim: &ClaimBytes, leaf: &[u8]| {
        Referee::claimed(&H256::repeat_byte(model), claim, leaf)
    };
    let one = claimed(1, &claim, &[3]);
    assert_eq!(one, claimed(1, &claim, &[3]));
    assert_ne!(one, claimed(2, &claim, &[3]));
    assert_ne!(one, claimed(1, &claim, &[4]));
    assert_ne!(
        one,
        claimed(1, &ClaimBytes::truncate_from(vec![1, 3]), &[3])
    );
}

#[test]
fn one_worker_should_count_once_however_often_it_loses() {
    execute(|| {
        for job in [1, 2, 3] {
            caught_with(job, WORKERS[0], lie());
        }
        caught(WORKERS[1]);
        assert!(!is_frozen());
        assert_eq!(Losses::<Test>::get().len(), 2);
        caught(WORKERS[2]);
        assert!(is_frozen());
    });
}

#[test]
fn traces_of_others_should_not_count() {
    let lie: &'static _ = Box::leak(Box::new(lie()));
    execute(|| {
        for worker in WORKERS {
            let table = doubted(worker, worker, DEFENDER, lie);
            assert_eq!(table.refute(TENSOR, 0).0, Side::Challenger);
        }
        assert!(!is_frozen());
        assert!(Losses::<Test>::get().is_empty());
    });
}

#[test]
fn clocks_that_run_out_should_not_count() {
    let lie: &'static _ = Box::leak(Box::new(lie()));
    execute(|| {
        let tables = WORKERS.map(|worker| doubted(worker, worker, worker, lie));
        for table in &tables {
            assert_ok!(table.name(TENSOR));
        }
        advance(CLOCK);
        for table in &tables {
            assert_ok!(Referee::report_timeout(signed(THIRD), table.seat));
        }
        assert!(!is_frozen());
        assert!(Losses::<Test>::get().is_empty());
    });
}

/// The line "blowing the fuse" of docs/simulation.md: heads are cheap, bonds are not.
#[test]
fn workers_with_too_few_bonds_should_not_freeze_a_version() {
    execute(|| {
        // Three of 100 AIPG are less than a hundredth of this by the least amount.
        TotalBond::set(30_000 * AIPG + 1);
        WORKERS.into_iter().for_each(caught);
        assert!(!is_frozen());
        // Those that come to it later count with them.
        caught(14);
        assert!(is_frozen());
    });
}

#[test]
fn workers_with_enough_bonds_should_not_freeze_a_version_when_they_are_too_few() {
    execute(|| {
        TotalBond::set(1);
        WORKERS[..2].iter().copied().for_each(caught);
        assert!(!is_frozen());
    });
}

#[test]
fn challengers_that_lose_should_not_count() {
    let truth: &'static _ = Box::leak(Box::new(truth().clone()));
    execute(|| {
        for worker in WORKERS {
            let table = doubted(worker, worker, worker, truth);
            let played = table.play(TENSOR, 0, |claims| claims[0], |_| true);
            assert_eq!(played.0, Side::Defender);
        }
        assert!(Losses::<Test>::get().is_empty());
    });
}

#[test]
fn the_oldest_loss_should_go_when_there_is_no_room() {
    let mut losses = LossRing::default();
    for worker in 0..u64::from(MAX_LOSSES) + 2 {
        Referee::remember(&mut losses, loss(worker, 1));
    }
    assert_eq!(losses.len() as u32, MAX_LOSSES);
    assert_eq!(losses.first(), Some(&loss(2, 1)));
    assert_eq!(losses.last(), Some(&loss(65, 1)));
    // The same again is the youngest.
    Referee::remember(&mut losses, loss(2, 1));
    assert_eq!(losses.first(), Some(&loss(3, 1)));
    assert_eq!(losses.last(), Some(&loss(2, 1)));
    assert_eq!(losses.len() as u32, MAX_LOSSES);
}

/// Traces of one's own cost no bond: with many of them nobody pushes out what others lost.
#[test]
fn many_losses_of_one_worker_should_push_out_only_its_own() {
    let mut losses = LossRing::default();
    for worker in [1, 2] {
        Referee::remember(&mut losses, loss(worker, 1));
    }
    for bytes in 10..300 {
        Referee::remember(&mut losses, loss(9, bytes));
    }
    assert_eq!(losses.len() as u32, MAX_LOSSES);
    assert_eq!(losses[..2], [loss(1, 1), loss(2, 1)]);
    assert_eq!(losses.last(), Some(&loss(9, 299)));
    Referee::remember(&mut losses, loss(3, 1));
    let losers = Referee::losers(&losses, loss(3, 1).claimed);
    assert_eq!((losers.workers, losers.bonds), (3, 3));
}
