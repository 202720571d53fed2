//! Transactions that must never be applied, by the checks that a node runs before a call.

use super::{
    chain::{send, transaction, transaction_for, Chain, Terms},
    *,
};
use frame_support::{
    storage::{with_transaction, TransactionOutcome},
    weights::Weight,
};
use sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Eve, One};
use sp_runtime::{
    generic::Era,
    transaction_validity::{
        InvalidTransaction, TransactionSource, TransactionValidity, TransactionValidityError,
    },
    ApplyExtrinsicResult, DispatchError,
};

fn execute<R>(test: impl FnOnce(&mut Chain) -> R) -> R {
    sp_io::TestExternalities::from(storage(DEV_RUNTIME_PRESET, |_| ()))
        .execute_with(|| test(&mut Chain::start()))
}

fn remark(bytes: usize) -> RuntimeCall {
    let remark = vec![7; bytes];
    frame_system::Call::remark { remark }.into()
}

fn refused(why: InvalidTransaction) -> ApplyExtrinsicResult {
    Err(TransactionValidityError::Invalid(why))
}

/// What the pool is told, without a trace in the state.
fn validate(transaction: UncheckedExtrinsic) -> TransactionValidity {
    let validity = with_transaction(|| {
        let source = TransactionSource::External;
        let validity = Executive::validate_transaction(source, transaction, System::parent_hash());
        TransactionOutcome::Rollback(Ok::<_, DispatchError>(validity))
    });
    validity.expect("the check itself does not fail")
}

/// The transaction is refused for this reason, by the pool and in a block, and nobody pays for it.
fn assert_refused(transaction: UncheckedExtrinsic, why: InvalidTransaction) {
    let before = (Balances::total_issuance(), treasury());
    assert_eq!(
        validate(transaction.clone()).map(|_| ()),
        Err(TransactionValidityError::Invalid(why))
    );
    assert_eq!(Executive::apply_extrinsic(transaction), refused(why));
    assert_eq!((Balances::total_issuance(), treasury()), before);
}

#[test]
fn transaction_should_be_stale_when_it_is_replayed() {
    execute(|chain| {
        let transfer = pallet_balances::Call::transfer_keep_alive {
            dest: account(Eve).into(),
            value: AIPG,
        };
        let signed = transaction(Bob, transfer.into(), Terms::next(Bob));
        let before = Balances::free_balance(account(Eve));
        assert_eq!(Executive::apply_extrinsic(signed.clone()), Ok(Ok(())));
        assert_refused(signed.clone(), InvalidTransaction::Stale);
        chain.run_to(4);
        assert_refused(signed, InvalidTransaction::Stale);
        assert_eq!(Balances::free_balance(account(Eve)), before + AIPG);
    });
}

#[test]
fn transaction_should_wait_in_the_pool_and_not_in_a_block_when_its_nonce_is_ahead() {
    execute(|_| {
        let terms = Terms {
            nonce: 2,
            ..Terms::next(Bob)
        };
        let ahead = transaction(Bob, remark(1), terms);
        let validity = validate(ahead.clone()).expect("the pool keeps it");
        assert_eq!(validity.requires.len(), 1);
        let outcome = Executive::apply_extrinsic(ahead);
        assert_eq!(outcome, refused(InvalidTransaction::Future));
    });
}

#[test]
fn transaction_should_be_refused_when_its_era_has_passed() {
    execute(|chain| {
        chain.run_to(10);
        // Born with the last finished block.
        let terms = Terms {
            era: Era::mortal(64, 9),
            ..Terms::next(Bob)
        };
        let signed = transaction(Bob, remark(1), terms);
        // The pool asks for the block after this one.
        chain.run_to(9 + 62);
        assert!(validate(signed.clone()).is_ok(), "its last block");
        chain.run_to(9 + 63);
        assert!(validate(signed.clone()).is_err(), "the first one after it");
        // From here on the era means a later birth, whose hash was not signed.
        chain.run_to(9 + 66);
        assert_refused(signed, InvalidTransaction::BadProof);
    });
}

