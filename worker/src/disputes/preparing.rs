//! The calls that do the duties of a dispute.

use super::{
    auditing,
    duties::Duty,
    player::{Board, Play},
    study::{Question, Reply, StudyError},
    Disputes,
};
use crate::keys;
use aipg_client::{
    calls,
    disputes::{commitment, Blob, Dispute, Seat, MAX_DEMANDED, MAX_ROOTS},
    ChainError, Client, Hash, SignedCall, Signer, State,
};
use aipg_exact::{
    commitment::{token_chunk, token_chunks},
    Blake2b256,
};
use subxt_signer::sr25519::Keypair;

/// What a call is prepared with.
pub(super) struct Preparation<'a> {
    pub client: &'a Client,
    pub pair: &'a Keypair,
    pub state: &'a State,
    pub signer: &'a Signer<'a>,
    /// Calls that are sent before it.
    pub ahead: u64,
}

impl Preparation<'_> {
    pub async fn sign<C: subxt::transactions::Payload>(
        &self,
        call: &calls::Call<C>,
    ) -> Result<Prepared, ChainError> {
        let signed = self.signer.sign_ahead(call, self.ahead).await?;
        Ok(Prepared::Call(signed))
    }
}

/// What became of a duty.
pub(super) enum Prepared {
    Call(SignedCall),
    /// The study is under way, or something is missing that may come.
    NotYet,
    Impossible(StudyError),
}

impl Disputes {
    /// The call that does a duty.
    pub(super) async fn prepare(
        &mut self,
        with: &Preparation<'_>,
        duty: Duty,
        dispute: Option<&Dispute>,
    ) -> Result<Prepared, ChainError> {
        let job = duty.job();
        match duty {
            Duty::ReportTimeout(seat) => with.sign(&calls::report_timeout(seat)).await,
            Duty::Play(seat) => self.prepare_move(with, seat, dispute).await,
            Duty::Challenge { .. } => self.prepare_challenge(with, job).await,
            Duty::Commit { .. } => self.prepare_commitment(with, job).await,
            Duty::Attest { .. } => self.prepare_attestation(with, job).await,
            Duty::Reveal { .. } => self.prepare_revelation(with, job).await,
            Duty::OpenRoot { challenge, .. } => self.prepare_root(with, job, challenge).await,
            Duty::ProveFlaw { challenge, .. } => self.prepare_flaw(with, job, challenge).await,
            Duty::Publish { blob, chunk, .. } => {
                self.prepare_publication(with, job, blob, chunk).await
            }
            Duty::Demand { blob, .. } => prepare_demand(with, job, blob, dispute).await,
            Duty::Post { .. } => self.prepare_roots(with, job, dispute).await,
        }
    }

    /// The commitment to a challenge of a result whose trace says that it is false.
    async fn prepare_challenge(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
    ) -> Result<Prepared, ChainError> {
        let (account, accuses) = (self.account, self.conduct.accuses());
        let attested = self.audits.attested(job);
        let Some(findings) = self.find_out(with.client, with.state, job).await? else {
            return Ok(Prepared::NotYet);
        };
        if auditing::is_right(findings, attested) && !accuses {
            // The trace is the better judge of the two.
            tracing::error!(
                job,
                "SelfCheckFailed: two computations of a result differ; not challenging it"
            );
            self.checked.insert(job, true);
            return Ok(Prepared::NotYet);
        }
        let salt = Hash(keys::salt(with.pair, job));
        let commitment = commitment(job, &account, salt, Hash(findings.root));
        with.sign(&calls::challenge(job, commitment)).await
    }

    /// The root that a challenge has committed to.
    async fn prepare_root(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
        challenge: u32,
    ) -> Result<Prepared, ChainError> {
        let Some(findings) = self.find_out(with.client, with.state, job).await? else {
            return Ok(Prepared::NotYet);
        };
        let (salt, root) = (Hash(keys::salt(with.pair, job)), Hash(findings.root));
        with.sign(&calls::open_root(job, challenge, salt, root))
            .await
    }

    /// What shows without a game that a result is false.
    async fn prepare_flaw(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
        challenge: u32,
    ) -> Result<Prepared, ChainError> {
        let findings = self.find_out(with.client, with.state, job).await?;
        let Some((flaw, evidence)) = findings.and_then(|found| found.flaw.clone()) else {
            return Ok(Prepared::NotYet);
        };
        with.sign(&calls::prove_flaw(job, challenge, flaw, &evidence))
            .await
    }

