//! Silence: of either side, in every stage, reported or not; and blocks that do not count.

use super::players::*;
use crate::{mock::*, pallet::*, types::*, HoldReason};
use aipg_exact::trace::{Replay, Tensor};
use aipg_primitives::SettlementGate;
use aipg_referee_game::{Side, Stage};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

const TENSOR: Tensor = Tensor::Chosen;
const LEAF: u64 = 1;

fn lie() -> Replay<'static> {
    flipped(truth(), TENSOR, LEAF, 0)
}

fn seated<'a>(trace: &'a Replay<'static>, own: &Replay<'_>) -> Table<'a> {
    deliver(trace);
    let number = challenge(CHALLENGER, own);
    advance(1);
    let posted = post(WORKER, trace);
    assert_ok!(open(CHALLENGER, number, own));
    Table {
        seat: seat(number, posted),
        challenger: CHALLENGER,
        defender: WORKER,
        trace,
    }
}

fn report(table: &Table<'_>) -> sp_runtime::DispatchResult {
    Referee::report_timeout(signed(THIRD), table.seat)
}

/// Makes moves until the game is in this stage; `false` if it ended.
fn play_to(table: &Table<'_>, step: Step) -> bool {
    let job = table.trace.job();
    if step == Step::Opening {
        return true;
    }
    assert_ok!(table.name(TENSOR));
    let claim = aipg_exact::trace::Claim::ChosenToken { token: LEAF };
    loop {
        let Some(game) = table.game() else {
            return false;
        };
        if Step::of(&game.stage) == step {
            return true;
        }
        let moved = match game.stage {
            Stage::Choice(node) => table.choose(node.0, LEAF),
            Stage::Accusation(_) => table.accuse(&claim),
            Stage::Verdict(claim, values) => {
                let part = claim.0.check(&job, &values, table.trace).is_ok();
                assert!(part, "the lie has to hold until a part of it does not");
                table.judge(&claim.0, &values, |_| true)
            }
            _ => table.defend(),
        };
        assert_ok!(moved);
    }
}

#[test]
fn whoever_is_silent_should_lose_in_every_stage() {
    let stages = [
        (Step::Opening, Side::Challenger),
        (Step::Nodes, Side::Defender),
        (Step::Choice, Side::Challenger),
        (Step::Leaf, Side::Defender),
        (Step::Accusation, Side::Challenger),
        (Step::Sums, Side::Defender),
        (Step::Verdict, Side::Challenger),
    ];
    for (step, silent) in stages {
        execute(|| {
            let own = lie();
            let table = seated(truth(), &own);
            assert!(play_to(&table, step), "{step:?}");
            advance(CLOCK - 1);
            assert_noop!(report(&table), error(Error::TimeLeft));
            advance(1);
            if silent == Side::Defender {
                assert_noop!(table.defend(), error(Error::OutOfTime));
            }
            assert_ok!(report(&table));
            let (traces, challenges) = match silent {
                Side::Challenger => (1, 0),
                Side::Defender => (0, 1),
            };
            let case = Cases::<Test>::get(JOB).unwrap().case;
            assert_eq!((case.traces, case.challenges), (traces, challenges));
            let ended = |event: &Event<Test>| {
                matches!(event, Event::GameEnded { outcome, .. }
                    if outcome.winner == silent.other() && outcome.ending == Ending::OutOfTime)
            };
            assert!(has_event(ended));
            advance_to(2 * CHALLENGE_WINDOW + 2 * CLOCK + 2);
            advance(CHALLENGE_WINDOW + 4);
            assert_eq!(Cases::<Test>::iter().count(), 0);
        });
    }
}

#[test]
fn a_clock_should_run_only_while_the_move_is_its_sides() {
    execute(|| {
        let own = lie();
        let table = seated(truth(), &own);
        advance(CLOCK - 1);
        assert_ok!(table.name(TENSOR));
        // The challenger has one tick left, the defender all of them.
        advance(CLOCK - 1);
        assert_ok!(table.defend());
        let game = table.game().unwrap();
        assert_eq!((game.clocks.challenger, game.clocks.defender), (1, 1));
        advance(1);
        assert_ok!(report(&table));
    });
}

