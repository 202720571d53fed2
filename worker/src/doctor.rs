//! `aipg-worker doctor`: everything that a working machine needs, checked one by one.

use crate::{
    config::{MetricsAddress, Settings},
    devices::{self, DevicesError, Selection},
    journal::LEAST_FREE,
    keys,
    memory::Room,
    models,
    session::{clock_skew, SKEW_SLOTS},
    store::{Store, StoreError, FILE_NAME},
};
use aipg_client::{Amount, Client, State};
use std::{
    fmt, fs,
    net::TcpListener,
    path::{Path, PathBuf},
};
use subxt::utils::AccountId32;
use thiserror::Error;

/// What calls cost a working machine for a while; less is worth a warning.
const FEE_RESERVE: Amount = Amount::whole(1);

/// Some check failed.
#[derive(Debug, Error)]
#[error("{0} of the checks failed")]
pub struct NotWell(usize);

/// How a check ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Ok(String),
    /// It works, but not for long or not well.
    Warn {
        what: String,
        advice: String,
    },
    Fail {
        what: String,
        advice: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok(what) => write!(formatter, "ok    {what}"),
            Self::Warn { what, advice } => write!(formatter, "warn  {what}: {advice}"),
            Self::Fail { what, advice } => write!(formatter, "fail  {what}: {advice}"),
        }
    }
}

fn ok(what: impl Into<String>) -> Verdict {
    Verdict::Ok(what.into())
}

fn warn(what: impl Into<String>, advice: impl Into<String>) -> Verdict {
    Verdict::Warn {
        what: what.into(),
        advice: advice.into(),
    }
}

fn fail(what: impl Into<String>, advice: impl Into<String>) -> Verdict {
    Verdict::Fail {
        what: what.into(),
        advice: advice.into(),
    }
}

/// The checks as they are printed.
#[derive(Default)]
struct Examination {
    failed: usize,
}

impl Examination {
    fn note(&mut self, verdict: Verdict) {
        println!("{verdict}");
        self.failed += usize::from(matches!(verdict, Verdict::Fail { .. }));
    }
}

/// Checks everything; an error when a check failed.
pub async fn doctor(settings: &Settings) -> anyhow::Result<()> {
    let mut examination = Examination::default();
    let account = match settings.key().map(|source| keys::load(&source)) {
        Ok(Ok(pair)) => {
            let account = keys::account(&pair);
            examination.note(ok(format!("key of {}", keys::address(&account))));
            Some(account)
        }
        Ok(Err(error)) => {
            examination.note(fail("key", error.to_string()));
            None
        }
        Err(error) => {
            examination.note(fail("key", error.to_string()));
            None
        }
    };
    if let Some(account) = &account {
        match settings.data_dir(&keys::address(account)) {
            Ok(folder) => {
                examination.note(check_database(&folder, account));
                examination.note(check_space(&folder));
            }
            Err(error) => examination.note(fail("data directory", error.to_string())),
        }
    }
    examination.note(check_metrics(settings));
    let choice = settings.devices.clone();
    let found = tokio::task::spawn_blocking(move || devices::find(&choice)).await?;
    for verdict in judge_devices(found) {
        examination.note(verdict);
    }
    let served = settings.models.clone();
    let default_ask = settings.ask;
    let room = Room::of(settings);
    let loading = tokio::task::spawn_blocking(move || models::load(&served, default_ask, room));
    let models = match loading.await? {
        Ok(models) if models.is_empty() => {
            examination.note(fail("models", "none given; name one with --model FILE"));
            None
        }
        Ok(models) => {
            examination.note(ok(format!(
                "{} model files load and are intact",
                models.len()
            )));
            Some(models)
        }
        Err(error) => {
            examination.note(fail("models", error.to_string()));
            None
        }
    };
    let client = check_nodes(settings, &mut examination).await;
    if let Some(client) = client {
        let state = client.best().await?;
        examination.note(check_clock(&client, &state).await?);
        if let Some(models) = &models {
            examination.note(match models::asks(models, &state).await {
                Ok(_) => ok("the chain knows the models and the asks are not under their floors"),
                Err(error) => fail("models on the chain", error.to_string()),
            });
        }
        if let Some(account) = &account {
            check_machine(&state, account, models.as_ref(), &mut examination).await?;
        }
    }
    match examination.failed {
        0 => Ok(()),
        failed => Err(NotWell(failed).into()),
    }
}

fn check_database(folder: &Path, account: &AccountId32) -> Verdict {
    let path = folder.join(FILE_NAME);
    if !path.exists() {
        return match writable(folder) {
            Ok(()) => ok(format!(
                "database: none yet, {} can be written",
                folder.display()
            )),
            Err(error) => fail(
                format!("data directory {}", folder.display()),
                format!("{error}; make it writable or choose another --data-dir"),
            ),
        };
    }
    match Store::open(folder, account).and_then(|mut store| store.check_integrity()) {
        Ok(()) => ok(format!("database {} is intact", path.display())),
        Err(StoreError::Locked(_)) => ok("database is in use by a running worker"),
        Err(error) => fail("database", error.to_string()),
    }
}

