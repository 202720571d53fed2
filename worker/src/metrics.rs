//! What the worker counts, in the text format of Prometheus. The names are listed in
//! `docs/mining.md`.

use crate::store::{Contents, Entry, EntryKind};
use aipg_client::{power::Power, Amount, Machine};
use prometheus_client::{
    encoding::{text::encode, EncodeLabelSet},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use std::sync::{atomic::AtomicU64, Arc};

type Float = Gauge<f64, AtomicU64>;
type Sum = Counter<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DirectionLabel {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct VerdictLabel {
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabel {
    call: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabel {
    url: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeviceLabel {
    device: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NamedDeviceLabel {
    device: usize,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeviceJobLabel {
    device: usize,
    outcome: &'static str,
}

/// Counters and gauges of one worker; copies share them.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    jobs: Family<OutcomeLabel, Counter>,
    tokens: Family<DirectionLabel, Counter>,
    units: Counter,
    seconds_per_token: Histogram,
    fees: Sum,
    public_jobs: Counter,
    public_fees: Sum,
    rewards: Sum,
    penalties: Sum,
    results_checked: Family<VerdictLabel, Counter>,
    dispute_calls: Family<CallLabel, Counter>,
    endpoint_up: Family<EndpointLabel, Gauge>,
    connections: Counter,
    peers: Gauge,
    best: Gauge,
    finalised: Gauge,
    head_lag: Gauge,
    clock_skew: Float,
    database: Gauge,
    disk_free: Gauge,
    disk_full: Gauge,
    reputation: Float,
    bond: Float,
    exposed: Float,
    power: Gauge,
    windows: Gauge,
    attended: Gauge,
    online: Gauge,
    slots: Gauge,
    active: Gauge,
    device_memory: Family<NamedDeviceLabel, Gauge>,
    device_up: Family<DeviceLabel, Gauge>,
    device_jobs: Family<DeviceJobLabel, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("aipg_worker");
        let new = Self {
            registry: Arc::new(Registry::default()),
            jobs: Family::default(),
            tokens: Family::default(),
            units: Counter::default(),
            seconds_per_token: Histogram::new(
                // 100 µs to about 100 s a token, three steps for a factor of ten.
                (0..19).map(|step| 1e-4 * 10f64.powf(f64::from(step) / 3.0)),
            ),
            fees: Sum::default(),
            public_jobs: Counter::default(),
            public_fees: Sum::default(),
            rewards: Sum::default(),
            penalties: Sum::default(),
            results_checked: Family::default(),
            dispute_calls: Family::default(),
            endpoint_up: Family::default(),
            connections: Counter::default(),
            peers: Gauge::default(),
            best: Gauge::default(),
            finalised: Gauge::default(),
            head_lag: Gauge::default(),
            clock_skew: Float::default(),
            database: Gauge::default(),
            disk_free: Gauge::default(),
            disk_full: Gauge::default(),
            reputation: Float::default(),
            bond: Float::default(),
            exposed: Float::default(),
            power: Gauge::default(),
            windows: Gauge::default(),
            attended: Gauge::default(),
            online: Gauge::default(),
            slots: Gauge::default(),
            active: Gauge::default(),
            device_memory: Family::default(),
            device_up: Family::default(),
            device_jobs: Family::default(),
        };
        registry.register(
            "jobs",
            "Jobs by outcome: settled, lost, refunded, given_up, unseen",
            new.jobs.clone(),
        );
        registry.register(
            "tokens",
            "Tokens of runs by direction: prompt, answer",
            new.tokens.clone(),
        );
        registry.register("units", "Units of work of settled jobs", new.units.clone());
        registry.register(
            "seconds_per_token",
            "Seconds a run took for each token of its answer",
            new.seconds_per_token.clone(),
        );
        registry.register("fees_aipg", "Fees received, in AIPG", new.fees.clone());
        registry.register(
            "public_jobs",
            "Settled jobs that the chain itself had asked for",
            new.public_jobs.clone(),
        );
        registry.register(
            "public_fees_aipg",
            "Fees received for them, in AIPG, part of fees_aipg",
            new.public_fees.clone(),
        );
        registry.register(
            "rewards_aipg",
            "Block rewards received, in AIPG",
            new.rewards.clone(),
        );
        registry.register(
            "penalties_aipg",
            "Bond lost, in AIPG",
            new.penalties.clone(),
        );
        registry.register(
            "results_checked",
            "Results of others that were checked, by verdict: right, false",
            new.results_checked.clone(),
        );
        registry.register(
            "dispute_calls",
            "Calls made in disputes, by call",
            new.dispute_calls.clone(),
        );
        registry.register(
            "endpoint_up",
            "1 for the node that the worker is connected to, 0 for the others",
            new.endpoint_up.clone(),
        );
        registry.register(
            "connections",
            "Connections made to nodes since the start",
            new.connections.clone(),
        );
        registry.register("node_peers", "Peers of the node", new.peers.clone());
        registry.register("best_block", "Height of the best block", new.best.clone());
        registry.register(
            "finalised_block",
            "Height of the last block that can no longer be undone",
            new.finalised.clone(),
        );
        registry.register(
            "head_lag_blocks",
            "Blocks between the best and the finalised one",
            new.head_lag.clone(),
        );
        registry.register_with_unit(
            "clock_skew",
            "Local time less the time of the newest block when it came",
            Unit::Seconds,
            new.clock_skew.clone(),
        );
        registry.register_with_unit(
            "database",
            "Size of the worker's database",
            Unit::Bytes,
            new.database.clone(),
        );
        registry.register_with_unit(
            "disk_free",
            "Free space on the disk of the data directory",
            Unit::Bytes,
            new.disk_free.clone(),
        );
        registry.register(
            "disk_full",
            "1 while no new job is taken for want of disk space",
            new.disk_full.clone(),
        );
        registry.register_with_unit(
            "reputation",
            "Share of the machine's jobs that succeeded, as the chain weighs it",
            Unit::Ratios,
            new.reputation.clone(),
        );
        registry.register("bond_aipg", "Bond on hold, in AIPG", new.bond.clone());
        registry.register(
            "exposed_aipg",
            "Payouts of jobs that are not final, in AIPG: a fifth of the bond at most",
            new.exposed.clone(),
        );
        registry.register(
            "power_steps",
            "Verified power of the machine, in steps of a window",
            new.power.clone(),
        );
        registry.register(
            "power_windows",
            "Windows in which power was measured since the machine's first one, at most 100",
            new.windows.clone(),
        );
        registry.register(
            "power_windows_attended",
            "Those of them that the machine attended",
            new.attended.clone(),
        );
        registry.register(
            "online",
            "1 while the chain may draw this machine",
            new.online.clone(),
        );
        registry.register(
            "capacity_jobs",
            "Jobs that the machine takes at the same time",
            new.slots.clone(),
        );
        registry.register(
            "active_jobs",
            "Jobs that the machine has to claim or to deliver",
            new.active.clone(),
        );
        registry.register_with_unit(
            "device_memory",
            "Memory of a GPU that was found",
            Unit::Bytes,
            new.device_memory.clone(),
        );
        registry.register(
            "device_up",
            "1 for a GPU that serves models, 0 for one that does not or not any more",
            new.device_up.clone(),
        );
        registry.register(
            "device_jobs",
            "Jobs that a GPU ran, by outcome: answered, or returned to the processor",
            new.device_jobs.clone(),
        );
        for outcome in ["settled", "lost", "refunded", "given_up", "unseen"] {
            new.count_job(outcome, 0);
        }
        for direction in ["prompt", "answer"] {
            new.tokens
                .get_or_create(&DirectionLabel { direction })
                .inc_by(0);
        }
        Self {
            registry: Arc::new(registry),
            ..new
        }
    }
}

impl Metrics {
    /// Begins with what the database tells of earlier processes.
    pub fn restore(&self, contents: &Contents) {
        for record in &contents.jobs {
            self.job_ended(record.state());
        }
        self.book(&contents.entries);
    }

    /// Counts a job by the state it ended in; other states count nothing.
    pub fn job_ended(&self, state: &str) {
        let outcome = match state {
            "Settled" => "settled",
            "Lost" => "lost",
            "Refunded" => "refunded",
            "GivenUp" => "given_up",
            "EndedUnseen" => "unseen",
            _ => return,
        };
        self.count_job(outcome, 1);
    }

    fn count_job(&self, outcome: &str, jobs: u64) {
        let label = OutcomeLabel {
            outcome: outcome.to_owned(),
        };
        self.jobs.get_or_create(&label).inc_by(jobs);
    }

    /// Adds up lines of the books.
    pub fn book(&self, entries: &[Entry]) {
        for entry in entries {
            match &entry.kind {
                EntryKind::Fee {
                    units,
                    amount,
                    is_public,
                    ..
                } => {
                    self.units.inc_by(*units);
                    self.fees.inc_by(aipg(*amount));
                    if *is_public {
                        self.public_jobs.inc();
                        self.public_fees.inc_by(aipg(*amount));
                    }
                }
                EntryKind::Reward { amount, .. } => {
                    self.rewards.inc_by(aipg(*amount));
                }
                EntryKind::Penalty { amount, .. } => {
                    self.penalties.inc_by(aipg(*amount));
                }
            }
        }
    }

    /// Counts a run of the model.
    pub fn run_ended(&self, prompt: usize, answer: usize, seconds: f64) {
        let add = |direction, tokens: usize| {
            let label = DirectionLabel { direction };
            self.tokens.get_or_create(&label).inc_by(tokens as u64);
        };
        add("prompt", prompt);
        add("answer", answer);
        self.seconds_per_token
            .observe(seconds / answer.max(1) as f64);
    }

    /// Notes which of the nodes the worker is connected to.
    pub fn connected(&self, urls: &[String], to: Option<&str>) {
        for url in urls {
            let label = EndpointLabel { url: url.clone() };
            let is_up = to == Some(url.as_str());
            self.endpoint_up.get_or_create(&label).set(is_up.into());
        }
        self.connections.inc_by(u64::from(to.is_some()));
    }

    pub fn chain(&self, best: u32, finalised: u32, peers: usize) {
        self.best.set(best.into());
        self.finalised.set(finalised.into());
        self.head_lag.set(best.saturating_sub(finalised).into());
        self.peers.set(i64::try_from(peers).unwrap_or(i64::MAX));
    }

    pub fn clock(&self, skew_seconds: f64) {
        self.clock_skew.set(skew_seconds);
    }

    pub fn disk(&self, database: u64, free: Option<u64>, is_full: bool) {
        let bytes = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
        self.database.set(bytes(database));
        if let Some(free) = free {
            self.disk_free.set(bytes(free));
        }
        self.disk_full.set(is_full.into());
    }

    pub fn power(&self, power: &Power) {
        self.power.set(power.power.into());
        self.windows.set(power.windows.into());
        self.attended.set(power.attended.into());
    }

    pub fn machine(&self, machine: &Machine) {
        self.reputation.set(f64::from(machine.reputation) / 1e6);
        self.bond.set(aipg(machine.bond));
        self.exposed.set(aipg(machine.exposed));
        self.online.set(machine.online.into());
        self.slots.set(machine.capacity.into());
        self.active.set(machine.active.into());
    }

    /// A GPU was found.
    pub fn device(&self, device: usize, name: &str, memory: u64) {
        let name = name.to_owned();
        let memory = i64::try_from(memory).unwrap_or(i64::MAX);
        self.device_memory
            .get_or_create(&NamedDeviceLabel { device, name })
            .set(memory);
        self.device_out_of_service(device);
        for outcome in ["answered", "returned"] {
            let label = DeviceJobLabel { device, outcome };
            self.device_jobs.get_or_create(&label).inc_by(0);
        }
    }

    /// A GPU serves models.
    pub fn device_in_service(&self, device: usize) {
        self.device_up.get_or_create(&DeviceLabel { device }).set(1);
    }

    /// A GPU serves no models, or none any more.
    pub fn device_out_of_service(&self, device: usize) {
        self.device_up.get_or_create(&DeviceLabel { device }).set(0);
    }

    /// A GPU has done with a job.
    pub fn device_job(&self, device: usize, outcome: &'static str) {
        let label = DeviceJobLabel { device, outcome };
        self.device_jobs.get_or_create(&label).inc();
    }

    /// A result of somebody else was checked.
    pub fn checked(&self, is_right: bool) {
        let verdict = if is_right { "right" } else { "false" };
        let label = VerdictLabel { verdict };
        self.results_checked.get_or_create(&label).inc();
    }

    /// A call of a dispute was included.
    pub fn dispute_call(&self, call: &str) {
        let call = call.to_owned();
        self.dispute_calls.get_or_create(&CallLabel { call }).inc();
    }

    /// Everything as Prometheus reads it.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// An amount for a graph; the exact one is in the books.
fn aipg(amount: Amount) -> f64 {
    amount.0 as f64 / 1e18
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_should_add_up_what_was_booked() {
        let metrics = Metrics::default();
        let entry = |kind| Entry {
            block: 7,
            index: 0,
            time: 0,
            round: 0,
            kind,
        };
        metrics.book(&[
            entry(EntryKind::Fee {
                job: 1,
                units: 30,
                fee: Amount::whole(2),
                amount: Amount::whole(1),
                is_public: true,
            }),
            entry(EntryKind::Reward {
                amount: Amount::whole(5),
                ceiling: "fee".into(),
            }),
            entry(EntryKind::Penalty {
                amount: Amount::whole(10),
                fault: "ClaimMissed".into(),
            }),
        ]);
        metrics.job_ended("Settled");
        metrics.job_ended("Computed");
        metrics.run_ended(3, 4, 2.0);
        metrics.checked(true);
        metrics.checked(false);
        metrics.checked(false);
        metrics.dispute_call("referee.judge");
        metrics.connected(&["ws://a".into(), "ws://b".into()], Some("ws://b"));
        metrics.device(1, "a GPU", 1 << 30);
        metrics.device(2, "another", 1);
        metrics.device_in_service(1);
        metrics.device_job(1, "answered");
        let text = metrics.text();
        for line in [
            "aipg_worker_units_total 30",
            "aipg_worker_device_memory_bytes{device=\"1\",name=\"a GPU\"} 1073741824",
            "aipg_worker_device_up{device=\"1\"} 1",
            "aipg_worker_device_up{device=\"2\"} 0",
            "aipg_worker_device_jobs_total{device=\"1\",outcome=\"answered\"} 1",
            "aipg_worker_device_jobs_total{device=\"1\",outcome=\"returned\"} 0",
            "aipg_worker_fees_aipg_total 1.0",
            "aipg_worker_public_jobs_total 1",
            "aipg_worker_public_fees_aipg_total 1.0",
            "aipg_worker_rewards_aipg_total 5.0",
            "aipg_worker_penalties_aipg_total 10.0",
            "aipg_worker_jobs_total{outcome=\"settled\"} 1",
            "aipg_worker_jobs_total{outcome=\"lost\"} 0",
            "aipg_worker_tokens_total{direction=\"answer\"} 4",
            "aipg_worker_results_checked_total{verdict=\"right\"} 1",
            "aipg_worker_results_checked_total{verdict=\"false\"} 2",
            "aipg_worker_dispute_calls_total{call=\"referee.judge\"} 1",
            "aipg_worker_endpoint_up{url=\"ws://a\"} 0",
            "aipg_worker_endpoint_up{url=\"ws://b\"} 1",
            "aipg_worker_seconds_per_token_sum 0.5",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
