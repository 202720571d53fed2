use super::*;

#[test]
fn receipt_should_be_in_the_event_with_round_and_index() {
    execute(|| {
        run_to(25);
        let receipts = end(7..9);
        assert_eq!(
            events(),
            (0..2)
                .map(|index| Event::ReceiptAdded {
                    job: 7 + index as u64,
                    round: 2,
                    index,
                    receipt: receipts[index as usize].encode(),
                })
                .collect::<Vec<_>>()
        );
    });
}

#[test]
fn round_should_be_sealed_in_the_first_block_of_the_next() {
    execute(|| {
        run_to(3);
        let mut receipts = end(0..3);
        run_to(9);
        receipts.extend(end(3..5));
        assert_eq!(Roots::<Test>::get(0), None);
        run_to(10);
        let root = root_at_once(&receipts);
        assert_eq!(Roots::<Test>::get(0), Some(root));
        assert_eq!(Open::<Test>::get(), None);
        assert!(events().contains(&Event::RoundSealed {
            round: 0,
            root,
            count: 5
        }));
    });
}

#[test]
fn receipt_should_belong_to_the_round_of_its_block_whatever_the_order_of_hooks() {
    let ends_first = || {
        System::set_block_number(10);
        let receipts = end(2..3);
        Receipts::seal_before(Receipts::round_at(10));
        receipts
    };
    let seals_first = || {
        run_to(10);
        end(2..3)
    };
    let boundary = |cross: &dyn Fn() -> Vec<Receipt<AccountId, u64>>| {
        execute(|| {
            run_to(9);
            let round_0 = end(0..2);
            let round_1 = cross();
            assert_eq!(Roots::<Test>::get(0), Some(root_at_once(&round_0)));
            assert_eq!(Open::<Test>::get().map(|open| open.round), Some(1));
            run_to(20);
            assert_eq!(Roots::<Test>::get(1), Some(root_at_once(&round_1)));
            let sealed = events()
                .iter()
                .filter(|event| matches!(event, Event::RoundSealed { .. }))
                .count();
            assert_eq!(sealed, 2);
        });
    };
    boundary(&ends_first);
    boundary(&seals_first);
}

#[test]
fn round_should_have_no_root_when_no_job_ended_in_it() {
    execute(|| {
        run_to(5);
        end(0..1);
        run_to(41);
        assert_eq!(Roots::<Test>::iter_keys().collect::<Vec<_>>(), vec![0]);
    });
}

#[test]
fn round_should_be_sealed_by_a_later_one_when_blocks_were_passed_over() {
    execute(|| {
        run_to(5);
        let receipts = end(0..1);
        // No hook ran since.
        System::set_block_number(57);
        end(1..2);
        assert_eq!(Roots::<Test>::get(0), Some(root_at_once(&receipts)));
        assert_eq!(Open::<Test>::get().map(|open| open.round), Some(5));
    });
}

#[test]
fn state_should_hold_thirty_two_bytes_a_round_however_many_jobs_ended() {
    let entries = |jobs: u64| {
        let mut size = Vec::new();
        execute(|| {
            run_to(5);
            end(0..jobs);
            run_to(10);
            let prefix = sp_io::hashing::twox_128(b"Receipts");
            size = core::iter::successors(sp_io::storage::next_key(&prefix), |key| {
                sp_io::storage::next_key(key)
            })
            .take_while(|key| key.starts_with(&prefix))
            .filter(|key| !key.ends_with(&sp_io::hashing::twox_128(b":__STORAGE_VERSION__:")))
            .map(|key| sp_io::storage::get(&key).map(|value| value.len()))
            .collect();
        });
        size
    };
    assert_eq!(entries(0), vec![]);
    assert_eq!(entries(1), vec![Some(32)]);
    assert_eq!(entries(300), vec![Some(32)]);
}

#[test]
fn append_should_fail_when_the_round_is_full() {
    execute(|| {
        let full = OpenRound {
            round: 0,
            frontier: vec![Some(H256::repeat_byte(1)); MAX_RECEIPT_TREE_DEPTH as usize]
                .try_into()
                .unwrap(),
        };
        assert_eq!(full.tree().leaves(), u64::from(u32::MAX));
        Open::<Test>::put(&full);
        assert_noop!(Receipts::append(&receipt(0)), Error::<Test>::RoundFull);
        // The round is sealed all the same, and the next takes receipts.
        run_to(10);
        assert!(events().iter().any(|event| matches!(
            event,
            Event::RoundSealed {
                count: u32::MAX,
                ..
            }
        )));
        assert_ok!(Receipts::append(&receipt(0)));
    });
}
