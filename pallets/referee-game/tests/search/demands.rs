//! Every way in which chunks of blobs are demanded and published: an honest worker is never convicted for
//! them, and whoever wants to check a result has all of them in time, or the result is false.

use aipg_referee_game::{Case, Standing, Tick, Windows};
use std::collections::HashSet;

const CHUNKS: u32 = 3;
const WINDOWS: Windows = Windows {
    challenge: 9,
    clock: 2,
};

/// What was demanded and what was published, as sets of chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct State {
    now: Tick,
    case: Case,
    demanded: u32,
    published: u32,
}

impl State {
    fn demand(mut self, chunk: u32) -> Option<Self> {
        let is_new = self.demanded & (1 << chunk) == 0;
        (is_new && self.case.takes_demands(self.now)).then(|| {
            self.demanded |= 1 << chunk;
            self.case.withheld += 1;
            self
        })
    }

    fn publish(mut self, chunk: u32) -> Option<Self> {
        let open = self.demanded & !self.published & (1 << chunk) != 0;
        (open && self.case.takes_answers(self.now)).then(|| {
            self.published |= 1 << chunk;
            self.case.withheld -= 1;
            self
        })
    }
}

/// Follows every path. Without an honest worker, chunks are published at any time or never; with a `checker`
/// everything is demanded at once. `check` sees every state at the end of the answers; returns how many states
/// there were.
fn search(honest_worker: bool, checker: bool, check: impl Fn(&State)) -> usize {
    let mut seen = HashSet::new();
    let mut open = vec![State {
        now: 0,
        case: Case::new(0, WINDOWS),
        demanded: 0,
        published: 0,
    }];
    while let Some(state) = open.pop() {
        if !seen.insert(state) {
            continue;
        }
        if state.now == state.case.answers_end {
            check(&state);
            continue;
        }
        open.extend((0..CHUNKS).filter_map(|chunk| state.demand(chunk)));
        if !honest_worker {
            open.extend((0..CHUNKS).filter_map(|chunk| state.publish(chunk)));
        }
        // Before the clock goes on, the honest do all that they can.
        let all = |state: State, act: fn(State, u32) -> Option<State>| {
            (0..CHUNKS).fold(state, |state, chunk| act(state, chunk).unwrap_or(state))
        };
        let mut next = state;
        if checker {
            next = all(next, State::demand);
        }
        if honest_worker {
            next = all(next, State::publish);
        }
        next.now += 1;
        open.push(next);
    }
    seen.len()
}

#[test]
fn worker_that_publishes_should_never_be_convicted() {
    for checker in [false, true] {
        let states = search(true, checker, |state| {
            assert_eq!(state.case.standing(state.now), Standing::Open, "{state:?}");
        });
        // At least each set of demands in each tick for them, but that a checker makes all in the first.
        assert!(states > if checker { 8 } else { 8 * 3 }, "{states}");
    }
}

#[test]
fn checker_should_have_every_chunk_in_time_or_the_result_is_false() {
    search(false, true, |state| {
        let has_all = state.published == (1 << CHUNKS) - 1;
        let standing = state.case.standing(state.now);
        assert_eq!(has_all, standing == Standing::Open, "{state:?}");
        assert_eq!(!has_all, standing == Standing::Withheld, "{state:?}");
        // As long as the worker had to publish.
        let left = state.case.challenges_end - state.now;
        assert_eq!(left, WINDOWS.challenge / 3);
    });
}

#[test]
fn answers_should_have_a_third_of_the_window_after_the_last_demand() {
    for challenge in 3..100 {
        let case = Case::new(
            7,
            Windows {
                challenge,
                clock: 1,
            },
        );
        assert!(case.demands_end > 7);
        assert_eq!(case.answers_end - case.demands_end, challenge / 3);
        assert!(case.challenges_end - case.answers_end >= challenge / 3);
        assert!(!case.takes_demands(case.demands_end) && !case.takes_answers(case.answers_end));
    }
}
