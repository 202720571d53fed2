//! What remains of finished jobs, through all pallets.

use super::spine::{model, online_worker, submit, tokens, MAX_OUTPUT, OUTPUT, PROMPT};
use super::*;
use aipg_exact::tree::{leaf, path, Domain};
use aipg_primitives::{
    JobId, JobParameters, Outcome, Receipt, ReceiptProof, ReceiptVerifier, RefundReason, Region,
    RoundIndex, ServiceLevel, TrustClass,
};
use codec::Decode;
use frame_support::{assert_noop, assert_ok};
use pallet_receipts::{Blake2, Event, Roots};
use sp_keyring::Sr25519Keyring::{Bob, Charlie};
use std::collections::BTreeSet;

/// Receipts of a round by index, as the events gave them.
fn receipts_of(round: RoundIndex) -> Vec<Vec<u8>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Receipts(Event::ReceiptAdded {
                round: of,
                index,
                receipt,
                ..
            }) if of == round => Some((index, receipt)),
            _ => None,
        })
        .enumerate()
        .map(|(position, (index, receipt))| {
            assert_eq!(position, index as usize, "indices have no gaps");
            receipt
        })
        .collect()
}

fn decoded(bytes: &[u8]) -> Receipt<AccountId, BlockNumber> {
    Receipt::decode(&mut &bytes[..]).expect("the receipt decodes")
}

/// The proof of a receipt, from the events alone.
fn proof(round: RoundIndex, index: usize) -> ReceiptProof<AccountId, BlockNumber> {
    let receipts = receipts_of(round);
    let leaves: Vec<[u8; 32]> = receipts
        .iter()
        .map(|bytes| leaf::<Blake2>(Domain::Receipts, bytes))
        .collect();
    let path: Vec<Hash> = path::<Blake2>(Domain::Receipts, &leaves, index)
        .expect("the round has this receipt")
        .into_iter()
        .map(Hash::from)
        .collect();
    ReceiptProof {
        round,
        index: index as u32,
        count: receipts.len() as u32,
        receipt: decoded(&receipts[index]),
        path: path.try_into().expect("within the greatest depth"),
    }
}

fn verify(proof: &ReceiptProof<AccountId, BlockNumber>) -> frame_support::dispatch::DispatchResult {
    <Receipts as ReceiptVerifier<AccountId, BlockNumber>>::verify(proof)
}

/// Submits a job that no machine takes and that is refunded some 20 blocks later.
fn submit_refused() -> (JobId, Balance) {
    let quote = JobEscrow::quote(model(), PROMPT, MAX_OUTPUT).expect("the model takes the job");
    let job = JobEscrow::next_job();
    assert_ok!(JobEscrow::submit(
        signed(Bob),
        model(),
        tokens(PROMPT),
        JobParameters {
            max_output: MAX_OUTPUT,
            ..Default::default()
        },
        quote.least_price,
        TrustClass::Exact,
        System::block_number() + quote.least_deadline + 20,
        ServiceLevel {
            region: Some(Region::Asia),
            ..Default::default()
        },
        None,
        None,
    ));
    (job, quote.least_price)
}

#[test]
fn job_settled_at_the_start_of_a_round_should_be_in_that_round() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        online_worker();
        let price = submit();
        let (refused, refused_price) = submit_refused();
        run_to(8);
        assert_ok!(JobEscrow::claim(signed(Charlie), 0));
        run_to(15);
        let digest = Hash::repeat_byte(3);
        assert_ok!(JobEscrow::submit_result(
            signed(Charlie),
            0,
            tokens(OUTPUT),
            digest,
            None
        ));
        // The challenge window of 15 blocks ends with the first block of round 3. The escrow's hook
        // comes before the one that seals round 2.
        run_to(29);
        assert_eq!(receipts_of(2).len(), 1);
        assert_eq!(Roots::<Runtime>::get(2), None);
        run_to(30);
        assert!(JobEscrow::view(0).is_none());
        assert_eq!(receipts_of(3).len(), 1);
        assert_noop!(
            verify(&proof(3, 0)),
            pallet_receipts::Error::<Runtime>::UnknownRound
        );

        let refunded = proof(2, 0);
        assert_ok!(verify(&refunded));
        assert_eq!(refunded.receipt.job, refused);
        assert_eq!(
            refunded.receipt.outcome,
            Outcome::Refunded {
                reason: RefundReason::DeadlineUnreachable,
                returned: refused_price,
            }
        );

        run_to(40);
        let paid = proof(3, 0);
        assert_ok!(verify(&paid));
        let units = JobEscrow::quote(model(), PROMPT, OUTPUT).unwrap().units;
        let ask = AIPG / 2_000;
        assert_eq!(
            paid.receipt,
            Receipt {
                job: 0,
                requester: account(Bob),
                model: model(),
                class: TrustClass::Exact,
                input: tokens(PROMPT),
                parameters: JobParameters {
                    max_output: MAX_OUTPUT,
                    ..Default::default()
                },
                max_price: price,
                finished_at: 30,
                outcome: Outcome::Paid {
                    worker: account(Charlie),
                    output: tokens(OUTPUT),
                    digest,
                    units,
                    ask,
                    fee: Balance::from(units) * ask,
                },
            }
        );
        let mut forged = paid.clone();
        forged.receipt.requester = account(Charlie);
        assert_noop!(
            verify(&forged),
            pallet_receipts::Error::<Runtime>::InvalidProof
        );
        check_all_pallets();
    });
}

#[test]
fn rounds_of_receipts_should_be_those_of_useful_work() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        for height in 0..45 {
            assert_eq!(Receipts::round_at(height), UsefulWork::round_at(height));
        }
    });
}

/// All keys of the state.
fn keys() -> BTreeSet<Vec<u8>> {
    std::iter::successors(sp_io::storage::next_key(&[]), |key| {
        sp_io::storage::next_key(key)
    })
    .collect()
}

#[test]
fn finished_jobs_should_leave_nothing_in_the_state_but_a_root_a_round() {
    const BLOCKS: BlockNumber = 80;
    let without = preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        run_to(BLOCKS);
        keys()
    });
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        for block in 1..=25 {
            run_to(block);
            for _ in 0..4 {
                submit_refused();
            }
        }
        let live = pallet_job_escrow::Jobs::<Runtime>::iter().count();
        assert!(live > 50, "live jobs are in the state");
        run_to(BLOCKS);
        let mut finished = BTreeSet::new();
        for round in 0..8 {
            for bytes in receipts_of(round) {
                let receipt = decoded(&bytes);
                assert_eq!(receipt.finished_at / 10, round);
                assert!(finished.insert(receipt.job), "one receipt for each job");
            }
        }
        assert_eq!(finished, (0..100).collect());

        let roots: BTreeSet<Vec<u8>> = Roots::<Runtime>::iter_keys()
            .map(Roots::<Runtime>::hashed_key_for)
            .collect();
        assert!(roots.len() > 1);
        for root in &roots {
            assert_eq!(sp_io::storage::get(root).expect("is set").len(), 32);
        }
        let mut expected = roots;
        expected.insert(pallet_job_escrow::NextJob::<Runtime>::hashed_key().to_vec());
        let added: BTreeSet<Vec<u8>> = keys().difference(&without).cloned().collect();
        assert_eq!(added, expected);
        check_all_pallets();
    });
}
