//! `aipg-worker earnings`: the books by day, round or job, and what is still to come.

use crate::{
    config::Settings,
    jobs::{End, Record},
    keys, local,
    store::{Contents, Entry, EntryKind},
};
use aipg_client::{Amount, ChainError, Endpoints};
use serde::Serialize;
use std::collections::BTreeMap;
use subxt::utils::AccountId32;
use time::OffsetDateTime;

/// What a line of the table adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Period {
    /// A day by Universal Time.
    Day,
    /// A round of useful work.
    Round,
    /// A job; rewards and penalties, which belong to no job, follow under their round.
    Job,
}

/// Sums of one line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    pub jobs: u64,
    pub units: u64,
    pub fees: Amount,
    /// Of the jobs, those that the chain itself has asked for.
    pub public_jobs: u64,
    /// Their part of the fees.
    pub public_fees: Amount,
    pub rewards: Amount,
    pub penalties: Amount,
}

impl Line {
    fn add(&mut self, kind: &EntryKind) {
        let sum = |one: &mut Amount, other: &Amount| one.0 = one.0.saturating_add(other.0);
        match kind {
            EntryKind::Fee {
                units,
                amount,
                is_public,
                ..
            } => {
                self.jobs += 1;
                self.units = self.units.saturating_add(*units);
                sum(&mut self.fees, amount);
                if *is_public {
                    self.public_jobs += 1;
                    sum(&mut self.public_fees, amount);
                }
            }
            EntryKind::Reward { amount, .. } => sum(&mut self.rewards, amount),
            EntryKind::Penalty { amount, .. } => sum(&mut self.penalties, amount),
        }
    }
}

/// What is earned and not received yet.
#[derive(Debug, Default, Serialize)]
struct Pending {
    /// Delivered jobs whose challenge window is open: number, fee before the split, block.
    fees: Vec<PendingFee>,
    /// Rewards of closed rounds.
    rewards: Vec<PendingReward>,
    /// Jobs that ended in blocks which could not be read; what they brought is in the balance, and in
    /// the books as soon as a node proves their receipts.
    unseen: Vec<u64>,
}

#[derive(Debug, Serialize)]
struct PendingFee {
    job: u64,
    fee: Amount,
    settles_at: u32,
}

#[derive(Debug, Serialize)]
struct PendingReward {
    round: u32,
    amount: Amount,
    ceiling: &'static str,
}

#[derive(Serialize)]
struct JobLine<'a> {
    job: u64,
    state: &'a str,
    losses: &'a [String],
}

#[derive(Serialize)]
struct Report<'a> {
    account: &'a str,
    final_block: Option<u32>,
    total: Line,
    lines: BTreeMap<String, Line>,
    pending: Pending,
    /// Why the chain could not be asked for unclaimed rewards.
    node_error: Option<String>,
    entries: &'a [Entry],
    jobs: Vec<JobLine<'a>>,
}

/// Prints what the machine earned.
pub async fn earnings(settings: &Settings, by: Period, json: bool) -> anyhow::Result<()> {
    let account = keys::account(&keys::load(&settings.key()?)?);
    let address = keys::address(&account);
    let folder = settings.data_dir(&address)?;
    let contents = local::read_contents(&folder, &account)
        .await?
        .unwrap_or_else(|| Contents {
            account: address,
            ..Contents::default()
        });
    let mut pending = Pending {
        fees: pending_fees(&contents),
        unseen: unseen_jobs(&contents),
        ..Pending::default()
    };
    let node_error = match unclaimed(settings.endpoints(), &account).await {
        Ok(rewards) => {
            pending.rewards = rewards;
            None
        }
        // The books are worth reading without a node.
        Err(error) => Some(error.to_string()),
    };
    let lines = lines(&contents.entries, by);
    let mut total = Line::default();
    for entry in &contents.entries {
        total.add(&entry.kind);
    }
    if json {
        let jobs = contents.jobs.iter().map(|record| JobLine {
            job: record.job.id,
            state: record.state(),
            losses: &record.losses,
        });
        let report = Report {
            account: &contents.account,
            final_block: contents.cursor.map(|cursor| cursor.number),
            total,
            lines: lines
                .into_iter()
                .map(|(key, line)| (key.text(), line))
                .collect(),
            pending,
            node_error,
            entries: &contents.entries,
            jobs: jobs.collect(),
        };
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    print_table(&lines, &total, by);
    if total.public_jobs > 0 {
        println!(
            "of this, public jobs of the chain: {} with {} of fees",
            total.public_jobs, total.public_fees
        );
    }
    print_pending(&pending, node_error.as_deref());
    Ok(())
}

/// What a line is about; in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Day(String),
    Job(u64),
    Round(u32),
}

impl Key {
    fn of(entry: &Entry, by: Period) -> Self {
        match (by, &entry.kind) {
            (Period::Day, _) => Self::Day(day(entry.time)),
            (Period::Job, EntryKind::Fee { job, .. }) => Self::Job(*job),
            (Period::Job | Period::Round, _) => Self::Round(entry.round),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Day(day) => day.clone(),
            Self::Job(job) => format!("job {job}"),
            Self::Round(round) => format!("round {round}"),
        }
    }
}

