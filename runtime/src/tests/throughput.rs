//! How many jobs the chain can carry, next to transfers, with and without batches: in real blocks with signed
//! transactions.

use super::{
    whole_chain::chain::{Chain, Terms},
    *,
};
use aipg_primitives::{JobId, JobParameters, ModelId, Region, ServiceLevel, TokenList, TrustClass};
use codec::Encode;
use frame_support::{assert_ok, traits::fungible::Mutate, BoundedVec};
use frame_system::BlockWeight;
use pallet_job_escrow::types::{ResultOf, Stage};
use sp_core::{sr25519, Pair};
use std::time::{Duration, Instant};

const WORKERS: u32 = 8;
const CAPACITY: u32 = 16;
const JOBS: u32 = WORKERS * CAPACITY;
/// Jobs that a requester submits at once where that is possible.
const SUBMITTED_TOGETHER: u32 = 16;

/// Jobs a day that the main network is to carry, and its blocks a day.
const TARGET: u64 = 1_000_000;
const BLOCKS_A_DAY: u64 = 1_440;
/// The proposer's limit to a block.
const BLOCK_BYTES: u64 = 4 << 20;
/// Time that a block of the main network may take.
const BLOCK_TIME_MS: u64 = 10_000;

/// What something took on top of what empty blocks take.
#[derive(Clone, Copy, Debug, Default)]
struct Cost {
    transactions: u32,
    bytes: u64,
    weight_ms: f64,
    time: Duration,
}

impl Cost {
    fn per(&self, count: u32) -> (f64, f64, f64) {
        let count = f64::from(count);
        (
            self.bytes as f64 / count,
            self.weight_ms / count,
            self.time.as_secs_f64() * 1e3 / count,
        )
    }
}

/// A chain whose blocks are measured.
struct Meter {
    chain: Chain,
    cost: Cost,
    /// What a block without transactions and steps takes.
    idle: (f64, Duration),
    block: Instant,
}

fn weight_ms() -> f64 {
    BlockWeight::<Runtime>::get().total().ref_time() as f64 / 1e9
}

impl Meter {
    fn start() -> Self {
        let mut meter = Self {
            chain: Chain::start(),
            cost: Cost::default(),
            idle: (0.0, Duration::ZERO),
            block: Instant::now(),
        };
        let blocks = 8;
        for _ in 0..blocks {
            meter.next_block();
        }
        let measured = std::mem::take(&mut meter.cost);
        meter.idle = (
            measured.weight_ms / f64::from(blocks),
            measured.time / blocks,
        );
        meter
    }

    fn next_block(&mut self) {
        let weight = weight_ms();
        self.chain.end();
        self.chain.begin();
        let time = self.block.elapsed();
        self.block = Instant::now();
        self.cost.weight_ms += weight - self.idle.0;
        self.cost.time += time.saturating_sub(self.idle.1);
    }

    /// Applies a transaction in the open block; signing it is the sender's time.
    fn send(&mut self, pair: &sr25519::Pair, call: RuntimeCall) {
        let signing = Instant::now();
        let transaction = signed_by(pair, call);
        self.cost.bytes += transaction.encoded_size() as u64;
        self.cost.transactions += 1;
        self.block += signing.elapsed();
        assert_ok!(Executive::apply_extrinsic(transaction).expect("it is valid"));
    }
}

fn key(role: &str, number: u32) -> sr25519::Pair {
    let seed = sp_io::hashing::blake2_256(&(role, number).encode());
    sr25519::Pair::from_seed(&seed)
}

fn owner(pair: &sr25519::Pair) -> AccountId {
    AccountId::from(pair.public())
}

fn signed_by(pair: &sr25519::Pair, call: RuntimeCall) -> UncheckedExtrinsic {
    let terms = Terms {
        era: sp_runtime::generic::Era::Immortal,
        nonce: System::account_nonce(owner(pair)),
        tip: 0,
    };
    whole_chain::chain::signed_with(pair, call, terms)
}

fn model() -> ModelId {
    pallet_model_registry::Models::<Runtime>::iter_keys()
        .next()
        .expect("dev has a model")
}

fn tokens(count: u32) -> TokenList {
    TokenList {
        blob: Hash::repeat_byte(1),
        root: Hash::repeat_byte(2),
        count,
    }
}

/// A development chain with blocks as large as those of the main network, workers, and accounts that own something.
fn with_market<T>(test: impl FnOnce(Meter) -> T) -> T {
    genesis_state(DEV_RUNTIME_PRESET).execute_with(|| {
        pallet_chain_parameters::Parameters::<Runtime>::mutate(|it| {
            it.max_block_ref_time_ms = BLOCK_TIME_MS;
            // A block in which a session begins is said to be full, whatever it does.
            it.epoch_slots = 10_000;
        });
        for number in 0..JOBS {
            for role in ["requester", "receiver"] {
                assert_ok!(Balances::mint_into(
                    &owner(&key(role, number)),
                    1_000 * AIPG
                ));
            }
        }
        let meter = Meter::start();
        let floor = pallet_model_registry::Models::<Runtime>::get(model())
            .expect("it is there")
            .price_floor;
        for number in 0..WORKERS {
            let who = owner(&key("worker", number));
            let origin = || RuntimeOrigin::signed(who.clone());
            assert_ok!(Balances::mint_into(&who, 200_000 * AIPG));
            assert_ok!(WorkerRegistry::register(
                origin(),
                100_000 * AIPG,
                CAPACITY,
                Region::Europe
            ));
            assert_ok!(WorkerRegistry::set_offer(origin(), model(), floor));
            assert_ok!(WorkerRegistry::go_online(origin()));
        }
        test(meter)
    })
}

