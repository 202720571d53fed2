//! `aipg-worker auditor`: joins the auditors, leaves them, and shows how one stands.

use super::Urn;
use crate::{caller::Caller, config::Settings, keys};
use aipg_client::{audits::Auditor, calls, Amount};
use subxt::utils::AccountId32;
use thiserror::Error;

/// Why an account does not become an auditor, or stays one.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AuditorError {
    #[error("NotAuditor: {0} is no auditor; run `aipg-worker auditor join`")]
    NotAuditor(String),
    #[error("OtherKey: {0} is an auditor with another key than this machine draws by; leave, withdraw and join anew")]
    OtherKey(String),
    #[error("AuditorHasLeft: the bond can be withdrawn from block {0} on")]
    HasLeft(u32),
}

struct Member {
    caller: Caller,
    record: Option<Auditor>,
}

impl Member {
    async fn load(settings: &Settings) -> anyhow::Result<Self> {
        let caller = Caller::connect(settings).await?;
        let record = caller.client.best().await?.auditor(&caller.account).await?;
        Ok(Self { caller, record })
    }

    fn record(&self) -> Result<&Auditor, AuditorError> {
        let nobody = || AuditorError::NotAuditor(self.caller.address());
        self.record.as_ref().ok_or_else(nobody)
    }
}

/// Whether an auditor can go on with this key.
fn check(record: &Auditor, key: [u8; 32], account: &AccountId32) -> Result<(), AuditorError> {
    if let Some(block) = record.unbonds_at {
        return Err(AuditorError::HasLeft(block));
    }
    if record.key != key {
        return Err(AuditorError::OtherKey(keys::address(account)));
    }
    Ok(())
}

/// Puts the bond on hold and registers the key; raises the bond of who is there already.
pub async fn join(settings: &Settings, bond: Amount) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    let signer = member.caller.signer();
    let key = Urn::new(&member.caller.pair).key();
    match &member.record {
        None => {
            let done = signer.execute(&calls::register_auditor(key, bond)).await?;
            println!("auditor since block {}, bond {bond}", done.number);
        }
        Some(record) => {
            check(record, key, &member.caller.account)?;
            let more = Amount(bond.0.saturating_sub(record.bond.0));
            if more.0 > 0 {
                signer.execute(&calls::bond_auditor(more)).await?;
                println!("bond raised by {more} to {bond}");
            } else {
                println!("auditor already, bond {}", record.bond);
            }
        }
    }
    println!("now run       aipg-worker run: it audits what it is drawn for, and loses 5 % of the bond where it does not answer");
    Ok(())
}

/// Is drawn no more.
pub async fn leave(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    member.record()?;
    let signer = member.caller.signer();
    signer.execute(&calls::leave_auditors()).await?;
    let state = member.caller.client.best().await?;
    let record = state.auditor(&member.caller.account).await?;
    if let Some(block) = record.and_then(|record| record.unbonds_at) {
        println!("left; the bond can be withdrawn from block {block} on");
    }
    Ok(())
}

/// Takes the bond back.
pub async fn withdraw(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    let bond = member.record()?.bond;
    let signer = member.caller.signer();
    signer.execute(&calls::withdraw_auditor()).await?;
    println!("withdrawn: {bond}");
    Ok(())
}

/// Prints how an auditor stands.
pub async fn show(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    let record = member.record()?;
    println!("auditor       {}", member.caller.address());
    println!("bond          {}", record.bond);
    println!("of all bonds  {}", record.total_bond);
    println!("open audits   {}", record.open);
    match record.unbonds_at {
        Some(block) => println!("left          bond free from block {block} on"),
        None if !record.can_be_drawn => println!("drawn         never: the bond is too small"),
        None => println!("drawn         from block {} on", record.active_from),
    }
    if record.pending.0 > 0 {
        let (pending, from) = (record.pending, record.pending_from);
        println!("added last    {pending}, counts from block {from} on");
    }
    if record.key != Urn::new(&member.caller.pair).key() {
        println!("key           not this machine's");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auditor_should_go_on_only_with_its_key_and_before_it_left() {
        let account = AccountId32([7; 32]);
        let record = Auditor {
            key: [1; 32],
            bond: Amount(5),
            active_from: 0,
            pending: Amount(0),
            pending_from: 0,
            unbonds_at: None,
            open: 0,
            can_be_drawn: true,
            total_bond: Amount(5),
            expected: 2,
        };
        assert_eq!(check(&record, [1; 32], &account), Ok(()));
        let other = AuditorError::OtherKey(keys::address(&account));
        assert_eq!(check(&record, [2; 32], &account), Err(other));
        let left = Auditor {
            unbonds_at: Some(9),
            ..record
        };
        assert_eq!(
            check(&left, [1; 32], &account),
            Err(AuditorError::HasLeft(9))
        );
    }
}
