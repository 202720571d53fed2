//! A whole trace: its roots, and whatever else is asked for.

use super::{
    grouped::GroupedTree,
    layers::{Hashing, Layers, Open},
    picture::Steps,
    plan::Plan,
    rows::{all, encode, hash, leaf_bytes, row_bytes},
    MemoryBudget, TraceError, TraceRequest, TraceRoots,
};
use crate::{
    forward::Pass,
    observer::{Observer, Rows},
    Blake2b256, Model, ModelHeader, RunError,
};
use aipg_exact::{
    trace::{Chosen, Job, Sampling, Tensor},
    tree::padded_leaf,
};
use rayon::prelude::*;
use std::{cell::RefCell, collections::BTreeMap, convert::Infallible, fmt, ops::Range};

/// The trace of a job: all roots, and every leaf, node and sum on demand.
pub struct Trace<'m> {
    pub(super) layers: Layers<'m>,
    pub(super) prompt: Vec<u32>,
    pub(super) sampling: Option<Sampling>,
    pub(super) output: Vec<u32>,
    pub(super) unsampled: Option<u32>,
    pub(super) trees: Vec<GroupedTree>,
    pub(super) roots: TraceRoots,
    tail: Tail,
    /// The steps of a picture.
    pub(super) steps: Option<Steps<'m>>,
    /// Leaves that are not what they should be, see [`Trace::falsify`].
    lies: BTreeMap<(Tensor, u64), Vec<u8>>,
    /// The layer that was asked for last.
    open: RefCell<Option<Open>>,
}

/// What belongs to the rows from which tokens are sampled, n of them.
#[derive(Default)]
struct Tail {
    /// Residual stream after the last layer, `[n, d]`.
    hidden: Vec<i32>,
    norms: Vec<u8>,
    inputs: Vec<u8>,
    chosen: Vec<u8>,
}

impl fmt::Debug for Trace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Trace")
            .field("job", &self.job())
            .field("plan", &self.layers.plan)
            .finish_non_exhaustive()
    }
}

impl Model {
    /// Rebuilds the trace of a job within a budget: a teacher-forced pass over prompt and output. The output
    /// may be any; the records say how its tokens stand.
    ///
    /// # Errors
    /// [`TraceError::Run`] if the prompt or the output is empty, has a token out of the vocabulary or
    /// exceeds the context; [`TraceError::BudgetTooSmall`].
    pub fn trace(
        &self,
        request: &TraceRequest<'_>,
        budget: MemoryBudget,
    ) -> Result<Trace<'_>, TraceError> {
        let TraceRequest { prompt, output, .. } = *request;
        if prompt.is_empty() {
            return Err(RunError::EmptyPrompt.into());
        }
        if output.is_empty() {
            return Err(RunError::NoOutput.into());
        }
        let mut tokens = [prompt, output].concat();
        self.check(&tokens, tokens.len() as u64)?;
        tokens.pop();
        let sampling = request.sampler.sampling();
        let job = Job {
            header: &self.header,
            prompt: prompt.len() as u32,
            output: output.len() as u32,
            sampling,
        };
        let layers = Layers {
            model: self,
            tokens,
            pass: Pass::Tokens,
            entering: None,
            plan: Plan::new(&job, budget)?,
            checkpoints: BTreeMap::new(),
        };
        let mut trace = Trace::empty(layers, &job, prompt, output);
        // Once inside the pool, cores are woken without a change of thread.
        let (layers, trees, tail) = (&mut trace.layers, &mut trace.trees, &mut trace.tail);
        trace.unsampled = rayon::scope(|_| {
            let hashing = &mut Hashing::new(job, trees);
            tail.hidden = stream_through(layers, prompt.len() - 1, hashing);
            tail.choose(layers, &job, output, hashing)
        });
        trace.finish(&job);
        Ok(trace)
    }
}

impl<'m> Trace<'m> {
    /// Before its first row.
    pub(super) fn empty(layers: Layers<'m>, job: &Job<'_>, prompt: &[u32], output: &[u32]) -> Self {
        Self {
            layers,
            prompt: prompt.to_vec(),
            sampling: job.sampling,
            output: output.to_vec(),
            unsampled: None,
            trees: trees(job),
            roots: TraceRoots {
                tensors: Vec::new(),
            },
            tail: Tail::default(),
            steps: None,
            lies: BTreeMap::new(),
            open: RefCell::new(None),
        }
    }

