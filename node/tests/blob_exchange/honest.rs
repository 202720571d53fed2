//! What honest nodes do for each other.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    sync::Arc,
    time::Duration,
};

use aipg_node::blobs::exchange::{wire::Request, Allowance, FetchError, Limits};
use aipg_runtime::opaque::Block;
use sc_network::{NetworkBackend, NetworkPeers, PeerId};
use sp_core::H256;

use crate::{
    network::protocol,
    nodes::{blob, served, Node, Stranger},
    on_both_backends,
};

on_both_backends!(
    blob_should_come_from_another_node,
    fetch_should_say_that_nobody_has_the_blob,
    fetch_should_be_shared_when_many_ask_for_the_same_blob,
    fetch_should_go_on_with_another_node_when_one_goes_away,
    blob_should_be_handed_on_when_there_is_no_room_to_store_it,
    fetch_should_wait_when_a_node_has_given_its_share,
    node_should_give_nothing_when_its_operator_says_so,
    damaged_blob_should_not_be_served,
    fetches_should_be_refused_when_too_many_are_under_way,
    blob_should_come_from_its_provider_when_that_is_no_peer,
    provider_should_be_found_through_a_node_that_both_know,
    fetch_should_say_that_nobody_has_the_blob_when_the_provider_cannot_be_asked,
);

async fn pair<N: NetworkBackend<Block, H256>>(limits: Limits) -> (Node, Node) {
    let one = Node::start::<N>(limits.clone()).await;
    let other = Node::start::<N>(limits).await;
    one.meet(&[&other.network]).await;
    (one, other)
}

async fn blob_should_come_from_another_node<N: NetworkBackend<Block, H256>>() {
    let (one, other) = pair::<N>(Limits::default()).await;
    for (length, replies) in [(1, 1), (16_384, 1), (524_289, 2), (4_194_304, 8)] {
        let (bytes, name) = blob(length);
        assert_eq!(other.store.put(&bytes).unwrap(), name);
        let before = other.counted("replies_total", Some("Chunks"));
        assert!(!one.store.has(name));
        assert!(*one.fetcher.fetch(name, None).await.unwrap() == bytes);
        assert!(one.store.get(name).unwrap() == bytes, "it is stored");
        let replied = other.counted("replies_total", Some("Chunks")) - before;
        assert_eq!(replied, replies, "{length}");
    }
    assert_eq!(one.counted("fetches_total", Some("Fetched")), 4);
    assert!(one.counted("received_bytes_total", None) > 4_700_000);
    assert!(other.counted("sent_bytes_total", None) > 4_700_000);
    assert!(one.reputation(other.network.id) >= 0);
    assert!(other.reputation(one.network.id) >= 0);
}

async fn fetch_should_say_that_nobody_has_the_blob<N: NetworkBackend<Block, H256>>() {
    let (one, other) = pair::<N>(Limits::default()).await;
    let (_, name) = blob(100);
    let nobody = FetchError::NotFound { asked: 1 };
    assert_eq!(one.fetcher.fetch(name, None).await, Err(nobody));
    assert_eq!(other.counted("replies_total", Some("Absent")), 1);
    one.know(Vec::new());
    let alone = FetchError::NotFound { asked: 0 };
    assert_eq!(one.fetcher.fetch(name, None).await, Err(alone));
    assert_eq!(one.counted("fetches_total", Some("NotFound")), 2);
}

async fn fetch_should_be_shared_when_many_ask_for_the_same_blob<N: NetworkBackend<Block, H256>>() {
    let (one, other) = pair::<N>(Limits::default()).await;
    let (bytes, name) = blob(4_000_000);
    other.store.put(&bytes).unwrap();
    let fetches = (0..200).map(|_| one.fetcher.fetch(name, None));
    for outcome in futures::future::join_all(fetches).await {
        assert!(*outcome.unwrap() == bytes);
    }
    assert_eq!(other.counted("replies_total", Some("Present")), 1);
    assert_eq!(other.counted("replies_total", Some("Chunks")), 8);
}

