//! Emission is the one place that mints and burns, and a hold belongs to the pallet that recorded
//! it: whatever would go past them is refused, in every wrapping.

use super::*;
use configs::system::{CallFilter, MAX_CALL_NESTING};
use frame_support::{
    assert_noop, assert_ok,
    traits::{
        fungible::{Inspect, MutateHold},
        Contains,
    },
    weights::Weight,
};
use scale_info::{form::MetaForm, MetaType, TypeDef, Variant};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Eve};
use sp_runtime::traits::Dispatchable;

type BalancesCall = pallet_balances::Call<Runtime>;
type SudoCall = pallet_sudo::Call<Runtime>;
type UtilityCall = pallet_utility::Call<Runtime>;

fn burn() -> RuntimeCall {
    RuntimeCall::Balances(BalancesCall::burn {
        value: AIPG,
        keep_alive: true,
    })
}

fn issuance_by_decree() -> [RuntimeCall; 2] {
    [
        RuntimeCall::Balances(BalancesCall::force_set_balance {
            who: account(Eve).into(),
            new_free: 500_000 * AIPG,
        }),
        RuntimeCall::Balances(BalancesCall::force_adjust_total_issuance {
            direction: pallet_balances::AdjustmentDirection::Increase,
            delta: AIPG,
        }),
    ]
}

/// Frees what Eve has on hold, whoever put it there.
fn unreserve() -> RuntimeCall {
    RuntimeCall::Balances(BalancesCall::force_unreserve {
        who: account(Eve).into(),
        amount: AIPG,
    })
}

/// Puts twice as much of Eve's money on hold as [`unreserve`] asks for.
fn hold_of_eve() {
    let reason = pallet_job_escrow::HoldReason::JobPrice.into();
    assert_ok!(Balances::hold(&reason, &account(Eve), 2 * AIPG));
}

fn harmless() -> RuntimeCall {
    RuntimeCall::System(frame_system::Call::remark { remark: vec![] })
}

/// The call inside each of the calls that carry others.
fn wrapped(call: &RuntimeCall) -> Vec<(&'static str, RuntimeCall)> {
    let boxed = || Box::new(call.clone());
    let bob = || Box::new(frame_system::RawOrigin::Signed(account(Bob)).into());
    let list = || vec![harmless(), call.clone()];
    let sudo = |name, call| (name, RuntimeCall::Sudo(call));
    let utility = |name, call| (name, RuntimeCall::Utility(call));
    vec![
        sudo("sudo", SudoCall::sudo { call: boxed() }),
        sudo(
            "sudo_unchecked_weight",
            SudoCall::sudo_unchecked_weight {
                call: boxed(),
                weight: Weight::zero(),
            },
        ),
        sudo(
            "sudo_as",
            SudoCall::sudo_as {
                who: account(Bob).into(),
                call: boxed(),
            },
        ),
        utility("batch", UtilityCall::batch { calls: list() }),
        utility("batch_all", UtilityCall::batch_all { calls: list() }),
        utility("force_batch", UtilityCall::force_batch { calls: list() }),
        utility(
            "as_derivative",
            UtilityCall::as_derivative {
                index: 0,
                call: boxed(),
            },
        ),
        utility(
            "dispatch_as",
            UtilityCall::dispatch_as {
                as_origin: bob(),
                call: boxed(),
            },
        ),
        utility(
            "dispatch_as_fallible",
            UtilityCall::dispatch_as_fallible {
                as_origin: bob(),
                call: boxed(),
            },
        ),
        utility(
            "with_weight",
            UtilityCall::with_weight {
                call: boxed(),
                weight: Weight::zero(),
            },
        ),
        utility(
            "if_else",
            UtilityCall::if_else {
                main: boxed(),
                fallback: Box::new(harmless()),
            },
        ),
        utility(
            "if_else",
            UtilityCall::if_else {
                main: Box::new(harmless()),
                fallback: boxed(),
            },
        ),
    ]
}