    /// Takes the roots of all trees.
    pub(super) fn finish(&mut self, job: &Job<'_>) {
        let roots = Tensor::all(job.header).zip(&self.trees);
        self.roots.tensors = roots
            .map(|(tensor, tree)| tree.root(&tensor.tree(job).1))
            .collect();
    }
}

fn trees(job: &Job<'_>) -> Vec<GroupedTree> {
    Tensor::all(job.header)
        .map(|tensor| GroupedTree::new(tensor.tree(job).0, tensor.leaves(job)))
        .collect()
}

/// Takes all rows through all layers, and returns those from `sampled` on.
fn stream_through(layers: &mut Layers<'_>, sampled: usize, observer: &mut Hashing<'_>) -> Vec<i32> {
    let width = layers.model.header.model_dimension as usize;
    let mut stream = layers.embedded();
    for rows in stream.chunks(layers.plan.rows * width) {
        observer.rows(Tensor::Embedded, Rows::Stream(rows));
    }
    for layer in 0..layers.model.layers.len() {
        if layer > 0 && layer.is_multiple_of(layers.plan.every) {
            layers.checkpoints.insert(layer, stream.clone());
        }
        layers.pass(layer, &mut stream, observer);
    }
    stream[sampled * width..].to_vec()
}

/// Keeps the rows of the final norm, and hashes them.
struct Final<'a, 'b> {
    header: &'a ModelHeader,
    hashing: &'a mut Hashing<'b>,
    norms: &'a mut Vec<u8>,
    inputs: &'a mut Vec<u8>,
}

impl Observer for Final<'_, '_> {
    const TENSORS: bool = true;

    fn rows(&mut self, tensor: Tensor, rows: Rows<'_>) {
        let bytes = encode(&rows, tensor.elements(self.header));
        match tensor {
            Tensor::FinalNorm => self.norms.extend_from_slice(&bytes),
            _ => self.inputs.extend_from_slice(&bytes),
        }
        self.hashing.push(tensor, bytes);
    }
}

impl Tail {
    /// How all tokens are chosen; returns the first that the model does not sample.
    fn choose(
        &mut self,
        layers: &Layers<'_>,
        job: &Job<'_>,
        output: &[u32],
        hashing: &mut Hashing<'_>,
    ) -> Option<u32> {
        let header = job.header;
        let room =
            |tensor: Tensor| Vec::with_capacity(output.len() * row_bytes(tensor.elements(header)));
        self.norms = room(Tensor::FinalNorm);
        self.inputs = room(Tensor::FinalInput);
        self.chosen = room(Tensor::Chosen);
        let vocabulary = header.vocabulary as usize;
        let rows = layers.plan.logit_rows;
        let mut unsampled = None;
        let hidden = self.hidden.chunks(rows * header.model_dimension as usize);
        for ((first, output), hidden) in (0..).step_by(rows).zip(output.chunks(rows)).zip(hidden) {
            let mut observer = Final {
                header,
                hashing,
                norms: &mut self.norms,
                inputs: &mut self.inputs,
            };
            let logits = layers.model.project_logits(hidden, &mut observer);
            let records: Vec<(Chosen, bool)> = logits
                .par_chunks_exact(vocabulary)
                .zip(output)
                .enumerate()
                .map(|(row, (logits, &given))| {
                    let ordinal = (first + row) as u32;
                    let choose = |given| Chosen::of(logits, job.sampling.as_ref(), ordinal, given);
                    let (sampled, record) = choose(None);
                    if sampled == given {
                        (record, true)
                    } else {
                        (choose(Some(given)).1, false)
                    }
                })
                .collect();
            let wrong = records.iter().position(|(_, sampled)| !sampled);
            unsampled = unsampled.or(wrong.map(|row| (first + row) as u32));
            let records: Vec<Chosen> = records.into_iter().map(|(record, _)| record).collect();
            let bytes = all(&records);
            self.chosen.extend_from_slice(&bytes);
            hashing.push(Tensor::Chosen, bytes);
        }
        unsampled
    }
}