#[test]
fn transaction_should_be_refused_when_the_hash_of_its_birth_is_forgotten() {
    execute(|chain| {
        chain.run_to(10);
        let terms = Terms {
            era: Era::mortal(4_096, 9),
            ..Terms::next(Bob)
        };
        let signed = transaction(Bob, remark(1), terms);
        let hashes = configs::system::BlockHashCount::get();
        // Forgetting goes by height, so the blocks between need not be there.
        System::set_block_number(hashes);
        chain.run_to(9 + hashes - 1);
        assert!(validate(signed.clone()).is_ok());
        chain.run_to(9 + hashes + 3);
        assert_refused(signed, InvalidTransaction::AncientBirthBlock);
    });
}

#[test]
fn replay_should_be_refused_when_the_account_was_emptied_and_filled_again() {
    execute(|chain| {
        chain.run_to(10);
        let fund = || pallet_balances::Call::transfer_allow_death {
            dest: account(One).into(),
            value: AIPG,
        };
        let empty = pallet_balances::Call::transfer_all {
            dest: account(Bob).into(),
            keep_alive: false,
        };
        assert_eq!(send(Bob, fund()), Ok(Ok(())));
        let terms = |era| Terms {
            era,
            ..Terms::next(One)
        };
        let mortal = transaction(One, empty.clone().into(), terms(Era::mortal(8, 9)));
        let immortal = transaction(One, empty.into(), terms(Era::Immortal));
        assert_eq!(Executive::apply_extrinsic(mortal.clone()), Ok(Ok(())));
        assert_eq!(
            System::account_nonce(account(One)),
            0,
            "nothing is left of it"
        );
        assert_refused(mortal.clone(), InvalidTransaction::Payment);
        chain.run_to(20);
        assert_eq!(send(Bob, fund()), Ok(Ok(())));
        // The nonce began anew: what does not die can be said again. Hence clients let it die.
        assert_refused(mortal, InvalidTransaction::BadProof);
        assert!(validate(immortal).is_ok());
    });
}

#[test]
fn transaction_should_be_refused_when_it_was_signed_for_another_chain() {
    let signed = sp_io::TestExternalities::from(storage(LOCAL_TESTNET_RUNTIME_PRESET, |config| {
        // Another genesis, so that its hash is another.
        config.balances.balances[0].1 += 1;
    }))
    .execute_with(|| {
        Chain::start();
        transaction(Bob, remark(1), Terms::next(Bob))
    });
    execute(|_| assert_refused(signed, InvalidTransaction::BadProof));
}

#[test]
fn transaction_should_be_refused_when_another_key_signed_it() {
    execute(|_| {
        let forged = transaction_for(Bob, Eve, remark(1), Terms::next(Bob));
        assert_refused(forged, InvalidTransaction::BadProof);
    });
}

#[test]
fn transaction_should_be_refused_when_its_call_was_changed_after_signing() {
    execute(|_| {
        let mut signed = transaction(Bob, remark(1), Terms::next(Bob));
        signed.function = remark(2);
        assert_refused(signed, InvalidTransaction::BadProof);
    });
}

#[test]
fn transaction_should_be_refused_when_its_account_cannot_pay() {
    execute(|_| {
        let unfunded = transaction(One, remark(1), Terms::next(One));
        assert_refused(unfunded, InvalidTransaction::Payment);
        let terms = Terms {
            tip: Balance::MAX,
            ..Terms::next(Bob)
        };
        let generous = transaction(Bob, remark(1), terms);
        assert_refused(generous, InvalidTransaction::Payment);
    });
}

