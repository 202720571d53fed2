use super::*;

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
