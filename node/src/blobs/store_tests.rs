use super::*;
use crate::blobs::BYTES_PER_MIB;
use tempfile::TempDir;

const QUOTA: u64 = 64 * BYTES_PER_MIB;

fn store() -> (TempDir, BlobStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path().join("blobs"), QUOTA).unwrap();
    (folder, store)
}

fn files_in(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn blob_should_be_read_back_when_it_was_put() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    assert_eq!(hash, Blake2Hasher::hash(b"tokens"));
    assert_eq!(store.get(hash).unwrap(), b"tokens");
    assert!(store.has(hash));
}

#[test]
fn file_should_lie_under_the_digits_of_the_hash_when_a_blob_is_put() {
    let (folder, store) = store();
    let digits = format!("{:x}", store.put(b"tokens").unwrap());
    assert_eq!(digits.len(), 64);
    let path = folder
        .path()
        .join("blobs")
        .join(&digits[..2])
        .join(&digits[2..]);
    assert_eq!(fs::read(path).unwrap(), b"tokens");
}

#[test]
fn blob_should_still_be_there_when_the_store_is_opened_again() {
    let (_folder, store) = store();
    let hash = store.put(&[7; 5000]).unwrap();
    let used = store.usage().space;
    let reopened = BlobStore::open(store.root.clone(), QUOTA).unwrap();
    assert_eq!(reopened.get(hash).unwrap(), [7; 5000]);
    assert_eq!(used, 8192);
    assert_eq!(reopened.usage().space, used);
}

#[test]
fn put_should_refuse_a_blob_when_it_is_empty() {
    let (_folder, store) = store();
    assert!(matches!(store.put(b""), Err(BlobError::Empty)));
    assert_eq!(store.usage().space, 0);
}

#[test]
fn put_should_take_a_blob_when_it_is_as_large_as_allowed() {
    let (_folder, store) = store();
    let largest = vec![1; 4_194_304];
    let hash = store.put(&largest).unwrap();
    assert_eq!(store.get(hash).unwrap(), largest);
}

#[test]
fn put_should_refuse_a_blob_when_it_is_one_byte_too_large() {
    let (_folder, store) = store();
    let error = store.put(&vec![1; 4_194_305]).unwrap_err();
    assert!(matches!(error, BlobError::TooLarge { length: 4_194_305 }));
    assert_eq!(store.usage().space, 0);
}

#[test]
fn get_should_say_so_when_there_is_no_blob() {
    let (_folder, store) = store();
    let hash = Blake2Hasher::hash(b"never stored");
    assert!(!store.has(hash));
    assert!(matches!(store.get(hash), Err(BlobError::NotFound(named)) if named == hash));
}

#[test]
fn get_should_remove_the_file_when_one_bit_of_any_byte_is_flipped() {
    let (_folder, store) = store();
    let bytes: Vec<u8> = (0..200).collect();
    for position in [0, 100, 199] {
        let hash = store.put(&bytes).unwrap();
        let mut damaged = bytes.clone();
        damaged[position] ^= 1;
        fs::write(store.path(hash), damaged).unwrap();

        assert!(matches!(store.get(hash), Err(BlobError::Corrupted(named)) if named == hash));
        assert!(!store.has(hash));
        assert_eq!(store.usage().space, 0);
        assert!(matches!(store.get(hash), Err(BlobError::NotFound(_))));
    }
}

#[test]
fn get_should_notice_when_a_file_was_cut_emptied_or_has_grown() {
    let (_folder, store) = store();
    for damaged in [
        &b"token"[..],
        b"",
        b"tokens and more",
        &[0; MAX_BLOB_SIZE + 1],
    ] {
        let hash = store.put(b"tokens").unwrap();
        fs::write(store.path(hash), damaged).unwrap();
        assert!(matches!(store.get(hash), Err(BlobError::Corrupted(_))));
        assert!(!store.has(hash));
    }
}

#[test]
fn put_should_repair_a_blob_when_its_file_is_damaged() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    fs::write(store.path(hash), b"t0kens").unwrap();
    assert_eq!(store.put(b"tokens").unwrap(), hash);
    assert_eq!(store.get(hash).unwrap(), b"tokens");
    assert_eq!(store.usage().space, ALLOCATION_UNIT);
}

