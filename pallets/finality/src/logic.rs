//! The median of reports, and what follows from it.

use crate::{pallet::*, Height};
use core::marker::PhantomData;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use sp_runtime::SaturatedConversion;

/// Whether finality lags, as of the beginning of the block.
pub struct Lags<T>(PhantomData<T>);

impl<T: Config> Get<bool> for Lags<T> {
    fn get() -> bool {
        IsLagging::<T>::get()
    }
}

impl<T: Config> Pallet<T> {
    fn height() -> Height {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// The height of the current block's parent.
    pub(crate) fn parent() -> Height {
        Self::height().saturating_sub(1)
    }

    pub(crate) fn do_report(finalised: Height) -> DispatchResult {
        let now = Self::height();
        ensure!(ReportedIn::<T>::get() != now, Error::<T>::ReportedTwice);
        ensure!(finalised <= Self::parent(), Error::<T>::BeyondParent);
        let mut reports = Reports::<T>::get();
        if reports.is_full() {
            reports.remove(0);
        }
        // There is room now.
        let _ = reports.try_push(finalised);
        let median = median(&reports);
        ReportedIn::<T>::put(now);
        Reports::<T>::put(reports);
        Believed::<T>::mutate(|believed| *believed = median.max(*believed));
        Ok(())
    }

    /// Finds out whether finality lags.
    pub(crate) fn look() {
        let finalised = Believed::<T>::get();
        let lag = Self::height().saturating_sub(finalised);
        // Whether there has ever been a report.
        let knows = ReportedIn::<T>::get() > 0;
        let lags = knows && lag > T::MaxLag::get();
        if lags == IsLagging::<T>::get() {
            return;
        }
        IsLagging::<T>::put(lags);
        Self::deposit_event(if lags {
            Event::Lagging { finalised }
        } else {
            Event::Recovered { finalised }
        });
    }
}

/// The lower one of the middle two if their number is even; 0 of none.
fn median(reports: &[Height]) -> Height {
    let mut sorted = reports.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len().saturating_sub(1) / 2;
    sorted.get(middle).copied().unwrap_or_default()
}
