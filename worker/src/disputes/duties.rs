//! What a party has to do next in a dispute: decided from the chain's state alone, so that a restart
//! forgets nothing.

use aipg_client::disputes::{Blob, Dispute, Phase, Seat, Side, Tick};
use std::fmt;
use subxt::utils::AccountId32;

/// Something that one call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Duty {
    /// Make the move of a game.
    Play(Seat),
    /// Open the root that a challenge committed to.
    OpenRoot { job: u64, challenge: u32 },
    /// Show that the answer contradicts itself.
    ProveFlaw { job: u64, challenge: u32 },
    /// Post the next roots of the own trace.
    Post { job: u64 },
    /// Say that the result is false.
    Challenge { job: u64 },
    /// Report that the other side is out of time.
    ReportTimeout(Seat),
    /// Publish a chunk that somebody cannot find.
    Publish { job: u64, blob: Blob, chunk: u32 },
    /// Demand that a token list is published that cannot be found.
    Demand { job: u64, blob: Blob },
    /// Commit to what an audit has found.
    Commit { job: u64 },
    /// Say what the root of the trace of an own result is.
    Attest { job: u64 },
    /// Show what an audit has found.
    Reveal { job: u64 },
}

impl Duty {
    /// The job that the dispute is about.
    pub const fn job(&self) -> u64 {
        match self {
            Self::Play(seat) | Self::ReportTimeout(seat) => seat.job,
            Self::OpenRoot { job, .. }
            | Self::ProveFlaw { job, .. }
            | Self::Post { job }
            | Self::Challenge { job }
            | Self::Publish { job, .. }
            | Self::Demand { job, .. }
            | Self::Commit { job }
            | Self::Attest { job }
            | Self::Reveal { job } => *job,
        }
    }
}

/// The seat of a duty in the log.
pub struct Place(pub Duty);

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Duty::Play(seat) | Duty::ReportTimeout(seat) => {
                write!(formatter, "{}:{}", seat.challenge, seat.trace)
            }
            Duty::OpenRoot { challenge, .. } | Duty::ProveFlaw { challenge, .. } => {
                write!(formatter, "{challenge}:-")
            }
            Duty::Publish { blob, chunk, .. } => write!(formatter, "{blob:?} {chunk}"),
            Duty::Demand { blob, .. } => write!(formatter, "{blob:?}"),
            Duty::Post { .. }
            | Duty::Challenge { .. }
            | Duty::Commit { .. }
            | Duty::Attest { .. }
            | Duty::Reveal { .. } => formatter.write_str("-"),
        }
    }
}

/// What a party thinks of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opinion {
    /// It stands for the result: it delivered it.
    pub stands_for: bool,
    /// It shows prompt and answer: it delivered the result, or helps those who did.
    pub shows: bool,
    /// It stands for the result if nobody else does: it found it right.
    pub would_stand_for: bool,
    /// It found the result false.
    pub is_false: bool,
    /// The answer contradicts itself.
    pub is_flawed: bool,
}

/// When a party looks.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub tick: Tick,
    /// Height of the block that the next calls are in, at least.
    pub next_block: u32,
}

/// Whether an account has something at stake in a dispute.
pub fn is_party(dispute: &Dispute, account: &AccountId32) -> bool {
    dispute.worker == *account
        || dispute.challenge_of(account).is_some()
        || dispute.has_trace_of(account)
        || dispute.postings.contains_key(&account.0)
}

