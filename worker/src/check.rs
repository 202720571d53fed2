//! Checking somebody else's result: one prefill over prompt and answer, compared bit for bit.
//!
//! Nothing is asked of the node or of the worker that delivered: model, prompt, answer and digest
//! are all there is to know.

use crate::models::ModelsError;
use aipg_client::Hash;
use aipg_engine::{blob, Model, RunError, Sampler};
use std::{
    io,
    path::{Path, PathBuf},
};
use thiserror::Error;

/// Why a result does not stand, or could not be checked.
#[derive(Debug, Error)]
pub enum CheckError {
    #[error(transparent)]
    Model(#[from] ModelsError),
    #[error("cannot read {path}: {error}", path = .path.display())]
    Read { path: PathBuf, error: io::Error },
    #[error("{path}: {error}", path = .path.display())]
    NotTokens {
        path: PathBuf,
        error: blob::BlobError,
    },
    #[error("`{0}` is no digest: 0x and 64 hexadecimal digits")]
    BadDigest(String),
    #[error("WrongResult: {0}")]
    WrongResult(RunError),
    #[error("DigestMismatch: the run has digest {found}, the result claims {claimed}")]
    DigestMismatch { claimed: Hash, found: Hash },
}

/// Replays the answer in the file `output` to the prompt in the file `input` (blobs as the node
/// serves them) and compares the digest with `claimed`. `sampler` is that of the job; of a picture, which is made
/// again, `seed` is what counts. Returns the number of positions compared.
pub fn check(
    model: &Path,
    input: &Path,
    output: &Path,
    claimed: &str,
    sampler: &Sampler,
    seed: u64,
) -> Result<u64, CheckError> {
    let claimed =
        Hash::from_hex(claimed).ok_or_else(|| CheckError::BadDigest(claimed.to_owned()))?;
    let model = Model::load(model).map_err(|error| ModelsError::Load {
        path: model.to_owned(),
        error,
    })?;
    let (prompt, answer) = (tokens(input)?, tokens(output)?);
    let picture = model.header().picture();
    let found = match picture {
        Some(_) => model.replay_picture(&prompt, seed, &answer),
        None => model.replay(&prompt, &answer, sampler),
    };
    let found = found.map_err(CheckError::WrongResult)?;
    let found = Hash(found);
    if found != claimed {
        return Err(CheckError::DigestMismatch { claimed, found });
    }
    let asked = prompt.len() as u64;
    Ok(match picture {
        Some(picture) => u64::from(picture.steps) * (u64::from(picture.patches()) + asked),
        None => asked + answer.len() as u64 - 1,
    })
}

fn tokens(path: &Path) -> Result<Vec<u32>, CheckError> {
    let bytes = std::fs::read(path).map_err(|error| CheckError::Read {
        path: path.to_owned(),
        error,
    })?;
    blob::decode_tokens(&bytes).map_err(|error| CheckError::NotTokens {
        path: path.to_owned(),
        error,
    })
}
