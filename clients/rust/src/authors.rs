//! Authors of blocks: who is drawn for a seat, and the keys that sign for it.

use crate::{
    api::{
        self,
        runtime_types::{
            aipg_primitives::api as generated, aipg_runtime::SessionKeys as GeneratedKeys,
            sp_consensus_babe, sp_consensus_grandpa,
        },
    },
    views::bytes_of_hex,
    Amount, ChainError, Client, State,
};
use serde::Deserialize;
use subxt::{rpcs::rpc_params, utils::AccountId32};
use thiserror::Error;

/// Length of the keys of a session: BABE's and GRANDPA's, 32 bytes each.
const KEYS: usize = 64;

/// How somebody who wants a seat stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorState {
    /// It is drawn in proportion to its weight.
    Standing,
    /// It was absent, and is drawn again when it says that it is back.
    Resting,
    /// It is drawn no more, and gets its bond back after some time.
    Leaving,
    /// It equivocated; it never authors again.
    Expelled,
}

/// An author of blocks, or who wants to be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub has_seat: bool,
    /// `None`: an author of the genesis, without a bond.
    pub state: Option<AuthorState>,
    pub bond: Amount,
    /// Credit of paid work; what is old has faded.
    pub credit: Amount,
    /// Its share of all weights, in parts per million.
    pub weight_share: u32,
    /// Block from which the bond can be withdrawn, once it has left.
    pub unbonds_at: Option<u32>,
}

impl From<generated::AuthorView<u32>> for Author {
    fn from(view: generated::AuthorView<u32>) -> Self {
        Self {
            has_seat: view.has_seat,
            state: view.state.map(|state| match state {
                generated::AuthorState::Standing => AuthorState::Standing,
                generated::AuthorState::Resting => AuthorState::Resting,
                generated::AuthorState::Leaving => AuthorState::Leaving,
                generated::AuthorState::Expelled => AuthorState::Expelled,
            }),
            bond: Amount(view.bond),
            credit: Amount(view.credit),
            weight_share: view.weight_share,
            unbonds_at: view.unbonds_at,
        }
    }
}

/// Public keys of the sessions in which an author authors and votes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionKeys {
    pub babe: [u8; 32],
    pub grandpa: [u8; 32],
}

impl From<SessionKeys> for GeneratedKeys {
    fn from(keys: SessionKeys) -> Self {
        Self {
            babe: sp_consensus_babe::app::Public(keys.babe),
            grandpa: sp_consensus_grandpa::app::Public(keys.grandpa),
        }
    }
}

/// The node's answer has another form than two keys and their proof.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("UnknownKeys: the node made session keys of another form ({0})")]
pub struct UnknownKeys(String);

impl SessionKeys {
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; KEYS] = bytes.try_into().ok()?;
        let (babe, grandpa) = bytes.split_at(KEYS / 2);
        Some(Self {
            babe: babe.try_into().ok()?,
            grandpa: grandpa.try_into().ok()?,
        })
    }

    fn to_hex(self) -> String {
        format!("0x{}{}", hex::encode(self.babe), hex::encode(self.grandpa))
    }
}

/// What a node answers that made session keys.
#[derive(Deserialize)]
struct Generated {
    keys: String,
    proof: Option<String>,
}

impl Client {
    /// Has the node make session keys, which stay in its keystore, and prove that they are `owner`'s. The node
    /// does this only for who is on its own machine. Returns the keys and the proof.
    pub async fn make_session_keys(
        &self,
        owner: &AccountId32,
    ) -> Result<Result<(SessionKeys, Vec<u8>), UnknownKeys>, ChainError> {
        let owner = format!("0x{}", hex::encode(owner.0));
        let made: Generated = self
            .request("author_rotateKeysWithOwner", rpc_params![owner])
            .await?;
        let keys = bytes_of_hex(&made.keys).and_then(|keys| SessionKeys::from_bytes(&keys));
        let proof = made.proof.as_deref().and_then(bytes_of_hex);
        Ok(keys.zip(proof).ok_or(UnknownKeys(made.keys)))
    }

    /// Whether the node has these keys in its keystore.
    pub async fn has_session_keys(&self, keys: SessionKeys) -> Result<bool, ChainError> {
        self.request("author_hasSessionKeys", rpc_params![keys.to_hex()])
            .await
    }
}

impl State {
    /// How `account` stands as an author.
    pub async fn author(&self, account: &AccountId32) -> Result<Option<Author>, ChainError> {
        let call = api::runtime_apis().authors_api().author(*account);
        Ok(self.call(call).await?.map(Author::from))
    }

    /// The session keys that `account` registered.
    pub async fn session_keys(
        &self,
        account: &AccountId32,
    ) -> Result<Option<SessionKeys>, ChainError> {
        let address = api::storage().session().next_keys();
        let keys = self.value(address, (*account,)).await?;
        Ok(keys.map(|keys| SessionKeys {
            babe: keys.babe.0,
            grandpa: keys.grandpa.0,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_keys_should_be_two_of_32_bytes() {
        let bytes: Vec<u8> = (0..64).collect();
        let keys = SessionKeys::from_bytes(&bytes).unwrap();
        assert_eq!((keys.babe[0], keys.grandpa[0]), (0, 32));
        assert_eq!(bytes_of_hex(&keys.to_hex()).unwrap(), bytes);
        assert_eq!(SessionKeys::from_bytes(&bytes[1..]), None);
    }
}
