//! What can go wrong between a program and the chain, sorted by what to do about it.

use crate::Hash;
use subxt::{
    error::{
        AccountNonceError, BackendError, EventsError, ExtrinsicError, RpcError, RuntimeApiError,
        StorageError, TransactionEventsError,
    },
    rpcs,
};
use thiserror::Error;

/// A failed read or call.
#[derive(Debug, Error)]
pub enum ChainError {
    /// Reconnect and look at the chain again; whether a call was included is not known.
    #[error("the connection to the node failed: {0}")]
    Transport(String),
    /// The node answered that it cannot; ask again at a later block.
    #[error("the node could not answer: {0}")]
    Node(String),
    /// Nothing helps but another build of the program.
    #[error("the node's runtime differs from the one that this program was built for ({0}); update this program or the node")]
    Incompatible(String),
    /// The transaction pool did not take the call, or dropped it; nothing was paid.
    #[error("{call} was refused by the node: {reason}")]
    Refused { call: String, reason: String },
    /// The pool did not take the call because of its nonce: an older one is used already, or the
    /// pool holds a call with the same one. The chain tells which.
    #[error("{call} was refused by the node for its nonce: {reason}")]
    NonceConflict { call: String, reason: String },
    /// The call can never be included: another call used its nonce, or its time is over. Look at
    /// the chain again before another one is signed for the same purpose.
    #[error("{call} can no longer be included: its nonce is used or its time is over")]
    Superseded { call: String },
    /// The call is in a block and failed; its fee is paid.
    #[error("{call} failed: {error}")]
    Dispatch { call: String, error: String },
    /// The call was sent, but no block holds it yet.
    #[error("{call} was in no block after {seconds} s")]
    NotIncluded { call: String, seconds: u64 },
    /// The node is still catching up: what it tells is of the past.
    #[error("the node is still syncing (block {best}, {peers} peers)")]
    Syncing { best: u32, peers: usize },
    /// The node is one of another chain.
    #[error("OtherChain: the node's genesis is {found}, expected {expected}")]
    OtherChain { expected: Hash, found: Hash },
    /// The node no longer has the state of an old block.
    #[error("the node no longer has the state of that block: {0}")]
    Pruned(String),
}

/// Codes of the transaction pool (`sc_rpc`'s author errors) that concern nonces: the call is known
/// and was taken out (1012), it is in the pool (1013), the pool holds another one with its nonce
/// (1014).
const NONCE_CODES: [i32; 3] = [1012, 1013, 1014];
/// Code of a call that is not valid; the detail says why.
const INVALID: i32 = 1010;

impl ChainError {
    /// Whether a new connection is needed.
    pub fn is_transport(&self) -> bool {
        matches!(self, Self::Transport(_))
    }

    /// Sorts an error of a read.
    pub fn of_read(error: impl Into<subxt::Error>) -> Self {
        Self::sort("read", error.into())
    }

    /// Sorts an error of signing `call`.
    pub fn of_call(call: &str, error: impl Into<subxt::Error>) -> Self {
        Self::sort(call, error.into())
    }

    /// Sorts an error of handing `call` to the pool.
    pub fn of_submission(call: &str, error: rpcs::Error) -> Self {
        let rpcs::Error::User(error) = error else {
            return Self::of_request(error);
        };
        let (call, reason) = (call.to_owned(), refusal(&error));
        let is_of_nonce = NONCE_CODES.contains(&error.code)
            || error.code == INVALID && (reason.contains("outdated") || reason.contains("future"));
        match is_of_nonce {
            true => Self::NonceConflict { call, reason },
            false => Self::Refused { call, reason },
        }
    }

    /// Sorts an error of a plain RPC request.
    pub fn of_request(error: rpcs::Error) -> Self {
        match error {
            rpcs::Error::User(error) if is_pruned(&refusal(&error)) => Self::Pruned(error.message),
            rpcs::Error::User(error) => Self::Node(error.to_string()),
            error @ (rpcs::Error::Deserialization(_) | rpcs::Error::Decode(_)) => {
                Self::Incompatible(error.to_string())
            }
            error => Self::Transport(error.to_string()),
        }
    }

    fn sort(call: &str, error: subxt::Error) -> Self {
        use subxt::Error;
        let text = error.to_string();
        if is_pruned(&text) {
            return Self::Pruned(text);
        }
        match error {
            Error::TransactionEventsError(TransactionEventsError::ExtrinsicFailed(error)) => {
                Self::Dispatch {
                    call: call.to_owned(),
                    error: error.to_string(),
                }
            }
            Error::ExtrinsicError(ExtrinsicError::AccountNonceError {
                reason: AccountNonceError::CouldNotRetrieve(error),
                ..
            }) => Self::of_backend(error),
            Error::ExtrinsicError(ExtrinsicError::CannotGetBlockBody(error)) => {
                Self::of_backend(error)
            }
            Error::ExtrinsicError(
                error @ (ExtrinsicError::IncompatibleCodegen
                | ExtrinsicError::PalletNameNotFound(_)
                | ExtrinsicError::CallNameNotFound { .. }),
            ) => Self::Incompatible(error.to_string()),
            Error::RuntimeApiError(RuntimeApiError::CannotCallApi(error)) => {
                Self::of_backend(error)
            }
            Error::RuntimeApiError(error) => Self::Incompatible(error.to_string()),
            Error::EventsError(EventsError::CannotFetchEventBytes(error)) => {
                Self::of_backend(error)
            }
            Error::EventsError(error) => Self::Incompatible(error.to_string()),
            Error::BackendError(error) => Self::of_backend(error),
            Error::StorageError(
                StorageError::CannotFetchValue(error)
                | StorageError::CannotIterateValues(error)
                | StorageError::StreamFailure(error),
            ) => Self::of_backend(error),
            Error::StorageError(error) => Self::Incompatible(error.to_string()),
            Error::ConstantError(error) => Self::Incompatible(error.to_string()),
            Error::OtherRpcClientError(error) => Self::of_request(error),
            error => Self::Transport(error.to_string()),
        }
    }

