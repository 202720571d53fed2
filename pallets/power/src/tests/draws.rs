use super::*;

fn claim(is_certain: bool) -> Claim {
    Claim {
        steps: 5,
        root: INVENTED,
        is_certain,
    }
}

#[test]
fn two_of_a_hundred_veterans_should_be_drawn() {
    execute(|| {
        let beacon = future(7);
        let drawn = (0..20_000u64).filter(|who| Power::is_drawn(&beacon, 7, who, &claim(false)));
        let count = drawn.count();
        assert!((340..460).contains(&count), "{count} of 20,000");
        // Others in another window, and by another beacon.
        let of = |beacon: H256, window| -> Vec<u64> {
            let drawn = |who: &u64| Power::is_drawn(&beacon, window, who, &claim(false));
            (0..2_000).filter(drawn).collect()
        };
        assert_ne!(of(beacon, 7), of(beacon, 8));
        assert_ne!(of(beacon, 7), of(future(8), 7));
    });
}

#[test]
fn everybody_should_be_drawn_who_is_for_certain() {
    execute(|| {
        for who in 0..1_000 {
            assert!(Power::is_drawn(&future(7), 7, &who, &claim(true)));
        }
    });
}

#[test]
fn samples_should_differ_by_account_window_and_beacon() {
    execute(|| {
        let one = Power::sample_seed(&future(7), 7, &1);
        let others = [
            Power::sample_seed(&future(8), 7, &1),
            Power::sample_seed(&future(7), 8, &1),
            Power::sample_seed(&future(7), 7, &2),
        ];
        assert!(!others.contains(&one));
        let drawn = Power::drawn_samples(&future(7), 7, &1, &claim(true)).unwrap();
        assert_eq!(drawn.len(), SAMPLES as usize);
        assert!(drawn.iter().all(|sample| (1..=5).contains(&sample.step)));
    });
}
