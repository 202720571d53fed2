//! Whole models by the portable replay of `aipg-exact`, without threads, vectors or the standard library.

use crate::{
    job::{Generate, Generated, Paint},
    sampling::Sampling,
    Implementation,
};
use aipg_exact::{
    commitment,
    header::{ModelHeader, HEADER_LENGTH},
    layout::{section_lengths, FILE_MAGIC},
    picture, sampling,
    trace::{self, Replay, Sections, Tensor},
    Hasher256,
};
use alloc::{
    format,
    string::{String, ToString},
};
use core::marker::PhantomData;

/// Every operation on the calls of `aipg-exact` alone.
pub struct Portable<H>(PhantomData<H>);

impl<H: Hasher256> Implementation for Portable<H> {
    type Hasher = H;

    fn generate(job: Generate) -> Result<Generated, String> {
        let (header, sections) = model::<H>(&job.model.0)?;
        let how = how::<H>(&job.sampling)?;
        let replay = Replay::new(&header, sections, &job.prompt, how)
            .and_then(|replay| replay.generate(job.max_output, &job.stop))
            .map_err(|error| error.to_string())?;
        let tokens = replay.output().to_vec();
        Ok(Generated {
            model_root: header.root::<H>(),
            // The last token of the output is not processed.
            positions: (job.prompt.len() as u32)
                .saturating_add(tokens.len() as u32)
                .saturating_sub(1),
            tokens,
            digest: replay.root::<H>(Tensor::last(&header)),
        })
    }

    fn paint(job: Paint) -> Result<Generated, String> {
        let (header, sections) = model::<H>(&job.model.0)?;
        let key = picture::key::<H>(job.seed);
        let replay = Replay::paint(&header, sections, &job.prompt, key)
            .map_err(|error| error.to_string())?;
        let rows = u32::try_from(replay.job().rows()).unwrap_or(u32::MAX);
        Ok(Generated {
            model_root: header.root::<H>(),
            positions: rows.saturating_mul(header.norm_lists()),
            tokens: replay.output().to_vec(),
            digest: replay.root::<H>(Tensor::last(&header)),
        })
    }
}

fn how<H: Hasher256>(sampling: &Sampling) -> Result<Option<trace::Sampling>, String> {
    let parameters = sampling.parameters().map_err(|error| error.to_string())?;
    Ok(parameters.map(|parameters| trace::Sampling {
        parameters,
        key: sampling::key::<H>(sampling.seed),
    }))
}

/// Header and sections of a model file, checked in the order of the specification.
fn model<H: Hasher256>(file: &[u8]) -> Result<(ModelHeader, Sections<'_>), String> {
    let (magic, rest) = file.split_first_chunk().ok_or("Truncated")?;
    if magic != FILE_MAGIC {
        return Err("BadMagic".into());
    }
    let (root, rest) = rest.split_first_chunk().ok_or("Truncated")?;
    let (header, rest) = rest.split_at_checked(HEADER_LENGTH).ok_or("Truncated")?;
    let header = ModelHeader::decode(header).map_err(|error| format!("BadHeader: {error}"))?;
    if header.root::<H>() != *root {
        return Err("ModelRootMismatch".into());
    }
    let lengths = section_lengths(&header);
    let (scales, rest) = section(rest, lengths.scales)?;
    let (tables, rest) = section(rest, lengths.tables)?;
    let (weights, rest) = section(rest, lengths.weights)?;
    let sections = Sections {
        scales,
        tables,
        weights,
    };
    if !rest.is_empty() {
        return Err("WrongLength".into());
    }
    if commitment::scale_root::<H>(sections.scales) != header.scales {
        return Err("ScaleRootMismatch".into());
    }
    if commitment::table_root::<H>(sections.tables) != header.tables {
        return Err("TableRootMismatch".into());
    }
    if commitment::weight_root::<H>(&header, sections.weights) != header.weights {
        return Err("WeightRootMismatch".into());
    }
    Ok((header, sections))
}

/// A section of `length` bytes and what follows it.
fn section(bytes: &[u8], length: u64) -> Result<(&[u8], &[u8]), &'static str> {
    let length = usize::try_from(length).map_err(|_| "Truncated")?;
    bytes.split_at_checked(length).ok_or("Truncated")
}
