//! Benchmarks of the calls, with the largest header there can be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a benchmark whose set-up fails must stop"
)]

use super::*;
use aipg_exact::header::{ModelHeader, MAX_LAYERS};
use aipg_primitives::{Balance, ModelId, TrustClass};
use frame_benchmarking::v2::*;
use frame_support::traits::{
    fungible::{Inspect, Mutate},
    EnsureOrigin, Get,
};
use frame_system::RawOrigin;

/// Price floor of the models of benchmarks.
pub const PRICE_FLOOR: Balance = 1_000;

/// A model with as many layers as a header has room for, every one of them checked in full, and its
/// root. `variant` makes its weights, and so its root, different.
pub fn largest_model<T: Config>(variant: u32) -> (ModelId, Header) {
    let mut weights = [0; 32];
    weights[..4].copy_from_slice(&variant.to_le_bytes());
    let header = ModelHeader {
        semantics_version: aipg_exact::header::SEMANTICS_VERSION,
        template: aipg_exact::header::TEMPLATE_DENSE_DECODER,
        model_dimension: 8_192,
        layers: MAX_LAYERS as u32,
        heads: 64,
        key_value_heads: 8,
        head_dimension: 128,
        feed_forward: 28_672,
        vocabulary: 128_256,
        max_context: 8_192,
        epsilon: 42_950,
        score_scale: 24_581_000,
        model_flags: aipg_exact::header::model::ALL & !aipg_exact::header::model::TIED_EMBEDDING,
        output_flags: aipg_exact::header::output::HADAMARD,
        window: 4_096,
        input_flags: [u8::MAX; MAX_LAYERS],
        value_formats: [12; MAX_LAYERS],
        window_layers: [u8::MAX; aipg_exact::header::WINDOW_MASK_LENGTH],
        tokenizer: [1; 32],
        scales: [2; 32],
        tables: [3; 32],
        weights,
    };
    let header = Header::try_from(header.encode().to_vec()).expect("a header has room for itself");
    let root = Pallet::<T>::root_of(&header)
        .ok()
        .expect("the header is valid");
    (root, header)
}

/// Gives an account what a deposit takes, and what it must keep.
fn endow<T: Config>(who: &T::AccountId) {
    let amount = T::Deposit::get() + T::Currency::minimum_balance() * 2;
    T::Currency::mint_into(who, amount).unwrap();
}

/// Registers [`largest_model`] for `creator`, whose deposit is minted here.
pub fn registered<T: Config>(creator: &T::AccountId, variant: u32) -> ModelId {
    let (root, header) = largest_model::<T>(variant);
    if !Models::<T>::contains_key(root) {
        endow::<T>(creator);
        let origin = RawOrigin::Signed(creator.clone()).into();
        Pallet::<T>::register(origin, root, header, TrustClass::Exact, PRICE_FLOOR).unwrap();
    }
    root
}

/// Makes an active model of this header, unless there is one.
pub fn known<T: Config>(header: &[u8]) -> ModelId {
    let root = Pallet::<T>::root_of(header)
        .ok()
        .expect("the header is valid");
    if !Models::<T>::contains_key(root) {
        let model = GenesisModel {
            header: header.to_vec(),
            price_floor: PRICE_FLOOR,
            creator: None,
            mint_ceiling: None,
        };
        Pallet::<T>::insert_genesis(&model)
            .ok()
            .expect("the model is valid");
    }
    root
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() {
        let creator: T::AccountId = whitelisted_caller();
        endow::<T>(&creator);
        let (root, header) = largest_model::<T>(0);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(creator),
            root,
            header,
            TrustClass::Exact,
            PRICE_FLOOR,
        );

        assert!(Models::<T>::contains_key(root));
    }

    #[benchmark]
    fn set_price_floor() {
        let creator: T::AccountId = whitelisted_caller();
        let root = registered::<T>(&creator, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(creator), root, PRICE_FLOOR + 1);

        assert_eq!(
            Models::<T>::get(root).map(|model| model.price_floor),
            Some(PRICE_FLOOR + 1)
        );
    }

    #[benchmark]
    fn retire() {
        let creator: T::AccountId = whitelisted_caller();
        let root = registered::<T>(&creator, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(creator), root);

        assert_eq!(
            Models::<T>::get(root).map(|model| model.retired),
            Some(true)
        );
    }

    #[benchmark]
    fn list() -> Result<(), BenchmarkError> {
        let root = registered::<T>(&whitelisted_caller(), 0);
        let origin =
            T::ListOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;

        #[extrinsic_call]
        _(
            origin as T::RuntimeOrigin,
            root,
            Some(T::MaxMintCeiling::get()),
        );

        assert_eq!(
            Models::<T>::get(root).and_then(|model| model.mint_ceiling),
            Some(T::MaxMintCeiling::get())
        );
        Ok(())
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::test_externalities(vec![]),
        crate::mock::Test
    );
}
