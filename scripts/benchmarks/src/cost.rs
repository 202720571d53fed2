//! What a benchmark costs, read off the results of its runs.
//!
//! Time, reads and writes are straight lines over the components. The proof, which the node does not
//! use yet, is estimated as `frame-benchmarking-cli` does by default: from the longest that the
//! items read can be, and the depth of a trie with a million of them.

use crate::plan::Component;
use anyhow::{ensure, Context, Result};
use frame_benchmarking::{Analysis, BenchmarkResult, BenchmarkSelector};
use frame_support::traits::StorageInfo;
use serde::Serialize;
use std::collections::BTreeMap;

/// Entries that a map is assumed to have at most.
const MAP_ENTRIES: u32 = 1_000_000;
/// Bytes of proof for a level of the trie: fifteen siblings, each a hash with its length.
const LEVEL: u32 = 15 * 33;
/// Levels of the trie above the items of a pallet.
const UPPER_LEVELS: u32 = 2;
/// Bytes of a key that tell which storage item it belongs to.
const PREFIX: usize = 32;
/// Stands for every item in benchmarks that tell only how many they touch.
const SKIPPED: &[u8] = b"Skipped Metadata";

/// A quantity that grows with the components of a benchmark.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// With every component at zero.
    pub base: u64,
    /// For each unit of a component that matters, by its name.
    pub slopes: BTreeMap<String, u64>,
}

/// The range of a component.
#[derive(Debug, Serialize)]
pub struct Range {
    name: String,
    least: u32,
    most: u32,
}

/// What one benchmark costs.
#[derive(Debug, Serialize)]
pub struct Cost {
    name: String,
    components: Vec<Range>,
    /// Picoseconds.
    time: Line,
    reads: Line,
    writes: Line,
    /// Bytes of the state's proof.
    proof: Line,
    /// What is read and written at most, one item of storage a line.
    storage: Vec<String>,
}

impl Cost {
    /// Makes the time that of the reference machine, next to which this one has that speed.
    pub fn on_reference_machine(&mut self, speed: f64) {
        let of = |time: u64| (time as f64 * speed).round() as u64;
        self.time.base = of(self.time.base);
        for slope in self.time.slopes.values_mut() {
            *slope = of(*slope);
        }
    }

    /// Reads the cost off the results of counted runs, one for each set of values, and of timed ones.
    ///
    /// # Errors
    /// There are no results, or too few to tell how they depend on a component.
    pub fn of(
        name: &str,
        components: &[Component],
        counted: &[BenchmarkResult],
        timed: &[BenchmarkResult],
        items: &Items,
    ) -> Result<Self> {
        ensure!(!timed.is_empty(), "it was never timed");
        Ok(Self {
            name: name.into(),
            components: components
                .iter()
                .map(|&(component, least, most)| Range {
                    name: component.to_string(),
                    least,
                    most,
                })
                .collect(),
            time: line(timed, BenchmarkSelector::ExtrinsicTime)?,
            reads: line(counted, BenchmarkSelector::Reads)?,
            writes: line(counted, BenchmarkSelector::Writes)?,
            proof: items.proof(counted)?,
            storage: items.accesses(counted),
        })
    }
}

/// The line through the results that has the least squares; half of the times for the same values,
/// those furthest out, are left away.
fn line(results: &[BenchmarkResult], selector: BenchmarkSelector) -> Result<Line> {
    let analysis = Analysis::min_squares_iqr(&results.to_vec(), selector)?;
    let slopes = analysis.names.into_iter().zip(analysis.slopes);
    let slopes = slopes.filter(|&(_, slope)| slope > 0);
    Ok(Line {
        base: number(analysis.base)?,
        slopes: slopes
            .map(|(name, slope)| Ok((name, number(slope)?)))
            .collect::<Result<_>>()?,
    })
}

fn number(value: u128) -> Result<u64> {
    u64::try_from(value).context("it costs more than can be written")
}