/// Whether a file can be written in `folder`, or where it would be made.
fn writable(folder: &Path) -> std::io::Result<()> {
    let existing = existing_ancestor(folder);
    let probe = existing.join(".aipg-worker-probe");
    fs::write(&probe, b"probe")?;
    fs::remove_file(probe)
}

fn existing_ancestor(folder: &Path) -> PathBuf {
    folder
        .ancestors()
        .find(|path| path.is_dir())
        .unwrap_or(Path::new("."))
        .to_owned()
}

fn check_space(folder: &Path) -> Verdict {
    match fs4::available_space(existing_ancestor(folder)) {
        Ok(free) => judge_space(free),
        Err(error) => warn("disk space", format!("cannot be read: {error}")),
    }
}

fn judge_space(free: u64) -> Verdict {
    let what = format!("disk space: {} MiB free", free / (1024 * 1024));
    if free < LEAST_FREE {
        return fail(what, "a worker takes no new job like this; make room");
    }
    if free < LEAST_FREE.saturating_mul(16) {
        return warn(what, "make room soon");
    }
    ok(what)
}

fn check_metrics(settings: &Settings) -> Verdict {
    let address = match settings.metrics_address {
        Some(MetricsAddress::Off) => return ok("metrics are off"),
        Some(MetricsAddress::At(address)) => address,
        None => MetricsAddress::DEFAULT,
    };
    match TcpListener::bind(address) {
        Ok(_) => ok(format!("metrics: {address} is free")),
        Err(error) => warn(
            format!("metrics: {address} cannot be used ({error})"),
            "fine if this worker is running; else choose another --metrics-address",
        ),
    }
}

fn judge_devices(found: Result<Selection, DevicesError>) -> Vec<Verdict> {
    match found {
        Ok(Selection { gpus, .. }) if !gpus.is_empty() => {
            gpus.iter().map(|gpu| ok(gpu.to_string())).collect()
        }
        Ok(Selection {
            absence: Some(absence),
            ..
        }) => vec![ok(format!(
            "devices: the processor; no GPU because {absence}"
        ))],
        Ok(_) => vec![ok("devices: the processor, as the settings say")],
        Err(error) => {
            let advice = format!("{error}; correct `devices`, or leave it out");
            vec![fail("devices", advice)]
        }
    }
}

/// Looks at every node; returns a usable one.
async fn check_nodes(settings: &Settings, examination: &mut Examination) -> Option<Client> {
    let mut usable = None;
    for url in &settings.node {
        let (verdict, client) = check_node(url).await;
        examination.note(verdict);
        usable = usable.or(client);
    }
    usable
}

async fn check_node(url: &str) -> (Verdict, Option<Client>) {
    let what = format!("node {url}");
    let client = match Client::connect(url).await {
        Ok(client) => client,
        Err(error) => {
            let advice = format!("{error}; start the node or correct the address");
            return (fail(what, advice), None);
        }
    };
    let health = match client.health().await {
        Ok(health) => health,
        Err(error) => return (fail(what, error.to_string()), None),
    };
    if health.is_syncing {
        let advice = format!(
            "it is syncing (block {}, {} peers); wait until it has caught up",
            health.best, health.peers
        );
        return (fail(what, advice), None);
    }
    match client.is_runtime_known().await {
        Ok(true) => {}
        Ok(false) => {
            let advice = format!(
                "its runtime {} is not the one this program was built for; update the older of the two",
                health.spec_version
            );
            return (warn(what, advice), Some(client));
        }
        Err(error) => return (fail(what, error.to_string()), None),
    }
    let what = format!(
        "{what}: block {}, final {}, {} peers, runtime {}",
        health.best, health.finalised, health.peers, health.spec_version
    );
    (ok(what), Some(client))
}

async fn check_clock(client: &Client, state: &State) -> anyhow::Result<Verdict> {
    let skew = clock_skew(state.time().await?);
    Ok(judge_clock(skew, client.block_time().as_secs_f64()))
}

fn judge_clock(skew: f64, slot: f64) -> Verdict {
    let what = format!("clock: the newest block is {skew:.1} s old");
    match skew.abs() > SKEW_SLOTS * slot {
        true => warn(
            what,
            "set the clock by NTP, or the chain makes no blocks; nothing is decided by the clock",
        ),
        false => ok(what),
    }
}