/// The call by itself, in each wrapper, and in each wrapper in each wrapper.
fn disguises(call: RuntimeCall) -> Vec<(String, RuntimeCall)> {
    let mut all = vec![("plain".to_string(), call.clone())];
    for (name, once) in wrapped(&call) {
        for (outer, twice) in wrapped(&once) {
            all.push((format!("{outer}({name})"), twice));
        }
        all.push((name.to_string(), once));
    }
    all
}

/// `levels` batches around a call.
fn nested(levels: u32, call: RuntimeCall) -> RuntimeCall {
    (0..levels).fold(call, |inner, _| {
        RuntimeCall::Utility(UtilityCall::batch { calls: vec![inner] })
    })
}

fn assert_filtered(call: RuntimeCall, by: Sr25519Keyring, what: &str) {
    let issuance = Balances::total_issuance();
    assert_noop!(
        call.dispatch(signed(by)),
        frame_system::Error::<Runtime>::CallFiltered
    );
    assert_eq!(Balances::total_issuance(), issuance, "{what}");
}

#[test]
fn burn_should_be_refused_in_every_wrapping_on_every_preset() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            // The sudo key does not open what is closed to everybody.
            pallet_sudo::Key::<Runtime>::put(account(Alice));
            for (disguise, call) in disguises(burn()) {
                for signer in [Alice, Bob] {
                    assert_filtered(call.clone(), signer, &format!("{name}: {disguise}"));
                }
            }
        });
    }
}

#[test]
fn holds_should_be_out_of_reach_in_every_wrapping_on_every_preset() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            hold_of_eve();
            pallet_sudo::Key::<Runtime>::put(account(Alice));
            for (disguise, call) in disguises(unreserve()) {
                for signer in [Alice, Eve] {
                    assert_filtered(call.clone(), signer, &format!("{name}: {disguise}"));
                }
            }
            assert_eq!(Balances::reserved_balance(account(Eve)), 2 * AIPG);
        });
    }
}

#[test]
fn issuance_by_decree_should_be_refused_in_every_wrapping_on_mainnet() {
    preset_state(MAINNET_RUNTIME_PRESET).execute_with(|| {
        // There is no key; should there ever be one, it could not mint either.
        pallet_sudo::Key::<Runtime>::put(account(Alice));
        for call in issuance_by_decree() {
            for (disguise, call) in disguises(call) {
                assert_filtered(call, Alice, &disguise);
            }
        }
    });
}

#[test]
fn issuance_by_decree_should_be_roots_alone_on_dev_and_local() {
    for name in [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET] {
        for (call, created) in issuance_by_decree().into_iter().zip([400_000 * AIPG, AIPG]) {
            preset_state(name).execute_with(|| {
                let before = Balances::total_issuance();
                let sudo = RuntimeCall::Sudo(SudoCall::sudo {
                    call: Box::new(call.clone()),
                });
                assert!(call.clone().dispatch(signed(Bob)).is_err(), "{name}");
                assert!(sudo.clone().dispatch(signed(Bob)).is_err(), "{name}");
                assert_eq!(Balances::total_issuance(), before, "{name}");
                assert_ok!(sudo.dispatch(signed(Alice)));
                assert_eq!(Balances::total_issuance(), before + created, "{name}");
            });
        }
    }
}

#[test]
fn forced_transfer_should_change_neither_issuance_nor_holds() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        hold_of_eve();
        let issuance = Balances::total_issuance();
        let treasury_before = treasury();
        // All but dust, which is below the existential deposit.
        let dust = EXISTENTIAL_DEPOSIT - 1;
        let whole = Balances::free_balance(account(Bob)) - dust;
        let moves = [
            BalancesCall::force_transfer {
                source: account(Bob).into(),
                dest: account(Alice).into(),
                value: whole,
            },
            BalancesCall::force_transfer {
                source: account(Eve).into(),
                dest: account(Alice).into(),
                value: AIPG,
            },
        ];
        for call in moves {
            assert_ok!(RuntimeCall::from(call).dispatch(RuntimeOrigin::root()));
        }
        assert_eq!(Balances::total_issuance(), issuance);
        assert_eq!(treasury(), treasury_before + dust);
        assert_eq!(Balances::reserved_balance(account(Eve)), 2 * AIPG);
        // Not even a transfer of everything takes what is on hold.
        let everything = BalancesCall::force_transfer {
            source: account(Eve).into(),
            dest: account(Alice).into(),
            value: Balances::total_balance(&account(Eve)),
        };
        assert!(RuntimeCall::from(everything)
            .dispatch(RuntimeOrigin::root())
            .is_err());
    });
}

