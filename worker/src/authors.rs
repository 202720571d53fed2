//! `aipg-worker author`: has the node author blocks for the machine's account, and shows how it stands.

use crate::{caller::Caller, config::Settings};
use aipg_client::{
    authors::{Author, AuthorState},
    calls, Amount, ChainError,
};
use thiserror::Error;

/// Why an account does not become an author, or stays one.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AuthorError {
    #[error("NotCandidate: {0} is no candidate; run `aipg-worker author join`")]
    NotCandidate(String),
    #[error("AuthorHasLeft: the bond can be withdrawn from block {0} on")]
    HasLeft(u32),
    #[error("AuthorExpelled: this account has authored two blocks for one slot, or voted twice, and never authors again")]
    Expelled,
    #[error("NoKeysMade: the node at {url} makes no session keys for this program ({reason}); run it beside the node, which has to be started with --validator")]
    NoKeysMade { url: String, reason: String },
}

struct Member {
    caller: Caller,
    record: Option<Author>,
}

impl Member {
    async fn load(settings: &Settings) -> anyhow::Result<Self> {
        let caller = Caller::connect(settings).await?;
        let record = caller.client.best().await?.author(&caller.account).await?;
        Ok(Self { caller, record })
    }

    /// What is known of the account as an author.
    fn record(&self) -> Result<&Author, AuthorError> {
        let nobody = || AuthorError::NotCandidate(self.caller.address());
        self.record.as_ref().ok_or_else(nobody)
    }

    /// Registers keys that the node has, and has it make them if it has none.
    async fn register_keys(&self) -> anyhow::Result<()> {
        let Caller {
            client, account, ..
        } = &self.caller;
        let refused = |error: ChainError| match error {
            ChainError::Node(reason) => AuthorError::NoKeysMade {
                url: client.url().to_owned(),
                reason,
            }
            .into(),
            other => anyhow::Error::from(other),
        };
        let registered = client.best().await?.session_keys(account).await?;
        if let Some(keys) = registered {
            if client.has_session_keys(keys).await.map_err(refused)? {
                println!("session keys  registered already, and the node has them");
                return Ok(());
            }
        }
        let made = client.make_session_keys(account).await;
        let (keys, proof) = made.map_err(refused)??;
        self.caller
            .signer()
            .execute(&calls::set_session_keys(keys, proof))
            .await?;
        println!("session keys  made by the node, and registered");
        Ok(())
    }
}

/// What a candidacy still needs.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Join,
    Raise(Amount),
    Nothing,
}

/// What is to be done for a bond of so much.
fn step(record: Option<&Author>, bond: Amount) -> Result<Step, AuthorError> {
    let Some(record) = record else {
        return Ok(Step::Join);
    };
    match record.state {
        None => Ok(Step::Join),
        Some(AuthorState::Expelled) => Err(AuthorError::Expelled),
        Some(AuthorState::Leaving) => {
            Err(AuthorError::HasLeft(record.unbonds_at.unwrap_or_default()))
        }
        Some(AuthorState::Standing | AuthorState::Resting) => {
            match Amount(bond.0.saturating_sub(record.bond.0)) {
                Amount(0) => Ok(Step::Nothing),
                more => Ok(Step::Raise(more)),
            }
        }
    }
}

/// Registers session keys, puts the bond on hold and is drawn from then on; raises the bond of who is there
/// already, and stands again for who was absent.
pub async fn join(settings: &Settings, bond: Amount) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    let next = step(member.record.as_ref(), bond)?;
    member.register_keys().await?;
    let signer = member.caller.signer();
    match next {
        Step::Join => {
            let done = signer.execute(&calls::join_authors(bond)).await?;
            println!("candidate     since block {}, bond {bond}", done.number);
        }
        Step::Raise(more) => {
            signer.execute(&calls::bond_author(more)).await?;
            println!("bond          raised by {more} to {bond}");
        }
        Step::Nothing => println!("candidate     already"),
    }
    let resting = |record: &Author| record.state == Some(AuthorState::Resting);
    if member.record.as_ref().is_some_and(resting) {
        signer.execute(&calls::stand_as_author()).await?;
        println!("candidate     drawn again");
    }
    println!("keep the node running: a seat that authors nothing for an era is lost");
    Ok(())
}

