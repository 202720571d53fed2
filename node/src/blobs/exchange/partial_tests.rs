use super::*;

/// A blob of so many bytes, its name and the hashes of its chunks.
fn blob(length: usize) -> (Vec<u8>, H256, Vec<H256>) {
    let bytes: Vec<u8> = (0..length).map(|index| (index / 7 % 251) as u8).collect();
    let (name, hashes) = (Blake2Hasher::hash(&bytes), chunks::hashes(&bytes));
    (bytes, name, hashes)
}

/// What an honest node that has `bytes` answers.
fn honest(bytes: &[u8], request: Request) -> Part {
    let Request::Chunks {
        first,
        count,
        hashes,
        ..
    } = request
    else {
        panic!("{request:?}");
    };
    let start = (usize::from(first) * CHUNK_SIZE).min(bytes.len());
    let end = (start + usize::from(count) * CHUNK_SIZE).min(bytes.len());
    Part {
        length: bytes.len() as u32,
        hashes: match hashes {
            true => chunks::hashes(bytes),
            false => Vec::new(),
        },
        bytes: bytes[start..end].to_vec(),
    }
}

#[test]
fn blob_should_be_whole_after_as_many_parts_as_it_needs() {
    for (length, parts) in [
        (1, 1),
        (CHUNK_SIZE, 1),
        (32 * CHUNK_SIZE, 1),
        (32 * CHUNK_SIZE + 1, 2),
        (MAX_BLOB_SIZE, 8),
    ] {
        let (bytes, name, _) = blob(length);
        let (peer, mut partial) = (PeerId::random(), Partial::new(name));
        for part in 1..=parts {
            let request = partial.request(peer);
            let complete = partial.accept(peer, honest(&bytes, request)).unwrap();
            assert_eq!(complete, part == parts, "{length} {part}");
        }
        let finished = partial.finish();
        assert!(finished.bytes == Some(bytes) && finished.liars.is_empty());
    }
}

#[test]
fn another_peer_should_go_on_where_one_stopped() {
    let (bytes, name, _) = blob(80 * CHUNK_SIZE);
    let (first, second) = (PeerId::random(), PeerId::random());
    let mut partial = Partial::new(name);
    let request = partial.request(first);
    assert!(!partial.accept(first, honest(&bytes, request)).unwrap());
    let request = partial.request(second);
    assert_eq!(
        request,
        Request::Chunks {
            blob: name,
            first: 32,
            count: 32,
            hashes: true
        }
    );
    assert!(!partial.accept(second, honest(&bytes, request)).unwrap());
    let request = partial.request(first);
    assert_eq!(
        request,
        Request::Chunks {
            blob: name,
            first: 64,
            count: 16,
            hashes: false
        }
    );
    assert!(partial.accept(first, honest(&bytes, request)).unwrap());
    assert!(partial.finish().bytes == Some(bytes));
}

#[test]
fn part_should_be_refused_when_a_chunk_is_not_what_was_vouched_for() {
    let (bytes, name, _) = blob(70 * CHUNK_SIZE);
    let (peer, mut partial) = (PeerId::random(), Partial::new(name));
    for position in [0, CHUNK_SIZE, 32 * CHUNK_SIZE - 1] {
        let mut part = honest(&bytes, partial.request(peer));
        part.bytes[position] ^= 1;
        assert_eq!(partial.accept(peer, part), Err(Offence::WrongBytes));
    }
    let part = honest(&bytes, partial.request(peer));
    assert!(!partial.accept(peer, part).unwrap());
    let mut part = honest(&bytes, partial.request(peer));
    part.bytes[100] ^= 1;
    assert_eq!(partial.accept(peer, part), Err(Offence::WrongBytes));
}

#[test]
fn part_should_be_refused_when_it_is_no_answer_to_the_request() {
    let (bytes, name, hashes) = blob(70 * CHUNK_SIZE);
    let (peer, mut partial) = (PeerId::random(), Partial::new(name));
    let faults: [fn(&mut Part); 8] = [
        |part| part.length = 0,
        |part| part.length += 1,
        |part| part.length = MAX_BLOB_SIZE as u32 + 1,
        |part| part.length = u32::MAX,
        |part| part.hashes.truncate(1),
        |part| part.hashes.push(H256::zero()),
        |part| part.bytes.truncate(1),
        |part| part.bytes.push(0),
    ];
    for (index, fault) in faults.into_iter().enumerate() {
        let mut part = honest(&bytes, partial.request(peer));
        fault(&mut part);
        // One byte more of length is consistent in itself, as the end is not here yet.
        if index != 1 {
            let outcome = partial.accept(peer, part);
            assert_eq!(outcome, Err(Offence::WrongReply), "{index}");
        }
    }
    let part = honest(&bytes, partial.request(peer));
    assert!(!partial.accept(peer, part).unwrap());
    for (index, fault) in faults.into_iter().enumerate() {
        let mut part = honest(&bytes, partial.request(peer));
        fault(&mut part);
        // There are no hashes any more that could be truncated.
        if index != 4 {
            let outcome = partial.accept(peer, part);
            assert_eq!(outcome, Err(Offence::WrongReply), "{index}");
        }
    }
    let mut part = honest(&bytes, partial.request(peer));
    part.hashes = hashes;
    assert_eq!(partial.accept(peer, part), Err(Offence::WrongReply));
}

#[test]
fn everybody_who_vouched_should_be_a_liar_when_the_whole_has_another_name() {
    let (bytes, _, _) = blob(40 * CHUNK_SIZE);
    let name = H256::repeat_byte(1);
    let (first, second) = (PeerId::random(), PeerId::random());
    let mut partial = Partial::new(name);
    let part = honest(&bytes, partial.request(first));
    assert!(!partial.accept(first, part).unwrap());
    let part = honest(&bytes, partial.request(second));
    assert!(partial.accept(second, part).unwrap());
    let finished = partial.finish();
    assert!(finished.bytes.is_none());
    assert_eq!(finished.liars, [first, second]);
    assert!(partial.bytes.is_empty() && partial.claim.is_none());
}

#[test]
fn honest_peer_should_start_over_when_a_liar_vouched_for_something_else() {
    // The lie is longer than the truth, or shorter, or has as many chunks.
    for lie in [100, 60, 70] {
        let (bytes, name, _) = blob(70 * CHUNK_SIZE);
        let lies = vec![9; lie * CHUNK_SIZE];
        let (liar, peer) = (PeerId::random(), PeerId::random());
        let mut partial = Partial::new(name);
        for _ in 0..lies.len() / (32 * CHUNK_SIZE) {
            let part = honest(&lies, partial.request(liar));
            assert!(!partial.accept(liar, part).unwrap());
        }
        let mut parts = 0;
        loop {
            parts += 1;
            let part = honest(&bytes, partial.request(peer));
            if partial.accept(peer, part).unwrap() {
                break;
            }
        }
        assert_eq!(parts, 4, "one to hear of the lie, three for the blob");
        let finished = partial.finish();
        assert!(finished.bytes == Some(bytes));
        assert_eq!(finished.liars, [liar]);
    }
}
