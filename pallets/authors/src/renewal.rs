//! The next set of authors, from the present one and from what was drawn.

use crate::{
    draw::Quota,
    types::{Plan, Seat},
};
use alloc::vec::Vec;
use core::cmp::Reverse;
use sp_runtime::SaturatedConversion;

/// How many authors there should be, and must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub target: u32,
    pub least: u32,
}

/// Drops marked seats, the most urgent first, as long as enough authors remain; then seats who was drawn.
///
/// At most a third of the set comes and at most a third goes, or one where a third is less. Without marked
/// seats the set does not shrink; it grows up to the target and never beyond.
pub fn renew<AccountId: Clone + PartialEq>(
    seats: &[Seat<AccountId>],
    plan: Option<&Plan<Vec<AccountId>>>,
    size: Size,
) -> Vec<Seat<AccountId>> {
    let count: u32 = seats.len().saturated_into();
    let quota = Quota::of(count);
    let mut going: Vec<&Seat<AccountId>> =
        seats.iter().filter(|seat| seat.going.is_some()).collect();
    going.sort_by_key(|seat| Reverse(seat.going));
    let mut goers: Vec<&AccountId> = going.iter().map(|seat| &seat.author).collect();
    let marked: u32 = goers.len().saturated_into();
    let dropped = marked
        .min(quota.changes)
        .min(count.saturating_sub(size.least.max(1)));

    let drawn = plan.map_or(0, |plan| plan.newcomers.len().saturated_into());
    if let Some(plan) = plan {
        let unmarked = plan.leaving.iter().filter(|author| {
            seats
                .iter()
                .any(|seat| seat.author == **author && seat.going.is_none())
        });
        goers.extend(unmarked);
    }
    let vacant = size.target.saturating_sub(count.saturating_sub(dropped));
    let wanted: u32 = quota.changes.min(drawn);
    let may_go: u32 = goers.len().saturated_into();
    let replaced = wanted
        .saturating_sub(vacant)
        .min(quota.replaced.saturating_sub(dropped))
        .min(may_go.saturating_sub(dropped));
    let coming = wanted.min(vacant.saturating_add(replaced));
    goers.truncate(dropped.saturating_add(replaced).saturated_into());

    let mut next: Vec<Seat<AccountId>> = seats
        .iter()
        .filter(|seat| !goers.contains(&&seat.author))
        .cloned()
        .collect();
    let newcomers = plan.map_or(&[][..], |plan| plan.newcomers.as_slice());
    let coming: usize = coming.saturated_into();
    next.extend(newcomers.iter().take(coming).map(|author| Seat {
        author: author.clone(),
        going: None,
    }));
    next
}
