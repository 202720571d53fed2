//! `aipg-worker status`: how the machine stands, by the chain and by its own database.

use crate::{config::Settings, keys, local, session::clock_skew};

/// Prints node, bond, reputation, offers, live jobs, unclaimed rewards and the worker's own records.
pub async fn status(settings: &Settings) -> anyhow::Result<()> {
    let account = keys::account(&keys::load(&settings.key()?)?);
    let address = keys::address(&account);
    let folder = settings.data_dir(&address)?;
    let client = settings.endpoints().connect().await?;
    let state = client.best().await?;
    let health = client.health().await?;
    println!("machine    {address}");
    println!(
        "node       {}, {} peers, runtime {}",
        client.url(),
        health.peers,
        health.spec_version
    );
    println!(
        "block      {}, final {} ({} behind), {:.1} s old",
        state.number(),
        health.finalised,
        state.number().saturating_sub(health.finalised),
        clock_skew(state.time().await?)
    );
    println!("balance    {}", state.spendable(&account).await?);
    match state.machine(&account).await? {
        None => println!("state      not registered"),
        Some(machine) => {
            let condition = match machine.unbonds_at {
                Some(block) => format!("retired; the bond is free from block {block}"),
                None if machine.banned => "banned".into(),
                None if machine.suspended => "suspended".into(),
                None if machine.online => "online".into(),
                None => "offline".into(),
            };
            println!("state      {condition}");
            println!("bond       {} (level {})", machine.bond, machine.level);
            println!(
                "slots      {} of {} in use",
                machine.active, machine.capacity
            );
            println!(
                "at stake   {} of {} for jobs that are not final; a job may pay {}",
                machine.exposed,
                machine.most_exposed(),
                machine.largest_payout()
            );
            println!(
                "jobs       {} completed, {} failed",
                machine.completed, machine.failed
            );
            println!(
                "reputation {}.{:04} %",
                machine.reputation / 10_000,
                machine.reputation % 10_000
            );
            println!(
                "pace       {}.{:04} % of its time used, on average",
                machine.pace / 10_000,
                machine.pace % 10_000
            );
            let power = state.power(&account).await?;
            println!(
                "power      {} steps, {} of {} windows attended",
                power.power, power.attended, power.windows
            );
            for (model, ask) in &machine.offers {
                println!("offer      {ask} per unit of {model}");
            }
        }
    }
    for job in state.jobs(&account).await? {
        let public = if job.is_public { ", public" } else { "" };
        println!(
            "job        {} {}{public}, due at block {}",
            job.id, job.stage, job.due
        );
    }
    for reward in state.rewards(&account).await? {
        println!(
            "reward     {} of round {} ({} ceiling)",
            reward.amount, reward.round, reward.ceiling
        );
    }
    let Some(contents) = local::read_contents(&folder, &account).await? else {
        println!("database   none yet in {}", folder.display());
        return Ok(());
    };
    println!(
        "database   {}, {} jobs, read up to final block {}",
        folder.display(),
        contents.jobs.len(),
        contents.cursor.map_or(0, |cursor| cursor.number)
    );
    for record in contents.jobs.iter().filter(|record| record.end.is_none()) {
        let due = record.delivery.as_ref().map_or(String::new(), |delivery| {
            format!(", {} due at block {}", delivery.fee, delivery.settles_at)
        });
        println!("record     job {} {}{due}", record.job.id, record.state());
    }
    Ok(())
}
