use super::*;
use crate::jobs::tests::job;
use aipg_client::Stage;
use std::{
    io::Write,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};

const OWN: AccountId32 = AccountId32([7; 32]);

fn open(folder: &Path) -> Result<Store, StoreError> {
    Store::open(folder, &OWN)
}

fn record(id: u64) -> Record {
    let mut book = crate::jobs::Book::default();
    book.observe(vec![job(id, Stage::Assigned, 110)], 100);
    book.input_ready(id, vec![1, 2, 3]);
    book.get(id).unwrap().clone()
}

fn entry(block: u32, index: u32) -> Entry {
    Entry {
        block,
        index,
        time: 1_000,
        round: block / 10,
        kind: EntryKind::Reward {
            amount: Amount::whole(1),
            ceiling: "fee".into(),
        },
    }
}

fn call() -> SignedCall {
    SignedCall {
        name: "usefulWork.claimReward".into(),
        nonce: 3,
        hash: Hash([4; 32]),
        born: 1,
        dies: 257,
        bytes: vec![0xab, 0xcd],
    }
}

#[test]
fn store_should_give_back_what_was_written_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let cursor = Cursor {
        number: 12,
        hash: Hash([5; 32]),
    };
    let mut store = open(folder.path()).unwrap();
    store
        .write(&Batch {
            jobs: vec![record(7)],
            entries: vec![entry(12, 0), entry(12, 1)],
            cursor: Some(cursor),
            reward_calls: vec![(1, Some(call())), (2, Some(call()))],
            rewind_to: None,
        })
        .unwrap();
    store
        .write(&Batch {
            reward_calls: vec![(2, None)],
            ..Batch::default()
        })
        .unwrap();
    drop(store);

    let mut store = open(folder.path()).unwrap();
    let stored = store.jobs().unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].progress, record(7).progress);
    assert_eq!(store.cursor().unwrap(), Some(cursor));
    assert_eq!(store.reward_calls().unwrap(), [(1, call())]);
    assert_eq!(store.entries().unwrap(), [entry(12, 0), entry(12, 1)]);
    let contents = store.contents().unwrap();
    assert_eq!((contents.jobs.len(), contents.entries.len()), (1, 2));
    assert_eq!(contents.account, crate::keys::address(&OWN));
    store.check_integrity().unwrap();
    assert!(store.size() > 0);
}

#[test]
fn entries_should_go_from_the_block_that_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    store
        .write(&Batch {
            entries: vec![entry(10, 0), entry(11, 0), entry(11, 1), entry(15, 0)],
            ..Batch::default()
        })
        .unwrap();
    store
        .write(&Batch {
            rewind_to: Some(11),
            ..Batch::default()
        })
        .unwrap();
    assert_eq!(store.entries().unwrap(), [entry(10, 0)]);
}

#[test]
fn store_should_be_refused_when_another_process_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(StoreError::Locked(_))));
}

#[test]
fn store_should_open_when_the_process_that_had_it_is_gone_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let impatient = Store::open_patiently(folder.path(), &OWN, Duration::ZERO);
    assert!(matches!(impatient, Err(StoreError::Locked(_))));
    let patient = thread::scope(|scope| {
        let patient =
            scope.spawn(|| Store::open_patiently(folder.path(), &OWN, Duration::from_secs(60)));
        thread::sleep(3 * LOCK_PAUSE);
        drop(first);
        patient.join().unwrap()
    });
    assert!(patient.is_ok());
}

#[test]
fn store_should_be_refused_when_it_is_of_another_key() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let other = Store::open(folder.path(), &AccountId32([8; 32]));
    assert!(matches!(other, Err(StoreError::OtherKey { .. })));
}

#[test]
fn store_should_be_refused_when_it_is_of_another_chain() {
    let folder = tempfile::tempdir().unwrap();
    let (genesis, first) = (Hash([1; 32]), Hash([2; 32]));
    let mut store = open(folder.path()).unwrap();
    store.bind_chain(genesis, None).unwrap();
    store.bind_chain(genesis, Some(first)).unwrap();
    store.bind_chain(genesis, Some(first)).unwrap();
    let other_genesis = store.bind_chain(Hash([3; 32]), None).unwrap_err();
    assert!(
        matches!(other_genesis, StoreError::OtherChain { what: "genesis", found, .. } if found == genesis)
    );
    let started_anew = store.bind_chain(genesis, Some(Hash([3; 32]))).unwrap_err();
    assert!(
        matches!(started_anew, StoreError::OtherChain { what: "first block", found, .. } if found == first)
    );
}

