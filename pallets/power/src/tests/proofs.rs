use super::*;
use aipg_exact::{
    power::{self, bytes_of, leaf, leaf_index, matrix_of, push_state, tree, Chain, ROWS, WIDTH},
    tree::{path, Domain},
};
use aipg_primitives::HostBlake2;
use std::sync::OnceLock;

const STEPS: u32 = 2;

/// A chain that was computed as a whole, of the first window of a test.
struct Computed {
    states: Vec<Vec<i8>>,
    root: H256,
}

impl Computed {
    fn of(states: Vec<Vec<i8>>) -> Self {
        let mut builder = tree::<HostBlake2>();
        let after = &states[1..];
        after
            .iter()
            .for_each(|state| push_state(&mut builder, state));
        let root = builder.finish(&[after.len() as u64]).into();
        Self { states, root }
    }

    /// What shows samples of it, right or not.
    fn open(&self, samples: &[power::Sample]) -> Openings {
        let row = |step: u32, row: u32| {
            let start = (row * WIDTH) as usize;
            bytes_of(&self.states[step as usize][start..start + WIDTH as usize])
        };
        let leaves: Vec<[u8; 32]> = (1..self.states.len() as u32)
            .flat_map(|step| (0..ROWS).map(move |row| (step, row)))
            .map(|(step, index)| leaf::<HostBlake2>(&row(step, index)))
            .collect();
        let shown = |step, index| power::Row {
            bytes: row(step, index),
            path: path::<HostBlake2>(
                Domain::Power,
                &leaves,
                leaf_index(step, index).unwrap() as usize,
            )
            .unwrap(),
        };
        let opened = samples.iter().map(|sample| power::Opening {
            before: (sample.step > 1).then(|| shown(sample.step - 1, sample.row)),
            after: shown(sample.step, sample.row),
        });
        openings(opened.collect())
    }
}

fn run(chain: &Chain) -> Computed {
    let mut states = vec![chain.first_state()];
    for step in 1..=STEPS {
        let weights = chain.weights(matrix_of(step));
        states.push(chain.advance(step, 0, states.last().unwrap(), &weights));
    }
    Computed::of(states)
}

/// The chain of account 1. Every test opens its first window in the same block.
fn honest() -> &'static Computed {
    static HONEST: OnceLock<Computed> = OnceLock::new();
    HONEST.get_or_init(|| run(&chain_of(1)))
}

/// What a worker has to show.
fn samples_of(who: AccountId) -> Vec<power::Sample> {
    let window = Current::<Test>::get().unwrap().number;
    let beacon = Power::beacon_of(window).expect("the window has drawn");
    Power::drawn_samples(&beacon, window, &who, &claim_of(who)).expect("it is drawn")
}

#[test]
fn power_should_be_measured_when_a_computed_chain_is_proven() {
    execute(|| {
        let window = open().number;
        assert_ok!(commit(1, STEPS, honest().root));
        assert_eq!(Power::power_of(&1), 0);
        to_draw();
        assert_ok!(prove(1, honest().open(&samples_of(1))));
        let record = record_of(1).unwrap();
        assert_eq!((record.power, record.proven), (STEPS, STEPS));
        assert_eq!(record.claim, None);
        assert_eq!(Power::power_of(&1), STEPS);
        assert_eq!(Told::get(), [(1, STEPS)]);
        assert_eq!(PassedBy::get(), [1]);
        assert_eq!(
            events().last(),
            Some(&Event::Proven {
                window,
                worker: 1,
                steps: STEPS,
            })
        );
        to_end();
        assert_noop!(settle(1), Error::<Test>::NothingToSettle);
        assert_eq!(Power::power_of(&1), STEPS);
    });
}

#[test]
fn proof_should_be_refused_when_the_root_is_invented() {
    execute(|| {
        open();
        let _ = honest();
        assert_ok!(commit(1, STEPS, INVENTED));
        to_draw();
        let result = prove(1, honest().open(&samples_of(1)));
        assert_noop!(result, Error::<Test>::PathMismatch);
        to_end();
        assert_ok!(settle(1));
        assert_eq!(FailedBy::get(), [1]);
    });
}

#[test]
fn proof_should_be_refused_when_the_chain_is_another_accounts() {
    execute(|| {
        open();
        let root = honest().root;
        assert_ok!(commit(1, STEPS, root));
        assert_ok!(commit(2, STEPS, root));
        to_draw();
        // Whatever step each sample is of, with all that account 1 knows.
        for sample in samples_of(2) {
            let copied = honest().open(&[sample; SAMPLES as usize]);
            let own = power::samples::<HostBlake2>(&[0; 32], STEPS, 1);
            assert_eq!(own.len(), 1);
            let opening = copied.into_iter().next().unwrap();
            let commitment = power::Commitment {
                root: root.into(),
                steps: STEPS,
            };
            let found =
                power::check::<HostBlake2>(&chain_of(2), &commitment, sample, &opening.into());
            assert_eq!(found, Err(power::OpeningError::Segment));
        }
        let result = prove(2, honest().open(&samples_of(2)));
        assert_noop!(result, Error::<Test>::SegmentMismatch);
        assert_ok!(prove(1, honest().open(&samples_of(1))));
    });
}

#[test]
fn proof_should_be_refused_when_a_half_of_the_chain_was_not_computed() {
    execute(|| {
        open();
        // The second step is a copy of the first.
        let mut states = honest().states[..2].to_vec();
        states.push(states[1].clone());
        let lie = Computed::of(states);
        assert_ok!(commit(1, STEPS, lie.root));
        to_draw();
        let steps: Vec<u32> = samples_of(1).iter().map(|sample| sample.step).collect();
        assert!(steps.contains(&2), "one in 256 draws does not find it");
        let result = prove(1, lie.open(&samples_of(1)));
        assert_noop!(result, Error::<Test>::SegmentMismatch);
        to_end();
        assert_eq!(Power::power_of(&1), 0);
    });
}

