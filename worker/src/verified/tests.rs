use super::*;
use aipg_cuda::testing::models as samples;
use std::{fs::File, io::Write as _};

/// A folder with a model file and what is known of it.
struct Place {
    folder: tempfile::TempDir,
    bytes: Vec<u8>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bytes = samples::file(&samples::models()[0]);
        let place = Self { folder, bytes };
        place.write(&place.bytes);
        place
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("model.aipg")
    }

    fn cache(&self) -> PathBuf {
        self.folder.path().join(FILE_NAME)
    }

    fn write(&self, bytes: &[u8]) {
        fs::write(self.path(), bytes).unwrap();
    }

    /// Loads the model in a new process, as it were; returns whether it was known.
    fn load(&self, verify: Verify) -> Result<bool, ModelError> {
        let mut verified = Verified::open(self.folder.path(), verify);
        // Tests do not wait for files to settle.
        verified.patience = Duration::ZERO;
        verified.load(&self.path()).map(|loaded| loaded.was_known)
    }

    /// Sets the time of the last change of the bytes back to what it was.
    fn keep_modified(&self, change: impl FnOnce(&Path)) {
        let path = self.path();
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        change(&path);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(modified).unwrap();
    }

    /// Changes the kept entry.
    fn edit(&self, edit: impl FnOnce(&mut Known)) {
        let text = fs::read_to_string(self.cache()).unwrap();
        let mut contents: Contents = serde_json::from_str(&text).unwrap();
        edit(contents.files.values_mut().next().unwrap());
        fs::write(self.cache(), serde_json::to_string(&contents).unwrap()).unwrap();
    }
}

/// The last byte with one bit changed: it is one of the weights.
fn damaged(bytes: &[u8]) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    damaged
}

#[test]
fn file_should_be_known_only_when_it_was_verified_and_that_counts() {
    let place = Place::new();
    assert!(!place.load(Verify::Changed).unwrap(), "the first time");
    assert!(place.load(Verify::Changed).unwrap());
    assert!(!place.load(Verify::Always).unwrap(), "never by default");
    assert!(place.load(Verify::Changed).unwrap());
    fs::remove_file(place.cache()).unwrap();
    assert!(!place.load(Verify::Always).unwrap());
    assert!(place.load(Verify::Changed).unwrap(), "also that is kept");
    assert_eq!(Verify::default(), Verify::Always);
}

#[test]
fn file_should_be_verified_anew_when_anything_of_it_has_changed() {
    let place = Place::new();
    place.load(Verify::Always).unwrap();
    let refused = |place: &Place| {
        let result = place.load(Verify::Changed);
        assert!(
            matches!(result, Err(ModelError::WeightRootMismatch)),
            "{result:?}"
        );
    };
    // Bytes, with their time set back: only the time of the last change of anything tells.
    place.keep_modified(|_| place.write(&damaged(&place.bytes)));
    refused(&place);
    place.write(&place.bytes);
    assert!(!place.load(Verify::Changed).unwrap());
    assert!(place.load(Verify::Changed).unwrap());
    // Another file in its place.
    let other = place.folder.path().join("other");
    fs::write(&other, damaged(&place.bytes)).unwrap();
    place.keep_modified(|path| fs::rename(&other, path).unwrap());
    refused(&place);
    // The same bytes again, but longer.
    place.write(&place.bytes);
    place.load(Verify::Always).unwrap();
    let mut file = File::options().append(true).open(place.path()).unwrap();
    file.write_all(&[0]).unwrap();
    let result = place.load(Verify::Changed);
    assert!(matches!(result, Err(ModelError::WrongLength { .. })));
}

#[test]
fn file_should_be_verified_anew_when_any_mark_differs() {
    let edits: [fn(&mut Known); 6] = [
        |known| known.stamp.bytes += 1,
        |known| known.stamp.modified.1 ^= 1,
        |known| known.stamp.changed.0 -= 1,
        |known| known.stamp.device += 1,
        |known| known.stamp.inode += 1,
        |known| known.root.replace_range(2..3, "z"),
    ];
    let place = Place::new();
    for (index, edit) in edits.into_iter().enumerate() {
        place.load(Verify::Always).unwrap();
        assert!(place.load(Verify::Changed).unwrap());
        place.edit(edit);
        assert!(!place.load(Verify::Changed).unwrap(), "mark {index}");
    }
}

#[test]
fn file_should_be_verified_anew_when_what_is_kept_is_corrupt() {
    let place = Place::new();
    place.load(Verify::Always).unwrap();
    let whole = fs::read(place.cache()).unwrap();
    let mut other_version = String::from_utf8(whole.clone()).unwrap();
    other_version = other_version.replace("\"version\": 1", "\"version\": 2");
    for bytes in [
        &b""[..],
        b"no json",
        b"\xff\xfe",
        &whole[..whole.len() / 2],
        other_version.as_bytes(),
    ] {
        fs::write(place.cache(), bytes).unwrap();
        assert!(!place.load(Verify::Changed).unwrap());
        assert_eq!(fs::read(place.cache()).unwrap(), whole, "it is made again");
    }
    // A folder in its place cannot be written either, and models load all the same.
    fs::remove_file(place.cache()).unwrap();
    fs::create_dir(place.cache()).unwrap();
    assert!(!place.load(Verify::Changed).unwrap());
    assert!(!place.load(Verify::Changed).unwrap());
}

#[test]
fn file_should_not_be_remembered_when_it_has_just_been_written() {
    let place = Place::new();
    let mut verified = Verified::open(place.folder.path(), Verify::Changed);
    verified.load(&place.path()).unwrap();
    assert_eq!(verified.files, BTreeMap::new());
    assert!(!place.cache().exists());
}

#[test]
fn silent_damage_should_be_found_by_default_and_not_otherwise() {
    // No test can change a disk behind the system's back: what is kept is made to say what it would.
    let place = Place::new();
    place.load(Verify::Always).unwrap();
    place.write(&damaged(&place.bytes));
    let stamp = Stamp::of(&place.path()).unwrap();
    place.edit(|known| known.stamp = stamp);
    assert!(place.load(Verify::Changed).unwrap());
    let result = place.load(Verify::Always);
    assert!(matches!(result, Err(ModelError::WeightRootMismatch)));
}
