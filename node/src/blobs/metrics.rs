//! What Prometheus hears about the blob store.
//!
//! | metric | kind | what |
//! |---|---|---|
//! | `aipg_blobs_stored` | gauge | blobs |
//! | `aipg_blobs_content_bytes` | gauge | their bytes |
//! | `aipg_blobs_used_bytes` | gauge | disk space counted for them |
//! | `aipg_blobs_quota_bytes` | gauge | disk space that they may take |
//! | `aipg_blobs_puts_total` | counter | answered `blobs_put` |
//! | `aipg_blobs_gets_total` | counter | answered `blobs_get` |
//! | `aipg_blobs_expired_total` | counter | blobs removed because no job referred to them |
//! | `aipg_blobs_refusals_total` | counter, by `reason` | refused calls, by the name of the error |

use std::sync::Arc;

use substrate_prometheus_endpoint::{
    register, Counter, CounterVec, MetricSource, Opts, PrometheusError, Registry, SourcedGauge, U64,
};

use super::{BlobStore, ErrorCode};

/// Counters of calls. The gauges read the store whenever somebody asks for them.
#[derive(Debug, Clone)]
pub struct BlobMetrics {
    puts: Counter<U64>,
    gets: Counter<U64>,
    expired: Counter<U64>,
    refusals: CounterVec<U64>,
}

/// How a number is read off a store.
type Reading = fn(&BlobStore) -> u64;

/// One number of a store.
#[derive(Debug, Clone)]
struct StoreGauge {
    store: Arc<BlobStore>,
    read: Reading,
}

impl MetricSource for StoreGauge {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        set(&[], (self.read)(&self.store));
    }
}

impl BlobMetrics {
    /// Registers the metrics of `store`.
    ///
    /// Errors if one of the names is taken.
    pub fn register(registry: &Registry, store: &Arc<BlobStore>) -> Result<Self, PrometheusError> {
        let gauges: [(&str, &str, Reading); 4] = [
            ("aipg_blobs_stored", "Blobs in the store", |store| {
                store.usage().blobs
            }),
            (
                "aipg_blobs_content_bytes",
                "Bytes of the blobs in the store",
                |store| store.usage().content,
            ),
            (
                "aipg_blobs_used_bytes",
                "Disk space counted for the blobs in the store",
                |store| store.usage().space,
            ),
            (
                "aipg_blobs_quota_bytes",
                "Disk space that blobs may take",
                BlobStore::quota,
            ),
        ];
        for (name, help, read) in gauges {
            let store = Arc::clone(store);
            let source = StoreGauge { store, read };
            register(SourcedGauge::new(&Opts::new(name, help), source)?, registry)?;
        }

        let refusals = CounterVec::new(
            Opts::new(
                "aipg_blobs_refusals_total",
                "Refused blob calls, by the name of the error",
            ),
            &["reason"],
        )?;
        let metrics = Self {
            puts: register(
                Counter::new("aipg_blobs_puts_total", "Answered blobs_put calls")?,
                registry,
            )?,
            gets: register(
                Counter::new("aipg_blobs_gets_total", "Answered blobs_get calls")?,
                registry,
            )?,
            expired: register(
                Counter::new(
                    "aipg_blobs_expired_total",
                    "Blobs removed because no job referred to them",
                )?,
                registry,
            )?,
            refusals: register(refusals, registry)?,
        };
        // A counter that appears with its first event hides that event from every rate.
        for code in ErrorCode::ALL {
            metrics.refusals.with_label_values(&[&code.name()]);
        }
        Ok(metrics)
    }

    /// A blob was stored, or was there already.
    pub(super) fn put(&self) {
        self.puts.inc();
    }

    /// A blob was served.
    pub(super) fn got(&self) {
        self.gets.inc();
    }

    /// Blobs were removed that no job refers to.
    pub(super) fn expired(&self, blobs: u64) {
        self.expired.inc_by(blobs);
    }

    /// A call was refused.
    pub(super) fn refused(&self, code: ErrorCode) {
        self.refusals.with_label_values(&[&code.name()]).inc();
    }
}