/// The storage items of a runtime, by the prefix of their keys.
pub struct Items(BTreeMap<Vec<u8>, StorageInfo>);

impl Items {
    pub fn new(items: Vec<StorageInfo>) -> Self {
        Self(
            items
                .into_iter()
                .map(|item| (item.prefix.clone(), item))
                .collect(),
        )
    }

    /// The largest of the proofs of every item by itself.
    fn proof(&self, counted: &[BenchmarkResult]) -> Result<Line> {
        let mut by_item = BTreeMap::<&[u8], Vec<BenchmarkResult>>::new();
        for result in counted {
            for (prefix, reads, _) in accesses_of(result) {
                let proof_size = self.proof_of(prefix, reads, result.proof_size);
                let result = BenchmarkResult {
                    proof_size,
                    ..result.clone()
                };
                by_item.entry(prefix).or_default().push(result);
            }
        }
        let mut largest = Line::default();
        for results in by_item.values() {
            let Line { base, slopes } = line(results, BenchmarkSelector::ProofSize)?;
            largest.base = largest.base.max(base);
            for (name, slope) in slopes {
                let known = largest.slopes.entry(name).or_default();
                *known = slope.max(*known);
            }
        }
        Ok(largest)
    }

    /// Bytes of the proof of an item that is read so often. `recorded` is what the whole run had,
    /// for items without a largest size.
    fn proof_of(&self, prefix: &[u8], reads: u32, recorded: u32) -> u32 {
        if reads == 0 {
            return recorded;
        }
        let item = self.0.get(prefix);
        let entries = item.and_then(|item| item.max_values).unwrap_or(MAP_ENTRIES);
        let trie = levels(entries).saturating_mul(LEVEL);
        let items = match item.and_then(|item| item.max_size) {
            Some(size) => trie.saturating_add(size).saturating_mul(reads),
            None => recorded.saturating_add(trie.saturating_mul(reads)),
        };
        items.saturating_add(UPPER_LEVELS * LEVEL)
    }

    /// A line for each item, with the most reads and writes that a run had of it.
    fn accesses(&self, counted: &[BenchmarkResult]) -> Vec<String> {
        let mut most = BTreeMap::<String, (u32, u32)>::new();
        for result in counted {
            for (prefix, reads, writes) in accesses_of(result) {
                if prefix == SKIPPED {
                    continue;
                }
                let known = most.entry(self.name_of(prefix)).or_default();
                *known = (known.0.max(reads), known.1.max(writes));
            }
        }
        most.into_iter()
            .map(|(name, (reads, writes))| format!("{name}: {reads} read, {writes} written"))
            .collect()
    }

    fn name_of(&self, prefix: &[u8]) -> String {
        match self.0.get(prefix) {
            Some(item) => format!(
                "{}::{}",
                String::from_utf8_lossy(&item.pallet_name),
                String::from_utf8_lossy(&item.storage_name)
            ),
            None if prefix.iter().all(u8::is_ascii_graphic) => {
                format!("the key `{}`", String::from_utf8_lossy(prefix))
            }
            None => format!("the key {}", sp_core::hexdisplay::HexDisplay::from(&prefix)),
        }
    }
}

/// The items that a run touched: prefix, reads, writes. Those that the runtime keeps at hand in every
/// block are left away.
fn accesses_of(result: &BenchmarkResult) -> impl Iterator<Item = (&[u8], u32, u32)> {
    result
        .keys
        .iter()
        .filter(|(_, _, _, at_hand)| !at_hand)
        .map(|(key, reads, writes, _)| {
            let prefix = key.get(..PREFIX).unwrap_or(key);
            (prefix, *reads, *writes)
        })
}

