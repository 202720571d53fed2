use super::*;
use aipg_primitives::{ModelCatalogue, ModelTerms};

#[test]
fn terms_should_repeat_record_and_header_when_the_model_is_active() {
    execute(|| {
        let root = registered(7);
        assert_eq!(
            ModelRegistry::terms(&root),
            Some(ModelTerms {
                class: TrustClass::Exact,
                price_floor: AIPG,
                creator: Some(CREATOR),
                mint_ceiling: None,
                vocabulary: 272,
                max_context: 512,
            })
        );
    });
}

#[test]
fn units_should_be_those_of_the_header_when_the_context_fits() {
    execute(|| {
        let root = registered(7);
        let header = small_model(7);
        for (prompt, output) in [(1, 1), (100, 50), (511, 1), (1, 511)] {
            let units = ModelRegistry::units(&root, prompt, output);
            assert!(units.is_some());
            assert_eq!(units, header.units(prompt, output));
        }
    });
}

#[test]
fn units_should_be_none_when_a_count_is_zero_or_the_context_is_exceeded() {
    execute(|| {
        let root = registered(7);
        for (prompt, output) in [(0, 1), (1, 0), (512, 1), (1, 512), (u32::MAX, u32::MAX)] {
            assert_eq!(ModelRegistry::units(&root, prompt, output), None);
        }
    });
}

#[test]
fn header_should_be_the_registered_bytes_when_the_model_is_active() {
    execute(|| {
        let root = registered(7);
        let (_, header) = encoded_model(7);
        assert_eq!(ModelRegistry::header(&root), Some(header.into_inner()));
    });
}

#[test]
fn catalogue_should_know_nothing_when_the_model_is_unknown() {
    execute(|| {
        let (root, _) = encoded_model(7);
        assert_eq!(ModelRegistry::terms(&root), None);
        assert_eq!(ModelRegistry::units(&root, 1, 1), None);
        assert_eq!(ModelRegistry::header(&root), None);
    });
}
