//! Which bond counts in a draw, and who has a place where more are drawn than count.

use super::*;

fn anchor_of(job: JobId) -> u64 {
    match stage_of(job) {
        Some(Stage::Committing { anchor, .. }) => anchor,
        other => panic!("nobody is drawn at {other:?}"),
    }
}

fn bond_at(who: AccountId, anchor: u64) -> Balance {
    Auditing::bond_at(&who, &Auditors::<Test>::get(who).unwrap(), anchor)
}

fn rank(who: AccountId, job: JobId) -> Option<u128> {
    let key = sp_core::Pair::public(&pair(who));
    let seed = seed_of(job);
    let number = Auditing::number(&key, &seed, proof(who, seed)).unwrap();
    let total = crate::Audits::<Test>::get(job).unwrap().total_bond;
    Auditing::rank(number, bond_at(who, anchor_of(job)), total)
}

fn more(who: AccountId, amount: Balance) {
    assert_ok!(Auditing::bond_more(signed(who), amount));
}

#[test]
fn bond_should_not_count_for_a_beacon_that_its_owner_could_know() {
    execute(|| {
        auditors(10);
        drawn(JOB);
        let who = (2..12).find(|who| rank(*who, JOB).is_none()).unwrap();
        // With half of all bonds it would be drawn whatever its number.
        more(who, 8 * MINIMUM_BOND);
        assert_noop!(commit(who, JOB, ROOT), Error::<Test>::NotDrawn);
        // Nor later, though the audit outlasts the delay.
        FinalityLags::set(true);
        advance(KEY_DELAY + 1);
        assert_noop!(commit(who, JOB, ROOT), Error::<Test>::NotDrawn);
        more(who, 0);
        assert_noop!(commit(who, JOB, ROOT), Error::<Test>::NotActive);
        FinalityLags::set(false);
        // It counts in the draws after the delay.
        drawn(JOB + 1);
        assert_eq!(bond_at(who, anchor_of(JOB + 1)), 9 * MINIMUM_BOND);
        assert_ok!(commit(who, JOB + 1, ROOT));
    });
}

#[test]
fn addition_should_count_from_the_delay_on_and_wait_for_a_later_one() {
    execute(|| {
        auditors(1);
        let first = System::block_number();
        more(2, MINIMUM_BOND);
        let from = first + KEY_DELAY;
        assert_eq!(bond_at(2, from - 1), MINIMUM_BOND);
        assert_eq!(bond_at(2, from), 2 * MINIMUM_BOND);
        advance(1);
        more(2, AIPG);
        assert_eq!(bond_at(2, from), MINIMUM_BOND);
        assert_eq!(bond_at(2, from + 1), 2 * MINIMUM_BOND + AIPG);
        let view = Auditing::view(&2).unwrap();
        assert_eq!(view.bond, 2 * MINIMUM_BOND + AIPG);
        assert_eq!(view.pending, MINIMUM_BOND + AIPG);
        assert_eq!(view.pending_from, from + 1);
        // One that counts goes on counting while another waits.
        advance(KEY_DELAY);
        let now = System::block_number();
        more(2, AIPG);
        assert_eq!(bond_at(2, now), 2 * MINIMUM_BOND + AIPG);
        assert_eq!(bond_at(2, now + KEY_DELAY), 2 * MINIMUM_BOND + 2 * AIPG);
    });
}

#[test]
fn bond_should_count_less_at_once_when_part_of_it_is_lost() {
    execute(|| {
        auditors(2);
        drawn(JOB);
        let anchor = anchor_of(JOB);
        more(2, MINIMUM_BOND);
        assert_eq!(bond_at(2, anchor), MINIMUM_BOND);
        Auditing::penalise(JOB, 2, AuditorFault::Silent);
        let left = 2 * MINIMUM_BOND - MINIMUM_BOND / 10;
        assert_eq!(bond_at(2, anchor), left - MINIMUM_BOND);
        assert_noop!(commit(2, JOB, ROOT), Error::<Test>::NotDrawn);
        assert!(!Auditing::view(&2).unwrap().can_be_drawn);
        assert_ok!(commit(3, JOB, ROOT));
        advance(KEY_DELAY);
        assert!(Auditing::view(&2).unwrap().can_be_drawn);
        // What is gone is not waited for: a penalty may exceed what counted.
        more(2, 4 * MINIMUM_BOND);
        for _ in 0..3 {
            Auditing::penalise(JOB, 2, AuditorFault::Wrong);
        }
        assert_eq!(bond_at(2, System::block_number()), 0);
        more(2, AIPG);
        let bond = Auditing::bond_of(&2);
        assert_eq!(Auditors::<Test>::get(2).unwrap().pending, bond);
        assert_eq!(bond_at(2, System::block_number() + KEY_DELAY), bond);
    });
}

