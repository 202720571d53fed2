//! `aipg-worker status`: what the chain knows of this machine.

use crate::{config::Settings, keys};
use aipg_client::Client;

/// Prints bond, reputation, offers, live jobs and unclaimed rewards.
pub async fn status(settings: &Settings) -> anyhow::Result<()> {
    let account = keys::account(&keys::load(&settings.key()?)?);
    let client = Client::connect(&settings.node).await?;
    let state = client.best().await?;
    println!("machine    {}", keys::address(&account));
    println!("block      {}", state.number());
    println!("balance    {}", state.spendable(&account).await?);
    let Some(machine) = state.machine(&account).await? else {
        println!("state      not registered");
        return Ok(());
    };
    let condition = match (machine.unbonds_at, machine.suspended, machine.online) {
        (Some(block), _, _) => format!("retired; the bond is free from block {block}"),
        (None, true, _) => "suspended".into(),
        (None, false, true) => "online".into(),
        (None, false, false) => "offline".into(),
    };
    println!("state      {condition}");
    println!("bond       {} (level {})", machine.bond, machine.level);
    println!(
        "slots      {} of {} in use",
        machine.active, machine.capacity
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
    for (model, ask) in &machine.offers {
        println!("offer      {ask} per unit of {model}");
    }
    for job in state.jobs(&account).await? {
        println!(
            "job        {} {}, due at block {}",
            job.id, job.stage, job.due
        );
    }
    for reward in state.rewards(&account).await? {
        println!(
            "reward     {} of round {} ({} ceiling)",
            reward.amount, reward.round, reward.ceiling
        );
    }
    Ok(())
}