    /// A chunk of a list of tokens that somebody demanded; an answer that is lost is computed again.
    async fn prepare_publication(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
        blob: Blob,
        chunk: u32,
    ) -> Result<Prepared, ChainError> {
        let (client, state) = (with.client, with.state);
        let Some(result) = state.result(job).await? else {
            return Ok(Prepared::NotYet);
        };
        let lists = &mut self.lists;
        let Some(tokens) = lists.tokens(client, state, &result, blob).await? else {
            let model = self.models.get(&result.model).cloned();
            if let (Blob::Output, Some(model)) = (blob, model) {
                lists.rebuild(client, state, result, model).await?;
            }
            return Ok(Prepared::NotYet);
        };
        let Some((part, path)) = token_chunk::<Blake2b256>(&tokens, chunk) else {
            return Ok(Prepared::NotYet);
        };
        with.sign(&calls::publish(job, blob, chunk, part, &path))
            .await
    }

    /// The next of the tensors' roots that are not on chain yet.
    async fn prepare_roots(
        &mut self,
        with: &Preparation<'_>,
        job: u64,
        dispute: Option<&Dispute>,
    ) -> Result<Prepared, ChainError> {
        let number = dispute.and_then(|it| it.postings.get(&self.account.0));
        let posted = match number {
            Some(&number) => with.state.trace_roots(job, number).await?.len(),
            None => 0,
        };
        let Some(findings) = self.find_out(with.client, with.state, job).await? else {
            return Ok(Prepared::NotYet);
        };
        let rest = findings.roots.get(posted..).unwrap_or_default();
        let next = rest.get(..MAX_ROOTS).unwrap_or(rest);
        with.sign(&calls::post_roots(job, next)).await
    }

    /// The move of a game, once the study has it.
    async fn prepare_move(
        &mut self,
        with: &Preparation<'_>,
        seat: Seat,
        dispute: Option<&Dispute>,
    ) -> Result<Prepared, ChainError> {
        let (client, state) = (with.client, with.state);
        let key = (seat.challenge, seat.trace);
        let Some(game) = dispute.and_then(|dispute| dispute.games.get(&key)) else {
            return Ok(Prepared::NotYet);
        };
        if !self.conduct.moves(&game.stage) {
            return Ok(Prepared::NotYet);
        }
        let board = Board {
            stage: game.stage.clone(),
            roots: state.trace_roots(seat.job, seat.trace).await?,
            revealed: state.revealed(seat).await?,
        };
        let Some(study) = self.study(client, state, seat.job).await? else {
            return Ok(Prepared::NotYet);
        };
        let play = match study.ask(&Question::Move(Box::new(board))) {
            None | Some(Ok(Reply::Findings(_))) => return Ok(Prepared::NotYet),
            Some(Err(error)) => return Ok(Prepared::Impossible(error)),
            Some(Ok(Reply::Move(play))) => play,
        };
        match play {
            Play::NameTensor(proof) => {
                let call = calls::name_tensor(seat, proof.tensor, proof.root, &proof.path);
                with.sign(&call).await
            }
            Play::RevealNodes(nodes) => with.sign(&calls::reveal_nodes(seat, &nodes)).await,
            Play::ChooseNode(choice) => {
                let call = calls::choose_node(seat, choice.index, choice.hash, &choice.path);
                with.sign(&call).await
            }
            Play::RevealLeaf(bytes) => with.sign(&calls::reveal_leaf(seat, bytes)).await,
            Play::Accuse { claim, evidence } => {
                with.sign(&calls::accuse(seat, &claim, &evidence)).await
            }
            Play::RevealSums(values) => with.sign(&calls::reveal_sums(seat, values)).await,
            Play::Judge { evidence, part } => with.sign(&calls::judge(seat, &evidence, part)).await,
        }
    }
}

/// A demand of the chunks of a list of tokens that nobody has demanded yet.
async fn prepare_demand(
    with: &Preparation<'_>,
    job: u64,
    blob: Blob,
    dispute: Option<&Dispute>,
) -> Result<Prepared, ChainError> {
    let Some(result) = with.state.result(job).await? else {
        return Ok(Prepared::NotYet);
    };
    let is_demanded = |chunk| dispute.is_some_and(|it| it.demands.contains_key(&(blob, chunk)));
    let chunks = 0..token_chunks(result.list(blob).count);
    let chunks = chunks.filter(|&chunk| !is_demanded(chunk));
    let chunks: Vec<u32> = chunks.take(MAX_DEMANDED).collect();
    if chunks.is_empty() {
        return Ok(Prepared::NotYet);
    }
    with.sign(&calls::demand(job, blob, chunks)).await
}
