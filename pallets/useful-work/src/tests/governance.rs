use super::*;

#[test]
fn governance_should_set_index_price_and_difficulty() {
    execute(|| {
        assert_ok!(UsefulWork::set_index_price(RuntimeOrigin::root(), 77));
        assert_ok!(UsefulWork::set_difficulty(RuntimeOrigin::root(), 88));
        assert_eq!(
            (IndexPrice::<Test>::get(), Difficulty::<Test>::get()),
            (77, 88)
        );
        assert_eq!(
            events(),
            vec![
                Event::IndexPriceSet { price: 77 },
                Event::DifficultySet { difficulty: 88 }
            ]
        );
    });
}

#[test]
fn governance_should_refuse_zero_and_strangers() {
    execute(|| {
        for error in [
            UsefulWork::set_index_price(RuntimeOrigin::root(), 0),
            UsefulWork::set_difficulty(RuntimeOrigin::root(), 0),
        ] {
            assert_eq!(error, Err(Error::<Test>::ZeroParameter.into()));
        }
        for error in [
            UsefulWork::set_index_price(RuntimeOrigin::signed(WORKER), 1),
            UsefulWork::set_difficulty(RuntimeOrigin::signed(WORKER), 1),
        ] {
            assert_eq!(error, Err(DispatchError::BadOrigin));
        }
        assert_eq!(
            (IndexPrice::<Test>::get(), Difficulty::<Test>::get()),
            (INDEX_PRICE, DIFFICULTY)
        );
    });
}
