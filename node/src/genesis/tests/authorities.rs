//! The list of authorities.

use super::*;

#[test]
fn read_should_name_the_place_when_the_authorities_are_no_list_of_records() {
    let unknown = json(&four()).replacen("{", "{\"weight\":1,", 1);
    let lacking = json(&four()).replacen("\"babe\"", "\"bebe\"", 1);
    for text in ["", "{}", "[", "[1]", "null", "[[]]", &unknown, &lacking] {
        let error = read(text, &required()).unwrap_err();
        assert!(
            matches!(error, GenesisFileError::InvalidAuthorities { .. }),
            "{text}: {error}"
        );
        let message = error.to_string();
        assert!(message.starts_with("InvalidAuthorities: "), "{message}");
        assert!(message.contains("line 1 column"), "{message}");
    }
}

#[test]
fn authorities_should_be_refused_when_they_are_too_few_or_too_many() {
    let few = read(&json(&four()[..3]), &required()).unwrap_err();
    assert!(matches!(
        few,
        GenesisFileError::TooFewAuthorities { found: 3, .. }
    ));
    assert!(few.to_string().starts_with("TooFewAuthorities: "));
    assert!(matches!(
        read("[]", &required()),
        Err(GenesisFileError::TooFewAuthorities { found: 0, .. })
    ));

    let most: Vec<_> = (1..=128).map(authority).collect();
    assert_eq!(
        read(&json(&most), &required()).unwrap().authorities.len(),
        128
    );
    let many: Vec<_> = (1..=129).map(authority).collect();
    let many = read(&json(&many), &required()).unwrap_err();
    assert!(matches!(
        many,
        GenesisFileError::TooManyAuthorities { found: 129, .. }
    ));
    assert!(many.to_string().starts_with("TooManyAuthorities: "));
}

#[test]
fn authority_should_be_refused_when_its_account_or_a_key_is_anothers() {
    let two = authority(2);
    assert_eq!(
        record_fault(|record| record.account = two.account.clone()),
        Fault::DuplicateAccount {
            address: two.account.clone(),
            first: 2
        }
    );
    assert_eq!(
        record_fault(|record| record.babe = two.babe.to_uppercase().replacen("0X", "0x", 1)),
        Fault::DuplicateSessionKey {
            kind: "babe",
            key: two.babe.to_uppercase().replacen("0X", "0x", 1),
            first: 2
        }
    );
    let fault = record_fault(|record| record.grandpa = two.grandpa.clone());
    assert_eq!(
        fault,
        Fault::DuplicateSessionKey {
            kind: "grandpa",
            key: two.grandpa.clone(),
            first: 2
        }
    );
    assert!(fault.to_string().starts_with("DuplicateSessionKey: "));
}

#[test]
fn authority_should_be_refused_when_a_key_is_malformed() {
    let zero = format!("0x{}", "00".repeat(32));
    let good = authority(4).babe;
    let bare = good[2..].to_string();
    let (short, odd) = (good[..64].to_string(), good[..65].to_string());
    let long = format!("{good}00");
    let strange = good.replace(good.chars().last().unwrap(), "g");
    for key in ["", "0x", &zero, &bare, &short, &odd, &long, &strange] {
        for kind in ["babe", "grandpa"] {
            let fault = record_fault(|record| match kind {
                "babe" => record.babe = key.into(),
                _ => record.grandpa = key.into(),
            });
            assert!(
                matches!(&fault, Fault::InvalidSessionKey { kind: named, .. } if *named == kind),
                "{key}: {fault}"
            );
            assert!(fault.to_string().starts_with("InvalidSessionKey: "));
        }
    }
}
