use super::*;

#[test]
fn credit_should_count_in_full_in_its_era() {
    execute(|| {
        Authors::credited(&10, 5);
        Authors::credited(&10, 3);
        assert_eq!(Authors::credit_of(&10), 8);
        assert_eq!(Authors::credit_of(&11), 0);
    });
}

#[test]
fn credit_should_lose_an_eighth_when_an_era_passes() {
    execute(|| {
        Authors::credited(&10, 800);
        CurrentEra::<Test>::put(1);
        assert_eq!(Authors::credit_of(&10), 700);
        CurrentEra::<Test>::put(2);
        // 700 · 7/8 = 612.5
        assert_eq!(Authors::credit_of(&10), 612);
        Authors::credited(&10, 100);
        assert_eq!(Authors::credit_of(&10), 712);
        CurrentEra::<Test>::put(3);
        assert_eq!(Authors::credit_of(&10), 623);
    });
}

#[test]
fn credit_should_be_the_same_when_it_is_looked_at_in_between() {
    execute(|| {
        Authors::credited(&10, 12_345);
        Authors::credited(&11, 12_345);
        for era in 1..40 {
            CurrentEra::<Test>::put(era);
            Authors::credited(&11, 0);
            assert_eq!(Authors::credit_of(&10), Authors::credit_of(&11));
        }
    });
}

#[test]
fn credit_should_be_forgotten_when_enough_eras_have_passed() {
    execute(|| {
        Authors::credited(&10, Balance::MAX);
        CurrentEra::<Test>::put(127);
        assert!(Authors::credit_of(&10) > 0);
        CurrentEra::<Test>::put(128);
        assert_eq!(Authors::credit_of(&10), 0);
        CurrentEra::<Test>::put(u32::MAX);
        assert_eq!(Authors::credit_of(&10), 0);
    });
}

#[test]
fn credit_should_end_at_zero_when_it_is_one() {
    execute(|| {
        Authors::credited(&10, 1);
        CurrentEra::<Test>::put(1);
        assert_eq!(Authors::credit_of(&10), 0);
    });
}

#[test]
fn credit_should_stay_at_the_largest_number_when_more_is_booked() {
    execute(|| {
        Authors::credited(&10, Balance::MAX);
        Authors::credited(&10, Balance::MAX);
        assert_eq!(Authors::credit_of(&10), Balance::MAX);
    });
}
