//! Blobs that are withheld: who may demand what, until when, and who pays.

use super::players::*;
use crate::{
    mock::*,
    pallet::*,
    types::{Blob, ChunkPath, ChunkTokens, DemandedChunks, Phase},
    HoldReason,
};
use aipg_exact::{
    commitment::{token_chunk, token_root, TOKENS_PER_CHUNK},
    header::SEMANTICS_VERSION,
};
use aipg_primitives::{HostBlake2, SettlementGate, TokenList};
use frame_support::{assert_noop, assert_ok, dispatch::DispatchResult};
use proptest::prelude::*;
use sp_core::H256;

/// First tick without demands, and first tick without answers, of a result that was delivered in tick 1.
const DEMANDS_END: u32 = 1 + CHALLENGE_WINDOW / 3;
const ANSWERS_END: u32 = DEMANDS_END + CHALLENGE_WINDOW / 3;

/// An answer of three chunks; that the model would give another is nobody's business here.
fn answer() -> Vec<u32> {
    (0..2 * TOKENS_PER_CHUNK + 70).collect()
}

fn deliver_answer() {
    deliver(truth());
    let tokens = answer();
    Results::mutate(|results| {
        results.get_mut(&JOB).unwrap().output = TokenList {
            blob: H256::zero(),
            root: H256(token_root::<HostBlake2>(&tokens)),
            count: tokens.len() as u32,
        };
    });
}

fn demand(who: AccountId, blob: Blob, chunks: &[u32]) -> DispatchResult {
    let chunks = DemandedChunks::try_from(chunks.to_vec()).unwrap();
    Referee::demand(signed(who), JOB, blob, chunks)
}

fn publish_of(who: AccountId, blob: Blob, tokens: &[u32], chunk: u32) -> DispatchResult {
    let (part, path) = token_chunk::<HostBlake2>(tokens, chunk).unwrap();
    let path: Vec<H256> = path.into_iter().map(H256).collect();
    let tokens = ChunkTokens::try_from(part.to_vec()).unwrap();
    let path = ChunkPath::try_from(path).unwrap();
    Referee::publish(signed(who), JOB, blob, chunk, tokens, path)
}

fn publish(who: AccountId, chunk: u32) -> DispatchResult {
    publish_of(who, Blob::Output, &answer(), chunk)
}

#[test]
fn a_published_chunk_should_be_paid_for_by_who_demanded_it() {
    execute(|| {
        deliver_answer();
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0, 2]));
        assert_eq!(on_hold(HoldReason::Demand, CHALLENGER), 2 * CHUNK_PRICE);
        assert!(!Referee::may_settle(JOB, 1));
        assert_ok!(publish(WORKER, 2));
        assert_ok!(publish(WORKER, 0));
        assert_eq!(on_hold(HoldReason::Demand, CHALLENGER), 0);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT - 2 * CHUNK_PRICE);
        assert_eq!(wealth(WORKER), ENDOWMENT + 2 * CHUNK_PRICE);
        let block = System::block_number();
        let demand = Demands::<Test>::get(JOB, (Blob::Output, 2)).unwrap();
        assert_eq!(demand.published, Some(block));
        // Nobody doubts the result then: it is upheld, and nothing is left of the case.
        advance_to(1 + CHALLENGE_WINDOW - 1);
        assert!(!Referee::may_settle(JOB, 1));
        advance(1);
        assert!(Referee::may_settle(JOB, 1));
        advance(5);
        assert!(!Cases::<Test>::contains_key(JOB));
        assert_eq!(Demands::<Test>::iter().count(), 0);
        assert!(Convicted::get().is_empty());
    });
}

#[test]
fn a_withheld_chunk_should_make_the_result_false_and_reward_who_demanded_it() {
    execute(|| {
        deliver_answer();
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0, 1]));
        assert_ok!(demand(SECOND, Blob::Output, &[1, 2]));
        assert_ok!(publish(WORKER, 0));
        advance_to(ANSWERS_END - 1);
        assert!(Refuted::get().is_empty());
        advance(1);
        assert_eq!(Refuted::get(), [JOB]);
        assert_eq!(Proven::get(), [false]);
        assert_eq!(Convicted::get(), [WORKER]);
        assert_eq!(Forfeited::get(), [WORKER]);
        advance(CHALLENGE_WINDOW + 5);
        assert!(!Cases::<Test>::contains_key(JOB));
        // The published chunk is paid for; of the others each brings half of the reward.
        assert_eq!(wealth(CHALLENGER), ENDOWMENT - CHUNK_PRICE + REWARD / 2);
        assert_eq!(wealth(SECOND), ENDOWMENT + REWARD / 2);
        assert_eq!(wealth(WORKER), ENDOWMENT + CHUNK_PRICE);
    });
}

