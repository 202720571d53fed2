use super::*;

/// Whether the checks find what is wrong.
fn finds(fault: impl FnOnce(), message: &'static str) {
    execute(|| {
        grant_for(3);
        advance(2);
        Served::set(Vec::new());
        answer(live()[0]);
        advance(4);
        let result = frame_support::storage::with_transaction(|| {
            fault();
            let found = Bootstrap::do_try_state();
            frame_support::storage::TransactionOutcome::Rollback(
                Ok::<_, sp_runtime::DispatchError>(found),
            )
        });
        assert_eq!(result.unwrap(), Err(message.into()));
    });
}

#[test]
fn checks_should_find_money_that_is_not_there() {
    finds(
        || Reserved::mutate(|reserved| *reserved -= 1),
        "allowance is above the reserved budget",
    );
    finds(
        || {
            HasEnded::<Test>::put(true);
            Allowance::<Test>::kill();
        },
        "something is left after the end",
    );
}

#[test]
fn checks_should_find_jobs_that_are_not_in_their_place() {
    let turned = "queue is turned around, or too long";
    finds(
        || Places::<Test>::mutate(|it| it.first = it.end + 1),
        turned,
    );
    finds(
        || Places::<Test>::mutate(|it| it.end += MAX_ANSWERED),
        turned,
    );
    finds(
        || Places::<Test>::mutate(|it| it.end += 1),
        "queue has a gap",
    );
    finds(
        || Places::<Test>::mutate(|it| it.end -= 1),
        "public job is outside of the queue",
    );
    let waiting = || Unanswered::<Test>::get()[0];
    finds(
        || Unanswered::<Test>::try_append(waiting()).unwrap(),
        "public job waits twice",
    );
    finds(
        || {
            let end = Places::<Test>::get().end;
            crate::Queue::<Test>::insert(end - 1, waiting());
        },
        "public job is known twice",
    );
}

#[test]
fn checks_should_find_wrong_prompts() {
    let job = || Unanswered::<Test>::get()[0];
    finds(
        || Prompts::<Test>::remove(job()),
        "prompt of a public job is missing",
    );
    finds(
        || Prompts::<Test>::insert(job() + 1, Prompts::<Test>::get(job()).unwrap()),
        "prompt of a job that is not known",
    );
    finds(
        || {
            Prompts::<Test>::mutate_extant(job(), |prompt| prompt.seed = H256::repeat_byte(9));
        },
        "prompt is not what the job commits to",
    );
}
