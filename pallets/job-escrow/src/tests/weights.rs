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
        let step = <() as WeightInfo>::step_draw().max(<() as WeightInfo>::step_refund());
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
        let step = <() as WeightInfo>::step_settle();
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
            <() as WeightInfo>::step_settle()
                + <() as WeightInfo>::postpone()
                + <() as WeightInfo>::pass_blocks(1)
        );
    });
}
