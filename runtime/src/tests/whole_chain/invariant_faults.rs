//! The checks of [`super::invariants`] must be able to fail: each is shown a chain that breaks it.

use super::{
    chain::{send, Chain},
    invariants::Invariant,
    ledger::Ledger,
    *,
};
use aipg_primitives::{
    JobParameters, MintReason, ModelId, Region, ServiceLevel, TrustClass, WorkBudget,
};
use frame_support::traits::fungible::Mutate;
use pallet_job_escrow::types::RefundReason;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave};

/// A chain with books: a machine online, a model of a creator, one job settled and one live.
struct Sound {
    chain: Chain,
    ledger: Ledger,
}

fn model() -> ModelId {
    header(0).0
}

fn submit() {
    let quote = JobEscrow::quote(model(), 30, 60).expect("the model takes the job");
    let call = pallet_job_escrow::Call::submit {
        model: model(),
        input: tokens(30),
        parameters: JobParameters {
            max_output: 60,
            ..Default::default()
        },
        max_price: quote.least_price + AIPG,
        class: TrustClass::Exact,
        deadline: System::block_number() + 300,
        service: ServiceLevel::default(),
        referrer: None,
        provider: None,
    };
    assert_eq!(send(Bob, call), Ok(Ok(())));
}

impl Sound {
    fn start() -> Self {
        let mut sound = Self {
            chain: Chain::start(),
            ledger: Ledger::open(),
        };
        let (root, bytes) = header(0);
        let register = pallet_model_registry::Call::register {
            root,
            header: bytes.try_into().expect("a header fits"),
            class: TrustClass::Exact,
            price_floor: AIPG / 100,
        };
        assert_eq!(send(Dave, register), Ok(Ok(())));
        let machine = pallet_worker_registry::Call::register {
            bond: 10_000 * AIPG,
            capacity: 4,
            region: Region::Europe,
        };
        assert_eq!(send(Charlie, machine), Ok(Ok(())));
        let offer = pallet_worker_registry::Call::set_offer {
            model: root,
            ask: AIPG / 100,
        };
        assert_eq!(send(Charlie, offer), Ok(Ok(())));
        let online = pallet_worker_registry::Call::go_online {};
        assert_eq!(send(Charlie, online), Ok(Ok(())));
        submit();
        sound.blocks(6);
        let claim = pallet_job_escrow::Call::claim { job: 0 };
        assert_eq!(send(Charlie, claim), Ok(Ok(())));
        let result = pallet_job_escrow::Call::submit_result {
            job: 0,
            output: tokens(60),
            digest: Hash::zero(),
            provider: None,
        };
        assert_eq!(send(Charlie, result), Ok(Ok(())));
        // Settled, and its round closed.
        sound.blocks(30);
        submit();
        sound.blocks(5);
        assert_eq!(JobEscrow::worker_jobs(&account(Charlie)).len(), 1);
        assert_eq!(UsefulWork::claimable_rewards(&account(Charlie)).len(), 1);
        sound
    }

    /// Blocks after each of which everything must hold.
    fn blocks(&mut self, count: u32) {
        for _ in 0..count {
            assert_eq!(self.broken(), vec![]);
        }
    }

    /// Ends the block, begins the next, and tells which invariants broke.
    fn broken(&mut self) -> Vec<Invariant> {
        let events = self.chain.end();
        self.ledger.book(&events);
        let mut broken: Vec<_> = self.ledger.check().into_iter().map(|it| it.0).collect();
        broken.sort();
        broken.dedup();
        self.chain.begin();
        broken
    }
}

/// Does harm to a sound chain and asserts that this is reported as breaking `expected`.
fn assert_reported(expected: Invariant, harm: impl FnOnce()) {
    sp_io::TestExternalities::from(storage(DEV_RUNTIME_PRESET, |_| ())).execute_with(|| {
        let mut sound = Sound::start();
        harm();
        let broken = sound.broken();
        assert!(broken.contains(&expected), "{broken:?}, not {expected:?}");
    });
}

/// An event as a pallet with a fault would give it.
fn tell(event: impl Into<RuntimeEvent>) {
    System::deposit_event(event.into());
}

type Harm = (Invariant, fn());

