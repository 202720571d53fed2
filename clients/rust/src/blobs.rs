//! Token lists in the node's blob store: fetched and checked, or published.
//!
//! A blob is the little-endian u32 ids of a token list and lives under the blake2b-256 of its
//! bytes. Nothing that a node or a requester says about it is believed: bytes, ids, count and
//! commitment are checked here before the job is claimed, because a claim asserts them.

use crate::{ChainError, Client, Hash, TokenList};
use aipg_exact::{commitment, Blake2b256, Hasher256};
use subxt::rpcs::{self, client::rpc_params};
use thiserror::Error;

/// Largest blob that a node keeps, in bytes.
pub const MAX_BLOB_LENGTH: usize = 4 * 1024 * 1024;

/// Code of the node's error `NotFound`: neither it nor the nodes that it asked have the blob.
const NOT_FOUND: i32 = 26_863;

/// Why a token list is not in hand.
#[derive(Debug, Error)]
pub enum BlobError {
    #[error("no blob {0} on the node")]
    Missing(Hash),
    #[error("the bytes of blob {expected} hash to {found}")]
    HashMismatch { expected: Hash, found: Hash },
    #[error("a blob of {length} bytes is no list of 32-bit tokens")]
    NotTokens { length: usize },
    #[error("the blob holds {found} tokens, the job says {expected}")]
    CountMismatch { expected: u32, found: usize },
    #[error("token {index} is {id}, but the vocabulary has {vocabulary} entries")]
    OutsideVocabulary {
        index: usize,
        id: u32,
        vocabulary: u32,
    },
    #[error("the tokens commit to {found}, the job says {expected}")]
    RootMismatch { expected: Hash, found: Hash },
    #[error("a blob of {length} bytes is over the limit of {MAX_BLOB_LENGTH}")]
    TooLarge { length: usize },
    #[error("the node's answer is no hexadecimal text")]
    BadReply,
    #[error(transparent)]
    Chain(#[from] ChainError),
}

impl BlobError {
    /// Whether what the requester committed to is not there, as against a node that cannot be
    /// asked. Only the former may be reported as an unavailable input.
    pub fn is_unavailable_input(&self) -> bool {
        !matches!(self, Self::BadReply | Self::Chain(_))
    }
}

impl From<BlobError> for ChainError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Chain(error) => error,
            error => Self::Node(error.to_string()),
        }
    }
}

/// The name of a blob.
pub fn hash(bytes: &[u8]) -> Hash {
    Hash(Blake2b256::hash(&[bytes]))
}

/// Root of a token list, which commits its length.
pub fn token_root(tokens: &[u32]) -> Hash {
    Hash(commitment::token_root::<Blake2b256>(tokens))
}

/// The bytes of a token list.
pub fn encode_tokens(tokens: &[u32]) -> Vec<u8> {
    tokens.iter().flat_map(|id| id.to_le_bytes()).collect()
}

/// The token list that `bytes` are.
pub fn decode_tokens(bytes: &[u8]) -> Result<Vec<u32>, BlobError> {
    let (ids, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(BlobError::NotTokens {
            length: bytes.len(),
        });
    }
    Ok(ids.iter().map(|id| u32::from_le_bytes(*id)).collect())
}

/// Checks the bytes of a blob against what the chain says of it; returns its token ids.
pub fn check(bytes: &[u8], list: &TokenList, vocabulary: u32) -> Result<Vec<u32>, BlobError> {
    if bytes.len() > MAX_BLOB_LENGTH {
        return Err(BlobError::TooLarge {
            length: bytes.len(),
        });
    }
    let found = hash(bytes);
    if found != list.blob {
        return Err(BlobError::HashMismatch {
            expected: list.blob,
            found,
        });
    }
    let tokens = decode_tokens(bytes)?;
    if u32::try_from(tokens.len()) != Ok(list.count) {
        return Err(BlobError::CountMismatch {
            expected: list.count,
            found: tokens.len(),
        });
    }
    if let Some((index, &id)) = tokens.iter().enumerate().find(|(_, &id)| id >= vocabulary) {
        return Err(BlobError::OutsideVocabulary {
            index,
            id,
            vocabulary,
        });
    }
    let found = token_root(&tokens);
    if found != list.root {
        return Err(BlobError::RootMismatch {
            expected: list.root,
            found,
        });
    }
    Ok(tokens)
}

