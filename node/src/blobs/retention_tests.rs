use super::*;
use crate::blobs::BYTES_PER_MIB;
use tempfile::TempDir;

const HOUR: Duration = Duration::from_secs(3600);

struct Jobs(HashSet<H256>);

impl LiveJobs for Jobs {
    fn blobs(&self) -> Result<HashSet<H256>, JobsUnknown> {
        Ok(self.0.clone())
    }
}

struct Unknown;

impl LiveJobs for Unknown {
    fn blobs(&self) -> Result<HashSet<H256>, JobsUnknown> {
        Err(JobsUnknown::Syncing)
    }
}

fn store() -> (TempDir, BlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path().join("blobs"), 64 * BYTES_PER_MIB).unwrap();
    (folder, store)
}

#[test]
fn blob_should_go_after_an_hour_when_no_job_refers_to_it() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    let (jobs, now) = (Jobs(HashSet::new()), SystemTime::now());
    assert_eq!(sweep(&store, &jobs, HOUR, now), 0);
    assert_eq!(sweep(&store, &jobs, HOUR, now + HOUR / 2), 0);
    assert!(store.has(hash));
    let later = now + HOUR + Duration::from_secs(1);
    assert_eq!(sweep(&store, &jobs, HOUR, later), 1);
    assert!(!store.has(hash));
    assert_eq!(store.usage().space, 0);
    assert_eq!(store.usage().blobs, 0);
}

#[test]
fn blob_should_stay_while_a_job_refers_to_it_and_an_hour_longer() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    let other = store.put(b"others").unwrap();
    let live = Jobs(HashSet::from([hash, H256::repeat_byte(9)]));
    let start = SystemTime::now();
    let mut now = start;
    while now < start + 5 * HOUR {
        now += HOUR / 12;
        sweep(&store, &live, HOUR, now);
        assert!(store.has(hash));
    }
    assert!(!store.has(other));
    let ended = Jobs(HashSet::new());
    assert_eq!(sweep(&store, &ended, HOUR, now + HOUR / 3), 0);
    assert_eq!(sweep(&store, &ended, HOUR, now + 2 * HOUR), 1);
}

#[test]
fn blob_should_stay_when_it_is_put_again() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    let old = SystemTime::now() - 3 * HOUR;
    let live = Jobs(HashSet::from([hash]));
    // Three hours ago a job spoke for it.
    store
        .expire(SystemTime::now() + HOUR, old, &live.0)
        .unwrap();
    store.put(b"tokens").unwrap();
    let none = Jobs(HashSet::new());
    assert_eq!(sweep(&store, &none, HOUR, SystemTime::now()), 0);
    store
        .expire(SystemTime::now() + HOUR, old, &live.0)
        .unwrap();
    assert_eq!(sweep(&store, &none, HOUR, SystemTime::now()), 1);
}

#[test]
fn nothing_should_go_when_the_jobs_are_not_known() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    let later = SystemTime::now() + 100 * HOUR;
    assert_eq!(sweep(&store, &Unknown, HOUR, later), 0);
    assert!(store.has(hash));
}

#[test]
fn file_that_is_no_blob_should_be_left_alone() {
    let (folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    let digits = format!("{hash:x}");
    let notes = folder.path().join("blobs").join(&digits[..2]).join("notes");
    std::fs::write(&notes, b"of the operator").unwrap();
    let later = SystemTime::now() + 2 * HOUR;
    assert_eq!(sweep(&store, &Jobs(HashSet::new()), HOUR, later), 1);
    assert!(notes.is_file());
}
