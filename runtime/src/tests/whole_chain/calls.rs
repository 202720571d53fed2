//! Makes calls of operations, on the state that is there.

use super::{
    doubts::doubted,
    operations::*,
    rulings::{ruled, sudo_holder},
    world::{World, ACTORS},
    *,
};
use aipg_primitives::{JobParameters, ModelId, Sampling, ServiceLevel};
use codec::Decode;
use frame_support::BoundedVec;
use pallet_balances::Call as Money;
use pallet_job_escrow::{Call as Jobs, Jobs as LiveJobs};
use pallet_model_registry::{Call as Models, Models as Records};
use pallet_sudo::Call as Sudo;
use pallet_useful_work::Call as Work;
use pallet_utility::Call as Utility;
use pallet_worker_registry::Call as Machines;

/// A call and who signs it.
pub type Signed = (Sr25519Keyring, RuntimeCall);

pub fn actor(index: u8) -> Sr25519Keyring {
    ACTORS[usize::from(index) % ACTORS.len()]
}

pub fn account_of(index: u8) -> AccountId {
    account(actor(index))
}

pub fn boxed(call: impl Into<RuntimeCall>) -> Box<RuntimeCall> {
    Box::new(call.into())
}

fn remark() -> RuntimeCall {
    frame_system::Call::remark { remark: vec![0; 8] }.into()
}

pub fn address(index: u8) -> Address {
    account(actor(index)).into()
}

/// A model that is registered; 255 is one that is not.
pub fn model(pick: u8) -> ModelId {
    let mut known: Vec<_> = Records::<Runtime>::iter_keys().collect();
    known.sort();
    if pick == u8::MAX || known.is_empty() {
        return ModelId::repeat_byte(0xee);
    }
    known[usize::from(pick) % known.len()]
}

impl Amount {
    pub fn of(self, natural: Balance, who: Sr25519Keyring) -> Balance {
        let moved = |amount: Balance, by: i8| amount.saturating_add_signed(by.into());
        match self {
            Self::Part(thousandths) => natural.saturating_mul(thousandths.into()) / 1_000,
            Self::Short => natural.saturating_sub(1),
            Self::Existential(by) => moved(EXISTENTIAL_DEPOSIT, by),
            Self::Free(by) => moved(Balances::free_balance(account(who)), by),
            Self::Zero => 0,
            Self::Max => Balance::MAX,
        }
    }
}

impl Deadline {
    fn at(self, least: BlockNumber) -> BlockNumber {
        let now = System::block_number();
        let longest = pallet_chain_parameters::Parameters::<Runtime>::get().max_deadline;
        match self {
            Self::After(blocks) => now + least + BlockNumber::from(blocks),
            Self::TooShort => (now + least).saturating_sub(1),
            Self::Latest => now + longest,
            Self::TooFar => now + longest + 1,
            Self::Now => now,
            Self::Zero => 0,
            Self::Max => BlockNumber::MAX,
        }
    }
}

fn submit(order: &Order) -> Signed {
    let requester = actor(order.requester);
    let model = model(order.model);
    let quote = JobEscrow::quote(model, order.prompt, order.max_output);
    let (price, least) = quote.map_or((AIPG, 10), |quote| {
        (quote.least_price, quote.least_deadline)
    });
    let call = Jobs::submit {
        model,
        input: tokens(order.prompt),
        parameters: JobParameters {
            max_output: order.max_output,
            sampling: Sampling::decode(&mut &order.sampling[..]).unwrap_or_default(),
            stop: order
                .stop
                .into_iter()
                .collect::<Vec<_>>()
                .try_into()
                .expect("one fits"),
            ..Default::default()
        },
        max_price: order.price.of(price, requester),
        class: order.class,
        deadline: order.deadline.at(least),
        service: ServiceLevel {
            region: order.region,
            min_level: order.min_level,
        },
        referrer: order.referrer.map(|index| account(actor(index))),
        provider: None,
    };
    (requester, call.into())
}

/// The actor whose account this is; anybody if it is nobody's.
pub fn holder(who: Option<AccountId>) -> Sr25519Keyring {
    ACTORS
        .into_iter()
        .find(|key| Some(account(*key)) == who)
        .unwrap_or(Sr25519Keyring::Alice)
}

