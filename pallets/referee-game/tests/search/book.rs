//! A case with its challenges, traces, games and money: what the pallet keeps in storage.

use crate::toy::{ToyStage, Trace};
use aipg_referee_game::{play, Case, Game, Move, Next, Side, Standing, Tick, Windows};
use std::collections::BTreeMap;

pub const BOND: i32 = 4;
pub const WINDOWS: Windows = Windows {
    challenge: 2,
    clock: 2,
};

/// A challenge or a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Party {
    pub honest: bool,
    pub since: Tick,
    pub lives: bool,
    /// Won minus lost.
    pub money: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Book {
    pub now: Tick,
    pub case: Case,
    pub challenges: Vec<Party>,
    pub traces: Vec<(Party, Trace)>,
    pub games: BTreeMap<(usize, usize), Game<ToyStage>>,
    pub burned: i32,
    /// How the case ended; nothing is taken afterwards.
    pub closed: Option<Standing>,
}

impl Book {
    pub fn new() -> Self {
        Self {
            now: 0,
            case: Case::new(0, WINDOWS),
            challenges: Vec::new(),
            traces: Vec::new(),
            games: BTreeMap::new(),
            burned: 0,
            closed: None,
        }
    }

    fn party(&self, honest: bool) -> Party {
        Party {
            honest,
            since: self.now,
            lives: true,
            money: 0,
        }
    }

    pub fn challenge(&mut self, honest: bool) -> bool {
        let taken = self.closed.is_none() && self.case.takes_challenges(self.now);
        if taken {
            self.challenges.push(self.party(honest));
            self.case.challenges += 1;
        }
        taken
    }

    pub fn post(&mut self, honest: bool, trace: Trace) -> bool {
        let taken = self.closed.is_none() && self.case.takes_traces(self.now);
        if taken {
            self.traces.push((self.party(honest), trace));
            self.case.traces += 1;
        }
        taken
    }

    /// The game of two that live.
    pub fn game(&self, pair: (usize, usize)) -> Option<Game<ToyStage>> {
        let (challenge, trace) = (&self.challenges[pair.0], &self.traces[pair.1].0);
        let begun = challenge.since.max(trace.since);
        let game = self.games.get(&pair).cloned();
        (challenge.lives && trace.lives)
            .then(|| game.unwrap_or_else(|| Game::new(begun, WINDOWS.clock)))
    }

    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let traces = self.traces.len();
        (0..self.challenges.len())
            .flat_map(move |challenge| (0..traces).map(move |trace| (challenge, trace)))
    }

    pub fn is_honest(&self, pair: (usize, usize), side: Side) -> bool {
        match side {
            Side::Challenger => self.challenges[pair.0].honest,
            Side::Defender => self.traces[pair.1].0.honest,
        }
    }

    /// Whether it was a move.
    pub fn play(&mut self, pair: (usize, usize), action: &Move<Trace>) -> bool {
        let Some(game) = self.game(pair) else {
            return false;
        };
        let trace = self.traces[pair.1].1;
        match play(&game, &trace, self.now, action) {
            Ok(Next::Stage(game)) => {
                self.games.insert(pair, game);
            }
            Ok(Next::Won(winner)) => self.end(pair, winner),
            Err(_) => return false,
        }
        true
    }

    /// Reports a side that thought too long.
    pub fn timeout(&mut self, pair: (usize, usize)) -> bool {
        let late = self.game(pair).and_then(|game| game.late(self.now));
        if let Some(side) = late {
            self.end(pair, side.other());
        }
        late.is_some()
    }

    fn end(&mut self, pair: (usize, usize), winner: Side) {
        let (challenge, trace) = (&mut self.challenges[pair.0], &mut self.traces[pair.1].0);
        let (dead, other) = match winner {
            Side::Challenger => {
                self.case.traces -= 1;
                (trace, challenge)
            }
            Side::Defender => {
                self.case.challenges -= 1;
                (challenge, trace)
            }
        };
        dead.lives = false;
        dead.money -= BOND;
        other.money += BOND / 2;
        self.burned += BOND / 2;
        self.games.retain(|other, _| match winner {
            Side::Challenger => other.1 != pair.1,
            Side::Defender => other.0 != pair.0,
        });
        self.close();
    }

    /// Lets the clock go on, and closes the case as soon as it is decided.
    pub fn tick(&mut self) {
        self.now += 1;
        if self.case.is_over(self.now) {
            self.sweep();
        }
        self.close();
    }

    fn close(&mut self) {
        let standing = self.case.standing(self.now);
        if self.closed.is_none() && standing != Standing::Open {
            self.closed = Some(standing);
        }
    }

    /// What the chain does when every clock has run out and nobody said so.
    fn sweep(&mut self) {
        for pair in self.pairs().collect::<Vec<_>>() {
            self.timeout(pair);
        }
    }
}
