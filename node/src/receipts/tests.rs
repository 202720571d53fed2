//! Every answer and every error of `receipts_proof`, on an index that forks and gaps have been
//! through.

use std::collections::{BTreeMap, BTreeSet};

use aipg_exact::tree::{leaf, root, top_of_path, Domain};
use aipg_primitives::{JobId, RoundIndex};
use aipg_runtime::BlockNumber;
use codec::Encode;
use jsonrpsee::{types::ErrorObject, MethodsError, RpcModule};
use pallet_receipts::{
    index::{entries, hint_key, link_key, mark_key, Link},
    types::{root_of, ReceiptTree},
    Blake2,
};
use serde_json::{json, Value};
use sp_api::ApiError;
use sp_core::{
    offchain::{storage::InMemOffchainStorage, OffchainStorage, STORAGE_PREFIX},
    H256,
};

use super::{prove, ChainFacts, ErrorCode, Heads, JobProof, ReceiptsApiServer, ReceiptsRpc};

const FINALIZED: H256 = H256::repeat_byte(0xf1);
const BEST: H256 = H256::repeat_byte(0xbe);
const ROUND_BLOCKS: u32 = 10;

/// A chain and what a node has indexed of it. Jobs are live from the start of the chain.
#[derive(Clone)]
struct Story {
    index: InMemOffchainStorage,
    finalized_number: BlockNumber,
    roots: BTreeMap<RoundIndex, H256>,
    next_job: JobId,
    ended_at_finalized: BTreeSet<JobId>,
    ended_at_best: BTreeSet<JobId>,
    state_is_pruned: bool,
}

impl Story {
    /// A chain on which `next_job` jobs were submitted.
    fn new(finalized_number: BlockNumber, next_job: JobId) -> Self {
        Self {
            index: InMemOffchainStorage::default(),
            finalized_number,
            roots: BTreeMap::new(),
            next_job,
            ended_at_finalized: BTreeSet::new(),
            ended_at_best: BTreeSet::new(),
            state_is_pruned: false,
        }
    }

    /// The node executes blocks in which these jobs end, on some fork; returns the root.
    fn execute(&mut self, round: RoundIndex, jobs: &[JobId]) -> H256 {
        let mut tree = ReceiptTree::new(Domain::Receipts);
        for job in jobs {
            let previous = root_of(&tree);
            let receipt = receipt(*job);
            tree.push(&receipt);
            let link = Link { previous, receipt };
            for (key, value) in entries(*job, round, root_of(&tree).unwrap(), &link) {
                self.index.set(STORAGE_PREFIX, &key, &value);
            }
        }
        root_of(&tree).unwrap()
    }

    /// These jobs end on the chain that is finalised, in a round that is over.
    fn seal(&mut self, round: RoundIndex, jobs: &[JobId]) -> H256 {
        let root = self.execute(round, jobs);
        self.roots.insert(round, root);
        self.ended_at_finalized.extend(jobs);
        self.ended_at_best.extend(jobs);
        root
    }

    fn prove(&self, job: JobId) -> JobProof {
        prove(self, &self.index, job).unwrap()
    }

    fn code(&self, job: JobId) -> ErrorCode {
        ErrorCode::from(&prove(self, &self.index, job).unwrap_err())
    }

    fn server(self) -> RpcModule<ReceiptsRpc<Self, InMemOffchainStorage>> {
        let index = self.index.clone();
        ReceiptsRpc::new(self, index).into_rpc()
    }

    fn read<T>(&self, value: T) -> Result<T, ApiError> {
        if self.state_is_pruned {
            return Err(ApiError::Application("state was pruned".into()));
        }
        Ok(value)
    }
}

impl ChainFacts for Story {
    fn heads(&self) -> Heads {
        Heads {
            finalized: FINALIZED,
            finalized_number: self.finalized_number,
            best: BEST,
        }
    }

    fn round_blocks(&self, _: H256) -> Result<u32, ApiError> {
        self.read(ROUND_BLOCKS)
    }

    fn root(&self, at: H256, round: RoundIndex) -> Result<Option<H256>, ApiError> {
        assert_eq!(at, FINALIZED, "only finalised roots count");
        self.read(self.roots.get(&round).copied())
    }

    fn next_job(&self, _: H256) -> Result<JobId, ApiError> {
        self.read(self.next_job)
    }

    fn is_live(&self, at: H256, job: JobId) -> Result<bool, ApiError> {
        let ended = if at == FINALIZED {
            &self.ended_at_finalized
        } else {
            &self.ended_at_best
        };
        self.read(job < self.next_job && !ended.contains(&job))
    }
}

