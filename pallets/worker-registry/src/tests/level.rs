use super::*;
use aipg_primitives::Conviction;
use sp_core::H256;

/// Level of a machine with this bond and these counters.
fn level(bond: Balance, challenges_passed: u32, completed: u64, failed: u64) -> u8 {
    let mut level = None;
    execute(|| {
        register_with(1, bond, 1);
        Workers::<Test>::mutate(1, |record| {
            let record = record.as_mut().unwrap();
            record.challenges_passed = challenges_passed;
            record.completed = completed;
            record.failed = failed;
        });
        level = WorkerRegistry::view(&1).map(|view| view.level);
    });
    level.unwrap()
}

#[test]
fn level_should_be_one_when_only_the_bond_is_large() {
    assert_eq!(level(MINIMUM_BOND, 0, 0, 0), 1);
    assert_eq!(level(LEVEL_THREE_BOND, 9, 1_000, 0), 1);
}

#[test]
fn level_should_be_two_when_challenges_are_passed_and_the_bond_suffices() {
    assert_eq!(level(LEVEL_TWO_BOND - 1, 10, 1_000, 0), 1);
    assert_eq!(level(LEVEL_TWO_BOND, 10, 0, 0), 2);
    assert_eq!(level(LEVEL_THREE_BOND - 1, 10, 1_000, 0), 2);
}

#[test]
fn level_should_be_three_when_a_hundred_jobs_went_well_too() {
    assert_eq!(level(LEVEL_THREE_BOND, 10, 99, 0), 2);
    assert_eq!(level(LEVEL_THREE_BOND, 10, 100, 0), 3);
    assert_eq!(level(LEVEL_THREE_BOND, 10, 95, 5), 3);
    assert_eq!(level(LEVEL_THREE_BOND, 10, 95, 6), 2);
    assert_eq!(level(LEVEL_THREE_BOND, 10, 94, 6), 2);
}

#[test]
fn level_should_be_zero_when_the_bond_fell_under_the_minimum() {
    execute(|| {
        online_with(1, MINIMUM_BOND, 1);
        give_jobs(1, 1);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        assert_eq!(WorkerRegistry::view(&1).unwrap().level, 0);
    });
}

#[test]
fn level_should_not_pass_one_when_jobs_are_completed_without_challenges() {
    execute(|| {
        online_with(1, LEVEL_THREE_BOND, 1);
        for seed in 0..200 {
            assert!(draw(&request(seed)).is_some());
            WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        }
        assert_eq!(WorkerRegistry::view(&1).unwrap().level, 1);
    });
}

/// What level 4 takes above the bond of level 3.
const INSURANCE: Balance = 5_000 * AIPG;
const AGREEMENT: H256 = H256::repeat_byte(7);

fn grant(who: AccountId, insurance: Balance) -> Result<(), DispatchError> {
    WorkerRegistry::grant_level_four(RuntimeOrigin::root(), who, AGREEMENT, insurance)
}

fn revoke(who: AccountId) -> Result<(), DispatchError> {
    WorkerRegistry::revoke_level_four(RuntimeOrigin::root(), who)
}

/// A machine online that has proven what level 3 asks for.
fn proven_with(who: AccountId, bond: Balance) {
    online_with(who, bond, 1);
    Workers::<Test>::mutate_extant(who, |record| {
        record.challenges_passed = 10;
        record.completed = 100;
    });
}

fn level_now(who: AccountId) -> u8 {
    WorkerRegistry::view(&who).unwrap().level
}

#[test]
fn level_should_be_four_when_governance_granted_it_and_the_insurance_is_bonded() {
    execute(|| {
        proven_with(1, LEVEL_THREE_BOND + INSURANCE - 1);
        assert_ok!(grant(1, INSURANCE));
        System::assert_last_event(
            Event::LevelFourGranted {
                worker: 1,
                agreement: AGREEMENT,
                insurance: INSURANCE,
            }
            .into(),
        );
        assert_eq!(level_now(1), 3);
        assert_ok!(WorkerRegistry::bond_more(signed(1), 1));
        assert_eq!(level_now(1), 4);
        // A new agreement takes the place of the old one.
        assert_ok!(grant(1, INSURANCE + 1));
        assert_eq!(level_now(1), 3);
    });
}

