use crate::{mock::*, AuthorShare, Error, Event, PendingWork};
use frame_support::{assert_noop, assert_ok};
use frame_system::RawOrigin;
use sp_runtime::{traits::BadOrigin, Permill};

#[test]
fn author_share_should_change_the_next_block_when_root_sets_it() {
    Chain::default().execute(|| {
        next_block();
        assert_eq!(PendingWork::<Test>::get(), 7_500);
        assert_ok!(Emission::set_author_share(
            RawOrigin::Root.into(),
            Permill::from_percent(30)
        ));
        assert!(events().contains(&Event::AuthorShareSet {
            share: Permill::from_percent(30)
        }));
        next_block();
        assert!(events().contains(&Event::BlockRewarded {
            author: Some(AUTHOR),
            author_amount: 3_000,
            operations_amount: 500,
            work_budget: 6_500,
        }));
        assert_eq!(PendingWork::<Test>::get(), 7_500 + 6_500);
    });
}

#[test]
fn author_share_should_be_accepted_when_it_is_at_a_bound() {
    Chain::default().execute(|| {
        for parts in [100_000, 300_000] {
            let share = Permill::from_parts(parts);
            assert_ok!(Emission::set_author_share(RawOrigin::Root.into(), share));
            assert_eq!(AuthorShare::<Test>::get(), share);
        }
    });
}

#[test]
fn author_share_should_be_refused_when_it_is_out_of_bounds() {
    Chain::default().execute(|| {
        for parts in [0, 99_999, 300_001, 1_000_000] {
            assert_noop!(
                Emission::set_author_share(RawOrigin::Root.into(), Permill::from_parts(parts)),
                Error::<Test>::AuthorShareOutOfBounds
            );
        }
    });
}

#[test]
fn author_share_should_be_refused_when_the_caller_is_not_root() {
    Chain::default().execute(|| {
        for origin in [RawOrigin::Signed(AUTHOR), RawOrigin::None] {
            assert_noop!(
                Emission::set_author_share(origin.into(), Permill::from_percent(25)),
                BadOrigin
            );
        }
    });
}
