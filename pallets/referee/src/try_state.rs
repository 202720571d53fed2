//! What must hold after every block.

#![cfg(any(feature = "std", feature = "try-runtime"))]

use crate::{
    dispute::tensors,
    fuse::Fuse,
    pallet::*,
    types::{Phase, RootPart, MAX_ROOTS},
};
use aipg_exact::{
    trace::Leaf,
    tree::{Domain, TreeBuilder},
};
use aipg_primitives::{HostBlake2, JobId};
use aipg_referee_game::Stage;
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::{
    ensure,
    traits::fungible::{Inspect, InspectHold},
};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// * What is on hold for challenges and traces is exactly what living ones own, per account; what is
    ///   for demands, exactly what is not published.
    /// * The pot has at least what rewards are left to be paid.
    /// * A case counts the challenges and traces that live, and numbers all of them.
    /// * The results of a worker that are challenged are counted.
    /// * Every case is in the agenda once, at its due tick, not behind the cursor.
    /// * The roots that are kept of a trace fold to its root, in parts that are full but for the last.
    /// * A game in which a move was made has shown the way to where it is, and no other has.
    /// * As many versions are counted as frozen as are, and no other has as many losses as freeze it.
    /// * A slash is queued only of a case that is not decided and has no trace left.
    /// * Nothing belongs to a case that is not there.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let mut staked = BTreeMap::<_, u128>::new();
        let mut defended = BTreeMap::<_, u128>::new();
        let mut prepaid = BTreeMap::<_, u128>::new();
        let mut promised: u128 = 0;
        let mut doubted = BTreeMap::<_, u32>::new();
        for (job, record) in Cases::<T>::iter() {
            if record.is_challenged() {
                let count = doubted.entry(record.worker.clone()).or_default();
                *count = count.saturating_add(1);
            }
            ensure!(
                Agenda::<T>::contains_key(record.due, job),
                "case is not in the agenda"
            );
            ensure!(
                record.due >= AgendaCursor::<T>::get(),
                "case is behind the cursor"
            );
            // Clearing takes records away without counting.
            let clearing = match record.phase {
                Phase::Live | Phase::Sweeping { .. } => false,
                Phase::Upheld { .. } => true,
                Phase::False { left, next, .. } => {
                    promised = promised.saturating_add(left);
                    next > 0
                }
            };
            let mut living: u32 = 0;
            for (number, challenge) in Challenges::<T>::iter_prefix(job) {
                ensure!(number < record.challenges, "challenge has no number");
                ensure!(
                    challenge.lives || challenge.bond == 0,
                    "a challenge that lost has a bond"
                );
                living = living.saturating_add(challenge.lives.into());
                let sum = staked.entry(challenge.account).or_default();
                *sum = sum.saturating_add(challenge.bond);
            }
            let mut standing: u32 = 0;
            let mut numbered: usize = Postings::<T>::iter_prefix(job).count();
            for (number, trace) in Traces::<T>::iter_prefix(job) {
                ensure!(number < record.traces, "trace has no number");
                ensure!(
                    trace.lives || trace.bond == 0,
                    "a trace that lost has a bond"
                );
                standing = standing.saturating_add(trace.lives.into());
                numbered = numbered.saturating_add(1);
                let sum = defended.entry(trace.account).or_default();
                *sum = sum.saturating_add(trace.bond);
            }
            let mut withheld: u32 = 0;
            for demand in Demands::<T>::iter_prefix_values(job) {
                let is_open = demand.published.is_none();
                ensure!(
                    is_open == (demand.deposit > 0),
                    "exactly what was not published is paid for beforehand"
                );
                withheld = withheld.saturating_add(is_open.into());
                let sum = prepaid.entry(demand.account).or_default();
                *sum = sum.saturating_add(demand.deposit);
            }
            if !clearing {
                ensure!(
                    withheld == record.case.withheld,
                    "case counts other chunks that are withheld"
                );
                ensure!(
                    living == record.case.challenges,
                    "case counts other challenges"
                );
                ensure!(standing == record.case.traces, "case counts other traces");
                ensure!(
                    u32::try_from(numbered) == Ok(record.traces),
                    "a number is of no trace and no posting"
                );
            }
        }
        ensure!(
            doubted == Doubted::<T>::iter().collect(),
            "challenged results are miscounted"
        );
        for (job, account, posting) in Postings::<T>::iter() {
            let numbers = Cases::<T>::get(job).map(|record| record.traces);
            let is_numbered = numbers.is_some_and(|numbers| posting.number < numbers);
            ensure!(is_numbered, "posting without a case or number");
            ensure!(
                !Traces::<T>::contains_key(job, posting.number),
                "a trace has the number of a posting"
            );
            let sum = defended.entry(account).or_default();
            *sum = sum.saturating_add(posting.bond);
        }
        Self::check_roots()?;
        Self::check_revealed()?;
        Self::check_fuses()?;
        let cases = Cases::<T>::iter_keys().count();
        ensure!(
            Agenda::<T>::iter_keys().count() == cases,
            "agenda has entries without a case"
        );
        let orphans = Challenges::<T>::iter_keys().map(|(job, _)| job);
        let orphans = orphans.chain(Traces::<T>::iter_keys().map(|(job, _)| job));
        let orphans = orphans.chain(Games::<T>::iter_keys().map(|(job, _)| job));
        let orphans = orphans.chain(Roots::<T>::iter_keys().map(|(job, _)| job));
        let orphans = orphans.chain(Revealed::<T>::iter_keys().map(|(job, _)| job));
        let orphans = orphans.chain(Demands::<T>::iter_keys().map(|(job, _)| job));
        let mut orphans = orphans.chain(Accusations::<T>::iter_keys().map(|(job, _)| job));
        ensure!(
            orphans.all(Cases::<T>::contains_key),
            "a record has no case"
        );
        for account in frame_system::Account::<T>::iter_keys() {
            for (reason, owned) in [
                (HoldReason::Challenge, &staked),
                (HoldReason::Trace, &defended),
                (HoldReason::Demand, &prepaid),
            ] {
                let held = T::Currency::balance_on_hold(&reason.into(), &account);
                ensure!(
                    held == owned.get(&account).copied().unwrap_or_default(),
                    "hold differs from the bonds of its owner"
                );
            }
        }
        ensure!(
            T::Currency::balance(&Self::pot()) >= promised,
            "the pot has less than it owes"
        );
        Ok(())
    }

    /// Roots of traces and postings fold to what these say, and all parts but the last are full. Others are
    /// only in cases that are being cleared.
    fn check_roots() -> Result<(), TryRuntimeError> {
        let mut kept = BTreeMap::<(JobId, u32), BTreeMap<u32, RootPart>>::new();
        for (job, (number, part), roots) in Roots::<T>::iter() {
            let record = Cases::<T>::get(job).ok_or("roots without a case")?;
            ensure!(number < record.traces, "roots of a trace without a number");
            ensure!(!roots.is_empty(), "a part without roots");
            kept.entry((job, number)).or_default().insert(part, roots);
        }
        let fold = |parts: BTreeMap<u32, RootPart>| -> Result<_, TryRuntimeError> {
            let mut tree = TreeBuilder::<HostBlake2>::new(Domain::TraceRoot);
            for (part, roots) in parts {
                let before = u64::from(MAX_ROOTS).saturating_mul(part.into());
                ensure!(
                    tree.leaves() == before,
                    "a part of roots before the last is missing or not full"
                );
                roots.iter().for_each(|root| tree.push(&root.0));
            }
            Ok(tree)
        };
        for (job, number, trace) in Traces::<T>::iter() {
            let tree = fold(kept.remove(&(job, number)).unwrap_or_default())?;
            let count = tree.leaves();
            if let Ok((_, header)) = Self::result_of(job) {
                ensure!(count == tensors(&header), "a trace has too few roots");
            }
            ensure!(
                tree.finish(&[count]) == trace.root.0,
                "roots do not fold to that of their trace"
            );
        }
        for (job, _, posting) in Postings::<T>::iter() {
            let tree = fold(kept.remove(&(job, posting.number)).unwrap_or_default())?;
            ensure!(
                tree.frontier() == posting.tree().frontier(),
                "roots do not fold to their posting"
            );
        }
        for (job, _) in kept.into_keys() {
            let phase = Cases::<T>::get(job).map(|record| record.phase);
            ensure!(
                matches!(phase, Some(Phase::Upheld { .. } | Phase::False { .. })),
                "roots of no trace"
            );
        }
        Ok(())
    }

    /// What a game has shown is where its stage is. One side of it may have lost another game.
    fn check_revealed() -> Result<(), TryRuntimeError> {
        for (job, seat, game) in Games::<T>::iter() {
            let shown = Revealed::<T>::get(job, seat).ok_or("a game has shown nothing")?;
            let at = shown.at.0;
            let fits = match &game.stage {
                Stage::Opening => false,
                Stage::Nodes(node) | Stage::Choice(node) => node.0 == at && !at.is_leaf(),
                Stage::Leaf(node) => node.0 == at && at.is_leaf(),
                Stage::Accusation(leaf) => {
                    leaf.0 == Leaf::Trace(at.tensor, at.index) && at.is_leaf()
                }
                Stage::Sums(..) | Stage::Verdict(..) => at.is_leaf(),
            };
            ensure!(fits, "a game has shown another node");
            ensure!(
                shown.nodes.is_empty() != matches!(game.stage, Stage::Choice(_)),
                "a game shows nodes exactly while one is to be chosen"
            );
        }
        ensure!(
            Revealed::<T>::iter_keys().count() == Games::<T>::iter_keys().count(),
            "something was shown in no game"
        );
        Ok(())
    }

    /// What is frozen is counted and has a reason to be; what is queued is a slash.
    fn check_fuses() -> Result<(), TryRuntimeError> {
        let mut frozen: u32 = 0;
        for (_, fuse) in Fuses::<T>::iter() {
            ensure!(
                fuse != Fuse::default(),
                "a fuse of which there is nothing to say"
            );
            frozen = frozen.saturating_add(fuse.frozen_since.is_some().into());
        }
        ensure!(
            frozen == FrozenVersions::<T>::get(),
            "other versions are frozen than are counted"
        );
        let losses = Losses::<T>::get();
        let distinct: BTreeSet<_> = losses
            .iter()
            .map(|loss| (&loss.worker, loss.claimed))
            .collect();
        ensure!(distinct.len() == losses.len(), "a loss is there twice");
        for (worker, job, ()) in Queue::<T>::iter() {
            let record = Cases::<T>::get(job).ok_or("a slash without a case")?;
            let is_open = matches!(record.phase, Phase::Live | Phase::Sweeping { .. });
            ensure!(
                is_open && record.worker == worker && record.case.traces == 0,
                "a slash is queued of a case that is decided or defended"
            );
        }
        Ok(())
    }
}
