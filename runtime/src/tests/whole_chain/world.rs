//! A chain with its actors, its books and a count of everything that was tried on it.

use super::{
    chain::{transaction, transaction_for, Chain, Terms},
    ledger::Ledger,
    names::{error_name, Name, CALLS, EVENTS},
    *,
};
use frame_support::BoundedVec;
use frame_system::{EventRecord, Phase};
use pallet_job_escrow::types::{ResultOf, Stage};
use pallet_sudo::Event as SudoEvent;
use pallet_utility::Event as UtilityEvent;
use sp_runtime::{
    transaction_validity::{InvalidTransaction, TransactionValidityError},
    DispatchError,
};
use std::collections::BTreeMap;

/// Everybody who signs: authors and sudo, requesters, workers, a creator, the fund, and two who
/// start with nothing.
pub const ACTORS: [Sr25519Keyring; 8] = [
    Sr25519Keyring::Alice,
    Sr25519Keyring::Bob,
    Sr25519Keyring::Charlie,
    Sr25519Keyring::Dave,
    Sr25519Keyring::Eve,
    Sr25519Keyring::Ferdie,
    Sr25519Keyring::One,
    Sr25519Keyring::Two,
];

/// What a machine does with the jobs it is drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Claims, and delivers a block later.
    Honest,
    /// Claims nothing.
    Silent,
    /// Claims and delivers nothing.
    Forgetful,
    /// Says that it cannot get the input.
    Blind,
}

/// How often what happened, over many chains.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Transactions that were tried, the refused ones included.
    pub operations: u64,
    pub blocks: u64,
    pub chains: u64,
    pub succeeded: BTreeMap<Name, u64>,
    pub failed: BTreeMap<Name, u64>,
    pub errors: BTreeMap<(&'static str, String), u64>,
    pub refused: BTreeMap<String, u64>,
    pub events: BTreeMap<Name, u64>,
}

impl Tally {
    fn call(&mut self, name: Name, outcome: Result<(), DispatchError>) {
        match outcome {
            Ok(()) => *self.succeeded.entry(name).or_default() += 1,
            Err(error) => {
                *self.failed.entry(name).or_default() += 1;
                *self.errors.entry(error_name(&error)).or_default() += 1;
            }
        }
    }

    /// Adds what another tally counted.
    pub fn add(&mut self, other: &Self) {
        fn add<K: Ord + Clone>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *to.entry(key.clone()).or_default() += count;
            }
        }
        self.operations += other.operations;
        self.blocks += other.blocks;
        self.chains += other.chains;
        add(&mut self.succeeded, &other.succeeded);
        add(&mut self.failed, &other.failed);
        add(&mut self.errors, &other.errors);
        add(&mut self.refused, &other.refused);
        add(&mut self.events, &other.events);
    }
}

/// A running chain under test, inside a block.
pub struct World {
    chain: Chain,
    ledger: Ledger,
    behaviours: BTreeMap<AccountId, Behaviour>,
    /// Calls inside the calls of this block, by the index of the transaction.
    inner: BTreeMap<u32, Vec<RuntimeCall>>,
    /// The last transaction that was applied, with its signer and nonce.
    last: Option<(Sr25519Keyring, Nonce, UncheckedExtrinsic)>,
    pub tally: Tally,
}

impl World {
    /// Starts a chain on the state that is in force.
    pub fn start() -> Self {
        Self {
            chain: Chain::start(),
            ledger: Ledger::open(),
            behaviours: BTreeMap::new(),
            inner: BTreeMap::new(),
            last: None,
            tally: Tally {
                chains: 1,
                ..Default::default()
            },
        }
    }

    pub fn behave(&mut self, worker: Sr25519Keyring, behaviour: Behaviour) {
        self.behaviours.insert(account(worker), behaviour);
    }

    /// Signs, applies and counts a call.
    pub fn send(&mut self, signer: Sr25519Keyring, call: RuntimeCall, tip: Balance) {
        let terms = Terms {
            tip,
            ..Terms::next(signer)
        };
        let signed = transaction(signer, call.clone(), terms);
        let index = System::extrinsic_index().expect("inside a block");
        self.tally.operations += 1;
        let name = CALLS.of_value(&call);
        match Executive::apply_extrinsic(signed.clone()) {
            Ok(outcome) => {
                self.tally.call(name, outcome);
                self.inner.insert(index, inner_calls(call));
                self.last = Some((signer, terms.nonce, signed));
            }
            Err(refused) => {
                *self
                    .tally
                    .refused
                    .entry(format!("{refused:?}"))
                    .or_default() += 1;
            }
        }
    }

