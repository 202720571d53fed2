//! Token lists of jobs that somebody demanded, and what was published of them.

use super::{generated, DeliveredResult};
use crate::{ChainError, Hash, State, TokenList};
use aipg_exact::{commitment::is_token_chunk, Blake2b256};
use codec::{Decode, Encode};
use subxt::utils::AccountId32;

/// Most chunks that one call demands.
pub const MAX_DEMANDED: usize = 8;

/// A token list of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blob {
    /// What the requester sent.
    Prompt,
    /// What the worker delivered.
    Output,
}

impl From<Blob> for generated::Blob {
    fn from(blob: Blob) -> Self {
        match blob {
            Blob::Prompt => Self::Prompt,
            Blob::Output => Self::Output,
        }
    }
}

impl From<generated::Blob> for Blob {
    fn from(blob: generated::Blob) -> Self {
        match blob {
            generated::Blob::Prompt => Self::Prompt,
            generated::Blob::Output => Self::Output,
        }
    }
}

impl DeliveredResult {
    /// The node that should have a token list of the job.
    pub const fn provider(&self, blob: Blob) -> Option<Hash> {
        match blob {
            Blob::Prompt => self.input_provider,
            Blob::Output => self.output_provider,
        }
    }

    /// What the chain says of it.
    pub const fn list(&self, blob: Blob) -> &TokenList {
        match blob {
            Blob::Prompt => &self.input,
            Blob::Output => &self.output,
        }
    }
}

/// A chunk that somebody could not find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    pub account: AccountId32,
    /// Block in which it was published.
    pub published: Option<u32>,
}

impl From<generated::Demand<AccountId32, u32>> for Demand {
    fn from(record: generated::Demand<AccountId32, u32>) -> Self {
        Self {
            account: record.account,
            published: record.published,
        }
    }
}

impl State {
    /// The tokens of a chunk that was published in this block; `None` if it was not.
    pub async fn published(
        &self,
        result: &DeliveredResult,
        blob: Blob,
        chunk: u32,
    ) -> Result<Option<Vec<u32>>, ChainError> {
        let extrinsics = self.block().extrinsics().fetch().await;
        let extrinsics = extrinsics.map_err(ChainError::of_read)?;
        for extrinsic in extrinsics.iter() {
            let extrinsic = extrinsic.map_err(ChainError::of_read)?;
            let found = find(extrinsic.bytes(), result, blob, chunk);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

/// The chunk that a transaction publishes.
///
/// The call may be wrapped in others (a batch, say), which would hide it from whoever looks at the outermost
/// one. So its arguments are looked for in the bytes, and the chunk's own proof tells the true one from what
/// only looks like it, such as a call that failed.
fn find(transaction: &[u8], result: &DeliveredResult, blob: Blob, chunk: u32) -> Option<Vec<u32>> {
    let list = result.list(blob);
    let variant = match blob {
        Blob::Prompt => 0u8,
        Blob::Output => 1,
    };
    let place = (result.job, variant, chunk).encode();
    let mut rest = transaction;
    while let Some(at) = rest.windows(place.len()).position(|it| it == place) {
        let mut arguments = rest.get(at.saturating_add(place.len())..)?;
        let decoded = <(Vec<u32>, Vec<[u8; 32]>)>::decode(&mut arguments);
        if let Ok((tokens, path)) = decoded {
            let (root, count) = (&list.root.0, list.count);
            if is_token_chunk::<Blake2b256>(root, count, chunk, &tokens, &path) {
                return Some(tokens);
            }
        }
        rest = rest.get(at.saturating_add(1)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{blobs::token_root, Hash, Sampling, TokenList};
    use aipg_exact::commitment::token_chunk;
    use subxt::utils::AccountId32;

    fn result(output: &[u32]) -> DeliveredResult {
        let list = |tokens: &[u32]| TokenList {
            blob: Hash([0; 32]),
            root: token_root(tokens),
            count: tokens.len() as u32,
        };
        DeliveredResult {
            job: 7,
            worker: AccountId32([1; 32]),
            model: Hash([2; 32]),
            input: list(&[5, 6]),
            output: list(output),
            input_provider: None,
            output_provider: None,
            digest: Hash([3; 32]),
            max_output: 9,
            stop: Vec::new(),
            seed: 0,
            sampling: Sampling::Greedy,
            delivered: 1,
        }
    }

    /// The bytes of a call that publishes a chunk, as the runtime encodes it.
    fn call(tokens: &[u32], chunk: u32) -> Vec<u8> {
        let (part, path) = token_chunk::<Blake2b256>(tokens, chunk).unwrap();
        (23u8, 13u8, 7u64, 1u8, chunk, part, path).encode()
    }

    #[test]
    fn chunk_should_be_found_wherever_its_call_is() {
        let tokens: Vec<u32> = (0..5_000).collect();
        let result = result(&tokens);
        let found = |bytes: &[u8], chunk| find(bytes, &result, Blob::Output, chunk);
        let second = call(&tokens, 1);
        assert_eq!(found(&second, 1).unwrap(), tokens[2_048..4_096]);
        // Two calls in a batch, with a signature before them.
        let batch = (vec![9u8; 90], [call(&tokens, 0), second.clone()].concat()).encode();
        assert_eq!(found(&batch, 0).unwrap(), tokens[..2_048]);
        assert_eq!(found(&batch, 1).unwrap(), tokens[2_048..4_096]);
        assert_eq!(found(&batch, 2), None);
        assert_eq!(find(&second, &result, Blob::Prompt, 1), None);
    }

    #[test]
    fn chunk_should_be_told_from_one_that_failed() {
        let tokens: Vec<u32> = (0..3_000).collect();
        let mut others = tokens.clone();
        others[2_500] += 1;
        let result = result(&tokens);
        let both = [call(&others, 1), call(&tokens, 1)].concat();
        let found = find(&both, &result, Blob::Output, 1);
        assert_eq!(found.unwrap(), tokens[2_048..]);
        assert_eq!(find(&call(&others, 1), &result, Blob::Output, 1), None);
        let short = call(&tokens, 1);
        assert_eq!(find(&short[..500], &result, Blob::Output, 1), None);
    }
}
