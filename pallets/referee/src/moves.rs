//! Moves of a game.

use crate::{
    dispute::{Choice, Dispute},
    pallet::*,
    types::{
        Accusation, ClaimBytes, Ending, GameRecord, Outcome, Phase, Revelation, Seat, Step,
        StoredClaim, Values,
    },
};
use aipg_exact::trace::{wire::Wire, Claim, Evidence, Openings, Tensor, TensorProof};
use aipg_primitives::JobId;
use aipg_referee_game::{play, Game, Move, Next, Side, Stage};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};
use sp_core::H256;
use sp_runtime::DispatchError;

fn hashes(nodes: &[H256]) -> Vec<[u8; 32]> {
    nodes.iter().map(|node| node.0).collect()
}

/// Both sides of a game, which live, and the game.
struct Table<T: Config> {
    record: CaseOf<T>,
    challenge: ChallengeOf<T>,
    trace: TraceOf<T>,
    game: GameRecord,
}

impl<T: Config> Pallet<T> {
    fn table(seat: Seat) -> Result<Table<T>, DispatchError> {
        let record = Self::live_case(seat.job)?;
        let challenge = Challenges::<T>::get(seat.job, seat.challenge);
        let challenge = challenge.ok_or(Error::<T>::ChallengeNotFound)?;
        ensure!(challenge.lives, Error::<T>::ChallengeLost);
        let trace = Traces::<T>::get(seat.job, seat.trace).ok_or(Error::<T>::TraceNotFound)?;
        ensure!(trace.lives, Error::<T>::TraceLost);
        let game = Self::game(seat, &challenge, &trace);
        Ok(Table {
            record,
            challenge,
            trace,
            game,
        })
    }

    /// Whether the move that a call makes is this account's to make now; `None` if the call is no move.
    pub fn is_on_turn(account: &T::AccountId, call: &Call<T>) -> Option<bool> {
        let (seat, side) = match call {
            Call::name_tensor { seat, .. }
            | Call::choose_node { seat, .. }
            | Call::accuse { seat, .. }
            | Call::judge { seat, .. } => (seat, Side::Challenger),
            Call::reveal_nodes { seat, .. }
            | Call::reveal_leaf { seat, .. }
            | Call::reveal_sums { seat, .. } => (seat, Side::Defender),
            _ => return None,
        };
        let Ok(table) = Self::table(*seat) else {
            return Some(false);
        };
        let owner = match side {
            Side::Challenger => &table.challenge.account,
            Side::Defender => &table.trace.account,
        };
        let has_time = table.game.late(Self::now()).is_none();
        Some(owner == account && table.game.stage.turn() == side && has_time)
    }

    /// The game of a seat: without a record it is at its opening since both sides were there.
    pub(crate) fn game(seat: Seat, challenge: &ChallengeOf<T>, trace: &TraceOf<T>) -> GameRecord {
        Games::<T>::get(seat.job, (seat.challenge, seat.trace)).unwrap_or_else(|| {
            let since = challenge.since.max(trace.since);
            Game::new(since, T::Windows::get().clock)
        })
    }