#[test]
fn store_should_be_refused_when_another_version_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    store.set_fact("schema", &(SCHEMA + 1)).unwrap();
    drop(store);
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::OtherVersion { found, .. } if found == SCHEMA + 1));
}

#[test]
fn store_should_be_refused_as_corrupt_when_the_file_is_none_of_its_own() {
    let junk: Vec<u8> = (0..65_536u32).map(|byte| byte as u8).collect();
    for bytes in [b"not a database".to_vec(), junk] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), bytes).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
    }
}

#[test]
fn store_should_be_refused_as_corrupt_when_pages_are_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    let jobs = (0..50).map(record).collect();
    store
        .write(&Batch {
            jobs,
            ..Batch::default()
        })
        .unwrap();
    drop(store);
    let path = folder.path().join(FILE_NAME);
    let length = fs::metadata(&path).unwrap().len();
    let intact = fs::read(&path).unwrap();
    // Everything but the header.
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::io::Seek::seek(&mut file, io::SeekFrom::Start(4_096)).unwrap();
    let noise: Vec<u8> = intact[4_096..].iter().map(|byte| byte ^ 0x5a).collect();
    file.write_all(&noise).unwrap();
    drop(file);
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
    let outcome = open(folder.path()).and_then(|mut store| store.check_integrity());
    assert!(
        matches!(outcome, Err(StoreError::Corrupt { .. })),
        "{outcome:?}"
    );
}

#[test]
fn store_should_be_refused_as_corrupt_when_a_record_does_not_decode() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).unwrap();
    store
        .transact(|transaction| {
            let mut jobs = transaction.open_table(JOBS)?;
            jobs.insert(7, b"{}".as_slice())?;
            Ok(())
        })
        .unwrap();
    let error = store.jobs().unwrap_err();
    assert!(error.to_string().contains("jobs 7"), "{error}");
}

#[test]
fn store_should_be_refused_as_unwritable_when_its_folder_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();
    let error = open(&file.join("folder")).unwrap_err();
    assert!(matches!(error, StoreError::Unwritable { .. }), "{error}");
}

/// A file on a disk that can be filled and emptied.
#[derive(Debug)]
struct Limited {
    file: redb::backends::FileBackend,
    is_full: Arc<AtomicBool>,
}

impl Limited {
    fn check(&self) -> io::Result<()> {
        match self.is_full.load(Ordering::SeqCst) {
            true => Err(io::ErrorKind::StorageFull.into()),
            false => Ok(()),
        }
    }
}

impl redb::StorageBackend for Limited {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        self.file.read(offset, length)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.check()?;
        self.file.set_len(length)
    }

    fn sync_data(&self, eventual: bool) -> io::Result<()> {
        self.file.sync_data(eventual)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.check()?;
        self.file.write(offset, data)
    }
}

/// A store whose disk is full while the flag is set, until the first failure makes it open its file
/// again, which finds space.
pub(crate) fn on_limited_disk(folder: &Path) -> (Store, Arc<AtomicBool>) {
    let mut store = open(folder).unwrap();
    drop(store.database.take());
    let file = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(store.path())
        .unwrap();
    let is_full = Arc::new(AtomicBool::new(false));
    let limited = Limited {
        file: redb::backends::FileBackend::new(file).unwrap(),
        is_full: is_full.clone(),
    };
    store.database = Some(Database::builder().create_with_backend(limited).unwrap());
    (store, is_full)
}

#[test]
fn write_should_fail_as_disk_full_and_succeed_when_there_is_space_again() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, is_full) = on_limited_disk(folder.path());
    let one = Batch {
        jobs: vec![record(1)],
        ..Batch::default()
    };
    store.write(&one).unwrap();
    let two = Batch {
        jobs: vec![record(2)],
        ..Batch::default()
    };
    is_full.store(true, Ordering::SeqCst);
    let error = store.write(&two).unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    // The store opens its file again by itself.
    store.write(&two).unwrap();
    let ids: Vec<u64> = store
        .jobs()
        .unwrap()
        .iter()
        .map(|record| record.job.id)
        .collect();
    assert_eq!(ids, [1, 2]);
    store.check_integrity().unwrap();
}
