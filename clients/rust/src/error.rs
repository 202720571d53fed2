//! What can go wrong between a program and the chain, sorted by what to do about it.

use subxt::{
    error::{BackendError, ExtrinsicError, RpcError, RuntimeApiError, TransactionEventsError},
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
    Refused { call: &'static str, reason: String },
    /// The call is in a block and failed; its fee is paid.
    #[error("{call} failed: {error}")]
    Dispatch { call: &'static str, error: String },
    /// The call is in the pool but in no block yet.
    #[error("{call} was in no block after {seconds} s")]
    NotIncluded { call: &'static str, seconds: u64 },
}

impl ChainError {
    /// Whether a new connection is needed.
    pub fn is_transport(&self) -> bool {
        matches!(self, Self::Transport(_))
    }

    /// Sorts an error of a read.
    pub fn of_read(error: impl Into<subxt::Error>) -> Self {
        Self::sort("read", error.into())
    }

    /// Sorts an error of submitting or watching `call`.
    pub fn of_call(call: &'static str, error: impl Into<subxt::Error>) -> Self {
        Self::sort(call, error.into())
    }

    /// Sorts an error of a plain RPC request.
    pub fn of_request(error: rpcs::Error) -> Self {
        match error {
            rpcs::Error::User(error) => Self::Node(error.to_string()),
            error @ (rpcs::Error::Deserialization(_) | rpcs::Error::Decode(_)) => {
                Self::Incompatible(error.to_string())
            }
            error => Self::Transport(error.to_string()),
        }
    }

    fn sort(call: &'static str, error: subxt::Error) -> Self {
        use subxt::Error;
        match error {
            Error::TransactionEventsError(TransactionEventsError::ExtrinsicFailed(error)) => {
                Self::Dispatch {
                    call,
                    error: error.to_string(),
                }
            }
            Error::TransactionStatusError(error) => Self::Refused {
                call,
                reason: error.to_string(),
            },
            Error::ExtrinsicError(ExtrinsicError::ErrorSubmittingTransaction(
                BackendError::Rpc(RpcError::ClientError(rpcs::Error::User(error))),
            )) => Self::Refused {
                call,
                reason: refusal(&error),
            },
            Error::ExtrinsicError(
                error @ (ExtrinsicError::IncompatibleCodegen
                | ExtrinsicError::PalletNameNotFound(_)
                | ExtrinsicError::CallNameNotFound { .. }),
            ) => Self::Incompatible(error.to_string()),
            Error::RuntimeApiError(RuntimeApiError::CannotCallApi(error)) => {
                Self::of_backend(error)
            }
            Error::RuntimeApiError(error) => Self::Incompatible(error.to_string()),
            Error::BackendError(error) => Self::of_backend(error),
            Error::StorageError(subxt::error::StorageError::CannotFetchValue(error)) => {
                Self::of_backend(error)
            }
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
    use subxt::error::{DispatchError, TransactionStatusError};

    fn user_error(data: &str) -> rpcs::Error {
        let text = format!(r#"{{"code": 1010, "message": "Invalid Transaction", "data": {data}}}"#);
        rpcs::Error::User(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn pool_refusal_should_keep_its_reason() {
        let error = ExtrinsicError::ErrorSubmittingTransaction(
            user_error("\"Inability to pay some fees\"").into(),
        );
        match ChainError::of_call("claim", error) {
            ChainError::Refused {
                call: "claim",
                reason,
            } => {
                assert_eq!(reason, "Invalid Transaction: Inability to pay some fees");
            }
            other => panic!("{other:?}"),
        }
        let dropped = TransactionStatusError::Dropped("pool is full".into());
        assert!(matches!(
            ChainError::of_call("claim", dropped),
            ChainError::Refused { .. }
        ));
    }

    #[test]
    fn failed_call_should_name_the_dispatch_error() {
        let error = TransactionEventsError::ExtrinsicFailed(DispatchError::BadOrigin);
        match ChainError::of_call("claim", error) {
            ChainError::Dispatch {
                call: "claim",
                error,
            } => assert_eq!(error, "Bad origin."),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_should_tell_lost_connections_from_answers_and_from_other_runtimes() {
        let lost = rpcs::Error::Client("connection closed".into());
        assert!(ChainError::of_read(BackendError::from(lost)).is_transport());
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