/// What an account has to do, the most urgent first.
pub fn duties(
    dispute: &Dispute,
    account: &AccountId32,
    opinion: Opinion,
    now: Moment,
) -> Vec<Duty> {
    let job = dispute.job;
    let own = dispute.challenge_of(account);
    if let Phase::False { pays_at, .. } = dispute.phase {
        // Who beat a trace shares in the reward once its root is open; without traces the first
        // challenge has it all.
        let is_closed = |challenge| dispute.traces.is_empty() || now.tick >= pays_at || challenge;
        return own
            .filter(|(_, challenge)| !is_closed(challenge.root.is_some()))
            .map(|(challenge, _)| Duty::OpenRoot { job, challenge })
            .into_iter()
            .collect();
    }
    if !dispute.is_open() {
        return Vec::new();
    }
    let mut duties = games(dispute, account, now.tick);
    if opinion.shows && now.tick < dispute.answers_end {
        // Soon nobody can publish them any more.
        let open = dispute.demands.iter();
        let open = open.filter(|(_, demand)| demand.published.is_none());
        let publish = open.map(|(&(blob, chunk), _)| Duty::Publish { job, blob, chunk });
        duties.splice(0..0, publish);
    }
    match own {
        // Nobody else may take the proof from a block in which the challenge is not yet.
        Some((challenge, record)) if opinion.is_flawed && record.made_in < now.next_block => {
            duties.insert(0, Duty::ProveFlaw { job, challenge });
        }
        // Whoever lost a challenge has a machine that errs: one bond is enough.
        None if opinion.is_false
            && now.tick < dispute.challenges_end
            && !dispute.has_challenge_of(account) =>
        {
            duties.push(Duty::Challenge { job });
        }
        _ => {}
    }
    // Who stands for another's result lets its worker go first.
    let is_alone = !dispute.traces.values().any(|trace| trace.lives);
    let is_late = now.tick >= dispute.challenges_end;
    if (opinion.stands_for || opinion.would_stand_for && is_alone && is_late)
        && dispute.is_challenged()
        && !dispute.has_trace_of(account)
        && now.tick < dispute.traces_end
    {
        duties.push(Duty::Post { job });
    }
    duties
}

/// What there is to do in the games of an account: moves, those with the least time left first, then
/// reports.
fn games(dispute: &Dispute, account: &AccountId32, now: Tick) -> Vec<Duty> {
    let job = dispute.job;
    let mut moves = Vec::new();
    let mut reports = Vec::new();
    for (&(challenge, trace), game) in &dispute.games {
        let seat = Seat {
            job,
            challenge,
            trace,
        };
        let (Some(attack), Some(defence)) = (
            dispute.challenges.get(&challenge),
            dispute.traces.get(&trace),
        ) else {
            continue;
        };
        let (to_move, other) = match game.stage.turn() {
            Side::Challenger => (&attack.account, &defence.account),
            Side::Defender => (&defence.account, &attack.account),
        };
        let left = game.left(now);
        if left == 0 {
            if other == account {
                reports.push(Duty::ReportTimeout(seat));
            }
        } else if to_move == account {
            let duty = match game.stage.turn() {
                Side::Challenger if attack.root.is_none() => Duty::OpenRoot { job, challenge },
                _ => Duty::Play(seat),
            };
            moves.push((left, duty));
        }
    }
    moves.sort();
    let mut duties: Vec<Duty> = moves.into_iter().map(|(_, duty)| duty).collect();
    // One root opens all games of a challenge.
    duties.dedup();
    duties.extend(reports);
    duties
}

#[cfg(test)]
mod tests {
    use super::*;
    use aipg_client::{
        disputes::{Challenge, Demand, Game, PostedTrace, Stage},
        Amount, Hash,
    };
    use aipg_exact::trace::{Node, Tensor};

    const JOB: u64 = 7;

    fn account(byte: u8) -> AccountId32 {
        AccountId32([byte; 32])
    }

    fn challenge(byte: u8, root: Option<Hash>) -> Challenge {
        Challenge {
            account: account(byte),
            commitment: Hash([0; 32]),
            made_in: 100,
            since: 5,
            root,
            lives: true,
        }
    }

    fn trace(byte: u8) -> PostedTrace {
        PostedTrace {
            account: account(byte),
            root: Hash([byte; 32]),
            since: 6,
            lives: true,
        }
    }

    fn game(stage: Stage, since: Tick) -> Game {
        Game {
            stage,
            challenger: 30,
            defender: 30,
            since,
        }
    }

    fn nodes() -> Stage {
        Stage::Nodes(Node {
            tensor: Tensor::Embedded,
            level: 3,
            index: 0,
            hash: [0; 32],
        })
    }

    /// Of the worker 1; nobody has said anything but the challenger 2.
    fn dispute() -> Dispute {
        Dispute {
            job: JOB,
            worker: account(1),
            phase: Phase::Live,
            flawed: false,
            challenges_end: 15,
            traces_end: 30,
            games_end: 90,
            demands_end: 5,
            answers_end: 10,
            demands: [].into(),
            challenges: [(0, challenge(2, None))].into(),
            traces: [].into(),
            postings: [].into(),
            games: [].into(),
        }
    }

    fn played(stage: Stage) -> Dispute {
        Dispute {
            traces: [(0, trace(1))].into(),
            games: [((0, 0), game(stage, 6))].into(),
            ..dispute()
        }
    }