#[test]
fn proof_should_be_refused_when_openings_are_not_those_of_the_samples() {
    execute(|| {
        open();
        let (root, right) = computed(1, 1_000);
        assert_ok!(commit(1, 1_000, root));
        to_draw();
        for count in [0, 1, SAMPLES - 1] {
            let mut few = right.clone();
            few.truncate(count as usize);
            assert_noop!(prove(1, few), Error::<Test>::WrongNumberOfOpenings);
        }
        for index in 1..SAMPLES as usize {
            let mut swapped = right.clone();
            swapped.as_mut().swap(0, index);
            assert_noop!(prove(1, swapped), Error::<Test>::PathMismatch);
        }
        for index in 0..SAMPLES as usize {
            let mut missing = right.clone();
            missing[index].before = None;
            assert_noop!(prove(1, missing), Error::<Test>::MalformedOpening);
            let mut short = right.clone();
            short[index].after.bytes.pop();
            assert_noop!(prove(1, short), Error::<Test>::MalformedOpening);
            let mut wrong = right.clone();
            wrong[index].after.bytes[0] ^= 1;
            assert_noop!(prove(1, wrong), Error::<Test>::PathMismatch);
        }
        // None of it has cost anything.
        assert_ok!(prove(1, right));
        assert_eq!(Power::power_of(&1), 1_000);
    });
}

#[test]
fn proof_should_be_refused_when_one_of_its_samples_is_false() {
    for index in [0, SAMPLES - 1] {
        execute(|| {
            let window = open();
            let chain = chain_of(1);
            let seed = Power::sample_seed(&future(window.closes_at), window.number, &1);
            let mut samples = power::samples::<HostBlake2>(seed.as_fixed_bytes(), 1_000, SAMPLES);
            // All are right but one, of which another segment is.
            let sample = &mut samples[index as usize];
            sample.segment = (sample.segment + 1) % power::SEGMENTS;
            let (commitment, list) = power::commit_to::<HostBlake2>(&chain, 1_000, &samples);
            assert_ok!(commit(1, 1_000, commitment.root.into()));
            to_draw();
            assert_noop!(prove(1, openings(list)), Error::<Test>::SegmentMismatch);
        });
    }
}

#[test]
fn proof_should_be_refused_when_it_is_not_asked_for() {
    execute(|| {
        let none = Openings::default();
        assert_noop!(prove(1, none.clone()), Error::<Test>::NoWindow);
        let number = open().number;
        assert_noop!(prove(1, none.clone()), Error::<Test>::NotCommitted);
        let lucky = somebody(false);
        veteran(lucky, 1_000);
        for who in [1, lucky] {
            let (root, _) = computed(who, 1_000);
            assert_ok!(commit(who, 1_000, root));
            assert_noop!(prove(who, none.clone()), Error::<Test>::NotDrawnYet);
        }
        let (_, right) = computed(1, 1_000);
        let (_, luckys) = computed(lucky, 1_000);
        to_draw();
        assert_noop!(prove(lucky, luckys), Error::<Test>::NotDrawn);
        let result = Power::prove(signed(1), number + 1, right.clone());
        assert_noop!(result, Error::<Test>::WrongWindow);
        assert_ok!(prove(1, right.clone()));
        assert_noop!(prove(1, right), Error::<Test>::NotCommitted);
    });
}

#[test]
fn proof_should_be_refused_when_it_is_late() {
    execute(|| {
        let window = open();
        let (root, right) = computed(1, 1_000);
        assert_ok!(commit(1, 1_000, root));
        to_draw();
        advance(PROVE - 1);
        assert_eq!(System::block_number(), window.proves_until - 1);
        let spent = frame_support::storage::with_transaction(|| {
            let result = prove(1, right.clone());
            frame_support::storage::TransactionOutcome::Rollback(
                Ok::<_, sp_runtime::DispatchError>(result),
            )
        });
        assert_ok!(spent.unwrap());
        advance(1);
        assert_noop!(prove(1, right.clone()), Error::<Test>::NoWindow);
        // Nor in a later window.
        open();
        assert_noop!(prove(1, right), Error::<Test>::NotCommitted);
        assert_eq!(Power::power_of(&1), 0);
    });
}

#[test]
fn proof_should_hold_when_the_machine_has_gone_offline() {
    execute(|| {
        open();
        let (root, right) = computed(1, MAX_STEPS);
        assert_ok!(commit(1, MAX_STEPS, root));
        to_draw();
        Offline::set(vec![1]);
        assert_ok!(prove(1, right));
        assert_eq!(Power::power_of(&1), MAX_STEPS);
    });
}

#[test]
fn veteran_should_prove_when_the_lottery_draws_it() {
    execute(|| {
        open();
        let who = somebody(true);
        veteran(who, 1_000);
        let (root, right) = computed(who, 900);
        assert_ok!(commit(who, 900, root));
        assert!(!claim_of(who).is_certain);
        to_draw();
        // Drawn, and so not measured by waiting.
        assert_noop!(settle(who), Error::<Test>::NothingToSettle);
        assert_eq!(Power::power_of(&who), 1_000);
        assert_ok!(prove(who, right));
        assert_eq!(Power::power_of(&who), 900);
        assert_eq!(record_of(who).unwrap().proven, 900);
    });
}
