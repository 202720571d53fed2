use super::*;
use frame_support::{traits::Hooks, weights::Weight};

/// What the next block says that it cost.
fn next() -> Weight {
    let next = System::block_number() + 1;
    System::set_block_number(next);
    Bootstrap::on_initialize(next)
}

#[test]
fn blocks_should_charge_for_what_they_did() {
    execute(|| {
        let looking = <()>::look();
        let polling = looking.saturating_add(<()>::poll());
        let starting = polling.saturating_add(<()>::start());
        // What is tried costs as much as what is done.
        assert_eq!(next(), starting);
        grant_for(100);
        for _ in 0..MAX_UNANSWERED {
            assert_eq!(next(), starting);
        }
        assert_eq!(next(), looking, "no room");
        answer(live()[0]);
        (0..MAX_UNANSWERED).for_each(|_| {
            next();
        });
        BeaconWorks::set(false);
        finish(live()[1], 0);
        (0..MAX_UNANSWERED).for_each(|_| {
            next();
        });
        assert_eq!(next(), polling, "no beacon");
        live().into_iter().for_each(|job| finish(job, 0));
        jump_to(u64::from(HALVINGS) * HALVING);
        assert_eq!(next(), looking);
        let ending = looking.saturating_add(<()>::end());
        assert!((0..50).any(|_| next() == ending));
        assert_eq!(next(), <()>::idle());
    });
}
