//! Public jobs: what the chain pays for itself.

use crate::{
    api::{self, runtime_types::aipg_primitives::api as generated},
    Amount, ChainError, Hash, State,
};
use subxt::utils::AccountId32;

/// How public jobs stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The requester of every public job.
    pub account: AccountId32,
    /// Share of the budget of useful work that is theirs now, in parts per million.
    pub share: u32,
    pub models: Vec<Hash>,
    /// Granted and neither minted nor lapsed.
    pub allowance: Amount,
    /// What the account can spend.
    pub funds: Amount,
    /// Minted so far.
    pub minted: Amount,
    /// Public jobs so far.
    pub started: u64,
    /// Of them, those that wait for a result.
    pub unanswered: u32,
    /// Of them, those whose result can still be doubted, or that have just ended.
    pub answered: u32,
    /// Whether there will never be another one.
    pub has_ended: bool,
}

impl From<generated::LaneView<AccountId32>> for Lane {
    fn from(view: generated::LaneView<AccountId32>) -> Self {
        Self {
            account: view.account,
            share: view.share,
            models: view.models.into_iter().map(Hash::from).collect(),
            allowance: Amount(view.allowance),
            funds: Amount(view.funds),
            minted: Amount(view.minted),
            started: view.started,
            unanswered: view.unanswered,
            answered: view.answered,
            has_ended: view.has_ended,
        }
    }
}

impl State {
    /// How public jobs stand.
    pub async fn lane(&self) -> Result<Lane, ChainError> {
        let call = api::runtime_apis().bootstrap_api().lane();
        Ok(self.call(call).await?.into())
    }
}

/// The account that pays public jobs: that of a pallet, whose name is `aipg/btp`.
pub const LANE: AccountId32 = AccountId32(*b"modlaipg/btp\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lane_should_be_the_account_of_its_pallet() {
        let name = [b"modl".as_slice(), b"aipg/btp"].concat();
        assert_eq!(LANE.0[..12], name);
        assert_eq!(LANE.0[12..], [0; 20]);
    }
}