/// The date of a time in milliseconds since 1970.
fn day(time: u64) -> String {
    i64::try_from(time / 1_000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map_or_else(|| "unknown".into(), |moment| moment.date().to_string())
}

fn lines(entries: &[Entry], by: Period) -> BTreeMap<Key, Line> {
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for entry in entries {
        let line = lines.entry(Key::of(entry, by)).or_default();
        line.add(&entry.kind);
    }
    lines
}

fn pending_fees(contents: &Contents) -> Vec<PendingFee> {
    let open = contents.jobs.iter().filter(|record| record.end.is_none());
    let fees = open.filter_map(|record| {
        let delivery = record.delivery.as_ref()?;
        Some(PendingFee {
            job: record.job.id,
            fee: delivery.fee,
            settles_at: delivery.settles_at,
        })
    });
    fees.collect()
}

fn unseen_jobs(contents: &Contents) -> Vec<u64> {
    let is_unseen = |record: &&Record| record.end == Some(End::Unseen);
    let unseen = contents.jobs.iter().filter(is_unseen);
    unseen.map(|record| record.job.id).collect()
}

async fn unclaimed(
    mut endpoints: Endpoints,
    account: &AccountId32,
) -> Result<Vec<PendingReward>, ChainError> {
    let state = endpoints.connect().await?.best().await?;
    let rewards = state
        .rewards(account)
        .await?
        .into_iter()
        .map(|reward| PendingReward {
            round: reward.round,
            amount: reward.amount,
            ceiling: reward.ceiling,
        });
    Ok(rewards.collect())
}

fn print_table(lines: &BTreeMap<Key, Line>, total: &Line, by: Period) {
    let title = match by {
        Period::Day => "day",
        Period::Round => "round",
        Period::Job => "job",
    };
    let mut rows =
        vec![[title, "jobs", "units", "fees", "rewards", "penalties"].map(str::to_owned)];
    let row = |name: String, line: &Line| {
        [
            name,
            line.jobs.to_string(),
            line.units.to_string(),
            line.fees.to_string(),
            line.rewards.to_string(),
            line.penalties.to_string(),
        ]
    };
    rows.extend(lines.iter().map(|(key, line)| row(key.text(), line)));
    rows.push(row("total".into(), total));
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.len().max(*width);
        }
    }
    for [name, numbers @ ..] in &rows {
        let [first, others @ ..] = widths;
        let cells = numbers.iter().zip(others);
        let cells: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:>width$}"))
            .collect();
        println!("{name:<first$}  {}", cells.join("  "));
    }
}

fn print_pending(pending: &Pending, node_error: Option<&str>) {
    for fee in &pending.fees {
        println!(
            "to come: job {}, fee {} before the split, at block {}",
            fee.job, fee.fee, fee.settles_at
        );
    }
    for reward in &pending.rewards {
        println!(
            "to come: reward {} of round {} ({} ceiling)",
            reward.amount, reward.round, reward.ceiling
        );
    }
    for job in &pending.unseen {
        println!("not in the books yet: job {job}; a running worker asks nodes for its receipt");
    }
    if let Some(error) = node_error {
        println!("unclaimed rewards are not shown: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(block: u32, time: u64, round: u32, kind: EntryKind) -> Entry {
        Entry {
            block,
            index: 0,
            time,
            round,
            kind,
        }
    }

    fn fee(job: u64, amount: u64) -> EntryKind {
        EntryKind::Fee {
            job,
            units: 10,
            fee: Amount::whole(amount + 1),
            amount: Amount::whole(amount),
            // Every other job is a public one.
            is_public: job.is_multiple_of(2),
        }
    }

    #[test]
    fn lines_should_add_up_by_day_round_and_job() {
        let reward = EntryKind::Reward {
            amount: Amount::whole(5),
            ceiling: "fee".into(),
        };
        let penalty = EntryKind::Penalty {
            amount: Amount::whole(2),
            fault: "ClaimMissed".into(),
        };
        // The last millisecond of a day and the first of the next.
        let (late, early) = (1_763_596_799_999, 1_763_596_800_000);
        let entries = [
            entry(10, late, 1, fee(7, 3)),
            entry(12, late, 1, penalty),
            entry(25, early, 2, fee(8, 4)),
            entry(31, early, 2, reward),
        ];
        let text = |by| -> Vec<(String, Line)> {
            let lines = lines(&entries, by).into_iter();
            lines.map(|(key, line)| (key.text(), line)).collect()
        };
        let line = |jobs, fees, rewards, penalties| Line {
            jobs,
            units: jobs * 10,
            fees: Amount::whole(fees),
            public_jobs: u64::from(fees == 4),
            public_fees: Amount::whole(if fees == 4 { 4 } else { 0 }),
            rewards: Amount::whole(rewards),
            penalties: Amount::whole(penalties),
        };
        assert_eq!(
            text(Period::Day),
            [
                ("2025-11-19".into(), line(1, 3, 0, 2)),
                ("2025-11-20".into(), line(1, 4, 5, 0)),
            ]
        );
        assert_eq!(
            text(Period::Round),
            [
                ("round 1".into(), line(1, 3, 0, 2)),
                ("round 2".into(), line(1, 4, 5, 0)),
            ]
        );
        assert_eq!(
            text(Period::Job),
            [
                ("job 7".into(), line(1, 3, 0, 0)),
                ("job 8".into(), line(1, 4, 0, 0)),
                ("round 1".into(), line(0, 0, 0, 2)),
                ("round 2".into(), line(0, 0, 5, 0)),
            ]
        );
    }
}