    /// Offers what must be refused: the last transaction once more, one in another's name, one out
    /// of turn.
    pub fn offer_nonsense(&mut self, signer: Sr25519Keyring, victim: Sr25519Keyring) {
        let remark = || RuntimeCall::from(frame_system::Call::remark { remark: vec![1] });
        let next = Terms::next(victim);
        let early = Terms {
            nonce: next.nonce + 1,
            ..next
        };
        let mut offers = vec![(
            transaction(victim, remark(), early),
            // Who cannot pay is refused for that, whatever else is wrong.
            vec![InvalidTransaction::Future, InvalidTransaction::Payment],
        )];
        if signer != victim {
            offers.push((
                transaction_for(victim, signer, remark(), next),
                vec![InvalidTransaction::BadProof],
            ));
        }
        // An account that was emptied begins anew, and an immortal transaction of it is valid again
        // (see `bad_transactions`): that is no replay which the nonce stops.
        let last = self.last.clone();
        if let Some((_, _, last)) =
            last.filter(|(signer, nonce, _)| System::account_nonce(account(*signer)) > *nonce)
        {
            offers.push((last, vec![InvalidTransaction::Stale]));
        }
        for (offer, expected) in offers {
            self.tally.operations += 1;
            let outcome = Executive::apply_extrinsic(offer);
            let Err(TransactionValidityError::Invalid(refused)) = outcome else {
                panic!("{expected:?} was applied: {outcome:?}");
            };
            assert!(expected.contains(&refused), "{refused:?}, not {expected:?}");
            *self
                .tally
                .refused
                .entry(format!("{refused:?}"))
                .or_default() += 1;
        }
    }

    /// Ends the block, checks every invariant, and goes to the inside of the next block, where the
    /// machines do what their behaviour says.
    pub fn next_block(&mut self) {
        let events = self.chain.end();
        self.ledger.book(&events);
        let broken = self.ledger.check();
        assert!(
            broken.is_empty(),
            "after block {}: {broken:#?}",
            System::block_number()
        );
        self.count(&events);
        self.tally.blocks += 1;
        self.chain.begin();
        for worker in ACTORS {
            if let Some(behaviour) = self.behaviours.get(&account(worker)) {
                self.act(worker, *behaviour);
            }
        }
    }

    fn act(&mut self, worker: Sr25519Keyring, behaviour: Behaviour) {
        use pallet_job_escrow::Call;
        for view in JobEscrow::worker_jobs(&account(worker)) {
            let job = view.id;
            let stage = pallet_job_escrow::Jobs::<Runtime>::get(job).map(|job| job.stage);
            let (is_batch, output) = (job % 2 == 0, tokens(view.parameters.max_output));
            let digest = Hash::repeat_byte(3);
            if let (Some(Stage::Running { .. }), Behaviour::Honest) = (&stage, behaviour) {
                let jobs = BoundedVec::truncate_from(vec![(job, 1)]);
                self.send(worker, Call::report_progress { jobs }.into(), 0);
            }
            let call = match (stage, behaviour) {
                // The second time the part fails, and the first one stands.
                (Some(Stage::Assigned { .. }), Behaviour::Honest) if is_batch => {
                    Call::claim_batch {
                        jobs: BoundedVec::truncate_from(vec![job, job]),
                    }
                }
                (Some(Stage::Running { .. }), Behaviour::Honest) if is_batch => {
                    Call::submit_results {
                        results: BoundedVec::truncate_from(vec![ResultOf {
                            job,
                            output,
                            digest,
                            provider: None,
                        }]),
                    }
                }
                (Some(Stage::Assigned { .. }), Behaviour::Honest | Behaviour::Forgetful) => {
                    Call::claim { job }
                }
                (Some(Stage::Assigned { .. }), Behaviour::Blind) => Call::input_unavailable { job },
                // Every other input stays away.
                (Some(Stage::Demanded { .. }), Behaviour::Blind) if is_batch => {
                    Call::publish_input {
                        job,
                        tokens: BoundedVec::truncate_from(ids(view.input.count)),
                    }
                }
                (Some(Stage::Running { .. }), Behaviour::Honest) => Call::submit_result {
                    job,
                    output,
                    digest,
                    provider: None,
                },
                _ => continue,
            };
            self.send(worker, call.into(), 0);
        }
    }

    /// Counts events, and the calls inside of calls, whose outcomes only events tell.
    fn count(&mut self, events: &[EventRecord<RuntimeEvent, Hash>]) {
        let mut inner = core::mem::take(&mut self.inner);
        for record in events {
            let name = EVENTS.of_value(&record.event);
            *self.tally.events.entry(name).or_default() += 1;
            let Phase::ApplyExtrinsic(index) = record.phase else {
                continue;
            };
            let outcome = match &record.event {
                RuntimeEvent::Sudo(
                    SudoEvent::Sudid { sudo_result } | SudoEvent::SudoAsDone { sudo_result },
                ) => *sudo_result,
                RuntimeEvent::Utility(UtilityEvent::ItemCompleted) => Ok(()),
                RuntimeEvent::Utility(
                    UtilityEvent::ItemFailed { error }
                    | UtilityEvent::BatchInterrupted { error, .. },
                ) => Err(*error),
                _ => continue,
            };
            let calls = inner.entry(index).or_default();
            if !calls.is_empty() {
                self.tally.call(CALLS.of_value(&calls.remove(0)), outcome);
            }
        }
    }
}

/// The calls inside a call, in the order in which events tell of them.
fn inner_calls(call: RuntimeCall) -> Vec<RuntimeCall> {
    use pallet_sudo::Call as Sudo;
    use pallet_utility::Call as Utility;
    match call {
        RuntimeCall::Sudo(
            Sudo::sudo { call }
            | Sudo::sudo_as { call, .. }
            | Sudo::sudo_unchecked_weight { call, .. },
        ) => vec![*call],
        RuntimeCall::Utility(
            Utility::batch { calls }
            | Utility::batch_all { calls }
            | Utility::force_batch { calls },
        ) => calls,
        _ => vec![],
    }
}
