//! What those may try that ask for blobs.

use std::time::Duration;

use aipg_node::blobs::exchange::{
    wire::{Reply, Request, CHUNKS_PER_REPLY, MOST_REPLY},
    Allowance, Limits,
};
use aipg_runtime::opaque::Block;
use codec::{DecodeAll, Encode};
use futures::{stream, StreamExt};
use sc_network::NetworkBackend;
use sp_core::H256;

use crate::{
    nodes::{blob, memory_in_use, Node, Stranger},
    on_both_backends,
    raw::{Behaviour, RawPeer},
};

on_both_backends!(
    asker_should_be_banned_when_its_request_is_garbage,
    service_should_stay_alive_when_requests_are_too_large,
    asker_should_be_banned_when_it_floods,
    asker_should_get_its_share_and_be_banned_when_it_asks_on,
    all_askers_together_should_get_no_more_than_their_share,
    asker_that_does_not_read_should_hold_back_nobody_else,
    service_should_stay_alive_when_requests_never_end,
);

/// A node, an honest one that asks it for blobs, and a stranger that is connected to it.
async fn asked<N: NetworkBackend<Block, H256>>(limits: Limits) -> (Node, Node, Stranger) {
    let node = Node::start::<N>(limits).await;
    let honest = Node::start::<N>(Limits::default()).await;
    let stranger = Stranger::start::<N>().await;
    honest.meet(&[&node.network]).await;
    stranger.meet(&node).await;
    (node, honest, stranger)
}

fn chunks(blob: H256, first: u16) -> Vec<u8> {
    Request::Chunks {
        blob,
        first,
        count: CHUNKS_PER_REPLY,
        hashes: false,
    }
    .encode()
}

async fn asker_should_be_banned_when_its_request_is_garbage<N: NetworkBackend<Block, H256>>() {
    let (node, honest, _) = asked::<N>(Limits::default()).await;
    let mut too_many = chunks(H256::zero(), 0);
    too_many[35..37].copy_from_slice(&(CHUNKS_PER_REPLY + 1).to_le_bytes());
    let mut none = chunks(H256::zero(), 0);
    none[35..37].copy_from_slice(&[0, 0]);
    for garbage in [
        vec![],
        vec![0],
        vec![2; 33],
        vec![0; 34],
        vec![1; 37],
        vec![255; 64],
        too_many,
        none,
    ] {
        let stranger = Stranger::start::<N>().await;
        stranger.meet(&node).await;
        let outcome = stranger.send(&node, garbage.clone()).await;
        assert!(outcome.is_err(), "{garbage:?}");
        // An empty request does not reach the protocol on every backend.
        if !garbage.is_empty() {
            node.until_banned(stranger.network.id).await;
            let request = Request::Has(H256::zero()).encode();
            stranger.send(&node, request).await.unwrap_err();
        }
    }
    assert!(node.counted("offences_total", Some("WrongRequest")) >= 7);
    honest.assert_gets_a_blob_from(&node).await;
}

async fn service_should_stay_alive_when_requests_are_too_large<N: NetworkBackend<Block, H256>>() {
    let (node, honest, stranger) = asked::<N>(Limits::default()).await;
    let before = memory_in_use();
    for length in [65, 1000, 1 << 20, MOST_REPLY, 32 << 20] {
        for _ in 0..3 {
            stranger.send(&node, vec![0; length]).await.unwrap_err();
            stranger.meet(&node).await;
        }
    }
    assert_eq!(node.counted("replies_total", Some("Chunks")), 0);
    assert_eq!(node.counted("replies_total", Some("Absent")), 0);
    assert!(memory_in_use() < before + (400 << 20));
    honest.assert_gets_a_blob_from(&node).await;
}

async fn asker_should_be_banned_when_it_floods<N: NetworkBackend<Block, H256>>() {
    let (node, honest, stranger) = asked::<N>(Limits::default()).await;
    let before = memory_in_use();
    let request = Request::Has(H256::repeat_byte(1)).encode();
    let flood = stream::iter(0..5000)
        .map(|_| stranger.send(&node, request.clone()))
        .buffer_unordered(100)
        .filter(|outcome| std::future::ready(outcome.is_ok()))
        .count();
    let service = async {
        // The other one is served meanwhile; a queue full of the flood may cost it a try.
        for _ in 0..3 {
            honest.assert_gets_a_blob_from(&node).await;
        }
    };
    let (answered, ()) = futures::join!(flood, service);
    assert!(answered < 1500, "{answered}");
    node.until_banned(stranger.network.id).await;
    assert!(node.counted("offences_total", Some("Flood")) > 10);
    assert!(!node.is_banned(honest.network.id));
    assert!(memory_in_use() < before + (400 << 20));
    honest.assert_gets_a_blob_from(&node).await;
}

