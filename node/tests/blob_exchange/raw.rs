//! A peer that writes what it likes into the streams of the protocol, not through a network service.

use std::{sync::Arc, time::Duration};

use litep2p::{
    codec::ProtocolCodec,
    config::ConfigBuilder,
    protocol::{Direction, TransportEvent, TransportService, UserProtocol},
    substream::Substream,
    transport::tcp::config::Config as TcpConfig,
    types::protocol::ProtocolName,
    Litep2p,
};
use sc_network::PeerId;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
    task::JoinHandle,
};

use crate::network::{self, Network};

/// What it does with a stream, whoever has opened it.
#[derive(Debug, Clone, Copy)]
pub enum Behaviour {
    /// Writes without end, after a length that the network takes.
    EndlessBytes,
    /// Writes a length that never ends.
    EndlessLength,
    /// Announces 8 EiB.
    HugeLength,
    /// Announces a message of the right size and writes a byte of it every 100 ms.
    Drip,
    /// Keeps the stream open and writes nothing.
    Silence,
    /// Closes the stream in the middle of a message.
    Close,
    /// Sends this request and leaves the reply where it is.
    AskAndDoNotRead([u8; 38]),
}

impl Behaviour {
    async fn act(self, mut stream: Substream) {
        const FOREVER: Duration = Duration::from_secs(3600);
        // LEB128: 48 bytes, and the largest number of 63 bits.
        const SMALL: [u8; 1] = [48];
        const HUGE: [u8; 9] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
        let outcome: std::io::Result<()> = async {
            match self {
                Self::EndlessBytes => {
                    stream.write_all(&SMALL).await?;
                    let bytes = vec![3; 64 * 1024];
                    loop {
                        stream.write_all(&bytes).await?;
                    }
                }
                Self::EndlessLength => loop {
                    stream.write_all(&[0xff; 1024]).await?;
                },
                Self::HugeLength => {
                    stream.write_all(&HUGE).await?;
                    let bytes = vec![3; 64 * 1024];
                    loop {
                        stream.write_all(&bytes).await?;
                    }
                }
                Self::Drip => {
                    stream.write_all(&SMALL).await?;
                    loop {
                        stream.write_all(&[0]).await?;
                        stream.flush().await?;
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
                Self::Silence => tokio::time::sleep(FOREVER).await,
                Self::Close => {
                    stream.write_all(&SMALL).await?;
                    stream.write_all(&[1, 2, 3]).await?;
                    stream.shutdown().await?;
                }
                Self::AskAndDoNotRead(request) => {
                    stream.write_all(&[request.len() as u8]).await?;
                    stream.write_all(&request).await?;
                    stream.flush().await?;
                    // The beginning of the reply, so that it is known to be on its way.
                    let _ = stream.read_u8().await;
                    tokio::time::sleep(FOREVER).await;
                }
            }
            Ok(())
        }
        .await;
        // The other side has ended it, as it should.
        drop(outcome);
    }
}

struct Protocol {
    name: ProtocolName,
    behaviour: Behaviour,
    streams: usize,
    connected: mpsc::UnboundedSender<()>,
}

#[async_trait::async_trait]
impl UserProtocol for Protocol {
    fn protocol(&self) -> ProtocolName {
        self.name.clone()
    }

    fn codec(&self) -> ProtocolCodec {
        ProtocolCodec::UnsignedVarint(None)
    }

    async fn run(self: Box<Self>, mut service: TransportService) -> litep2p::Result<()> {
        use futures::StreamExt;
        while let Some(event) = service.next().await {
            match event {
                TransportEvent::ConnectionEstablished { peer, .. } => {
                    for _ in 0..self.streams {
                        // Refused by the other side, or the connection is closed: both are right.
                        let _ = service.open_substream(peer);
                    }
                    let _ = self.connected.send(());
                }
                TransportEvent::SubstreamOpened {
                    substream,
                    direction,
                    ..
                } => {
                    let is_asked = matches!(direction, Direction::Inbound);
                    let behaviour = self.behaviour;
                    tokio::spawn(async move {
                        let mut substream = substream;
                        if is_asked {
                            // The request: a length below 128 and that many bytes.
                            let length = substream.read_u8().await.unwrap_or(0);
                            let mut request = vec![0; length.into()];
                            let _ = substream.read_exact(&mut request).await;
                        }
                        behaviour.act(substream).await;
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A connected peer; it ends with the value.
pub struct RawPeer {
    pub id: PeerId,
    task: JoinHandle<()>,
}

impl RawPeer {
    /// Connects to `network`, opens so many streams, and behaves.
    pub async fn start(network: &Network, behaviour: Behaviour, streams: usize) -> Self {
        let (connected, mut connections) = mpsc::unbounded_channel();
        let name: Arc<str> = Arc::from(network::protocol().to_string());
        let protocol = Protocol {
            name: name.into(),
            behaviour,
            streams,
            connected,
        };
        let config = ConfigBuilder::new()
            .with_tcp(TcpConfig::default())
            .with_user_protocol(Box::new(protocol))
            .with_keep_alive_timeout(Duration::from_secs(600))
            .build();
        let mut peer = Litep2p::new(config).unwrap();
        let id = PeerId::from(*peer.local_peer_id());
        let mut address = network.address.to_string();
        if !address.contains("/p2p/") {
            address = format!("{address}/p2p/{}", network.id);
        }
        peer.dial_address(address.parse().unwrap()).await.unwrap();
        let task = tokio::spawn(async move { while peer.next_event().await.is_some() {} });
        let wait = Duration::from_secs(30);
        tokio::time::timeout(wait, connections.recv())
            .await
            .expect("no connection")
            .unwrap();
        // The other side hears of the connection at about the same time.
        tokio::time::sleep(Duration::from_millis(300)).await;
        Self { id, task }
    }
}

impl Drop for RawPeer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
