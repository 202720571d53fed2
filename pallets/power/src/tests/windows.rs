use super::*;
use aipg_primitives::Beacon;

#[test]
fn window_should_open_by_the_youngest_beacon() {
    execute(|| {
        let window = open();
        let now = System::block_number();
        assert_eq!(window.number, EARLIER);
        assert_eq!(WindowCount::<Test>::get(), EARLIER + 1);
        assert_eq!(window.closes_at, now + COMMIT);
        assert_eq!(window.proves_until, now + COMMIT + BEACON_DELAY + PROVE);
        assert!(events().contains(&Event::WindowOpened {
            window: EARLIER,
            seed: window.seed,
            closes_at: window.closes_at,
            proves_until: window.proves_until,
        }));
    });
}

#[test]
fn seeds_should_differ_by_beacon_and_number() {
    execute(|| {
        let first = open();
        to_end();
        let second = open();
        assert_ne!(first.seed, second.seed);
        Power::open(H256::zero());
        let third = Current::<Test>::get().unwrap().seed;
        Power::open(H256::zero());
        assert_ne!(Current::<Test>::get().unwrap().seed, third);
    });
}

#[test]
fn no_window_should_open_while_one_is_in_progress() {
    execute(|| {
        MeanInterval::set(1);
        advance(1);
        let window = Current::<Test>::get().unwrap();
        let end = window.proves_until;
        while System::block_number() < end - 1 {
            advance(1);
            assert_eq!(Current::<Test>::get().unwrap().number, window.number);
        }
        advance(1);
        assert_eq!(Current::<Test>::get(), None);
        assert_eq!(WindowCount::<Test>::get(), window.number + 1);
        advance(1);
        let next = Current::<Test>::get().unwrap();
        assert_eq!(next.number, window.number + 1);
    });
}

#[test]
fn no_window_should_open_when_the_interval_is_zero() {
    execute(|| {
        advance(2_000);
        assert_eq!(WindowCount::<Test>::get(), EARLIER);
        // Not by any beacon either.
        let opened = (0..10_000).any(|number| Power::open_by_chance(H256::from_low_u64_be(number)));
        assert!(!opened);
    });
}

#[test]
fn windows_should_open_as_often_as_the_interval_says() {
    execute(|| {
        for (interval, expected) in [(2, 4_800..5_200), (10, 900..1_100), (100, 70..130)] {
            MeanInterval::set(interval);
            let beacon = |number: u64| future(number);
            let opened = (0..10_000).map(beacon).filter(|beacon| {
                let is_open = Power::open_by_chance(*beacon);
                Current::<Test>::kill();
                is_open
            });
            let count = opened.count();
            assert!(expected.contains(&count), "{count} at {interval}");
        }
    });
}

#[test]
fn no_window_should_open_without_a_beacon() {
    execute(|| {
        NoBeaconFrom::set(0);
        MeanInterval::set(1);
        advance(50);
        assert_eq!(WindowCount::<Test>::get(), EARLIER);
        NoBeaconFrom::set(u64::MAX);
        advance(1);
        assert_eq!(WindowCount::<Test>::get(), EARLIER + 1);
    });
}

#[test]
fn window_should_draw_by_the_beacon_of_its_closing() {
    execute(|| {
        let window = open();
        advance(COMMIT + BEACON_DELAY - 1);
        assert_eq!(Power::beacon_of(window.number), None);
        advance(1);
        let beacon = future(window.closes_at);
        assert_eq!(Power::beacon_of(window.number), Some(beacon));
        // In time: the end stays where it was.
        assert_eq!(Current::<Test>::get(), Some(window));
        assert!(events().contains(&Event::WindowDrawn {
            window: window.number,
            beacon,
            proves_until: window.proves_until,
        }));
        to_end();
        assert_eq!(System::block_number(), window.proves_until);
        assert!(events().contains(&Event::WindowEnded {
            window: window.number,
            is_drawn: true,
        }));
    });
}

#[test]
fn time_to_prove_should_begin_when_the_beacon_comes_late() {
    execute(|| {
        let window = open();
        Late::set(2);
        to_draw();
        let late = Current::<Test>::get().unwrap();
        assert_eq!(late.proves_until, System::block_number() + PROVE);
        assert_eq!(late.proves_until, window.proves_until + 2);
        to_end();
        assert_eq!(System::block_number(), late.proves_until);
    });
}

#[test]
fn window_should_end_undrawn_when_its_beacon_never_comes_and_the_next_should_open() {
    execute(|| {
        let window = open();
        NoBeaconFrom::set(window.closes_at);
        to_end();
        assert_eq!(System::block_number(), window.proves_until);
        assert_eq!(Power::beacon_of(window.number), None);
        assert!(events().contains(&Event::WindowEnded {
            window: window.number,
            is_drawn: false,
        }));
        NoBeaconFrom::set(u64::MAX);
        assert_eq!(open().number, window.number + 1);
    });
}

#[test]
fn draws_should_be_kept_for_a_hundred_windows() {
    execute(|| {
        let first = EARLIER;
        pass_windows(REMEMBERED);
        assert!(Power::beacon_of(first).is_some());
        assert_eq!(crate::Draws::<Test>::iter().count(), REMEMBERED as usize);
        pass_windows(1);
        assert!(Power::beacon_of(first).is_none());
        assert!(Power::beacon_of(first + 1).is_some());
        assert_eq!(crate::Draws::<Test>::iter().count(), REMEMBERED as usize);
    });
}

#[test]
fn early_blocks_should_open_nothing_when_there_is_no_block_to_ask_about() {
    execute(|| {
        MeanInterval::set(1);
        assert_eq!(Power::beacon_to_open(Blocks::delay() - 1), None);
    });
}