async fn asker_should_get_its_share_and_be_banned_when_it_asks_on<
    N: NetworkBackend<Block, H256>,
>() {
    const SHARE: u64 = 8 << 20;
    let (node, honest, stranger) = asked::<N>(Limits {
        peer_bytes: Allowance::per(SHARE, Duration::from_secs(3600)),
        ..Limits::default()
    })
    .await;
    let (bytes, name) = blob(4_194_304);
    node.store.put(&bytes).unwrap();
    let (mut taken, mut busy, mut refused) = (0, 0, 0);
    for round in 0..400u16 {
        match stranger.send(&node, chunks(name, round % 8 * 32)).await {
            Ok(reply) => match Reply::decode_all(&mut &reply[..]).unwrap() {
                Reply::Chunks { bytes, .. } => taken += bytes.len() as u64,
                Reply::Busy => busy += 1,
                other => panic!("{other:?}"),
            },
            Err(_) => refused += 1,
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // The blob was read once for it, 4 MiB, so as much is left for what is sent.
    assert_eq!(taken, SHARE - bytes.len() as u64);
    assert_eq!(busy, 64);
    assert!(refused > 250, "{refused}");
    node.until_banned(stranger.network.id).await;
    assert!(node.counted("offences_total", Some("Greed")) > 10);
    honest.assert_gets_a_blob_from(&node).await;
}

async fn all_askers_together_should_get_no_more_than_their_share<N: NetworkBackend<Block, H256>>() {
    const SHARE: u64 = 6 << 20;
    let (node, honest, stranger) = asked::<N>(Limits {
        all_bytes: Allowance::per(SHARE, Duration::from_secs(3600)),
        ..Limits::default()
    })
    .await;
    let (bytes, name) = blob(4_194_304);
    node.store.put(&bytes).unwrap();
    for part in 0..4 {
        let reply = stranger.send(&node, chunks(name, part * 32)).await.unwrap();
        assert!(matches!(
            Reply::decode_all(&mut &reply[..]),
            Ok(Reply::Chunks { .. })
        ));
    }
    let other = Stranger::start::<N>().await;
    other.meet(&node).await;
    for asker in [&stranger, &other] {
        for _ in 0..30 {
            let reply = asker.send(&node, chunks(name, 0)).await.unwrap();
            assert_eq!(Reply::decode_all(&mut &reply[..]), Ok(Reply::Busy));
        }
        assert!(
            node.reputation(asker.network.id) >= 0,
            "it is not its fault"
        );
    }
    let has = stranger.send(&node, Request::Has(name).encode()).await;
    assert_eq!(has.unwrap(), Reply::Present { length: 4_194_304 }.encode());
    assert!(!node.is_banned(honest.network.id));
}

async fn asker_that_does_not_read_should_hold_back_nobody_else<N: NetworkBackend<Block, H256>>() {
    let (node, honest, _) = asked::<N>(Limits {
        reply_time: Duration::from_secs(3),
        ..Limits::default()
    })
    .await;
    let (bytes, name) = blob(4_194_304);
    node.store.put(&bytes).unwrap();
    let before = memory_in_use();
    let request = chunks(name, 0).try_into().unwrap();
    let raw = RawPeer::start(&node.network, Behaviour::AskAndDoNotRead(request), 60).await;
    for _ in 0..5 {
        honest.assert_gets_a_blob_from(&node).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let sent = node.counted("replies_total", Some("Chunks"));
    let untaken = async {
        while node.counted("offences_total", Some("UntakenReply")) == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), untaken)
        .await
        .expect("nothing was left untaken");
    assert!(node.reputation(raw.id) < 0);
    // Two for each blob of the honest one, and four for the other.
    assert!(sent <= 10 + 4, "{sent}");
    assert!(node.counted("replies_total", Some("Busy")) > 0);
    assert!(memory_in_use() < before + (400 << 20));
    honest.assert_gets_a_blob_from(&node).await;
}

async fn service_should_stay_alive_when_requests_never_end<N: NetworkBackend<Block, H256>>() {
    let (node, honest, _) = asked::<N>(Limits {
        reply_time: Duration::from_secs(2),
        ..Limits::default()
    })
    .await;
    let before = memory_in_use();
    let mut peers = Vec::new();
    for behaviour in [
        Behaviour::EndlessBytes,
        Behaviour::EndlessLength,
        Behaviour::HugeLength,
        Behaviour::Drip,
        Behaviour::Silence,
        Behaviour::Close,
    ] {
        peers.push(RawPeer::start(&node.network, behaviour, 20).await);
    }
    for _ in 0..10 {
        honest.assert_gets_a_blob_from(&node).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let used = memory_in_use();
    assert!(used < before + (400 << 20), "{before} {used}");
    assert!(!node.is_banned(honest.network.id));
    drop(peers);
}
