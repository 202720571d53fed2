//! What the AI Power Grid full node is made of besides the wiring of a Substrate node.
//!
//! | module | what it does |
//! |---|---|
//! | [`cli`] | the command line: what can be asked of the binary |
//! | [`chain_spec`] | the chains that the binary knows by name, and those given as files |
//! | [`genesis`] | the files from which the public network starts |
//! | [`session_keys`] | the keys of an authority |
//! | [`blobs`] | the content-addressed store for job inputs and outputs |
//! | [`finality`] | what the blocks that the node makes say of finality |
//! | [`receipts`] | proofs of what became of finished jobs |
//!
//! The wiring (`command`, `service`, `rpc`) belongs to the binary: its generic code takes minutes to
//! compile, and apart from the library it is compiled once and not again for the unit tests.
//!
//! The node holds no number of the protocol: block time, epoch length, authorities and balances
//! are all in the runtime and its genesis presets, and the node asks the runtime for them.

pub mod blobs;
pub mod chain_spec;
pub mod cli;
pub mod finality;
pub mod genesis;
pub mod receipts;
pub mod session_keys;
