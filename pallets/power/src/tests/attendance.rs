use super::*;
use proptest::prelude::*;
use sp_runtime::Permill;

#[test]
fn attendance_should_count_since_the_first_window() {
    execute(|| {
        assert_eq!(Power::attendance(&1), None);
        open();
        assert_eq!(Power::attendance(&1), None);
        assert_ok!(commit(1, 5, INVENTED));
        // The window attended counts at once.
        assert_eq!(Power::attendance(&1), Some((1, 1)));
        to_end();
        open();
        // Another one only when nobody can attend it any more.
        assert_eq!(Power::attendance(&1), Some((1, 1)));
        advance(COMMIT);
        assert_eq!(Power::attendance(&1), Some((1, 2)));
        to_end();
        pass_windows(98);
        assert_eq!(Power::attendance(&1), Some((1, 100)));
        pass_windows(1);
        assert_eq!(Power::attendance(&1), None);
    });
}

#[test]
fn uptime_should_be_judged_by_eight_windows_or_more() {
    execute(|| {
        let uptime = || Power::measurement_of(&1).uptime;
        // Of nobody, and of a newcomer.
        assert_eq!(uptime(), Permill::one());
        open();
        assert_ok!(commit(1, 5, INVENTED));
        to_end();
        pass_windows(6);
        assert_eq!(Power::attendance(&1), Some((1, 7)));
        assert_eq!(uptime(), Permill::one());
        pass_windows(1);
        assert_eq!(uptime(), Permill::from_rational(1u32, 8));
        pass_windows(92);
        assert_eq!(uptime(), Permill::from_percent(1));
        pass_windows(1);
        assert_eq!(uptime(), Permill::zero());
        assert_eq!(Power::measurement_of(&1).power, 0);
    });
}

#[test]
fn attendance_should_remember_a_hundred_windows() {
    let mut attendance = Attendance::new(3);
    for window in 4..203 {
        attendance.attend(window);
    }
    assert_eq!(
        (attendance.attended(203), attendance.windows(203)),
        (100, 100)
    );
    assert_eq!(attendance.attended(204), 99);
    assert_eq!(attendance.attended(302), 1);
    assert_eq!(attendance.attended(303), 0);
    assert_eq!(attendance.attended(u32::MAX), 0);
    assert!(attendance.is_consistent());
}

#[test]
fn missed_should_be_about_the_last_windows() {
    let attendance = Attendance::new(7);
    // Windows 8 and 9 are the last two before window 10.
    assert!(!attendance.missed(2, 8));
    assert!(!attendance.missed(2, 9));
    assert!(attendance.missed(2, 10));
}

proptest! {
    #[test]
    fn attendance_should_be_that_of_a_list(
        first in 0u32..1_000,
        gaps in prop::collection::vec(prop_oneof![1u32..4, 1u32..150], 0..150),
        later in 1u32..300,
    ) {
        let mut attendance = Attendance::new(first);
        let mut list = vec![first];
        for gap in gaps {
            let window = list[list.len() - 1] + gap;
            attendance.attend(window);
            list.push(window);
            prop_assert!(attendance.is_consistent());
        }
        let last = list[list.len() - 1];
        let end = last + later;
        let attended = list.iter().filter(|window| **window + REMEMBERED >= end).count();
        prop_assert_eq!(attendance.attended(end), attended as u32);
        prop_assert_eq!(attendance.windows(end), (end - first).min(REMEMBERED));
        prop_assert_eq!((attendance.first, attendance.last), (first, last));
        for count in 1..5 {
            let missed = (end.saturating_sub(count)..end).all(|window| !list.contains(&window));
            prop_assert_eq!(attendance.missed(count, end), missed && end >= count);
        }
    }
}

#[cfg(feature = "runtime-benchmarks")]
#[test]
fn machines_of_benchmarks_should_keep_their_power_whoever_is_drawn() {
    execute(|| {
        for who in 1..=200 {
            benchmarking::measured::<Test>(&who, MAX_STEPS);
        }
        advance(15);
        for who in 1..=200 {
            assert_eq!(Power::power_of(&who), MAX_STEPS);
            assert!(Records::<Test>::get(who).unwrap().claim.is_some());
        }
    });
}