    /// Makes the move that `prepare` gives, if it is `account`'s.
    fn make_move(
        account: &T::AccountId,
        seat: Seat,
        prepare: impl for<'a> FnOnce(
            &Dispute<'a>,
            &Table<T>,
        ) -> Result<Move<Dispute<'a>>, DispatchError>,
    ) -> DispatchResult {
        let table = Self::table(seat)?;
        let (result, header) = Self::result_of(seat.job)?;
        let dispute = Dispute::new(&header, &result, table.trace.root);
        let action = prepare(&dispute, &table)?;
        let by = action.side();
        let owner = match by {
            Side::Challenger => &table.challenge.account,
            Side::Defender => &table.trace.account,
        };
        ensure!(owner == account, Error::<T>::NotYourSeat);
        let next = play(&table.game, &dispute, Self::now(), &action);
        match next.map_err(Error::<T>::from)? {
            Next::Stage(game) => {
                Self::keep_shown(seat, action, &game)?;
                let next = Step::of(&game.stage);
                Games::<T>::insert(seat.job, (seat.challenge, seat.trace), game);
                Self::deposit_event(Event::Moved { seat, by, next });
            }
            Next::Won(winner) => {
                // Only an executed claim wins.
                let claim = match &table.game.stage {
                    Stage::Verdict(claim, _) => claim.0.to_bytes(),
                    _ => Vec::new(),
                };
                let claim = ClaimBytes::truncate_from(claim);
                if winner == Side::Challenger && table.trace.account == result.worker {
                    Self::note_loss(seat, &result, header.semantics_version, &claim);
                }
                let mut table = table;
                table.record.proven |= winner == Side::Challenger;
                let ending = Ending::Executed { claim };
                Self::end_game(table, seat, Outcome { winner, ending })?;
            }
        }
        Ok(())
    }

    /// Keeps what a move has shown of the trace; `game` is what it led to. Nothing that verified is beyond
    /// the bounds.
    fn keep_shown(seat: Seat, action: Move<Dispute<'_>>, game: &GameRecord) -> DispatchResult {
        let key = (seat.challenge, seat.trace);
        let before = || Revealed::<T>::get(seat.job, key);
        let shown = match (action, &game.stage) {
            (Move::Open(_), Stage::Nodes(node) | Stage::Leaf(node)) => {
                Some(Revelation::at_top(*node))
            }
            (Move::Choose(choice), Stage::Nodes(node) | Stage::Leaf(node)) => {
                before().and_then(|shown| shown.down_to(*node, choice.path))
            }
            (Move::Nodes(nodes), _) => before().and_then(|shown| shown.with_nodes(nodes)),
            (Move::Leaf(bytes), _) => before().and_then(|shown| shown.with_leaf(bytes)),
            // The others show nothing of the trace that its tree does not prove again.
            _ => return Ok(()),
        };
        let shown = shown.ok_or(Error::<T>::DoesNotVerify)?;
        Revealed::<T>::insert(seat.job, key, shown);
        Ok(())
    }

    /// The loser is out of the case, and loses its bond to the winner.
    fn end_game(table: Table<T>, seat: Seat, outcome: Outcome) -> DispatchResult {
        let Table {
            mut record,
            challenge,
            trace,
            ..
        } = table;
        let winner = outcome.winner;
        Self::end(&mut record, seat, challenge, trace, outcome)?;
        // Whoever is left may have won the case by that.
        let alone = match winner {
            Side::Challenger => record.case.traces == 0,
            Side::Defender => record.case.challenges == 0,
        };
        let due = if alone { Self::now() } else { record.due };
        Self::put(seat.job, record, due);
        Ok(())
    }

    /// The same for a case that the caller writes.
    pub(crate) fn end(
        record: &mut CaseOf<T>,
        seat: Seat,
        mut challenge: ChallengeOf<T>,
        mut trace: TraceOf<T>,
        outcome: Outcome,
    ) -> DispatchResult {
        let job = seat.job;
        Games::<T>::remove(job, (seat.challenge, seat.trace));
        Revealed::<T>::remove(job, (seat.challenge, seat.trace));
        match outcome.winner {
            Side::Challenger => {
                trace.lives = false;
                record.case.traces = record.case.traces.saturating_sub(1);
                record.lost_traces = record.lost_traces.saturating_add(1);
                if let Some(root) = challenge.root {
                    Accusations::<T>::mutate(job, root, |accusation| {
                        if let Some(accusation) = accusation {
                            accusation.beaten = accusation.beaten.saturating_add(1);
                        }
                    });
                }
                let bond = core::mem::take(&mut trace.bond);
                let winner = &challenge.account;
                Self::lose(HoldReason::Trace, job, &trace.account, bond, winner)?;
                Traces::<T>::insert(job, seat.trace, trace);
            }
            Side::Defender => {
                challenge.lives = false;
                record.case.challenges = record.case.challenges.saturating_sub(1);
                if let Some(root) = challenge.root.filter(|_| challenge.original) {
                    Accusations::<T>::mutate(job, root, |accusation| {
                        if let Some(accusation) = accusation {
                            accusation.originals = accusation.originals.saturating_sub(1);
                        }
                    });
                }
                let bond = core::mem::take(&mut challenge.bond);
                let winner = &trace.account;
                Self::lose(HoldReason::Challenge, job, &challenge.account, bond, winner)?;
                Challenges::<T>::insert(job, seat.challenge, challenge);
            }
        }
        Self::deposit_event(Event::GameEnded { seat, outcome });
        Ok(())
    }

    pub(crate) fn do_open_root(
        account: T::AccountId,
        job: JobId,
        number: u32,
        salt: H256,
        root: H256,
    ) -> DispatchResult {
        let record = Cases::<T>::get(job).ok_or(Error::<T>::CaseNotFound)?;
        let open = match record.phase {
            Phase::Live | Phase::Sweeping { .. } => true,
            Phase::Upheld { .. } => false,
            // Shares are fixed once the first is paid.
            Phase::False { pays_at, .. } => Self::now() < pays_at,
        };
        ensure!(open, Error::<T>::CaseDecided);
        let mut challenge = Self::own_challenge(&account, job, number)?;
        ensure!(challenge.root.is_none(), Error::<T>::RootAlreadyOpen);
        let commitment = Self::commitment(job, &account, salt, root);
        ensure!(
            commitment == challenge.commitment,
            Error::<T>::CommitmentMismatch
        );
        let block = frame_system::Pallet::<T>::block_number();
        let mut accusation = Accusations::<T>::get(job, root).unwrap_or(Accusation {
            opened_in: block,
            originals: 0,
            beaten: 0,
        });
        challenge.root = Some(root);
        challenge.original = challenge.made_in < accusation.opened_in;
        if challenge.original {
            accusation.originals = accusation.originals.saturating_add(1);
        }
        let original = challenge.original;
        Accusations::<T>::insert(job, root, accusation);
        Challenges::<T>::insert(job, number, challenge);
        Self::deposit_event(Event::RootOpened {
            job,
            challenge: number,
            root,
            original,
        });
        Ok(())
    }

    pub(crate) fn do_name_tensor(
        account: T::AccountId,
        seat: Seat,
        tensor: &[u8],
        root: H256,
        path: &[H256],
    ) -> DispatchResult {
        Self::make_move(&account, seat, |_, table| {
            ensure!(table.challenge.root.is_some(), Error::<T>::RootNotOpen);
            let tensor = Tensor::from_bytes(tensor).ok_or(Error::<T>::Malformed)?;
            Ok(Move::Open(TensorProof {
                tensor,
                root: root.0,
                path: hashes(path),
            }))
        })
    }

    pub(crate) fn do_reveal_nodes(
        account: T::AccountId,
        seat: Seat,
        nodes: &[H256],
    ) -> DispatchResult {
        Self::make_move(&account, seat, |_, _| Ok(Move::Nodes(hashes(nodes))))
    }

    pub(crate) fn do_choose_node(
        account: T::AccountId,
        seat: Seat,
        index: u64,
        hash: H256,
        path: &[H256],
    ) -> DispatchResult {
        Self::make_move(&account, seat, |_, _| {
            Ok(Move::Choose(Choice {
                index,
                hash: hash.0,
                path: hashes(path),
            }))
        })
    }

    pub(crate) fn do_reveal_leaf(
        account: T::AccountId,
        seat: Seat,
        bytes: Vec<u8>,
    ) -> DispatchResult {
        Self::make_move(&account, seat, |_, _| Ok(Move::Leaf(bytes)))
    }

    pub(crate) fn do_accuse(
        account: T::AccountId,
        seat: Seat,
        claim: &[u8],
        evidence: &[u8],
    ) -> DispatchResult {
        Self::make_move(&account, seat, |dispute, _| {
            let claim = Claim::from_bytes(claim).ok_or(Error::<T>::Malformed)?;
            let opened = Self::opened(dispute, evidence)?;
            Ok(Move::Accuse(StoredClaim::from(claim), opened))
        })
    }

    pub(crate) fn do_reveal_sums(
        account: T::AccountId,
        seat: Seat,
        values: Values,
    ) -> DispatchResult {
        Self::make_move(&account, seat, |_, _| Ok(Move::Sums(values)))
    }

    pub(crate) fn do_judge(
        account: T::AccountId,
        seat: Seat,
        evidence: &[u8],
        part: Option<u32>,
    ) -> DispatchResult {
        Self::make_move(&account, seat, |dispute, _| {
            Ok(Move::Judge(Self::opened(dispute, evidence)?, part))
        })
    }

    fn opened(dispute: &Dispute<'_>, evidence: &[u8]) -> Result<Openings, DispatchError> {
        let evidence = Evidence::from_bytes(evidence).ok_or(Error::<T>::Malformed)?;
        let opened = dispute.verify(evidence);
        opened.map_err(|_| Error::<T>::DoesNotVerify.into())
    }

    pub(crate) fn do_report_timeout(seat: Seat) -> DispatchResult {
        let table = Self::table(seat)?;
        let late = table.game.late(Self::now());
        let late = late.ok_or(Error::<T>::TimeLeft)?;
        let outcome = Outcome {
            winner: late.other(),
            ending: Ending::OutOfTime,
        };
        Self::end_game(table, seat, outcome)
    }
}
