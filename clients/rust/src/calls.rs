//! The calls that programs make, by name.

use crate::{
    api::{
        self,
        runtime_types::{
            bounded_collections::bounded_vec::BoundedVec, pallet_audits::types::DrawProof,
            pallet_job_escrow::types::ResultOf,
        },
    },
    authors::SessionKeys,
    disputes::{Blob, Seat},
    Amount, Hash, Region, TokenList,
};
use aipg_exact::trace::{wire::Wire, Claim, Evidence, Flaw, Tensor};
use subxt::{transactions::Payload, utils::H256};

/// A call with the name that errors and logs give it.
pub struct Call<C> {
    /// `pallet.call` as polkadot.js writes it.
    pub name: &'static str,
    pub payload: C,
}

/// Most parts of a batch.
pub const MAX_BATCH: usize = 64;

/// A result: the answer's commitment, the digest of the run, and the node that stores the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobResult {
    pub job: u64,
    pub output: TokenList,
    pub digest: Hash,
    pub provider: Option<Hash>,
}

/// Registers a machine: puts `bond` on hold and pays the registration fee.
pub fn register(bond: Amount, capacity: u32, region: Region) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.register",
        payload: api::transactions()
            .worker_registry()
            .register(bond.0, capacity, region.into()),
    }
}

/// Offers a unit of `model` for `ask`; replaces an older offer.
pub fn set_offer(model: Hash, ask: Amount) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.setOffer",
        payload: api::transactions()
            .worker_registry()
            .set_offer(model.into(), ask.0),
    }
}

/// Stops offering `model`.
pub fn remove_offer(model: Hash) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.removeOffer",
        payload: api::transactions()
            .worker_registry()
            .remove_offer(model.into()),
    }
}

/// Adds `amount` to the bond.
pub fn bond_more(amount: Amount) -> Call<impl Payload> {
    Call {
        name: "workerRegistry.bondMore",
        payload: api::transactions().worker_registry().bond_more(amount.0),
    }
}

/// From now on the machine can be drawn.
pub fn go_online() -> Call<impl Payload> {
    Call {
        name: "workerRegistry.goOnline",
        payload: api::transactions().worker_registry().go_online(),
    }
}

/// From now on the machine is not drawn any more.
pub fn go_offline() -> Call<impl Payload> {
    Call {
        name: "workerRegistry.goOffline",
        payload: api::transactions().worker_registry().go_offline(),
    }
}

/// Asserts that the input of `job` is in hand and takes the job.
pub fn claim(job: u64) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.claim",
        payload: api::transactions().job_escrow().claim(job),
    }
}

/// Takes several jobs. One that cannot be taken is left out.
pub fn claim_batch(jobs: &[u64]) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.claimBatch",
        payload: api::transactions()
            .job_escrow()
            .claim_batch(BoundedVec(jobs.to_vec())),
    }
}

/// Says that the input of `job` is missing or wrong: somebody has to publish it.
pub fn input_unavailable(job: u64) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.inputUnavailable",
        payload: api::transactions().job_escrow().input_unavailable(job),
    }
}

/// Delivers the answer of `job`, whose blob is on the node `provider`.
pub fn submit_result(
    JobResult {
        job,
        output,
        digest,
        provider,
    }: &JobResult,
) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.submitResult",
        payload: api::transactions().job_escrow().submit_result(
            *job,
            (*output).into(),
            (*digest).into(),
            provider.map(Into::into),
        ),
    }
}

/// Submits several results. One that the chain does not accept is left out.
pub fn submit_results(results: &[JobResult]) -> Call<impl Payload> {
    let results = results.iter().map(|result| ResultOf {
        job: result.job,
        output: result.output.into(),
        digest: result.digest.into(),
        provider: result.provider.map(Into::into),
    });
    Call {
        name: "jobEscrow.submitResults",
        payload: api::transactions()
            .job_escrow()
            .submit_results(BoundedVec(results.collect())),
    }
}

/// Says that these jobs are still run, and how many tokens of each answer there are.
pub fn report_progress(jobs: &[(u64, u32)]) -> Call<impl Payload> {
    Call {
        name: "jobEscrow.reportProgress",
        payload: api::transactions()
            .job_escrow()
            .report_progress(BoundedVec(jobs.to_vec())),
    }
}

