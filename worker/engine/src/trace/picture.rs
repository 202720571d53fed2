//! Traces of pictures: one step after the other, each rebuilt from the latent picture before it.

use super::{
    layers::{Hashing, Layers, Open},
    plan::Plan,
    rows::{encode, row_bytes},
    MemoryBudget, Trace, TraceError,
};
use crate::{
    forward::Pass,
    observer::{Observer, Rows},
    picture::{noise_of, pixels_of},
    Blake2b256, Model, ModelHeader, RunError,
};
use aipg_exact::{
    header::Picture,
    picture::key,
    trace::{Job, Part, Sampling, Tensor},
};
use std::{cell::RefCell, collections::BTreeMap, ops::Range};

/// A picture's job and its answer, right or not.
#[derive(Clone, Copy, Debug)]
pub struct PictureRequest<'a> {
    /// The prompt's tokens, at least one.
    pub prompt: &'a [u32],
    /// The job's.
    pub seed: u64,
    /// The output: a byte for each value of the picture.
    pub output: &'a [u32],
}

/// What all steps of a picture are rebuilt from.
pub(super) struct Steps<'m> {
    model: &'m Model,
    plan: Plan,
    /// Ids of the embedding's rows that make the rows of a step, and these rows, `[R, d]`.
    ids: Vec<u32>,
    embedded: Vec<i32>,
    /// The latent picture `[N, c]` before each step, and the finished one.
    latents: Vec<Vec<i32>>,
    /// The step that was asked for last.
    open: RefCell<Option<OpenStep>>,
}

/// A step that is at hand.
struct OpenStep {
    number: usize,
    /// The rows that enter its first layer, `[R, d]`.
    entering: Vec<i32>,
    /// The layer that was asked for last.
    layer: Option<Open>,
}

/// Keeps the bytes of one tensor.
struct Kept<'a> {
    header: &'a ModelHeader,
    tensor: Tensor,
    bytes: Vec<u8>,
}

impl Observer for Kept<'_> {
    const TENSORS: bool = true;

    fn rows(&mut self, tensor: Tensor, rows: Rows<'_>) {
        if tensor == self.tensor {
            self.bytes
                .extend(encode(&rows, tensor.elements(self.header)));
        }
    }
}

impl Model {
    /// Rebuilds the trace of a picture's job within a budget. The output may be any: no other leaf depends
    /// on it.
    ///
    /// # Errors
    /// [`TraceError::Run`] if the model makes no pictures, the prompt does not fit it, or the output has
    /// another length than its pictures; [`TraceError::BudgetTooSmall`].
    pub fn trace_picture(
        &self,
        request: &PictureRequest<'_>,
        budget: MemoryBudget,
    ) -> Result<Trace<'_>, TraceError> {
        let PictureRequest {
            prompt,
            seed,
            output,
        } = *request;
        let picture = self.check_picture(prompt)?;
        if output.len() != picture.values() as usize {
            return Err(RunError::OutputLength {
                found: output.len(),
                expected: picture.values(),
            }
            .into());
        }
        let job = Job {
            header: &self.header,
            prompt: prompt.len() as u32,
            output: picture.values(),
            sampling: Some(Sampling::of_picture(key::<Blake2b256>(seed))),
        };
        let plan = Plan::of_picture(&job, budget)?;
        let (ids, embedded) = self.picture_rows(picture.patches(), prompt);
        let mut steps = Steps {
            model: self,
            plan,
            ids,
            embedded,
            latents: Vec::new(),
            open: RefCell::new(None),
        };
        let mut trace = Trace::empty(steps.layers(0, None), &job, prompt, output);
        let trees = &mut trace.trees;
        // Once inside the pool, cores are woken without a change of thread.
        rayon::scope(|_| steps.run(&picture, seed, &mut Hashing::new(job, trees)));
        let finished = steps.latents.last();
        let pixels = finished.map_or_else(Vec::new, |latent| pixels_of(&picture, latent));
        let pairs = pixels.iter().zip(output);
        let wrong = pairs.map(|(&byte, &token)| u32::from(byte) != token);
        trace.unsampled = (0..).zip(wrong).find_map(|(at, wrong)| wrong.then_some(at));
        trace.steps = Some(steps);
        trace.finish(&job);
        Ok(trace)
    }
}

