//! The end of public jobs.

use super::*;

const END: u64 = HALVINGS as u64 * HALVING;

#[test]
fn what_is_left_should_burn_and_lapse_when_the_last_job_has_ended() {
    execute(|| {
        grant_for(2);
        advance(2);
        let jobs = live();
        answer(jobs[0]);
        Served::set(Vec::new());
        jump_to(END - 1);
        close_round(100_000_000);
        let allowance = Allowance::<Test>::get();
        assert!(allowance > 0);
        Served::set(vec![model(1), model(2)]);
        jump_to(END);
        advance(20);
        assert_eq!(live(), jobs, "none begins any more");
        assert!(!HasEnded::<Test>::get(), "two have not ended");
        finish(jobs[0], 30);
        finish(jobs[1], 0);
        let (free, held) = owned();
        assert_eq!(held, 0);
        advance(20);
        assert!(HasEnded::<Test>::get());
        assert_eq!(owned(), (0, 0));
        assert_eq!(Burned::get(), free);
        assert_eq!(Minted::get(), Paid::get() + Burned::get());
        assert_eq!((Allowance::<Test>::get(), Reserved::get()), (0, 0));
        assert_eq!(
            events().last(),
            Some(&Event::LaneEnded {
                burned: free,
                lapsed: allowance
            })
        );
        // Once.
        let count = events().len();
        close_round(100_000_000);
        advance(20);
        assert_eq!(events().len(), count);
    });
}

#[test]
fn lane_that_was_never_used_should_end_as_well() {
    execute(|| {
        Served::set(Vec::new());
        close_round(100_000_000);
        jump_to(END - 1);
        assert!(!HasEnded::<Test>::get());
        advance(1);
        assert!(HasEnded::<Test>::get());
        assert_eq!((Minted::get(), Burned::get()), (0, 0));
        assert_eq!(
            events(),
            vec![Event::LaneEnded {
                burned: 0,
                lapsed: 1_000_000
            }]
        );
    });
}

#[test]
fn nothing_should_be_granted_after_the_end() {
    execute(|| {
        jump_to(END);
        assert_eq!(close_round(Balance::from(u64::MAX)), 0);
        advance(50);
        assert!(live().is_empty());
        assert_eq!(Reserved::get(), 0);
    });
}
