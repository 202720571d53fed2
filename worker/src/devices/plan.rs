//! Which model goes on which GPU.
//!
//! The largest model is placed first, each on the GPU with the most memory left. Then models are copied to
//! other GPUs while there are jobs for a copy, and what is left of memory becomes room for more jobs at a
//! time. A model that fits no GPU stays on the processor.

use crate::memory::Bytes;
use aipg_client::Hash;
use aipg_cuda::memory::Needs;
use std::fmt;

/// Most jobs of a model on one GPU at a time. A batch that is larger gains little and delays all.
const MOST_SLOTS: u64 = 64;

/// What a model needs of a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    pub model: Hash,
    pub needs: Needs,
}

/// A GPU's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// The GPU's number.
    pub device: usize,
    /// Bytes that nobody uses.
    pub free: u64,
}

impl Space {
    /// Bytes that may be planned with. A sixteenth and 256 MiB are left to the driver, which rounds what it
    /// gives and needs some itself, and to whatever else draws on a screen.
    pub const fn usable(&self) -> u64 {
        (self.free - self.free / 16).saturating_sub(256 << 20)
    }
}

/// A model on a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    pub device: usize,
    pub model: Hash,
    /// Jobs at a time, at least one.
    pub slots: u64,
}

/// A model for which there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub model: Hash,
    /// What it needs for one job.
    pub needed: Bytes,
    /// What was left on the GPU with the most room, and which that was; `None`: there is no GPU.
    pub most: Option<(usize, Bytes)>,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed = self.needed;
        write!(formatter, "it needs {needed} for one job, and ")?;
        match self.most {
            Some((device, room)) => write!(formatter, "GPU {device} has the most room, {room}"),
            None => formatter.write_str("no GPU is in use"),
        }
    }
}

/// Where everything goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub placements: Vec<Placement>,
    pub left_out: Vec<LeftOut>,
}

/// Plans for machines that have at most `jobs` jobs at a time. The same input gives the same plan.
pub fn plan(models: &[Demand], devices: &[Space], jobs: u64) -> Plan {
    let mut models = models.to_vec();
    models.sort_by_key(|demand| (std::cmp::Reverse(demand.needs.with(1)), demand.model));
    let mut rooms: Vec<(usize, u64)> = devices
        .iter()
        .map(|space| (space.device, space.usable()))
        .collect();
    let mut plan = Plan::default();
    for demand in &models {
        if !place(demand, &mut rooms, &mut plan) {
            let most = most_room(&rooms, |_| true);
            plan.left_out.push(LeftOut {
                model: demand.model,
                needed: Bytes(demand.needs.with(1)),
                most: most.map(|index| (rooms[index].0, Bytes(rooms[index].1))),
            });
        }
    }
    spread(&models, &mut rooms, &mut plan, jobs);
    widen(&models, &mut rooms, &mut plan, jobs);
    plan
}

/// The place in the list of the GPU with the most room among some, the first of equals.
fn most_room(rooms: &[(usize, u64)], admitted: impl Fn(usize) -> bool) -> Option<usize> {
    let indices = (0..rooms.len()).filter(|&index| admitted(rooms[index].0));
    indices.max_by_key(|&index| (rooms[index].1, std::cmp::Reverse(index)))
}

/// Places a model on a GPU that does not have it; returns whether there was room.
fn place(demand: &Demand, rooms: &mut [(usize, u64)], plan: &mut Plan) -> bool {
    let model = demand.model;
    let has = |device| {
        let mut there = plan.placements.iter();
        there.any(|placed| placed.device == device && placed.model == model)
    };
    let Some(index) = most_room(rooms, |device| !has(device)) else {
        return false;
    };
    let (device, room) = &mut rooms[index];
    let Some(left) = room.checked_sub(demand.needs.with(1)) else {
        return false;
    };
    *room = left;
    plan.placements.push(Placement {
        device: *device,
        model,
        slots: 1,
    });
    true
}

/// Copies models that have a place to other GPUs, one of each in turn.
fn spread(models: &[Demand], rooms: &mut [(usize, u64)], plan: &mut Plan, jobs: u64) {
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        for demand in models {
            let copies = slots_of(plan, demand.model);
            goes_on |= (1..jobs).contains(&copies) && place(demand, rooms, plan);
        }
    }
}

/// Makes room for more jobs, one at every place in turn.
fn widen(models: &[Demand], rooms: &mut [(usize, u64)], plan: &mut Plan, jobs: u64) {
    let mut goes_on = true;
    while goes_on {
        goes_on = false;
        for index in 0..plan.placements.len() {
            let Placement {
                device,
                model,
                slots,
            } = plan.placements[index];
            let demand = models.iter().find(|demand| demand.model == model);
            let room = rooms.iter_mut().find(|(number, _)| *number == device);
            let (Some(demand), Some((_, room))) = (demand, room) else {
                continue;
            };
            if slots < MOST_SLOTS && slots_of(plan, model) < jobs && *room >= demand.needs.slot {
                *room -= demand.needs.slot;
                plan.placements[index].slots += 1;
                goes_on = true;
            }
        }
    }
}

