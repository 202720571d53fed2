//! Whatever happens in whatever order, the state stays sound and no money appears or vanishes.

use super::*;
use crate::{Offers, WorkerState};
use aipg_primitives::{Conviction, Drawn};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Register {
        bond: Balance,
        capacity: u32,
    },
    SetOffer {
        name: u8,
        ask: Balance,
    },
    RemoveOffer {
        name: u8,
    },
    GoOnline,
    GoOffline,
    BondMore {
        amount: Balance,
    },
    Retire,
    Withdraw,
    Reinstate,
    Draw {
        name: u8,
        max_price: Balance,
        seed: u64,
    },
    Measure {
        power: u32,
    },
    Complete,
    Release,
    Fail,
    Convict,
    ConvictMisuse,
    SetFloor {
        name: u8,
        floor: Option<Balance>,
    },
    Wait {
        blocks: u64,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let name = 1u8..4;
    let bond = prop_oneof![
        Just(MINIMUM_BOND),
        MINIMUM_BOND - 1..LEVEL_TWO_BOND,
        Just(ENDOWMENT)
    ];
    prop_oneof![
        4 => (bond, 0u32..4).prop_map(|(bond, capacity)| Operation::Register { bond, capacity }),
        6 => (name.clone(), FLOOR - 1..3 * FLOOR)
            .prop_map(|(name, ask)| Operation::SetOffer { name, ask }),
        2 => name.clone().prop_map(|name| Operation::RemoveOffer { name }),
        5 => Just(Operation::GoOnline),
        2 => Just(Operation::GoOffline),
        2 => (0..200 * AIPG).prop_map(|amount| Operation::BondMore { amount }),
        1 => Just(Operation::Retire),
        2 => Just(Operation::Withdraw),
        1 => Just(Operation::Reinstate),
        12 => (name.clone(), 50 * FLOOR..400 * FLOOR, any::<u64>())
            .prop_map(|(name, max_price, seed)| Operation::Draw { name, max_price, seed }),
        3 => prop_oneof![0u32..4, any::<u32>()].prop_map(|power| Operation::Measure { power }),
        3 => Just(Operation::Complete),
        2 => Just(Operation::Release),
        4 => Just(Operation::Fail),
        1 => Just(Operation::Convict),
        1 => Just(Operation::ConvictMisuse),
        1 => (name, prop::option::weighted(0.8, FLOOR..2 * FLOOR))
            .prop_map(|(name, floor)| Operation::SetFloor { name, floor }),
        2 => (1u64..UNBONDING).prop_map(|blocks| Operation::Wait { blocks }),
    ]
}