fn receipt(job: JobId) -> Vec<u8> {
    (job, "ended", job % 5).encode()
}

fn assert_holds(proof: &JobProof, root_known: H256) {
    let path: Vec<[u8; 32]> = proof.path.iter().map(|hash| hash.0).collect();
    let hash = leaf::<Blake2>(Domain::Receipts, &proof.receipt);
    let (index, count) = (u64::from(proof.index), u64::from(proof.count));
    let top = top_of_path::<Blake2>(Domain::Receipts, count, index, hash, &path).unwrap();
    assert_eq!(
        H256(root::<Blake2>(Domain::Receipts, &[count], &top)),
        root_known
    );
    assert_eq!(proof.root, root_known);
    assert_eq!(proof.block, FINALIZED);
    assert_eq!(proof.receipt, receipt(proof.job));
}

#[test]
fn proof_should_hold_for_every_job_of_a_sealed_round() {
    let mut story = Story::new(60, 20);
    let first = story.seal(1, &[3, 0, 1]);
    let second = story.seal(4, &[2, 4, 5, 6, 7, 8, 9]);
    for (index, job) in [3, 0, 1].into_iter().enumerate() {
        let proof = story.prove(job);
        assert_eq!(
            (proof.round, proof.index, proof.count),
            (1, index as u32, 3)
        );
        assert_holds(&proof, first);
    }
    for job in [2, 4, 5, 6, 7, 8, 9] {
        assert_holds(&story.prove(job), second);
    }
}

#[test]
fn proof_should_not_go_stale_when_the_chain_goes_on() {
    let mut story = Story::new(20, 20);
    story.seal(1, &[3, 0, 1]);
    let proof = story.prove(0);
    story.finalized_number = 1_000_000;
    for round in 2..50 {
        story.seal(round, &[100 + u64::from(round)]);
    }
    assert_eq!(story.prove(0), proof);
}

#[test]
fn proof_should_be_the_chains_when_another_fork_overwrote_the_hint() {
    let mut story = Story::new(90, 20);
    let root = story.seal(3, &[0, 1, 2, 3]);
    // On forks that the node executed later the same jobs ended in other orders and rounds.
    story.execute(3, &[1, 0]);
    story.execute(5, &[3, 2]);
    story.execute(2, &[3]);
    for job in 0..4 {
        let proof = story.prove(job);
        assert_eq!(proof.round, 3);
        assert_holds(&proof, root);
    }
}

#[test]
fn proof_should_be_the_chains_when_the_forks_round_was_sealed_with_other_jobs() {
    let mut story = Story::new(90, 20);
    let root = story.seal(3, &[0, 1]);
    let other = story.seal(4, &[2]);
    story.execute(4, &[0, 2]);
    assert_holds(&story.prove(0), root);
    assert_holds(&story.prove(2), other);
}

#[test]
fn proof_should_name_the_error_when_no_job_has_the_number() {
    let mut story = Story::new(60, 2);
    story.seal(1, &[0]);
    assert_eq!(story.code(2), ErrorCode::ReceiptNotFound);
    assert_eq!(story.code(JobId::MAX), ErrorCode::ReceiptNotFound);
    // A fork in which there was such a job changes nothing.
    story.execute(2, &[2]);
    assert_eq!(story.code(2), ErrorCode::ReceiptNotFound);
}

#[test]
fn proof_should_name_the_error_when_the_job_has_not_ended() {
    let mut story = Story::new(60, 2);
    story.seal(1, &[0]);
    assert_eq!(story.code(1), ErrorCode::JobNotFinished);
    // It had, on a fork that was given up.
    story.execute(2, &[1]);
    story.execute(6, &[1]);
    assert_eq!(story.code(1), ErrorCode::JobNotFinished);
}

#[test]
fn proof_should_name_the_error_when_the_round_is_open() {
    // Ended in the best chain, not yet in the finalised one.
    let mut story = Story::new(69, 3);
    story.execute(6, &[0]);
    story.ended_at_best.insert(0);
    assert_eq!(story.code(0), ErrorCode::RoundOpen);
    // Ended in a finalised block of a round that goes on.
    story.ended_at_finalized.insert(0);
    assert_eq!(story.code(0), ErrorCode::RoundOpen);
    // The first block of the next round seals it.
    story.finalized_number = 70;
    let root = story.seal(6, &[0]);
    assert_holds(&story.prove(0), root);
}

