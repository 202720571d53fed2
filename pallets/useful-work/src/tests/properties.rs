//! Random work and claims: the budget's books hold, and no job earns over either ceiling.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Settle {
        other: bool,
        listed: bool,
        units: u64,
        ask: u8,
    },
    Claim {
        other: bool,
        back: u8,
    },
    Forfeit,
    Difficulty(u32),
    Index(u8),
    Blocks(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        30 => (any::<bool>(), any::<bool>(), 0..100_000u64, 1..4u8).prop_map(
            |(other, listed, units, ask)| Step::Settle { other, listed, units, ask: ask * 6 }
        ),
        20 => (any::<bool>(), 0..6u8).prop_map(|(other, back)| Step::Claim { other, back }),
        1 => Just(Step::Forfeit),
        10 => (1..1_000_000u32).prop_map(Step::Difficulty),
        10 => (1..20u8).prop_map(Step::Index),
        30 => (1..8u8).prop_map(Step::Blocks),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn books_should_hold_when_work_and_claims_are_random(steps in steps()) {
        execute(|| {
            let mut ceiling: u128 = 0;
            for step in steps {
                let worker = |other| if other { OTHER_WORKER } else { WORKER };
                match step {
                    Step::Settle { other, listed, units, ask } => {
                        let model = if listed { LISTED } else { UNLISTED };
                        let kappa = if listed { LISTED_CEILING } else { DEFAULT_CEILING };
                        let settled = job(worker(other), model, units, ask.into());
                        let indexed = u128::from(units) * IndexPrice::<Test>::get();
                        ceiling += settled.fee.min(indexed) * u128::from(kappa) / 1_000_000;
                        UsefulWork::on_settled(&settled);
                    },
                    Step::Claim { other, back } => {
                        let now = UsefulWork::round_at(System::block_number());
                        let done = claim(worker(other), now.saturating_sub(back.into()));
                        assert!(done.is_err() || !UsefulWork::has_forfeited(&worker(other)));
                    },
                    Step::Forfeit => UsefulWork::forfeit(&OTHER_WORKER),
                    Step::Difficulty(value) => {
                        UsefulWork::set_difficulty(RuntimeOrigin::root(), value.into()).unwrap();
                    },
                    Step::Index(value) => {
                        UsefulWork::set_index_price(RuntimeOrigin::root(), value.into()).unwrap();
                    },
                    Step::Blocks(blocks) => run_to(System::block_number() + u64::from(blocks)),
                }
                UsefulWork::do_try_state().unwrap();
            }
            // Everybody claims everything.
            run_to(System::block_number() + ROUND);
            for worker in [WORKER, OTHER_WORKER] {
                for reward in UsefulWork::claimable_rewards(&worker) {
                    claim(worker, reward.round).unwrap();
                }
            }
            let minted: Balance = paid().iter().map(|(_, amount)| amount).sum();
            let budget = Balance::from(System::block_number()) * BUDGET_PER_BLOCK;
            assert_eq!(minted + LAPSED.get() + RESERVED.get() + PENDING.get(), budget);
            assert!(minted <= ceiling);
            if OpenCredit::<Test>::get() == 0 && !UsefulWork::has_forfeited(&OTHER_WORKER) {
                assert_eq!(RESERVED.get(), 0);
                assert_eq!(Rounds::<Test>::iter().count(), 0);
            }
            // Whatever was left expires and is removed.
            run_to(System::block_number() + ROUND * (u64::from(EXPIRY_ROUNDS) + 2));
            assert_eq!((RESERVED.get(), Rounds::<Test>::iter().count()), (0, 0));
            assert_eq!(Credits::<Test>::iter().count(), 0);
        });
    }

    #[test]
    fn adding_lines_of_the_same_terms_should_change_no_reward(
        units in proptest::collection::vec(1..1_000_000u64, 1..20),
        ask in 1..50u128, index in 1..50u128, kappa in 1..4_000_000u32, multiplier in 1_000_000..6_072_000u32,
        budget in 0..10u128.pow(24), credit in 1..10u128.pow(24),
    ) {
        let terms = CreditTerms { ask, index_price: index, mint_ceiling: kappa, multiplier };
        let round = ClosedRound {
            budget, credit, denominator: credit, reserved: budget, unclaimed_credit: credit,
        };
        let single: Vec<_> = units
            .iter()
            .map(|units| line_of(*units, u128::from(*units) * ask, terms))
            .collect();
        let apart: u128 = single.iter().map(|line| reward_of(line, &round).0).sum();
        let mut together = single[0];
        for line in &single[1..] {
            together.credit += line.credit;
            together.ceiling += line.ceiling;
        }
        let (together, _) = reward_of(&together, &round);
        // Only the rounding of each line by itself differs: less than one unit a line.
        prop_assert!(together + 1 >= apart);
        prop_assert!(together <= apart + units.len() as u128 + 1);
    }
}
