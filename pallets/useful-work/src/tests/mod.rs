mod audits;
mod beacon;
mod ceilings;
mod expiry;
mod forfeit;
mod governance;
mod lane;
mod multipliers;
mod properties;
mod rounds;

use crate::{mock::*, reward::*, types::*, *};
use aipg_primitives::{api::Ceiling, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn claim(worker: AccountId, round: RoundIndex) -> frame_support::dispatch::DispatchResult {
    UsefulWork::claim_reward(RuntimeOrigin::signed(worker), round)
}
