use crate::{mock::*, pallet::*, Lags, INHERENT_IDENTIFIER, REPORTS};
use frame_support::{
    assert_noop, assert_ok,
    dispatch::{DispatchClass, GetDispatchInfo},
    inherent::{InherentData, ProvideInherent},
    traits::Get,
};
use proptest::prelude::*;
use sp_runtime::DispatchError;

fn lags() -> bool {
    Lags::<Test>::get()
}

fn believed() -> u32 {
    Believed::<Test>::get()
}

/// A chain that finalises two blocks behind its head, so far.
fn healthy_until(height: u64) {
    while System::block_number() < height {
        let now = System::block_number() as u32;
        assert_ok!(report(now.saturating_sub(3)));
        next_block();
    }
}

#[test]
fn chain_should_believe_the_median_of_the_last_reports() {
    execute(|| {
        healthy_until(100);
        // The reports of blocks 89 to 99: 86 to 96.
        assert_eq!(Reports::<Test>::get().len() as u32, REPORTS);
        assert_eq!(believed(), 91);
        assert!(!lags());
    });
}

#[test]
fn minority_that_lies_should_not_move_the_belief_beyond_the_others() {
    execute(|| {
        healthy_until(100);
        for lie in [0, 99] {
            blocks(REPORTS / 2, lie);
            let honest = 86..=96;
            assert!(honest.contains(&believed()), "{} of {lie}", believed());
            blocks(REPORTS, 96);
        }
    });
}

#[test]
fn majority_that_understates_should_stop_the_belief_and_not_turn_it_back() {
    execute(|| {
        healthy_until(100);
        let before = believed();
        blocks(REPORTS, 7);
        assert_eq!(believed(), before);
        blocks(MAX_LAG, 7);
        assert!(lags());
        // What it had believed stays.
        assert_eq!(believed(), before);
    });
}

#[test]
fn finality_that_stands_still_should_lag_until_it_goes_on() {
    execute(|| {
        healthy_until(50);
        let (start, finalised) = (System::block_number() as u32, 46);
        blocks(REPORTS, finalised);
        let lag = |now: u32| now - finalised;
        while !lags() {
            assert!(lag(System::block_number() as u32) <= MAX_LAG);
            blocks(1, finalised);
        }
        assert_eq!(lag(System::block_number() as u32), MAX_LAG + 1);
        System::assert_last_event(Event::Lagging { finalised }.into());
        blocks(100, finalised);
        assert!(lags());
        // All that was missing is finalised at once; the median follows when most have seen it.
        let caught_up = System::block_number() as u32 - 1;
        blocks(REPORTS / 2, caught_up);
        assert!(lags());
        blocks(1, caught_up);
        assert!(!lags());
        let event = Event::Recovered {
            finalised: caught_up,
        };
        System::assert_last_event(event.into());
        assert!(start < caught_up);
    });
}

/// What the README says of authors who make a part of all blocks and have most of the last reports.
#[test]
fn minority_should_have_most_of_the_reports_as_seldom_as_the_readme_says() {
    let most_reports_percent = |share: f64| {
        let chosen = |k: u32| {
            (0..k).fold(1.0, |ways, i| {
                ways * f64::from(REPORTS - i) / f64::from(i + 1)
            })
        };
        let likely =
            |k: u32| chosen(k) * share.powi(k as i32) * (1.0 - share).powi((REPORTS - k) as i32);
        (REPORTS / 2 + 1..=REPORTS).map(likely).sum::<f64>() * 100.0
    };
    assert_eq!(most_reports_percent(1.0 / 3.0).round(), 12.0);
    assert_eq!(most_reports_percent(1.0 / 5.0).round(), 1.0);
}

#[test]
fn silence_should_let_the_belief_grow_old() {
    execute(|| {
        healthy_until(50);
        let reports = Reports::<Test>::get();
        for _ in 0..=MAX_LAG {
            next_block();
        }
        assert!(lags());
        assert_eq!(Reports::<Test>::get(), reports);
    });
}

#[test]
fn chain_without_reports_should_not_lag() {
    execute(|| {
        for _ in 0..3 * MAX_LAG {
            next_block();
        }
        assert!(!lags());
    });
}

#[test]
fn report_should_be_refused_twice_in_a_block_and_beyond_the_parent() {
    execute(|| {
        healthy_until(9);
        assert_noop!(report(9), Error::<Test>::BeyondParent);
        assert_ok!(report(8));
        assert_noop!(report(8), Error::<Test>::ReportedTwice);
        next_block();
        assert_ok!(report(8));
        assert_noop!(
            Finality::report(RuntimeOrigin::signed(1), 8),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn inherent_should_say_what_the_node_has_seen_of_the_chain_that_it_builds_on() {
    execute(|| {
        healthy_until(9);
        let mut data = InherentData::new();
        assert!(Finality::create_inherent(&data).is_none());
        data.put_data(INHERENT_IDENTIFIER, &5u32).unwrap();
        let inherent = Finality::create_inherent(&data).unwrap();
        assert_eq!(inherent, Call::report { finalised: 5 });
        assert!(Finality::is_inherent(&inherent));
        assert_eq!(inherent.get_dispatch_info().class, DispatchClass::Mandatory);
        data.replace_data(INHERENT_IDENTIFIER, &12u32);
        assert!(Finality::create_inherent(&data).is_none());
        // Bytes that are no height.
        data.replace_data(INHERENT_IDENTIFIER, &7u8);
        assert!(Finality::create_inherent(&data).is_none());
    });
}

#[test]
fn state_should_be_told_from_one_that_does_not_hold_together() {
    execute(|| {
        healthy_until(9);
        let faults: [fn(); 3] = [
            || Believed::<Test>::put(9),
            || ReportedIn::<Test>::kill(),
            || {
                Reports::<Test>::mutate(|reports| reports[0] = 9);
            },
        ];
        for fault in faults {
            frame_support::storage::with_storage_layer(|| -> Result<(), DispatchError> {
                fault();
                assert!(Finality::do_try_state().is_err());
                Err(DispatchError::Other("undone"))
            })
            .unwrap_err();
        }
    });
}

proptest! {
    /// Whatever fewer than half of the authors say, the chain believes something that an honest one has said,
    /// and lags exactly if that is too far behind.
    #[test]
    fn belief_should_be_between_honest_reports(
        lies in prop::collection::vec(prop::option::weighted(0.4, 0..1_000u32), 60),
        stops in 20..60u32,
    ) {
        execute(|| {
            let mut honest = Vec::new();
            let mut recent = Vec::new();
            for lie in lies {
                let now = System::block_number() as u32;
                let seen = now.min(stops).saturating_sub(3);
                let liars = recent.iter().rev().take(REPORTS as usize - 1);
                let liars = liars.filter(|&&is_lie| is_lie).count() as u32;
                let lie = lie.filter(|_| liars < REPORTS / 2 && now > 2 * REPORTS);
                recent.push(lie.is_some());
                report(lie.unwrap_or(seen).min(now - 1)).unwrap();
                if lie.is_none() {
                    honest.push(seen);
                }
                next_block();
                let newest = honest.last().copied().unwrap_or_default();
                assert!(believed() <= newest);
                let oldest = honest.len().saturating_sub(2 * REPORTS as usize);
                assert!(believed() >= honest.get(oldest).copied().unwrap_or_default());
                let lag = System::block_number() as u32 - believed();
                assert_eq!(lags(), lag > MAX_LAG);
            }
        });
    }
}
