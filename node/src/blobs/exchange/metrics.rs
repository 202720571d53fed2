//! What Prometheus hears about the exchange of blobs.
//!
//! | metric | kind | what |
//! |---|---|---|
//! | `aipg_blobs_exchange_fetches_total` | counter, by `outcome` | blobs asked of other nodes: `Fetched` or the name of the error |
//! | `aipg_blobs_exchange_received_bytes_total` | counter | bytes of their replies |
//! | `aipg_blobs_exchange_replies_total` | counter, by `reply` | answered requests of other nodes; `Refused` for those that got no answer |
//! | `aipg_blobs_exchange_sent_bytes_total` | counter | bytes of these replies |
//! | `aipg_blobs_exchange_offences_total` | counter, by `offence` | what peers did against the rules |

use std::sync::Arc;

use substrate_prometheus_endpoint::{
    register, Counter, CounterVec, Opts, PrometheusError, Registry, U64,
};

use super::{wire::Reply, FetchError, Offence};

/// Counters of the exchange.
#[derive(Debug, Clone)]
pub struct ExchangeMetrics {
    fetches: CounterVec<U64>,
    received: Counter<U64>,
    replies: CounterVec<U64>,
    sent: Counter<U64>,
    offences: CounterVec<U64>,
}

/// Outcome of a fetch that has the blob.
const FETCHED: &str = "Fetched";

/// Reply to a request that got none.
const REFUSED: &str = "Refused";

impl ExchangeMetrics {
    /// Registers the metrics.
    ///
    /// Errors if one of the names is taken.
    pub fn register(registry: &Registry) -> Result<Self, PrometheusError> {
        let vector = |name: &str, help: &str, label: &str| {
            register(CounterVec::new(Opts::new(name, help), &[label])?, registry)
        };
        let metrics = Self {
            fetches: vector(
                "aipg_blobs_exchange_fetches_total",
                "Blobs asked of other nodes, by what came of it",
                "outcome",
            )?,
            received: register(
                Counter::new(
                    "aipg_blobs_exchange_received_bytes_total",
                    "Bytes of the replies of other nodes about blobs",
                )?,
                registry,
            )?,
            replies: vector(
                "aipg_blobs_exchange_replies_total",
                "Requests of other nodes about blobs, by the reply",
                "reply",
            )?,
            sent: register(
                Counter::new(
                    "aipg_blobs_exchange_sent_bytes_total",
                    "Bytes of the replies to other nodes about blobs",
                )?,
                registry,
            )?,
            offences: vector(
                "aipg_blobs_exchange_offences_total",
                "What peers did against the rules of the exchange of blobs",
                "offence",
            )?,
        };
        // A counter that appears with its first event hides that event from every rate.
        for outcome in FetchError::NAMES.into_iter().chain([FETCHED]) {
            metrics.fetches.with_label_values(&[outcome]);
        }
        for reply in ["Absent", "Busy", "Present", "Chunks", REFUSED] {
            metrics.replies.with_label_values(&[reply]);
        }
        for offence in Offence::ALL {
            metrics.offences.with_label_values(&[offence.name()]);
        }
        Ok(metrics)
    }

    pub(super) fn fetched(&self, outcome: &Result<Arc<Vec<u8>>, FetchError>) {
        let outcome = outcome.as_ref().map_or_else(FetchError::name, |_| FETCHED);
        self.fetches.with_label_values(&[outcome]).inc();
    }

    pub(super) fn received(&self, bytes: usize) {
        self.received.inc_by(bytes as u64);
    }

    pub(super) fn replied(&self, reply: &Reply, bytes: usize) {
        let name = match reply {
            Reply::Absent => "Absent",
            Reply::Busy => "Busy",
            Reply::Present { .. } => "Present",
            Reply::Chunks { .. } => "Chunks",
        };
        self.replies.with_label_values(&[name]).inc();
        self.sent.inc_by(bytes as u64);
    }

    pub(super) fn refused(&self) {
        self.replies.with_label_values(&[REFUSED]).inc();
    }

    pub(super) fn offence(&self, offence: Offence) {
        self.offences.with_label_values(&[offence.name()]).inc();
    }
}
