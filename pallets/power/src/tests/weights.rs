use super::*;
use frame_support::{traits::Hooks, weights::Weight};

/// What the next block says that it cost.
fn next() -> Weight {
    let next = System::block_number() + 1;
    System::set_block_number(next);
    Power::on_initialize(next)
}

#[test]
fn blocks_should_charge_for_what_they_did() {
    execute(|| {
        assert_eq!(next(), <()>::poll());
        MeanInterval::set(1);
        assert_eq!(next(), <()>::poll().saturating_add(<()>::open()));
        for _ in 1..COMMIT + BEACON_DELAY {
            assert_eq!(next(), <()>::wait());
        }
        assert_eq!(next(), <()>::poll().saturating_add(<()>::draw()));
        for _ in 1..PROVE {
            assert_eq!(next(), <()>::wait());
        }
        assert_eq!(next(), <()>::end());
        // The beacon that draws does not come.
        let opened = next();
        assert_eq!(opened, <()>::poll().saturating_add(<()>::open()));
        NoBeaconFrom::set(System::block_number());
        for _ in 1..COMMIT + BEACON_DELAY {
            assert_eq!(next(), <()>::wait());
        }
        for _ in 0..PROVE {
            assert_eq!(next(), <()>::poll());
        }
        assert_eq!(next(), <()>::end());
    });
}
