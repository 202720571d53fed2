mod end;
mod governance;
mod jobs;
mod prompts;
mod properties;
mod share;
mod state_checks;
mod view;
mod weights;

use crate::{mock::*, types::*, *};
use aipg_primitives::{Balance, BootstrapLane};
use frame_support::{assert_noop, assert_ok};
use sp_core::H256;
