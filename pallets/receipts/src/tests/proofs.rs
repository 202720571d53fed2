use super::*;
use proptest::prelude::*;

#[test]
fn proof_should_hold_for_every_receipt_of_a_sealed_round_only() {
    execute(|| {
        let receipts = end(0..7);
        let proofs: Vec<_> = (0..7).map(|index| proof(0, &receipts, index)).collect();
        for proof in &proofs {
            assert_noop!(Receipts::verify(proof), Error::<Test>::UnknownRound);
        }
        run_to(10);
        for proof in &proofs {
            assert_ok!(Receipts::verify(proof));
        }
        // It never goes stale.
        end(7..9);
        run_to(500);
        for proof in &proofs {
            assert_ok!(Receipts::verify(proof));
        }
    });
}

#[test]
fn proof_should_fail_when_the_round_is_another() {
    execute(|| {
        let receipts = end(0..4);
        run_to(10);
        end(4..8);
        run_to(20);
        let mut proof = proof(0, &receipts, 1);
        proof.round = 1;
        assert_noop!(Receipts::verify(&proof), Error::<Test>::InvalidProof);
        proof.round = 2;
        assert_noop!(Receipts::verify(&proof), Error::<Test>::UnknownRound);
    });
}

#[test]
fn proof_should_fail_when_any_field_of_the_receipt_differs() {
    execute(|| {
        let receipts = end(0..3);
        run_to(10);
        let good = proof(0, &receipts, 0);
        assert_ok!(Receipts::verify(&good));
        let refused = |change: &dyn Fn(&mut Receipt<AccountId, u64>)| {
            let mut bad = good.clone();
            change(&mut bad.receipt);
            assert_noop!(Receipts::verify(&bad), Error::<Test>::InvalidProof);
        };
        refused(&|receipt| receipt.job += 1);
        refused(&|receipt| receipt.requester += 1);
        refused(&|receipt| receipt.model = H256::zero());
        refused(&|receipt| receipt.class = TrustClass::Pinned);
        refused(&|receipt| receipt.input.count += 1);
        refused(&|receipt| receipt.parameters.seed += 1);
        refused(&|receipt| receipt.max_price += 1);
        refused(&|receipt| receipt.finished_at += 1);
        refused(&|receipt| {
            if let Outcome::Paid { fee, .. } = &mut receipt.outcome {
                *fee += 1;
            }
        });
        refused(&|receipt| {
            receipt.outcome = Outcome::Refunded {
                reason: RefundReason::InputUnavailable,
                returned: 0,
            }
        });
    });
}

proptest! {
    #[test]
    fn frontier_should_give_the_root_of_the_tree_built_at_once(
        blocks in proptest::collection::vec(0..9u64, 1..25),
    ) {
        execute(|| {
            let mut rounds: Vec<(RoundIndex, Vec<Receipt<AccountId, u64>>)> = Vec::new();
            let mut next = 0;
            for jobs in blocks {
                run_to(System::block_number() + 1);
                let receipts = end(next..next + jobs);
                next += jobs;
                let round = Receipts::round_at(System::block_number());
                match rounds.last_mut() {
                    Some((last, of_round)) if *last == round => of_round.extend(receipts),
                    _ => rounds.push((round, receipts)),
                }
            }
            run_to(System::block_number() + ROUND);
            for (round, receipts) in rounds {
                let root = (!receipts.is_empty()).then(|| root_at_once(&receipts));
                assert_eq!(Roots::<Test>::get(round), root);
                for index in 0..receipts.len() {
                    assert_ok!(Receipts::verify(&proof(round, &receipts, index)));
                }
            }
        });
    }

    #[test]
    fn proof_should_fail_when_anything_in_it_is_changed(
        count in 1..100u64,
        chosen in any::<prop::sample::Index>(),
        byte in any::<prop::sample::Index>(),
        flip in 1..=255u8,
        other in any::<u32>(),
    ) {
        execute(|| {
            let receipts = end(0..count);
            run_to(10);
            let index = chosen.index(receipts.len());
            let good = proof(0, &receipts, index);
            assert_ok!(Receipts::verify(&good));
            let refused = |change: &dyn Fn(&mut ReceiptProof<AccountId, u64>)| {
                let mut bad = good.clone();
                change(&mut bad);
                if bad != good {
                    assert_noop!(Receipts::verify(&bad), Error::<Test>::InvalidProof);
                }
            };
            refused(&|bad| bad.index = other);
            refused(&|bad| bad.index ^= 1);
            refused(&|bad| bad.count = other);
            refused(&|bad| bad.count += 1);
            refused(&|bad| bad.count -= 1);
            refused(&|bad| bad.receipt.parameters.seed ^= u64::from(flip));
            refused(&|bad| {
                let length = bad.path.len();
                if length > 0 {
                    let position = byte.index(length * 32);
                    bad.path[position / 32].0[position % 32] ^= flip;
                }
            });
            refused(&|bad| {
                bad.path.pop();
            });
            refused(&|bad| bad.path.try_push(H256::zero()).unwrap());
        });
    }
}
