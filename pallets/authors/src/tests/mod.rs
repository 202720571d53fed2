mod attendance;
mod candidates;
mod credit;
mod displacement;
mod draw;
mod elections;
mod genesis;
mod keyless;
mod offences;
mod properties;
mod renewal;
mod sessions;
mod state_checks;
mod view;
mod weights;

use crate::{mock::*, types::*, *};
use aipg_primitives::{Balance, CreditWatch, AIPG};
use frame_support::{assert_noop, assert_ok};