    fn at(tick: Tick) -> Moment {
        Moment {
            tick,
            next_block: 101,
        }
    }

    const SEAT: Seat = Seat {
        job: JOB,
        challenge: 0,
        trace: 0,
    };
    const STANDS: Opinion = Opinion {
        stands_for: true,
        shows: true,
        would_stand_for: false,
        is_false: false,
        is_flawed: false,
    };
    const FALSE: Opinion = Opinion {
        stands_for: false,
        shows: false,
        would_stand_for: false,
        is_false: true,
        is_flawed: false,
    };
    const FLAWED: Opinion = Opinion {
        is_flawed: true,
        ..FALSE
    };

    #[test]
    fn worker_should_post_once_challenged_and_while_there_is_time() {
        let duty = [Duty::Post { job: JOB }];
        assert_eq!(duties(&dispute(), &account(1), STANDS, at(5)), duty);
        assert_eq!(duties(&dispute(), &account(1), STANDS, at(29)), duty);
        assert_eq!(duties(&dispute(), &account(1), STANDS, at(30)), []);
        let mut beaten = dispute();
        beaten.challenges.get_mut(&0).unwrap().lives = false;
        assert_eq!(duties(&beaten, &account(1), STANDS, at(5)), []);
        let mut lost = dispute();
        lost.traces = [(
            0,
            PostedTrace {
                lives: false,
                ..trace(1)
            },
        )]
        .into();
        assert_eq!(
            duties(&lost, &account(1), STANDS, at(5)),
            [],
            "a trace was posted"
        );
        assert_eq!(
            duties(&dispute(), &account(1), Opinion::default(), at(5)),
            []
        );
    }

    #[test]
    fn others_should_defend_once_the_worker_could_have() {
        let opinion = Opinion {
            would_stand_for: true,
            ..Opinion::default()
        };
        let other = account(3);
        let duty = [Duty::Post { job: JOB }];
        assert_eq!(
            duties(&dispute(), &other, opinion, at(14)),
            [],
            "the worker may"
        );
        assert_eq!(duties(&dispute(), &other, opinion, at(15)), duty);
        assert_eq!(duties(&dispute(), &other, opinion, at(30)), [], "too late");
        let mut defended = dispute();
        defended.traces = [(0, trace(1))].into();
        assert_eq!(
            duties(&defended, &other, opinion, at(15)),
            [],
            "the worker does"
        );
        defended.traces.get_mut(&0).unwrap().lives = false;
        assert_eq!(
            duties(&defended, &other, opinion, at(15)),
            duty,
            "the worker lost"
        );
    }

    #[test]
    fn checker_should_challenge_once_even_behind_others() {
        let duty = [Duty::Challenge { job: JOB }];
        assert_eq!(duties(&dispute(), &account(3), FALSE, at(14)), duty);
        assert_eq!(
            duties(&dispute(), &account(3), FALSE, at(15)),
            [],
            "too late"
        );
        assert_eq!(duties(&dispute(), &account(2), FALSE, at(14)), [], "it has");
        let mut lost = dispute();
        lost.challenges.get_mut(&0).unwrap().lives = false;
        assert_eq!(duties(&lost, &account(2), FALSE, at(14)), [], "it lost");
        assert_eq!(
            duties(&dispute(), &account(3), Opinion::default(), at(14)),
            []
        );
    }

    #[test]
    fn flaw_should_be_proven_only_from_the_block_after_the_challenge() {
        let proof = [Duty::ProveFlaw {
            job: JOB,
            challenge: 0,
        }];
        assert_eq!(duties(&dispute(), &account(2), FLAWED, at(6)), proof);
        let same_block = Moment {
            tick: 6,
            next_block: 100,
        };
        assert_eq!(duties(&dispute(), &account(2), FLAWED, same_block), []);
        assert_eq!(
            duties(&dispute(), &account(3), FLAWED, at(6)),
            [Duty::Challenge { job: JOB }]
        );
    }

