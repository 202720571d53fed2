use super::*;

fn account(byte: u8) -> AccountId32 {
    AccountId32([byte; 32])
}

fn challenge(byte: u8, since: Tick, lives: bool) -> Challenge {
    Challenge {
        account: account(byte),
        commitment: Hash([0; 32]),
        made_in: since,
        since,
        root: None,
        lives,
    }
}

fn trace(byte: u8, since: Tick, lives: bool) -> PostedTrace {
    PostedTrace {
        account: account(byte),
        root: Hash([byte; 32]),
        since,
        lives,
    }
}

fn dispute() -> Dispute {
    Dispute {
        job: 7,
        worker: account(1),
        phase: Phase::Live,
        flawed: false,
        challenges_end: 15,
        traces_end: 30,
        games_end: 90,
        demands_end: 5,
        answers_end: 10,
        demands: BTreeMap::new(),
        challenges: [(0, challenge(2, 4, false)), (1, challenge(2, 5, true))].into(),
        traces: [(0, trace(1, 9, true)), (2, trace(3, 3, false))].into(),
        postings: BTreeMap::new(),
        games: BTreeMap::new(),
    }
}

#[test]
fn every_living_challenge_should_play_every_living_trace() {
    let games = dispute().pairs(30, BTreeMap::new());
    assert_eq!(games.keys().collect::<Vec<_>>(), [&(1, 0)]);
    let game = &games[&(1, 0)];
    assert_eq!(game.stage, Stage::Opening);
    assert_eq!((game.since, game.left(9), game.left(20)), (9, 30, 19));
    assert_eq!((game.left(38), game.left(39), game.left(99)), (1, 0, 0));
}

#[test]
fn the_clock_of_the_side_to_move_should_run() {
    let game = Game {
        stage: Stage::Sums(Claim::ChosenToken { token: 3 }, 2),
        challenger: 11,
        defender: 22,
        since: 40,
    };
    assert_eq!(game.stage.turn(), Side::Defender);
    assert_eq!(game.left(42), 20);
    let played = BTreeMap::from([((1, 0), game.clone())]);
    assert_eq!(dispute().pairs(30, played)[&(1, 0)], game);
}

#[test]
fn an_account_should_have_the_first_of_its_living_challenges() {
    let dispute = dispute();
    assert_eq!(dispute.challenge_of(&account(2)).unwrap().0, 1);
    assert_eq!(dispute.challenge_of(&account(1)), None);
    assert!(dispute.has_trace_of(&account(3)), "one that lost, too");
    assert!(!dispute.has_trace_of(&account(2)));
    assert!(dispute.is_open());
    assert!(!Dispute {
        flawed: true,
        ..dispute
    }
    .is_open());
}

#[test]
fn commitment_should_bind_job_account_salt_and_root() {
    let own = commitment(1, &account(2), Hash([3; 32]), Hash([4; 32]));
    let bytes = [
        b"aipg.acc".as_slice(),
        &[1, 0, 0, 0, 0, 0, 0, 0],
        &[2; 32],
        &[3; 32],
        &[4; 32],
    ];
    assert_eq!(own, crate::blobs::hash(&bytes.concat()));
}
