use super::*;
use frame_support::assert_noop;
use sp_runtime::traits::Dispatchable;

#[test]
fn burn_should_be_filtered_so_that_only_emission_burns() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        let call = RuntimeCall::Balances(pallet_balances::Call::burn {
            value: AIPG,
            keep_alive: true,
        });
        assert_noop!(
            call.clone().dispatch(signed(Sr25519Keyring::Bob)),
            frame_system::Error::<Runtime>::CallFiltered
        );
        // Nor inside a batch.
        let issuance = Balances::total_issuance();
        let batch = RuntimeCall::Utility(pallet_utility::Call::batch { calls: vec![call] });
        let _ = batch.dispatch(signed(Sr25519Keyring::Bob));
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn dust_should_go_to_the_treasury() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        let issuance = Balances::total_issuance();
        let stranger = AccountId::new([7; 32]);
        let transfer = |from: &AccountId, to: &AccountId, amount| {
            RuntimeCall::Balances(pallet_balances::Call::transfer_allow_death {
                dest: to.clone().into(),
                value: amount,
            })
            .dispatch(RuntimeOrigin::signed(from.clone()))
            .expect("the transfer succeeds")
        };
        transfer(
            &account(Sr25519Keyring::Bob),
            &stranger,
            2 * EXISTENTIAL_DEPOSIT,
        );
        let before = treasury();
        transfer(
            &stranger,
            &account(Sr25519Keyring::Bob),
            EXISTENTIAL_DEPOSIT + 1,
        );
        assert_eq!(treasury() - before, EXISTENTIAL_DEPOSIT - 1);
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn default_mint_ceiling_should_be_what_self_dealing_loses() {
    assert_eq!(
        <configs::work::DefaultMintCeiling as Get<u32>>::get(),
        20_000
    );
}
