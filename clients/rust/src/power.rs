//! Verified power: what is measured of a machine, and what it has to do for that.

use crate::{
    api::{
        self,
        runtime_types::{
            aipg_primitives::api as generated, bounded_collections::bounded_vec::BoundedVec,
            pallet_power::types as pallet,
        },
    },
    calls::Call,
    ChainError, Hash, State,
};
use aipg_exact::power::{Opening, Row, Sample};
use subxt::{transactions::Payload, utils::AccountId32};

/// A window in which power is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Windows before it.
    pub number: u32,
    pub seed: Hash,
    /// Block from which on nobody commits.
    pub closes_at: u32,
    /// Block from which on nobody proves.
    pub proves_until: u32,
}

/// What is measured of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// The window in progress.
    pub window: Option<Window>,
    /// Steps that count; 0 if none were verified.
    pub power: u32,
    /// Steps that it has committed to in the window in progress.
    pub claimed: Option<u32>,
    /// What it has to prove now.
    pub drawn: Option<Vec<Sample>>,
    /// Block from which on it may commit again, after a failure.
    pub barred_until: Option<u32>,
    /// Of the last `windows`, those that it attended.
    pub attended: u32,
    pub windows: u32,
}

impl From<generated::PowerView<u32>> for Power {
    fn from(view: generated::PowerView<u32>) -> Self {
        let sample = |sample: generated::PowerSample| Sample {
            step: sample.step,
            row: sample.row,
            segment: sample.segment,
        };
        Self {
            window: view.window.map(|window| Window {
                number: window.number,
                seed: window.seed.into(),
                closes_at: window.closes_at,
                proves_until: window.proves_until,
            }),
            power: view.power,
            claimed: view.claimed,
            drawn: view
                .drawn
                .map(|samples| samples.into_iter().map(sample).collect()),
            barred_until: view.barred_until,
            attended: view.attended,
            windows: view.windows,
        }
    }
}

impl State {
    /// What is measured of the machine of an account.
    pub async fn power(&self, account: &AccountId32) -> Result<Power, ChainError> {
        let call = api::runtime_apis().workers_api().power(*account);
        Ok(self.call(call).await?.into())
    }
}

/// Commits to so many steps of one's chain.
pub fn commit(window: u32, steps: u32, root: [u8; 32]) -> Call<impl Payload> {
    Call {
        name: "power.commit",
        payload: api::transactions()
            .power()
            .commit(window, steps, root.into()),
    }
}

/// Shows what was drawn, in its order.
pub fn prove(window: u32, openings: Vec<Opening>) -> Call<impl Payload> {
    let row = |row: Row| pallet::Row {
        bytes: BoundedVec(row.bytes),
        path: BoundedVec(row.path),
    };
    let openings = openings.into_iter().map(|opening| pallet::Opening {
        before: opening.before.map(row),
        after: row(opening.after),
    });
    Call {
        name: "power.prove",
        payload: api::transactions()
            .power()
            .prove(window, BoundedVec(openings.collect())),
    }
}

/// Decides what can be decided about an account's last commitment.
pub fn settle(account: AccountId32) -> Call<impl Payload> {
    Call {
        name: "power.settle",
        payload: api::transactions().power().settle(account),
    }
}