impl<'m> Steps<'m> {
    /// Takes the noise through all steps, and keeps the latent pictures.
    fn run(&mut self, picture: &Picture, seed: u64, observer: &mut Hashing<'_>) {
        let mut latent = noise_of(seed, picture.values() as usize);
        for number in 0..picture.steps as usize {
            self.latents.push(latent.clone());
            let rows = (self.ids.as_slice(), self.embedded.as_slice());
            self.model.picture_step(number, rows, &mut latent, observer);
        }
        let finished = Tensor::Latent(picture.steps as usize);
        observer.rows(finished, Rows::Stream(&latent));
        self.latents.push(latent);
    }

    /// The layers of a step.
    fn layers(&self, number: usize, entering: Option<Vec<i32>>) -> Layers<'m> {
        Layers {
            model: self.model,
            tokens: self.ids.clone(),
            pass: Pass::Step(number),
            entering,
            plan: self.plan,
            checkpoints: BTreeMap::new(),
        }
    }

    /// Shows the bytes of rows that a tensor has.
    pub fn visit(
        &self,
        tensor: Tensor,
        rows: Range<usize>,
        visit: &mut (impl FnMut(&[u8]) + Send),
    ) {
        let header = &self.model.header;
        let elements = tensor.elements(header);
        let each = row_bytes(elements);
        let kept = |bytes: &[u8], visit: &mut dyn FnMut(&[u8])| {
            visit(&bytes[rows.start * each..rows.end * each]);
        };
        match tensor {
            Tensor::Latent(number) => {
                kept(
                    &encode(&Rows::Stream(&self.latents[number]), elements),
                    visit,
                );
            }
            Tensor::PatchPeak(number) | Tensor::PatchInput(number) | Tensor::StepRows(number) => {
                let mut observer = self.keeping(tensor);
                let latent = &self.latents[number];
                self.model
                    .enter_step(number, &self.embedded, latent, &mut observer);
                kept(&observer.bytes, visit);
            }
            Tensor::StepNorm(number) | Tensor::StepInput(number) => {
                let hidden = self.of_patches(number);
                let mut observer = self.keeping(tensor);
                self.model
                    .project_output(Pass::Step(number), &hidden, &mut observer);
                kept(&observer.bytes, visit);
            }
            Tensor::Layer(pass, part) => self.visit_layer(pass, part, rows, visit),
            // Of text.
            Tensor::Embedded | Tensor::FinalNorm | Tensor::FinalInput | Tensor::Chosen => {}
        }
    }

    fn keeping(&self, tensor: Tensor) -> Kept<'_> {
        Kept {
            header: &self.model.header,
            tensor,
            bytes: Vec::new(),
        }
    }

    /// The patches' rows after the last layer of a step, `[N, d]`.
    fn of_patches(&self, number: usize) -> Vec<i32> {
        let layers = self.model.layers.len();
        let patches = self.latents[number].len() / self.model.output.channels();
        let mut hidden = Vec::new();
        let last = number * layers + layers - 1;
        self.visit_layer(last, Part::Output, 0..patches, &mut |bytes: &[u8]| {
            let numbers = bytes.as_chunks::<4>().0.iter();
            hidden.extend(numbers.map(|&x| i32::from_le_bytes(x)));
        });
        hidden
    }

    fn visit_layer(
        &self,
        pass: usize,
        part: Part,
        rows: Range<usize>,
        visit: &mut impl FnMut(&[u8]),
    ) {
        let layers = self.model.layers.len();
        let (number, layer) = (pass / layers, pass % layers);
        let state = &mut *self.open.borrow_mut();
        if state.as_ref().is_none_or(|open| open.number != number) {
            // What was open goes before room is taken for the next.
            *state = None;
            let latent = &self.latents[number];
            let entering = self
                .model
                .enter_step(number, &self.embedded, latent, &mut ());
            *state = Some(OpenStep {
                number,
                entering,
                layer: None,
            });
        }
        if let Some(open) = state {
            let mut layers = self.layers(number, Some(std::mem::take(&mut open.entering)));
            layers.visit(&mut open.layer, (layer, part), rows, visit);
            open.entering = layers.entering.take().unwrap_or_default();
        }
    }
}
