//! Answers that are wrong by their tokens.

use super::players::*;
use crate::{
    mock::*,
    pallet::*,
    types::{AddressBytes, EvidenceBytes},
};
use aipg_exact::{
    commitment::token_root,
    trace::{wire::Wire, Evidence, Flaw, Leaf, Opening, Replay, Tensor},
    tree::{self, Domain},
};
use aipg_primitives::HostBlake2;
use aipg_referee_game::Side;
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use sp_core::H256;

fn prove(who: AccountId, number: u32, flaw: Flaw, evidence: &Evidence) -> DispatchResult {
    Referee::prove_flaw(
        signed(who),
        JOB,
        number,
        AddressBytes::truncate_from(flaw.to_bytes()),
        EvidenceBytes::try_from(evidence.to_bytes()).unwrap(),
    )
}

/// Shows that an answer ends for no reason.
pub fn prove_end(who: AccountId, number: u32, trace: &Replay<'_>) -> DispatchResult {
    let last = trace.output().len() as u64 - 1;
    let leaf = Leaf::Output(last / 64);
    let evidence = trace.evidence::<HostBlake2>(&[leaf]);
    prove(who, number, Flaw::EndsEarly, &evidence)
}

#[test]
fn a_wrong_token_should_be_found_in_the_true_trace_of_the_answer() {
    for truth in truths() {
        let lie = wrong_answer(truth);
        let last = lie.output().len() as u64 - 1;
        execute(|| {
            deliver(&lie);
            // Both find the same trace; what it says of the last token is false.
            let number = challenge(CHALLENGER, &lie);
            let posted = post(WORKER, &lie);
            assert_ok!(open(CHALLENGER, number, &lie));
            let table = Table {
                seat: seat(number, posted),
                challenger: CHALLENGER,
                defender: WORKER,
                trace: &lie,
            };
            assert_eq!(table.refute(Tensor::Chosen, last).0, Side::Challenger);
        });
    }
}

/// The value of the right token does not make a wrong one right.
#[test]
fn a_wrong_token_should_be_found_when_its_record_is_the_right_one() {
    let (truth, mut lie) = (truth(), wrong_answer(truth()));
    let last = lie.output().len() as u64 - 1;
    let record = truth
        .hashed_leaf(Leaf::Trace(Tensor::Chosen, last))
        .unwrap();
    *lie.leaf_mut(Tensor::Chosen, last).unwrap() = record;
    let own = wrong_answer(truth);
    execute(|| {
        deliver(&lie);
        let number = challenge(CHALLENGER, &own);
        let posted = post(WORKER, &lie);
        assert_ok!(open(CHALLENGER, number, &own));
        let table = Table {
            seat: seat(number, posted),
            challenger: CHALLENGER,
            defender: WORKER,
            trace: &lie,
        };
        assert_eq!(table.refute(Tensor::Chosen, last).0, Side::Challenger);
    });
}

#[test]
fn an_answer_that_ends_for_no_reason_should_be_false_at_once() {
    execute(|| {
        deliver_with(truth(), MOST + 1, &[]);
        let number = challenge(CHALLENGER, truth());
        // A true trace stands, and does not help.
        post(WORKER, truth());
        assert_noop!(
            prove_end(CHALLENGER, number, truth()),
            error(Error::ChallengeTooYoung)
        );
        advance(1);
        assert_noop!(
            prove_end(SECOND, number, truth()),
            error(Error::NotYourSeat)
        );
        assert_ok!(prove_end(CHALLENGER, number, truth()));
        advance(1);
        assert_eq!(Refuted::get(), [JOB]);
        assert_eq!(Proven::get(), [true]);
        advance(CHALLENGE_WINDOW + 2);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + REWARD);
        assert_eq!(Cases::<Test>::iter().count(), 0);
    });
}

#[test]
fn an_answer_that_is_long_enough_should_have_no_flaw() {
    let last = *truth().output().last().unwrap();
    for (most, stop) in [(MOST, vec![]), (MOST + 1, vec![last])] {
        execute(|| {
            deliver_with(truth(), most, &stop);
            let number = challenge(CHALLENGER, truth());
            advance(1);
            assert_noop!(
                prove_end(CHALLENGER, number, truth()),
                error(Error::NoSuchFlaw)
            );
        });
    }
}