/// Mints the reward of a closed round.
pub fn claim_reward(round: u32) -> Call<impl Payload> {
    Call {
        name: "usefulWork.claimReward",
        payload: api::transactions().useful_work().claim_reward(round),
    }
}

/// Becomes an auditor, who is drawn by this key.
pub fn register_auditor(key: [u8; 32], bond: Amount) -> Call<impl Payload> {
    Call {
        name: "audits.register",
        payload: api::transactions().audits().register(key, bond.0),
    }
}

/// Increases the bond of an auditor.
pub fn bond_auditor(amount: Amount) -> Call<impl Payload> {
    Call {
        name: "audits.bondMore",
        payload: api::transactions().audits().bond_more(amount.0),
    }
}

/// Is drawn as an auditor no more.
pub fn leave_auditors() -> Call<impl Payload> {
    Call {
        name: "audits.leave",
        payload: api::transactions().audits().leave(),
    }
}

/// Takes back the bond of an auditor who has left.
pub fn withdraw_auditor() -> Call<impl Payload> {
    Call {
        name: "audits.withdraw",
        payload: api::transactions().audits().withdraw(),
    }
}

/// Registers the keys by which an account authors and votes; `proof` is that it has their secrets.
pub fn set_session_keys(keys: SessionKeys, proof: Vec<u8>) -> Call<impl Payload> {
    Call {
        name: "session.setKeys",
        payload: api::transactions().session().set_keys(keys.into(), proof),
    }
}

/// Becomes a candidate for the seat of an author.
pub fn join_authors(bond: Amount) -> Call<impl Payload> {
    Call {
        name: "authors.join",
        payload: api::transactions().authors().join(bond.0, None),
    }
}

/// Increases the bond of an author.
pub fn bond_author(amount: Amount) -> Call<impl Payload> {
    Call {
        name: "authors.bondMore",
        payload: api::transactions().authors().bond_more(amount.0),
    }
}

/// Is drawn as an author again after an absence.
pub fn stand_as_author() -> Call<impl Payload> {
    Call {
        name: "authors.stand",
        payload: api::transactions().authors().stand(),
    }
}

/// Is drawn as an author no more, and gives up its seat.
pub fn leave_authors() -> Call<impl Payload> {
    Call {
        name: "authors.leave",
        payload: api::transactions().authors().leave(),
    }
}

/// Takes back the bond of an author who has left.
pub fn withdraw_author() -> Call<impl Payload> {
    Call {
        name: "authors.withdraw",
        payload: api::transactions().authors().withdraw(),
    }
}

/// Proves to be drawn for the audit of a result, and commits to what was found: `commitment` is
/// [`crate::audits::commitment`].
pub fn commit_audit(
    job: u64,
    pre_output: [u8; 32],
    proof: [u8; 64],
    commitment: Hash,
) -> Call<impl Payload> {
    let proof = DrawProof { pre_output, proof };
    Call {
        name: "audits.commit",
        payload: api::transactions()
            .audits()
            .commit(job, proof, commitment.into()),
    }
}

/// Says what the root of the trace of an own result is.
pub fn attest(job: u64, root: Hash) -> Call<impl Payload> {
    Call {
        name: "audits.attest",
        payload: api::transactions().audits().attest(job, root.into()),
    }
}

/// Shows what an audit came to.
pub fn reveal_audit(job: u64, salt: Hash, root: Hash) -> Call<impl Payload> {
    Call {
        name: "audits.reveal",
        payload: api::transactions()
            .audits()
            .reveal(job, salt.into(), root.into()),
    }
}

/// Says that the result of `job` is false; `commitment` is [`crate::disputes::commitment`].
pub fn challenge(job: u64, commitment: Hash) -> Call<impl Payload> {
    Call {
        name: "referee.challenge",
        payload: api::transactions()
            .referee()
            .challenge(job, commitment.into()),
    }
}

/// Posts the next roots of a trace, at most [`crate::disputes::MAX_ROOTS`].
pub fn post_roots(job: u64, roots: &[[u8; 32]]) -> Call<impl Payload> {
    Call {
        name: "referee.postRoots",
        payload: api::transactions()
            .referee()
            .post_roots(job, BoundedVec(hashes(roots))),
    }
}

/// Opens the root that a challenge committed to.
pub fn open_root(job: u64, challenge: u32, salt: Hash, root: Hash) -> Call<impl Payload> {
    Call {
        name: "referee.openRoot",
        payload: api::transactions()
            .referee()
            .open_root(job, challenge, salt.into(), root.into()),
    }
}

