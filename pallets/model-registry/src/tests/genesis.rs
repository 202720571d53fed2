use super::*;
use crate::{GenesisConfig, GenesisModel};
use aipg_primitives::ModelCatalogue;

#[test]
fn genesis_models_should_take_jobs_without_a_deposit() {
    let mut listed = genesis_model(7, Some(CREATOR));
    listed.mint_ceiling = Some(2_000_000);
    execute_with_models(vec![listed, genesis_model(8, None)], || {
        let listed = ModelRegistry::terms(&encoded_model(7).0).unwrap();
        assert_eq!(listed.creator, Some(CREATOR));
        assert_eq!(listed.mint_ceiling, Some(2_000_000));
        let plain = ModelRegistry::terms(&encoded_model(8).0).unwrap();
        assert_eq!(plain.creator, None);
        assert_eq!(plain.mint_ceiling, None);
        assert_eq!(plain.price_floor, AIPG);
        assert_eq!(on_hold(CREATOR), 0);
    });
}

#[test]
#[should_panic(expected = "InvalidHeader")]
fn genesis_should_fail_when_a_header_is_damaged() {
    let mut model = genesis_model(7, None);
    model.header.pop();
    execute_with_models(vec![model], || ());
}

#[test]
#[should_panic(expected = "InvalidHeader")]
fn genesis_should_fail_when_a_header_is_longer_than_a_record_takes() {
    let mut model = genesis_model(7, None);
    model.header.resize(513, 0);
    execute_with_models(vec![model], || ());
}

#[test]
#[should_panic(expected = "AlreadyRegistered")]
fn genesis_should_fail_when_a_model_is_listed_twice() {
    execute_with_models(vec![genesis_model(7, None), genesis_model(7, None)], || ());
}

#[test]
#[should_panic(expected = "PriceFloorZero")]
fn genesis_should_fail_when_a_price_floor_is_zero() {
    let mut model = genesis_model(7, None);
    model.price_floor = 0;
    execute_with_models(vec![model], || ());
}

#[test]
#[should_panic(expected = "MintCeilingTooHigh")]
fn genesis_should_fail_when_a_mint_ceiling_is_above_the_bound() {
    let mut model = genesis_model(7, None);
    model.mint_ceiling = Some(MAX_MINT_CEILING + 1);
    execute_with_models(vec![model], || ());
}

#[test]
fn genesis_configuration_should_survive_json_with_the_header_in_hexadecimal() {
    let models: Vec<GenesisModel<AccountId>> = vec![genesis_model(7, Some(CREATOR))];
    let json = serde_json::to_value(GenesisConfig::<Test> {
        models: models.clone(),
    })
    .unwrap();
    let header = json["models"][0]["header"].as_str().unwrap();
    assert!(header.starts_with("0x0100000001000000"), "{header}");
    let read: GenesisConfig<Test> = serde_json::from_value(json).unwrap();
    assert_eq!(read.models, models);
}
