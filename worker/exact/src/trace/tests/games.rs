//! One honest checker against a defender who lies as well as it can.

use super::*;
use crate::testing::best_lie;

/// Plays a false claim to its end: the number of reveals it took to refute it.
pub(super) fn play(trace: &Replay<'_>, job: &Job<'_>, mut claim: Claim) -> usize {
    for round in 0..=MAX_ROUNDS {
        let spans = claim.reveals(job, trace).unwrap();
        let truth = trace.reveal(&spans);
        let Some(told) = best_lie(trace, job, &claim, &truth) else {
            return round;
        };
        let children = match claim.check(job, &told, trace) {
            Ok(children) => children,
            Err(fault) => {
                assert!(fault.convicts(), "{claim:?}: {fault:?}");
                return round;
            }
        };
        // A child is false if its value is not the true one.
        let wrong = children.iter().find(|child| match **child {
            Claim::Terms {
                sum,
                first,
                count,
                value,
            } => trace.reveal(&[(sum, first, count)]) != [value],
            _ => false,
        });
        claim = *wrong.unwrap_or_else(|| panic!("the defender won: {claim:?}"));
    }
    panic!("too many rounds: {claim:?}");
}

/// In every tensor one element is false by as little as possible; the checker names the first claim
/// that is, and follows the false values down.
#[test]
fn an_honest_checker_should_win_whatever_is_revealed() {
    let models = models();
    let mut numbers = Numbers(29);
    let mut longest = [0; MAX_ROUNDS + 1];
    for honest in jobs(&models) {
        let job = honest.job();
        for tensor in Tensor::all(job.header) {
            for _ in 0..4 {
                let index = numbers.below(tensor.leaves(&job));
                let mut trace = honest.clone();
                let leaf = trace.leaf_mut(tensor, index).unwrap();
                let place = numbers.below(leaf.len() as u64) as usize & !3;
                leaf[place] ^= 1;
                let claim = claims(&job, tensor, index)
                    .into_iter()
                    .find(|claim| holds(&trace, &job, claim).is_err_and(Fault::convicts));
                let rounds = play(&trace, &job, claim.unwrap());
                longest[rounds] += 1;
            }
        }
    }
    // Games of every length but the longest occur with so small a vocabulary and context.
    assert!(longest[..3].iter().all(|&games| games > 10), "{longest:?}");
    println!("games by their number of reveals: {longest:?}");
}

/// The values of sums are the defender's: an accuser who holds one true value for false loses.
#[test]
fn a_false_accusation_should_fail() {
    let models = models();
    let mut numbers = Numbers(31);
    for honest in jobs(&models) {
        let job = honest.job();
        for tensor in Tensor::all(job.header) {
            let index = numbers.below(tensor.leaves(&job));
            let claims = claims(&job, tensor, index);
            let mut claim = claims[numbers.below(claims.len() as u64) as usize];
            for round in 0.. {
                assert!(round <= MAX_ROUNDS);
                let values = honest.reveal(&claim.reveals(&job, &honest).unwrap());
                let children = claim.check(&job, &values, &honest).unwrap();
                if children.is_empty() {
                    break;
                }
                claim = children[numbers.below(children.len() as u64) as usize];
            }
        }
    }
}