#[test]
fn transaction_should_be_refused_when_it_is_longer_than_a_block() {
    execute(|_| {
        // Three quarters of 5 MiB are for ordinary transactions.
        let limit = 5 * 1024 * 1024 / 4 * 3;
        let long = transaction(Bob, remark(limit), Terms::next(Bob));
        assert_refused(long, InvalidTransaction::ExhaustsResources);
        // What fits does so once.
        let most = transaction(Bob, remark(limit - 4_096), Terms::next(Bob));
        assert_eq!(Executive::apply_extrinsic(most), Ok(Ok(())));
        let outcome = send(Eve, remark(8_192));
        assert_eq!(outcome, refused(InvalidTransaction::ExhaustsResources));
        assert_eq!(send(Eve, remark(8)), Ok(Ok(())));
    });
}

#[test]
fn transaction_should_be_refused_when_it_is_heavier_than_a_block() {
    execute(|_| {
        let limits = <Runtime as frame_system::Config>::BlockWeights::get();
        let heavy = |weight| pallet_utility::Call::with_weight {
            call: Box::new(remark(1)),
            weight,
        };
        for weight in [Weight::MAX, limits.max_block] {
            let heavy = transaction(Bob, heavy(weight).into(), Terms::next(Bob));
            assert_refused(heavy, InvalidTransaction::ExhaustsResources);
        }
        // A weight that fits is paid for, though root alone may state it.
        let before = Balances::free_balance(account(Bob));
        let outcome = send(Bob, heavy(limits.max_block / 2));
        assert_eq!(outcome, Ok(Err(DispatchError::BadOrigin)));
        // 500 ms at 0.001 AIPG each.
        assert!(before - Balances::free_balance(account(Bob)) > AIPG / 2);
    });
}

#[test]
fn weight_of_a_batch_should_be_that_of_its_members() {
    execute(|_| {
        let member = RuntimeCall::from(pallet_sudo::Call::sudo_unchecked_weight {
            call: Box::new(remark(1)),
            weight: Weight::from_parts(300_000_000_000, 0),
        });
        let batch = |members: usize| pallet_utility::Call::batch {
            calls: vec![member.clone(); members],
        };
        // 600 ms fit into the 750 ms that ordinary transactions may take, 900 ms do not.
        let heavy = transaction(Alice, batch(3).into(), Terms::next(Alice));
        assert_refused(heavy, InvalidTransaction::ExhaustsResources);
        assert_eq!(send(Alice, batch(2)), Ok(Ok(())));
    });
}

#[test]
fn transaction_should_be_refused_when_nobody_signed_it() {
    execute(|_| {
        assert_refused(
            UncheckedExtrinsic::new_bare(remark(1)),
            InvalidTransaction::Call,
        );
    });
}

#[test]
fn timestamp_should_be_set_once_in_a_block_and_by_nobody_outside() {
    execute(|_| {
        let now = Timestamp::get();
        let set = || RuntimeCall::from(pallet_timestamp::Call::set { now: now + 2_000 });
        let bare = UncheckedExtrinsic::new_bare(set());
        let pool = Err(TransactionValidityError::Invalid(
            InvalidTransaction::MandatoryValidation,
        ));
        assert_eq!(validate(bare).map(|_| ()), pool);
        let signed = send(Bob, set());
        assert_eq!(signed, refused(InvalidTransaction::BadMandatory));
        assert_eq!(Timestamp::get(), now);
    });
}

#[test]
fn report_of_finality_should_be_made_once_in_a_block_and_by_nobody_outside() {
    execute(|chain| {
        chain.run_to(5);
        let report = || RuntimeCall::from(pallet_finality::Call::report { finalised: 1 });
        let pool = Err(TransactionValidityError::Invalid(
            InvalidTransaction::MandatoryValidation,
        ));
        let bare = || UncheckedExtrinsic::new_bare(report());
        assert_eq!(validate(bare()).map(|_| ()), pool);
        let signed = send(Bob, report());
        assert_eq!(signed, refused(InvalidTransaction::BadMandatory));
        // The author has made its own.
        let twice = Executive::apply_extrinsic(bare());
        assert_eq!(twice, refused(InvalidTransaction::BadMandatory));
    });
}
