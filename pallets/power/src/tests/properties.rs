use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Accounts that commit to what they computed and prove it; others up to [`LAST`] invent.
const HONEST: u64 = 3;
const LAST: u64 = 6;

/// What happens next.
#[derive(Clone, Debug)]
enum Step {
    Pass(u8),
    Open,
    Commit(u64, u32),
    Settle(u64),
    Silence(bool),
    Late(u8),
    Switch(u64, bool),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..=LAST;
    let steps = || prop_oneof![1..50u32, 1..=MAX_STEPS];
    prop_oneof![
        6 => (1..12u8).prop_map(Step::Pass),
        6 => Just(Step::Open),
        12 => (who(), steps()).prop_map(|(who, steps)| Step::Commit(who, steps)),
        4 => who().prop_map(Step::Settle),
        1 => any::<bool>().prop_map(Step::Silence),
        1 => (0..4u8).prop_map(Step::Late),
        1 => (who(), any::<bool>()).prop_map(|(who, is_online)| Step::Switch(who, is_online)),
    ]
}

/// What the honest will show, by account.
type Kept = BTreeMap<u64, Openings>;

/// A block passes, and whoever is honest and drawn proves.
fn pass(kept: &mut Kept) {
    advance(1);
    for who in 1..=HONEST {
        if Power::view(&who).drawn.is_some() {
            let openings = kept.remove(&who).expect("it has committed");
            prove(who, openings).expect("what was computed is right");
        }
    }
}

fn take(step: Step, kept: &mut Kept) {
    match step {
        Step::Pass(blocks) => (0..blocks).for_each(|_| pass(kept)),
        Step::Open => {
            MeanInterval::set(1);
            pass(kept);
            MeanInterval::set(0);
        }
        Step::Commit(who, steps) => {
            if !Current::<Test>::exists() {
                return;
            }
            let (root, openings) = match who {
                1..=HONEST => computed(who, steps),
                _ => (INVENTED, Openings::default()),
            };
            let before = record_of(who);
            if commit(who, steps, root).is_ok() {
                kept.insert(who, openings);
            } else {
                assert_eq!(record_of(who), before);
            }
        }
        Step::Settle(who) => drop(settle(who)),
        Step::Silence(is_silent) => {
            let now = System::block_number();
            NoBeaconFrom::set(if is_silent { now } else { u64::MAX });
        }
        Step::Late(blocks) => Late::set(blocks.into()),
        Step::Switch(who, is_online) => Offline::mutate(|list| {
            list.retain(|other| *other != who);
            if !is_online {
                list.push(who);
            }
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn honest_workers_should_never_fail_and_newcomers_who_invent_never_have_power(
        steps in prop::collection::vec(step(), 1..120),
        salt: u64,
    ) {
        execute(|| {
            Salt::set(salt);
            let mut kept = Kept::new();
            for step in steps {
                take(step, &mut kept);
                Power::do_try_state().unwrap();
                assert!(FailedBy::get().iter().all(|who| *who > HONEST));
                assert!((HONEST + 1..=LAST).all(|who| Power::power_of(&who) == 0));
            }
            for who in 1..=LAST {
                // Settling tells what is so anyway.
                let (power, attendance) = (Power::power_of(&who), Power::attendance(&who));
                let _ = settle(who);
                assert_eq!(Power::power_of(&who), power);
                assert_eq!(Power::attendance(&who), attendance);
                let told = Told::get();
                let last = told.iter().rev().find(|(told, _)| *told == who);
                assert_eq!(last.map_or(0, |(_, steps)| *steps), power);
            }
        });
    }
}