#[test]
fn what_rounding_leaves_of_the_reward_should_go_to_the_treasury() {
    execute(|| {
        deliver_answer();
        let treasury = wealth(TREASURY);
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0, 1, 2]));
        advance_to(ANSWERS_END + CHALLENGE_WINDOW + 8);
        assert!(!Cases::<Test>::contains_key(JOB));
        let third = REWARD / 3;
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + 3 * third);
        // Less than the existential deposit is dust, which goes there as well.
        assert_eq!(wealth(TREASURY), treasury + REWARD - 3 * third);
    });
}

#[test]
fn anybody_should_publish_for_a_worker_that_is_away() {
    execute(|| {
        deliver_answer();
        assert_ok!(demand(CHALLENGER, Blob::Prompt, &[0]));
        assert_ok!(publish_of(DEFENDER, Blob::Prompt, &PROMPT, 0));
        assert_eq!(wealth(DEFENDER), ENDOWMENT + CHUNK_PRICE);
        advance_to(2 * CHALLENGE_WINDOW);
        assert!(Convicted::get().is_empty());
    });
}

#[test]
fn who_publishes_its_own_demand_should_have_its_payment_back() {
    execute(|| {
        deliver_answer();
        assert_ok!(demand(CHALLENGER, Blob::Output, &[1]));
        assert_ok!(publish(CHALLENGER, 1));
        assert_eq!(wealth(CHALLENGER), ENDOWMENT);
        assert_eq!(on_hold(HoldReason::Demand, CHALLENGER), 0);
    });
}

#[test]
fn a_chunk_should_be_demanded_once() {
    execute(|| {
        deliver_answer();
        assert_ok!(demand(CHALLENGER, Blob::Output, &[1]));
        assert_noop!(demand(SECOND, Blob::Output, &[1]), error(Error::NothingNew));
        assert_noop!(demand(SECOND, Blob::Output, &[]), error(Error::NothingNew));
        assert_ok!(demand(SECOND, Blob::Output, &[1, 2, 2]));
        assert_eq!(on_hold(HoldReason::Demand, SECOND), CHUNK_PRICE);
        assert_ok!(publish(WORKER, 1));
        assert_noop!(demand(SECOND, Blob::Output, &[1]), error(Error::NothingNew));
        assert_noop!(publish(WORKER, 1), error(Error::AlreadyPublished));
    });
}

#[test]
fn a_demand_should_be_refused_that_nobody_could_answer_or_pay() {
    execute(|| {
        assert_noop!(
            demand(CHALLENGER, Blob::Output, &[0]),
            error(Error::ResultNotFound)
        );
        deliver_answer();
        assert_noop!(
            demand(CHALLENGER, Blob::Output, &[3]),
            error(Error::NoSuchChunk)
        );
        assert_noop!(
            demand(CHALLENGER, Blob::Prompt, &[0, 1]),
            error(Error::NoSuchChunk)
        );
        empty(CHALLENGER);
        Balances::force_set_balance(RuntimeOrigin::root(), CHALLENGER, CHUNK_PRICE).unwrap();
        assert_noop!(
            demand(CHALLENGER, Blob::Output, &[0]),
            error(Error::BondExceedsBalance)
        );
    });
}

#[test]
fn demands_and_answers_should_leave_time_to_check_the_result() {
    execute(|| {
        deliver_answer();
        advance_to(DEMANDS_END - 1);
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0]));
        advance(1);
        assert_noop!(
            demand(CHALLENGER, Blob::Output, &[1]),
            error(Error::DemandsClosed)
        );
        advance_to(ANSWERS_END - 1);
        assert_ok!(publish(WORKER, 0));
        challenge(CHALLENGER, truth());
    });
}

#[test]
fn an_answer_should_be_refused_after_its_time() {
    execute(|| {
        deliver_answer();
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0, 1]));
        assert_ok!(publish(WORKER, 0));
        assert_noop!(publish(WORKER, 2), error(Error::NotDemanded));
        // As if the chain had been too busy to decide.
        Ticks::<Test>::put(ANSWERS_END);
        assert_noop!(publish(WORKER, 1), error(Error::AnswersClosed));
        advance(1);
        assert_noop!(publish(WORKER, 1), error(Error::CaseDecided));
        assert_noop!(
            demand(SECOND, Blob::Output, &[2]),
            error(Error::ResultNotFound)
        );
    });
}

