//! Who may use the part of a block that is kept for operational transactions.

use crate::{AccountId, Runtime, RuntimeCall, RuntimeOrigin};
use codec::{Decode, DecodeWithMemTracking, Encode};
use frame_support::{
    dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
    weights::Weight,
};
use pallet_referee::WeightInfo;
use scale_info::TypeInfo;
use sp_runtime::{
    impl_tx_ext_default,
    traits::{AsSystemOriginSigner, TransactionExtension, ValidateResult},
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidityError},
};

/// The custom error of a transaction that would use what is kept for others.
pub const NOT_ENTITLED: u8 = 1;

/// Refuses transactions of the class Operational but those for which it is there: the move of a dispute by
/// whose turn it is, an upgrade that was authorised, and what the sudo key signs.
///
/// The class is a property of the call: without this anybody could fill the room that is kept in every
/// block with calls that fail, at their fee, and so keep a party from moving until its clock runs out. A
/// batch is operational if all calls in it are; moves travel alone.
///
/// Refused transactions have the custom error [`NOT_ENTITLED`] and are neither taken into the pool nor into a
/// block. It carries nothing in a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct CheckOperational;

impl CheckOperational {
    fn is_entitled(who: &AccountId, call: &RuntimeCall) -> bool {
        let is_there_for = match call {
            RuntimeCall::Referee(call) => {
                pallet_referee::Pallet::<Runtime>::is_on_turn(who, call).unwrap_or_default()
            }
            RuntimeCall::System(frame_system::Call::apply_authorized_upgrade { .. }) => {
                frame_system::Pallet::<Runtime>::authorized_upgrade().is_some()
            }
            _ => false,
        };
        is_there_for || pallet_sudo::Key::<Runtime>::get().as_ref() == Some(who)
    }
}

impl TransactionExtension<RuntimeCall> for CheckOperational {
    const IDENTIFIER: &'static str = "CheckOperational";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    fn weight(&self, call: &RuntimeCall) -> Weight {
        match call.get_dispatch_info().class {
            DispatchClass::Operational => {
                <Runtime as pallet_referee::Config>::WeightInfo::is_on_turn()
            }
            DispatchClass::Normal | DispatchClass::Mandatory => Weight::zero(),
        }
    }

    fn validate(
        &self,
        origin: RuntimeOrigin,
        call: &RuntimeCall,
        info: &DispatchInfo,
        _: usize,
        (): Self::Implicit,
        _: &impl Encode,
        _: TransactionSource,
    ) -> ValidateResult<Self::Val, RuntimeCall> {
        if info.class == DispatchClass::Operational {
            let signer = origin.as_system_origin_signer();
            if signer.is_some_and(|who| !Self::is_entitled(who, call)) {
                let refusal = InvalidTransaction::Custom(NOT_ENTITLED);
                return Err(TransactionValidityError::Invalid(refusal));
            }
        }
        Ok((Default::default(), (), origin))
    }

    impl_tx_ext_default!(RuntimeCall; prepare);
}