async fn fetch_should_go_on_with_another_node_when_one_goes_away<N: NetworkBackend<Block, H256>>() {
    let (one, other) = pair::<N>(Limits::default()).await;
    let (bytes, name) = blob(4_194_304);
    other.store.put(&bytes).unwrap();
    // Gives two parts of eight and then says that it has no more.
    let stranger = Stranger::start::<N>().await;
    let held = bytes.clone();
    stranger.answer(move |request| match request {
        Request::Chunks { first, .. } if first >= 64 => Some(vec![0]),
        _ => Some(served(&held, request)),
    });
    one.meet(&[&stranger.network, &other.network]).await;
    assert!(*one.fetcher.fetch(name, None).await.unwrap() == bytes);
    let replied = other.counted("replies_total", Some("Chunks"));
    assert!(
        replied == 6 || replied == 8,
        "all, if it was asked first: {replied}"
    );
}

async fn blob_should_be_handed_on_when_there_is_no_room_to_store_it<
    N: NetworkBackend<Block, H256>,
>() {
    let one = Node::with_quota::<N>(Limits::default(), 4096).await;
    let other = Node::start::<N>(Limits::default()).await;
    one.meet(&[&other.network]).await;
    let (bytes, name) = blob(20_000);
    other.store.put(&bytes).unwrap();
    assert!(*one.fetcher.fetch(name, None).await.unwrap() == bytes);
    assert!(!one.store.has(name));
}

async fn fetch_should_wait_when_a_node_has_given_its_share<N: NetworkBackend<Block, H256>>() {
    let limits = Limits {
        peer_bytes: Allowance::new(4 << 20, Duration::from_secs(1), 5 << 20),
        pause: Duration::from_millis(100),
        ..Limits::default()
    };
    let (one, other) = pair::<N>(limits).await;
    for length in [4_194_304, 4_194_303, 4_194_302] {
        let (bytes, name) = blob(length);
        other.store.put(&bytes).unwrap();
        assert!(*one.fetcher.fetch(name, None).await.unwrap() == bytes);
    }
    assert!(other.counted("replies_total", Some("Busy")) > 0);
    assert!(!other.is_banned(one.network.id));
}

async fn node_should_give_nothing_when_its_operator_says_so<N: NetworkBackend<Block, H256>>() {
    let (bytes, name) = blob(100);
    for limits in [Limits::new(0, 1), Limits::new(1, 0)] {
        let (one, other) = pair::<N>(limits).await;
        other.store.put(&bytes).unwrap();
        let nobody = FetchError::NotFound { asked: 1 };
        assert_eq!(one.fetcher.fetch(name, None).await, Err(nobody));
        assert_eq!(other.counted("replies_total", Some("Absent")), 1);
    }
}

async fn damaged_blob_should_not_be_served<N: NetworkBackend<Block, H256>>() {
    let (one, other) = pair::<N>(Limits::default()).await;
    let (bytes, name) = blob(50_000);
    other.store.put(&bytes).unwrap();
    let path = other.file_of(name);
    let mut damaged = bytes;
    damaged[40_000] ^= 1;
    std::fs::write(path, damaged).unwrap();
    let undelivered = FetchError::Undelivered { holders: 1 };
    assert_eq!(one.fetcher.fetch(name, None).await, Err(undelivered));
    assert!(!other.store.has(name), "it was removed");
    assert_eq!(other.counted("replies_total", Some("Chunks")), 0);
    assert!(!one.is_banned(other.network.id));
}

