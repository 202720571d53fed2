use super::*;
use aipg_primitives::api::{PowerView, PowerWindow};

#[test]
fn view_should_be_empty_of_an_unknown_account() {
    execute(|| {
        assert_eq!(
            Power::view(&1),
            PowerView {
                window: None,
                power: 0,
                claimed: None,
                drawn: None,
                barred_until: None,
                attended: 0,
                windows: 0,
            }
        );
    });
}

#[test]
fn view_should_tell_what_to_do_in_a_window() {
    execute(|| {
        let window = open();
        let lucky = somebody(false);
        veteran(lucky, 10);
        let shown = PowerWindow {
            number: window.number,
            seed: window.seed,
            closes_at: window.closes_at,
            proves_until: window.proves_until,
        };
        assert_eq!(Power::view(&1).window, Some(shown));
        let (root, openings) = computed(1, 1_000);
        assert_ok!(commit(1, 1_000, root));
        assert_ok!(commit(lucky, 12, INVENTED));
        assert_eq!(Power::view(&1).drawn, None);
        assert_eq!(Power::view(&1).claimed, Some(1_000));
        assert_eq!(Power::view(&2).claimed, None);
        to_draw();
        let drawn = Power::view(&1).drawn.unwrap();
        let seed = Power::sample_seed(&future(window.closes_at), window.number, &1);
        let expected = aipg_exact::power::samples::<aipg_primitives::HostBlake2>(
            seed.as_fixed_bytes(),
            1_000,
            SAMPLES,
        );
        assert_eq!(drawn.len(), expected.len());
        for (drawn, expected) in drawn.iter().zip(expected) {
            assert_eq!(
                (drawn.step, drawn.row, drawn.segment),
                (expected.step, expected.row, expected.segment)
            );
        }
        let view = Power::view(&lucky);
        assert_eq!((view.drawn, view.power), (None, 12));
        assert_eq!((view.attended, view.windows), (9, 9));
        assert_ok!(prove(1, openings));
        let view = Power::view(&1);
        assert_eq!((view.drawn, view.power), (None, 1_000));
        to_end();
        assert_eq!(Power::view(&1).window, None);
    });
}

#[test]
fn view_should_tell_of_a_failure_until_it_is_over() {
    execute(|| {
        open();
        assert_ok!(commit(1, 5, INVENTED));
        to_draw();
        assert!(Power::view(&1).drawn.is_some());
        to_end();
        // What would be if it were settled now.
        let until = System::block_number() + PENALTY;
        assert_eq!(Power::view(&1).barred_until, Some(until));
        assert_ok!(settle(1));
        assert_eq!(Power::view(&1).barred_until, Some(until));
        assert_eq!(Power::view(&1).drawn, None);
        advance(PENALTY - 1);
        assert_eq!(Power::view(&1).barred_until, Some(until));
        advance(1);
        assert_eq!(Power::view(&1).barred_until, None);
    });
}