/// A new version of the balances pallet may bring calls that nobody has looked at.
#[test]
fn every_call_of_balances_should_be_judged() {
    let judged = [
        "transfer_allow_death",
        "force_transfer",
        "transfer_keep_alive",
        "transfer_all",
        "upgrade_accounts",
        // Refused, the second and the third where the chain's parameters say so.
        "burn",
        "force_set_balance",
        "force_adjust_total_issuance",
        "force_unreserve",
    ];
    let mut judged: Vec<_> = judged.into();
    let mut calls: Vec<_> = variants(MetaType::new::<BalancesCall>())
        .into_iter()
        .map(|call| call.name)
        .collect();
    calls.sort_unstable();
    judged.sort_unstable();
    assert_eq!(calls, judged);
}

#[test]
fn sudo_should_be_nobodys_on_mainnet() {
    preset_state(MAINNET_RUNTIME_PRESET).execute_with(|| {
        for key in Sr25519Keyring::iter() {
            for (wrapper, call) in wrapped(&harmless()) {
                if matches!(call, RuntimeCall::Sudo(_)) {
                    let outcome = call.dispatch(signed(key)).map_err(|error| error.error);
                    let expected = pallet_sudo::Error::<Runtime>::RequireSudo;
                    assert_eq!(outcome, Err(expected.into()), "{wrapper}");
                }
            }
        }
    });
}

#[test]
fn harmless_calls_should_pass_in_every_wrapping() {
    for name in PRESETS {
        preset_state(name).execute_with(|| {
            for (disguise, call) in disguises(harmless()) {
                assert!(CallFilter::contains(&call), "{name}: {disguise}");
            }
            let transfer = BalancesCall::transfer_allow_death {
                dest: account(Eve).into(),
                value: AIPG,
            };
            assert!(CallFilter::contains(&RuntimeCall::Balances(transfer)));
        });
    }
}

#[test]
fn calls_should_be_refused_when_they_are_nested_too_deeply_to_be_looked_into() {
    preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
        assert_ok!(nested(MAX_CALL_NESTING, harmless()).dispatch(signed(Bob)));
        assert_filtered(nested(MAX_CALL_NESTING + 1, harmless()), Bob, "too deep");
        assert_filtered(nested(MAX_CALL_NESTING, burn()), Bob, "deep burn");
    });
}

fn variants(meta: MetaType) -> Vec<Variant<MetaForm>> {
    match meta.type_info().type_def {
        TypeDef::Variant(calls) => calls.variants,
        _ => panic!("calls are enums"),
    }
}

/// `Pallet::call` for every call of the runtime that takes another call.
fn carriers() -> Vec<String> {
    let mut found = Vec::new();
    for pallet in variants(MetaType::new::<RuntimeCall>()) {
        for call in variants(pallet.fields[0].ty) {
            let carries = call.fields.iter().any(|field| {
                field
                    .type_name
                    .is_some_and(|name| name.contains("RuntimeCall"))
            });
            if carries {
                found.push(format!("{}::{}", pallet.name, call.name));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn filter_should_know_every_call_that_carries_another() {
    let mut known: Vec<_> = wrapped(&harmless())
        .into_iter()
        .map(|(name, call)| match call {
            RuntimeCall::Sudo(_) => format!("Sudo::{name}"),
            _ => format!("Utility::{name}"),
        })
        .collect();
    known.sort();
    known.dedup();
    assert_eq!(carriers(), known);
}

#[test]
fn default_mint_ceiling_should_be_half_of_what_self_dealing_loses() {
    assert_eq!(
        <configs::work::DefaultMintCeiling as Get<u32>>::get(),
        10_000
    );
}
