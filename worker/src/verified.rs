//! Model files that were verified before.
//!
//! To verify a file is to hash every byte of it, which takes as long as reading a few of its kind. What was
//! verified is kept in a file beside the worker's state: path, length, times, device, inode and root. With
//! [`Verify::Changed`] a file of which all that is the same is not hashed again.
//!
//! It is not the default, because none of it tells of a bit that the disk lost by itself. A model with such a bit
//! computes, and its self-check agrees, since it has the same bit; the result is false and costs half of
//! the bond. The few seconds of a start are the cheaper.

use aipg_client::Hash;
use aipg_engine::{file::Verification, memory::read_header, Blake2b256, Model, ModelError};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The file's name in the data directory.
pub const FILE_NAME: &str = "verified-models.json";

/// Version of its format; another one is not read.
const VERSION: u32 = 1;

/// A file that changed so shortly before could change once more and have the same times.
const SETTLED: Duration = Duration::from_secs(3);

/// When the bytes of model files are hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Verify {
    /// At every start.
    #[default]
    Always,
    /// When the file is not the one that was verified before, by its times, length and place on the disk.
    Changed,
}

/// What a system tells of a file without its bytes being read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    bytes: u64,
    /// Seconds and nanoseconds since 1970 of the last change of the bytes.
    modified: (i64, i64),
    /// The same of the last change of anything, which programs cannot set.
    changed: (i64, i64),
    device: u64,
    inode: u64,
}

impl Stamp {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Where files have no such marks, none is remembered.
    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }

    /// Whether the last change is so long ago that the next one will have another time.
    fn is_settled(&self, patience: Duration) -> bool {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let changed = u64::try_from(self.changed.0.max(self.modified.0)).unwrap_or(u64::MAX);
        now.as_secs() >= changed.saturating_add(patience.as_secs())
    }
}

/// A file that was verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    /// The model root that every byte of it has.
    root: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    version: u32,
    files: BTreeMap<PathBuf, Known>,
}

/// Files that were verified, and whether that counts.
#[derive(Debug)]
pub struct Verified {
    /// Where they are kept; `None`: nowhere.
    path: Option<PathBuf>,
    verify: Verify,
    patience: Duration,
    files: BTreeMap<PathBuf, Known>,
}

/// A model from a file.
pub struct Loaded {
    pub model: Model,
    /// Its sections were not hashed now: they were before, and the file has not changed.
    pub was_known: bool,
}

impl Verified {
    /// Verifies everything and remembers nothing.
    pub fn nowhere() -> Self {
        Self {
            path: None,
            verify: Verify::Always,
            patience: SETTLED,
            files: BTreeMap::new(),
        }
    }

    /// What is kept in a data directory. A file that cannot be read is one that knows nothing.
    pub fn open(folder: &Path, verify: Verify) -> Self {
        let path = folder.join(FILE_NAME);
        let files = read(&path).unwrap_or_else(|error| {
            tracing::warn!(path = %path.display(), %error, "every model is verified anew: what was verified before cannot be read");
            BTreeMap::new()
        });
        Self {
            path: Some(path),
            verify,
            files,
            ..Self::nowhere()
        }
    }

    /// Loads a model and remembers that it is verified.
    ///
    /// # Errors
    /// [`ModelError`] as of [`Model::load`].
    pub fn load(&mut self, path: &Path) -> Result<Loaded, ModelError> {
        let place = path.canonicalize()?;
        let before = Stamp::of(&place);
        if self.verify == Verify::Changed {
            if let Some(model) = self.load_known(&place, before.as_ref())? {
                return Ok(Loaded {
                    model,
                    was_known: true,
                });
            }
        }
        let model = Model::load(&place)?;
        self.remember(place, before, &model);
        Ok(Loaded {
            model,
            was_known: false,
        })
    }

    /// The model in a file that is known and has not changed, neither before nor while it was read.
    fn load_known(&self, place: &Path, stamp: Option<&Stamp>) -> Result<Option<Model>, ModelError> {
        let (Some(known), Some(stamp)) = (self.files.get(place), stamp) else {
            return Ok(None);
        };
        let root = read_header(place)?.root::<Blake2b256>();
        if known.stamp != *stamp || known.root != Hash(root).to_string() {
            return Ok(None);
        }
        let model = Model::load_verifying(place, Verification::Header)?;
        let is_same = model.root() == root && Stamp::of(place).as_ref() == Some(stamp);
        Ok(is_same.then_some(model))
    }

    fn remember(&mut self, place: PathBuf, before: Option<Stamp>, model: &Model) {
        let stamp = before.filter(|before| {
            Stamp::of(&place).as_ref() == Some(before) && before.is_settled(self.patience)
        });
        let known = stamp.map(|stamp| Known {
            stamp,
            root: Hash(model.root()).to_string(),
        });
        if self.files.get(&place) == known.as_ref() {
            return;
        }
        match known {
            Some(known) => self.files.insert(place, known),
            None => self.files.remove(&place),
        };
        if let Err(error) = self.save() {
            tracing::warn!(%error, "it is not remembered that a model is verified");
        }
    }

    fn save(&self) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let contents = Contents {
            version: VERSION,
            files: self.files.clone(),
        };
        let text = serde_json::to_string_pretty(&contents)?;
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Whoever reads meanwhile sees the old file or the new one.
        let new = path.with_extension("json.new");
        fs::write(&new, text)?;
        fs::rename(new, path)
    }
}

fn read(path: &Path) -> io::Result<BTreeMap<PathBuf, Known>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text?,
    };
    let contents: Contents = serde_json::from_str(&text)?;
    if contents.version != VERSION {
        let version = contents.version;
        return Err(io::Error::other(format!("its version is {version}")));
    }
    Ok(contents.files)
}

#[cfg(all(test, unix))]
mod tests;