async fn check_machine(
    state: &State,
    account: &AccountId32,
    models: Option<&models::Models>,
    examination: &mut Examination,
) -> anyhow::Result<()> {
    examination.note(judge_balance(state.spendable(account).await?));
    let Some(machine) = state.machine(account).await? else {
        let advice = "run `aipg-worker register`";
        examination.note(fail("machine: not registered", advice));
        return Ok(());
    };
    if machine.unbonds_at.is_some() {
        examination.note(fail("machine: retired", "register another key"));
        return Ok(());
    }
    if machine.banned {
        let advice =
            "a result of it was false: retire it and find out why before another key works";
        examination.note(fail("machine: banned", advice));
        return Ok(());
    }
    if machine.suspended {
        let advice = "find out why jobs failed, then ask governance to reinstate it";
        examination.note(fail("machine: suspended", advice));
    }
    let minimum = state.minimum_bond()?;
    examination.note(judge_bond(machine.bond, minimum));
    let offers = |root| machine.offers.iter().any(|(offered, _)| *offered == root);
    for root in models.into_iter().flat_map(|models| models.keys()) {
        if !offers(*root) {
            let what = format!("offer of model {root}: none");
            examination.note(warn(what, "run `aipg-worker register`"));
        }
    }
    examination.note(match machine.online {
        true => ok("machine: registered and online"),
        false => warn(
            "machine: registered, offline",
            "fine if no worker runs; `aipg-worker run` goes online",
        ),
    });
    Ok(())
}

fn judge_balance(spendable: Amount) -> Verdict {
    let what = format!("balance: {spendable}");
    match spendable {
        Amount(0) => fail(what, "calls cost fees; send AIPG to the machine's address"),
        some if some < FEE_RESERVE => warn(what, "send AIPG for the fees of calls"),
        _ => ok(what),
    }
}

fn judge_bond(bond: Amount, minimum: Amount) -> Verdict {
    let what = format!("bond: {bond}, at least {minimum} is needed");
    // A missed job costs a twentieth.
    let after_a_penalty = bond.0.saturating_sub(bond.0 / 20);
    if bond < minimum {
        return fail(what, "raise `bond` and run `aipg-worker register --top-up`");
    }
    if after_a_penalty < minimum.0 {
        let advice = "one missed job takes the machine offline; `aipg-worker register --top-up`";
        return warn(what, advice);
    }
    ok(what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_cuda::driver::Absence;

    fn level(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Ok(_) => "ok",
            Verdict::Warn { .. } => "warn",
            Verdict::Fail { .. } => "fail",
        }
    }

    #[test]
    fn bond_should_fail_under_the_minimum_and_warn_when_one_penalty_is_too_much() {
        let judge = |bond| level(&judge_bond(Amount::whole(bond), Amount::whole(100)));
        assert_eq!(
            [judge(99), judge(100), judge(105)],
            ["fail", "warn", "warn"]
        );
        assert_eq!([judge(106), judge(200)], ["ok", "ok"]);
    }

    #[test]
    fn balance_should_fail_when_empty_and_warn_when_small() {
        let judge = |amount| level(&judge_balance(Amount(amount)));
        assert_eq!(judge(0), "fail");
        assert_eq!(judge(1), "warn");
        assert_eq!(judge(Amount::whole(1).0), "ok");
    }

    #[test]
    fn clock_should_warn_beyond_three_slots_in_either_direction() {
        let judge = |skew| level(&judge_clock(skew, 2.0));
        assert_eq!([judge(0.5), judge(5.9), judge(-5.9)], ["ok"; 3]);
        assert_eq!([judge(6.1), judge(-6.1)], ["warn"; 2]);
    }

    #[test]
    fn devices_should_be_told_one_by_one_and_fail_when_the_settings_name_others() {
        let absence = Some(Absence::NoDriver);
        let none = Selection {
            absence,
            ..Selection::default()
        };
        let lines = judge_devices(Ok(none));
        assert_eq!(lines.iter().map(level).collect::<Vec<_>>(), ["ok"]);
        assert!(
            lines[0].to_string().contains("NoCudaDriver"),
            "{}",
            lines[0]
        );
        let by_choice = judge_devices(Ok(Selection::default()));
        assert!(by_choice[0].to_string().ends_with("as the settings say"));
        let unusable = DevicesError::Unusable(Absence::NoDriver);
        let lines = judge_devices(Err(unusable));
        assert_eq!(lines.iter().map(level).collect::<Vec<_>>(), ["fail"]);
        assert!(lines[0].to_string().contains("DevicesUnusable: "));
    }

    #[test]
    fn space_should_fail_when_a_worker_would_take_no_jobs() {
        let judge = |free| level(&judge_space(free));
        assert_eq!(judge(LEAST_FREE - 1), "fail");
        assert_eq!(judge(LEAST_FREE), "warn");
        assert_eq!(judge(LEAST_FREE * 16), "ok");
    }

    #[test]
    fn database_should_fail_when_it_is_damaged_or_its_folder_cannot_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let account = AccountId32([1; 32]);
        assert_eq!(level(&check_database(folder.path(), &account)), "ok");
        fs::write(folder.path().join(FILE_NAME), "no database").unwrap();
        assert_eq!(level(&check_database(folder.path(), &account)), "fail");
    }
}