#[test]
fn level_four_should_rest_on_what_level_three_asks_for() {
    execute(|| {
        proven_with(1, LEVEL_THREE_BOND + INSURANCE);
        assert_ok!(grant(1, INSURANCE));
        Workers::<Test>::mutate_extant(1, |record| record.failed = 6);
        assert_eq!(level_now(1), 2);
        Workers::<Test>::mutate_extant(1, |record| record.challenges_passed = 9);
        assert_eq!(level_now(1), 1);
    });
}

#[test]
fn level_four_should_be_lost_when_a_penalty_takes_of_the_insurance() {
    execute(|| {
        proven_with(1, LEVEL_THREE_BOND + INSURANCE);
        assert_ok!(grant(1, INSURANCE));
        give_jobs(1, 1);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        assert_eq!(level_now(1), 3);
    });
}

#[test]
fn jobs_that_ask_for_level_four_should_reach_only_machines_that_have_it() {
    execute(|| {
        proven_with(1, LEVEL_THREE_BOND + INSURANCE);
        proven_with(2, LEVEL_THREE_BOND + INSURANCE);
        let mut request = request(1);
        request.service.min_level = 4;
        assert_eq!(draw(&request), None);
        assert_ok!(grant(2, INSURANCE));
        assert_eq!(draw(&request), Some((2, FLOOR)));
        WorkerRegistry::released(&2, PAYOUT);
        assert_ok!(revoke(2));
        System::assert_last_event(Event::LevelFourRevoked { worker: 2 }.into());
        assert_eq!(level_now(2), 3);
        assert_eq!(draw(&request), None);
    });
}

#[test]
fn level_four_should_be_granted_and_revoked_by_governance_alone() {
    execute(|| {
        register(1);
        assert_noop!(
            WorkerRegistry::grant_level_four(signed(1), 1, AGREEMENT, INSURANCE),
            DispatchError::BadOrigin
        );
        assert_ok!(grant(1, INSURANCE));
        assert_noop!(
            WorkerRegistry::revoke_level_four(signed(1), 1),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn level_four_should_not_be_granted_when_there_is_no_machine_or_insurance() {
    execute(|| {
        assert_noop!(grant(1, INSURANCE), Error::<Test>::NotRegistered);
        register(1);
        assert_noop!(grant(1, 0), Error::<Test>::AmountZero);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        assert_noop!(grant(1, INSURANCE), Error::<Test>::WorkerRetired);
        register(2);
        assert_ok!(WorkerRegistry::convict(&2, &TREASURY));
        assert_noop!(grant(2, INSURANCE), Error::<Test>::Banned);
    });
}

#[test]
fn level_four_should_not_be_revoked_when_it_was_not_granted() {
    execute(|| {
        assert_noop!(revoke(1), Error::<Test>::NotRegistered);
        register(1);
        assert_noop!(revoke(1), Error::<Test>::LevelFourNotGranted);
        assert_ok!(grant(1, INSURANCE));
        assert_ok!(revoke(1));
        assert_noop!(revoke(1), Error::<Test>::LevelFourNotGranted);
    });
}

#[test]
fn agreement_should_go_with_the_machine() {
    execute(|| {
        register(1);
        assert_ok!(grant(1, INSURANCE));
        assert_ok!(WorkerRegistry::retire(signed(1)));
        System::set_block_number(1 + UNBONDING);
        assert_ok!(WorkerRegistry::withdraw(signed(1)));
        register(1);
        assert_eq!(record(1).agreement, None);
    });
}
