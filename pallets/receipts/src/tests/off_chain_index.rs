use super::*;
use crate::index::{hint_key, link_key, mark_key, Link};
use codec::Decode;
use sp_core::offchain::{testing::TestPersistentOffchainDB, OffchainStorage};

/// The receipts behind a root, newest first.
fn walk(database: &TestPersistentOffchainDB, root: H256) -> Vec<Vec<u8>> {
    let mut receipts = Vec::new();
    let mut next = Some(root);
    while let Some(root) = next {
        let bytes = database.get(&link_key(root)).expect("the link is there");
        let link = Link::decode(&mut &bytes[..]).expect("the link decodes");
        receipts.push(link.receipt);
        next = link.previous;
    }
    receipts
}

/// Runs blocks up to 10, in which jobs end as `plan` says by block; returns root and receipts.
fn branch(
    plan: &[(u64, core::ops::Range<JobId>)],
) -> (sp_io::TestExternalities, H256, Vec<Vec<u8>>) {
    let mut state = fresh();
    let mut receipts = Vec::new();
    let root = state.execute_with(|| {
        for (block, jobs) in plan {
            run_to(*block);
            receipts.extend(end(jobs.clone()).iter().map(Encode::encode));
        }
        run_to(10);
        Roots::<Test>::get(0).expect("the round is sealed")
    });
    state.persist_offchain_overlay();
    (state, root, receipts)
}

#[test]
fn links_should_lead_from_the_root_to_every_receipt_of_the_round() {
    let (state, root, mut receipts) = branch(&[(2, 0..5), (7, 5..9)]);
    receipts.reverse();
    assert_eq!(walk(&state.offchain_db(), root), receipts);
}

#[test]
fn hint_and_marks_should_name_the_rounds_in_which_a_job_ended() {
    let (state, ..) = branch(&[(2, 0..5)]);
    let database = state.offchain_db();
    let hint = database.get(&hint_key(3)).expect("the hint is there");
    assert_eq!(RoundIndex::decode(&mut &hint[..]), Ok(0));
    assert!(database.get(&mark_key(3, 0)).is_some());
    assert_eq!(database.get(&mark_key(3, 1)), None);
    assert_eq!(database.get(&hint_key(5)), None);
}

#[test]
fn links_should_survive_when_another_fork_writes_to_the_same_index() {
    let (state, root, mut receipts) = branch(&[(2, 0..5), (7, 5..9)]);
    // The same jobs, but one ended a block later: a node has executed both forks.
    let (fork, fork_root, mut fork_receipts) = branch(&[(2, 0..4), (3, 4..9)]);
    assert_ne!(root, fork_root);
    let (mut database, of_fork) = (state.offchain_db(), fork.offchain_db());
    let mut next = Some(fork_root);
    while let Some(root) = next {
        let value = of_fork.get(&link_key(root)).expect("the link is there");
        next = Link::decode(&mut &value[..])
            .expect("the link decodes")
            .previous;
        database.set(b"", &link_key(root), &value);
    }
    receipts.reverse();
    fork_receipts.reverse();
    assert_eq!(walk(&database, root), receipts);
    assert_eq!(walk(&database, fork_root), fork_receipts);
}

#[test]
fn index_should_not_hold_a_receipt_whose_job_did_not_end_after_all() {
    let mut state = fresh();
    let root = state.execute_with(|| {
        run_to(2);
        end(0..1);
        let undone = frame_support::storage::with_storage_layer(|| {
            end(1..2);
            Err::<(), _>(sp_runtime::DispatchError::Other("a later step failed"))
        });
        assert!(undone.is_err());
        run_to(10);
        Roots::<Test>::get(0).expect("the round is sealed")
    });
    state.persist_offchain_overlay();
    let database = state.offchain_db();
    assert_eq!(walk(&database, root).len(), 1);
    assert_eq!(database.get(&hint_key(1)), None);
}
