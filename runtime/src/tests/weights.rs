//! Weights against the limits of a block, on every preset.
//!
//! Calls are taken from the runtime's own description of them, each with the smallest arguments, so
//! that a new one is covered without being named here. Those whose weight grows with their
//! arguments (batches, lists of keys) are limited by the block when they are sent.

use super::*;
use codec::Decode;
use core::fmt::Write;
use frame_support::{
    dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo},
    weights::Weight,
};
use frame_system::limits::BlockWeights;
use pallet_bootstrap::WeightInfo as _;
use pallet_chain_parameters::ChainParameters as Parameters;
use pallet_job_escrow::WeightInfo as _;
use pallet_referee::WeightInfo as _;
use pallet_timestamp::WeightInfo as _;
use scale_info::{form::MetaForm, TypeDef, TypeInfo, Variant};
use sp_runtime::traits::{TrailingZeroInput, TransactionExtension};

type BootstrapWeight = <Runtime as pallet_bootstrap::Config>::WeightInfo;
type EscrowWeight = <Runtime as pallet_job_escrow::Config>::WeightInfo;
type RefereeWeight = <Runtime as pallet_referee::Config>::WeightInfo;
type TimestampWeight = <Runtime as pallet_timestamp::Config>::WeightInfo;

/// The presets by name. What matters of them here is the time that a block's weight may take.
fn presets() -> [(&'static str, Parameters); 3] {
    [
        ("dev", Parameters::dev()),
        ("local", Parameters::local()),
        ("mainnet", Parameters::mainnet()),
    ]
}

/// Runs a test once for each preset, inside block 1, with the limits of its blocks.
fn on_every_preset(mut test: impl FnMut(&str, BlockWeights)) {
    for (name, parameters) in presets() {
        parameters.validate().expect("the preset is sound");
        preset_state(DEV_RUNTIME_PRESET).execute_with(|| {
            pallet_chain_parameters::Parameters::<Runtime>::put(parameters);
            let limits = <<Runtime as frame_system::Config>::BlockWeights as Get<_>>::get();
            test(name, limits);
        });
    }
}

fn variants_of<T: TypeInfo + ?Sized>() -> Vec<Variant<MetaForm>> {
    variants(T::type_info().type_def)
}

fn variants(definition: TypeDef<MetaForm>) -> Vec<Variant<MetaForm>> {
    match definition {
        TypeDef::Variant(calls) => calls.variants,
        other => panic!("calls are variants, not {other:?}"),
    }
}

/// Every call that can be made, by name, with what a transaction of it weighs without the base.
fn calls() -> Vec<(String, DispatchInfo)> {
    let mut calls = Vec::new();
    let mut impossible = Vec::new();
    for pallet in variants_of::<RuntimeCall>() {
        let inner = pallet.fields[0].ty.type_info();
        for call in variants(inner.type_def) {
            let name = format!("{}.{}", pallet.name, call.name);
            // Zeroes are arguments of almost every call; one takes a version that starts at 1.
            let decoded = [0, 1].into_iter().find_map(|first| {
                let encoded = [pallet.index, call.index, first];
                RuntimeCall::decode(&mut TrailingZeroInput::new(&encoded)).ok()
            });
            match decoded {
                Some(call) => calls.push((name, info_of(&call))),
                None => impossible.push(name),
            }
        }
    }
    // Their proof is a type without values until authors have a bond to lose.
    assert!(
        impossible
            .iter()
            .all(|name| name.contains(".report_equivocation")),
        "{impossible:?}"
    );
    calls
}

/// The call's dispatch info with the weight of the transaction's extensions.
pub fn info_of(call: &RuntimeCall) -> DispatchInfo {
    let extension = TxExtension::decode(&mut TrailingZeroInput::zeroes())
        .expect("zeroes are a transaction without mortality, nonce and tip");
    DispatchInfo {
        extension_weight: extension.weight(call),
        ..call.get_dispatch_info()
    }
}

/// What the dearest step of the referee's agenda weighs.
fn dearest_ruling() -> Weight {
    RefereeWeight::step_refute()
        .max(RefereeWeight::step_sweep())
        .max(RefereeWeight::step_clear())
}

/// What a block does by itself when nothing is due: hooks and the timestamp.
fn idle_hooks() -> Weight {
    let timestamp = TimestampWeight::set().saturating_add(TimestampWeight::on_finalize());
    let height = System::block_number() + 1;
    System::set_block_number(height);
    <OwnPallets as OnInitialize<BlockNumber>>::on_initialize(height).saturating_add(timestamp)
}

/// The same with as much of both agendas as a block takes.
fn busiest_hooks() -> Weight {
    let rulings: u32 = <Runtime as pallet_referee::Config>::MaxStepsPerBlock::get();
    idle_hooks()
        .saturating_add(<Runtime as pallet_job_escrow::Config>::StepsWeight::get())
        .saturating_add(<Runtime as pallet_audits::Config>::StepsWeight::get())
        .saturating_add(dearest_ruling().saturating_mul(rulings.into()))
        .saturating_add(BootstrapWeight::look())
        .saturating_add(BootstrapWeight::poll())
        .saturating_add(BootstrapWeight::start().max(BootstrapWeight::end()))
}

fn most(limit: Option<Weight>) -> Weight {
    limit.unwrap_or(Weight::MAX)
}

#[test]
fn call_should_fit_into_the_share_of_its_class_on_every_preset() {
    on_every_preset(|preset, limits| {
        for (name, info) in calls() {
            let class = limits.get(info.class);
            assert!(
                info.total_weight().all_lte(most(class.max_extrinsic)),
                "{name} on {preset}: {:?} of {:?}",
                info.total_weight(),
                class.max_extrinsic
            );
        }
    });
}

#[test]
fn call_of_our_pallets_should_fit_fifty_times_into_a_block_of_every_preset() {
    let ours = [
        "Emission",
        "ModelRegistry",
        "WorkerRegistry",
        "JobEscrow",
        "UsefulWork",
        "Referee",
        "Bootstrap",
    ];
    on_every_preset(|preset, limits| {
        let mut seen = 0;
        for (name, info) in calls() {
            if ours.iter().any(|pallet| name.starts_with(pallet)) {
                seen += 1;
                let count = calls_in_a_block(&limits, &info);
                assert!(count >= 50, "{name} on {preset}: {count}");
            }
        }
        assert!(seen >= ours.len());
    });
}

/// Whatever is disputed, a move is small beside a block: with the most that it can bring, too.
#[test]
fn move_of_a_dispute_should_take_at_most_one_percent_of_a_block_of_every_preset() {
    let evidence = pallet_referee::types::MAX_EVIDENCE;
    let moves = [
        RefereeWeight::challenge(),
        RefereeWeight::post_roots(pallet_referee::types::MAX_ROOTS)
            .saturating_add(RefereeWeight::hold_bond()),
        RefereeWeight::open_root(),
        RefereeWeight::name_tensor(),
        RefereeWeight::reveal_nodes(256),
        RefereeWeight::choose_node(),
        RefereeWeight::reveal_leaf(),
        RefereeWeight::accuse(evidence),
        RefereeWeight::reveal_sums(aipg_exact::trace::FAN_OUT as u32),
        RefereeWeight::judge(evidence).saturating_add(RefereeWeight::judge_parts()),
        RefereeWeight::report_timeout(),
        RefereeWeight::prove_flaw(evidence),
        RefereeWeight::demand(pallet_referee::types::MAX_DEMANDED),
        RefereeWeight::publish(aipg_exact::commitment::TOKENS_PER_CHUNK),
        RefereeWeight::resolve_fuse(),
        dearest_ruling(),
    ];
    on_every_preset(|preset, limits| {
        for (number, weight) in moves.into_iter().enumerate() {
            let hundredfold = weight.saturating_mul(100);
            assert!(
                hundredfold.all_lte(limits.max_block),
                "{number} on {preset}: {weight:?} of {:?}",
                limits.max_block
            );
        }
    });
}

#[test]
fn busiest_hooks_should_leave_normal_calls_their_whole_share_on_every_preset() {
    on_every_preset(|preset, limits| {
        let hooks = busiest_hooks();
        let normal = most(limits.get(DispatchClass::Normal).max_total);
        let used = limits
            .base_block
            .saturating_add(hooks)
            .saturating_add(normal);
        assert!(
            used.all_lte(limits.max_block),
            "{preset}: hooks of {hooks:?} and a normal share of {normal:?} in {:?}",
            limits.max_block
        );
    });
}

/// Whether the call checks a new runtime, which takes longer than everything else in a block.
fn is_upgrade(name: &str) -> bool {
    [
        "System.set_code",
        "System.set_code_without_checks",
        "System.apply_authorized_upgrade",
    ]
    .contains(&name)
}

/// Whether the block so far, which stays as it is, has room for the call.
fn is_accepted(info: &DispatchInfo) -> bool {
    use frame_system::{BlockWeight, CheckWeight};
    let length = 100;
    let so_far = BlockWeight::<Runtime>::get();
    let accepted = CheckWeight::<Runtime>::do_validate(info, length)
        .and_then(|(_, next)| CheckWeight::<Runtime>::do_prepare(info, length, next))
        .is_ok();
    BlockWeight::<Runtime>::put(so_far);
    accepted
}

#[test]
fn operational_call_should_be_accepted_in_a_block_that_normal_ones_filled() {
    on_every_preset(|preset, limits| {
        let normal = most(limits.get(DispatchClass::Normal).max_total);
        System::register_extra_weight_unchecked(busiest_hooks(), DispatchClass::Mandatory);
        System::register_extra_weight_unchecked(normal, DispatchClass::Normal);
        for (name, info) in calls() {
            if !is_upgrade(&name) {
                let is_operational = info.class != DispatchClass::Normal;
                assert_eq!(is_accepted(&info), is_operational, "{name} on {preset}");
            }
        }
    });
}

/// The pool hands out operational transactions first, so it is enough that upgrades fit then.
#[test]
fn upgrade_should_be_accepted_after_the_busiest_hooks_on_every_preset() {
    on_every_preset(|preset, _| {
        System::register_extra_weight_unchecked(busiest_hooks(), DispatchClass::Mandatory);
        let calls = calls();
        let upgrades: Vec<_> = calls.iter().filter(|(name, _)| is_upgrade(name)).collect();
        assert_eq!(upgrades.len(), 3);
        for (name, info) in upgrades {
            assert_eq!(info.class, DispatchClass::Operational, "{name}");
            assert!(is_accepted(info), "{name} on {preset}");
        }
    });
}

/// How many transactions of the call one block takes.
fn calls_in_a_block(limits: &BlockWeights, info: &DispatchInfo) -> u64 {
    let class = limits.get(info.class);
    let each = info.total_weight().saturating_add(class.base_extrinsic);
    let share = class.max_total.unwrap_or(limits.max_block);
    share.ref_time() / each.ref_time()
}

fn milliseconds(weight: Weight) -> f64 {
    weight.ref_time() as f64 / 1e9
}

/// Columns with the share of a whole block that a weight takes, one for each preset.
fn shares(weights: &[Weight], limits: &[BlockWeights]) -> String {
    let pairs = weights.iter().zip(limits);
    pairs.fold(String::new(), |columns, (weight, limits)| {
        let share = weight.ref_time() as f64 / limits.max_block.ref_time() as f64;
        format!("{columns} {:.3} % |", 100.0 * share)
    })
}

fn table_of_limits(limits: &[BlockWeights]) -> String {
    let mut table = "| preset | a block, ms | normal calls, ms | one normal call, ms |\n\
                     |---|--:|--:|--:|\n"
        .to_string();
    for ((name, _), limits) in presets().iter().zip(limits) {
        let normal = limits.get(DispatchClass::Normal);
        writeln!(
            table,
            "| `{name}` | {:.0} | {:.0} | {:.0} |",
            milliseconds(limits.max_block),
            milliseconds(most(normal.max_total)),
            milliseconds(most(normal.max_extrinsic)),
        )
        .unwrap();
    }
    table
}

/// What hooks weigh with each preset: some take as much as the block's size allows.
fn table_of_hooks(hooks: &[(&str, Vec<Weight>)], limits: &[BlockWeights]) -> String {
    let names = presets().map(|(name, _)| format!("`{name}`")).join(" | ");
    let mut table = format!("| by itself | ms with `dev` | {names} |\n|---|--:|--:|--:|--:|\n");
    for (name, weights) in hooks {
        let columns = shares(weights, limits);
        let time = milliseconds(weights[0]);
        writeln!(table, "| {name} | {time:.3} |{columns}").unwrap();
    }
    table
}

fn table_of_calls(calls: &[(String, DispatchInfo)], limits: &[BlockWeights]) -> String {
    let names = presets().map(|(name, _)| format!("`{name}`")).join(" | ");
    let mut table =
        format!("| call | ms | {names} | in a block of `dev` |\n|---|--:|--:|--:|--:|--:|\n");
    for (name, info) in calls {
        let weight = info.total_weight();
        writeln!(
            table,
            "| `{name}` | {:.3} |{} {} |",
            milliseconds(weight),
            shares(&vec![weight; limits.len()], limits),
            calls_in_a_block(&limits[0], info)
        )
        .unwrap();
    }
    table
}

fn hooks_by_name() -> [(&'static str, Weight); 10] {
    [
        ("what every block does", idle_hooks()),
        ("a step that draws", EscrowWeight::step_draw(1)),
        ("a step that settles", EscrowWeight::step_settle(1)),
        (
            "a step that settles what was audited",
            EscrowWeight::step_settle_audited(),
        ),
        ("a step that refunds", EscrowWeight::step_refund()),
        ("a step that times out", EscrowWeight::step_time_out()),
        ("a step that refutes", RefereeWeight::step_refute()),
        ("a step that ends a game", RefereeWeight::step_sweep()),
        ("a step that clears away", RefereeWeight::step_clear()),
        ("the busiest block", busiest_hooks()),
    ]
}

/// The tables of docs/weights.md, which `scripts/weights` takes from this test's output.
#[test]
fn table_of_weights_should_name_every_call_and_hook() {
    let mut limits_of = Vec::new();
    let mut hooks: Vec<(&str, Vec<Weight>)> = Vec::new();
    on_every_preset(|_, limits| {
        limits_of.push(limits);
        let here = hooks_by_name();
        if hooks.is_empty() {
            hooks = here.map(|(name, _)| (name, Vec::new())).to_vec();
        }
        for ((_, weights), (_, weight)) in hooks.iter_mut().zip(here) {
            weights.push(weight);
        }
    });
    let calls = preset_state(DEV_RUNTIME_PRESET).execute_with(calls);

    let limits = table_of_limits(&limits_of);
    let by_itself = table_of_hooks(&hooks, &limits_of);
    let by_call = table_of_calls(&calls, &limits_of);
    println!("<!-- table -->\n\n{limits}\n{by_itself}\n{by_call}\n<!-- end of table -->");

    assert!(limits.contains("| `dev` | 1000 | 750 |"), "{limits}");
    for name in [
        "System.remark",
        "JobEscrow.submit",
        "UsefulWork.claim_reward",
    ] {
        assert!(by_call.contains(&format!("| `{name}` |")), "{name}");
    }
    let rows = |table: &str| table.lines().count().saturating_sub(2);
    assert_eq!(rows(&limits), presets().len());
    assert_eq!(rows(&by_itself), hooks.len());
    assert_eq!(rows(&by_call), calls.len());
}
