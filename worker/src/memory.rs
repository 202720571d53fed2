//! Whether the models and their runs fit the machine's memory, asked before anything is loaded.

use crate::config::Settings;
use aipg_engine::{memory::Needs, ModelHeader};
use std::{
    fmt,
    path::{Path, PathBuf},
    thread::available_parallelism,
};
use sysinfo::System;
use thiserror::Error;

/// Bytes of a mebibyte, in which the setting counts.
const MEBIBYTE: u64 = 1 << 20;

/// A number of bytes, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = self.0 as f64 / MEBIBYTE as f64;
        if mebibytes < 1024.0 {
            write!(formatter, "{mebibytes:.1} MiB")
        } else {
            write!(formatter, "{:.1} GiB", mebibytes / 1024.0)
        }
    }
}

/// The models need more than there is.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "ModelsDoNotFit: {needed} are needed and {available} are there: {largest} alone takes {most}, and {runs} runs at a time \
     take {for_runs}; serve fewer models, lower `capacity`, or set `memory_mib` if there is more", largest = .largest.display()
)]
pub struct ModelsDoNotFit {
    /// What everything together needs at most.
    pub needed: Bytes,
    /// What there is.
    pub available: Bytes,
    /// The model that needs most, and how much.
    pub largest: PathBuf,
    pub most: Bytes,
    /// Runs at a time, and what they need.
    pub runs: u64,
    pub for_runs: Bytes,
}

/// What models may use.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes.
    pub available: u64,
    /// Runs at a time.
    pub runs: u64,
}

impl Room {
    /// What the settings say, or else what is free now, here and in the control group of the process.
    pub fn of(settings: &Settings) -> Self {
        let available = match settings.memory_mib {
            Some(memory) => memory.saturating_mul(MEBIBYTE),
            None => available(),
        };
        let runs = parallel(settings).try_into().unwrap_or(u64::MAX);
        Self { available, runs }
    }

    /// Room for models of which nothing runs.
    pub fn without_runs(settings: &Settings) -> Self {
        Self {
            runs: 0,
            ..Self::of(settings)
        }
    }

    /// Checks that models fit which are loaded in this order.
    ///
    /// # Errors
    /// [`ModelsDoNotFit`] with what takes how much.
    pub fn check(&self, models: &[(&Path, ModelHeader)]) -> Result<(), ModelsDoNotFit> {
        let needs: Vec<_> = models.iter().map(|(_, header)| Needs::of(header)).collect();
        let longest = needs.iter().map(|needs| needs.run).max().unwrap_or(0);
        let for_runs = longest.saturating_mul(self.runs);
        let mut loaded = 0u64;
        let mut needed = 0u64;
        for one in &needs {
            loaded = loaded.saturating_add(one.model);
            needed = needed.max(loaded.saturating_add(one.loading));
        }
        // Nothing runs while models are loaded.
        needed = needed.max(loaded.saturating_add(for_runs));
        let largest = models
            .iter()
            .zip(&needs)
            .max_by_key(|(_, needs)| needs.model);
        match largest {
            Some(((path, _), most)) if needed > self.available => Err(ModelsDoNotFit {
                needed: Bytes(needed),
                available: Bytes(self.available),
                largest: path.to_path_buf(),
                most: Bytes(most.model),
                runs: self.runs,
                for_runs: Bytes(for_runs),
            }),
            _ => Ok(()),
        }
    }
}

/// Runs that the machine makes at a time.
pub fn parallel(settings: &Settings) -> usize {
    let cores = available_parallelism().map_or(1, |cores| cores.get());
    cores.min(usize::try_from(settings.capacity).unwrap_or(cores))
}

/// Bytes that are free now; without limit where the system does not say.
pub(crate) fn available() -> u64 {
    let mut system = System::new();
    system.refresh_memory();
    let limit = system
        .cgroup_limits()
        .map_or(u64::MAX, |limits| limits.free_memory);
    match system.available_memory() {
        0 => limit,
        available => available.min(limit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_engine::memory::read_header;

    const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/demo/header.bin");

    fn header() -> ModelHeader {
        let bytes = std::fs::read(DEMO).unwrap();
        ModelHeader::decode(&bytes).unwrap()
    }

    fn check(available: u64, runs: u64, models: usize) -> Result<(), ModelsDoNotFit> {
        let models = vec![(Path::new("demo.aipg"), header()); models];
        Room { available, runs }.check(&models)
    }

    #[test]
    fn models_should_fit_when_there_is_exactly_enough() {
        let needs = Needs::of(&header());
        let loading = needs.model + needs.loading;
        assert_eq!(check(loading, 0, 1), Ok(()));
        let error = check(loading - 1, 0, 1).unwrap_err();
        assert_eq!(
            (error.needed, error.most),
            (Bytes(loading), Bytes(needs.model))
        );
        assert!(error.to_string().starts_with("ModelsDoNotFit"));
        // The second one is loaded beside the first.
        assert!(check(loading, 0, 2).is_err());
        assert_eq!(check(loading + needs.model, 0, 2), Ok(()));
    }

    #[test]
    fn runs_should_count_with_all_models_loaded() {
        let needs = Needs::of(&header());
        let runs = needs.loading / needs.run + 2;
        let needed = needs.model + runs * needs.run;
        assert_eq!(check(needed, runs, 1), Ok(()));
        assert_eq!(
            check(needed - 1, runs, 1).unwrap_err().for_runs,
            Bytes(runs * needs.run)
        );
    }

    #[test]
    fn no_models_should_fit_anywhere() {
        assert_eq!(check(0, 9, 0), Ok(()));
    }

    #[test]
    fn memory_of_this_machine_should_be_known() {
        assert!(available() > MEBIBYTE);
    }

    #[test]
    fn header_should_be_refused_when_the_file_is_no_model() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "no model").unwrap();
        assert!(read_header(file.path()).is_err());
    }

    #[test]
    fn bytes_should_read_well() {
        assert_eq!(Bytes(3 << 20).to_string(), "3.0 MiB");
        assert_eq!(Bytes(5 << 29).to_string(), "2.5 GiB");
    }
}
