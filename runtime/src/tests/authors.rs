//! Authors through all pallets: elected by what they were paid for, and expelled for two blocks in a slot.

use super::*;
use crate::configs::consensus::AnsweredSessions;
use aipg_primitives::CreditWatch;
use frame_support::{assert_ok, traits::KeyOwnerProofSystem};
use pallet_babe::Call as BabeCall;
use pallet_session::historical::{HistoricalSessions, StoredRange};
use sp_consensus_babe::{
    digests::{CompatibleDigestItem, PreDigest, SecondaryPlainPreDigest},
    EquivocationProof, Slot,
};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{
    traits::Header as _,
    transaction_validity::{InvalidTransaction, TransactionSource},
    Digest, DigestItem,
};

const BOND: Balance = 1_000 * AIPG;

/// Gives an account that is no author session keys.
fn register_keys(who: Sr25519Keyring, finality: Ed25519Keyring) {
    let keys = SessionKeys {
        babe: who.public().into(),
        grandpa: finality.public().into(),
    };
    pallet_session::NextKeys::<Runtime>::insert(account(who), keys);
}

fn join(who: Sr25519Keyring) {
    assert_ok!(Authors::join(signed(who), BOND, None));
}

fn bond(who: Sr25519Keyring) -> Balance {
    Authors::bond_of(&account(who))
}

/// Sessions pass, each of some blocks, so that beacons become known.
fn sessions(count: u32) {
    for _ in 0..count {
        run_to(System::block_number() + 8);
        Session::rotate_session();
    }
}

/// A header that `who` made for a slot; another `salt` gives another block.
fn sealed(who: Sr25519Keyring, slot: Slot, salt: u8) -> Header {
    let claim = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
        authority_index: 0,
        slot,
    });
    let logs = vec![<DigestItem as CompatibleDigestItem>::babe_pre_digest(claim)];
    let root = Hash::repeat_byte(salt);
    let mut header = Header::new(7, root, root, Hash::default(), Digest { logs });
    let seal = who.pair().sign(header.hash().as_ref());
    let seal = <DigestItem as CompatibleDigestItem>::babe_seal(seal.into());
    header.digest_mut().push(seal);
    header
}

/// The report that `who` made two blocks for a slot of this session.
fn report(who: Sr25519Keyring, slot: u64) -> BabeCall<Runtime> {
    let slot = Slot::from(slot);
    let offender: sp_consensus_babe::AuthorityId = who.public().into();
    let key = (sp_consensus_babe::KEY_TYPE, offender.clone());
    let proof = EquivocationProof {
        offender,
        slot,
        first_header: sealed(who, slot, 1),
        second_header: sealed(who, slot, 2),
    };
    BabeCall::report_equivocation_unsigned {
        equivocation_proof: Box::new(proof),
        key_owner_proof: Historical::prove(key).expect("the key is of this session"),
    }
}

fn send(report: BabeCall<Runtime>) -> bool {
    use frame_support::traits::UnfilteredDispatchable;
    report.dispatch_bypass_filter(RuntimeOrigin::none()).is_ok()
}

#[test]
fn seats_should_be_those_of_the_first_session_on_every_preset() {
    for name in PRESETS {
        genesis_state(name).execute_with(|| {
            let seats: Vec<_> = pallet_authors::Seats::<Runtime>::get()
                .into_iter()
                .map(|seat| seat.author)
                .collect();
            assert_eq!(Session::validators(), seats, "{name}");
            assert!(!seats.is_empty(), "{name}");
            let least = pallet_chain_parameters::Parameters::<Runtime>::get().least_authors;
            assert!(seats.len() >= least as usize, "{name}");
            // Offences of the first sessions can be judged.
            for session in 0..2 {
                assert!(
                    HistoricalSessions::<Runtime>::contains_key(session),
                    "{name}"
                );
            }
        });
    }
}

