//! Random disputes: whatever others do, in any order and late, whoever is right wins and loses nothing.

use super::players::*;
use crate::{mock::*, pallet::*, HoldReason};
use aipg_exact::{
    testing::Numbers,
    trace::{Replay, Tensor},
};
use aipg_primitives::HostBlake2;
use aipg_referee_game::Side;
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::OnceLock};

/// A result, and what may be said about it.
struct Scene {
    /// What the worker delivered, as its trace.
    delivered: &'static Replay<'static>,
    /// What an honest party finds for this answer.
    found: &'static Replay<'static>,
    is_true: bool,
    /// Traces that end in the result's digest.
    traces: Vec<Replay<'static>>,
}

fn leak(trace: Replay<'static>) -> &'static Replay<'static> {
    Box::leak(Box::new(trace))
}

/// A true result, one with a false digest, one with a wrong token.
fn scenes() -> &'static [Scene] {
    static SCENES: OnceLock<Vec<Scene>> = OnceLock::new();
    SCENES.get_or_init(|| {
        let truth = truth();
        let header = truth.job().header;
        let scene = |delivered: &'static Replay<'static>, found, is_true| {
            let places = [
                (Tensor::Embedded, 1),
                (Tensor::Layer(0, aipg_exact::trace::Part::Softmax), 2),
                (Tensor::Layer(1, aipg_exact::trace::Part::DownInput), 0),
                (Tensor::FinalInput, 1),
                (Tensor::Chosen, 0),
            ];
            let lies = places.map(|(tensor, leaf)| flipped(delivered, tensor, leaf, 0));
            let mut traces = vec![delivered.clone()];
            traces.extend(lies);
            Scene {
                delivered,
                found,
                is_true,
                traces,
            }
        };
        let false_digest = leak(flipped(truth, Tensor::last(header), 2, 1));
        let wrong = leak(wrong_answer(truth));
        vec![
            scene(truth, truth, true),
            scene(false_digest, truth, false),
            scene(wrong, wrong, false),
        ]
    })
}

/// The first leaf of a trace that an honest party finds to be another; the wrong token's record if
/// there is none.
fn first_difference(scene: &Scene, trace: &Replay<'_>) -> (Tensor, u64) {
    let header = trace.job().header;
    let different = Tensor::all(header)
        .find(|&tensor| trace.root::<HostBlake2>(tensor) != scene.found.root::<HostBlake2>(tensor));
    let Some(tensor) = different else {
        return (Tensor::Chosen, u64::from(trace.job().output) - 1);
    };
    let (theirs, own) = (
        trace.leaf_hashes::<HostBlake2>(tensor),
        scene.found.leaf_hashes::<HostBlake2>(tensor),
    );
    let leaf = theirs
        .iter()
        .zip(&own)
        .position(|(theirs, own)| theirs != own);
    (tensor, leaf.unwrap() as u64)
}

/// Liars: they may work together.
const LIARS: [AccountId; 3] = [WORKER, SECOND, THIRD];

/// Who made which challenge, by its number, and who posted which trace.
struct World {
    scene: &'static Scene,
    numbers: Numbers,
    challenges: Vec<AccountId>,
    traces: Vec<Posted>,
}

/// A trace of the scene that somebody stands for.
struct Posted {
    /// Those that were begun and not ended have numbers as well.
    number: u32,
    who: AccountId,
    trace: usize,
}

impl World {
    fn table(&self, challenge: usize, trace: usize) -> Table<'_> {
        let posted = &self.traces[trace];
        Table {
            seat: seat(challenge as u32, posted.number),
            challenger: self.challenges[challenge],
            defender: posted.who,
            trace: &self.scene.traces[posted.trace],
        }
    }

    fn tables(&self) -> impl Iterator<Item = Table<'_>> {
        let games = (0..self.challenges.len())
            .flat_map(|challenge| (0..self.traces.len()).map(move |trace| (challenge, trace)));
        games
            .map(|(challenge, trace)| self.table(challenge, trace))
            .filter(Table::lives)
    }

    /// Something that a liar may do, sensible or not.
    fn lie(&mut self) {
        let who = LIARS[self.numbers.below(3) as usize];
        match self.numbers.below(16) {
            0 => {
                let own = self.numbers.below(self.scene.traces.len() as u64) as usize;
                let own = &self.scene.traces[own];
                let root = root_of(own);
                let commitment = Referee::commitment(JOB, &who, salt(who), root);
                if Referee::challenge(signed(who), JOB, commitment).is_ok() {
                    let number = self.challenges.len() as u32;
                    self.challenges.push(who);
                    if self.numbers.below(4) > 0 {
                        let _ = Referee::open_root(signed(who), JOB, number, salt(who), root);
                    }
                }
            }
            1 => {
                let trace = self.numbers.below(self.scene.traces.len() as u64) as usize;
                if try_post(who, &self.scene.traces[trace]).is_ok() {
                    let number = posted();
                    self.traces.push(Posted { number, who, trace });
                }
            }
            2 => {
                let _ = Referee::post_roots(
                    signed(who),
                    JOB,
                    vec![Default::default()].try_into().unwrap(),
                );
            }
            3 if !self.challenges.is_empty() => {
                let number = self.numbers.below(self.challenges.len() as u64) as u32;
                let _ = super::answers::prove_end(who, number, self.scene.delivered);
            }
            _ => self.play_a_lie(),
        }
    }

    /// A move in some game, if it is a liar's: towards any leaf, with any claim of it; a defender tells
    /// the best lie that it finds.
    fn play_a_lie(&mut self) {
        let choice = self.numbers.draw();
        let pick = |count: usize| (choice >> 8) as usize % count.max(1);
        let tables: Vec<Table<'_>> = self.tables().collect();
        let Some(table) = tables.get(pick(tables.len())) else {
            return;
        };
        match table.turn() {
            Side::Defender if LIARS.contains(&table.defender) => {
                let _ = table.defend();
            }
            Side::Challenger if LIARS.contains(&table.challenger) => {
                // The seat decides where it goes, so that all its moves go there.
                let mut place = Numbers(u64::from(table.seat.challenge * 64 + table.seat.trace));
                let job = table.trace.job();
                let count = Tensor::all(job.header).count() as u64;
                let tensor = Tensor::all(job.header).nth(place.below(count) as usize);
                let tensor = tensor.unwrap();
                let leaf = place.below(tensor.leaves(&job));
                let mut parts = Numbers(choice);
                let _ = table.attack(
                    tensor,
                    leaf,
                    |claims| claims[pick(claims.len())],
                    |_| parts.below(2) == 0,
                );
            }
            _ => {}
        }
        table.check_revealed();
    }

    /// The honest party makes every move that is its.
    fn answer(&self, honest: AccountId) {
        loop {
            let mine = self.tables().find(|table| match table.turn() {
                Side::Challenger => table.challenger == honest,
                Side::Defender => table.defender == honest,
            });
            let Some(table) = mine else {
                return;
            };
            let moved = match table.turn() {
                Side::Defender => table.defend(),
                Side::Challenger => {
                    let (tensor, leaf) = first_difference(self.scene, table.trace);
                    table.attack_false(tensor, leaf)
                }
            };
            moved.expect("an honest move is taken");
            table.check_revealed();
        }
    }
}