    fn of_backend(error: BackendError) -> Self {
        match error {
            BackendError::Rpc(RpcError::ClientError(error)) => Self::of_request(error),
            BackendError::Rpc(RpcError::LimitReached) => Self::Node("limit reached".into()),
            error => Self::Transport(error.to_string()),
        }
    }
}

/// Whether the node says that it has dropped the state of a block.
fn is_pruned(text: &str) -> bool {
    // Reading and pinning say it with different capitals.
    text.to_ascii_lowercase()
        .contains("state already discarded")
}

/// The pool's message with the detail that it puts into the data field.
fn refusal(error: &rpcs::UserError) -> String {
    match &error.data {
        Some(data) => format!("{}: {}", error.message, data.get().trim_matches('"')),
        None => error.message.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use subxt::error::DispatchError;

    fn user_error(data: &str) -> rpcs::Error {
        let text = format!(r#"{{"code": 1010, "message": "Invalid Transaction", "data": {data}}}"#);
        rpcs::Error::User(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn pool_refusal_should_keep_its_reason() {
        match ChainError::of_submission("claim", user_error("\"Inability to pay some fees\"")) {
            ChainError::Refused { call, reason } => {
                assert_eq!(call, "claim");
                assert_eq!(reason, "Invalid Transaction: Inability to pay some fees");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pool_refusal_should_be_told_apart_when_it_concerns_the_nonce() {
        let of_nonce = |error| {
            matches!(
                ChainError::of_submission("claim", error),
                ChainError::NonceConflict { .. }
            )
        };
        for detail in [
            "Transaction is outdated",
            "Transaction will be valid in the future",
        ] {
            assert!(of_nonce(user_error(&format!("\"{detail}\""))), "{detail}");
        }
        for (code, message) in [
            (1012, "Transaction is temporarily banned"),
            (1013, "Transaction is already in the pool"),
            (1014, "Priority is too low: (100 vs 100)"),
        ] {
            let text = format!(r#"{{"code": {code}, "message": "{message}"}}"#);
            assert!(
                of_nonce(rpcs::Error::User(serde_json::from_str(&text).unwrap())),
                "{message}"
            );
        }
        assert!(!of_nonce(user_error("\"Transaction has a bad signature\"")));
        assert!(!of_nonce(rpcs::Error::Client("connection closed".into())));
    }

    #[test]
    fn read_should_say_that_a_state_is_pruned() {
        let text = r#"{"code": 4003, "message": "Client error: UnknownBlock: State already discarded for 0x12"}"#;
        let error = || rpcs::Error::User(serde_json::from_str(text).unwrap());
        assert!(matches!(
            ChainError::of_request(error()),
            ChainError::Pruned(_)
        ));
        let call = RuntimeApiError::CannotCallApi(error().into());
        assert!(matches!(ChainError::of_read(call), ChainError::Pruned(_)));
    }

    #[test]
    fn failed_call_should_name_the_dispatch_error() {
        let error = TransactionEventsError::ExtrinsicFailed(DispatchError::BadOrigin);
        match ChainError::of_call("claim", error) {
            ChainError::Dispatch { call, error } => {
                assert_eq!((call.as_str(), error.as_str()), ("claim", "Bad origin."));
            }
            other => panic!("{other:?}"),
        }
    }

    fn lost() -> BackendError {
        rpcs::Error::Client("connection closed".into()).into()
    }

    #[test]
    fn connection_lost_while_storage_is_read_should_be_made_again() {
        let failures = [
            StorageError::CannotFetchValue(lost()),
            StorageError::CannotIterateValues(lost()),
            StorageError::StreamFailure(lost()),
        ];
        for failure in failures {
            let told = failure.to_string();
            assert!(ChainError::of_read(failure).is_transport(), "{told}");
        }
    }

    #[test]
    fn reads_should_tell_lost_connections_from_answers_and_from_other_runtimes() {
        assert!(ChainError::of_read(lost()).is_transport());
        let answered = RuntimeApiError::CannotCallApi(user_error("null").into());
        assert!(matches!(ChainError::of_read(answered), ChainError::Node(_)));
        let other = RuntimeApiError::IncompatibleCodegen;
        assert!(matches!(
            ChainError::of_read(other),
            ChainError::Incompatible(_)
        ));
        let call = ExtrinsicError::IncompatibleCodegen;
        assert!(matches!(
            ChainError::of_call("claim", call),
            ChainError::Incompatible(_)
        ));
    }
}