#[test]
fn an_answer_should_be_refused_that_is_not_the_chunk() {
    execute(|| {
        deliver_answer();
        assert_noop!(publish(WORKER, 0), error(Error::CaseNotFound));
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0, 1]));
        assert_ok!(demand(CHALLENGER, Blob::Prompt, &[0]));
        let mut other = answer();
        other[5] += 1;
        let refused = error(Error::DoesNotVerify);
        assert_noop!(publish_of(WORKER, Blob::Output, &other, 0), refused);
        assert_noop!(publish_of(WORKER, Blob::Prompt, &answer(), 0), refused);
        assert_noop!(publish_of(WORKER, Blob::Output, &PROMPT, 0), refused);
        assert_ok!(publish_of(WORKER, Blob::Prompt, &PROMPT, 0));
    });
}

#[test]
fn a_flawed_answer_should_return_what_demands_paid() {
    execute(|| {
        deliver_with(truth(), MOST + 1, &[]);
        assert_ok!(demand(SECOND, Blob::Prompt, &[0]));
        let number = challenge(CHALLENGER, truth());
        advance(1);
        super::answers::prove_end(CHALLENGER, number, truth()).unwrap();
        assert_noop!(
            publish_of(WORKER, Blob::Prompt, &PROMPT, 0),
            error(Error::CaseDecided)
        );
        assert_noop!(
            demand(SECOND, Blob::Output, &[0]),
            error(Error::CaseDecided)
        );
        advance(1);
        let phase = Cases::<Test>::get(JOB).unwrap().phase;
        assert!(matches!(phase, Phase::False { withheld: 0, .. }));
        advance(CHALLENGE_WINDOW + 8);
        assert!(!Cases::<Test>::contains_key(JOB));
        assert_eq!(wealth(SECOND), ENDOWMENT);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + REWARD);
    });
}

#[test]
fn a_challenge_beside_a_withheld_blob_should_have_its_bond_back_and_no_reward() {
    execute(|| {
        deliver(truth());
        challenge(SECOND, truth());
        post(DEFENDER, truth());
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0]));
        advance_to(ANSWERS_END);
        assert_eq!(Refuted::get(), [JOB]);
        advance(CHALLENGE_WINDOW + 12);
        assert!(!Cases::<Test>::contains_key(JOB));
        assert_eq!(wealth(SECOND), ENDOWMENT);
        assert_eq!(wealth(DEFENDER), ENDOWMENT);
        assert_eq!(wealth(CHALLENGER), ENDOWMENT + REWARD);
    });
}

/// No kernel withholds anything.
#[test]
fn a_withheld_chunk_should_convict_while_the_version_is_frozen() {
    execute(|| {
        deliver_answer();
        Referee::freeze(SEMANTICS_VERSION, Default::default());
        assert_ok!(demand(CHALLENGER, Blob::Output, &[0]));
        advance_to(ANSWERS_END);
        assert_eq!(Convicted::get(), [WORKER]);
    });
}

proptest! {
    /// Whoever answers all in time is never convicted; whoever leaves out one chunk always is; nothing stays
    /// on hold; money adds up.
    #[test]
    fn a_result_should_be_false_exactly_if_a_chunk_is_withheld(
        demands in prop::collection::vec((1..5u64, 0..3u32, 0..DEMANDS_END - 1), 1..12),
        withheld in prop::option::of(0..3u32),
        delay in 0..CHALLENGE_WINDOW / 3,
    ) {
        execute(|| {
            let issuance = Balances::total_issuance();
            deliver_answer();
            let mut open = Vec::new();
            let mut is_withheld = false;
            for tick in 0..2 * CHALLENGE_WINDOW + 40 {
                for &(who, chunk, _) in demands.iter().filter(|(_, _, at)| *at == tick) {
                    if demand(who, Blob::Output, &[chunk]).is_ok() {
                        is_withheld |= withheld == Some(chunk);
                        open.push((chunk, tick + delay));
                    }
                }
                open.retain(|&(chunk, at)| {
                    let answers = at <= tick && withheld != Some(chunk);
                    if answers {
                        publish(DEFENDER, chunk).expect("it is in time");
                    }
                    !answers
                });
                Pallet::<Test>::do_try_state().unwrap();
                advance(1);
            }
            assert_eq!(Cases::<Test>::iter().count(), 0);
            assert_eq!(!Convicted::get().is_empty(), is_withheld);
            for who in 1..=20 {
                assert_eq!(on_hold(HoldReason::Demand, who), 0);
            }
            let minted = Convicted::get().len() as u128 * REWARD;
            assert_eq!(Balances::total_issuance(), issuance + minted);
        });
    }
}