#[test]
fn games_that_nobody_reports_should_end_with_the_case() {
    for (step, false_result) in [(Step::Opening, false), (Step::Nodes, true)] {
        execute(|| {
            let own = lie();
            let table = seated(truth(), &own);
            // Two more who never say anything.
            challenge(SECOND, truth());
            post(DEFENDER, truth());
            assert!(play_to(&table, step));
            let end = Cases::<Test>::get(JOB).unwrap().case.games_end;
            assert_eq!(end, 1 + 2 * CHALLENGE_WINDOW + 2 * CLOCK);
            advance_to(end - 1);
            assert!(Cases::<Test>::get(JOB).is_some());
            advance(4 + CHALLENGE_WINDOW);
            assert_eq!(Cases::<Test>::iter().count(), 0);
            // Both challenges were silent against the second trace.
            assert!(Refuted::get().is_empty(), "{false_result}");
            for who in [CHALLENGER, SECOND] {
                assert_eq!(wealth(who), ENDOWMENT - CHALLENGE_BOND);
            }
            assert_eq!(on_hold(HoldReason::Trace, DEFENDER), 0);
        });
    }
}

#[test]
fn a_defence_that_falls_silent_unreported_should_lose_the_case() {
    execute(|| {
        let own = lie();
        let table = seated(truth(), &own);
        assert_ok!(table.name(TENSOR));
        let end = Cases::<Test>::get(JOB).unwrap().case.games_end;
        advance_to(end + 2);
        assert_eq!(Refuted::get(), [JOB]);
        advance(CHALLENGE_WINDOW + 3);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + REWARD);
    });
}

#[test]
fn a_move_should_be_on_turn_for_its_side_alone_and_in_time() {
    execute(|| {
        let own = lie();
        let table = seated(truth(), &own);
        let (seat, there) = (table.seat, table.seat.trace);
        let name = |trace| crate::Call::<Test>::name_tensor {
            seat: Seat { trace, ..seat },
            tensor: Default::default(),
            root: H256::zero(),
            path: Default::default(),
        };
        let reveal = crate::Call::<Test>::reveal_nodes {
            seat,
            nodes: Default::default(),
        };
        let is_on_turn = |who: AccountId, call: &crate::Call<Test>| Referee::is_on_turn(&who, call);
        assert_eq!(is_on_turn(CHALLENGER, &name(there)), Some(true));
        assert_eq!(is_on_turn(WORKER, &name(there)), Some(false));
        assert_eq!(is_on_turn(CHALLENGER, &name(there + 1)), Some(false));
        assert_eq!(is_on_turn(WORKER, &reveal), Some(false));
        assert_ok!(table.name(TENSOR));
        assert_eq!(is_on_turn(CHALLENGER, &name(there)), Some(false));
        assert_eq!(is_on_turn(CHALLENGER, &reveal), Some(false));
        assert_eq!(is_on_turn(WORKER, &reveal), Some(true));
        let timeout = crate::Call::<Test>::report_timeout { seat };
        assert_eq!(is_on_turn(CHALLENGER, &timeout), None);
        advance(CLOCK);
        assert_eq!(is_on_turn(WORKER, &reveal), Some(false));
    });
}

#[test]
fn blocks_should_not_count_while_finality_lags() {
    execute(|| {
        let own = lie();
        let table = seated(truth(), &own);
        let delivered = Referee::now();
        FinalityLags::set(true);
        advance(10 * CLOCK);
        assert_eq!(Referee::now(), delivered);
        assert_noop!(report(&table), error(Error::TimeLeft));
        assert!(!Referee::may_settle(JOB, delivered));
        assert_ok!(table.name(TENSOR));
        FinalityLags::set(false);
        advance(CLOCK);
        assert_ok!(report(&table));
    });
}

#[test]
fn a_block_should_take_so_many_steps_and_no_more() {
    execute(|| {
        // More games than a block ends: each takes a step, and one to go on to the next challenge.
        deliver(truth());
        for who in [CHALLENGER, SECOND, THIRD] {
            for _ in 0..18 {
                challenge(who, truth());
            }
        }
        post(DEFENDER, truth());
        let end = Cases::<Test>::get(JOB).unwrap().case.games_end;
        let left = || Cases::<Test>::get(JOB).map_or(0, |it| it.case.challenges);
        advance_to(end);
        let mut before = left();
        for _ in 0..3 {
            assert!((1..54).contains(&before), "{before}");
            advance(1);
            let now = left();
            assert!(before - now <= 16, "{before} {now}");
            before = now;
        }
        assert_eq!(before, 0);
        advance(4);
        assert_eq!(Cases::<Test>::iter().count(), 0);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT - 18 * CHALLENGE_BOND);
    });
}
