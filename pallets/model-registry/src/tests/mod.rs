//! One file per behaviour.

mod catalogue;
mod genesis;
mod list;
mod price_floor;
mod random_operations;
mod register;
mod retire;
mod state_checks;

use crate::mock::*;
use aipg_primitives::{ModelId, TrustClass, AIPG};
use frame_support::assert_ok;

/// Registers [`small_model`] of this variant for [`CREATOR`] at a floor of 1 AIPG.
fn registered(variant: u8) -> ModelId {
    let (root, header) = encoded_model(variant);
    assert_ok!(ModelRegistry::register(
        RuntimeOrigin::signed(CREATOR),
        root,
        header,
        TrustClass::Exact,
        AIPG
    ));
    root
}
