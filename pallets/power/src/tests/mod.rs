mod attendance;
mod commits;
mod draws;
mod proofs;
mod properties;
mod quantile;
mod settlement;
mod state_checks;
mod view;
mod weights;
mod windows;

use crate::{attendance::*, mock::*, types::*, *};
use aipg_primitives::VerifiedPower;
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

/// A root of nothing that was computed.
const INVENTED: H256 = H256::repeat_byte(9);