/// What the chain is to know of `tokens`, and the bytes of their blob.
pub fn describe(tokens: &[u32]) -> Result<(TokenList, Vec<u8>), BlobError> {
    let bytes = encode_tokens(tokens);
    let too_large = BlobError::TooLarge {
        length: bytes.len(),
    };
    if bytes.len() > MAX_BLOB_LENGTH {
        return Err(too_large);
    }
    let count = u32::try_from(tokens.len()).map_err(|_| too_large)?;
    let list = TokenList {
        blob: hash(&bytes),
        root: token_root(tokens),
        count,
    };
    Ok((list, bytes))
}

/// Fetches the tokens of `list` from the node, which asks other nodes for what it lacks, `provider`
/// among them, and checks them.
pub async fn fetch(
    client: &Client,
    list: &TokenList,
    provider: Option<Hash>,
    vocabulary: u32,
) -> Result<Vec<u32>, BlobError> {
    let name = list.blob.to_string();
    let reply: Result<String, rpcs::Error> = client
        .rpc
        .request("blobs_get", rpc_params![&name, provider])
        .await;
    match reply {
        Ok(reply) => check(&decode_reply(&reply)?, list, vocabulary),
        Err(error) => Err(refusal(list.blob, error)),
    }
}

/// Fetches the input of a live `job` and checks it, as [`fetch`] does. If the node cannot give it the chain may: it
/// makes the prompts of public jobs, which nobody has stored, and keeps inputs that were demanded. What comes from
/// there is put onto the node, where others find it.
///
/// # Errors
/// As [`fetch`]; what the chain says has to be what the job commits to as well.
pub async fn fetch_input(
    client: &Client,
    job: u64,
    list: &TokenList,
    provider: Option<Hash>,
    vocabulary: u32,
) -> Result<Vec<u32>, BlobError> {
    let error = match fetch(client, list, provider, vocabulary).await {
        Ok(tokens) => return Ok(tokens),
        Err(BlobError::Chain(error @ ChainError::Transport(_))) => return Err(error.into()),
        Err(error) => error,
    };
    let tokens = match client.best().await?.public_input(job).await {
        Ok(Some(tokens)) => tokens,
        Err(error @ ChainError::Transport(_)) => return Err(error.into()),
        Ok(None) | Err(_) => return Err(error),
    };
    let tokens = check(&encode_tokens(&tokens), list, vocabulary)?;
    publish(client, &tokens).await?;
    Ok(tokens)
}

/// What it means that the node did not give a blob. That no node has it is told apart from one that
/// cannot be asked, or could not get it from those that have it.
fn refusal(blob: Hash, error: rpcs::Error) -> BlobError {
    match error {
        rpcs::Error::User(error) if error.code == NOT_FOUND => BlobError::Missing(blob),
        error => ChainError::of_request(error).into(),
    }
}

/// The bytes of a hexadecimal text.
fn decode_reply(reply: &str) -> Result<Vec<u8>, BlobError> {
    let digits = reply.strip_prefix("0x").ok_or(BlobError::BadReply)?;
    hex::decode(digits).map_err(|_| BlobError::BadReply)
}

/// Puts `tokens` onto the node, where requester and auditors find them. If they are there, the time for
/// which the node keeps them begins anew.
pub async fn publish(client: &Client, tokens: &[u32]) -> Result<TokenList, BlobError> {
    let (list, bytes) = describe(tokens)?;
    let text = format!("0x{}", hex::encode(&bytes));
    let name: String = client.request("blobs_put", rpc_params![text]).await?;
    if name != list.blob.to_string() {
        return Err(BlobError::BadReply);
    }
    Ok(list)
}

