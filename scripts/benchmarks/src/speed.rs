//! How fast this machine is, next to the reference machine.
//!
//! Weights are times of a machine that everybody can compare theirs with: the one that Substrate names as the
//! reference for validators, by its scores in the benchmarks of `sc-sysinfo`. What a machine measures is multiplied by
//! its speed next to that one, so that a slow machine and a fast one measure about the same weights.

use sc_sysinfo::{benchmark_cpu, benchmark_sr25519_verify, ExecutionLimit};
use serde::Serialize;
use std::time::Duration;

// Scores of one core of the reference machine: `reference_hardware.json` of `frame-benchmarking-cli`, polkadot-sdk
// 28b4b8cc08aa.
/// Blake2-256, MiB/s.
const HASHING: f64 = 1_000.0;
/// Signatures of 32 bytes each, MiB/s.
const VERIFYING: f64 = 0.622_675_781;

/// Scores next to those of the reference machine: 1 is as fast.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Speed {
    hashing: f64,
    verifying: f64,
}

impl Speed {
    /// By what a time on this machine is multiplied to have that of the reference machine: the geometric mean of both
    /// scores. One depends on the vector unit, the other on multiplication, and a runtime on neither alone.
    pub fn factor(&self) -> f64 {
        (self.hashing * self.verifying).sqrt()
    }
}

/// Measures this machine, in half a second.
pub fn measure() -> Speed {
    let moment = || ExecutionLimit::MaxDuration(Duration::from_millis(100));
    Speed {
        hashing: benchmark_cpu(moment()).as_mibs() / HASHING,
        verifying: benchmark_sr25519_verify(moment()).as_mibs() / VERIFYING,
    }
}

/// The one in the middle; the faster one of the two that are there. None of none.
pub fn median(mut speeds: Vec<Speed>) -> Option<Speed> {
    speeds.sort_by(|a, b| a.factor().total_cmp(&b.factor()));
    speeds.get(speeds.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speed(hashing: f64, verifying: f64) -> Speed {
        Speed { hashing, verifying }
    }

    #[test]
    fn factor_should_be_the_mean_of_ratios() {
        assert_eq!(speed(0.5, 2.0).factor(), 1.0);
        assert_eq!(speed(0.25, 0.25).factor(), 0.25);
    }

    #[test]
    fn median_should_leave_out_what_other_work_made_slow() {
        let of = |factors: &[f64]| median(factors.iter().map(|it| speed(*it, *it)).collect());
        assert_eq!(of(&[1.0, 0.2, 0.9]).unwrap().factor(), 0.9);
        assert_eq!(of(&[1.0, 0.5]).unwrap().factor(), 1.0);
        assert!(median(vec![]).is_none());
    }

    #[test]
    fn measure_should_give_scores() {
        let speed = measure();
        assert!(speed.hashing > 0.0 && speed.verifying > 0.0);
    }
}