/// Games so far in which somebody moved, or that time decided between two sides that lived.
fn played() -> usize {
    let seats: BTreeSet<(u32, u32)> = events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Moved { seat, .. } | Event::GameEnded { seat, .. } => {
                Some((seat.challenge, seat.trace))
            }
            _ => None,
        })
        .collect();
    seats.len()
}

/// One random dispute; the number of its games that were played.
fn dispute(scene: &'static Scene, seed: u64, ticks: &[u8]) -> usize {
    let mut games = 0;
    execute(|| {
        let issuance = Balances::total_issuance();
        let honest = if scene.is_true { DEFENDER } else { CHALLENGER };
        let mut world = World {
            scene,
            numbers: Numbers(seed),
            challenges: Vec::new(),
            traces: Vec::new(),
        };
        deliver(scene.delivered);
        let arrives = world.numbers.below(u64::from(CHALLENGE_WINDOW) - 2) as u32;
        let mut is_here = false;
        for (tick, &lies) in (0..).zip(ticks) {
            for _ in 0..lies {
                world.lie();
            }
            let decided = Cases::<Test>::get(JOB).is_none_or(|it| it.case.challenges == 0);
            if !is_here && tick >= arrives && !(scene.is_true && decided) {
                if scene.is_true {
                    world.traces.push(Posted {
                        number: post(honest, scene.found),
                        who: honest,
                        trace: 0,
                    });
                } else {
                    let number = challenge(honest, scene.found);
                    open(honest, number, scene.found).unwrap();
                    world.challenges.push(honest);
                }
                is_here = true;
            }
            world.answer(honest);
            // Somebody always reports who is late, or nobody does.
            if seed & 1 == 0 {
                for table in world.tables().collect::<Vec<_>>() {
                    let _ = Referee::report_timeout(signed(DEFENDER), table.seat);
                }
            }
            Pallet::<Test>::do_try_state().unwrap();
            advance(1);
        }
        for _ in 0..2 * CHALLENGE_WINDOW + 2 * CLOCK {
            world.answer(honest);
            advance(1);
        }
        advance(CHALLENGE_WINDOW + 10);

        games = played();
        assert_eq!(Cases::<Test>::iter().count(), 0, "every case closes");
        assert_eq!(Refuted::get().is_empty(), scene.is_true);
        assert!(wealth(honest) >= ENDOWMENT, "honesty costs nothing");
        for who in 1..=20 {
            for reason in [HoldReason::Challenge, HoldReason::Trace] {
                assert_eq!(on_hold(reason, who), 0);
            }
        }
        let minted = Convicted::get().len() as u128 * REWARD;
        assert_eq!(
            Balances::total_issuance() + Burned::get(),
            issuance + minted
        );
    });
    games
}

proptest! {
    #[test]
    fn whoever_is_right_should_win(
        scene in 0..3usize,
        seed: u64,
        ticks in prop::collection::vec(0..12u8, 40..60),
    ) {
        dispute(&scenes()[scene], seed, &ticks);
    }
}

/// Disputes as the property draws them have so many games that 10,000 of them are more than 10⁵ games, with
/// a fifth to spare.
#[test]
fn random_disputes_should_have_games() {
    let mut numbers = Numbers(61);
    let games: Vec<usize> = (0..48)
        .map(|round| {
            let ticks = 40 + numbers.below(20);
            let ticks: Vec<u8> = (0..ticks).map(|_| numbers.below(12) as u8).collect();
            dispute(&scenes()[round % 3], numbers.draw(), &ticks)
        })
        .collect();
    let total: usize = games.iter().sum();
    println!(
        "games that were played: {total} in {} disputes",
        games.len()
    );
    assert!(total >= 12 * games.len(), "{total}: {games:?}");
}
