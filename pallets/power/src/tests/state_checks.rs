use super::*;

/// Whether the checks find what is wrong.
fn finds(fault: impl FnOnce(), message: &'static str) {
    execute(|| {
        veteran(1, 10);
        open();
        assert_ok!(commit(1, 10, INVENTED));
        let result = frame_support::storage::with_transaction(|| {
            fault();
            let found = Power::do_try_state();
            frame_support::storage::TransactionOutcome::Rollback(
                Ok::<_, sp_runtime::DispatchError>(found),
            )
        });
        assert_eq!(result.unwrap(), Err(message.into()));
    });
}

fn change(fault: impl FnOnce(&mut Record<u64>)) {
    Records::<Test>::mutate_extant(1, fault);
}

#[test]
fn checks_should_find_wrong_windows() {
    let wrong = "the window in progress is not the last one";
    finds(|| WindowCount::<Test>::put(EARLIER), wrong);
    finds(|| WindowCount::<Test>::put(EARLIER + 2), wrong);
    finds(
        || {
            let mut window = Current::<Test>::get().unwrap();
            window.proves_until = window.closes_at;
            Current::<Test>::put(window);
        },
        "nobody can prove after the window has closed",
    );
}

#[test]
fn checks_should_find_wrong_draws() {
    let draw = |slot: u32, window| {
        let beacon = future(1);
        crate::Draws::<Test>::insert(slot, Draw { window, beacon });
    };
    finds(|| draw(4, 5), "a draw is not in its place");
    finds(|| draw(105, 5), "a draw is not in its place");
    finds(|| draw(21, EARLIER + 1), "a draw is of no window");
}

#[test]
fn checks_should_find_wrong_records() {
    let attendance = "an attendance cannot be";
    finds(|| change(|record| record.attendance.mask = 2), attendance);
    finds(
        || change(|record| record.attendance.mask |= 1 << 99),
        attendance,
    );
    finds(
        || change(|record| record.attendance.mask |= 1 << 100),
        attendance,
    );
    finds(|| change(|record| record.attendance.first = 21), attendance);
    finds(
        || change(|record| record.attendance.last = EARLIER + 1),
        "a window was attended that has not been",
    );
    let power = "nobody can have so much power";
    finds(|| change(|record| record.power = MAX_STEPS + 1), power);
    finds(|| change(|record| record.proven = MAX_STEPS + 1), power);
    let steps = |steps| {
        move || {
            change(|record| {
                record
                    .claim
                    .iter_mut()
                    .for_each(|claim| claim.steps = steps)
            })
        }
    };
    let claim = "nobody can claim so many steps";
    finds(steps(0), claim);
    finds(steps(MAX_STEPS + 1), claim);
    let barred = "who is barred has power, or claims some";
    finds(|| change(|record| record.barred_until = Some(1)), barred);
    let barred_with = |power, proven| {
        move || {
            change(|record| {
                record.barred_until = Some(1);
                record.claim = None;
                record.power = power;
                record.proven = proven;
            })
        }
    };
    finds(barred_with(1, 0), barred);
    finds(barred_with(0, 1), barred);
}
