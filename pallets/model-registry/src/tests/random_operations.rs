//! Whatever is called in whatever order, the state stays sound and no money appears or vanishes.

use super::*;
use crate::{Header, Models};
use aipg_exact::header::HEADER_LENGTH;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Register { variant: u8, floor: u128 },
    Damaged { variant: u8, byte: usize },
    SetPriceFloor { variant: u8, floor: u128 },
    Retire { variant: u8 },
    List { variant: u8, ceiling: Option<u32> },
}

fn operation() -> impl Strategy<Value = Operation> {
    let variant = 0u8..6;
    prop_oneof![
        4 => (variant.clone(), 0u128..3)
            .prop_map(|(variant, floor)| Operation::Register { variant, floor }),
        1 => (variant.clone(), 0usize..HEADER_LENGTH)
            .prop_map(|(variant, byte)| Operation::Damaged { variant, byte }),
        2 => (variant.clone(), 0u128..3)
            .prop_map(|(variant, floor)| Operation::SetPriceFloor { variant, floor }),
        2 => variant.clone().prop_map(|variant| Operation::Retire { variant }),
        1 => (variant, prop::option::of(0u32..8_000_000))
            .prop_map(|(variant, ceiling)| Operation::List { variant, ceiling }),
    ]
}

proptest! {
    #[test]
    fn state_should_stay_sound_when_operations_come_in_any_order(
        operations in prop::collection::vec((1u64..=3, operation()), 1..60)
    ) {
        execute(|| {
            let issuance = Balances::total_issuance();
            for (who, operation) in operations {
                let origin = RuntimeOrigin::signed(who);
                let known = Models::<Test>::iter().count();
                let _ = match operation {
                    Operation::Register { variant, floor } => {
                        let (root, header) = encoded_model(variant);
                        ModelRegistry::register(origin, root, header, TrustClass::Exact, floor)
                    }
                    Operation::Damaged { variant, byte } => {
                        let (root, header) = encoded_model(variant);
                        let mut bytes = header.into_inner();
                        bytes[byte] ^= 0x10;
                        let header = Header::try_from(bytes).unwrap();
                        let outcome =
                            ModelRegistry::register(origin, root, header, TrustClass::Exact, AIPG);
                        assert!(outcome.is_err());
                        outcome
                    }
                    Operation::SetPriceFloor { variant, floor } => {
                        ModelRegistry::set_price_floor(origin, encoded_model(variant).0, floor)
                    }
                    Operation::Retire { variant } => {
                        ModelRegistry::retire(origin, encoded_model(variant).0)
                    }
                    Operation::List { variant, ceiling } => {
                        ModelRegistry::list(RuntimeOrigin::root(), encoded_model(variant).0, ceiling)
                    }
                };
                ModelRegistry::do_try_state().unwrap();
                assert!(Models::<Test>::iter().count() >= known, "a record vanished");
                assert_eq!(Balances::total_issuance(), issuance);
            }
        });
    }
}