#[test]
fn put_should_change_nothing_but_the_time_when_the_blob_is_already_stored() {
    let (_folder, store) = store();
    let hash = store.put(b"tokens").unwrap();
    let path = store.path(hash);
    // Whoever replaced the file would lose the second name.
    let second = store.root.join("second");
    fs::hard_link(&path, &second).unwrap();
    touch(&path, SystemTime::UNIX_EPOCH).unwrap();
    assert_eq!(store.put(b"tokens").unwrap(), hash);
    let age = fs::metadata(&second).unwrap().modified().unwrap().elapsed();
    assert!(age.unwrap_or_default().as_secs() < 3600);
    assert_eq!(store.usage().space, ALLOCATION_UNIT);
}

#[test]
fn leftovers_should_be_removed_when_the_store_is_opened() {
    let (_folder, store) = store();
    let kept = store.put(b"tokens").unwrap();
    let incoming = store.root.join(INCOMING);
    fs::write(incoming.join("half"), b"written").unwrap();
    fs::write(incoming.join("another"), b"").unwrap();

    let reopened = BlobStore::open(store.root.clone(), QUOTA).unwrap();
    assert_eq!(files_in(&incoming), 0);
    assert_eq!(reopened.usage().space, ALLOCATION_UNIT);
    assert_eq!(reopened.get(kept).unwrap(), b"tokens");
}

#[test]
fn store_should_hold_one_copy_when_many_threads_put_the_same_blob() {
    let (_folder, store) = store();
    let bytes = vec![9; 100_000];
    let hash = Blake2Hasher::hash(&bytes);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                assert_eq!(store.put(&bytes).unwrap(), hash);
                assert_eq!(store.get(hash).unwrap(), bytes);
            });
        }
    });
    assert_eq!(store.usage().space, 25 * ALLOCATION_UNIT);
    assert_eq!(files_in(&store.root.join(INCOMING)), 0);
    assert_eq!(files_in(store.path(hash).parent().unwrap()), 1);
}

#[test]
fn put_should_refuse_a_blob_when_the_quota_is_used_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open(folder.path().into(), 3 * ALLOCATION_UNIT).unwrap();
    let first = store.put(&[1; 4097]).unwrap();
    assert_eq!(store.usage().space, 2 * ALLOCATION_UNIT);

    let error = store.put(&[2; 4097]).unwrap_err();
    assert!(matches!(
        error,
        BlobError::StoreFull {
            free: 4096,
            needed: 8192,
            quota: 12288
        }
    ));
    // What is stored stays readable, may be put again, and what fits is still taken.
    assert_eq!(store.get(first).unwrap(), [1; 4097]);
    assert_eq!(store.put(&[1; 4097]).unwrap(), first);
    store.put(&[3; 4096]).unwrap();
    assert!(matches!(
        store.put(b"4"),
        Err(BlobError::StoreFull { free: 0, .. })
    ));
}

#[test]
fn store_should_report_the_file_system_when_it_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"not a folder").unwrap();
    let error = BlobStore::open(file.clone(), QUOTA).unwrap_err();
    assert_eq!(error.folder, file);
    assert!(error.to_string().starts_with("BlobStoreUnavailable: "));

    let (_folder, store) = store();
    let hash = Blake2Hasher::hash(b"tokens");
    // A file where the folder of the blob should be.
    fs::write(store.path(hash).parent().unwrap(), b"in the way").unwrap();
    assert!(matches!(store.put(b"tokens"), Err(BlobError::Io(_))));
    assert_eq!(store.usage().space, 0);
    assert_eq!(files_in(&store.root.join(INCOMING)), 0);
}

#[test]
fn store_should_say_that_it_is_unavailable_when_its_folder_is_none_or_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(INCOMING), b"no folder").unwrap();
    assert!(BlobStore::open(folder.path().into(), QUOTA).is_err());
    // Nobody, not even root, makes files there.
    let error = BlobStore::open("/proc/aipg".into(), QUOTA).unwrap_err();
    assert!(error.to_string().contains("`/proc/aipg`"), "{error}");
}

