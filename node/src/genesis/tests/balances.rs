//! The balances of the old chain.

use super::*;
use crate::genesis::balances::amount;
use aipg_runtime::{genesis::CAP, AIPG, EXISTENTIAL_DEPOSIT};

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
