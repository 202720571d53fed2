//! Clocks of disputes while finality stands still.

use super::{chain::Chain, *};

#[test]
fn ticks_should_stand_still_while_finality_lags_and_go_on_after() {
    let genesis = storage(DEV_RUNTIME_PRESET, |_| ());
    sp_io::TestExternalities::from(genesis).execute_with(|| {
        let mut chain = Chain::start();
        chain.run_to(20);
        assert_eq!(Referee::now(), 20);
        let max_lag = <<Runtime as pallet_finality::Config>::MaxLag as Get<BlockNumber>>::get();
        chain.finality_stops_at = 20;
        chain.run_to(20 + max_lag + 60);
        let stopped = Referee::now();
        // It stops when what most authors saw is too old, and not before.
        assert!(
            (20 + max_lag - 5..=20 + max_lag).contains(&stopped),
            "{stopped}"
        );
        assert!(pallet_finality::IsLagging::<Runtime>::get());
        let height = System::block_number();
        chain.finality_stops_at = BlockNumber::MAX;
        chain.run_to(height + pallet_finality::REPORTS);
        assert!(!pallet_finality::IsLagging::<Runtime>::get());
        let begun = Referee::now();
        assert!(begun > stopped);
        chain.run_to(height + pallet_finality::REPORTS + 10);
        assert_eq!(Referee::now(), begun + 10);
    });
}
