//! A job under study: its trace, rebuilt on a thread of its own, which answers what a dispute asks.
//!
//! A trace is computed once and kept as long as the dispute lasts; see `docs/traces.md` for what it
//! takes.

use super::player::{next_move, Board, Play, PlayError};
use crate::{
    conduct::Conduct,
    models::Served,
    work::{Work, WorkError},
};
use aipg_client::{
    blobs,
    disputes::{Blob, DeliveredResult, Dispute},
    ChainError, Client, Hash,
};
use aipg_engine::trace::{open_output, open_prompt, MemoryBudget, ModelFile, Trace, TraceError};
use aipg_exact::{
    commitment::token_chunks,
    trace::{Evidence, Flaw, Opening},
    tree::Domain,
};
use std::{
    sync::{
        mpsc::{channel, Receiver, Sender},
        Arc,
    },
    thread,
    time::Instant,
};
use thiserror::Error;
use tokio::sync::{oneshot, Notify};

/// Memory that the trace of a job may take, beside the model. A job that takes more gets what it takes.
pub const BUDGET: MemoryBudget = MemoryBudget { bytes: 1 << 30 };

/// Token ids in a leaf of an output.
const TOKENS_PER_LEAF: u64 = Domain::Tokens.leaf_length() as u64 / 4;

/// What a study starts from.
#[derive(Clone)]
pub struct Subject {
    pub result: DeliveredResult,
    pub prompt: Vec<u32>,
    pub output: Vec<u32>,
    pub model: Served,
}

/// What a study found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// A contradiction within the answer, with what proves it.
    pub flaw: Option<(Flaw, Evidence)>,
    /// Roots of all tensors of the trace; none if the answer cannot be run.
    pub roots: Vec<[u8; 32]>,
    /// Root of all of them; zeros if there are none.
    pub root: [u8; 32],
    /// Whether the trace ends in the digest of the result.
    pub is_digest_right: bool,
    /// Whether the result is right: no flaw, its digest, and every token as the model samples it.
    pub is_right: bool,
}

/// Why a study cannot answer.
#[derive(Debug, Error)]
pub enum StudyError {
    #[error(transparent)]
    Trace(#[from] TraceError),
    #[error(transparent)]
    Play(#[from] PlayError),
    #[error(transparent)]
    Work(#[from] WorkError),
    #[error("NoTrace: there is no trace of the job ({0})")]
    NoTrace(String),
    #[error("the thread that studies the job ended")]
    Ended,
}

/// What can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    Findings,
    Move(Box<Board>),
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Findings(Findings),
    Move(Play),
}

type Answer = Result<Reply, StudyError>;
type Post = (Question, oneshot::Sender<Answer>);

/// A thread that studies a job. It ends when this is dropped.
pub struct Study {
    questions: Sender<Post>,
    /// The question that is being answered.
    pending: Option<(Question, oneshot::Receiver<Answer>)>,
}

impl Study {
    /// Starts a thread; it tells `news` of every answer.
    pub fn start(subject: Subject, conduct: Arc<dyn Conduct>, news: Arc<Notify>) -> Self {
        let (questions, posts) = channel();
        thread::spawn(move || study(&subject, conduct.as_ref(), &posts, &news));
        Self {
            questions,
            pending: None,
        }
    }

    /// The answer to a question, `None` as long as it is not there. One question is answered at a time:
    /// another one waits until the answer that is under way has come.
    pub fn ask(&mut self, question: &Question) -> Option<Answer> {
        if let Some((asked, answer)) = &mut self.pending {
            let answer = match answer.try_recv() {
                Ok(answer) => answer,
                Err(oneshot::error::TryRecvError::Empty) => return None,
                Err(oneshot::error::TryRecvError::Closed) => Err(StudyError::Ended),
            };
            let is_asked = asked == question;
            self.pending = None;
            if is_asked {
                return Some(answer);
            }
        }
        let (sender, answer) = oneshot::channel();
        if self.questions.send((question.clone(), sender)).is_err() {
            return Some(Err(StudyError::Ended));
        }
        self.pending = Some((question.clone(), answer));
        None
    }
}

fn study(subject: &Subject, conduct: &dyn Conduct, posts: &Receiver<Post>, news: &Notify) {
    let flaw = flaw(subject);
    let run = Run::new(subject, conduct);
    for (question, sender) in posts {
        let answer = match (&question, &run) {
            (Question::Findings, Ok(run)) => Ok(Reply::Findings(run.findings(subject, &flaw))),
            // A flaw is proven without a trace.
            (Question::Findings, Err(_)) if flaw.is_some() => Ok(Reply::Findings(Findings {
                flaw: flaw.clone(),
                roots: Vec::new(),
                root: [0; 32],
                is_digest_right: false,
                is_right: false,
            })),
            (Question::Move(board), Ok(run)) => next_move(&run.trace, &run.file, board, conduct)
                .map(Reply::Move)
                .map_err(StudyError::from),
            (_, Err(error)) => Err(StudyError::NoTrace(error.to_string())),
        };
        // Whoever asked may have gone.
        let _ = sender.send(answer);
        news.notify_one();
    }
}

/// What the thread works with.
struct Run<'a> {
    trace: Trace<'a>,
    file: ModelFile,
}

impl<'a> Run<'a> {
    fn new(subject: &'a Subject, conduct: &dyn Conduct) -> Result<Self, StudyError> {
        let Subject {
            result,
            prompt,
            output,
            model,
        } = subject;
        let work = Work::of(result, prompt);
        let started = Instant::now();
        let mut trace = match work.trace(&model.model, output, BUDGET) {
            Err(WorkError::Trace(TraceError::BudgetTooSmall { needed, .. })) => {
                let budget = MemoryBudget { bytes: needed };
                work.trace(&model.model, output, budget)?
            }
            trace => trace?,
        };
        conduct.trace(&mut trace);
        let trace_seconds = started.elapsed().as_secs_f64();
        let file = ModelFile::open(&model.path, &model.model)?;
        let seconds = started.elapsed().as_secs_f64();
        tracing::info!(
            job = result.job,
            seconds,
            trace_seconds,
            "dispute: trace rebuilt, model file read"
        );
        Ok(Self { trace, file })
    }

