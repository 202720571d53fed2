//! A worker that dies anywhere, again and again, on a chain that includes calls late and takes
//! blocks back: it always comes to the same end, and says nothing twice.
//!
//! The chain and the pool are modelled here; the book, the ledger and what is stored are the real
//! ones. The order of effects and writes is that of `session/steps.rs`.

use super::*;
use crate::ledger::{self, Block};
use crate::store::{Cursor, EntryKind};
use aipg_client::events::ChainEvent;
use aipg_client::{Fate, Hash, MORTALITY};
use proptest::prelude::*;
use std::collections::BTreeSet;
use subxt::utils::AccountId32;

const OWN: AccountId32 = AccountId32([7; 32]);
/// Blocks between the best and the finalised one.
const FINALITY: u32 = 2;
const CHALLENGE: u32 = 3;

/// The process is gone.
#[derive(Debug)]
struct Killed;

/// Lets the process die after so many steps.
struct Fuse(Option<u32>);

impl Fuse {
    fn tick(&mut self) -> Result<(), Killed> {
        match &mut self.0 {
            Some(0) => Err(Killed),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

#[derive(Clone, Debug)]
struct Held {
    call: SignedCall,
    succeeded: bool,
}

/// What a block changes, and what it did.
#[derive(Clone, Debug, Default)]
struct ChainState {
    stages: BTreeMap<u64, (Stage, u32)>,
    nonce: u64,
    held: Vec<Held>,
    events: Vec<ChainEvent>,
}

/// Meaning of a signed call: the bytes are purpose and job.
fn meaning(call: &SignedCall) -> (Action, u64) {
    serde_json::from_slice(&call.bytes).unwrap()
}

struct World {
    /// The state after each block; the last one is the best.
    blocks: Vec<ChainState>,
    pool: Vec<SignedCall>,
    signatures: u64,
    published: BTreeSet<u64>,
    runs: u32,
}

impl World {
    fn new(jobs: u64) -> Self {
        let stages = (0..jobs).map(|id| (id, (Stage::Assigned, 1_000)));
        let genesis = ChainState {
            stages: stages.collect(),
            ..ChainState::default()
        };
        Self {
            blocks: vec![genesis],
            pool: Vec::new(),
            signatures: 0,
            published: BTreeSet::new(),
            runs: 0,
        }
    }

    fn best(&self) -> u32 {
        self.blocks.len() as u32 - 1
    }

    fn finalised(&self) -> u32 {
        self.best().saturating_sub(FINALITY)
    }

    fn state(&self, number: u32) -> &ChainState {
        &self.blocks[number as usize]
    }

    fn jobs(&self) -> Vec<Job> {
        let live = self.state(self.best()).stages.iter();
        live.filter(|(_, (stage, _))| *stage != Stage::Delivered)
            .map(|(id, (stage, due))| super::tests::job(*id, *stage, *due))
            .collect()
    }

    fn sign(&mut self, action: Action, job: u64) -> SignedCall {
        self.signatures += 1;
        let mut hash = [0; 32];
        hash[..8].copy_from_slice(&self.signatures.to_le_bytes());
        let born = self.finalised();
        SignedCall {
            name: format!("{action:?}"),
            nonce: self.state(self.best()).nonce,
            hash: Hash(hash),
            born,
            dies: born + MORTALITY,
            bytes: serde_json::to_vec(&(action, job)).unwrap(),
        }
    }

    /// What the pool does: one call for a nonce, the first one.
    fn submit(&mut self, call: &SignedCall) {
        let is_taken = self.pool.iter().any(|other| other.nonce == call.nonce);
        if !is_taken && call.nonce >= self.state(self.best()).nonce {
            self.pool.push(call.clone());
        }
    }

    fn make_block(&mut self) {
        let number = self.best() + 1;
        let mut state = self.state(self.best()).clone();
        state.held.clear();
        state.events.clear();
        let due: Vec<u64> = state
            .stages
            .iter()
            .filter(|(_, (stage, due))| *stage == Stage::Delivered && *due <= number)
            .map(|(id, _)| *id)
            .collect();
        for job in due {
            state.stages.remove(&job);
            state.events.push(ChainEvent::Settled {
                job,
                worker: OWN,
                units: 1,
                fee: Amount(10),
                to_worker: Amount(9),
            });
        }
        self.pool.sort_by_key(|call| call.nonce);
        for call in std::mem::take(&mut self.pool) {
            if call.nonce < state.nonce || call.dies <= number {
                continue;
            }
            if call.nonce > state.nonce {
                self.pool.push(call);
                continue;
            }
            state.nonce += 1;
            let (action, job) = meaning(&call);
            let stage = state.stages.get(&job).map(|(stage, _)| *stage);
            let succeeded = match (action, stage) {
                (Action::Claim, Some(Stage::Assigned)) => {
                    state.stages.insert(job, (Stage::Running, 1_000));
                    true
                }
                (Action::Deliver, Some(Stage::Running)) => {
                    assert!(self.published.contains(&job), "the answer is available");
                    let due = number + CHALLENGE;
                    state.stages.insert(job, (Stage::Delivered, due));
                    state.events.push(ChainEvent::ResultSubmitted {
                        job,
                        worker: OWN,
                        digest: Hash([9; 32]),
                        units: 1,
                        fee: Amount(10),
                        settles_at: due,
                    });
                    true
                }
                _ => false,
            };
            state.held.push(Held { call, succeeded });
        }
        self.blocks.push(state);
    }

    /// Takes the best block back; what it held may be in the pool again or not.
    fn reorganise(&mut self, keeps_calls: bool) {
        if self.best() > self.finalised() + 1 {
            let lost = self.blocks.pop().unwrap();
            if keeps_calls {
                for held in lost.held {
                    self.submit(&held.call);
                }
            }
        }
    }

    fn fate(&self, call: &SignedCall) -> Fate {
        for (number, state) in self.blocks.iter().enumerate() {
            let Some(held) = state.held.iter().find(|held| held.call.nonce == call.nonce) else {
                continue;
            };
            let number = number as u32;
            let is_final = number <= self.finalised();
            let inclusion = Inclusion {
                block: Hash([number as u8; 32]),
                number,
            };
            return match (held.call.hash == call.hash, held.succeeded) {
                (true, true) => Fate::Included {
                    inclusion,
                    is_final,
                },
                (true, false) => Fate::Failed {
                    inclusion,
                    is_final,
                    error: "refused".into(),
                },
                (false, _) if is_final => Fate::Void,
                (false, _) => Fate::Pending,
            };
        }
        match self.finalised() + 1 >= call.dies {
            true => Fate::Void,
            false => Fate::Pending,
        }
    }

    /// Calls that blocks hold, by purpose and success.
    fn count(&self, action: Action, job: u64, succeeded: bool) -> usize {
        self.blocks
            .iter()
            .flat_map(|state| &state.held)
            .filter(|held| meaning(&held.call) == (action, job) && held.succeeded == succeeded)
            .count()
    }
}

/// What survives the process, as text.
#[derive(Default)]
struct Disk {
    records: BTreeMap<u64, String>,
    fees: BTreeMap<u64, u32>,
    cursor: u32,
}

struct Process<'a> {
    book: Book,
    disk: &'a mut Disk,
    fuse: Fuse,
}

impl<'a> Process<'a> {
    fn start(disk: &'a mut Disk, fuse: Fuse) -> Self {
        let records = disk.records.values();
        let records: Vec<Record> = records
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        Self {
            book: Book::restore(records),
            disk,
            fuse,
        }
    }

    fn save(&mut self, id: u64) {
        if let Some(record) = self.book.get(id) {
            let text = serde_json::to_string(&record.to_stored()).unwrap();
            self.disk.records.insert(id, text);
        }
    }

    fn pass(&mut self, world: &mut World) -> Result<(), Killed> {
        for _ in 0..20 {
            let now = world.best();
            for id in self.book.observe(world.jobs(), now) {
                self.fuse.tick()?;
                self.save(id);
                self.fuse.tick()?;
            }
            let steps = self.book.steps(now);
            let mut advanced = false;
            for (id, step) in steps {
                advanced |= self.advance(world, id, step, now)?;
            }
            if !advanced {
                break;
            }
        }
        self.follow(world)
    }

    fn advance(
        &mut self,
        world: &mut World,
        id: u64,
        step: Step,
        now: u32,
    ) -> Result<bool, Killed> {
        match step {
            Step::Fetch => {
                self.fuse.tick()?;
                self.book.input_ready(id, vec![1, 2]);
                self.save(id);
                self.fuse.tick()?;
            }
            Step::Compute => {
                let stored = self.disk.records[&id].contains("Computed");
                assert!(!stored, "an answer that is stored is not computed again");
                let (_, ticket) = self.book.start(id).unwrap();
                world.runs += 1;
                self.fuse.tick()?;
                assert!(self.book.finished(id, ticket, super::tests::answer()));
                self.save(id);
                self.fuse.tick()?;
            }
            Step::Publish => {
                world.published.insert(id);
                self.fuse.tick()?;
                self.book.published(id);
                self.save(id);
                self.fuse.tick()?;
            }
            Step::Sign(action) => {
                let call = world.sign(action, id);
                self.fuse.tick()?;
                self.book.signed(id, action, call);
                self.save(id);
                self.fuse.tick()?;
                return self.send(world, id, action, now);
            }
            Step::Send(action) => return self.send(world, id, action, now),
        }
        Ok(true)
    }

    fn send(
        &mut self,
        world: &mut World,
        id: u64,
        action: Action,
        now: u32,
    ) -> Result<bool, Killed> {
        let sent = self.book.get(id).unwrap().calls[&action].clone();
        let fate = match sent.is_fresh {
            true => Fate::Pending,
            false => world.fate(&sent.call),
        };
        let fate = match fate {
            Fate::Pending => {
                self.book.sending(id, action);
                world.submit(&sent.call);
                self.fuse.tick()?;
                world.make_block();
                world.fate(&sent.call)
            }
            fate => fate,
        };
        match fate {
            Fate::Included {
                inclusion,
                is_final,
            } => {
                self.fuse.tick()?;
                self.book.included(id, action, inclusion, is_final, now);
            }
            Fate::Void => self.book.void(id, action),
            Fate::Failed { .. } => panic!("no call ever fails here"),
            Fate::Pending | Fate::Forgotten => {
                self.book.postpone(id, now);
                return Ok(false);
            }
        }
        self.save(id);
        self.fuse.tick()?;
        Ok(true)
    }

    fn follow(&mut self, world: &World) -> Result<(), Killed> {
        while self.disk.cursor < world.finalised() {
            let number = self.disk.cursor + 1;
            let block = Block {
                cursor: Cursor {
                    number,
                    hash: Hash([0; 32]),
                },
                events: &world.state(number).events,
                time: 0,
                round_blocks: 10,
            };
            let (batch, book) = ledger::apply(&self.book, &block, &OWN);
            self.fuse.tick()?;
            // One transaction.
            for record in batch.jobs {
                let text = serde_json::to_string(&record.to_stored()).unwrap();
                self.disk.records.insert(record.job.id, text);
            }
            for entry in batch.entries {
                if let EntryKind::Fee { job, .. } = entry.kind {
                    *self.disk.fees.entry(job).or_default() += 1;
                }
            }
            self.disk.cursor = number;
            self.book = book;
            self.book.forget_ended();
            self.fuse.tick()?;
        }
        Ok(())
    }
}

/// What happens around a life of the process.
#[derive(Clone, Debug)]
struct Life {
    steps: u32,
    idle_blocks: u32,
    reorganises: Option<bool>,
}

fn life() -> impl Strategy<Value = Life> {
    (0u32..40, 0u32..6, proptest::option::of(any::<bool>())).prop_map(
        |(steps, idle_blocks, reorganises)| Life {
            steps,
            idle_blocks,
            reorganises,
        },
    )
}

fn play(jobs: u64, lives: &[Life]) -> (World, Disk) {
    let (mut world, mut disk) = (World::new(jobs), Disk::default());
    for life in lives {
        let mut process = Process::start(&mut disk, Fuse(Some(life.steps)));
        while process.pass(&mut world).is_ok() {
            world.make_block();
        }
        for _ in 0..life.idle_blocks {
            world.make_block();
        }
        if let Some(keeps_calls) = life.reorganises {
            world.reorganise(keeps_calls);
        }
    }
    let mut last = Process::start(&mut disk, Fuse(None));
    for _ in 0..80 {
        last.pass(&mut world).unwrap();
        world.make_block();
    }
    (world, disk)
}

fn assert_end(jobs: u64, world: &World, disk: &Disk) {
    for job in 0..jobs {
        for action in [Action::Claim, Action::Deliver] {
            assert_eq!(world.count(action, job, true), 1, "{action:?} of {job}");
            assert_eq!(world.count(action, job, false), 0, "{action:?} of {job}");
        }
        assert_eq!(disk.fees.get(&job), Some(&1), "job {job} is paid once");
        let record: Record = serde_json::from_str(&disk.records[&job]).unwrap();
        assert_eq!(record.state(), "Settled");
    }
}

#[test]
fn worker_should_come_to_the_end_when_it_dies_once_at_any_step() {
    for steps in 0..80 {
        for idle_blocks in [0, 1, 4] {
            let life = Life {
                steps,
                idle_blocks,
                reorganises: None,
            };
            let (world, disk) = play(1, &[life]);
            assert_end(1, &world, &disk);
            assert!(world.runs <= 2, "one run is lost at most");
        }
    }
}

proptest! {
    #[test]
    fn worker_should_come_to_the_end_when_it_dies_again_and_again(
        jobs in 1u64..4,
        lives in proptest::collection::vec(life(), 0..8),
    ) {
        let (world, disk) = play(jobs, &lives);
        assert_end(jobs, &world, &disk);
    }
}
