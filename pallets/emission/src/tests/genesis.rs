use crate::{mock::*, AuthorShare, EmissionTerms, GenesisConfig, GenesisError, Schedule, Terms};
use aipg_primitives::{Balance, AIPG};
use sp_runtime::Permill;
use GenesisError::*;

type Change = fn(&mut EmissionTerms<u64>);

fn terms() -> EmissionTerms<u64> {
    EmissionTerms {
        schedule: Schedule {
            initial_reward: 1_000,
            halving_interval: 10,
        },
        cap: 100,
        imported: 100,
        operations_fund: None,
        operations_share: Permill::from_percent(70),
    }
}

#[test]
fn genesis_should_take_the_issuance_as_imported() {
    Chain::default().execute(|| {
        let terms = Terms::<Test>::get();
        assert_eq!(terms.imported, 5_000);
        assert_eq!(terms.imported, Balances::total_issuance());
        assert_eq!(terms.cap, 1_000_000);
        assert_eq!(terms.operations_fund, Some(FUND));
        assert_eq!(
            terms.schedule,
            Schedule {
                initial_reward: 10_000,
                halving_interval: 10
            }
        );
        assert_eq!(AuthorShare::<Test>::get(), Permill::from_percent(20));
    });
}

#[test]
fn genesis_default_should_have_the_figures_of_the_economy_table() {
    let genesis = GenesisConfig::<Test>::default();
    assert_eq!(genesis.initial_reward, 5_000 * AIPG);
    assert_eq!(genesis.halving_interval, 1_000_000);
    assert_eq!(genesis.cap, 10_000_000_000 * AIPG);
    assert_eq!(
        genesis.operations_share.mul_floor(genesis.initial_reward),
        250 * AIPG
    );
    assert_eq!(
        genesis.author_share.mul_floor(genesis.initial_reward),
        1_000 * AIPG
    );
    assert_eq!(genesis.operations_fund, None);
}

#[test]
fn terms_should_be_valid_when_every_value_is_at_its_bound() {
    for author_share in [Permill::from_percent(10), Permill::from_percent(30)] {
        assert_eq!(terms().validate(author_share), Ok(()));
    }
}

#[test]
fn terms_should_name_each_error_when_a_value_is_nonsense() {
    let fair = Permill::from_percent(20);
    let broken: [(GenesisError, Permill, Change); 8] = [
        (InitialRewardZero, fair, |terms| {
            terms.schedule.initial_reward = 0
        }),
        (HalvingIntervalZero, fair, |terms| {
            terms.schedule.halving_interval = 0
        }),
        (ScheduleOverflows, fair, |terms| {
            terms.schedule.initial_reward = Balance::MAX
        }),
        (CapZero, fair, |terms| (terms.cap, terms.imported) = (0, 0)),
        (ImportedAboveCap, fair, |terms| terms.imported = 101),
        (AuthorShareOutOfBounds, Permill::from_parts(99_999), |_| ()),
        (AuthorShareOutOfBounds, Permill::from_parts(300_001), |_| ()),
        (OperationsShareTooLarge, fair, |terms| {
            terms.operations_share = Permill::from_parts(700_001)
        }),
    ];
    let mut texts = vec![];
    for (expected, author_share, change) in broken {
        let mut terms = terms();
        change(&mut terms);
        assert_eq!(terms.validate(author_share), Err(expected));
        texts.push(expected.to_string());
    }
    texts.dedup();
    assert_eq!(texts.len(), 7, "one text for each error");
}

#[test]
#[should_panic(expected = "genesis of emission: the imported balances are above the cap")]
fn genesis_should_be_refused_when_the_imported_balances_are_above_the_cap() {
    Chain {
        cap: 4_999,
        ..Chain::default()
    }
    .execute(|| ());
}

#[test]
fn chain_should_mint_nothing_when_the_imported_balances_fill_the_cap() {
    Chain {
        cap: 5_000,
        ..Chain::default()
    }
    .execute(|| {
        run_to(20);
        assert_eq!(Balances::total_issuance(), 5_000);
        assert_eq!(events(), vec![]);
    });
}

#[test]
fn chain_should_mint_nothing_when_genesis_does_not_configure_emission() {
    sp_io::TestExternalities::default().execute_with(|| {
        run_to(20);
        assert_eq!(Balances::total_issuance(), 0);
        assert_eq!(events(), vec![]);
        assert_eq!(Emission::do_try_state(), Ok(()));
    });
}
