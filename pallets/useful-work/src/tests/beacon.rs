use super::*;
use sp_core::H256;

fn beacon(height: u64) -> Option<H256> {
    <UsefulWork as Beacon<u64>>::beacon(height)
}

/// Runs to `height` with authors 1, 2, 1, 2 …
fn alternate_to(height: u64) {
    while System::block_number() < height {
        AUTHOR.set(Some(1 + System::block_number() % 2));
        run_to(System::block_number() + 1);
    }
}

#[test]
fn beacon_should_exist_when_two_blocks_of_two_authors_followed() {
    execute(|| {
        alternate_to(6);
        // Blocks 1 to 5 are finished; block 6 is not.
        assert!(beacon(3).is_some());
        assert_eq!(beacon(4), None);
        alternate_to(7);
        assert!(beacon(4).is_some());
    });
}

#[test]
fn beacon_should_not_exist_when_one_author_made_all_the_blocks() {
    execute(|| {
        run_to(20);
        assert_eq!(beacon(3), None);
        AUTHOR.set(Some(2));
        run_to(21);
        assert!(beacon(3).is_some());
    });
}

#[test]
fn beacon_should_exist_with_one_author_when_one_is_enough() {
    execute(|| {
        AUTHORS_NEEDED.set(1);
        run_to(4);
        assert!(beacon(1).is_some());
        assert_eq!(beacon(2), None);
    });
}

#[test]
fn beacon_of_audits_should_take_more_blocks_and_be_another_one() {
    execute(|| {
        let audits = <AuditBeacon<Test> as Beacon<u64>>::beacon;
        alternate_to(7);
        assert!(beacon(3).is_some());
        assert_eq!(audits(3), None);
        alternate_to(8);
        assert!(audits(3).is_some());
        assert_ne!(audits(3), beacon(3));
        assert_eq!(<AuditBeacon<Test> as Beacon<u64>>::delay(), 5);
    });
}

#[test]
fn beacon_should_stay_the_same_until_its_blocks_are_overwritten() {
    execute(|| {
        alternate_to(8);
        let early = beacon(3);
        assert!(early.is_some());
        for height in 9..(4 + u64::from(RING)) {
            alternate_to(height);
            assert_eq!(beacon(3), early);
        }
        alternate_to(5 + u64::from(RING));
        assert_eq!(beacon(3), None);
    });
}

#[test]
fn beacons_should_differ_from_block_to_block() {
    execute(|| {
        alternate_to(20);
        let mut values: Vec<_> = (1..15).map(|height| beacon(height).unwrap()).collect();
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 14);
    });
}

#[test]
fn beacon_should_pass_over_a_block_without_output() {
    execute(|| {
        alternate_to(4);
        RANDOMNESS.set(false);
        alternate_to(5);
        RANDOMNESS.set(true);
        alternate_to(6);
        assert_eq!(beacon(3), None);
        alternate_to(8);
        assert!(beacon(3).is_some());
    });
}

#[test]
fn beacon_of_the_future_should_not_exist() {
    execute(|| {
        alternate_to(60);
        assert_eq!(beacon(60), None);
        assert_eq!(beacon(1_000), None);
        assert_eq!(beacon(u64::MAX), None);
        assert_eq!(<UsefulWork as Beacon<u64>>::delay(), 3);
    });
}
