//! Calls of root, and of those who would like to be.

use super::{
    calls::{account_of, actor, address, boxed, holder, model, transfer, Signed},
    operations::*,
    *,
};
use frame_system::RawOrigin;
use pallet_balances::Call as Money;
use pallet_model_registry::Call as Models;
use pallet_sudo::Call as Sudo;
use pallet_useful_work::Call as Work;
use pallet_utility::Call as Utility;
use pallet_worker_registry::Call as Machines;
use sp_runtime::Permill;

fn rule(rule: &Rule) -> RuntimeCall {
    let pay = |who: u8, to: u8, amount: Amount| transfer(who, to, amount, Transfer::AllowDeath).1;
    let as_signed = |who: u8| Box::new(OriginCaller::system(RawOrigin::Signed(account_of(who))));
    match *rule {
        Rule::List(pick, mint_ceiling) => Models::list {
            root: model(pick),
            mint_ceiling,
        }
        .into(),
        Rule::Reinstate(who) => {
            let suspended = pallet_worker_registry::Workers::<Runtime>::iter()
                .find(|(_, record)| record.suspended)
                .map(|(worker, _)| worker);
            Machines::reinstate {
                worker: suspended.unwrap_or(account_of(who)),
            }
            .into()
        }
        Rule::ConvictMisuse(who, has_reason) => {
            let reason: &[u8] = if has_reason { b"misuse" } else { b"" };
            Machines::convict_misuse {
                worker: account_of(who),
                reason: reason.to_vec().try_into().expect("it is short"),
            }
            .into()
        }
        Rule::LevelFour(who, amount) => Machines::grant_level_four {
            worker: account_of(who),
            agreement: Hash::repeat_byte(4),
            insurance: amount.of(100 * AIPG, actor(who)),
        }
        .into(),
        Rule::RevokeLevelFour(who) => Machines::revoke_level_four {
            worker: account_of(who),
        }
        .into(),
        Rule::IndexPrice(amount) => Work::set_index_price {
            price: amount.of(AIPG / 2_000, Sr25519Keyring::Alice),
        }
        .into(),
        Rule::Difficulty(amount) => Work::set_difficulty {
            difficulty: amount.of(AIPG, Sr25519Keyring::Alice),
        }
        .into(),
        Rule::AuthorShare(parts) => pallet_emission::Call::set_author_share {
            share: Permill::from_parts(parts),
        }
        .into(),
        Rule::ForceTransfer(who, to, amount) => Money::force_transfer {
            source: address(who),
            dest: address(to),
            value: amount.of(10 * AIPG, actor(who)),
        }
        .into(),
        Rule::ForceUnreserve(who, amount) => Money::force_unreserve {
            who: address(who),
            amount: amount.of(AIPG, actor(who)),
        }
        .into(),
        Rule::WithWeight(who, to, amount) => Utility::with_weight {
            call: boxed(Money::force_transfer {
                source: address(who),
                dest: address(to),
                value: amount.of(10 * AIPG, actor(who)),
            }),
            weight: Default::default(),
        }
        .into(),
        Rule::DispatchAs(who, to, amount) => Utility::dispatch_as {
            as_origin: as_signed(who),
            call: Box::new(pay(who, to, amount)),
        }
        .into(),
        Rule::DispatchAsFallible(who, to, amount) => Utility::dispatch_as_fallible {
            as_origin: as_signed(who),
            call: Box::new(pay(who, to, amount)),
        }
        .into(),
    }
}

pub fn sudo_holder() -> Sr25519Keyring {
    holder(pallet_sudo::Key::<Runtime>::get())
}

pub fn ruled(way: Way, what: &Rule) -> Signed {
    let call = rule(what);
    match way {
        Way::Directly(who) => (actor(who), call),
        Way::Sudo => (sudo_holder(), Sudo::sudo { call: boxed(call) }.into()),
        Way::Usurper(who) => (actor(who), Sudo::sudo { call: boxed(call) }.into()),
        Way::UncheckedWeight => {
            let call = Sudo::sudo_unchecked_weight {
                call: boxed(call),
                weight: Default::default(),
            };
            (sudo_holder(), call.into())
        }
    }
}