/// Names the first tensor that differs.
pub fn name_tensor(
    seat: Seat,
    tensor: Tensor,
    root: [u8; 32],
    path: &[[u8; 32]],
) -> Call<impl Payload> {
    Call {
        name: "referee.nameTensor",
        payload: api::transactions().referee().name_tensor(
            seat.into(),
            BoundedVec(tensor.to_bytes()),
            H256(root),
            BoundedVec(hashes(path)),
        ),
    }
}

/// Reveals the nodes below the one that was named.
pub fn reveal_nodes(seat: Seat, nodes: &[[u8; 32]]) -> Call<impl Payload> {
    Call {
        name: "referee.revealNodes",
        payload: api::transactions()
            .referee()
            .reveal_nodes(seat.into(), BoundedVec(hashes(nodes))),
    }
}

/// Names the first of the nodes that differs, with the siblings that lead from it to the node above.
pub fn choose_node(
    seat: Seat,
    index: u64,
    hash: [u8; 32],
    path: &[[u8; 32]],
) -> Call<impl Payload> {
    Call {
        name: "referee.chooseNode",
        payload: api::transactions().referee().choose_node(
            seat.into(),
            index,
            H256(hash),
            BoundedVec(hashes(path)),
        ),
    }
}

/// Reveals the leaf.
pub fn reveal_leaf(seat: Seat, bytes: Vec<u8>) -> Call<impl Payload> {
    Call {
        name: "referee.revealLeaf",
        payload: api::transactions()
            .referee()
            .reveal_leaf(seat.into(), BoundedVec(bytes)),
    }
}

/// Says that a claim of the leaf is false.
pub fn accuse(seat: Seat, claim: &Claim, evidence: &Evidence) -> Call<impl Payload> {
    Call {
        name: "referee.accuse",
        payload: api::transactions().referee().accuse(
            seat.into(),
            BoundedVec(claim.to_bytes()),
            BoundedVec(evidence.to_bytes()),
        ),
    }
}

/// Reveals the values of the claim's sums.
pub fn reveal_sums(seat: Seat, values: Vec<i64>) -> Call<impl Payload> {
    Call {
        name: "referee.revealSums",
        payload: api::transactions()
            .referee()
            .reveal_sums(seat.into(), BoundedVec(values)),
    }
}

/// Has the claim executed; if it holds as long as its parts do, goes on with `part`.
pub fn judge(seat: Seat, evidence: &Evidence, part: Option<u32>) -> Call<impl Payload> {
    Call {
        name: "referee.judge",
        payload: api::transactions().referee().judge(
            seat.into(),
            BoundedVec(evidence.to_bytes()),
            part,
        ),
    }
}

/// Reports that the side that has to move is out of time.
pub fn report_timeout(seat: Seat) -> Call<impl Payload> {
    Call {
        name: "referee.reportTimeout",
        payload: api::transactions().referee().report_timeout(seat.into()),
    }
}

/// Shows that the answer contradicts itself.
pub fn prove_flaw(job: u64, challenge: u32, flaw: Flaw, evidence: &Evidence) -> Call<impl Payload> {
    Call {
        name: "referee.proveFlaw",
        payload: api::transactions().referee().prove_flaw(
            job,
            challenge,
            BoundedVec(flaw.to_bytes()),
            BoundedVec(evidence.to_bytes()),
        ),
    }
}

/// Demands that chunks of a job's prompt or answer are published.
pub fn demand(job: u64, blob: Blob, chunks: Vec<u32>) -> Call<impl Payload> {
    Call {
        name: "referee.demand",
        payload: api::transactions()
            .referee()
            .demand(job, blob.into(), BoundedVec(chunks)),
    }
}

/// Publishes a chunk that was demanded, with the siblings that lead from it to the top of its list.
pub fn publish(
    job: u64,
    blob: Blob,
    chunk: u32,
    tokens: &[u32],
    path: &[[u8; 32]],
) -> Call<impl Payload> {
    Call {
        name: "referee.publish",
        payload: api::transactions().referee().publish(
            job,
            blob.into(),
            chunk,
            BoundedVec(tokens.to_vec()),
            BoundedVec(hashes(path)),
        ),
    }
}

fn hashes(hashes: &[[u8; 32]]) -> Vec<H256> {
    hashes.iter().copied().map(H256).collect()
}