#[test]
fn an_answer_that_goes_on_after_a_stop_token_should_be_false() {
    let stop = truth().output()[0];
    execute(|| {
        deliver_with(truth(), MOST, &[stop]);
        let number = challenge(CHALLENGER, truth());
        advance(1);
        let evidence = truth().evidence::<HostBlake2>(&[Leaf::Output(0)]);
        let flaw = |index| prove(CHALLENGER, number, Flaw::EarlyStop(index), &evidence);
        let last = u64::from(MOST) - 1;
        assert_noop!(flaw(last), error(Error::NoSuchFlaw));
        assert_noop!(flaw(u64::from(MOST)), error(Error::DoesNotVerify));
        assert_ok!(flaw(0));
    });
}

#[test]
fn a_token_beyond_the_vocabulary_should_be_a_flaw() {
    let vocabulary = truth().job().header.vocabulary;
    let output = [1, vocabulary, 3];
    execute(|| {
        deliver(truth());
        Results::mutate(|results| {
            let result = results.get_mut(&JOB).unwrap();
            result.output.root = H256(token_root::<HostBlake2>(&output));
        });
        let number = challenge(CHALLENGER, truth());
        advance(1);
        let mut bytes: Vec<u8> = output.iter().flat_map(|id| id.to_le_bytes()).collect();
        bytes.resize(256, 0);
        let evidence = Evidence {
            tensors: Vec::new(),
            leaves: vec![Opening {
                leaf: Leaf::Output(0),
                path: tree::path::<HostBlake2>(Domain::Tokens, &[[0; 32]], 0).unwrap(),
                bytes,
            }],
        };
        let flaw = |index| prove(CHALLENGER, number, Flaw::UnknownToken(index), &evidence);
        assert_noop!(flaw(0), error(Error::NoSuchFlaw));
        assert_ok!(flaw(1));
        assert_noop!(flaw(1), error(Error::CaseDecided));
    });
}

/// Nobody can run the model on such a prompt, so nobody could say what else is false: the worker had to
/// give the job back.
#[test]
fn an_answer_to_a_prompt_beyond_the_vocabulary_should_be_false() {
    let vocabulary = truth().job().header.vocabulary;
    let prompt = [1, vocabulary, 3, 4];
    execute(|| {
        deliver(truth());
        Results::mutate(|results| {
            let result = results.get_mut(&JOB).unwrap();
            result.input.root = H256(token_root::<HostBlake2>(&prompt));
        });
        let number = challenge(CHALLENGER, truth());
        advance(1);
        let mut bytes: Vec<u8> = prompt.iter().flat_map(|id| id.to_le_bytes()).collect();
        bytes.resize(256, 0);
        let evidence = Evidence {
            tensors: Vec::new(),
            leaves: vec![Opening {
                leaf: Leaf::Prompt(0),
                path: Vec::new(),
                bytes,
            }],
        };
        let flaw = |index| prove(CHALLENGER, number, Flaw::UnknownInput(index), &evidence);
        assert_noop!(flaw(0), error(Error::NoSuchFlaw));
        assert_noop!(flaw(4), error(Error::DoesNotVerify));
        assert_ok!(flaw(1));
        advance(1);
        assert_eq!(Refuted::get(), [JOB]);
    });
}

#[test]
fn a_flaw_should_be_refused_when_its_leaf_is_not_proven() {
    execute(|| {
        deliver_with(truth(), MOST + 1, &[]);
        let number = challenge(CHALLENGER, truth());
        advance(1);
        let try_bytes = |flaw: &[u8], evidence: &[u8]| {
            Referee::prove_flaw(
                signed(CHALLENGER),
                JOB,
                number,
                AddressBytes::truncate_from(flaw.to_vec()),
                EvidenceBytes::try_from(evidence.to_vec()).unwrap(),
            )
        };
        assert_noop!(try_bytes(&[4], &[0, 0]), error(Error::Malformed));
        assert_noop!(try_bytes(&[2], &[]), error(Error::Malformed));
        assert_noop!(try_bytes(&[2], &[0, 0]), error(Error::DoesNotVerify));
        let mut forged = truth().evidence::<HostBlake2>(&[Leaf::Output(0)]);
        forged.leaves[0].bytes[0] ^= 1;
        assert_noop!(
            prove(CHALLENGER, number, Flaw::EndsEarly, &forged),
            error(Error::DoesNotVerify)
        );
        assert_noop!(
            prove(CHALLENGER, 1, Flaw::EndsEarly, &forged),
            error(Error::ChallengeNotFound)
        );
    });
}
