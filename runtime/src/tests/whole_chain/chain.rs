//! Real blocks: headers with BABE's digest, timestamps, signed transactions and every hook, run by
//! the runtime's own [`Executive`] as a node runs them.

use super::*;
use codec::{Compact, Decode, Encode};
use frame_system::EventRecord;
use sp_consensus_babe::{
    digests::{CompatibleDigestItem, PreDigest, PrimaryPreDigest, SecondaryVRFPreDigest},
    make_vrf_sign_data, Slot,
};
use sp_core::{crypto::VrfSecret, sr25519, Pair};
use sp_runtime::{
    generic::{Era, SignedPayload},
    traits::Header as _,
    ApplyExtrinsicResult, Digest, DigestItem,
};

/// Slot of the genesis block.
const GENESIS_SLOT: u64 = 290_000_000;

/// A chain whose blocks are made one after the other. Lives inside the externalities of its state.
pub struct Chain {
    parent: Hash,
    /// Authors see no block after this one finalised.
    pub finality_stops_at: BlockNumber,
}

impl Chain {
    /// A chain that has its genesis block and is inside block 1.
    pub fn start() -> Self {
        let mut chain = Self {
            parent: sp_io::hashing::blake2_256(&Balances::total_issuance().encode()).into(),
            finality_stops_at: BlockNumber::MAX,
        };
        chain.begin();
        chain
    }

    /// Goes to the inside of the next block.
    pub fn begin(&mut self) {
        let number = System::block_number() + 1;
        let slot = Slot::from(GENESIS_SLOT + u64::from(number));
        let digest = Digest {
            logs: vec![DigestItem::babe_pre_digest(claim(number, slot))],
        };
        let none = Hash::zero();
        let header = Header::new(number, none, none, self.parent, digest);
        Executive::initialize_block(&header);
        let now = pallet_timestamp::Call::set {
            now: *slot * Babe::slot_duration(),
        };
        let report = pallet_finality::Call::report {
            finalised: number.saturating_sub(3).min(self.finality_stops_at),
        };
        for inherent in [RuntimeCall::from(now), report.into()] {
            let inherent = UncheckedExtrinsic::new_bare(inherent);
            assert_eq!(Executive::apply_extrinsic(inherent), Ok(Ok(())));
        }
    }

    /// Ends the block and returns its events.
    pub fn end(&mut self) -> Vec<EventRecord<RuntimeEvent, Hash>> {
        self.parent = Executive::finalize_block().hash();
        System::read_events_no_consensus()
            .map(|record| *record)
            .collect()
    }

    /// Ends this block and goes to the inside of block `height`.
    pub fn run_to(&mut self, height: BlockNumber) {
        while System::block_number() < height {
            self.end();
            self.begin();
        }
    }
}

/// The claim of the slot of block `number`: authors take turns, every fourth block is a primary.
fn claim(number: BlockNumber, slot: Slot) -> PreDigest {
    let authorities = Babe::authorities();
    let index = number as usize % authorities.len();
    let author = Sr25519Keyring::iter()
        .find(|key| key.public() == authorities[index].0.clone().into())
        .expect("authors have keys of the keyring");
    let length = pallet_chain_parameters::EpochDuration::<Runtime>::get();
    let (randomness, epoch) = if number > 1 && slot >= Babe::current_epoch_start() + length {
        let epoch = (*slot - *Babe::genesis_slot()) / length;
        (Babe::next_epoch().randomness, epoch)
    } else {
        let epoch = Babe::current_epoch();
        (epoch.randomness, epoch.epoch_index)
    };
    let vrf_signature = author
        .pair()
        .vrf_sign(&make_vrf_sign_data(&randomness, slot, epoch));
    let authority_index = index as u32;
    if number.is_multiple_of(4) {
        PreDigest::Primary(PrimaryPreDigest {
            authority_index,
            slot,
            vrf_signature,
        })
    } else {
        PreDigest::SecondaryVRF(SecondaryVRFPreDigest {
            authority_index,
            slot,
            vrf_signature,
        })
    }
}

/// What a transaction says besides signer and call.
#[derive(Clone, Copy)]
pub struct Terms {
    pub era: Era,
    pub nonce: Nonce,
    pub tip: Balance,
}

impl Terms {
    /// Immortal, with the signer's next nonce, without a tip.
    pub fn next(signer: Sr25519Keyring) -> Self {
        Self {
            era: Era::Immortal,
            nonce: System::account_nonce(account(signer)),
            tip: 0,
        }
    }
}

fn extension(terms: Terms) -> TxExtension {
    // As a client writes it: mortality, nonce, tip, and nothing (0) for every option after them.
    let bytes = (terms.era, Compact(terms.nonce), Compact(terms.tip), [0; 8]).encode();
    TxExtension::decode(&mut &bytes[..]).expect("an extension decodes from what clients write")
}

/// A transaction that `signer` signed on this chain.
pub fn transaction(signer: Sr25519Keyring, call: RuntimeCall, terms: Terms) -> UncheckedExtrinsic {
    transaction_for(signer, signer, call, terms)
}

/// A transaction in the name of `sender` with a signature by `signer`.
pub fn transaction_for(
    sender: Sr25519Keyring,
    signer: Sr25519Keyring,
    call: RuntimeCall,
    terms: Terms,
) -> UncheckedExtrinsic {
    sign_for(account(sender), &signer.pair(), call, terms)
}

/// A transaction of the account of this key.
pub fn signed_with(pair: &sr25519::Pair, call: RuntimeCall, terms: Terms) -> UncheckedExtrinsic {
    sign_for(pair.public().into(), pair, call, terms)
}

fn sign_for(
    sender: AccountId,
    pair: &sr25519::Pair,
    call: RuntimeCall,
    terms: Terms,
) -> UncheckedExtrinsic {
    let payload = SignedPayload::new(call.clone(), extension(terms)).expect("the birth is known");
    let signature = payload.using_encoded(|bytes| pair.sign(bytes));
    UncheckedExtrinsic::new_signed(call, sender.into(), signature.into(), extension(terms))
}

/// Signs and applies in the open block.
pub fn send(signer: Sr25519Keyring, call: impl Into<RuntimeCall>) -> ApplyExtrinsicResult {
    Executive::apply_extrinsic(transaction(signer, call.into(), Terms::next(signer)))
}