    #[test]
    fn challenger_should_open_its_root_before_its_first_move() {
        let opening = Duty::OpenRoot {
            job: JOB,
            challenge: 0,
        };
        let mut dispute = played(Stage::Opening);
        dispute.traces.insert(1, trace(4));
        dispute.games.insert((0, 1), game(Stage::Opening, 8));
        assert_eq!(
            duties(&dispute, &account(2), FALSE, at(9)),
            [opening],
            "once"
        );
        dispute
            .challenges
            .insert(0, challenge(2, Some(Hash([9; 32]))));
        let other = Seat { trace: 1, ..SEAT };
        assert_eq!(
            duties(&dispute, &account(2), FALSE, at(9)),
            [Duty::Play(SEAT), Duty::Play(other)]
        );
        // The later game has less time left.
        dispute.games.get_mut(&(0, 1)).unwrap().challenger = 4;
        assert_eq!(
            duties(&dispute, &account(2), FALSE, at(9)),
            [Duty::Play(other), Duty::Play(SEAT)]
        );
        assert_eq!(duties(&dispute, &account(1), STANDS, at(9)), []);
    }

    #[test]
    fn move_should_be_made_by_whose_turn_it_is_and_reported_by_the_other() {
        let dispute = played(nodes());
        let (worker, challenger) = (account(1), account(2));
        assert_eq!(
            duties(&dispute, &worker, STANDS, at(35)),
            [Duty::Play(SEAT)]
        );
        assert_eq!(duties(&dispute, &challenger, FALSE, at(35)), []);
        assert_eq!(duties(&dispute, &worker, STANDS, at(36)), [], "out of time");
        assert_eq!(
            duties(&dispute, &challenger, FALSE, at(36)),
            [Duty::ReportTimeout(SEAT)]
        );
        assert_eq!(
            duties(&dispute, &account(3), Opinion::default(), at(36)),
            []
        );
    }

    #[test]
    fn share_of_the_reward_should_be_asked_for_while_it_can_be() {
        let opening = Duty::OpenRoot {
            job: JOB,
            challenge: 0,
        };
        let mut dispute = played(Stage::Opening);
        dispute.phase = Phase::False {
            reward: Amount(1),
            pays_at: 50,
        };
        assert_eq!(duties(&dispute, &account(2), FALSE, at(49)), [opening]);
        assert_eq!(duties(&dispute, &account(2), FALSE, at(50)), []);
        dispute
            .challenges
            .insert(0, challenge(2, Some(Hash([9; 32]))));
        assert_eq!(duties(&dispute, &account(2), FALSE, at(49)), []);
        dispute.challenges.insert(0, challenge(2, None));
        dispute.traces.clear();
        assert_eq!(
            duties(&dispute, &account(2), FALSE, at(49)),
            [],
            "it is the first's"
        );
    }

    #[test]
    fn nothing_should_be_done_about_a_decided_case() {
        for phase in [Phase::Sweeping, Phase::Upheld] {
            let decided = Dispute {
                phase,
                ..played(nodes())
            };
            assert_eq!(duties(&decided, &account(1), STANDS, at(9)), []);
        }
        let flawed = Dispute {
            flawed: true,
            ..played(nodes())
        };
        assert_eq!(duties(&flawed, &account(1), STANDS, at(9)), []);
    }

    #[test]
    fn chunk_should_be_published_while_there_is_time_by_who_shows_it() {
        let demand = |published| Demand {
            account: account(9),
            published,
        };
        let demands = [
            ((Blob::Prompt, 0), demand(None)),
            ((Blob::Output, 0), demand(Some(101))),
            ((Blob::Output, 3), demand(None)),
        ];
        let demanded = Dispute {
            demands: demands.into(),
            ..played(nodes())
        };
        let publish = |blob, chunk| Duty::Publish {
            job: JOB,
            blob,
            chunk,
        };
        let first = [publish(Blob::Prompt, 0), publish(Blob::Output, 3)];
        let todo = duties(&demanded, &account(1), STANDS, at(9));
        assert_eq!(todo, [&first[..], &[Duty::Play(SEAT)]].concat());
        let todo = duties(&demanded, &account(1), STANDS, at(10));
        assert_eq!(todo, [Duty::Play(SEAT)], "too late");
        assert_eq!(duties(&demanded, &account(3), FALSE, at(9)).len(), 1);
        let helps = Opinion {
            shows: true,
            ..Opinion::default()
        };
        assert_eq!(duties(&demanded, &account(3), helps, at(9)), first);
    }

    #[test]
    fn party_should_be_who_delivered_challenged_or_posts() {
        let mut dispute = dispute();
        assert!(is_party(&dispute, &account(1)) && is_party(&dispute, &account(2)));
        assert!(!is_party(&dispute, &account(3)));
        dispute.postings.insert([3; 32], 0);
        assert!(is_party(&dispute, &account(3)));
    }
}
