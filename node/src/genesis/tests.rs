use super::{balances::amount, *};
use aipg_runtime::{genesis::CAP, AIPG, EXISTENTIAL_DEPOSIT};
use sp_core::{ed25519, sr25519, Pair};
use std::fmt::Write as _;
use tempfile::TempDir;

/// An account whose secret nobody has.
fn someone(number: u8) -> String {
    address(&AccountId::new([number; 32]))
}

fn authority(number: u8) -> AuthorityRecord {
    AuthorityRecord::new(
        &AccountId::new([number; 32]),
        &sr25519::Pair::from_seed(&[number; 32]).public(),
        &ed25519::Pair::from_seed(&[number; 32]).public(),
    )
}

fn json(records: &[AuthorityRecord]) -> String {
    serde_json::to_string(records).unwrap()
}

fn four() -> Vec<AuthorityRecord> {
    (1..=4).map(authority).collect()
}

/// The lines without which no file is complete.
fn required() -> String {
    required_accounts()
        .iter()
        .fold(String::new(), |mut lines, (_, account)| {
            writeln!(lines, "{},0.001", address(account)).unwrap();
            lines
        })
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn files(&self, authorities: impl AsRef<[u8]>, balances: impl AsRef<[u8]>) -> GenesisFiles {
        GenesisFiles {
            genesis_authorities: Some(self.write("authorities.json", authorities)),
            genesis_balances: Some(self.write("balances.csv", balances)),
        }
    }
}

fn read(authorities: &str, balances: &str) -> Result<Genesis, GenesisFileError> {
    Folder::new().files(authorities, balances).read()
}

/// What is wrong with a balances file of the required lines and, on line 3, this one.
fn line_fault(line: &str) -> Fault {
    match read(&json(&four()), &format!("{}{line}\n", required())) {
        Err(GenesisFileError::Entry {
            place: Place::Line(_, 3),
            fault,
        }) => fault,
        other => panic!("{line}: {other:?}"),
    }
}

/// What is wrong with the fourth of these authorities.
fn record_fault(change: impl FnOnce(&mut AuthorityRecord)) -> Fault {
    let mut records = four();
    change(&mut records[3]);
    match read(&json(&records), &required()) {
        Err(GenesisFileError::Entry {
            place: Place::Record(_, 4),
            fault,
        }) => fault,
        other => panic!("{other:?}"),
    }
}

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
fn balances_should_be_read_when_they_have_a_header_comments_and_windows_line_ends() {
    let text = format!(
        "\u{feff}Address,Amount\r\n# the chain's own\r\n{}\r\n  {} , 7 \r\n",
        required().replace('\n', "\r\n"),
        someone(1),
    );
    assert_eq!(read(&json(&four()), &text).unwrap().balances.len(), 3);
}

#[test]
fn header_should_be_malformed_when_it_is_not_the_first_line() {
    assert!(matches!(
        line_fault("address,amount"),
        Fault::InvalidAddress { .. }
    ));
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

#[test]
fn line_should_be_refused_when_it_has_not_two_fields() {
    let address = someone(1);
    for (line, found) in [
        (address.clone(), 1),
        (format!("{address};5"), 1),
        (format!("{address},1,2"), 3),
        (format!("{address},1,"), 3),
        (",,,".into(), 4),
    ] {
        let fault = line_fault(&line);
        assert_eq!(fault, Fault::MalformedLine { found });
        assert!(fault.to_string().starts_with("MalformedLine: "));
    }
}

#[test]
fn amount_should_be_refused_when_it_is_no_plain_decimal_number() {
    for text in [
        "", ".", "1.", ".5", "-1", "+1", "1e3", "0x10", "1_000", "1 000", "1.2.3", "NaN", "٣",
        "1.٣",
    ] {
        let fault = line_fault(&format!("{},{text}", someone(1)));
        assert_eq!(
            fault,
            Fault::InvalidAmount {
                amount: text.into()
            }
        );
        assert!(fault.to_string().starts_with("InvalidAmount: "));
    }
}

#[test]
fn amount_should_be_refused_when_it_is_zero_too_small_or_too_fine() {
    let fault = |amount: &str| line_fault(&format!("{},{amount}", someone(1)));
    for zero in ["0", "0.0", "000", "0.000000000000000000"] {
        assert_eq!(fault(zero), Fault::ZeroAmount, "{zero}");
    }
    assert!(Fault::ZeroAmount.to_string().starts_with("ZeroAmount: "));

    let small = fault("0.000999999999999999");
    assert!(matches!(small, Fault::BelowExistentialDeposit { .. }));
    assert_eq!(
        small.to_string(),
        "BelowExistentialDeposit: 0.000999999999999999 AIPG is less than 0.001, the least that an \
         account can hold"
    );
    let fine = fault("1.0000000000000000001");
    assert!(matches!(fine, Fault::TooManyDecimals { .. }));
    assert!(fine.to_string().starts_with("TooManyDecimals: "));
}

#[test]
fn account_should_be_refused_when_it_is_there_twice() {
    let address = someone(1);
    let fault = match read(
        &json(&four()),
        &format!("{}{address},1\n# and again\n{address},2\n", required()),
    ) {
        Err(GenesisFileError::Entry {
            place: Place::Line(_, 5),
            fault,
        }) => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(fault, Fault::DuplicateAccount { address, first: 3 });
    assert!(fault.to_string().starts_with("DuplicateAccount: "));
}

#[test]
fn balances_should_be_refused_when_they_are_above_the_cap() {
    let room = CAP - 2 * EXISTENTIAL_DEPOSIT;
    let exactly = format!("{}.{:018}", room / AIPG, room % AIPG);
    let full = format!("{}{},{exactly}\n", required(), someone(1));
    let genesis = read(&json(&four()), &full).unwrap();
    let sum: Balance = genesis.balances.iter().map(|(_, amount)| amount).sum();
    assert_eq!(sum, CAP);

    let above = format!("{}.{:018}", room / AIPG, room % AIPG + 1);
    let huge = "9".repeat(60);
    let largest = u128::MAX.to_string();
    for amount in [&above, &huge, &largest, "10000000000"] {
        let fault = line_fault(&format!("{},{amount}", someone(1)));
        assert_eq!(fault, Fault::SupplyAboveCap, "{amount}");
    }
    assert!(Fault::SupplyAboveCap.to_string().starts_with(
        "SupplyAboveCap: with this entry the balances are above the supply cap of 10000000000 AIPG"
    ));
}

#[test]
fn balances_should_be_refused_when_an_account_of_the_chain_is_missing() {
    for (index, (name, account)) in required_accounts().into_iter().enumerate() {
        let lines: Vec<_> = required().lines().map(String::from).collect();
        let error = read(&json(&four()), &lines[1 - index]).unwrap_err();
        assert!(
            matches!(&error, GenesisFileError::RequiredAccountMissing { name: missing, .. }
                if *missing == name),
            "{error}"
        );
        // The message holds the line that has to be added.
        let message = error.to_string();
        assert!(message.starts_with("RequiredAccountMissing: "), "{message}");
        assert!(
            message.ends_with(&format!("{},0.001", address(&account))),
            "{message}"
        );
    }
    assert!(read(&json(&four()), "").is_err());
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
fn amount_should_be_exact_to_the_last_unit() {
    for (text, expected) in [
        ("1", AIPG),
        ("007", 7 * AIPG),
        ("0.000000000000000001", 1),
        ("1.5", AIPG + AIPG / 2),
        ("12.345678901234567890", 12_345_678_901_234_567_890),
        ("10000000000", CAP),
    ] {
        assert_eq!(amount(text), Ok(expected), "{text}");
    }
}
