//! Balances, transaction fees, emission.

use crate::*;
use frame_support::{
    traits::{
        fungible::{Balanced, Credit},
        ConstU128, ConstU32, ConstU8, Get, Imbalance, OnUnbalanced, VariantCountOf,
    },
    weights::ConstantMultiplier,
    PalletId,
};
use pallet_transaction_payment::{ConstFeeMultiplier, FungibleAdapter, Multiplier};
use sp_runtime::traits::{AccountIdConversion, One};

/// Price of a picosecond of block time: 0.001 AIPG a millisecond.
pub const FEE_PER_REF_TIME: Balance = AIPG / 1_000 / 1_000_000_000;
/// Price of a byte of a transaction.
pub const FEE_PER_BYTE: Balance = AIPG / 1_000_000;

/// The treasury: extrinsic fees, dust, registration fees, penalties, its share of job fees.
pub struct Treasury;

impl Get<AccountId> for Treasury {
    fn get() -> AccountId {
        PalletId(*b"aipg/tsy").into_account_truncating()
    }
}

/// Collects the stakers' share of job fees until the stake vault streams it.
pub struct StakersPot;

impl Get<AccountId> for StakersPot {
    fn get() -> AccountId {
        PalletId(*b"aipg/stk").into_account_truncating()
    }
}

/// Receives the operations share of block rewards where no person is entrusted with it, for
/// governance to spend.
pub struct OperationsFund;

impl Get<AccountId> for OperationsFund {
    fn get() -> AccountId {
        PalletId(*b"aipg/ops").into_account_truncating()
    }
}

/// Author of the current block.
pub struct BlockAuthor;

impl Get<Option<AccountId>> for BlockAuthor {
    fn get() -> Option<AccountId> {
        Authorship::author()
    }
}

/// Gives an imbalance to the treasury. The treasury exists from genesis, so this cannot fail; if
/// it ever did, the tokens would leave the issuance without a burn and `try_state` would say so.
pub struct ToTreasury;

impl OnUnbalanced<Credit<AccountId, Balances>> for ToTreasury {
    fn on_nonzero_unbalanced(amount: Credit<AccountId, Balances>) {
        let _ = Balances::resolve(&Treasury::get(), amount);
    }
}

/// Extrinsic fees to the treasury, tips to the author.
pub struct FeesAndTips;

impl OnUnbalanced<Credit<AccountId, Balances>> for FeesAndTips {
    fn on_unbalanceds(mut parts: impl Iterator<Item = Credit<AccountId, Balances>>) {
        if let Some(fee) = parts.next() {
            ToTreasury::on_unbalanced(fee);
        }
        for tip in parts {
            if tip.peek() == 0 {
                continue;
            }
            match BlockAuthor::get() {
                Some(author) => {
                    if let Err(tip) = Balances::resolve(&author, tip) {
                        ToTreasury::on_unbalanced(tip);
                    }
                }
                None => ToTreasury::on_unbalanced(tip),
            }
        }
    }
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = weights::pallet_balances::WeightInfo<Runtime>;
    type Balance = Balance;
    type DustRemoval = ToTreasury;
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ConstU32<0>;
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

frame_support::parameter_types! {
    pub FeeMultiplier: Multiplier = Multiplier::one();
}

impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FungibleAdapter<Balances, FeesAndTips>;
    type WeightToFee = ConstantMultiplier<Balance, ConstU128<FEE_PER_REF_TIME>>;
    type LengthToFee = ConstantMultiplier<Balance, ConstU128<FEE_PER_BYTE>>;
    type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = weights::pallet_transaction_payment::WeightInfo<Runtime>;
}

impl pallet_emission::Config for Runtime {
    type Currency = Balances;
    type BlockAuthor = BlockAuthor;
    type WeightInfo = pallet_emission::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}