/// At least one harm for each invariant.
const HARMS: [Harm; 24] = [
    (Invariant::TryState, || {
        pallet_useful_work::OpenCredit::<Runtime>::put(1);
    }),
    (Invariant::TryState, || {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|it| it.claim_window = 0);
    }),
    (Invariant::TryState, || {
        pallet_worker_registry::Classes::<Runtime>::mutate(model(), |classes| {
            classes[0].count = 2;
        });
    }),
    (Invariant::Issuance, || {
        Balances::mint_into(&account(Bob), AIPG).expect("the account exists");
    }),
    (Invariant::Issuance, || {
        Balances::burn_from(
            &account(Bob),
            AIPG,
            frame_support::traits::tokens::Preservation::Preserve,
            frame_support::traits::tokens::Precision::Exact,
            frame_support::traits::tokens::Fortitude::Polite,
        )
        .expect("the account has it");
    }),
    (Invariant::Issuance, || {
        // What root can do past emission where sudo has a key.
        let call = RuntimeCall::from(pallet_balances::Call::force_set_balance {
            who: account(Bob).into(),
            new_free: AIPG,
        });
        let sudo = pallet_sudo::Call::sudo { call: call.into() };
        assert_eq!(send(Alice, sudo), Ok(Ok(())));
    }),
    (Invariant::Counters, || {
        pallet_emission::Minted::<Runtime>::mutate(MintReason::UsefulWork, |it| *it += 1);
    }),
    (Invariant::Counters, || {
        pallet_emission::Terms::<Runtime>::mutate(|terms| terms.imported += 1);
    }),
    (Invariant::Schedule, || {
        tell(pallet_emission::Event::BlockRewarded {
            author: None,
            author_amount: 5_000 * AIPG,
            operations_amount: 0,
            work_budget: 1,
        });
    }),
    (Invariant::Schedule, || {
        // A schedule that was worth less all along than the blocks were.
        tell(pallet_emission::Event::Minted {
            who: account(Bob),
            amount: 1_000_000 * AIPG,
            reason: MintReason::BlockAuthor,
        });
    }),
    (Invariant::Cap, || {
        let issuance = Balances::total_issuance();
        pallet_emission::Terms::<Runtime>::mutate(|terms| terms.cap = issuance - 1);
    }),
    (Invariant::Cap, || {
        pallet_emission::ReservedWork::<Runtime>::put(10_000_000_000 * AIPG);
    }),
    (Invariant::Accounts, || {
        frame_system::Account::<Runtime>::mutate(account(Bob), |it| it.data.free += 1);
    }),
    (Invariant::Accounts, || {
        let call = RuntimeCall::from(pallet_balances::Call::force_adjust_total_issuance {
            direction: pallet_balances::AdjustmentDirection::Decrease,
            delta: 1,
        });
        let sudo = pallet_sudo::Call::sudo { call: call.into() };
        assert_eq!(send(Alice, sudo), Ok(Ok(())));
    }),
    (Invariant::Holds, || {
        pallet_job_escrow::Jobs::<Runtime>::mutate(1, |job| {
            job.as_mut().expect("live").max_price += 1;
        });
    }),
    (Invariant::Holds, || {
        // Bonds have no record of their amount: only the books know it. This is why the call filter
        // refuses the call, which is made past it here.
        let outcome = Balances::force_unreserve(RuntimeOrigin::root(), account(Charlie).into(), 1);
        assert_eq!(outcome, Ok(()));
    }),
    (Invariant::Holds, || {
        pallet_model_registry::Models::<Runtime>::remove(model());
    }),
    (Invariant::Slots, || {
        pallet_worker_registry::Workers::<Runtime>::mutate(account(Charlie), |record| {
            record.as_mut().expect("registered").active = 0;
        });
    }),
    (Invariant::EndedJobs, || {
        pallet_job_escrow::Jobs::<Runtime>::remove(1);
    }),
    (Invariant::EndedJobs, || {
        // The first job ended long ago and leaves a trace.
        pallet_job_escrow::Agenda::<Runtime>::insert(System::block_number() + 9, 0, ());
    }),
    (Invariant::JobMoney, || {
        tell(pallet_job_escrow::Event::JobRefunded {
            job: 1,
            requester: account(Bob),
            returned: 1,
            reason: RefundReason::DeadlineUnreachable,
        });
    }),
    (Invariant::JobMoney, || {
        // The parts of the fee add up, but the worker's is too large.
        let price = pallet_job_escrow::Jobs::<Runtime>::get(1).map_or(0, |job| job.max_price);
        let burned = price * 15 / 1_000;
        tell(pallet_job_escrow::Event::JobSettled {
            job: 1,
            worker: account(Charlie),
            requester: account(Bob),
            units: 1,
            fee: price,
            to_worker: price - burned,
            to_creator: 0,
            burned,
            to_stakers: 0,
            to_referrer: 0,
            to_treasury: 0,
            returned: 0,
        });
    }),
    (Invariant::RewardCeiling, || {
        // A line that forgot its ceiling: the budget alone sets the reward.
        let reward = &UsefulWork::claimable_rewards(&account(Charlie))[0];
        pallet_useful_work::Credits::<Runtime>::mutate(reward.round, account(Charlie), |lines| {
            for line in lines {
                line.ceiling = Balance::MAX;
            }
        });
        let round = reward.round;
        let claim = pallet_useful_work::Call::claim_reward { round };
        assert_eq!(send(Charlie, claim), Ok(Ok(())));
    }),
    (Invariant::RoundBudget, || {
        // A round that promises more than its blocks made.
        let round = UsefulWork::claimable_rewards(&account(Charlie))[0].round;
        let made = <Emission as WorkBudget<AccountId>>::pending();
        tell(pallet_useful_work::Event::RoundClosed {
            round: round + 1,
            budget: made + 200_000 * AIPG,
            credit: 1,
            denominator: 1,
            reserved: 1,
            granted: 0,
        });
    }),
];

#[test]
fn every_invariant_should_be_reported_when_a_chain_breaks_it() {
    for invariant in Invariant::ALL {
        assert!(
            HARMS.iter().any(|harm| harm.0 == invariant),
            "no harm breaks {invariant:?}"
        );
    }
    for (invariant, harm) in HARMS {
        assert_reported(invariant, harm);
    }
}

#[test]
fn reward_beyond_the_budget_of_its_round_should_be_reported() {
    sp_io::TestExternalities::from(storage(DEV_RUNTIME_PRESET, |_| ())).execute_with(|| {
        let mut sound = Sound::start();
        let round = UsefulWork::claimable_rewards(&account(Charlie))[0].round;
        tell(pallet_useful_work::Event::RewardClaimed {
            worker: account(Charlie),
            round,
            amount: 100_000 * AIPG,
            ceiling: aipg_primitives::api::Ceiling::Budget,
        });
        let broken = sound.broken();
        assert!(broken.contains(&Invariant::RoundBudget), "{broken:?}");
    });
}