impl Trace<'_> {
    /// The job.
    pub fn job(&self) -> Job<'_> {
        Job {
            header: &self.layers.model.header,
            prompt: self.prompt.len() as u32,
            output: self.output.len() as u32,
            sampling: self.sampling,
        }
    }

    /// Tokens of the prompt.
    pub fn prompt(&self) -> &[u32] {
        &self.prompt
    }

    /// Tokens of the output.
    pub fn output(&self) -> &[u32] {
        &self.output
    }

    /// Roots of all tensors.
    pub const fn roots(&self) -> &TraceRoots {
        &self.roots
    }

    /// Root of the residual stream after the last layer: the job's digest.
    pub fn digest(&self) -> [u8; 32] {
        let header = &self.layers.model.header;
        let digest = self.roots.tensor(header, Tensor::last(header));
        digest.unwrap_or_default()
    }

    /// The first output token that the model does not sample: the answer is right if there is none and
    /// it ends where the job says.
    pub const fn unsampled(&self) -> Option<u32> {
        self.unsampled
    }

    /// Bytes of all leaves: what whoever keeps them all needs at least.
    pub fn whole_bytes(&self) -> u64 {
        let job = self.job();
        let bytes = |tensor: Tensor| {
            let row = row_bytes(tensor.elements(job.header)) as u64;
            tensor.rows(&job) * row
        };
        Tensor::all(job.header).map(bytes).sum()
    }

    /// Bytes of a leaf, without the zeros that fill up one of the digest; `None` if there is no such leaf.
    pub fn leaf(&self, tensor: Tensor, index: u64) -> Option<Vec<u8>> {
        if !self.has(tensor) || index >= tensor.leaves(&self.job()) {
            return None;
        }
        if let Some(lie) = self.lies.get(&(tensor, index)) {
            return Some(lie.clone());
        }
        let elements = tensor.elements(&self.layers.model.header);
        let row = (index / elements.leaves() as u64) as usize;
        let range = leaf_bytes(elements, (index % elements.leaves() as u64) as usize);
        let mut leaf = Vec::new();
        self.visit(tensor, row..row + 1, |row| {
            leaf.extend_from_slice(&row[range.clone()]);
        });
        Some(leaf)
    }

    /// Hashes of the nodes `indices` of a tensor's tree, `level` levels above its leaves: those of them
    /// that stand for at least one leaf. Empty if the model has no such tensor.
    pub fn nodes(&self, tensor: Tensor, level: u32, indices: Range<u64>) -> Vec<[u8; 32]> {
        let Some(tree) = self.tree(tensor) else {
            return Vec::new();
        };
        let end = indices.end.min(tree.count(level));
        let indices = indices.start.min(end)..end;
        let hashes = |leaves| Ok::<_, Infallible>(self.hashes(tensor, leaves));
        match tree.nodes(level, &indices, hashes) {
            Ok(nodes) => nodes,
            Err(never) => match never {},
        }
    }

    /// Siblings of a leaf from it up to its tensor's root, see [`aipg_exact::tree::path`]; `None` if there
    /// is no such leaf.
    pub fn path(&self, tensor: Tensor, index: u64) -> Option<Vec<[u8; 32]>> {
        let tree = self.tree(tensor).filter(|tree| index < tree.leaves())?;
        let hashes = |leaves| Ok::<_, Infallible>(self.hashes(tensor, leaves));
        match tree.path(index, hashes) {
            Ok(path) => Some(path),
            Err(never) => match never {},
        }
    }

    fn has(&self, tensor: Tensor) -> bool {
        tensor.is_of(&self.layers.model.header)
    }

    fn tree(&self, tensor: Tensor) -> Option<&GroupedTree> {
        let number = tensor.number(&self.layers.model.header);
        let tree = self.trees.get(usize::try_from(number).ok()?);
        tree.filter(|_| self.has(tensor))
    }

    /// Hashes of consecutive leaves of a tensor.
    fn hashes(&self, tensor: Tensor, leaves: Range<u64>) -> Vec<[u8; 32]> {
        if leaves.is_empty() {
            return Vec::new();
        }
        let elements = tensor.elements(&self.layers.model.header);
        let (domain, _) = tensor.tree(&self.job());
        let each = elements.leaves() as u64;
        let first = leaves.start / each;
        let rows = first as usize..leaves.end.div_ceil(each) as usize;
        let mut hashes = Vec::with_capacity(rows.len() * each as usize);
        self.visit(tensor, rows, |rows| {
            hashes.extend(hash(domain, elements, rows));
        });
        hashes.truncate((leaves.end - first * each) as usize);
        hashes.drain(..(leaves.start - first * each) as usize);
        for (&(_, index), lie) in self
            .lies
            .range((tensor, leaves.start)..(tensor, leaves.end))
        {
            hashes[(index - leaves.start) as usize] = padded_leaf::<Blake2b256>(domain, lie);
        }
        hashes
    }

    /// Puts a lie in the place of a leaf: roots, nodes, paths and leaves are then those of a trace that is
    /// false there, while all that is computed from the leaf stays as it was. This is what a dishonest
    /// party stands for, in tests and demonstrations of disputes. `false` if there is no such leaf.
    pub fn falsify(&mut self, tensor: Tensor, index: u64, lie: Vec<u8>) -> bool {
        let Some(leaves) = self.tree(tensor).map(GroupedTree::leaves) else {
            return false;
        };
        if index >= leaves {
            return false;
        }
        self.lies.insert((tensor, index), lie);
        let (domain, shape) = tensor.tree(&self.job());
        let mut tree = GroupedTree::new(domain, leaves);
        tree.extend(&self.hashes(tensor, 0..leaves));
        let number = tensor.number(&self.layers.model.header) as usize;
        self.roots.tensors[number] = tree.root(&shape);
        self.trees[number] = tree;
        true
    }

    /// Shows the bytes of rows that a tensor has, some rows at a time.
    fn visit(&self, tensor: Tensor, rows: Range<usize>, mut visit: impl FnMut(&[u8]) + Send) {
        if let Some(steps) = &self.steps {
            return steps.visit(tensor, rows, &mut visit);
        }
        let header = &self.layers.model.header;
        let elements = tensor.elements(header);
        let each = row_bytes(elements);
        let tail = |bytes: &[u8], visit: &mut dyn FnMut(&[u8])| {
            visit(&bytes[rows.start * each..rows.end * each]);
        };
        let width = header.model_dimension as usize;
        let sampled = self.prompt.len() - 1;
        match tensor {
            Tensor::FinalNorm => tail(&self.tail.norms, &mut visit),
            Tensor::FinalInput => tail(&self.tail.inputs, &mut visit),
            Tensor::Chosen => tail(&self.tail.chosen, &mut visit),
            Tensor::Embedded => {
                for tokens in self.layers.tokens[rows].chunks(self.layers.plan.rows) {
                    let mut stream = Vec::with_capacity(tokens.len() * width);
                    self.layers.model.embed_tokens(tokens, &mut stream);
                    visit(&encode(&Rows::Stream(&stream), elements));
                }
            }
            Tensor::Layer(..) if tensor.is_digest(header) && rows.start >= sampled => {
                let stream = (rows.start - sampled) * width..(rows.end - sampled) * width;
                visit(&encode(&Rows::Stream(&self.tail.hidden[stream]), elements));
            }
            Tensor::Layer(layer, part) => {
                let open = &mut *self.open.borrow_mut();
                let layers = &self.layers;
                rayon::scope(|_| layers.visit(open, (layer, part), rows, visit));
            }
            // Of pictures.
            Tensor::Latent(_)
            | Tensor::PatchPeak(_)
            | Tensor::PatchInput(_)
            | Tensor::StepRows(_)
            | Tensor::StepNorm(_)
            | Tensor::StepInput(_) => {}
        }
    }

    /// A leaf as it is hashed: one of the digest filled up with zeros.
    pub fn hashed_leaf(&self, tensor: Tensor, index: u64) -> Option<Vec<u8>> {
        let mut leaf = self.leaf(tensor, index)?;
        let (domain, _) = tensor.tree(&self.job());
        leaf.resize(leaf.len().max(domain.leaf_length()), 0);
        Some(leaf)
    }
}
