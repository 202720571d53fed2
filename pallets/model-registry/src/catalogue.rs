//! What a header says: registration checks, and the catalogue as other pallets ask it.

use crate::{Config, Error, GenesisModel, Header, ModelRecord, Models, Pallet};
use aipg_exact::{header::ModelHeader, trace::Tensor, Hasher256};
use aipg_primitives::{
    Balance, ModelCatalogue, ModelId, ModelTerms, TrustClass, Units, MAX_TRACE_TENSORS,
};
use alloc::vec::Vec;
use frame_support::{ensure, traits::Get};
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    DispatchError,
};

/// blake2b-256 by the host.
pub struct HostBlake2;

impl Hasher256 for HostBlake2 {
    fn hash(parts: &[&[u8]]) -> [u8; 32] {
        BlakeTwo256::hash(&parts.concat()).to_fixed_bytes()
    }
}

impl<T: Config> Pallet<T> {
    /// The root that a header commits to, its name on chain. Errors with
    /// [`Error::InvalidHeader`] when the bytes are not a valid header.
    pub fn root_of(header: &[u8]) -> Result<ModelId, Error<T>> {
        Self::valid_header(header).map(|header| ModelId::from(header.root::<HostBlake2>()))
    }

    fn valid_header(header: &[u8]) -> Result<ModelHeader, Error<T>> {
        ModelHeader::decode(header).map_err(|_| Error::<T>::InvalidHeader)
    }

    /// Everything that must hold of a model before it is registered.
    pub(crate) fn ensure_registrable(
        root: ModelId,
        header: &Header,
        class: TrustClass,
        price_floor: Balance,
    ) -> Result<(), Error<T>> {
        ensure!(class == TrustClass::Exact, Error::<T>::ClassNotSupported);
        ensure!(price_floor > 0, Error::<T>::PriceFloorZero);
        let decoded = Self::valid_header(header)?;
        ensure!(
            ModelId::from(decoded.root::<HostBlake2>()) == root,
            Error::<T>::RootMismatch
        );
        // The class promises that a wrong result loses a dispute, and nobody could post such a trace.
        ensure!(
            Tensor::count(&decoded) <= MAX_TRACE_TENSORS,
            Error::<T>::TraceTooLong
        );
        ensure!(
            !Models::<T>::contains_key(root),
            Error::<T>::AlreadyRegistered
        );
        Ok(())
    }

    /// Registers a model of the genesis configuration, without a deposit.
    pub(crate) fn insert_genesis(model: &GenesisModel<T::AccountId>) -> Result<(), Error<T>> {
        let header =
            Header::try_from(model.header.clone()).map_err(|_| Error::<T>::InvalidHeader)?;
        let root = Self::root_of(&header)?;
        Self::ensure_registrable(root, &header, TrustClass::Exact, model.price_floor)?;
        ensure!(
            model
                .mint_ceiling
                .is_none_or(|ceiling| ceiling <= T::MaxMintCeiling::get()),
            Error::<T>::MintCeilingTooHigh
        );
        Models::<T>::insert(
            root,
            ModelRecord {
                header,
                class: TrustClass::Exact,
                price_floor: model.price_floor,
                creator: model.creator.clone(),
                mint_ceiling: model.mint_ceiling,
                deposit: 0,
                retired: false,
            },
        );
        Ok(())
    }

    /// Changes the record of an active model, or nothing when `change` fails.
    pub(crate) fn mutate_active<R>(
        root: ModelId,
        change: impl FnOnce(&mut ModelRecord<T::AccountId>) -> Result<R, Error<T>>,
    ) -> Result<R, DispatchError> {
        Models::<T>::try_mutate(root, |record| {
            let record = record.as_mut().ok_or(Error::<T>::UnknownModel)?;
            ensure!(!record.retired, Error::<T>::ModelRetired);
            Ok(change(record)?)
        })
    }
}

impl<T: Config> ModelCatalogue<T::AccountId> for Pallet<T> {
    /// The terms of an active model: a retired one takes no new jobs, so it has none.
    fn terms(model: &ModelId) -> Option<ModelTerms<T::AccountId>> {
        let record = Models::<T>::get(model).filter(|record| !record.retired)?;
        let header = ModelHeader::decode(&record.header).ok()?;
        Some(ModelTerms {
            class: record.class,
            price_floor: record.price_floor,
            creator: record.creator,
            mint_ceiling: record.mint_ceiling,
            vocabulary: header.vocabulary,
            max_context: header.max_context,
        })
    }

    /// Works for retired models too: their running jobs are settled by it.
    fn units(model: &ModelId, prompt: u32, output: u32) -> Option<Units> {
        let record = Models::<T>::get(model)?;
        ModelHeader::decode(&record.header)
            .ok()?
            .units(prompt, output)
    }

    /// Of retired models too: results of their jobs can still be doubted.
    fn header(model: &ModelId) -> Option<Vec<u8>> {
        Models::<T>::get(model).map(|record| record.header.into_inner())
    }
}
