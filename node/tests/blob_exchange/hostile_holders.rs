//! What those may try that are asked for a blob.

use std::time::Duration;

use aipg_node::blobs::exchange::{
    wire::{Reply, Request, MOST_FRAME},
    FetchError, Limits,
};
use aipg_runtime::opaque::Block;
use codec::Encode;
use sc_network::NetworkBackend;
use sp_core::H256;

use crate::{
    nodes::{blob, memory_in_use, serve, served, Node, Stranger},
    on_both_backends,
    raw::{Behaviour, RawPeer},
};

on_both_backends!(
    liar_should_be_banned_when_the_bytes_have_another_name,
    liar_should_be_banned_at_once_when_a_chunk_is_not_what_it_vouched_for,
    peer_should_be_banned_when_its_reply_is_garbage,
    peer_should_be_banned_when_its_reply_is_no_answer_to_the_request,
    peer_should_be_banned_when_it_keeps_breaking_its_promise,
    peer_should_be_banned_when_its_replies_are_too_large_for_the_network,
    fetch_should_not_hang_when_a_peer_is_silent,
    fetch_should_not_hang_nor_fill_memory_when_streams_never_end,
);

/// A node, an honest one that it can get blobs from, and a stranger that does what `reply` says. The node
/// knows only the stranger.
async fn with_stranger<N: NetworkBackend<Block, H256>>(
    limits: Limits,
    reply: impl Fn(Request) -> Option<Vec<u8>> + Send + 'static,
) -> (Node, Node, Stranger) {
    let node = Node::start::<N>(limits).await;
    let honest = Node::start::<N>(Limits::default()).await;
    let stranger = Stranger::start::<N>().await;
    stranger.answer(reply);
    node.meet(&[&honest.network, &stranger.network]).await;
    node.know(vec![stranger.network.id]);
    (node, honest, stranger)
}

fn quick() -> Limits {
    Limits {
        reply_time: Duration::from_secs(2),
        survey_time: Duration::from_secs(2),
        pause: Duration::from_millis(10),
        ..Limits::default()
    }
}

/// Asserts that the node goes on with its work, and has nothing under `name`.
async fn assert_well(node: &Node, honest: &Node, name: H256) {
    assert!(!node.store.has(name));
    assert_eq!(node.store.usage().blobs, 0);
    node.assert_gets_a_blob_from(honest).await;
}

async fn liar_should_be_banned_when_the_bytes_have_another_name<N: NetworkBackend<Block, H256>>() {
    let (lies, _) = blob(700_000);
    let (truth, name) = blob(700_001);
    let (node, honest, liar) =
        with_stranger::<N>(quick(), move |request| Some(served(&lies, request))).await;
    let outcome = node.fetcher.fetch(name, None).await;
    assert_eq!(outcome, Err(FetchError::Undelivered { holders: 1 }));
    node.until_banned(liar.network.id).await;
    assert_eq!(node.counted("offences_total", Some("WrongBytes")), 1);
    // It is not even asked any more.
    let outcome = node.fetcher.fetch(name, None).await;
    assert_eq!(outcome, Err(FetchError::NotFound { asked: 0 }));
    assert_well(&node, &honest, name).await;

    honest.store.put(&truth).unwrap();
    node.know(vec![liar.network.id, honest.network.id]);
    assert!(*node.fetcher.fetch(name, None).await.unwrap() == truth);
}

async fn liar_should_be_banned_at_once_when_a_chunk_is_not_what_it_vouched_for<
    N: NetworkBackend<Block, H256>,
>() {
    let (bytes, name) = blob(4_194_304);
    let (node, honest, liar) = with_stranger::<N>(quick(), move |request| {
        let mut reply = serve(&bytes, request);
        if let (Reply::Chunks { bytes, .. }, Request::Chunks { first: 32, .. }) =
            (&mut reply, request)
        {
            bytes[20_000] ^= 1;
        }
        Some(reply.encode())
    })
    .await;
    let outcome = node.fetcher.fetch(name, None).await;
    assert_eq!(outcome, Err(FetchError::Undelivered { holders: 1 }));
    node.until_banned(liar.network.id).await;
    assert_eq!(node.counted("offences_total", Some("WrongBytes")), 1);
    let received = node.counted("received_bytes_total", None);
    assert!(received < 1_200_000, "two parts of eight: {received}");
    assert_well(&node, &honest, name).await;
}