/// Is drawn again after an absence.
pub async fn stand(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    member.record()?;
    member
        .caller
        .signer()
        .execute(&calls::stand_as_author())
        .await?;
    println!("drawn again");
    Ok(())
}

/// Is drawn no more.
pub async fn leave(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    member.record()?;
    member
        .caller
        .signer()
        .execute(&calls::leave_authors())
        .await?;
    let record = member
        .caller
        .client
        .best()
        .await?
        .author(&member.caller.account)
        .await?;
    if let Some(block) = record.and_then(|record| record.unbonds_at) {
        println!("left; the bond can be withdrawn from block {block} on");
    }
    Ok(())
}

/// Takes the bond back.
pub async fn withdraw(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    let bond = member.record()?.bond;
    member
        .caller
        .signer()
        .execute(&calls::withdraw_author())
        .await?;
    println!("withdrawn: {bond}");
    Ok(())
}

/// Prints how an author stands.
pub async fn show(settings: &Settings) -> anyhow::Result<()> {
    let member = Member::load(settings).await?;
    let record = member.record()?;
    println!("author        {}", member.caller.address());
    println!(
        "seat          {}",
        if record.has_seat { "yes" } else { "no" }
    );
    println!("bond          {}", record.bond);
    println!("credit        {}", record.credit);
    match record.state {
        None => println!("drawn         never: no bond; the seat is of the genesis"),
        Some(AuthorState::Standing) => println!(
            "drawn         each era, with {}.{:04} % of all weights",
            record.weight_share / 10_000,
            record.weight_share % 10_000
        ),
        Some(AuthorState::Resting) => {
            println!("drawn         not until `aipg-worker author stand`: it was absent")
        }
        Some(AuthorState::Leaving) => println!("drawn         never: it has left"),
        Some(AuthorState::Expelled) => println!("drawn         never: it was expelled"),
    }
    if let Some(block) = record.unbonds_at {
        println!("bond free     from block {block} on, once there is no seat");
    }
    match member
        .caller
        .client
        .best()
        .await?
        .session_keys(&member.caller.account)
        .await?
    {
        None => println!("session keys  none"),
        Some(keys) => match member.caller.client.has_session_keys(keys).await {
            Ok(true) => println!("session keys  the node has them"),
            Ok(false) => println!("session keys  NOT those of this node: it cannot author"),
            Err(_) => {
                println!("session keys  registered; this node does not say whether it has them")
            }
        },
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(state: Option<AuthorState>) -> Author {
        Author {
            has_seat: false,
            state,
            bond: Amount(5),
            credit: Amount(0),
            weight_share: 0,
            unbonds_at: Some(9),
        }
    }

    #[test]
    fn step_should_be_what_a_candidacy_still_needs() {
        let after = |state, bond| step(Some(&author(state)), Amount(bond));
        assert_eq!(step(None, Amount(5)), Ok(Step::Join));
        // An author of the genesis has no bond.
        assert_eq!(after(None, 5), Ok(Step::Join));
        for state in [AuthorState::Standing, AuthorState::Resting] {
            assert_eq!(after(Some(state), 5), Ok(Step::Nothing));
            assert_eq!(after(Some(state), 4), Ok(Step::Nothing));
            assert_eq!(after(Some(state), 7), Ok(Step::Raise(Amount(2))));
        }
        assert_eq!(
            after(Some(AuthorState::Leaving), 7),
            Err(AuthorError::HasLeft(9))
        );
        assert_eq!(
            after(Some(AuthorState::Expelled), 7),
            Err(AuthorError::Expelled)
        );
    }
}
