use super::*;
use aipg_primitives::api::LaneView;

#[test]
fn view_should_tell_how_public_jobs_stand() {
    execute(|| {
        let view = || Bootstrap::view(7);
        let empty = LaneView {
            account: Bootstrap::account(),
            share: FIRST_SHARE,
            models: vec![model(1), model(2)],
            allowance: 0,
            funds: 0,
            minted: 7,
            started: 0,
            unanswered: 0,
            answered: 0,
            has_ended: false,
        };
        assert_eq!(view(), empty);
        grant_for(2);
        advance(2);
        answer(live()[0]);
        advance(3);
        let allowance = Allowance::<Test>::get();
        let busy = LaneView {
            allowance,
            started: 2,
            unanswered: 1,
            answered: 1,
            ..empty.clone()
        };
        assert_eq!(view(), busy);
        Served::set(Vec::new());
        finish(live()[0], 5);
        assert_eq!(view().funds, PRICE - 5);
        finish(live()[0], 5);
        jump_to(u64::from(HALVINGS) * HALVING);
        advance(20);
        assert_eq!(
            view(),
            LaneView {
                share: 0,
                started: 2,
                has_ended: true,
                ..empty
            }
        );
    });
}