/// Jobs of a model at a time, everywhere.
fn slots_of(plan: &Plan, model: Hash) -> u64 {
    let places = plan.placements.iter();
    let of_model = places.filter(|placed| placed.model == model);
    of_model.map(|placed| placed.slots).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: u64 = 1 << 20;

    fn demand(name: u8, fixed: u64, slot: u64) -> Demand {
        Demand {
            model: Hash([name; 32]),
            needs: Needs {
                fixed: fixed * MIB,
                slot: slot * MIB,
            },
        }
    }

    /// A GPU with so many MiB to plan with, or a few more.
    fn space(device: usize, usable: u64) -> Space {
        let free = (usable + 256) * 16 / 15 + 1;
        Space {
            device,
            free: free * MIB,
        }
    }

    fn placed(plan: &Plan) -> Vec<(usize, u8, u64)> {
        let places = plan.placements.iter();
        places
            .map(|placed| (placed.device, placed.model.0[0], placed.slots))
            .collect()
    }

    #[test]
    fn largest_model_should_get_the_most_room() {
        let models = [demand(1, 300, 10), demand(2, 900, 10), demand(3, 500, 10)];
        let plan = plan(&models, &[space(0, 600), space(1, 1_000)], 1);
        // The largest takes the larger GPU; 90 are left of it, and 600 of the other for the next, then 90.
        assert_eq!(placed(&plan), [(1, 2, 1), (0, 3, 1)]);
        assert_eq!(plan.left_out.len(), 1);
        let reason = plan.left_out[0].to_string();
        assert!(
            reason.starts_with("it needs 310.0 MiB for one job, and GPU "),
            "{reason}"
        );
    }

    #[test]
    fn model_should_be_copied_only_when_there_are_jobs_for_it() {
        let models = [demand(1, 300, 10)];
        let spaces = [space(0, 500), space(1, 500), space(2, 500)];
        assert_eq!(placed(&plan(&models, &spaces, 1)), [(0, 1, 1)]);
        assert_eq!(placed(&plan(&models, &spaces, 2)), [(0, 1, 1), (1, 1, 1)]);
        let all = plan(&models, &spaces, 7);
        assert_eq!(placed(&all), [(0, 1, 3), (1, 1, 2), (2, 1, 2)]);
    }

    #[test]
    fn model_should_be_left_out_with_its_needs_when_there_is_no_gpu() {
        let plan = plan(&[demand(1, 300, 10)], &[], 4);
        assert_eq!(plan.placements, []);
        let reason = plan.left_out[0].to_string();
        assert_eq!(
            reason,
            "it needs 310.0 MiB for one job, and no GPU is in use"
        );
    }

    #[test]
    fn memory_should_be_left_to_the_driver() {
        let usable = |free| Space { device: 0, free }.usable();
        assert_eq!([usable(0), usable(256 * MIB)], [0, 0]);
        assert_eq!(usable(16 << 30), (15 << 30) - 256 * MIB);
        assert!(usable(u64::MAX) < u64::MAX - u64::MAX / 20);
    }

    proptest! {
        #[test]
        fn plan_should_keep_to_what_there_is(
            shapes in prop::collection::vec((1u64..3_000, 1u64..400), 0..7),
            frees in prop::collection::vec(0u64..5_000, 0..5),
            jobs in 1u64..100,
        ) {
            let models: Vec<Demand> = (0u8..)
                .zip(&shapes)
                .map(|(name, &(fixed, slot))| demand(name, fixed, slot))
                .collect();
            let spaces: Vec<Space> = frees
                .iter()
                .enumerate()
                .map(|(device, &free)| Space { device, free: free * MIB })
                .collect();
            let plan = plan(&models, &spaces, jobs);
            let needs = |model| models.iter().find(|demand| demand.model == model).unwrap().needs;
            let left: Vec<u64> = spaces
                .iter()
                .map(|space| {
                    let there = plan.placements.iter().filter(|it| it.device == space.device);
                    let used: u64 = there.map(|it| needs(it.model).with(it.slots)).sum();
                    space.usable().checked_sub(used).expect("no GPU has more than it has room for")
                })
                .collect();
            for demand in &models {
                let places: Vec<_> =
                    plan.placements.iter().filter(|it| it.model == demand.model).collect();
                let left_out = plan.left_out.iter().any(|it| it.model == demand.model);
                prop_assert_eq!(places.is_empty(), left_out);
                let mut devices: Vec<usize> = places.iter().map(|it| it.device).collect();
                devices.sort_unstable();
                devices.dedup();
                prop_assert_eq!(devices.len(), places.len(), "one copy on a GPU");
                prop_assert!(places.iter().all(|it| (1..=MOST_SLOTS).contains(&it.slots)));
                let slots: u64 = places.iter().map(|it| it.slots).sum();
                prop_assert!(slots <= jobs);
                // What was left out fits nowhere; what could take more jobs has no room for them.
                for (space, left) in spaces.iter().zip(&left) {
                    if left_out {
                        prop_assert!(*left < demand.needs.with(1));
                    }
                    let here = places.iter().find(|it| it.device == space.device);
                    if here.is_some_and(|it| it.slots < MOST_SLOTS) && slots < jobs {
                        prop_assert!(*left < demand.needs.slot);
                    }
                }
            }
        }
    }
}
