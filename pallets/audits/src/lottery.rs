//! Which results are audited, and by whom.
//!
//! Both follow from the beacon of the block in which the result was delivered. That there is an audit
//! everybody can compute; who is drawn only the auditor knows until it commits, because it takes the
//! secret of its key: nobody can reach the auditors of a result beforehand.

use crate::{pallet::*, types::DrawProof};
use aipg_primitives::JobId;
use aipg_referee_game::{is_drawn, DRAW_CONTEXT, DRAW_LABEL, DRAW_SEED};
use codec::Encode;
use frame_support::traits::Get;
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

    /// Whether this number draws this auditor now.
    pub(crate) fn draws(number: u128, auditor: &T::AccountId) -> bool {
        let bond = Self::bond_of(auditor);
        bond >= T::MinimumBond::get()
            && is_drawn(
                number,
                bond,
                TotalBond::<T>::get(),
                T::ExpectedAuditors::get(),
            )
    }

    /// What an auditor committed to, as bytes for its hash.
    pub(crate) fn bytes_of(account: &T::AccountId) -> alloc::vec::Vec<u8> {
        account.encode()
    }
}
