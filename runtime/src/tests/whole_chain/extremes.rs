//! The smallest and the largest of everything, and the end of the block numbers.

use super::{
    chain::{send, Chain},
    ledger::Ledger,
    *,
};
use aipg_primitives::{JobParameters, ModelId, Region, ServiceLevel, TrustClass};
use pallet_balances::Call as Money;
use pallet_job_escrow::{Call as Jobs, Error as JobError, Event as JobEvent};
use pallet_model_registry::Call as Models;
use pallet_sudo::Call as Sudo;
use pallet_useful_work::Call as Work;
use pallet_worker_registry::Call as Machines;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve};
use sp_runtime::{DispatchError, Permill};

/// A `dev` chain with its books.
struct Books {
    chain: Chain,
    ledger: Ledger,
}

impl Books {
    fn next_block(&mut self) -> Vec<RuntimeEvent> {
        let events = self.chain.end();
        self.ledger.book(&events);
        assert_eq!(
            self.ledger.check(),
            vec![],
            "block {}",
            System::block_number()
        );
        if System::block_number() < BlockNumber::MAX {
            self.chain.begin();
        }
        events.into_iter().map(|record| record.event).collect()
    }
}

fn execute(test: impl FnOnce(&mut Books)) {
    sp_io::TestExternalities::from(storage(DEV_RUNTIME_PRESET, |_| ())).execute_with(|| {
        let chain = Chain::start();
        let ledger = Ledger::open();
        let mut books = Books { chain, ledger };
        test(&mut books);
        // The last block of all is ended by its test.
        if System::block_number() < BlockNumber::MAX {
            books.next_block();
        }
    });
}

fn model() -> ModelId {
    pallet_model_registry::Models::<Runtime>::iter_keys()
        .next()
        .expect("dev has a model")
}

fn order(max_price: Balance, deadline: BlockNumber) -> Jobs<Runtime> {
    Jobs::submit {
        model: model(),
        input: tokens(10),
        parameters: JobParameters {
            max_output: 10,
            ..Default::default()
        },
        max_price,
        class: TrustClass::Exact,
        deadline,
        service: ServiceLevel::default(),
        referrer: None,
        provider: None,
    }
}

fn remark() -> frame_system::Call<Runtime> {
    frame_system::Call::remark { remark: vec![] }
}

fn least_price() -> Balance {
    let quote = JobEscrow::quote(model(), 10, 10);
    quote.expect("the model takes the job").least_price
}

fn go_online() {
    let register = Machines::register {
        bond: 1_000 * AIPG,
        capacity: 16,
        region: Region::Europe,
    };
    assert_eq!(send(Charlie, register), Ok(Ok(())));
    let ask = AIPG / 2_000;
    let offer = Machines::set_offer {
        model: model(),
        ask,
    };
    assert_eq!(send(Charlie, offer), Ok(Ok(())));
    assert_eq!(send(Charlie, Machines::go_online {}), Ok(Ok(())));
}

#[test]
fn deadline_should_be_accepted_only_between_the_earliest_and_the_latest() {
    execute(|books| {
        books.next_block();
        books.next_block();
        let now = System::block_number();
        let least = JobEscrow::quote(model(), 10, 10)
            .expect("the model takes the job")
            .least_deadline;
        let longest = pallet_chain_parameters::Parameters::<Runtime>::get().max_deadline;
        for (deadline, error) in [
            (0, Some(JobError::DeadlineTooShort)),
            (now - 1, Some(JobError::DeadlineTooShort)),
            (now, Some(JobError::DeadlineTooShort)),
            (now + least - 1, Some(JobError::DeadlineTooShort)),
            (now + least, None),
            (now + longest, None),
            (now + longest + 1, Some(JobError::DeadlineTooFar)),
            (BlockNumber::MAX, Some(JobError::<Runtime>::DeadlineTooFar)),
        ] {
            let outcome = send(Bob, order(least_price(), deadline));
            let expected = error.map_or(Ok(()), |error| Err(error.into()));
            assert_eq!(outcome, Ok(expected), "deadline {deadline}");
        }
    });
}

