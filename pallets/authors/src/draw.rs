//! The draw: who comes and who may have to go, as a function of the seed, the seats and the weights.

use crate::types::{Plan, Weighted};
use alloc::{collections::BTreeMap, vec::Vec};
use sp_core::H256;
use sp_runtime::{
    traits::{BlakeTwo256, Hash},
    SaturatedConversion,
};

/// Whether somebody who has a seat may keep it. Seats are given up in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It equivocated.
    Offender,
    /// Its seat is marked for another reason.
    Going,
    /// It could not be drawn: an author of the genesis without a bond, or one whose bond is too small.
    Ineligible,
    Eligible,
}

/// Somebody who has a seat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<AccountId> {
    pub author: AccountId,
    pub standing: Standing,
}

/// How much of a set of authors may change at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Most that come, and most that go.
    pub changes: u32,
    /// Most that are replaced.
    pub replaced: u32,
}

impl Quota {
    /// A third, and one where a third is less: but never is somebody replaced who is more than a third.
    pub fn of(size: u32) -> Self {
        let third = size / 3;
        Self {
            changes: third.max(1),
            replaced: third,
        }
    }
}

/// Numbers that follow from a seed.
struct Numbers {
    seed: H256,
    count: u32,
}

impl Numbers {
    /// The next number below a limit; 0 if the limit is.
    fn below(&mut self, limit: u128) -> u128 {
        let hash = BlakeTwo256::hash_of(&(b"aipg/authors/0", self.seed, self.count));
        self.count = self.count.saturating_add(1);
        let mut bytes = [0u8; 16];
        bytes.copy_from_slice(hash.as_bytes().split_at(16).0);
        // Weights add up to less than 2¹⁰⁴: the modulus favours none by more than 2⁻²⁴.
        u128::from_le_bytes(bytes)
            .checked_rem(limit)
            .unwrap_or_default()
    }
}

/// Draws who comes, by weight and without putting back, and who goes for it.
///
/// Vacant places are filled first. A member who is released may be drawn again and keeps its seat then; one
/// whose seat is marked may not.
pub fn draw<AccountId: Clone + Ord>(
    seed: H256,
    members: &[Member<AccountId>],
    weights: &[Weighted<AccountId>],
    target: u32,
) -> Plan<Vec<AccountId>> {
    let mut numbers = Numbers { seed, count: 0 };
    let size: u32 = members.len().saturated_into();
    let quota = Quota::of(size);
    let added = target.saturating_sub(size).min(quota.changes);
    let replaced = quota.replaced.min(quota.changes.saturating_sub(added));
    let released = release(&mut numbers, members, replaced);
    // Whether a member may be drawn again.
    let mut seated: BTreeMap<&AccountId, bool> = BTreeMap::new();
    for member in members {
        seated.insert(&member.author, false);
    }
    for member in &released {
        seated.insert(&member.author, member.standing == Standing::Eligible);
    }
    let pool = weights
        .iter()
        .filter(|candidate| seated.get(&candidate.author).copied().unwrap_or(true))
        .collect();
    let drawn = take(&mut numbers, pool, added.saturating_add(replaced));
    let newcomers: Vec<AccountId> = drawn
        .iter()
        .filter(|author| !seated.contains_key(*author))
        .map(|author| (*author).clone())
        .collect();
    let places: usize = added.saturated_into();
    let leaving = released
        .iter()
        .map(|member| &member.author)
        .filter(|author| !drawn.contains(author))
        .take(newcomers.len().saturating_sub(places))
        .cloned()
        .collect();
    Plan { newcomers, leaving }
}

/// So many members in the order in which they go: first who may not keep its seat, then some by chance.
fn release<'a, AccountId>(
    numbers: &mut Numbers,
    members: &'a [Member<AccountId>],
    count: u32,
) -> Vec<&'a Member<AccountId>> {
    let count: usize = count.saturated_into();
    let (mut eligible, mut released): (Vec<_>, Vec<_>) = members
        .iter()
        .partition(|member| member.standing == Standing::Eligible);
    released.sort_by_key(|member| member.standing);
    released.truncate(count);
    while released.len() < count && !eligible.is_empty() {
        let at = numbers.below(eligible.len().saturated_into());
        released.push(eligible.swap_remove(at.saturated_into()));
    }
    released
}

/// Draws up to so many candidates by weight, each at most once.
fn take<'a, AccountId>(
    numbers: &mut Numbers,
    mut pool: Vec<&'a Weighted<AccountId>>,
    count: u32,
) -> Vec<&'a AccountId> {
    let mut total: u128 = pool
        .iter()
        .fold(0, |sum, candidate| sum.saturating_add(candidate.weight));
    let mut drawn = Vec::new();
    for _ in 0..count {
        if total == 0 {
            break;
        }
        let mut at = numbers.below(total);
        let place = pool.iter().position(|candidate| {
            let rest = at.checked_sub(candidate.weight);
            at = rest.unwrap_or(at);
            rest.is_none()
        });
        let Some(place) = place else {
            break;
        };
        let chosen = pool.swap_remove(place);
        total = total.saturating_sub(chosen.weight);
        drawn.push(&chosen.author);
    }
    drawn
}