#[test]
fn usage_should_count_blobs_bytes_and_space() {
    let (_folder, store) = store();
    assert_eq!(store.usage(), Usage::default());
    let first = store.put(&[1; 5000]).unwrap();
    store.put(&[2; 10]).unwrap();
    let both = Usage {
        blobs: 2,
        content: 5010,
        space: 3 * ALLOCATION_UNIT,
    };
    assert_eq!(store.usage(), both);
    assert_eq!(
        BlobStore::open(store.root.clone(), QUOTA).unwrap().usage(),
        both
    );

    fs::write(store.path(first), [3; 5000]).unwrap();
    assert!(store.get(first).is_err());
    let rest = Usage {
        blobs: 1,
        content: 10,
        space: ALLOCATION_UNIT,
    };
    assert_eq!(store.usage(), rest);
    assert_eq!(store.quota(), QUOTA);
}

#[test]
fn quota_should_hold_when_many_threads_put_different_blobs_at_once() {
    const ROOM: usize = 5;
    let folder = tempfile::tempdir().unwrap();
    let quota = ROOM as u64 * ALLOCATION_UNIT;
    let store = BlobStore::open(folder.path().into(), quota).unwrap();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..32u8)
            .map(|byte| {
                scope.spawn({
                    let store = &store;
                    move || store.put(&[byte; 100])
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let stored: Vec<_> = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().ok())
        .collect();
    assert_eq!(stored.len(), ROOM);
    assert!(outcomes
        .iter()
        .all(|outcome| matches!(outcome, Ok(_) | Err(BlobError::StoreFull { .. }))));
    for hash in stored {
        assert_eq!(store.get(*hash).unwrap().len(), 100);
    }
    assert_eq!(store.usage().space, quota);
    // What is on the disk is what was counted.
    assert_eq!(usage_of(&store.root).unwrap(), store.usage());
    assert_eq!(files_in(&store.root.join(INCOMING)), 0);
}

#[test]
fn quota_should_count_what_was_stored_before_when_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let quota = 2 * ALLOCATION_UNIT;
    let store = BlobStore::open(folder.path().into(), quota).unwrap();
    store.put(b"first").unwrap();
    drop(store);
    let store = BlobStore::open(folder.path().into(), quota).unwrap();
    store.put(b"second").unwrap();
    drop(store);
    let store = BlobStore::open(folder.path().into(), quota).unwrap();
    assert!(matches!(
        store.put(b"third"),
        Err(BlobError::StoreFull { free: 0, .. })
    ));
    // With a smaller quota than is stored nothing is taken, and what is there is served.
    let smaller = BlobStore::open(folder.path().into(), 0).unwrap();
    assert!(matches!(
        smaller.put(b"third"),
        Err(BlobError::StoreFull {
            free: 0,
            quota: 0,
            ..
        })
    ));
    let first = Blake2Hasher::hash(b"first");
    assert_eq!(smaller.get(first).unwrap(), b"first");
    assert_eq!(smaller.put(b"first").unwrap(), first);
}

/// Lets the next write of these bytes meet a full disk: the device that always is.
#[cfg(target_os = "linux")]
fn fill_disk(store: &BlobStore, bytes: &[u8]) {
    let hash = Blake2Hasher::hash(bytes);
    let temporary = store.root.join(INCOMING).join(format!("{hash:x}"));
    std::os::unix::fs::symlink("/dev/full", temporary).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn put_should_say_so_when_the_disk_is_full_and_succeed_when_it_no_longer_is() {
    let (_folder, store) = store();
    fill_disk(&store, b"tokens");
    assert!(matches!(store.put(b"tokens"), Err(BlobError::DiskFull)));
    assert_eq!(store.usage(), Usage::default());
    assert_eq!(files_in(&store.root.join(INCOMING)), 0);
    assert!(!store.has(Blake2Hasher::hash(b"tokens")));
    let hash = store.put(b"tokens").unwrap();
    assert_eq!(store.get(hash).unwrap(), b"tokens");
}

#[test]
fn put_should_fail_by_name_and_reads_go_on_when_the_incoming_folder_is_gone() {
    let (_folder, store) = store();
    let kept = store.put(b"kept").unwrap();
    fs::remove_dir(store.root.join(INCOMING)).unwrap();
    assert!(matches!(store.put(b"tokens"), Err(BlobError::Io(_))));
    assert_eq!(store.get(kept).unwrap(), b"kept");
    assert_eq!(store.usage().blobs, 1);
}
