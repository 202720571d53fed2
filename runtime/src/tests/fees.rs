//! Where fees, tips and dust go: real transactions through the executive, on every preset.

use super::*;
use codec::Encode;
use sp_consensus_babe::{
    digests::{PreDigest, SecondaryPlainPreDigest},
    Slot, BABE_ENGINE_ID,
};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Dave, Eve};
use sp_runtime::{Digest, DigestItem};

const TIP: Balance = 3 * AIPG;

/// Begins a block of the authority with this index, or of nobody known.
fn begin_block_of(author: Option<u32>) {
    let digest = author.map(|authority_index| {
        let slot = Slot::from(1);
        let claim = PreDigest::SecondaryPlain(SecondaryPlainPreDigest {
            authority_index,
            slot,
        });
        DigestItem::PreRuntime(BABE_ENGINE_ID, claim.encode())
    });
    System::initialize(
        &(System::block_number() + 1),
        &Hash::default(),
        &Digest {
            logs: digest.into_iter().collect(),
        },
    );
}

/// What one account, the treasury and all accounts together have.
fn balances(of: &AccountId) -> [Balance; 3] {
    [
        Balances::free_balance(of),
        treasury(),
        Balances::total_issuance(),
    ]
}

/// Sends a remark of Eve's with a tip and returns the fee without the tip.
fn pay(tip: Balance) -> Balance {
    let call = RuntimeCall::System(frame_system::Call::remark {
        remark: vec![1; 32],
    });
    let before = Balances::free_balance(account(Eve));
    let outcome = Executive::apply_extrinsic(extensions::transaction(Eve, call, tip, None));
    outcome
        .expect("the transaction is valid")
        .expect("a remark succeeds");
    let paid = before - Balances::free_balance(account(Eve));
    assert!(paid > tip, "a transaction has a fee");
    paid - tip
}

#[test]
fn fee_should_go_to_the_treasury_and_the_tip_to_the_author() {
    for (name, author, index) in [
        (DEV_RUNTIME_PRESET, Alice, 0),
        (LOCAL_TESTNET_RUNTIME_PRESET, Bob, 1),
        (MAINNET_RUNTIME_PRESET, Bob, 1),
    ] {
        preset_state(name).execute_with(|| {
            begin_block_of(Some(index));
            let author = account(author);
            let [author_before, treasury_before, issuance_before] = balances(&author);
            let fee = pay(TIP);
            let [author_after, treasury_after, issuance_after] = balances(&author);
            assert_eq!(author_after - author_before, TIP, "{name}");
            assert_eq!(treasury_after - treasury_before, fee, "{name}");
            assert_eq!(issuance_after, issuance_before, "{name}");
        });
    }
}

#[test]
fn smallest_fee_should_reach_the_treasury_when_it_has_only_the_existential_deposit() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            assert_eq!(treasury(), EXISTENTIAL_DEPOSIT, "{name}");
            begin_block_of(Some(0));
            let fee = pay(0);
            assert!(
                fee < EXISTENTIAL_DEPOSIT,
                "a larger fee would prove nothing"
            );
            assert_eq!(treasury(), EXISTENTIAL_DEPOSIT + fee, "{name}");
        });
    }
}

#[test]
fn tip_should_go_to_the_treasury_when_the_author_is_not_known() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            begin_block_of(None);
            let [_, before, issuance] = balances(&account(Alice));
            let fee = pay(TIP);
            assert_eq!(treasury() - before, fee + TIP, "{name}");
            assert_eq!(Balances::total_issuance(), issuance, "{name}");
        });
    }
}

#[test]
fn tip_should_go_to_the_treasury_when_it_is_too_small_for_the_authors_account() {
    preset_state(MAINNET_RUNTIME_PRESET).execute_with(|| {
        begin_block_of(Some(3));
        let [dave, before, issuance] = balances(&account(Dave));
        assert_eq!(dave, 0);
        let tip = EXISTENTIAL_DEPOSIT - 1;
        let fee = pay(tip);
        assert_eq!(Balances::free_balance(account(Dave)), 0);
        assert_eq!(treasury() - before, fee + tip);
        assert_eq!(Balances::total_issuance(), issuance);
        // One unit more, and the author has an account.
        pay(tip + 1);
        assert_eq!(Balances::free_balance(account(Dave)), EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn dust_should_go_to_the_treasury() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            let issuance = Balances::total_issuance();
            let stranger = AccountId::new([7; 32]);
            let transfer = |from: &AccountId, to: &AccountId, amount| {
                Balances::transfer_allow_death(
                    RuntimeOrigin::signed(from.clone()),
                    to.clone().into(),
                    amount,
                )
                .expect("the transfer succeeds")
            };
            transfer(&account(Bob), &stranger, 2 * EXISTENTIAL_DEPOSIT);
            let before = treasury();
            transfer(&stranger, &account(Bob), EXISTENTIAL_DEPOSIT + 1);
            assert_eq!(treasury() - before, EXISTENTIAL_DEPOSIT - 1, "{name}");
            assert_eq!(Balances::total_issuance(), issuance, "{name}");
        });
    }
}

/// What a transaction of this call costs.
fn fee(call: RuntimeCall) -> Balance {
    let transaction = extensions::transaction(Eve, call, 0, None);
    let length = transaction.encoded_size() as u32;
    let info = weights::info_of(&transaction.function);
    TransactionPayment::compute_fee(length, &info, 0)
}

#[test]
fn price_of_a_demanded_chunk_should_cover_the_fee_of_publishing_it() {
    use pallet_referee::types::{Blob, ChunkPath, ChunkTokens, MAX_CHUNK_PATH};
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            let tokens = vec![u32::MAX; aipg_exact::commitment::TOKENS_PER_CHUNK as usize];
            let path = vec![Hash::repeat_byte(1); MAX_CHUNK_PATH as usize];
            let publish = pallet_referee::Call::publish {
                job: u64::MAX,
                blob: Blob::Output,
                chunk: u32::MAX,
                tokens: ChunkTokens::try_from(tokens).expect("a chunk"),
                path: ChunkPath::try_from(path).expect("a path"),
            };
            assert!(publish.encoded_size() <= 16 * 1024);
            let (fee, price) = (
                fee(publish.into()),
                <Runtime as pallet_referee::Config>::ChunkPrice::get(),
            );
            assert!(fee <= price, "{name}: {fee} of {price}");
        });
    }
}

/// Whoever wins a game has at least twice what all its moves cost, however deep it goes.
#[test]
fn lost_bond_should_pay_for_the_longest_game() {
    use pallet_referee::types::{EvidenceBytes, Seat, MAX_EVIDENCE};
    let seat = Seat {
        job: u64::MAX,
        challenge: u32::MAX,
        trace: u32::MAX,
    };
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            let evidence = EvidenceBytes::try_from(vec![1; MAX_EVIDENCE as usize]);
            let dearest = pallet_referee::Call::judge {
                seat,
                evidence: evidence.expect("as much as a move brings"),
                part: Some(u32::MAX),
            };
            // docs/spec/useful-work.md, section 5.
            let levels = u64::BITS.div_ceil(aipg_exact::trace::LEVELS);
            let moves = 2 * levels + 3 + 2 * 4 + 2;
            let cost = fee(dearest.into()) * Balance::from(moves);
            let bonds: [Balance; 2] = [
                <Runtime as pallet_referee::Config>::ChallengeBond::get(),
                <Runtime as pallet_referee::Config>::TraceBond::get(),
            ];
            for bond in bonds {
                assert!(bond / 2 >= 2 * cost, "{name}: {bond} and {cost}");
            }
        });
    }
}
