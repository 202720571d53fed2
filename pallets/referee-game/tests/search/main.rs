//! Every game on small cases: whatever dishonest parties do, in any order and at any time, whoever is
//! right wins alone.
//!
//! The dishonest do what they like, as often as they like. At any time, and before the clock goes on, the
//! honest party does all that it can. One state is looked at once.

mod book;
mod demands;
mod toy;

use aipg_referee_game::{Side, Standing};
use book::{Book, Party};
use std::collections::HashSet;
use toy::{every_move, honest_challenger, honest_defender, Tensor, Trace, TRUTH};

/// One setting of the search.
struct Setting {
    /// Traces that the dishonest may post, each once.
    lies: Vec<Trace>,
    /// Challenges that the dishonest may make.
    shams: usize,
    /// Who is honest: a challenger of a false result, or the defender of a true one.
    honest: Side,
}

/// A state of the search: the book, which lies are posted, and whether the honest party is there.
type State = (Book, usize, bool);

impl Setting {
    /// Everything that the dishonest can do next, one thing each.
    fn dishonest(&self, (book, posted, there): &State) -> Vec<State> {
        let mut next = Vec::new();
        let mut add = |change: &dyn Fn(&mut Book) -> bool, posted| {
            let mut book = book.clone();
            if change(&mut book) {
                next.push((book, posted, *there));
            }
        };
        let shams = book.challenges.iter().filter(|party| !party.honest);
        if shams.count() < self.shams {
            add(&|book| book.challenge(false), *posted);
        }
        if let Some(&lie) = self.lies.get(*posted) {
            add(&|book| book.post(false, lie), posted + 1);
        }
        for pair in book.pairs() {
            let Some(game) = book.game(pair) else {
                continue;
            };
            add(&|book| book.timeout(pair), *posted);
            if !book.is_honest(pair, game.stage.turn()) {
                for action in every_move(&book.traces[pair.1].1, &game.stage) {
                    add(&|book| book.play(pair, &action), *posted);
                }
            }
        }
        next
    }

    /// The honest party comes, if it can.
    fn arrive(&self, state: &State) -> Option<State> {
        let (mut book, posted, there) = state.clone();
        let came = !there
            && match self.honest {
                Side::Challenger => book.challenge(true),
                Side::Defender => book.post(true, TRUTH),
            };
        came.then_some((book, posted, true))
    }

    /// All that the honest party can do, one move after the other.
    fn honest(&self, book: &mut Book) {
        loop {
            let moved = book.pairs().any(|pair| {
                let Some(game) = book.game(pair) else {
                    return false;
                };
                let turn = game.stage.turn();
                if !book.is_honest(pair, self.honest) {
                    return false;
                }
                if turn != self.honest {
                    return book.timeout(pair);
                }
                let action = match self.honest {
                    Side::Challenger => honest_challenger(&book.traces[pair.1].1, &game.stage),
                    Side::Defender => honest_defender(&game.stage),
                };
                book.play(pair, &action.expect("an honest party has a move"))
            });
            if !moved {
                return;
            }
        }
    }

    /// Follows every path to its end; returns how many states there were.
    fn search(&self) -> usize {
        let mut seen = HashSet::new();
        let mut open: Vec<State> = vec![(Book::new(), 0, false)];
        let mut ends = 0;
        while let Some(state) = open.pop() {
            if !seen.insert(state.clone()) {
                continue;
            }
            self.check(&state);
            open.extend(self.dishonest(&state));
            open.extend(self.arrive(&state));
            let (mut book, posted, there) = state;
            self.honest(&mut book);
            open.push((book.clone(), posted, there));
            book.tick();
            if book.closed.is_some() {
                self.check_end(&book, there);
                ends += 1;
            } else {
                open.push((book, posted, there));
            }
        }
        assert!(ends > 0);
        seen.len()
    }

    fn check(&self, (book, ..): &State) {
        assert!(!book.case.is_over(book.now), "{book:#?}");
        let traces = book.traces.iter().map(|(party, _)| party);
        let parties: Vec<&Party> = book.challenges.iter().chain(traces).collect();
        for party in parties.iter().filter(|party| party.honest) {
            assert!(party.lives && party.money >= 0, "{book:#?}");
        }
        let total: i32 = parties.iter().map(|party| party.money).sum();
        assert_eq!(total + book.burned, 0);
    }

    fn check_end(&self, book: &Book, there: bool) {
        // Who has not come yet must have had the whole window.
        let (right, window) = match self.honest {
            Side::Challenger => (Standing::False, book.case.challenges_end),
            Side::Defender => (Standing::Upheld, book.case.traces_end),
        };
        let missed = !there && book.now >= window;
        assert!(book.closed == Some(right) || missed, "{book:#?}");
    }
}

/// Tensors that are wrong in every way that matters: one leaf, the other, both, unknown leaves, an
/// unknown root.
fn wrong(tensor: usize) -> Vec<Tensor> {
    let [first, second] = TRUTH.0[tensor].unwrap().map(Option::unwrap);
    vec![
        Some([Some(first - 1), Some(second)]),
        Some([Some(first), Some(second - 1)]),
        Some([Some(first - 1), Some(second - 1)]),
        Some([Some(first), None]),
        Some([None, Some(second)]),
        None,
    ]
}

/// Traces that end in a digest (the second tensor) and are false.
fn lies(digest: Tensor) -> Vec<Trace> {
    let true_first = TRUTH.0[0];
    let firsts = wrong(0).into_iter().chain([true_first]);
    let traces = firsts.map(|first| Trace([first, digest]));
    traces.filter(|&trace| trace != TRUTH).collect()
}

#[test]
fn honest_challenger_should_refute_every_trace_of_a_false_result() {
    let mut states = 0;
    for digest in wrong(1) {
        for lie in lies(digest) {
            states += Setting {
                lies: vec![lie],
                shams: 1,
                honest: Side::Challenger,
            }
            .search();
        }
    }
    println!("{states} states");
}

#[test]
fn honest_challenger_should_refute_several_traces() {
    let lies = lies(Some([Some(2), Some(2)]));
    let mut states = 0;
    for (place, &first) in lies.iter().enumerate() {
        for &second in &lies[place..] {
            states += Setting {
                lies: vec![first, second],
                shams: 0,
                honest: Side::Challenger,
            }
            .search();
        }
    }
    println!("{states} states");
}

/// A wrong trace of a true result proves nothing: the worker's own may be one.
#[test]
fn honest_defender_should_uphold_a_true_result() {
    let mut states = 0;
    for lie in lies(TRUTH.0[1]) {
        states += Setting {
            lies: vec![lie],
            shams: 1,
            honest: Side::Defender,
        }
        .search();
    }
    println!("{states} states");
}

#[test]
fn honest_defender_should_beat_several_challenges() {
    let states = Setting {
        lies: Vec::new(),
        shams: 2,
        honest: Side::Defender,
    }
    .search();
    println!("{states} states");
}

/// What the honest are for: nobody else loses by a false result, and a silent challenge dies.
#[test]
fn false_result_should_stand_when_nobody_honest_challenges() {
    let mut book = Book::new();
    assert!(book.challenge(false));
    assert!(book.post(false, lies(wrong(1)[0])[0]));
    while book.closed.is_none() {
        book.tick();
    }
    assert_eq!(book.closed, Some(Standing::Upheld));
}