    fn findings(&self, subject: &Subject, flaw: &Option<(Flaw, Evidence)>) -> Findings {
        let roots = self.trace.roots();
        let is_digest_right = self.trace.digest() == subject.result.digest.0;
        Findings {
            flaw: flaw.clone(),
            roots: roots.tensors.clone(),
            root: roots.root(),
            is_digest_right,
            is_right: flaw.is_none() && is_digest_right && self.trace.unsampled().is_none(),
        }
    }
}

/// What contradicts itself in an answer, with the leaves that show it.
pub fn flaw(subject: &Subject) -> Option<(Flaw, Evidence)> {
    let Subject {
        result,
        prompt,
        output,
        model,
    } = subject;
    let header = model.model.header();
    let is_unknown = |&token: &u32| token >= header.vocabulary;
    // Nothing ends a picture early.
    let is_stop = |token: &u32| header.picture().is_none() && result.stop.contains(token);
    if let Some(index) = prompt.iter().position(is_unknown) {
        let index = index as u64;
        let opening = open_prompt(prompt, index / TOKENS_PER_LEAF)?;
        return Some((Flaw::UnknownInput(index), shown(opening)));
    }
    let (last, before) = output.split_last()?;
    let unknown = output.iter().position(is_unknown);
    let (flaw, index) = if let Some(index) = unknown {
        (Flaw::UnknownToken(index as u64), index)
    } else if let Some(index) = before.iter().position(is_stop) {
        (Flaw::EarlyStop(index as u64), index)
    } else if output.len() < result.max_output as usize && !is_stop(last) {
        (Flaw::EndsEarly, before.len())
    } else {
        return None;
    };
    let opening = open_output(output, index as u64 / TOKENS_PER_LEAF)?;
    Some((flaw, shown(opening)))
}

fn shown(opening: Opening) -> Evidence {
    Evidence {
        tensors: Vec::new(),
        leaves: vec![opening],
    }
}

/// A token list as it was published on chain; `None` if a chunk of it was not.
pub async fn published(
    client: &Client,
    dispute: &Dispute,
    result: &DeliveredResult,
    blob: Blob,
) -> Result<Option<Vec<u32>>, ChainError> {
    let mut tokens = Vec::new();
    for chunk in 0..token_chunks(result.list(blob).count) {
        let demand = dispute.demands.get(&(blob, chunk));
        let Some(block) = demand.and_then(|demand| demand.published) else {
            return Ok(None);
        };
        let state = client.at_number(block).await?;
        let Some(part) = state.published(result, blob, chunk).await? else {
            return Ok(None);
        };
        tokens.extend(part);
    }
    Ok(Some(tokens))
}

/// The answer of a result that this machine gave, computed again; `None` if it comes to another one.
pub fn answer_again(result: &DeliveredResult, prompt: &[u32], model: &Served) -> Option<Vec<u32>> {
    let run = Work::of(result, prompt).answer(&model.model, &mut |_| {});
    let tokens = run.ok()?.tokens;
    (blobs::token_root(&tokens) == result.output.root).then_some(tokens)
}

/// Why a result is false, by one prefill, or by making the picture again; `None` if it is right.
pub fn what_is_false(subject: &Subject) -> Option<String> {
    if let Some((flaw, _)) = flaw(subject) {
        return Some(format!("the answer contradicts itself: {flaw:?}"));
    }
    let Subject {
        result,
        prompt,
        output,
        model,
    } = subject;
    match Work::of(result, prompt).digest(&model.model, output) {
        Err(error) => Some(error.to_string()),
        Ok(digest) if digest != result.digest.0 => Some(format!(
            "the digest is {}, the result says {}",
            Hash(digest),
            result.digest
        )),
        Ok(_) => None,
    }
}