#[test]
fn bonds_that_come_after_the_beacon_should_draw_nobody_out() {
    execute(|| {
        auditors(4);
        drawn(JOB);
        let before: Vec<_> = (2..6).map(|who| rank(who, JOB)).collect();
        assert!(before.iter().any(Option::is_some));
        for who in 10..20 {
            assert_ok!(register(who, 9 * MINIMUM_BOND));
        }
        assert_ok!(Auditing::bond_more(signed(5), 8 * MINIMUM_BOND));
        let after: Vec<_> = (2..6).map(|who| rank(who, JOB)).collect();
        assert_eq!(before, after);
        // The next draw is by the bonds as they are then.
        advance(COMMIT.into());
        let audit = crate::Audits::<Test>::get(JOB).unwrap();
        assert_eq!(audit.total_bond, TotalBond::<Test>::get());
        assert_eq!(audit.total_bond, 102 * MINIMUM_BOND);
    });
}

#[test]
fn place_should_go_to_who_was_drawn_more_rightly() {
    execute(|| {
        auditors(8);
        drawn(JOB);
        // All are drawn.
        crate::Audits::<Test>::mutate_extant(JOB, |audit| audit.total_bond = MINIMUM_BOND);
        let mut all: Vec<AccountId> = (2..10).collect();
        all.sort_by_key(|who| core::cmp::Reverse(rank(*who, JOB).unwrap()));
        let places = MAX_AUDITORS as usize;
        for (index, who) in all.iter().enumerate() {
            assert_ok!(commit(*who, JOB, ROOT));
            Auditing::do_try_state().unwrap();
            if let Some(last) = index.checked_sub(places).map(|place| all[place]) {
                assert!(events().contains(&Event::AuditorDisplaced {
                    job: JOB,
                    auditor: last
                }));
                assert_eq!(Auditors::<Test>::get(last).unwrap().open, 0);
                assert_noop!(commit(last, JOB, ROOT), Error::<Test>::EnoughAuditors);
            }
        }
        let (out, within) = all.split_at(all.len() - places);
        advance(COMMIT.into());
        assert_ok!(Auditing::attest(signed(WORKER), JOB, ROOT));
        for who in out {
            assert_noop!(reveal(*who, JOB, ROOT), Error::<Test>::NotCommitted);
        }
        assert_ok!(reveal(within[0], JOB, ROOT));
        advance(REVEAL.into());
        settle(JOB);
        for who in out {
            assert_eq!(Auditing::bond_of(who), MINIMUM_BOND);
        }
        let silent = MINIMUM_BOND - MINIMUM_BOND / 20;
        assert_eq!(Auditing::bond_of(&within[1]), silent);
    });
}

#[test]
fn rank_should_not_depend_on_how_bonds_are_split() {
    // A number is as good for a bond as one half of it for half of the bond.
    let total = 100 * MINIMUM_BOND;
    let number = u128::MAX / 100;
    let rank = Auditing::rank(number, 2 * MINIMUM_BOND, total);
    assert!(rank.is_some());
    assert_eq!(rank, Auditing::rank(number / 2, MINIMUM_BOND, total));
    assert_eq!(Auditing::rank(0, MINIMUM_BOND - 1, total), None);
    assert_eq!(Auditing::rank(u128::MAX, MINIMUM_BOND, total), None);
    assert_eq!(Auditing::rank(0, 0, 0), None);
}