/// Every amount of every call, as `amount`; each call with who signs it.
fn calls_with(amount: Balance) -> Vec<(Sr25519Keyring, RuntimeCall)> {
    let dest = || account(Eve).into();
    let root = |call: RuntimeCall| Sudo::sudo { call: call.into() }.into();
    let (own, bytes) = header(1);
    let word = u32::try_from(amount).unwrap_or(u32::MAX);
    let long = u64::try_from(amount).unwrap_or(u64::MAX);
    let result = Jobs::submit_result {
        job: long,
        output: tokens(word),
        digest: Hash::zero(),
        provider: None,
    };
    let model_of_dave = Models::register {
        root: own,
        header: bytes.try_into().expect("a header fits"),
        class: TrustClass::Exact,
        price_floor: amount,
    };
    let transfer = Money::transfer_allow_death {
        dest: dest(),
        value: amount,
    };
    let keep_alive = Money::transfer_keep_alive {
        dest: dest(),
        value: amount,
    };
    let forced = Money::force_transfer {
        source: account(Bob).into(),
        dest: dest(),
        value: amount,
    };
    let register = Machines::register {
        bond: amount,
        capacity: word,
        region: Region::Asia,
    };
    let offer = Machines::set_offer {
        model: model(),
        ask: amount,
    };
    let floor = Models::set_price_floor {
        root: model(),
        price_floor: amount,
    };
    let list = Models::list {
        root: model(),
        mint_ceiling: Some(word),
    };
    let share = pallet_emission::Call::set_author_share {
        share: Permill::from_parts(word),
    };
    vec![
        (Bob, transfer.into()),
        (Bob, keep_alive.into()),
        (Alice, root(forced.into())),
        (Eve, register.into()),
        (Charlie, Machines::bond_more { amount }.into()),
        (Charlie, offer.into()),
        (Dave, model_of_dave.into()),
        (Dave, floor.into()),
        (Alice, root(list.into())),
        (Alice, root(share.into())),
        (Alice, root(Work::set_index_price { price: amount }.into())),
        (
            Alice,
            root(Work::set_difficulty { difficulty: amount }.into()),
        ),
        (Charlie, Work::claim_reward { round: word }.into()),
        (Bob, order(amount, System::block_number() + 100).into()),
        (Charlie, Jobs::claim { job: long }.into()),
        (Charlie, result.into()),
        (Charlie, Jobs::input_unavailable { job: long }.into()),
    ]
}

#[test]
fn books_should_hold_when_amounts_are_the_smallest_or_the_largest() {
    for amount in [
        0,
        1,
        EXISTENTIAL_DEPOSIT - 1,
        EXISTENTIAL_DEPOSIT,
        Balance::MAX - 1,
        Balance::MAX,
    ] {
        execute(|books| {
            go_online();
            let first = order(least_price(), System::block_number() + 60);
            assert_eq!(send(Bob, first), Ok(Ok(())));
            for (signer, call) in calls_with(amount) {
                let outcome = send(signer, call.clone());
                assert!(outcome.is_ok(), "{call:?} of {amount}: {outcome:?}");
                books.next_block();
            }
            for _ in 0..80 {
                books.next_block();
            }
            // Whatever price, floor or index price: what could not be done was given back.
            assert_eq!(pallet_job_escrow::Jobs::<Runtime>::iter().count(), 0);
            assert_eq!(Balances::total_balance_on_hold_of(Bob), 0);
        });
    }
}

trait HeldBy {
    fn total_balance_on_hold_of(who: Sr25519Keyring) -> Balance;
}

impl HeldBy for Balances {
    fn total_balance_on_hold_of(who: Sr25519Keyring) -> Balance {
        use frame_support::traits::fungible::InspectHold;
        Self::total_balance_on_hold(&account(who))
    }
}

