//! When there are public jobs, and what they cost.

use super::*;
use aipg_primitives::TokenList;

#[test]
fn job_should_start_when_the_allowance_suffices_and_mint_what_it_needs() {
    execute(|| {
        advance(3);
        assert!(live().is_empty(), "nothing is granted");
        grant_for(1);
        let before = Allowance::<Test>::get();
        advance(1);
        let job = live()[0];
        // The price and what keeps the account alive.
        assert_eq!(owned(), (DEPOSIT, PRICE));
        assert_eq!(Allowance::<Test>::get(), before - PRICE - DEPOSIT);
        assert_eq!(Minted::get(), PRICE + DEPOSIT);
        let kept = Live::get(job).unwrap();
        assert_eq!(kept.price, PRICE);
        let prompt = Prompts::<Test>::get(job).unwrap();
        assert_eq!(kept.input, TokenList::of(&prompt.tokens()));
        assert_eq!(
            events(),
            vec![Event::PublicJobStarted {
                job,
                model: kept.model,
                seed: prompt.seed,
                price: PRICE,
                minted: PRICE + DEPOSIT,
            }]
        );
    });
}

#[test]
fn job_should_not_start_when_one_unit_is_missing() {
    execute(|| {
        // The cap of the rounds allows it.
        Reserved::put(PRICE + DEPOSIT - 1);
        Allowance::<Test>::put(PRICE + DEPOSIT - 1);
        advance(5);
        assert!(live().is_empty());
        assert_eq!((Minted::get(), owned()), (0, (0, 0)));
        Reserved::put(PRICE + DEPOSIT);
        Allowance::<Test>::put(PRICE + DEPOSIT);
        advance(1);
        assert_eq!(live().len(), 1);
        assert_eq!(Allowance::<Test>::get(), 0);
    });
}

#[test]
fn what_comes_back_should_pay_for_the_next_job_before_anything_is_minted() {
    execute(|| {
        grant_for(1);
        advance(1);
        let minted = Minted::get();
        finish(live()[0], 40);
        grant_for(2);
        advance(1);
        assert_eq!(live().len(), 1);
        assert_eq!(Minted::get(), minted + 40, "only what the worker got");
        // Nothing at all, if the job came back whole.
        finish(live()[0], 0);
        advance(1);
        assert_eq!(live().len(), 1);
        assert_eq!(Minted::get(), minted + 40);
        assert!(matches!(
            events().last(),
            Some(Event::PublicJobStarted { minted: 0, .. })
        ));
    });
}

#[test]
fn one_job_should_start_in_a_block_and_sixteen_wait_at_most() {
    execute(|| {
        grant_for(100);
        for started in 1..=MAX_UNANSWERED as usize {
            advance(1);
            assert_eq!(live().len(), started);
        }
        advance(40);
        assert_eq!(live().len(), MAX_UNANSWERED as usize);
        // One gets its result; within a round of looks there is room for another one.
        answer(live()[3]);
        advance(u64::from(MAX_UNANSWERED) + 1);
        assert_eq!(live().len(), MAX_UNANSWERED as usize + 1);
        assert_eq!(Started::<Test>::get(), u64::from(MAX_UNANSWERED) + 1);
    });
}

#[test]
fn job_should_not_start_without_a_model_that_somebody_can_run() {
    execute(|| {
        grant_for(100);
        // Nobody has verified power.
        Served::set(Vec::new());
        advance(3);
        assert!(live().is_empty());
        // Retired.
        Served::set(vec![model(1), model(2)]);
        ActiveModels::set(Vec::new());
        advance(3);
        assert!(live().is_empty());
        // Not in the lane.
        ActiveModels::set(vec![model(1), model(2), model(3)]);
        Served::set(vec![model(3)]);
        advance(3);
        assert!(live().is_empty());
        assert_ok!(set_models(&[]));
        Served::set(vec![model(1), model(2), model(3)]);
        advance(3);
        assert!(live().is_empty());
        assert_eq!(Minted::get(), 0);
        assert_ok!(set_models(&[model(3)]));
        advance(1);
        assert_eq!(Live::get(live()[0]).unwrap().model, model(3));
    });
}

#[test]
fn retired_models_should_be_passed_over() {
    execute(|| {
        grant_for(100);
        ActiveModels::set(vec![model(2)]);
        advance(u64::from(MAX_UNANSWERED));
        assert_eq!(live().len(), MAX_UNANSWERED as usize);
        assert!(Live::iter_values().all(|job| job.model == model(2)));
    });
}

#[test]
fn models_should_be_drawn_about_equally_often() {
    execute(|| {
        let names: Vec<_> = (1..=4).map(model).collect();
        ActiveModels::set(names.clone());
        Served::set(names.clone());
        assert_ok!(set_models(&names));
        let mut drawn = std::collections::BTreeMap::<_, u32>::new();
        for _ in 0..400 {
            grant_for(3);
            advance(1);
            for job in live() {
                *drawn.entry(Live::get(job).unwrap().model).or_default() += 1;
                finish(job, 0);
            }
        }
        // Four standard deviations of a quarter of so many.
        let count: u32 = drawn.values().sum();
        assert!(count > 200);
        for (model, times) in &drawn {
            let expected = f64::from(count) / 4.0;
            let deviation = (expected * 0.75).sqrt();
            let off = (f64::from(*times) - expected).abs();
            assert!(off < 4.0 * deviation, "{model}: {times} of {count}");
        }
        assert_eq!(drawn.len(), 4);
    });
}

#[test]
fn nothing_should_change_when_the_job_is_refused_or_there_is_no_beacon() {
    execute(|| {
        grant_for(3);
        let before = Allowance::<Test>::get();
        JobsAreTaken::set(false);
        advance(3);
        assert_eq!(Allowance::<Test>::get(), before);
        assert_eq!((Minted::get(), owned()), (0, (0, 0)));
        JobsAreTaken::set(true);
        BeaconWorks::set(false);
        advance(3);
        assert_eq!(Started::<Test>::get(), 0);
        BeaconWorks::set(true);
        advance(1);
        assert_eq!(Started::<Test>::get(), 1);
    });
}

#[test]
fn nothing_should_happen_without_a_share() {
    execute(|| {
        grant_for(3);
        Share::set(0);
        advance(10);
        assert!(live().is_empty() && events().is_empty());
        Allowance::<Test>::kill();
        jump_to(10 * HALVING);
        assert!(events().is_empty() && !HasEnded::<Test>::get());
    });
}

#[test]
fn job_of_a_picture_model_should_ask_for_the_whole_picture() {
    execute(|| {
        Picture::set(Some(48));
        set_models(&[model(2)]).unwrap();
        grant_for(2);
        advance(1);
        // The double of the escrow takes no other length.
        let kept = Live::get(live()[0]).unwrap();
        let tokens = Balance::from(PROMPT_TOKENS + 48);
        assert_eq!(kept.price, tokens * FLOOR * PRICE_FACTOR);
    });
}
