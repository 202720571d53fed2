//! Prompts: what they are, and how long they are known.

use super::*;
use aipg_exact::drawn_prompt::drawn_prompt;
use aipg_primitives::HostBlake2;
use frame_support::traits::Hooks;

#[test]
fn prompt_should_follow_from_the_seed_of_the_event() {
    execute(|| {
        grant_for(3);
        advance(2);
        let mut seen = Vec::new();
        for event in events() {
            let Event::PublicJobStarted { job, seed, .. } = event else {
                continue;
            };
            let tokens =
                drawn_prompt::<HostBlake2>(seed.as_fixed_bytes(), PROMPT_TOKENS, VOCABULARY);
            assert_eq!(tokens.len(), PROMPT_TOKENS as usize);
            assert!(tokens.iter().all(|id| *id < VOCABULARY));
            assert_eq!(Bootstrap::prompt(job), Some(tokens.clone()));
            let input = Live::get(job).unwrap().input;
            let bytes: Vec<u8> = tokens.iter().flat_map(|id| id.to_le_bytes()).collect();
            assert_eq!(input.blob, sp_io::hashing::blake2_256(&bytes).into());
            assert_eq!(input.count, PROMPT_TOKENS);
            seen.push(tokens);
        }
        assert_eq!(seen.len(), 2);
        assert_ne!(seen[0], seen[1]);
    });
}

#[test]
fn prompt_should_be_known_until_the_job_has_ended() {
    execute(|| {
        grant_for(1);
        advance(1);
        let job = live()[0];
        advance(50);
        assert!(Bootstrap::prompt(job).is_some(), "it waits for a result");
        answer(job);
        advance(50);
        assert!(Bootstrap::prompt(job).is_some(), "it can be doubted");
        assert!(Unanswered::<Test>::get().is_empty());
        assert_eq!(Places::<Test>::get().count(), 1);
        finish(job, 0);
        Served::set(Vec::new());
        advance(2);
        assert_eq!(Bootstrap::prompt(job), None);
        assert_eq!(Places::<Test>::get().count(), 0);
        assert_eq!(Bootstrap::prompt(job + 1), None, "not a public job");
    });
}

#[test]
fn job_in_dispute_should_keep_no_other_from_being_forgotten() {
    execute(|| {
        grant_for(4);
        advance(4);
        Served::set(Vec::new());
        let jobs = live();
        jobs.iter().for_each(|job| answer(*job));
        advance(30);
        assert_eq!(Places::<Test>::get().count(), 4);
        jobs[1..].iter().for_each(|job| finish(*job, 1));
        advance(5);
        assert!(Bootstrap::prompt(jobs[0]).is_some());
        assert!(jobs[1..]
            .iter()
            .all(|job| Bootstrap::prompt(*job).is_none()));
        assert_eq!(Places::<Test>::get().count(), 1);
    });
}

#[test]
fn job_that_ended_without_a_result_should_be_forgotten() {
    execute(|| {
        grant_for(1);
        advance(1);
        let job = live()[0];
        Served::set(Vec::new());
        finish(job, 0);
        advance(4);
        assert_eq!(Bootstrap::prompt(job), None);
        assert!(Unanswered::<Test>::get().is_empty());
        assert!(crate::Queue::<Test>::iter().next().is_none());
    });
}

#[test]
fn no_job_should_start_when_too_many_can_still_be_doubted() {
    execute(|| {
        grant_for(100);
        let first = 7;
        // Places without jobs stand for them.
        Places::<Test>::put(Answered {
            first,
            end: first + MAX_ANSWERED + 20,
        });
        Bootstrap::on_initialize(System::block_number());
        assert!(live().is_empty());
        Places::<Test>::kill();
        advance(1);
        assert_eq!(live().len(), 1);
    });
}
