//! The balances file: lines of an address and an amount in AIPG.

use std::{collections::BTreeMap, path::Path};

use aipg_runtime::{genesis::CAP, AccountId, Balance, AIPG, EXISTENTIAL_DEPOSIT};

use super::{account, address, required_accounts, Fault, GenesisFileError, Place};
use crate::chain_spec::TOKEN_DECIMALS;

/// What the first line may be, to name the columns.
const HEADER: &str = "address,amount";

/// The balances in `text`, in AIPG's smallest unit, sorted by account; `path` is named in errors.
pub(super) fn parse(
    path: &Path,
    text: &str,
) -> Result<Vec<(AccountId, Balance)>, GenesisFileError> {
    // Spreadsheets put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut balances = BTreeMap::new();
    let mut lines = BTreeMap::new();
    let mut supply: Balance = 0;
    let mut header_allowed = true;
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if std::mem::take(&mut header_allowed) && line.eq_ignore_ascii_case(HEADER) {
            continue;
        }
        let refuse = |fault| GenesisFileError::Entry {
            place: Place::Line(path.into(), number),
            fault,
        };
        let (account, amount) = entry(line).map_err(refuse)?;
        if let Some(first) = lines.insert(account.clone(), number) {
            let address = address(&account);
            return Err(refuse(Fault::DuplicateAccount { address, first }));
        }
        supply = supply
            .checked_add(amount)
            .filter(|supply| *supply <= CAP)
            .ok_or_else(|| refuse(Fault::SupplyAboveCap))?;
        balances.insert(account, amount);
    }

    for (name, account) in required_accounts() {
        if !balances.contains_key(&account) {
            return Err(GenesisFileError::RequiredAccountMissing {
                path: path.into(),
                name,
                address: address(&account),
            });
        }
    }
    Ok(balances.into_iter().collect())
}

fn entry(line: &str) -> Result<(AccountId, Balance), Fault> {
    let fields: Vec<_> = line.split(',').map(str::trim).collect();
    let [address, written] = fields[..] else {
        return Err(Fault::MalformedLine {
            found: fields.len(),
        });
    };
    let account = account(address)?;
    let amount = amount(written)?;
    if amount == 0 {
        return Err(Fault::ZeroAmount);
    }
    if amount < EXISTENTIAL_DEPOSIT {
        return Err(Fault::BelowExistentialDeposit {
            amount: written.into(),
        });
    }
    Ok((account, amount))
}

/// An amount in AIPG, in its smallest unit: digits, and up to 18 more after a point.
pub(super) fn amount(text: &str) -> Result<Balance, Fault> {
    let invalid = || Fault::InvalidAmount {
        amount: text.into(),
    };
    let (whole, part) = match text.split_once('.') {
        Some((whole, part)) if !part.is_empty() => (whole, part),
        Some(_) => return Err(invalid()),
        None => (text, ""),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) {
        return Err(invalid());
    }
    let decimals = TOKEN_DECIMALS as usize;
    if part.len() > decimals {
        return Err(Fault::TooManyDecimals {
            amount: text.into(),
        });
    }
    // 18 digits always fit; whole numbers that do not are above any cap.
    let part: Balance = format!("{part:0<decimals$}")
        .parse()
        .map_err(|_| invalid())?;
    whole
        .parse::<Balance>()
        .ok()
        .and_then(|whole| whole.checked_mul(AIPG))
        .and_then(|whole| whole.checked_add(part))
        .ok_or(Fault::SupplyAboveCap)
}
