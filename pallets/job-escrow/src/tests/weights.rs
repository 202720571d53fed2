//! The hook charges for what it did.

use super::*;
use frame_support::{traits::Hooks, weights::Weight};

/// The weight of the hook in the next block.
fn next_block() -> Weight {
    let next = System::block_number() + 1;
    System::set_block_number(next);
    JobEscrow::on_initialize(next)
}

#[test]
fn hook_should_charge_for_the_blocks_it_passed_when_nothing_is_due() {
    execute(|| {
        assert_eq!(next_block(), <() as WeightInfo>::pass_blocks(1));
        // The chain's height jumps, the cursor follows.
        System::set_block_number(System::block_number() + 2);
        assert_eq!(next_block(), <() as WeightInfo>::pass_blocks(3));
    });
}

#[test]
fn hook_should_charge_for_a_draw_when_the_beacon_is_there() {
    execute(|| {
        assert_ok!(Order::new().submit());
        next_draw(WORKER);
        run_to(System::block_number() + BEACON_DELAY - 1);
        let step = <() as WeightInfo>::step_draw(1);
        assert_eq!(next_block(), step + <() as WeightInfo>::pass_blocks(1));
    });
}

#[test]
fn hook_should_charge_for_a_timeout_when_a_worker_is_silent() {
    execute(|| {
        assigned_to(WORKER);
        run_to(System::block_number() + CLAIM_WINDOW - 1);
        let step = <() as WeightInfo>::step_time_out();
        assert_eq!(next_block(), step + <() as WeightInfo>::pass_blocks(1));
    });
}

#[test]
fn hook_should_charge_for_a_settlement_when_the_window_is_over() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        run_to(System::block_number() + CHALLENGE_WINDOW - 1);
        let step = <() as WeightInfo>::step_settle(1);
        assert_eq!(next_block(), step + <() as WeightInfo>::pass_blocks(1));
    });
}

#[test]
fn hook_should_charge_for_trying_again_when_a_step_fails() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        run_to(System::block_number() + CHALLENGE_WINDOW - 1);
        BURN_WORKS.set(false);
        assert_eq!(
            next_block(),
            <() as WeightInfo>::step_settle(1)
                + <() as WeightInfo>::postpone()
                + <() as WeightInfo>::pass_blocks(1)
        );
    });
}

#[test]
fn hook_should_charge_for_an_audit_when_the_settlement_ends_one() {
    execute(|| {
        let job = claimed_by(WORKER);
        assert_ok!(deliver(WORKER, job));
        run_to(System::block_number() + CHALLENGE_WINDOW - 1);
        IS_AUDITED.set(true);
        let step = <() as WeightInfo>::step_settle_audited();
        assert_eq!(next_block(), step + <() as WeightInfo>::pass_blocks(1));
    });
}

#[test]
fn hook_should_charge_what_steps_have_in_common_once() {
    execute(|| {
        for _ in 0..3 {
            assert_ok!(Order::new().submit());
            next_draw(WORKER);
        }
        run_to(System::block_number() + BEACON_DELAY - 1);
        let three = <() as WeightInfo>::step_draw(3);
        assert!(three.ref_time() < <() as WeightInfo>::step_draw(1).ref_time() * 3);
        assert_eq!(next_block(), three + <() as WeightInfo>::pass_blocks(1));
    });
}

#[test]
fn hook_should_stop_when_no_step_fits_any_more() {
    execute(|| {
        for _ in 0..5 {
            assert_ok!(Order::new().submit());
            next_draw(WORKER);
        }
        run_to(System::block_number() + BEACON_DELAY - 1);
        // The dearest step is a timeout that fails; draws are cheaper.
        let dearest =
            <() as WeightInfo>::step_time_out().saturating_add(<() as WeightInfo>::postpone());
        let time = (dearest + <() as WeightInfo>::step_draw(2)).ref_time();
        let room = Weight::from_parts(time, u64::MAX);
        STEPS_WEIGHT.set(room);
        let used = next_block();
        assert!(used.all_lte(room), "{used:?} of {room:?}");
        assert_eq!(used, <() as WeightInfo>::step_draw(3));
        // The rest comes in the next blocks, and nothing is lost.
        next_block();
        next_block();
        assert_eq!(
            crate::WorkerJobs::<Test>::iter_key_prefix(WORKER).count(),
            5
        );
    });
}

#[test]
fn hook_should_take_one_step_when_it_has_no_room_at_all() {
    execute(|| {
        STEPS_WEIGHT.set(Weight::zero());
        for _ in 0..2 {
            assert_ok!(Order::new().submit());
            next_draw(WORKER);
        }
        run_to(System::block_number() + BEACON_DELAY + 4);
        assert_eq!(
            crate::WorkerJobs::<Test>::iter_key_prefix(WORKER).count(),
            2
        );
    });
}
