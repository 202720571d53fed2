//! The claims about what a picture has beside the layers, and how they are decided.

use super::{
    arithmetic::{prepare_attended, quantise_part},
    claim::{Claim, Fault},
    decide::{holds, part_bounded},
    reader::{Inputs, Job, Reader},
    record::PeakRecord,
    tensor::{Tensor, CHUNK},
};
use crate::{
    arithmetic::saturate,
    header::Picture,
    layout::{input_mode, Weight},
    picture::{byte, noise, step},
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// What a leaf of a latent picture claims: noise, or what the step before made, and at the end the
/// output's bytes. The leaf has a number in its row, and columns.
pub(super) fn latent_claims(
    job: &Job<'_>,
    tensor: Tensor,
    row: u64,
    (leaf, columns): (usize, Range<usize>),
) -> Vec<Claim> {
    let Tensor::Latent(number) = tensor else {
        return Vec::new();
    };
    let Some(before) = number.checked_sub(1) else {
        return vec![Claim::Noise { row, chunk: leaf }];
    };
    let moved = columns.clone().map(|column| Claim::Moved {
        step: before,
        row,
        column,
    });
    let mut claims: Vec<Claim> = moved.collect();
    let steps = job.header.picture().map(|picture| picture.steps as usize);
    if steps == Some(number) {
        claims.extend(columns.map(|column| Claim::Pixel { row, column }));
    }
    claims
}

/// What a leaf of the rows of a step claims.
pub(super) fn step_row_claims(
    job: &Job<'_>,
    step: usize,
    row: u64,
    (leaf, columns): (usize, Range<usize>),
) -> Vec<Claim> {
    let patches = job.header.picture().map(|picture| picture.patches());
    if patches.is_some_and(|patches| row < patches.into()) {
        let each = columns.map(|column| Claim::PatchRow { step, row, column });
        return each.collect();
    }
    vec![Claim::PromptRow {
        step,
        row,
        chunk: leaf,
    }]
}

impl<I: Inputs> Reader<'_, I> {
    pub fn decide_picture(&self, claim: &Claim, values: &[i64]) -> Result<Vec<Claim>, Fault> {
        let picture = self.header().picture().ok_or(Fault::Unknown)?;
        match *claim {
            Claim::Noise { row, chunk } => {
                let found = self.stream(Tensor::Latent(0), row, chunk)?;
                let first = chunk.saturating_mul(CHUNK);
                let expected = self.noise(&picture, row, first, found.len())?;
                holds(expected == found)
            }
            Claim::Moved {
                step: number,
                row,
                column,
            } => {
                let x = self.element(Tensor::Latent(number), row, column)?;
                let after = Tensor::Latent(number.saturating_add(1));
                let found = self.element(after, row, column)?;
                let v = self.outputs(Weight::Output, number, row, column, values)?;
                let v = v.first().copied().unwrap_or(0);
                let (kappa, delta) = self.moves(number)?;
                holds(step(x, v, kappa, delta) == found)
            }
            Claim::Pixel { row, column } => {
                let last = Tensor::Latent(picture.steps as usize);
                let x = self.element(last, row, column)?;
                let token = picture.token(row, column).ok_or(Fault::Unknown)?;
                if token >= self.job.output {
                    return Err(Fault::Unknown);
                }
                let index = u64::from(self.job.prompt).saturating_add(token.into());
                holds(self.token(index)? == byte(x).into())
            }
            Claim::PatchPeak { step, row, chunk } => {
                let (u, _) = self.patch_chunk(step, row, chunk)?;
                let record = self.record(Tensor::PatchPeak(step), row, 0)?;
                let first = chunk.saturating_mul(CHUNK);
                let width = picture.patch_values() as usize;
                holds(part_bounded(&u, first, width, record))
            }
            Claim::PatchInput { step, row, chunk } => {
                let (u, wide) = self.patch_chunk(step, row, chunk)?;
                let record: PeakRecord = self.record(Tensor::PatchPeak(step), row, 0)?;
                let first = chunk.saturating_mul(CHUNK);
                let found = self.quantised(Tensor::PatchInput(step), row, first, CHUNK)?;
                holds(quantise_part(&u, record.peak, wide) == found)
            }
            Claim::PatchRow { step, row, column } => {
                let found = self.element(Tensor::StepRows(step), row, column)?;
                let place = self.patch_embedding(&picture, row, column / CHUNK)?;
                let place = place.get(column % CHUNK).ok_or(Fault::Unknown)?;
                let patch = self.outputs(Weight::Patch, step, row, column, values)?;
                let patch = patch.first().copied().unwrap_or(0);
                holds(saturate(i64::from(*place).saturating_add(patch.into())) == found)
            }
            Claim::PromptRow { step, row, chunk } => {
                let found = self.stream(Tensor::StepRows(step), row, chunk)?;
                holds(self.prompt_embedding(&picture, row, chunk)? == found)
            }
            _ => Err(Fault::Unknown),
        }
    }

    /// `count` values of a patch of the latent picture before the first step, from the value `first`.
    pub fn noise(
        &self,
        picture: &Picture,
        row: u64,
        first: usize,
        count: usize,
    ) -> Result<Vec<i32>, Fault> {
        let key = self.job.sampling.ok_or(Fault::Unknown)?.key;
        let before = row.saturating_mul(picture.patch_values().into());
        let start = before.saturating_add(first as u64);
        let start = u32::try_from(start).map_err(|_| Fault::Unknown)?;
        let skipped = (start % 4) as usize;
        let blocks = (start / 4..).flat_map(|block| noise(key, block));
        Ok(blocks.skip(skipped).take(count).collect())
    }

    /// A chunk of a patch, prepared, and whether it is quantised to 16 bits.
    pub fn patch_chunk(
        &self,
        step: usize,
        row: u64,
        chunk: usize,
    ) -> Result<(Vec<i64>, bool), Fault> {
        let x = self.stream(Tensor::Latent(step), row, chunk)?;
        let mode = input_mode(self.header(), Weight::Patch, step);
        Ok((prepare_attended(&x, mode.rotated), mode.wide))
    }

    /// A chunk of what the embedding has for a patch.
    pub fn patch_embedding(
        &self,
        picture: &Picture,
        row: u64,
        chunk: usize,
    ) -> Result<Vec<i32>, Fault> {
        if row >= picture.patches().into() {
            return Err(Fault::Unknown);
        }
        let id = u64::from(self.header().vocabulary).saturating_add(row);
        self.embedding_chunk(id as usize, chunk)
    }

    /// A chunk of the embedded prompt token of a row.
    pub fn prompt_embedding(
        &self,
        picture: &Picture,
        row: u64,
        chunk: usize,
    ) -> Result<Vec<i32>, Fault> {
        let index = row.checked_sub(picture.patches().into());
        match index {
            Some(index) if index < self.job.prompt.into() => self.embed_chunk(index, chunk),
            _ => Err(Fault::Unknown),
        }
    }
}
