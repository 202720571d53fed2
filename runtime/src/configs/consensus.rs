//! BABE, GRANDPA, session, authors, offences, how far finality is behind.

use super::work::Unbonding;
use crate::*;
use frame_support::traits::{ConstU128, ConstU32, Contains, Get};
use frame_system::offchain;
use pallet_authors::{AccountOnly, OnExpelled};
use pallet_session::{disabling::UpToLimitDisablingStrategy, historical, SessionManager};
use sp_consensus_babe::{AllowedSlots, BabeEpochConfiguration};
use sp_runtime::{
    traits::{ConvertInto, OpaqueKeys},
    Perbill, SaturatedConversion,
};
use sp_staking::{offence::OffenceSeverity, SessionIndex};

/// Most authorities of a session.
pub const MAX_AUTHORITIES: u32 = 128;

/// A quarter of the slots has a primary author; every other slot has a secondary one, with a VRF
/// output too: the beacon needs one from every block.
pub const BABE_EPOCH_CONFIGURATION: BabeEpochConfiguration = BabeEpochConfiguration {
    c: (1, 4),
    allowed_slots: AllowedSlots::PrimaryAndSecondaryVRFSlots,
};

/// Sessions that an author answers for: as long as its bond stays on hold, which is longer than its seat.
pub struct AnsweredSessions;

impl Get<SessionIndex> for AnsweredSessions {
    fn get() -> SessionIndex {
        let slots = pallet_chain_parameters::EpochDuration::<Runtime>::get();
        ReportLongevity::get()
            .div_ceil(slots.max(1))
            .saturating_add(1)
            .saturated_into()
    }
}

impl Get<u64> for AnsweredSessions {
    fn get() -> u64 {
        <Self as Get<SessionIndex>>::get().into()
    }
}

/// Blocks for which a report of an equivocation stays in a pool: as long as there is a bond to lose.
pub struct ReportLongevity;

impl Get<u64> for ReportLongevity {
    fn get() -> u64 {
        Unbonding::get().into()
    }
}

impl pallet_babe::Config for Runtime {
    type EpochDuration = pallet_chain_parameters::EpochDuration<Runtime>;
    type ExpectedBlockTime = pallet_chain_parameters::SlotDuration<Runtime>;
    type EpochChangeTrigger = pallet_babe::ExternalTrigger;
    type DisabledValidators = Session;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type MaxNominators = ConstU32<0>;
    type KeyOwnerProof = sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_babe::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<MAX_AUTHORITIES>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = AnsweredSessions;
    type KeyOwnerProof = sp_session::MembershipProof;
    type EquivocationReportSystem =
        pallet_grandpa::EquivocationReportSystem<Self, Offences, Historical, ReportLongevity>;
}

/// The authors of each session, of which a record is kept for as long as they answer for it.
pub struct RecordedAuthors;

type Recorded = historical::NoteHistoricalRoot<Runtime, Authors>;

impl SessionManager<AccountId> for RecordedAuthors {
    fn new_session(index: SessionIndex) -> Option<Vec<AccountId>> {
        Recorded::new_session(index)
    }

    fn new_session_genesis(index: SessionIndex) -> Option<Vec<AccountId>> {
        Recorded::new_session_genesis(index)
    }

    fn start_session(index: SessionIndex) {
        Recorded::start_session(index);
        let kept: SessionIndex = AnsweredSessions::get();
        if let Some(last) = index.checked_sub(kept).filter(|last| *last > 0) {
            Historical::prune_up_to(last);
        }
    }

    fn end_session(index: SessionIndex) {
        Recorded::end_session(index);
    }
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Babe;
    type NextSessionRotation = Babe;
    type SessionManager = RecordedAuthors;
    type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
    type Keys = SessionKeys;
    // Never more than a third: finality goes on without them.
    type DisablingStrategy = UpToLimitDisablingStrategy;
    type WeightInfo = weights::pallet_session::WeightInfo<Runtime>;
    type Currency = Balances;
    type KeyDeposit = ConstU128<AIPG>;
}

impl historical::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type FullIdentification = ();
    type FullIdentificationOf = AccountOnly;
}

impl pallet_authorship::Config for Runtime {
    type FindAuthor = pallet_session::FindAccountFromAuthorIndex<Self, Babe>;
    type EventHandler = Authors;
}

impl pallet_offences::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type IdentificationTuple = historical::IdentificationTuple<Self>;
    type OnOffenceHandler = Authors;
}

/// Accounts with session keys.
pub struct WithSessionKeys;

impl Contains<AccountId> for WithSessionKeys {
    fn contains(account: &AccountId) -> bool {
        pallet_session::NextKeys::<Runtime>::contains_key(account)
    }
}

/// Takes the blocks of an author that equivocated from it for the rest of the session.
pub struct Disable;

impl OnExpelled<AccountId> for Disable {
    fn on_expelled(author: &AccountId) {
        Session::report_offence(author.clone(), OffenceSeverity(Perbill::one()));
    }
}

impl pallet_authors::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Burn = Emission;
    // The seats of an era are worth more than a job.
    type Beacon = pallet_useful_work::AuditBeacon<Runtime>;
    type Keys = WithSessionKeys;
    // Nobody stakes yet.
    type Stake = ();
    type OnExpelled = Disable;
    type EraSessions = pallet_chain_parameters::EraSessions<Runtime>;
    type TargetSeats = pallet_chain_parameters::AuthorSeats<Runtime>;
    type LeastAuthors = pallet_chain_parameters::LeastAuthors<Runtime>;
    type Unbonding = Unbonding;
    type MinimumBond = ConstU128<{ 1_000 * AIPG }>;
    type MaxCandidates = ConstU32<1_024>;
    type MaxAuthors = ConstU32<MAX_AUTHORITIES>;
    type WeightInfo = pallet_authors::weights::SubstrateWeight<Runtime>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Helper;
}

impl pallet_finality::Config for Runtime {
    // GRANDPA is two or three blocks behind when all is well.
    type MaxLag = ConstU32<16>;
    type WeightInfo = pallet_finality::weights::SubstrateWeight<Runtime>;
}

// Nodes report equivocations in transactions that nobody signs.

impl<Call> offchain::CreateTransactionBase<Call> for Runtime
where
    RuntimeCall: From<Call>,
{
    type Extrinsic = UncheckedExtrinsic;
    type RuntimeCall = RuntimeCall;
}

impl<Call> offchain::CreateBare<Call> for Runtime
where
    RuntimeCall: From<Call>,
{
    fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
        UncheckedExtrinsic::new_bare(call)
    }
}
