use super::*;

fn broken(damage: impl FnOnce()) -> sp_runtime::TryRuntimeError {
    fresh().execute_with(|| {
        run_to(15);
        end(0..3);
        assert_ok!(Receipts::do_try_state());
        damage();
        Receipts::do_try_state().expect_err("the damage is noticed")
    })
}

#[test]
fn state_check_should_notice_an_open_round_that_cannot_be() {
    let open = |round, frontier: Vec<Option<H256>>| OpenRound {
        round,
        frontier: frontier.try_into().unwrap(),
    };
    let leaf = Some(H256::repeat_byte(1));
    assert_eq!(
        broken(|| Open::<Test>::put(open(2, vec![leaf]))),
        "open round is in the future".into()
    );
    for frontier in [vec![], vec![leaf, None]] {
        assert_eq!(
            broken(|| Open::<Test>::put(open(1, frontier))),
            "open round has no receipts, or levels over its highest".into()
        );
    }
    assert_eq!(
        broken(|| Roots::<Test>::insert(1, H256::repeat_byte(1))),
        "open round has a root already".into()
    );
}

#[test]
fn state_check_should_notice_a_root_that_cannot_be() {
    assert_eq!(
        broken(|| {
            Open::<Test>::kill();
            Roots::<Test>::insert(1, H256::repeat_byte(1));
        }),
        "round has a root before it is over".into()
    );
    assert_eq!(
        broken(|| Roots::<Test>::insert(0, H256::zero())),
        "round has an empty root".into()
    );
}
