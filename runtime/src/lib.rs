//! The AI Power Grid runtime: composition of the pallets.
//!
//! - [`configs`]: how each pallet is configured, by subject;
//! - [`extension`]: who may send operational transactions;
//! - [`apis`]: what clients can call;
//! - [`genesis`]: the presets `dev`, `local` and `mainnet`;
//! - [`weights`]: what the pallets of FRAME cost here; ours carry their own.
#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "256"]

extern crate alloc;

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarks;
pub mod configs;
pub mod extension;
pub mod genesis;
pub mod weights;

#[cfg(test)]
mod tests;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
    generic, impl_opaque_keys,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
    MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

pub use aipg_primitives::{Balance, AIPG};
pub use apis::RuntimeApi;

/// Signature of a transaction.
pub type Signature = MultiSignature;
/// Account: the hash or key behind a signature.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Transactions of an account so far.
pub type Nonce = u32;
/// Hash of a block.
pub type Hash = sp_core::H256;
/// Height of a block.
pub type BlockNumber = u32;
/// How a transaction names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// What a signed transaction carries besides the call.
pub type TxExtension = (
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckMortality<Runtime>,
    frame_system::CheckNonce<Runtime>,
    extension::CheckOperational,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    // From genesis on, so that wallets which show what they sign need no other format later. The
    // hash itself is in builds with the feature `metadata-hash` only; without it, mode 0 is used.
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);
/// A transaction as it travels.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// Executes blocks.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

/// The existential deposit: 0.001 AIPG.
pub const EXISTENTIAL_DEPOSIT: Balance = AIPG / 1_000;

/// Types with which the node reads blocks without knowing the runtime.
pub mod opaque {
    use super::*;
    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    /// Header of a block.
    pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
    /// A block whose transactions are bytes.
    pub type Block = generic::Block<Header, UncheckedExtrinsic>;
}

impl_opaque_keys! {
    /// The keys of an authority.
    pub struct SessionKeys {
        pub babe: Babe,
        pub grandpa: Grandpa,
    }
}

#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("aipg"),
    impl_name: Cow::Borrowed("aipg"),
    authoring_version: 1,
    spec_version: 1,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 1,
    system_version: 1,
};

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type ChainParameters = pallet_chain_parameters;
    #[runtime::pallet_index(3)]
    pub type Babe = pallet_babe;
    #[runtime::pallet_index(4)]
    pub type Authorship = pallet_authorship;
    // 5 was the session before there were authors by useful work.
    #[runtime::pallet_index(6)]
    pub type Grandpa = pallet_grandpa;
    #[runtime::pallet_index(7)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(8)]
    pub type TransactionPayment = pallet_transaction_payment;
    #[runtime::pallet_index(9)]
    pub type Sudo = pallet_sudo;
    #[runtime::pallet_index(10)]
    pub type Utility = pallet_utility;

    // Before the referee: it counts a block only if finality does not lag.
    #[runtime::pallet_index(11)]
    pub type Finality = pallet_finality;

    // In the genesis the session takes its authors from here.
    #[runtime::pallet_index(12)]
    pub type Authors = pallet_authors;
    #[runtime::pallet_index(13)]
    pub type Session = pallet_session;
    #[runtime::pallet_index(14)]
    pub type Historical = pallet_session::historical;
    #[runtime::pallet_index(15)]
    pub type Offences = pallet_offences;

    // Hooks and genesis run in the order of the indices, whatever the order of these lines.
    //
    // Emission takes the issuance after balances were built as imported: it comes after them.
    #[runtime::pallet_index(20)]
    pub type Emission = pallet_emission;
    #[runtime::pallet_index(21)]
    pub type ModelRegistry = pallet_model_registry;
    #[runtime::pallet_index(22)]
    pub type WorkerRegistry = pallet_worker_registry;
    // The referee counts the block before the escrow asks whether a result may be paid.
    #[runtime::pallet_index(23)]
    pub type Referee = pallet_referee;
    // The escrow settles before useful work closes a round in the same block.
    #[runtime::pallet_index(24)]
    pub type JobEscrow = pallet_job_escrow;
    #[runtime::pallet_index(25)]
    pub type UsefulWork = pallet_useful_work;
    #[runtime::pallet_index(26)]
    pub type Receipts = pallet_receipts;
    // After the referee, whose ticks it counts in.
    #[runtime::pallet_index(27)]
    pub type Audits = pallet_audits;
    #[runtime::pallet_index(28)]
    pub type Power = pallet_power;
    // After useful work, whose beacon draws: jobs that it starts are drawn by the escrow from the next block on.
    #[runtime::pallet_index(29)]
    pub type Bootstrap = pallet_bootstrap;
}
