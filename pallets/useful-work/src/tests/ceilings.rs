//! A book beside the pallet: every job of every round, by which each closed round and each payment is judged.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const WORKERS: [AccountId; 4] = [WORKER, OTHER_WORKER, 4, 5];
/// More than any merits multiply, in millionths.
const MOST_MULTIPLIED: Balance = 6_072_000;

/// What one job earned its worker.
#[derive(Clone, Copy, Debug)]
struct Earned {
    worker: AccountId,
    /// What it counts in its round.
    counted: Balance,
    /// Most that may be minted for it.
    ceiling: Balance,
}

#[derive(Default)]
struct Book {
    jobs: BTreeMap<RoundIndex, Vec<Earned>>,
    claimed: BTreeSet<(RoundIndex, AccountId)>,
    paid: BTreeMap<RoundIndex, Balance>,
}

impl Book {
    fn of_round(&self, round: RoundIndex) -> &[Earned] {
        self.jobs.get(&round).map_or(&[], Vec::as_slice)
    }

    fn settle(&mut self, worker: AccountId, is_listed: bool, units: u64, ask: Balance) {
        let model = if is_listed { LISTED } else { UNLISTED };
        let settled = job(worker, model, units, ask);
        let before = OpenCredit::<Test>::get();
        UsefulWork::on_settled(&settled);
        let counted = OpenCredit::<Test>::get() - before;
        if counted == 0 {
            // Nothing is for sale so cheap, or the worker changed its terms too often in this round.
            return;
        }
        let credit = settled
            .fee
            .min(Balance::from(units) * IndexPrice::<Test>::get());
        assert!(counted >= credit);
        assert!(counted * 1_000_000 <= credit * MOST_MULTIPLIED);
        let ceiling = credit * Balance::from(settled.mint_ceiling) / 1_000_000;
        let round = UsefulWork::round_at(System::block_number());
        self.jobs.entry(round).or_default().push(Earned {
            worker,
            counted,
            ceiling,
        });
    }

    /// Goes on by one block, and judges the round that it closes, if it does.
    fn block(&self) {
        let (difficulty, pending) = (Difficulty::<Test>::get(), PENDING.get());
        let round = UsefulWork::round_at(System::block_number());
        System::reset_events();
        run_to(System::block_number() + 1);
        let closed = events().into_iter().find_map(|event| match event {
            Event::RoundClosed {
                round,
                budget,
                credit,
                denominator,
                reserved,
                granted,
            } => Some((round, budget, credit, denominator, reserved, granted)),
            _ => None,
        });
        let Some((closed, budget, credit, denominator, reserved, granted)) = closed else {
            return;
        };
        assert_eq!(closed, round);
        let counted: Balance = self.of_round(round).iter().map(|job| job.counted).sum();
        assert_eq!(credit, counted, "credit is conserved");
        assert_eq!(denominator, counted.max(difficulty));
        assert!(budget + granted <= pending);
        assert!(reserved <= budget);
    }

    /// Claims, and judges what was paid by the jobs it was paid for.
    fn claim(&mut self, worker: AccountId, round: RoundIndex) {
        let (closed, paid_before) = (Rounds::<Test>::get(round), paid().len());
        if claim(worker, round).is_err() {
            return;
        }
        let closed = closed.expect("only closed rounds pay");
        assert!(self.claimed.insert((round, worker)), "paid once");
        let amount: Balance = paid()[paid_before..]
            .iter()
            .map(|(account, amount)| {
                assert_eq!(*account, worker);
                *amount
            })
            .sum();
        let own: Vec<_> = self
            .of_round(round)
            .iter()
            .filter(|job| job.worker == worker)
            .collect();
        assert!(!own.is_empty());
        let of_budget: Balance = own.iter().map(|job| job.counted * closed.budget).sum();
        assert!(amount * closed.denominator <= of_budget, "price of credit");
        // No job has more than the lower of its ceilings; jobs of the same terms are rounded together.
        let most: Balance = own
            .iter()
            .map(|job| {
                let by_budget = (job.counted * closed.budget).div_ceil(closed.denominator);
                by_budget.min(job.ceiling + 1)
            })
            .sum();
        assert!(amount <= most, "{amount} for at most {most}");
        let paid = self.paid.entry(round).or_default();
        *paid += amount;
        assert!(*paid <= closed.budget);
    }

    /// What nobody has claimed of a round is what its record says.
    fn compare(&self) {
        for (index, round) in Rounds::<Test>::iter() {
            let unclaimed: Balance = self
                .of_round(index)
                .iter()
                .filter(|job| !self.claimed.contains(&(index, job.worker)))
                .map(|job| job.counted)
                .sum();
            assert_eq!(round.unclaimed_credit, unclaimed);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Settle(usize, bool, u64, u8),
    Claim(usize, u8),
    Merits(usize, u32, u32),
    Difficulty(u32),
    Index(u8),
    Lane(u32),
    Blocks(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let worker = || 0..WORKERS.len();
    let step = prop_oneof![
        40 => (worker(), any::<bool>(), 0..100_000u64, 1..4u8)
            .prop_map(|(worker, listed, units, ask)| Step::Settle(worker, listed, units, ask * 6)),
        25 => (worker(), 0..6u8).prop_map(|(worker, back)| Step::Claim(worker, back)),
        5 => (worker(), any::<u32>(), 0..1_000_000u32)
            .prop_map(|(worker, bond, finished)| Step::Merits(worker, bond, finished)),
        5 => (1..5_000_000u32).prop_map(Step::Difficulty),
        5 => (1..20u8).prop_map(Step::Index),
        3 => (0..1_000_000u32).prop_map(Step::Lane),
        30 => (1..8u8).prop_map(Step::Blocks),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn every_payment_should_be_under_every_ceiling_when_rounds_are_random(steps in steps(), is_early in any::<bool>()) {
        execute(|| {
            EARLY_BLOCKS.set(if is_early { u64::MAX } else { 0 });
            let mut book = Book::default();
            for step in steps {
                match step {
                    Step::Settle(worker, listed, units, ask) => {
                        book.settle(WORKERS[worker], listed, units, ask.into());
                    }
                    Step::Claim(worker, back) => {
                        let now = UsefulWork::round_at(System::block_number());
                        book.claim(WORKERS[worker], now.saturating_sub(back.into()));
                    }
                    Step::Merits(worker, bond, finished) => {
                        let bond = Balance::from(bond) * AIPG / 10_000;
                        let merits = Merits {
                            bond,
                            stake: bond,
                            completed: finished.into(),
                            is_fast: finished.is_multiple_of(2),
                            ..Merits::default()
                        };
                        MERITS.with_borrow_mut(|all| all.insert(WORKERS[worker], merits));
                    }
                    Step::Difficulty(value) => {
                        UsefulWork::set_difficulty(RuntimeOrigin::root(), value.into()).unwrap();
                    }
                    Step::Index(value) => {
                        UsefulWork::set_index_price(RuntimeOrigin::root(), value.into()).unwrap();
                    }
                    Step::Lane(share) => LANE_SHARE.set(share.into()),
                    Step::Blocks(blocks) => {
                        for _ in 0..blocks {
                            book.block();
                        }
                    }
                }
                book.compare();
            }
        });
    }
}