/// Does it, and keeps the list of the machines that have a job, one entry for each job.
fn apply(who: AccountId, operation: Operation, jobs: &mut Vec<(AccountId, Balance)>) {
    let origin = signed(who);
    let _ = match operation {
        Operation::Register { bond, capacity } => {
            WorkerRegistry::register(origin, bond, capacity, Region::Africa)
        }
        Operation::SetOffer { name, ask } => WorkerRegistry::set_offer(origin, model(name), ask),
        Operation::RemoveOffer { name } => WorkerRegistry::remove_offer(origin, model(name)),
        Operation::GoOnline => WorkerRegistry::go_online(origin),
        Operation::GoOffline => WorkerRegistry::go_offline(origin),
        Operation::BondMore { amount } => WorkerRegistry::bond_more(origin, amount),
        Operation::Retire => WorkerRegistry::retire(origin),
        Operation::Withdraw => WorkerRegistry::withdraw(origin),
        Operation::Reinstate => WorkerRegistry::reinstate(RuntimeOrigin::root(), who),
        Operation::Draw {
            name,
            max_price,
            seed,
        } => {
            let request = DrawRequest {
                model: model(name),
                max_price,
                ..request(seed)
            };
            if let Ok(Drawn {
                worker: winner,
                ask,
                payout,
                is_open,
            }) = WorkerRegistry::draw(&request, &[])
            {
                assert!(ask * 100 <= max_price, "drawn above the price");
                assert!(!is_open || ask * 200 <= max_price, "a dear draw is open");
                assert!(
                    ask >= ActiveModels::get()[&model(name)],
                    "drawn under the floor"
                );
                assert_eq!(record(winner).state, WorkerState::Online);
                assert!(!WorkerRegistry::is_banned(&winner));
                let offers = Offers::<Test>::get(winner);
                assert!(offers
                    .iter()
                    .any(|offer| offer.model == model(name) && offer.ask == ask));
                jobs.push((winner, payout));
            }
            Ok(())
        }
        Operation::Measure { power } => {
            <WorkerRegistry as aipg_primitives::MeasuredMachines<_>>::measured(&who, power);
            Ok(())
        }
        Operation::Complete => {
            jobs.pop().inspect(|(worker, payout)| {
                WorkerRegistry::completed(worker, *payout, *payout, TOOK);
            });
            Ok(())
        }
        Operation::Release => {
            jobs.pop()
                .inspect(|(worker, payout)| WorkerRegistry::released(worker, *payout));
            Ok(())
        }
        Operation::Fail => {
            jobs.pop().inspect(|(worker, payout)| {
                WorkerRegistry::failed(worker, *payout, Fault::ResultMissed);
            });
            Ok(())
        }
        Operation::Convict => {
            let (bond, pot) = (on_hold(who), Balances::balance(&REWARD));
            let outcome = WorkerRegistry::convict(&who, &REWARD);
            assert!(outcome.is_ok() || !Workers::<Test>::contains_key(who));
            if let Ok(moved) = outcome {
                assert_eq!(moved, bond / 2 / 2);
                assert_eq!(Balances::balance(&REWARD), pot + moved);
                assert_eq!(on_hold(who), bond - bond / 2);
            }
            Ok(())
        }
        Operation::ConvictMisuse => {
            let (bond, treasury) = (on_hold(who), Balances::balance(&TREASURY));
            let reason = b"misuse".to_vec().try_into().unwrap();
            let outcome = WorkerRegistry::convict_misuse(RuntimeOrigin::root(), who, reason);
            assert!(outcome.is_ok() || !Workers::<Test>::contains_key(who));
            if outcome.is_ok() {
                assert_eq!(Balances::balance(&TREASURY), treasury + bond / 2 / 2);
                assert_eq!(on_hold(who), bond - bond / 2);
            }
            Ok(())
        }
        Operation::SetFloor { name, floor } => {
            ActiveModels::mutate(|models| match floor {
                Some(floor) => models.insert(model(name), floor),
                None => models.remove(&model(name)),
            });
            Ok(())
        }
        Operation::Wait { blocks } => {
            System::set_block_number(System::block_number() + blocks);
            Ok(())
        }
    };
}

proptest! {
    #[test]
    fn state_should_stay_sound_when_operations_come_in_any_order(
        operations in prop::collection::vec((1u64..=4, operation()), 1..150)
    ) {
        execute(|| {
            let issuance = Balances::total_issuance();
            let mut jobs = Vec::new();
            for (who, operation) in operations {
                apply(who, operation, &mut jobs);
                WorkerRegistry::do_try_state().unwrap();
                for who in 1..=4 {
                    let held = jobs.iter().filter(|(worker, _)| *worker == who).count() as u32;
                    let active = Workers::<Test>::get(who).map_or(0, |record| record.active);
                    assert_eq!(active, held);
                    // A hold without a machine would be owned by nobody.
                    assert_eq!(on_hold(who) > 0, Workers::<Test>::contains_key(who));
                }
                let burned: Balance = Burned::get().iter().map(|(_, amount)| amount).sum();
                assert_eq!(Balances::total_issuance() + burned, issuance);
            }
        });
    }
}
