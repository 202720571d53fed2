//! Blobs between nodes, over real networks of both backends: what honest nodes do, what those that
//! answer may try, and what those that ask may try.

mod honest;
mod hostile_askers;
mod hostile_holders;
mod network;
mod nodes;
mod raw;

/// The two network backends of a node.
mod backends {
    pub type Litep2p = sc_network::Litep2pNetworkBackend;
    pub type Libp2p = sc_network::NetworkWorker<aipg_runtime::opaque::Block, sp_core::H256>;
}

/// Makes of each `async fn name<N: NetworkBackend<…>>()` a test on libp2p and one on litep2p.
macro_rules! on_both_backends {
    ($($name:ident),+ $(,)?) => {
        mod on_libp2p {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name::<crate::backends::Libp2p>().await;
                }
            )+
        }

        mod on_litep2p {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name::<crate::backends::Litep2p>().await;
                }
            )+
        }
    };
}
pub(crate) use on_both_backends;