#[test]
fn proof_should_name_the_error_when_the_node_did_not_execute_the_blocks() {
    let mut story = Story::new(60, 9);
    story.seal(1, &[0, 1, 2]);
    story.index = InMemOffchainStorage::default();
    assert_eq!(story.code(1), ErrorCode::ReceiptsNotIndexed);
    // It began in the middle of a round: of that round it has the end only.
    let root = story.seal(2, &[3, 4, 5]);
    let mut first = ReceiptTree::new(Domain::Receipts);
    first.push(&receipt(3));
    let key = link_key(root_of(&first).unwrap());
    story.index.remove(STORAGE_PREFIX, &key);
    assert_eq!(story.code(4), ErrorCode::ReceiptsNotIndexed);
    // The rounds after it are whole.
    assert_ne!(root, story.seal(3, &[6, 7]));
    assert_eq!(story.prove(7).round, 3);
}

#[test]
fn proof_should_name_the_error_when_the_index_is_damaged() {
    let mut sound = Story::new(60, 9);
    let root = sound.seal(1, &[0, 1, 2]);
    let damaged = |value: Vec<u8>| {
        let mut story = sound.clone();
        story.index.set(STORAGE_PREFIX, &link_key(root), &value);
        assert_eq!(story.code(1), ErrorCode::ReceiptsDamaged);
    };
    damaged(Vec::new());
    let link = |previous, receipt| Link { previous, receipt }.encode();
    damaged(link(None, receipt(1)));
    damaged(link(Some(root), receipt(1)));
    // A hint that does not decode is as good as none.
    let mut story = sound.clone();
    story.index.set(STORAGE_PREFIX, &hint_key(1), &[1]);
    assert_eq!(story.code(1), ErrorCode::ReceiptsNotIndexed);
    // A mark that never was leads nowhere.
    story
        .index
        .set(STORAGE_PREFIX, &hint_key(1), &3u32.encode());
    story
        .index
        .set(STORAGE_PREFIX, &mark_key(1, 4), &4u32.encode());
    assert_holds(&story.prove(1), root);
}

#[test]
fn proof_should_name_the_error_when_the_state_cannot_be_read() {
    let mut story = Story::new(60, 9);
    story.seal(1, &[0]);
    story.state_is_pruned = true;
    assert_eq!(story.code(0), ErrorCode::StateUnavailable);
}

#[tokio::test]
async fn wire_format_should_be_what_clients_read() {
    let mut story = Story::new(60, 9);
    let root = story.seal(1, &[5, 6, 7]);
    let proof = story.prove(7);
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"receipts_proof","params":[7]}"#;
    let (response, _) = story.server().raw_json_request(request, 1).await.unwrap();
    let response: Value = serde_json::from_str(&response).unwrap();
    let hexadecimal = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(String::from("0x"), |text, byte| format!("{text}{byte:02x}"))
    };
    assert_eq!(
        response["result"],
        json!({
            "job": 7,
            "round": 1,
            "index": 2,
            "count": 3,
            "receipt": hexadecimal(&receipt(7)),
            "path": [hexadecimal(&[0; 32]), hexadecimal(&proof.path[1].0)],
            "root": hexadecimal(&root.0),
            "block": hexadecimal(&FINALIZED.0),
        })
    );
}

#[tokio::test]
async fn error_should_begin_with_its_name() {
    let mut story = Story::new(60, 2);
    story.seal(1, &[0]);
    let outcome: Result<Value, MethodsError> = story.server().call("receipts_proof", [9u64]).await;
    let error: ErrorObject = match outcome.unwrap_err() {
        MethodsError::JsonRpc(error) => error,
        other => panic!("not a JSON-RPC error: {other:?}"),
    };
    assert_eq!(error.code(), 26_871);
    assert_eq!(
        error.message(),
        "ReceiptNotFound: there is no job 9 yet, the next one is 2"
    );
}

#[tokio::test]
async fn hostile_parameters_should_be_refused_as_such() {
    const INVALID_PARAMETERS: i64 = -32_602;
    let mut story = Story::new(60, 2);
    story.seal(1, &[0]);
    let server = story.server();
    let hostile = [
        "[]",
        "[null]",
        "[-1]",
        "[0.5]",
        "[18446744073709551616]",
        "[1e400]",
        r#"["0"]"#,
        r#"["0x00"]"#,
        "[[0]]",
        r#"[{"job":0}]"#,
        r#"{"number":0}"#,
        "[true]",
    ];
    for parameters in hostile {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"receipts_proof","params":{parameters}}}"#
        );
        let (response, _) = server.raw_json_request(&request, 1).await.unwrap();
        let response: Value = serde_json::from_str(&response).unwrap();
        assert_eq!(
            response["error"]["code"], INVALID_PARAMETERS,
            "{parameters}: {response}"
        );
    }
}