async fn peer_should_be_banned_when_its_reply_is_garbage<N: NetworkBackend<Block, H256>>() {
    let name = H256::repeat_byte(5);
    let garbage: [&[u8]; 8] = [
        &[],
        &[2],
        &[2, 1, 0, 0, 0, 0],
        &[4],
        &[255; 1000],
        &[3, 1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff],
        &[3, 0, 0, 64, 0, 0, 0xfe, 0xff, 0xff, 0xff, 0, 0],
        &[0; 600_000],
    ];
    let honest = Node::start::<N>(Limits::default()).await;
    for answer_to_has in [true, false] {
        let node = Node::start::<N>(quick()).await;
        node.meet(&[&honest.network]).await;
        for garbage in garbage {
            let stranger = Stranger::start::<N>().await;
            stranger.answer(move |request| match request {
                Request::Has(_) if !answer_to_has => Some(served(&[1; 1000], request)),
                _ => Some(garbage.to_vec()),
            });
            node.meet(&[&stranger.network]).await;
            node.fetcher.fetch(name, None).await.unwrap_err();
            // An empty reply is the same to the network as none.
            if !garbage.is_empty() {
                node.until_banned(stranger.network.id).await;
            }
        }
        assert!(node.counted("offences_total", Some("WrongReply")) >= 7);
        assert_well(&node, &honest, name).await;
    }
}

async fn peer_should_be_banned_when_its_reply_is_no_answer_to_the_request<
    N: NetworkBackend<Block, H256>,
>() {
    let (bytes, name) = blob(100_000);
    let wrong: [fn(&[u8], Request) -> Reply; 5] = [
        // Chunks where a yes or no is asked for.
        |bytes, _| Reply::Chunks {
            length: bytes.len() as u32,
            hashes: Vec::new(),
            bytes: bytes.to_vec(),
        },
        // A blob larger than any, or without a byte.
        |_, _| Reply::Present { length: u32::MAX },
        |_, _| Reply::Present { length: 0 },
        // A yes where chunks are asked for.
        |_, _| Reply::Present { length: 5 },
        // A part that is shorter than asked for, again and again: an endless download.
        |bytes, request| match serve(bytes, request) {
            Reply::Chunks { length, hashes, .. } => Reply::Chunks {
                length,
                hashes,
                bytes: bytes[..1].to_vec(),
            },
            other => other,
        },
    ];
    let honest = Node::start::<N>(Limits::default()).await;
    let node = Node::start::<N>(quick()).await;
    node.meet(&[&honest.network]).await;
    for reply in wrong {
        let stranger = Stranger::start::<N>().await;
        let held = bytes.clone();
        stranger.answer(move |request| Some(reply(&held, request).encode()));
        node.meet(&[&stranger.network]).await;
        node.fetcher.fetch(name, None).await.unwrap_err();
        node.until_banned(stranger.network.id).await;
    }
    assert_eq!(node.counted("offences_total", Some("WrongReply")), 5);
    assert_well(&node, &honest, name).await;
}

async fn peer_should_be_banned_when_it_keeps_breaking_its_promise<
    N: NetworkBackend<Block, H256>,
>() {
    let name = H256::repeat_byte(6);
    let (node, honest, stranger) = with_stranger::<N>(quick(), |request| match request {
        Request::Has(_) => Some(Reply::Present { length: 1000 }.encode()),
        Request::Chunks { .. } => None,
    })
    .await;
    let outcome = node.fetcher.fetch(name, None).await;
    assert_eq!(outcome, Err(FetchError::Undelivered { holders: 1 }));
    assert!(!node.is_banned(stranger.network.id), "it may be overloaded");
    assert!(node.reputation(stranger.network.id) < 0);
    node.fetcher.fetch(name, None).await.unwrap_err();
    node.until_banned(stranger.network.id).await;
    assert_well(&node, &honest, name).await;
}

