//! What equivocating costs.

use crate::{
    pallet::*,
    types::{Going, FAULT},
    OnExpelled, WeightInfo,
};
use aipg_primitives::{Balance, Burn, BurnReason};
use frame_support::{storage::with_storage_layer, weights::Weight};
use sp_runtime::{Perbill, SaturatedConversion};
use sp_staking::{
    offence::{OffenceDetails, OnOffenceHandler},
    SessionIndex,
};

/// Every offence costs the same, however many authors committed it together.
impl<T: Config, Identification>
    OnOffenceHandler<T::AccountId, (T::AccountId, Identification), Weight> for Pallet<T>
{
    fn on_offence(
        offenders: &[OffenceDetails<T::AccountId, (T::AccountId, Identification)>],
        _: &[Perbill],
        _: SessionIndex,
    ) -> Weight {
        for details in offenders {
            Self::expel(&details.offender.0);
        }
        let count: u64 = offenders.len().saturated_into();
        T::WeightInfo::expel().saturating_mul(count)
    }
}

impl<T: Config> Pallet<T> {
    /// Burns half of an author's bond and bans it for good. Whoever is banned already loses nothing more.
    pub(crate) fn expel(author: &T::AccountId) {
        if Banned::<T>::contains_key(author) {
            return;
        }
        Banned::<T>::insert(author, ());
        let burned = Self::burn_half(author);
        if Candidates::<T>::contains_key(author) || Exits::<T>::contains_key(author) {
            Self::exit(author, true);
        }
        Self::mark(author, Going::Offence);
        T::OnExpelled::on_expelled(author);
        let author = author.clone();
        Self::deposit_event(Event::Expelled { author, burned });
    }

    /// Returns what was burned. What cannot be burned stays on hold.
    fn burn_half(author: &T::AccountId) -> Balance {
        let amount = FAULT.mul_floor(Self::bond_of(author));
        if amount == 0 {
            return 0;
        }
        let reason = HoldReason::AuthorBond.into();
        let burned = with_storage_layer(|| {
            T::Burn::burn_held(&reason, author, amount, BurnReason::AuthorFault)
        });
        burned.map_or(0, |()| amount)
    }
}
