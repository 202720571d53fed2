//! Which results are audited, and by whom.
//!
//! Both follow from the beacon of the block in which the result was delivered. That there is an audit
//! everybody can compute; who is drawn only the auditor knows until it commits, because it takes the
//! secret of its key: nobody can reach the auditors of a result beforehand.

use crate::{
    pallet::*,
    types::{Auditor, DrawProof},
};
use aipg_primitives::{Balance, JobId};
use aipg_referee_game::{is_drawn, DRAW_CONTEXT, DRAW_LABEL, DRAW_SEED};
use codec::Encode;
use frame_support::traits::Get;
use frame_system::pallet_prelude::BlockNumberFor;
use sp_core::{
    crypto::VrfPublic,
    sr25519::{
        vrf::{VrfInput, VrfSignData, VrfTranscript},
        Public,
    },
    H256,
};
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    Permill,
};

/// Whether a result is audited.
pub(crate) fn is_audited(beacon: &H256, job: JobId, chance: Permill) -> bool {
    let hash = BlakeTwo256::hash_of(&(b"aipg/audit/0", beacon, job));
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(hash.as_bytes().split_at(8).0);
    // One chance in a million is a matter of 2⁶⁴ / 10⁶ numbers; the modulus favours none by more than 2⁻⁴⁴.
    let place = u64::from_le_bytes(bytes).checked_rem(1_000_000);
    place.is_some_and(|place| place < u64::from(chance.deconstruct()))
}

/// What decides who is drawn for a result, in its draw number `draw`.
pub(crate) fn seed(beacon: &H256, job: JobId, draw: u8) -> H256 {
    BlakeTwo256::hash_of(&(b"aipg/audit/1", beacon, job, draw))
}

fn input(seed: &H256) -> VrfInput {
    VrfTranscript::new(DRAW_LABEL, &[(DRAW_SEED, seed.as_bytes())])
}

/// What an auditor signs with its verifiable random function.
pub fn sign_data(seed: &H256) -> VrfSignData {
    VrfSignData::new(input(seed))
}

impl<T: Config> Pallet<T> {
    /// The random number of a proof, if it is one of this key for this seed.
    pub(crate) fn number(key: &Public, seed: &H256, proof: DrawProof) -> Option<u128> {
        let proof = proof.signature()?;
        if !key.vrf_verify(&sign_data(seed), &proof) {
            return None;
        }
        let bytes = key.make_bytes::<16>(DRAW_CONTEXT, &input(seed), &proof.pre_output);
        bytes.ok().map(u128::from_le_bytes)
    }

    /// What of an auditor's bond counts for the beacon of block `anchor`: what counted when that block came, less
    /// what was lost since.
    pub(crate) fn bond_at(
        account: &T::AccountId,
        auditor: &Auditor<BlockNumberFor<T>>,
        anchor: BlockNumberFor<T>,
    ) -> Balance {
        let bond = Self::bond_of(account);
        if anchor < auditor.active_from {
            0
        } else if anchor < auditor.pending_from {
            bond.saturating_sub(auditor.pending)
        } else {
            bond
        }
    }

    /// How rightly this number draws a bond, where all bonds are `total`: the lower, the more. `None` if it
    /// does not draw it.
    pub(crate) fn rank(number: u128, bond: Balance, total: Balance) -> Option<u128> {
        let is_enough = bond >= T::MinimumBond::get();
        let is_drawn = is_enough && is_drawn(number, bond, total, T::ExpectedAuditors::get());
        // The numbers alone would favour small bonds, which only low ones draw.
        number.checked_div(bond).filter(|_| is_drawn)
    }

    /// What an auditor committed to, as bytes for its hash.
    pub(crate) fn bytes_of(account: &T::AccountId) -> alloc::vec::Vec<u8> {
        account.encode()
    }
}
