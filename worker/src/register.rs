//! `aipg-worker register`: makes the chain's record of this machine what the settings say.

use crate::{config::Settings, keys, memory::Room, models, session, verified::Verified};
use aipg_client::{calls, Amount, Client, Hash, Inclusion, Machine, Signer};
use subxt::utils::AccountId32;
use thiserror::Error;

/// What registration pays beside the bond: the calls' own fees, with a margin.
const FEE_MARGIN: Amount = Amount::whole(1);

/// Why a machine is not registered.
#[derive(Debug, Error)]
pub enum RegisterError {
    #[error("InsufficientBalance: {address} can spend {have} but needs {need}: the bond, the registration fee and about {FEE_MARGIN} for calls")]
    InsufficientBalance {
        address: String,
        have: Amount,
        need: Amount,
    },
    #[error("BondTooSmall: a machine needs a bond of at least {minimum}, the settings say {bond}")]
    BondTooSmall { bond: Amount, minimum: Amount },
}

/// Registers, offers and goes online; skips what the chain has already.
pub async fn register(settings: &Settings, top_up: bool) -> anyhow::Result<()> {
    let pair = keys::load(&settings.key()?)?;
    let account = keys::account(&pair);
    let served = settings.served_models()?.to_vec();
    let default_ask = settings.ask;
    let room = Room::without_runs(settings);
    let folder = settings.data_dir(&keys::address(&account))?;
    let mut verified = Verified::open(&folder, settings.verify);
    let loading = tokio::task::spawn_blocking(move || {
        models::load_known(&served, default_ask, room, &mut verified)
    });
    let models = loading.await??;

    let client = settings.endpoints().connect().await?;
    let signer = Signer::new(&client, &pair);
    let state = client.best().await?;
    println!("machine      {}", keys::address(&account));
    println!("balance      {}", state.spendable(&account).await?);
    // Before any money moves: a model that the chain does not know would leave a bonded machine
    // without an offer.
    let asks = models::asks(&models, &state).await?;

    let machine = match state.machine(&account).await? {
        Some(machine) => {
            session::check(&machine)?;
            println!("registration there already, bond {}", machine.bond);
            adjust(settings, top_up, &machine, &signer).await?;
            machine
        }
        None => {
            let (minimum, fee) = (state.minimum_bond()?, state.registration_fee()?);
            let have = state.spendable(&account).await?;
            check_means(&account, have, settings.bond, minimum, fee)?;
            let call = calls::register(settings.bond, settings.capacity, settings.region);
            let done = signer.execute(&call).await?;
            println!("registration {}, bond {}", place(&done), settings.bond);
            reload(&client, &account).await?
        }
    };
    for (root, ask) in asks {
        offer(&machine, root, ask, &signer).await?;
    }
    if machine.online {
        println!("online       already");
    } else {
        println!(
            "online       {}",
            place(&signer.execute(&calls::go_online()).await?)
        );
    }
    println!(
        "now run      aipg-worker run (a machine that is online and does not answer loses bond)"
    );
    Ok(())
}

/// Raises the bond if asked to, and tells what cannot be changed.
async fn adjust(
    settings: &Settings,
    top_up: bool,
    machine: &Machine,
    signer: &Signer<'_>,
) -> anyhow::Result<()> {
    let missing = Amount(settings.bond.0.saturating_sub(machine.bond.0));
    if missing > Amount(0) {
        if top_up {
            println!(
                "bond         + {missing}, {}",
                place(&signer.execute(&calls::bond_more(missing)).await?)
            );
        } else {
            println!("bond         {missing} less than in the settings; --top-up adds it");
        }
    }
    for difference in fixed_differences(settings, machine) {
        println!("note         {difference}");
    }
    Ok(())
}

/// What the settings want otherwise than it was registered.
fn fixed_differences(settings: &Settings, machine: &Machine) -> Vec<String> {
    let mut differences = Vec::new();
    if settings.capacity != machine.capacity {
        differences.push(format!(
            "registered with capacity {}, not {}; it is fixed by the registration",
            machine.capacity, settings.capacity
        ));
    }
    if settings.region != machine.region {
        differences.push(format!(
            "registered in region {:?}, not {:?}; it is fixed by the registration",
            machine.region, settings.region
        ));
    }
    differences
}

async fn offer(
    machine: &Machine,
    root: Hash,
    ask: Amount,
    signer: &Signer<'_>,
) -> anyhow::Result<()> {
    let there = machine.offers.iter().find(|(offered, _)| *offered == root);
    if there.is_some_and(|(_, offered)| *offered == ask) {
        println!("offer        there already, {ask} per unit of {root}");
    } else {
        let done = signer.execute(&calls::set_offer(root, ask)).await?;
        println!("offer        {}, {ask} per unit of {root}", place(&done));
    }
    Ok(())
}

/// Whether the bond is enough and the account can pay everything.
fn check_means(
    account: &AccountId32,
    have: Amount,
    bond: Amount,
    minimum: Amount,
    fee: Amount,
) -> Result<(), RegisterError> {
    if bond < minimum {
        return Err(RegisterError::BondTooSmall { bond, minimum });
    }
    let need = Amount(bond.0.saturating_add(fee.0).saturating_add(FEE_MARGIN.0));
    if have < need {
        let address = keys::address(account);
        return Err(RegisterError::InsufficientBalance {
            address,
            have,
            need,
        });
    }
    Ok(())
}

/// The record that a registration made.
async fn reload(client: &Client, account: &AccountId32) -> anyhow::Result<Machine> {
    client.best().await?.machine(account).await?.ok_or_else(|| {
        anyhow::anyhow!(
            "the best block does not hold the registration any more; run register again"
        )
    })
}

fn place(inclusion: &Inclusion) -> String {
    format!("done in block {}", inclusion.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(have: u64, bond: u64) -> Result<(), RegisterError> {
        let account = AccountId32([1; 32]);
        check_means(
            &account,
            Amount::whole(have),
            Amount::whole(bond),
            Amount::whole(100),
            Amount::whole(100),
        )
    }

    #[test]
    fn means_should_suffice_when_bond_fee_and_margin_are_covered() {
        assert!(means(201, 100).is_ok());
    }

    #[test]
    fn means_should_be_refused_when_the_balance_is_short() {
        match means(200, 100) {
            Err(RegisterError::InsufficientBalance { have, need, .. }) => {
                assert_eq!((have, need), (Amount::whole(200), Amount::whole(201)));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn means_should_be_refused_when_the_bond_is_under_the_minimum() {
        assert!(matches!(
            means(1_000, 99),
            Err(RegisterError::BondTooSmall { .. })
        ));
    }
}