/// Levels of a trie with sixteen branches that has so many entries.
fn levels(entries: u32) -> u32 {
    match entries {
        0 => 0,
        1 => 1,
        _ => (entries - 1).ilog(16) + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame_benchmarking::BenchmarkParameter::o;

    fn item(name: &str, max_values: Option<u32>, max_size: Option<u32>) -> StorageInfo {
        StorageInfo {
            pallet_name: b"Pallet".to_vec(),
            storage_name: name.as_bytes().to_vec(),
            prefix: prefix(name),
            max_values,
            max_size,
        }
    }

    fn prefix(name: &str) -> Vec<u8> {
        let mut prefix = vec![0; PREFIX];
        prefix[..name.len()].copy_from_slice(name.as_bytes());
        prefix
    }

    fn items() -> Items {
        Items::new(vec![
            item("Value", Some(1), Some(8)),
            item("Map", None, Some(100)),
            item("Unbounded", Some(1), None),
        ])
    }

    /// A run with `o` of the component that reads two values and `o` entries of the map, writes the
    /// value, and takes 7 µs and 3 µs for each entry.
    fn run(component: u32) -> BenchmarkResult {
        let value = [prefix("Value"), b"rest of the key".to_vec()].concat();
        BenchmarkResult {
            components: vec![(o, component)],
            extrinsic_time: (7_000 + 3_000 * component).into(),
            reads: 2 + component,
            writes: 1,
            keys: vec![
                (value, 2, 1, false),
                (prefix("Map"), component, 0, false),
                (prefix("At hand"), 9, 9, true),
            ],
            ..Default::default()
        }
    }

    fn with_slope(base: u64, slope: u64) -> Line {
        Line {
            base,
            slopes: [("o".into(), slope)].into(),
        }
    }

    #[test]
    fn cost_should_have_the_slope_of_what_grows_with_a_component_and_none_of_what_does_not() {
        let runs: Vec<_> = (1..=5).map(run).collect();

        let cost = Cost::of("call", &[(o, 1, 5)], &runs, &runs, &items()).unwrap();

        assert_eq!(cost.time, with_slope(7_000_000, 3_000_000));
        assert_eq!(cost.reads, with_slope(2, 1));
        assert_eq!(
            cost.writes,
            Line {
                base: 1,
                slopes: BTreeMap::new()
            }
        );
        assert_eq!(
            cost.storage,
            [
                "Pallet::Map: 5 read, 0 written",
                "Pallet::Value: 2 read, 1 written"
            ]
        );
    }

    #[test]
    fn proof_should_be_that_of_the_largest_item_and_two_levels_above_it() {
        let runs: Vec<_> = (1..=5).map(run).collect();

        let proof = items().proof(&runs).unwrap();

        // One level for the value, twice read; five levels for each entry of the map.
        let value = (LEVEL + 8) * 2 + UPPER_LEVELS * LEVEL;
        assert_eq!(proof, with_slope(value.into(), (5 * LEVEL + 100).into()));
    }

    #[test]
    fn proof_should_be_the_recorded_one_and_its_levels_when_an_item_has_no_largest_size() {
        let recorded = 1_234;
        let expected = recorded + LEVEL + UPPER_LEVELS * LEVEL;
        assert_eq!(
            items().proof_of(&prefix("Unbounded"), 1, recorded),
            expected
        );
        assert_eq!(items().proof_of(&prefix("Unknown"), 0, recorded), recorded);
    }

    #[test]
    fn cost_should_be_refused_when_nothing_was_measured() {
        let error = Cost::of("call", &[], &[], &[], &items()).unwrap_err();
        assert_eq!(error.to_string(), "it was never timed");
    }

    #[test]
    fn access_should_be_told_by_its_key_when_no_pallet_declares_the_item() {
        assert_eq!(items().name_of(&[0xab, 0xcd]), "the key abcd");
        assert_eq!(items().name_of(b":code"), "the key `:code`");
    }

    #[test]
    fn levels_should_be_the_depth_of_a_trie_with_sixteen_branches() {
        let depths = [0, 1, 16, 17, 256, 257, 1_000_000].map(levels);
        assert_eq!(depths, [0, 1, 1, 2, 2, 3, 5]);
    }
}