#[test]
fn job_should_be_refused_when_floor_or_ask_overflow_its_price() {
    execute(|books| {
        go_online();
        let floor = |price_floor| Models::set_price_floor {
            root: model(),
            price_floor,
        };
        // The largest ask is an offer that no price can meet: the job waits and is refunded.
        let dear = Machines::set_offer {
            model: model(),
            ask: Balance::MAX,
        };
        assert_eq!(send(Charlie, dear), Ok(Ok(())));
        let deadline = System::block_number() + 40;
        assert_eq!(send(Bob, order(least_price(), deadline)), Ok(Ok(())));
        assert_eq!(send(Dave, floor(Balance::MAX)), Ok(Ok(())));
        assert_eq!(JobEscrow::quote(model(), 10, 10), None);
        for price in [0, AIPG, Balance::MAX] {
            let outcome = send(Bob, order(price, System::block_number() + 100));
            let error: DispatchError = JobError::<Runtime>::PriceBelowFloor.into();
            assert_eq!(outcome, Ok(Err(error)));
        }
        let mut refunded = 0;
        for _ in 0..60 {
            refunded += books
                .next_block()
                .iter()
                .filter(|event| {
                    matches!(event, RuntimeEvent::JobEscrow(JobEvent::JobRefunded { .. }))
                })
                .count();
        }
        assert_eq!(refunded, 1);
    });
}

#[test]
fn price_should_be_refused_when_it_is_above_the_balance() {
    execute(|_| {
        let free = Balances::free_balance(account(Bob));
        for price in [free, free + 1, Balance::MAX - 1, Balance::MAX] {
            let outcome = send(Bob, order(price, System::block_number() + 100));
            let error: DispatchError = JobError::<Runtime>::PriceExceedsBalance.into();
            assert_eq!(outcome, Ok(Err(error)), "{price}");
        }
    });
}

#[test]
fn chain_should_reach_its_last_block_when_windows_point_beyond_it() {
    execute(|books| {
        let first = books.chain.end();
        books.ledger.book(&first);
        let start = BlockNumber::MAX - 120;
        System::set_block_number(start - 1);
        pallet_job_escrow::AgendaCursor::<Runtime>::put(start);
        books.chain.begin();
        // The first block after the leap changes the session, which takes all of it.
        books.next_block();
        go_online();
        // Retires a machine whose unbonding ends beyond the last number.
        let idle = Machines::register {
            bond: 100 * AIPG,
            capacity: 1,
            region: Region::Asia,
        };
        assert_eq!(send(Eve, idle), Ok(Ok(())));
        let (mut settled, mut refunded) = (0, 0);
        let mut submitted = 0;
        loop {
            let now = System::block_number();
            let open = send(Alice, remark()).is_ok();
            if open && now.is_multiple_of(4) {
                for deadline in [now.saturating_add(40), BlockNumber::MAX] {
                    if send(Bob, order(least_price(), deadline)) == Ok(Ok(())) {
                        submitted += 1;
                    }
                }
            }
            // Of two jobs the machine lets one down.
            for job in JobEscrow::worker_jobs(&account(Charlie)) {
                if open && job.id % 2 == 0 {
                    let claim = Jobs::claim { job: job.id };
                    assert_eq!(send(Charlie, claim), Ok(Ok(())));
                    let result = Jobs::submit_result {
                        job: job.id,
                        output: tokens(10),
                        digest: Hash::zero(),
                        provider: None,
                    };
                    assert_eq!(send(Charlie, result), Ok(Ok(())));
                }
            }
            if now == BlockNumber::MAX - 5 {
                assert_eq!(send(Eve, Machines::retire {}), Ok(Ok(())));
                let record = WorkerRegistry::view(&account(Eve)).expect("registered");
                assert_eq!(record.unbonds_at, Some(BlockNumber::MAX));
            }
            for event in books.next_block() {
                match event {
                    RuntimeEvent::JobEscrow(JobEvent::JobSettled { .. }) => settled += 1,
                    RuntimeEvent::JobEscrow(JobEvent::JobRefunded { .. }) => refunded += 1,
                    _ => (),
                }
            }
            if now == BlockNumber::MAX {
                break;
            }
        }
        assert!(
            settled > 0 && refunded > 0,
            "{settled} and {refunded} of {submitted}"
        );
    });
}