async fn fetches_should_be_refused_when_too_many_are_under_way<N: NetworkBackend<Block, H256>>() {
    let one = Node::start::<N>(Limits {
        survey_time: Duration::from_secs(2),
        ..Limits::default()
    })
    .await;
    let stranger = Stranger::start::<N>().await;
    stranger.be_silent();
    one.meet(&[&stranger.network]).await;
    let overloaded = Arc::new(AtomicBool::new(false));
    let fetches = (0..100u8).map(|byte| {
        let (fetcher, overloaded) = (one.fetcher.clone(), Arc::clone(&overloaded));
        async move {
            if fetcher.fetch(H256::repeat_byte(byte), None).await == Err(FetchError::Overloaded) {
                overloaded.store(true, Ordering::Relaxed);
                return 1;
            }
            0
        }
    });
    let all = futures::future::join_all(fetches);
    // Those that are refused are refused at once, the others wait for the stranger.
    tokio::select! {
        _ = all => panic!("nobody waited"),
        _ = tokio::time::sleep(Duration::from_secs(1)) => {}
    }
    assert!(overloaded.load(Ordering::Relaxed));
    assert_eq!(one.counted("fetches_total", Some("Overloaded")), 28);
    // Whoever no longer waits takes no place.
    let other = Node::start::<N>(Limits::default()).await;
    one.meet(&[&other.network]).await;
    one.assert_gets_a_blob_from(&other).await;
}

/// The name that chains have for a node.
fn key_of(node: &Node) -> H256 {
    node.fetcher.own_id().expect("it has a key")
}

async fn blob_should_come_from_its_provider_when_that_is_no_peer<N: NetworkBackend<Block, H256>>() {
    let one = Node::start::<N>(Limits::default()).await;
    let other = Node::start::<N>(Limits::default()).await;
    let (bytes, name) = blob(600_000);
    other.store.put(&bytes).unwrap();
    let (id, address) = (other.network.id, other.network.address.clone());
    one.network.service.add_known_address(id, address);
    let alone = FetchError::NotFound { asked: 0 };
    assert_eq!(one.fetcher.fetch(name, None).await, Err(alone));
    let provider = Some(key_of(&other));
    assert!(*one.fetcher.fetch(name, provider).await.unwrap() == bytes);
    assert!(one.store.has(name));
}

async fn provider_should_be_found_through_a_node_that_both_know<N: NetworkBackend<Block, H256>>() {
    let hub = Node::start::<N>(Limits::default()).await;
    let one = Node::start::<N>(Limits::default()).await;
    let other = Node::start::<N>(Limits::default()).await;
    other.meet(&[&hub.network]).await;
    one.meet(&[&hub.network]).await;
    let (bytes, name) = blob(600_000);
    other.store.put(&bytes).unwrap();
    let provider = Some(key_of(&other));
    // Nodes take a while to learn of each other.
    for _ in 0..20 {
        if let Ok(found) = one.fetcher.fetch(name, provider).await {
            assert!(*found == bytes);
            return;
        }
    }
    panic!("the provider was not found");
}

async fn fetch_should_say_that_nobody_has_the_blob_when_the_provider_cannot_be_asked<
    N: NetworkBackend<Block, H256>,
>() {
    let (one, other) = pair::<N>(Limits::default()).await;
    let (_, name) = blob(100);
    let fetch = |provider| one.fetcher.fetch(name, Some(provider));
    let asked = |asked| Err(FetchError::NotFound { asked });
    assert_eq!(fetch(key_of(&other)).await, asked(1), "asked once");
    assert_eq!(fetch(key_of(&one)).await, asked(1), "not asked itself");
    let is_key = |key: &H256| PeerId::from_ed25519(&key.0).is_some();
    let (keys, others): (Vec<_>, Vec<_>) = (0..=255).map(H256::repeat_byte).partition(is_key);
    assert_eq!(fetch(others[0]).await, asked(1), "no key");
    assert_eq!(fetch(keys[0]).await, asked(2), "there is no such node");
    one.network
        .service
        .disconnect_peer(other.network.id, protocol());
    one.know(Vec::new());
    let ban = sc_network::ReputationChange::new_fatal("test");
    one.network.service.report_peer(other.network.id, ban);
    one.until_banned(other.network.id).await;
    assert_eq!(fetch(key_of(&other)).await, asked(0), "banned");
}
