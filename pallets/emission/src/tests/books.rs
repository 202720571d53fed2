use crate::{mock::*, Burned, Lapsed, Minted, PendingWork, ReservedWork, Rewarded, Terms};
use aipg_primitives::{api::Books, Balance, Burn, BurnReason, MintReason, WorkBudget};
use frame_support::{
    assert_ok,
    storage::{with_transaction, TransactionOutcome},
};
use sp_runtime::{DispatchError, TryRuntimeError};

#[test]
fn books_should_tell_every_number_of_the_supply() {
    Chain::default().execute(|| {
        run_to(2);
        <Emission as WorkBudget<u64>>::allocate(4_000);
        assert_ok!(Emission::pay(&WORKER, 1_500));
        hold(pallet_holder::HoldReason::Fee, PAYER, 200);
        let reason = pallet_holder::HoldReason::Fee.into();
        for (amount, why) in [
            (70, BurnReason::JobFee),
            (20, BurnReason::Conviction),
            (3, BurnReason::LostBond),
            (5, BurnReason::AuditFault),
            (9, BurnReason::AuthorFault),
        ] {
            assert_ok!(Emission::burn_held(&reason, &PAYER, amount, why));
        }
        run_to(3);
        assert_eq!(
            Emission::books(),
            Books {
                issuance: 5_000 + 6_000 + 1_500 + 1_500 - 70 - 20 - 3 - 5 - 9,
                imported: 5_000,
                minted_author: 6_000,
                minted_operations: 1_500,
                minted_work: 1_500,
                minted_bootstrap: 0,
                burned_fees: 70,
                burned_convictions: 20,
                burned_lost_bonds: 3,
                burned_audit_faults: 5,
                burned_author_faults: 9,
                burned_bootstrap: 0,
                block_reward: 10_000,
                pending_work: 7_500,
                reserved_work: 2_500,
                lapsed_work: 11_000,
                cap: 1_000_000,
            }
        );
        run_to(9);
        assert_eq!(Emission::books().block_reward, 10_000, "of block 10");
        run_to(10);
        assert_eq!(Emission::books().block_reward, 5_000, "of block 11");
    });
}

#[test]
fn books_should_leave_other_lapses_out_of_the_lapsed_work() {
    Chain {
        operations_fund: None,
        ..Chain::default()
    }
    .execute(|| {
        next_block();
        assert_eq!(Emission::books().lapsed_work, 0);
        <Emission as WorkBudget<u64>>::allocate(7_000);
        assert_eq!(Emission::books().lapsed_work, 500);
    });
}

/// What `try_state` says of a state that `corrupt` made; the state is put back.
fn verdict(corrupt: impl FnOnce()) -> Result<(), TryRuntimeError> {
    with_transaction(|| {
        corrupt();
        TransactionOutcome::Rollback(Ok::<_, DispatchError>(Emission::do_try_state()))
    })
    .expect("the transaction is rolled back")
}

fn increase(amount: &mut Balance) {
    *amount += 1;
}

#[test]
fn try_state_should_name_the_sum_when_the_books_do_not_add_up() {
    let issuance = Err("issuance is not imported + minted - burned".into());
    let rewards = Err("rewards are not minted + pending + reserved + lapsed".into());
    Chain::default().execute(|| {
        run_to(3);
        <Emission as WorkBudget<u64>>::allocate(4_000);
        assert_eq!(verdict(|| ()), Ok(()));

        assert_eq!(
            verdict(|| Minted::<Test>::mutate(MintReason::UsefulWork, increase)),
            issuance
        );
        for reason in [
            BurnReason::JobFee,
            BurnReason::Conviction,
            BurnReason::LostBond,
            BurnReason::AuditFault,
            BurnReason::AuthorFault,
        ] {
            assert_eq!(
                verdict(|| Burned::<Test>::mutate(reason, increase)),
                issuance
            );
        }
        assert_eq!(
            verdict(|| Burned::<Test>::insert(BurnReason::JobFee, Balance::MAX)),
            issuance
        );
        assert_eq!(
            verdict(|| Terms::<Test>::mutate(|terms| terms.imported += 1)),
            issuance
        );

        assert_eq!(verdict(|| PendingWork::<Test>::mutate(increase)), rewards);
        assert_eq!(verdict(|| ReservedWork::<Test>::mutate(increase)), rewards);
        assert_eq!(
            verdict(|| Lapsed::<Test>::mutate(MintReason::BlockAuthor, increase)),
            rewards
        );
        assert_eq!(
            verdict(|| Rewarded::<Test>::mutate(|total| *total -= 1)),
            rewards
        );
    });
}

#[test]
fn try_state_should_fail_when_the_schedule_or_the_cap_is_passed() {
    Chain::default().execute(|| {
        run_to(3);
        assert_eq!(
            verdict(|| Rewarded::<Test>::mutate(increase)),
            Err("more was rewarded than the schedule emits".into())
        );
        // 7,500 were minted in three blocks; the schedule of blocks worth 2,000 emits 6,000.
        assert_eq!(
            verdict(|| Terms::<Test>::mutate(|terms| terms.schedule.initial_reward = 2_000)),
            Err("more was minted than the schedule emits".into())
        );
        // 12,500 are issued and 22,500 pending.
        assert_eq!(
            verdict(|| Terms::<Test>::mutate(|terms| terms.cap = 35_000)),
            Ok(())
        );
        assert_eq!(
            verdict(|| Terms::<Test>::mutate(|terms| terms.cap = 34_999)),
            Err("issuance and the open work budgets are above the cap".into())
        );
    });
}
