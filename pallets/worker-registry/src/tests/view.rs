use super::*;
use aipg_primitives::api::WorkerView;

#[test]
fn view_should_repeat_everything_when_a_machine_is_online() {
    execute(|| {
        online_with(1, 2_000 * AIPG, 4);
        assert_ok!(WorkerRegistry::set_offer(signed(1), model(2), 5 * FLOOR));
        give_jobs(1, 4);
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, Some(Permill::zero()));
        WorkerRegistry::completed(&1, PAYOUT, PAYOUT, TOOK);
        WorkerRegistry::failed(&1, PAYOUT, Fault::ClaimMissed);
        assert_eq!(
            WorkerRegistry::view(&1),
            Some(WorkerView {
                online: true,
                suspended: false,
                banned: false,
                bond: 1_900 * AIPG,
                level: 1,
                region: Region::Europe,
                capacity: 4,
                active: 1,
                exposed: 3 * PAYOUT,
                completed: 2,
                failed: 1,
                // (2 + 1) / (2 + 1 + 1)
                reputation: 750_000,
                // 1/2 · 7/8, and a sixteenth for the second job.
                pace: 445_312,
                power: 0,
                offers: vec![(model(1), FLOOR), (model(2), 5 * FLOOR)],
                unbonds_at: None,
            })
        );
    });
}

#[test]
fn view_should_say_when_the_bond_is_free_when_a_machine_is_retired() {
    execute(|| {
        register(1);
        assert_ok!(WorkerRegistry::retire(signed(1)));
        let view = WorkerRegistry::view(&1).unwrap();
        assert_eq!(view.unbonds_at, Some(1 + UNBONDING));
        assert!(!view.online);
        assert_eq!(view.reputation, 1_000_000);
    });
}

#[test]
fn view_should_be_none_when_the_account_has_no_machine() {
    execute(|| assert_eq!(WorkerRegistry::view(&1), None));
}
