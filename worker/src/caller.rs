//! An account that makes calls: its key, and the node that it makes them to.

use crate::{config::Settings, keys};
use aipg_client::{Client, Signer};
use subxt::utils::AccountId32;
use subxt_signer::sr25519::Keypair;

/// The settings' account, connected to the first of their nodes that answers.
pub struct Caller {
    pub pair: Keypair,
    pub account: AccountId32,
    pub client: Client,
}

impl Caller {
    pub async fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let pair = keys::load(&settings.key()?)?;
        Ok(Self {
            account: keys::account(&pair),
            client: settings.endpoints().connect().await?,
            pair,
        })
    }

    pub fn signer(&self) -> Signer<'_> {
        Signer::new(&self.client, &self.pair)
    }

    pub fn address(&self) -> String {
        keys::address(&self.account)
    }
}