fn take_step(pick: u8, stepper: Stepper, step: Step) -> Signed {
    let mut live: Vec<_> = LiveJobs::<Runtime>::iter_keys().collect();
    live.sort();
    // Most steps are taken where they mean something.
    let fits = |id: &u64| {
        let Some(job) = LiveJobs::<Runtime>::get(id) else {
            return false;
        };
        match stepper {
            Stepper::TimedOut => job.timed_out.is_some() && job.worker() != job.timed_out.as_ref(),
            Stepper::Worker => job.active_worker().is_some(),
            Stepper::Anybody(_) => true,
        }
    };
    if !pick.is_multiple_of(4) && live.iter().any(fits) {
        live.retain(fits);
    }
    let job = match live.len() {
        0 => u64::from(pick),
        count => live[usize::from(pick) % count],
    };
    let record = LiveJobs::<Runtime>::get(job);
    let who = match stepper {
        Stepper::Worker => holder(record.and_then(|record| record.worker().cloned())),
        Stepper::TimedOut => holder(record.and_then(|record| record.timed_out)),
        Stepper::Anybody(index) => actor(index),
    };
    let call = match step {
        Step::Claim => Jobs::claim { job },
        Step::Deliver(count) => Jobs::submit_result {
            job,
            output: tokens(count),
            digest: Hash::repeat_byte(3),
            provider: None,
        },
        Step::Missing => Jobs::input_unavailable { job },
        Step::Publish(count) => Jobs::publish_input {
            job,
            tokens: BoundedVec::truncate_from(ids(count)),
        },
    };
    (who, call.into())
}

pub fn transfer(who: u8, to: u8, amount: Amount, kind: Transfer) -> Signed {
    let from = actor(who);
    let (dest, value) = (address(to), amount.of(10 * AIPG, from));
    let call: RuntimeCall = match kind {
        Transfer::AllowDeath => Money::transfer_allow_death { dest, value }.into(),
        Transfer::KeepAlive => Money::transfer_keep_alive { dest, value }.into(),
        Transfer::All { keep_alive } => Money::transfer_all { dest, keep_alive }.into(),
        Transfer::Burn => Money::burn {
            value,
            keep_alive: true,
        }
        .into(),
        Transfer::Upgrade => Money::upgrade_accounts {
            who: vec![account(actor(to))],
        }
        .into(),
    };
    (from, call)
}

fn wrap(wrapper: Wrapper, who: u8, inside: &[Operation]) -> Option<Signed> {
    let mut calls: Vec<_> = inside
        .iter()
        .filter_map(call_of)
        .map(|(_, call)| call)
        .collect();
    let first = calls.first()?.clone();
    let last = calls.last()?.clone();
    let signer = actor(who);
    let wrapped: RuntimeCall = match wrapper {
        Wrapper::Batch => Utility::batch { calls }.into(),
        Wrapper::BatchAll => Utility::batch_all { calls }.into(),
        Wrapper::ForceBatch => Utility::force_batch { calls }.into(),
        Wrapper::IfElse => Utility::if_else {
            main: boxed(first),
            fallback: boxed(last),
        }
        .into(),
        Wrapper::AsDerivative => Utility::as_derivative {
            index: who.into(),
            call: boxed(calls.pop().filter(|_| who & 1 == 0).unwrap_or_else(remark)),
        }
        .into(),
        Wrapper::SudoAs => {
            // Sudo passes the filter: what it burns, emission does not count.
            let burns = matches!(first, RuntimeCall::Balances(Money::burn { .. }));
            let call = Sudo::sudo_as {
                who: address(who),
                call: boxed(if burns { remark() } else { first }),
            };
            return Some((sudo_holder(), call.into()));
        }
    };
    Some((signer, wrapped))
}

