use super::*;
use crate::draw::Quota;
use frame_support::traits::Contains;
use proptest::prelude::*;

/// What anybody does next. Accounts are founders, candidates and others.
#[derive(Clone, Debug)]
enum Step {
    Pass(u8),
    Session,
    Join(u64, u8, Option<u64>),
    More(u64, u8),
    Stand(u64),
    Leave(u64),
    Withdraw(u64),
    Credit(u64, u32),
    Equivocate(u64),
    Purge(u64),
    SetKeys(u64),
    Sleep(u64, bool),
    Silence(bool),
    Resize(u32, u32),
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 1..16u64;
    prop_oneof![
        4 => (1..12u8).prop_map(Step::Pass),
        6 => Just(Step::Session),
        6 => (who(), any::<u8>(), prop::option::of(who())).prop_map(|(w, b, o)| Step::Join(w, b, o)),
        1 => (who(), any::<u8>()).prop_map(|(w, b)| Step::More(w, b)),
        2 => who().prop_map(Step::Stand),
        2 => who().prop_map(Step::Leave),
        2 => who().prop_map(Step::Withdraw),
        6 => (who(), any::<u32>()).prop_map(|(w, c)| Step::Credit(w, c)),
        1 => who().prop_map(Step::Equivocate),
        1 => who().prop_map(Step::Purge),
        1 => who().prop_map(Step::SetKeys),
        2 => (who(), any::<bool>()).prop_map(|(w, s)| Step::Sleep(w, s)),
        1 => any::<bool>().prop_map(Step::Silence),
        1 => (1..9u32, 1..5u32).prop_map(|(t, l)| Step::Resize(t, l)),
    ]
}

fn take(step: Step) {
    let bond = |part: u8| MINIMUM_BOND / 2 + Balance::from(part) * AIPG;
    match step {
        Step::Pass(blocks) => (0..blocks).for_each(|_| pass()),
        Step::Session => {
            let index = Session::current_index();
            while Session::current_index() == index {
                pass();
            }
        }
        Step::Join(who, part, other) => drop(Authors::join(signed(who), bond(part), other)),
        Step::More(who, part) => drop(Authors::bond_more(signed(who), bond(part))),
        Step::Stand(who) => drop(Authors::stand(signed(who))),
        Step::Leave(who) => drop(Authors::leave(signed(who))),
        Step::Withdraw(who) => drop(Authors::withdraw(signed(who))),
        Step::Credit(who, credit) => Authors::credited(&who, Balance::from(credit) * AIPG),
        Step::Equivocate(who) => equivocated(who),
        Step::Purge(who) => drop(Session::purge_keys(signed(who))),
        Step::SetKeys(who) => pallet_session::NextKeys::<Test>::insert(who, keys(who)),
        Step::Sleep(who, asleep) => Asleep::mutate(|list| {
            list.retain(|other| *other != who);
            if asleep {
                list.push(who);
            }
        }),
        Step::Silence(is_silent) => {
            let from = if is_silent {
                System::block_number()
            } else {
                u64::MAX
            };
            NoBeaconFrom::set(from);
        }
        Step::Resize(target, least) => {
            TargetSeats::set(target);
            LeastAuthors::set(least);
        }
    }
}

/// One block passes, and if the set changes it does by the rules.
fn pass() {
    System::reset_events();
    let before = Seats::<Test>::get();
    let old = seats();
    let session = Session::current_index();
    advance(1);
    let new = seats();
    let quota = Quota::of(old.len() as u32);
    let joined: Vec<_> = new.iter().filter(|who| !old.contains(who)).collect();
    let left: Vec<_> = before
        .iter()
        .filter(|seat| !new.contains(&seat.author))
        .collect();
    assert!(joined.len() <= quota.changes as usize);
    assert!(left.len() <= quota.changes as usize);
    assert!(!new.is_empty());
    assert!(new.len() >= old.len().min(LeastAuthors::get() as usize));
    assert!(new.len() <= old.len().max(TargetSeats::get() as usize));
    if session == Session::current_index() {
        assert!(joined.is_empty() && left.is_empty());
    }
    // The plan is for the session after the one that has begun.
    let is_election = (Session::current_index() + 1).is_multiple_of(EraSessions::get());
    if !is_election {
        assert!(joined.is_empty());
    }
    for who in &joined {
        assert!(Authors::is_eligible(who));
        assert!(Authors::credit_of(who) > 0);
    }
    let joined = joined.len();
    // Nobody goes without cause: a mark, or somebody who comes.
    let judged = || {
        events()
            .iter()
            .any(|event| matches!(event, Event::AuthorAbsent { .. }))
    };
    let unmarked = left
        .iter()
        .filter(|seat| seat.going.is_none() && HasKeys::contains(&seat.author));
    assert!(unmarked.count() <= joined || judged());
}

fn owned() -> Balance {
    (1..=ACCOUNTS)
        .map(|who| Balances::free_balance(who) + Authors::bond_of(&who))
        .sum()
}

proptest! {
    #[test]
    fn set_and_money_should_keep_their_rules_whatever_is_done(
        steps in prop::collection::vec(step(), 1..80),
        founders in 1..7u64,
        era in 1..4u32,
    ) {
        execute_with(founders, || {
            EraSessions::set(era);
            LeastAuthors::set(1);
            for step in steps {
                take(step);
                Authors::do_try_state().unwrap();
                assert_eq!(owned() + Burned::get(), Balance::from(ACCOUNTS) * ENDOWMENT);
                for who in Candidates::<Test>::iter_keys() {
                    assert!(Authors::bond_of(&who) >= MINIMUM_BOND);
                }
            }
            // Whoever leaves has its bond back, unless it holds one of the last seats.
            LeastAuthors::set(1);
            for who in 1..16 {
                let _ = Authors::leave(signed(who));
            }
            (0..20 * SESSION + UNBONDING).for_each(|_| pass_block());
            for who in 1..16 {
                if !Authors::has_seat(&who) {
                    let _ = Authors::withdraw(signed(who));
                    assert_eq!(Authors::bond_of(&who), 0);
                }
            }
            let kept = seats().into_iter().filter(|who| Exits::<Test>::contains_key(who)).count();
            assert!(kept <= 1);
        });
    }
}
