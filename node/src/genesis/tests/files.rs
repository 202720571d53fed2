//! Both files together: what they become, and how a mistake is named.

use super::*;
use aipg_runtime::{AIPG, EXISTENTIAL_DEPOSIT};

#[test]
fn genesis_should_hold_what_the_files_say() {
    let balances = format!(
        "{}{},1234.5\n{},0.000000000000000001\n",
        required(),
        someone(1),
        someone(2)
    )
    .replace("0.000000000000000001", "1.000000000000000001");
    let genesis = read(&json(&four()), &balances).unwrap();
    assert_eq!(genesis.authorities.len(), 4);
    assert_eq!(genesis.authorities[0].0, AccountId::new([1; 32]));
    assert_eq!(
        genesis.authorities[2].1.babe,
        sr25519::Pair::from_seed(&[3; 32]).public().into()
    );
    let of = |account: &AccountId| {
        genesis
            .balances
            .iter()
            .find(|(who, _)| who == account)
            .unwrap()
            .1
    };
    assert_eq!(of(&AccountId::new([1; 32])), 1_234 * AIPG + AIPG / 2);
    assert_eq!(of(&AccountId::new([2; 32])), AIPG + 1);
    for (_, account) in required_accounts() {
        assert_eq!(of(&account), EXISTENTIAL_DEPOSIT);
    }
    assert_eq!(genesis.balances.len(), 4);
}

#[test]
fn genesis_should_be_the_same_when_lines_and_records_are_in_another_order() {
    let lines: Vec<String> = (1..=9).map(|n| format!("{},{n}.5", someone(n))).collect();
    let (mut turned, mut records) = (lines.clone(), four());
    turned.reverse();
    records.reverse();
    let one = read(
        &json(&four()),
        &format!("{}{}", required(), lines.join("\n")),
    );
    let other = read(
        &json(&records),
        &format!("{}\n{}", turned.join("\n"), required()),
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!(one, other);
    assert_eq!(one.into_patch(), other.into_patch());
}

#[test]
fn read_should_name_the_flags_when_a_file_is_not_given() {
    let folder = Folder::new();
    let both = folder.files(json(&four()), required());
    for files in [
        GenesisFiles::default(),
        GenesisFiles {
            genesis_authorities: None,
            ..both.clone()
        },
        GenesisFiles {
            genesis_balances: None,
            ..both.clone()
        },
    ] {
        let error = files.read().unwrap_err();
        assert_eq!(error, GenesisFileError::Missing);
        let message = error.to_string();
        for part in [
            "GenesisFilesMissing",
            "--genesis-authorities FILE",
            "--genesis-balances FILE",
            "--chain FILE",
        ] {
            assert!(message.contains(part), "{message}");
        }
    }
    assert!(both.read().is_ok());
}

#[test]
fn read_should_name_the_file_when_it_cannot_be_read() {
    let folder = Folder::new();
    let good = folder.files(json(&four()), required());
    let missing = folder.0.path().join("missing");
    let binary = folder.write("binary", [0xff, 0xfe, 0x00]);
    for bad in [missing, binary, folder.0.path().into()] {
        for files in [
            GenesisFiles {
                genesis_authorities: Some(bad.clone()),
                ..good.clone()
            },
            GenesisFiles {
                genesis_balances: Some(bad.clone()),
                ..good.clone()
            },
        ] {
            let error = files.read().unwrap_err();
            assert!(
                matches!(&error, GenesisFileError::Unreadable { path, .. } if *path == bad),
                "{error}"
            );
            assert!(error.to_string().starts_with("GenesisFileUnreadable: "));
        }
    }
}

#[test]
fn place_should_be_in_the_message() {
    let error = read(&json(&four()), "nonsense").unwrap_err().to_string();
    assert!(error.starts_with("MalformedLine: "), "{error}");
    assert!(error.contains("(line 1 of `"), "{error}");
    let mut records = four();
    records[1].babe.clear();
    let error = read(&json(&records), &required()).unwrap_err().to_string();
    assert!(error.contains("(authority 2 of `"), "{error}");
}

#[test]
fn development_keys_should_be_refused_wherever_they_stand() {
    let alice = address(&sp_keyring::Sr25519Keyring::Alice.to_account_id());
    let ed_bob = address(&sp_keyring::Ed25519Keyring::Bob.to_account_id());
    let babe = format!(
        "0x{}",
        hex::encode(sp_keyring::Sr25519Keyring::Eve.public())
    );
    let grandpa = format!(
        "0x{}",
        hex::encode(sp_keyring::Ed25519Keyring::Eve.public())
    );
    for (fault, key) in [
        (
            record_fault(|record| record.account = alice.clone()),
            &alice,
        ),
        (record_fault(|record| record.babe = babe.clone()), &babe),
        (
            record_fault(|record| record.grandpa = grandpa.clone()),
            &grandpa,
        ),
        (line_fault(&format!("{alice},1")), &alice),
        (line_fault(&format!("{ed_bob},1")), &ed_bob),
    ] {
        assert_eq!(fault, Fault::DevelopmentKey { key: key.clone() });
        assert!(fault.to_string().starts_with("DevelopmentKey: "));
    }
}

#[test]
fn address_should_be_refused_when_it_is_another_chains_or_none() {
    let substrate = AccountId::new([1; 32]).to_ss58check_with_version(42u16.into());
    let fault = line_fault(&format!("{substrate},1"));
    assert_eq!(
        fault,
        Fault::WrongSs58Prefix {
            address: substrate.clone(),
            found: 42
        }
    );
    assert!(fault.to_string().starts_with("WrongSs58Prefix: "));
    assert!(matches!(
        record_fault(|record| record.account = substrate),
        Fault::WrongSs58Prefix { found: 42, .. }
    ));

    let good = someone(1);
    let cut = &good[..good.len() - 1];
    let mistyped = match good.ends_with('x') {
        true => format!("{cut}y"),
        false => format!("{cut}x"),
    };
    let hexadecimal = format!("0x{}", "01".repeat(32));
    for address in ["", "nobody", cut, &mistyped, &hexadecimal, "0OIl"] {
        let fault = line_fault(&format!("{address},1"));
        assert!(matches!(fault, Fault::InvalidAddress { .. }), "{address}");
        assert!(fault.to_string().starts_with("InvalidAddress: "));
        assert!(matches!(
            record_fault(|record| record.account = address.into()),
            Fault::InvalidAddress { .. }
        ));
    }
}