/// The call of an operation that makes one.
fn call_of(operation: &Operation) -> Option<Signed> {
    let signed = |who: u8, call: RuntimeCall| Some((actor(who), call));
    match *operation {
        Operation::Submit(ref order) => Some(submit(order)),
        Operation::Step(job, who, step) => Some(take_step(job, who, step)),
        Operation::Register(who, bond, capacity, region) => {
            let bond = bond.of(100 * AIPG, actor(who));
            signed(
                who,
                Machines::register {
                    bond,
                    capacity,
                    region,
                }
                .into(),
            )
        }
        Operation::SetOffer(who, pick, ask) => {
            let model = model(pick);
            let floor = Records::<Runtime>::get(model).map_or(AIPG, |model| model.price_floor);
            let ask = ask.of(floor, actor(who));
            signed(who, Machines::set_offer { model, ask }.into())
        }
        Operation::RemoveOffer(who, pick) => {
            signed(who, Machines::remove_offer { model: model(pick) }.into())
        }
        Operation::GoOnline(who) => signed(who, Machines::go_online {}.into()),
        Operation::GoOffline(who) => signed(who, Machines::go_offline {}.into()),
        Operation::BondMore(who, amount) => {
            let amount = amount.of(10 * AIPG, actor(who));
            signed(who, Machines::bond_more { amount }.into())
        }
        Operation::Retire(who) => signed(who, Machines::retire {}.into()),
        Operation::Withdraw(who) => signed(who, Machines::withdraw {}.into()),
        Operation::RegisterModel(who, variant, fault, class, floor) => {
            let (mut root, mut bytes) = header(200 + variant);
            match fault {
                HeaderFault::None => (),
                HeaderFault::Bytes => bytes.truncate(usize::from(variant % 6) * 70),
                HeaderFault::Root => root = ModelId::repeat_byte(variant),
            }
            let call = Models::register {
                root,
                header: bytes.try_into().expect("a header fits"),
                class,
                price_floor: floor.of(AIPG / 2_000, actor(who)),
            };
            signed(who, call.into())
        }
        Operation::SetPriceFloor(who, pick, floor) => {
            let price_floor = floor.of(AIPG / 2_000, actor(who));
            let root = model(pick);
            signed(who, Models::set_price_floor { root, price_floor }.into())
        }
        Operation::RetireModel(who, pick) => {
            signed(who, Models::retire { root: model(pick) }.into())
        }
        Operation::ClaimReward(who, back) => {
            let now = UsefulWork::round_at(System::block_number());
            let round = now.saturating_sub(back.into());
            signed(who, Work::claim_reward { round }.into())
        }
        Operation::Transfer(who, to, amount, kind) => Some(transfer(who, to, amount, kind)),
        Operation::Rule(way, ref rule) => Some(ruled(way, rule)),
        Operation::SetSudoKey(to) => {
            let new = address(to);
            Some((sudo_holder(), Sudo::set_key { new }.into()))
        }
        Operation::RemoveSudoKey => Some((sudo_holder(), Sudo::remove_key {}.into())),
        Operation::Doubt(who, pick, doubt) => Some(doubted(who, pick, doubt)),
        Operation::Wrapped(wrapper, who, ref inside) => wrap(wrapper, who, inside),
        Operation::Burst(..)
        | Operation::OfferAll(_)
        | Operation::Leave(_)
        | Operation::ClaimAll(_)
        | Operation::Behave(..)
        | Operation::Nonsense(..)
        | Operation::Wait(_) => None,
    }
}

/// Does what an operation says. Every seventh transaction carries a tip.
pub fn apply(world: &mut World, operation: &Operation) {
    let tip = |world: &World| match world.tally.operations % 7 {
        0 => AIPG / 1_000,
        _ => 0,
    };
    match operation {
        Operation::Burst(order, times) => {
            for _ in 0..*times {
                let (signer, call) = submit(order);
                world.send(signer, call, 0);
            }
        }
        Operation::OfferAll(who) => {
            let mut models: Vec<_> = Records::<Runtime>::iter().collect();
            models.sort_by_key(|(id, _)| *id);
            for (model, record) in models {
                let ask = record.price_floor;
                let call = Machines::set_offer { model, ask };
                world.send(actor(*who), call.into(), 0);
            }
        }
        Operation::ClaimAll(who) => {
            for reward in UsefulWork::claimable_rewards(&account(actor(*who))) {
                let call = Work::claim_reward {
                    round: reward.round,
                };
                world.send(actor(*who), call.into(), 0);
            }
        }
        Operation::Leave(who) => {
            world.send(actor(*who), Machines::go_offline {}.into(), 0);
            world.send(actor(*who), Machines::retire {}.into(), 0);
            world.send(actor(*who), Machines::withdraw {}.into(), 0);
        }
        Operation::Behave(who, behaviour) => world.behave(actor(*who), *behaviour),
        Operation::Nonsense(who, victim) => world.offer_nonsense(actor(*who), actor(*victim)),
        Operation::Wait(blocks) => {
            for _ in 0..*blocks {
                world.next_block();
            }
        }
        single => {
            if let Some((signer, call)) = call_of(single) {
                let tip = tip(world);
                world.send(signer, call, tip);
            }
        }
    }
}
