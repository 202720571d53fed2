//! The trace of a picture, one step after the other.

use super::{Replay, ReplayError, Sections};
use crate::{
    header::{ModelHeader, Picture},
    layout::{Norm, Weight},
    picture::{byte, step},
    trace::{
        arithmetic::quantise_part,
        reader::Sampling,
        record::{PeakRecord, Record},
        tensor::{Part, Tensor, CHUNK},
    },
};
use alloc::vec::Vec;

impl<'a> Replay<'a> {
    /// Makes the picture of a prompt and a seed's [`key`](crate::picture::key).
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn paint(
        header: &'a ModelHeader,
        sections: Sections<'a>,
        prompt: &[u32],
        key: [u32; 2],
    ) -> Result<Self, ReplayError> {
        let Some(picture) = header.picture() else {
            return Err(ReplayError::NoPictureModel);
        };
        let sampling = Some(Sampling::of_picture(key));
        let mut replay = Self::begin(header, sections, prompt, sampling)?;
        let rows = (picture.patches() as usize).saturating_add(prompt.len());
        replay.check(prompt, rows)?;
        let mut latent: Vec<Vec<i32>> = (0..picture.patches().into())
            .map(|row| {
                let values = picture.patch_values() as usize;
                replay.read(|reader| reader.noise(&picture, row, 0, values))
            })
            .collect();
        for number in 0..picture.steps as usize {
            replay.take_step(&picture, number, &mut latent);
        }
        replay.push_latent(picture.steps as usize, &latent);
        let values: Vec<i32> = latent.into_iter().flatten().collect();
        replay.output = (0..picture.values())
            .filter_map(|token| {
                let index = picture.latent_index(token)?;
                values.get(index as usize).map(|&x| byte(x).into())
            })
            .collect();
        Ok(replay)
    }

    /// The trace of a picture beside another output, right or not: no other leaf depends on it.
    pub fn beside(mut self, output: Vec<u32>) -> Self {
        self.output = output;
        self
    }

    fn push_latent(&mut self, number: usize, latent: &[Vec<i32>]) {
        for row in latent {
            self.push_stream(Tensor::Latent(number), row);
        }
    }

    fn take_step(&mut self, picture: &Picture, number: usize, latent: &mut [Vec<i32>]) {
        self.push_latent(number, latent);
        self.quantise_patches(picture, number);
        let mut streams = self.step_rows(picture, number);
        let layers = self.header.layers as usize;
        let first = number.saturating_mul(layers);
        for pass in first..first.saturating_add(layers) {
            self.pass(pass, &mut streams);
        }
        let (kappa, delta) = self.read(|reader| reader.moves(number));
        for (row, (values, stream)) in (0u64..).zip(latent.iter_mut().zip(&streams)) {
            self.normalise(Norm::Step(number), stream, row);
            let velocity = self.outputs(Weight::Output, number, row);
            for (x, v) in values.iter_mut().zip(velocity) {
                *x = step(*x, v, kappa, delta);
            }
        }
    }

    /// The quantised patches that enter a step.
    fn quantise_patches(&mut self, picture: &Picture, number: usize) {
        let chunks = (picture.patch_values() as usize).div_ceil(CHUNK);
        for row in 0..picture.patches().into() {
            let mut wide = false;
            let mut u = Vec::new();
            for chunk in 0..chunks {
                let (part, mode) = self.read(|reader| reader.patch_chunk(number, row, chunk));
                u.extend(part);
                wide = mode;
            }
            let record = PeakRecord::of(&u);
            self.push(Tensor::PatchPeak(number), record.encode());
            let quantised = quantise_part(&u, record.peak, wide);
            self.push_quantised(Tensor::PatchInput(number), &quantised);
        }
    }

    /// The rows that enter the first layer in a step: patches, then the prompt.
    fn step_rows(&mut self, picture: &Picture, number: usize) -> Vec<Vec<i32>> {
        let chunks = (self.header.model_dimension as usize).div_ceil(CHUNK);
        let patches = u64::from(picture.patches());
        let rows = self.job().rows();
        (0..rows)
            .map(|row| {
                let mut stream = Vec::new();
                for chunk in 0..chunks {
                    stream.extend(self.read(|reader| match row < patches {
                        true => reader.patch_embedding(picture, row, chunk),
                        false => reader.prompt_embedding(picture, row, chunk),
                    }));
                }
                if row < patches {
                    self.add_update(Weight::Patch, number, row, &mut stream);
                }
                self.push_stream(Tensor::StepRows(number), &stream);
                stream
            })
            .collect()
    }

    /// All rows through a layer.
    fn pass(&mut self, pass: usize, streams: &mut [Vec<i32>]) {
        let (heads, groups) = (self.header.heads, self.header.key_value_heads);
        for (row, stream) in (0u64..).zip(streams.iter()) {
            self.normalise(Norm::Attention(pass), stream, row);
            self.heads(Part::Queries, Weight::Query, pass, row, heads as usize);
            self.heads(Part::Keys, Weight::Key, pass, row, groups as usize);
            self.heads(Part::Values, Weight::Value, pass, row, groups as usize);
        }
        for (row, stream) in (0u64..).zip(streams.iter_mut()) {
            self.finish_layer(pass, row, stream);
        }
    }
}