fn submission() -> RuntimeCall {
    let price = JobEscrow::quote(model(), 64, 128)
        .expect("the model takes it")
        .least_price;
    RuntimeCall::JobEscrow(pallet_job_escrow::Call::submit {
        model: model(),
        input: tokens(64),
        parameters: JobParameters {
            max_output: 128,
            ..Default::default()
        },
        max_price: price * 2,
        class: TrustClass::Exact,
        deadline: System::block_number() + 10_000,
        service: ServiceLevel::default(),
        referrer: None,
        provider: Some(Hash::repeat_byte(3)),
    })
}

/// The jobs of each worker that are in a stage.
fn jobs_of(worker: u32, is_in: fn(&Stage<AccountId, BlockNumber>) -> bool) -> Vec<JobId> {
    JobEscrow::worker_jobs(&owner(&key("worker", worker)))
        .into_iter()
        .map(|job| job.id)
        .filter(|id| {
            pallet_job_escrow::Jobs::<Runtime>::get(id).is_some_and(|job| is_in(&job.stage))
        })
        .collect()
}

fn result(job: JobId) -> ResultOf {
    ResultOf {
        job,
        output: tokens(100),
        digest: Hash::repeat_byte(4),
        provider: Some(Hash::repeat_byte(5)),
    }
}

/// What [`JOBS`] jobs take from submission to payment, nobody disputing them.
fn jobs(batches: bool) -> Cost {
    with_market(|mut meter| {
        if batches {
            for number in 0..JOBS / SUBMITTED_TOGETHER {
                let calls = vec![submission(); SUBMITTED_TOGETHER as usize];
                let call = pallet_utility::Call::batch { calls };
                meter.send(&key("requester", number), call.into());
            }
        } else {
            for number in 0..JOBS {
                meter.send(&key("requester", number), submission());
            }
        }
        let mut delivered = 0;
        while pallet_job_escrow::Jobs::<Runtime>::iter_keys()
            .next()
            .is_some()
        {
            meter.next_block();
            for worker in 0..WORKERS {
                let pair = key("worker", worker);
                let drawn = jobs_of(worker, |stage| matches!(stage, Stage::Assigned { .. }));
                let claimed = jobs_of(worker, |stage| matches!(stage, Stage::Running { .. }));
                delivered += claimed.len();
                use pallet_job_escrow::Call;
                if batches {
                    if !drawn.is_empty() {
                        let jobs = BoundedVec::truncate_from(drawn);
                        meter.send(&pair, Call::claim_batch { jobs }.into());
                    }
                    if !claimed.is_empty() {
                        let results = claimed.into_iter().map(result).collect();
                        let results = BoundedVec::truncate_from(results);
                        meter.send(&pair, Call::submit_results { results }.into());
                    }
                } else {
                    for job in drawn {
                        meter.send(&pair, Call::claim { job }.into());
                    }
                    for job in claimed {
                        let ResultOf {
                            job,
                            output,
                            digest,
                            provider,
                        } = result(job);
                        let call = Call::submit_result {
                            job,
                            output,
                            digest,
                            provider,
                        };
                        meter.send(&pair, call.into());
                    }
                }
            }
            assert!(System::block_number() < 1_000, "jobs do not end");
        }
        assert_eq!(delivered as u32, JOBS, "a job was let down");
        meter.next_block();
        meter.cost
    })
}

/// What as many transfers take.
fn transfers() -> Cost {
    with_market(|mut meter| {
        for number in 0..JOBS {
            let call = pallet_balances::Call::transfer_keep_alive {
                dest: owner(&key("receiver", number)).into(),
                value: AIPG,
            };
            meter.send(&key("requester", number), call.into());
        }
        meter.next_block();
        meter.cost
    })
}

/// Shares of weight and bytes of the main network's blocks that the target takes.
fn shares(cost: &Cost) -> (f64, f64) {
    let jobs_a_block = TARGET as f64 / BLOCKS_A_DAY as f64;
    let (bytes, weight, _) = cost.per(JOBS);
    (
        weight * jobs_a_block / BLOCK_TIME_MS as f64,
        bytes * jobs_a_block / BLOCK_BYTES as f64,
    )
}

#[test]
fn a_million_jobs_a_day_should_take_a_quarter_of_the_blocks_when_they_are_batched() {
    let (weight, bytes) = shares(&jobs(true));
    assert!(weight <= 0.25, "{weight:.3} of the weight");
    assert!(bytes <= 0.25, "{bytes:.3} of the bytes");
}

/// Prints both sides of the comparison, for docs/measurements.md. `scripts/bench market` runs it.
#[test]
#[ignore = "measures and prints"]
fn table_of_throughput() {
    let sides = [
        ("a transfer", transfers()),
        ("a job, one call each", jobs(false)),
        ("a job, in batches", jobs(true)),
    ];
    println!("| what | transactions | bytes | weight, ms | executed in, ms | a second | of a day's weight | of its bytes |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (name, cost) in &sides {
        let (bytes, weight, time) = cost.per(JOBS);
        let (of_weight, of_bytes) = shares(cost);
        println!(
            "| {name} | {:.2} | {bytes:.0} | {weight:.3} | {time:.3} | {:.0} | {:.1} % | {:.1} % |",
            f64::from(cost.transactions) / f64::from(JOBS),
            1e3 / time,
            100.0 * of_weight,
            100.0 * of_bytes,
        );
    }
    let time = |side: usize| sides[side].1.time.as_secs_f64();
    println!();
    println!(
        "A job takes {:.1} times what a transfer takes, in batches {:.1} times.",
        time(1) / time(0),
        time(2) / time(0)
    );
}