#[test]
fn account_with_credit_should_replace_an_author_of_the_genesis() {
    preset_state(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        // All blocks are Alice's here.
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|parameters| {
            parameters.audit_beacon_authors = 1;
        });
        register_keys(Eve, Ed25519Keyring::Eve);
        join(Eve);
        Authors::credited(&account(Eve), 10 * AIPG);
        let eras = pallet_chain_parameters::Parameters::<Runtime>::get().era_sessions;
        sessions(eras + 1);
        let authors = Session::validators();
        assert_eq!(authors.len(), 4);
        assert!(authors.contains(&account(Eve)));
        check_all_pallets();
    });
}

#[test]
fn author_of_two_blocks_for_a_slot_should_lose_half_of_its_bond_and_its_seat() {
    preset_state(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        join(Bob);
        let issuance = Balances::total_issuance();
        assert!(send(report(Bob, 3)));
        assert_eq!(bond(Bob), BOND / 2);
        assert_eq!(Emission::books().burned_author_faults, BOND / 2);
        assert_eq!(Balances::total_issuance(), issuance - BOND / 2);
        assert!(pallet_authors::Banned::<Runtime>::contains_key(account(
            Bob
        )));
        // It makes no more blocks in this session.
        let place = Session::validators()
            .iter()
            .position(|who| *who == account(Bob));
        let place = u32::try_from(place.expect("it has a seat")).expect("few");
        assert_eq!(Session::disabled_validators(), [place]);

        // The same again is known, another slot costs nothing more.
        assert!(!send(report(Bob, 3)));
        assert!(send(report(Bob, 4)));
        assert_eq!(bond(Bob), BOND / 2);
        sessions(2);
        assert_eq!(Session::validators(), [Alice, Charlie, Dave].map(account));
        check_all_pallets();
    });
}

#[test]
fn report_should_be_refused_when_its_blocks_are_the_same_or_of_somebody_else() {
    preset_state(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        join(Bob);
        let same = sealed(Bob, 3.into(), 1);
        for (first, second) in [
            (same.clone(), same),
            (sealed(Bob, 3.into(), 1), sealed(Bob, 4.into(), 2)),
            (sealed(Bob, 3.into(), 1), sealed(Charlie, 3.into(), 2)),
        ] {
            let BabeCall::report_equivocation_unsigned {
                mut equivocation_proof,
                key_owner_proof,
            } = report(Bob, 3)
            else {
                panic!("another call");
            };
            equivocation_proof.first_header = first;
            equivocation_proof.second_header = second;
            assert!(!send(BabeCall::report_equivocation_unsigned {
                equivocation_proof,
                key_owner_proof,
            }));
        }
        assert_eq!(bond(Bob), BOND);
    });
}

#[test]
fn report_should_be_taken_from_the_own_node_alone() {
    preset_state(LOCAL_TESTNET_RUNTIME_PRESET).execute_with(|| {
        let call = RuntimeCall::Babe(report(Bob, 3));
        let report = UncheckedExtrinsic::new_bare(call);
        let asked = |source| {
            let parent = System::parent_hash();
            Executive::validate_transaction(source, report.clone(), parent)
        };
        assert_ok!(asked(TransactionSource::Local));
        assert_eq!(
            asked(TransactionSource::External),
            Err(InvalidTransaction::Call.into())
        );
    });
}

#[test]
fn records_of_sessions_should_be_kept_as_long_as_authors_answer_for_them() {
    for name in PRESETS {
        genesis_state(name).execute_with(|| {
            let parameters = pallet_chain_parameters::Parameters::<Runtime>::get();
            let kept: u32 = AnsweredSessions::get();
            let blocks = u64::from(kept) * parameters.epoch_slots;
            assert!(blocks > u64::from(parameters.unbonding), "{name}");
        });
    }
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        let kept: u32 = AnsweredSessions::get();
        for _ in 0..kept + 20 {
            Session::rotate_session();
        }
        let now = Session::current_index();
        assert_eq!(StoredRange::<Runtime>::get(), Some((now - kept, now + 2)));
        let stored = HistoricalSessions::<Runtime>::iter().count();
        assert_eq!(stored, kept as usize + 2);
    });
}