/// The name of the node in the network: who asks it finds what was published on it.
pub async fn provider(client: &Client) -> Result<Option<Hash>, ChainError> {
    client.request("blobs_provider", rpc_params![]).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOCABULARY: u32 = 272;

    fn list_of(tokens: &[u32]) -> (TokenList, Vec<u8>) {
        describe(tokens).unwrap()
    }

    /// The list that names exactly these bytes, whatever they hold.
    fn naming(bytes: &[u8], count: u32) -> TokenList {
        TokenList {
            blob: hash(bytes),
            root: Hash([0; 32]),
            count,
        }
    }

    #[test]
    fn hash_should_be_blake2b_256() {
        assert_eq!(
            hash(b"").to_string(),
            "0x0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"
        );
    }

    #[test]
    fn token_root_should_keep_its_vector() {
        assert_eq!(
            token_root(&[256, 72, 105, 257]).to_string(),
            "0xde8c887f3b130373c9e3dd37fab4c62c228f70ef6c3831c35841728e6a4dae8a"
        );
    }

    #[test]
    fn blob_should_pass_when_everything_matches() {
        let tokens = [256, 72, 105, 257];
        let (list, bytes) = list_of(&tokens);
        assert_eq!(check(&bytes, &list, VOCABULARY).unwrap(), tokens);
    }

    #[test]
    fn blob_should_be_refused_when_one_byte_differs() {
        let (list, bytes) = list_of(&[256, 72, 105, 257]);
        for position in 0..bytes.len() {
            let mut edited = bytes.clone();
            edited[position] ^= 1;
            let error = check(&edited, &list, VOCABULARY).unwrap_err();
            assert!(
                matches!(error, BlobError::HashMismatch { expected, .. } if expected == list.blob)
            );
            assert!(error.is_unavailable_input());
        }
    }

    #[test]
    fn blob_should_be_refused_when_its_length_is_no_multiple_of_four() {
        let bytes = [1, 0, 0, 0, 2];
        let error = check(&bytes, &naming(&bytes, 1), VOCABULARY).unwrap_err();
        assert!(matches!(error, BlobError::NotTokens { length: 5 }));
    }

    #[test]
    fn blob_should_be_refused_when_the_count_differs() {
        let (list, bytes) = list_of(&[1, 2, 3]);
        let error = check(&bytes, &TokenList { count: 4, ..list }, VOCABULARY).unwrap_err();
        assert!(matches!(
            error,
            BlobError::CountMismatch {
                expected: 4,
                found: 3
            }
        ));
    }

    #[test]
    fn blob_should_be_refused_when_a_token_is_outside_the_vocabulary() {
        let (list, bytes) = list_of(&[1, 271, 272]);
        let error = check(&bytes, &list, VOCABULARY).unwrap_err();
        assert!(matches!(
            error,
            BlobError::OutsideVocabulary {
                index: 2,
                id: 272,
                vocabulary: VOCABULARY
            }
        ));
    }

    #[test]
    fn blob_should_be_refused_when_the_commitment_differs() {
        let (list, bytes) = list_of(&[1, 2, 3]);
        let other = list_of(&[1, 2, 4]).0.root;
        let error = check(
            &bytes,
            &TokenList {
                root: other,
                ..list
            },
            VOCABULARY,
        )
        .unwrap_err();
        assert!(
            matches!(error, BlobError::RootMismatch { expected, found } if (expected, found) == (other, list.root))
        );
    }

    #[test]
    fn blob_should_be_refused_when_it_is_over_the_limit() {
        let bytes = vec![0; MAX_BLOB_LENGTH + 4];
        let error = check(&bytes, &naming(&bytes, 1), VOCABULARY).unwrap_err();
        assert!(matches!(error, BlobError::TooLarge { .. }));
        let tokens = vec![0; MAX_BLOB_LENGTH / 4 + 1];
        assert!(matches!(describe(&tokens), Err(BlobError::TooLarge { .. })));
    }

    #[test]
    fn reply_should_be_refused_when_it_is_no_hexadecimal_text() {
        assert_eq!(decode_reply("0x01ff").unwrap(), [1, 255]);
        for reply in ["", "01ff", "0x1", "0xzz"] {
            assert!(matches!(decode_reply(reply), Err(BlobError::BadReply)));
        }
    }

    #[test]
    fn node_errors_should_not_be_blamed_on_the_requester() {
        assert!(BlobError::Missing(Hash([1; 32])).is_unavailable_input());
        let said = |code: i32| {
            let text = format!(r#"{{"code":{code},"message":"x"}}"#);
            refusal(
                Hash([1; 32]),
                rpcs::Error::User(serde_json::from_str(&text).unwrap()),
            )
        };
        assert!(matches!(said(26_863), BlobError::Missing(_)));
        // Other nodes have it and did not deliver it: nothing is known about the input.
        for code in [26_866, 26_869, 26_870] {
            assert!(!said(code).is_unavailable_input());
        }
        assert!(!BlobError::BadReply.is_unavailable_input());
        assert!(!BlobError::Chain(ChainError::Node("disk".into())).is_unavailable_input());
        assert!(!BlobError::Chain(ChainError::Transport("gone".into())).is_unavailable_input());
    }
}