async fn peer_should_be_banned_when_its_replies_are_too_large_for_the_network<
    N: NetworkBackend<Block, H256>,
>() {
    let name = H256::repeat_byte(7);
    let before = memory_in_use();
    let (node, honest, stranger) = with_stranger::<N>(quick(), |request| match request {
        Request::Has(_) => Some(Reply::Present { length: 1000 }.encode()),
        Request::Chunks { .. } => Some(vec![3; 16 << 20]),
    })
    .await;
    for _ in 0..3 {
        node.fetcher.fetch(name, None).await.unwrap_err();
        if node.is_banned(stranger.network.id) {
            break;
        }
        // The network may have closed the connection over it.
        node.meet(&[&stranger.network]).await;
    }
    node.until_banned(stranger.network.id).await;
    let received = node.counted("received_bytes_total", None);
    assert!(received < MOST_FRAME as u64, "{received}");
    assert!(memory_in_use() < before + (400 << 20));
    assert_well(&node, &honest, name).await;
}

async fn fetch_should_not_hang_when_a_peer_is_silent<N: NetworkBackend<Block, H256>>() {
    let node = Node::start::<N>(quick()).await;
    let honest = Node::start::<N>(Limits::default()).await;
    let silent = Stranger::start::<N>().await;
    silent.be_silent();
    node.meet(&[&silent.network, &honest.network]).await;
    let (bytes, name) = blob(900_000);
    honest.store.put(&bytes).unwrap();
    assert!(*node.fetcher.fetch(name, None).await.unwrap() == bytes);
    let nobody = FetchError::NotFound { asked: 2 };
    let unknown = node.fetcher.fetch(H256::repeat_byte(8), None);
    assert_eq!(unknown.await, Err(nobody));

    let slow = Stranger::start::<N>().await;
    let requests = slow.network.requests.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(incoming) = requests.recv().await {
            if incoming.payload[0] == 1 {
                kept.push(incoming);
                continue;
            }
            let reply = Reply::Present { length: 1000 }.encode();
            let _ = incoming
                .pending_response
                .send(sc_network::config::OutgoingResponse {
                    result: Ok(reply),
                    reputation_changes: Vec::new(),
                    sent_feedback: None,
                });
        }
    });
    node.meet(&[&slow.network]).await;
    let outcome = node.fetcher.fetch(H256::repeat_byte(9), None).await;
    assert_eq!(outcome, Err(FetchError::Undelivered { holders: 1 }));
    assert!(node.counted("offences_total", Some("Slow")) >= 1);
    assert!(node.reputation(slow.network.id) < 0);
}

async fn fetch_should_not_hang_nor_fill_memory_when_streams_never_end<
    N: NetworkBackend<Block, H256>,
>() {
    let name = H256::repeat_byte(10);
    let before = memory_in_use();
    let node = Node::start::<N>(quick()).await;
    let honest = Node::start::<N>(Limits::default()).await;
    for behaviour in [
        Behaviour::EndlessBytes,
        Behaviour::EndlessLength,
        Behaviour::HugeLength,
        Behaviour::Drip,
        Behaviour::Silence,
        Behaviour::Close,
    ] {
        let raw = RawPeer::start(&node.network, behaviour, 0).await;
        node.know(vec![raw.id]);
        let outcome = node.fetcher.fetch(name, None).await;
        let nobody = Err(FetchError::NotFound { asked: 1 });
        assert_eq!(outcome, nobody, "{behaviour:?}");
        // What follows a whole message is not even read; the message itself is garbage.
        if matches!(behaviour, Behaviour::EndlessBytes) {
            node.until_banned(raw.id).await;
        } else {
            let again = node.fetcher.fetch(name, None).await;
            assert_eq!(again, nobody, "{behaviour:?}");
        }
        let used = memory_in_use();
        assert!(
            used < before + (400 << 20),
            "{behaviour:?}: {before} {used}"
        );
    }
    node.meet(&[&honest.network]).await;
    assert_well(&node, &honest, name).await;
}
