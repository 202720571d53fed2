//! A blob of which not all parts are here yet.
//!
//! Whoever sends a part first vouches for the hashes of all chunks. As long as peers vouch for the same
//! ones, one goes on where another stopped; if a peer vouches for others, the work begins again with its
//! own. So it is always clear who lied: whoever sent a chunk that is not what it vouched for; when all
//! chunks are there and the whole does not have the blob's name, everybody who vouched, as no honest node
//! has such a blob; and when it does, everybody who vouched for something else.

use sc_network::PeerId;
use sp_core::{Blake2Hasher, Hasher, H256};

use super::{
    chunks::{self, CHUNK_SIZE},
    wire::{Request, CHUNKS_PER_REPLY},
    Offence,
};
use crate::blobs::MAX_BLOB_SIZE;

/// What peers say that a blob is made of.
#[derive(Debug, PartialEq, Eq)]
struct Claim {
    length: u32,
    hashes: Vec<H256>,
}

/// What a peer sent.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) length: u32,
    pub(super) hashes: Vec<H256>,
    pub(super) bytes: Vec<u8>,
}

/// How a download that has all its chunks ended.
#[derive(Debug)]
pub(super) struct Finished {
    /// The blob; `None` if the bytes do not have its name.
    pub(super) bytes: Option<Vec<u8>>,
    /// Peers that lied.
    pub(super) liars: Vec<PeerId>,
}

/// The parts of a blob that are here.
#[derive(Debug)]
pub(super) struct Partial {
    name: H256,
    claim: Option<Claim>,
    vouchers: Vec<PeerId>,
    /// Peers that vouched for something else.
    others: Vec<PeerId>,
    bytes: Vec<u8>,
}

impl Partial {
    /// Nothing of the blob `name`.
    pub(super) const fn new(name: H256) -> Self {
        Self {
            name,
            claim: None,
            vouchers: Vec::new(),
            others: Vec::new(),
            bytes: Vec::new(),
        }
    }

    /// Number of bytes that are here.
    pub(super) fn received(&self) -> usize {
        self.bytes.len()
    }

    /// The chunk that is needed next.
    fn next(&self) -> usize {
        self.bytes.len() / CHUNK_SIZE
    }

    /// Number of chunks to ask for.
    fn count(&self) -> u16 {
        let missing = self.claim.as_ref().map_or(usize::MAX, |claim| {
            claim.hashes.len().saturating_sub(self.next())
        });
        u16::try_from(missing).map_or(CHUNKS_PER_REPLY, |missing| missing.min(CHUNKS_PER_REPLY))
    }

    /// What to ask `peer` for.
    pub(super) fn request(&self, peer: PeerId) -> Request {
        Request::Chunks {
            blob: self.name,
            first: u16::try_from(self.next()).unwrap_or(u16::MAX),
            count: self.count(),
            hashes: !self.vouchers.contains(&peer),
        }
    }

    /// Takes what `peer` sent when it was asked for what [`Self::request`] says. Whether all chunks are
    /// here now.
    ///
    /// Errors: [`Offence::WrongReply`], [`Offence::WrongBytes`]; nothing of the part is kept then.
    pub(super) fn accept(&mut self, peer: PeerId, part: Part) -> Result<bool, Offence> {
        let (first, count) = (self.next(), self.count());
        let Part {
            length,
            hashes,
            bytes,
        } = part;
        let expected = size_of_part(length, first, count)?;
        if bytes.len() != expected {
            return Err(Offence::WrongReply);
        }
        let claim = if self.vouchers.contains(&peer) {
            match &self.claim {
                Some(claim) if claim.length == length && hashes.is_empty() => claim,
                _ => return Err(Offence::WrongReply),
            }
        } else {
            if hashes.len() != chunks::count(length as usize) {
                return Err(Offence::WrongReply);
            }
            let theirs = Claim { length, hashes };
            check(&theirs, first, &bytes)?;
            return Ok(self.begin(peer, theirs, bytes));
        };
        check(claim, first, &bytes)?;
        self.bytes.extend_from_slice(&bytes);
        Ok(self.is_complete())
    }

    /// Takes the first part of a peer, whose chunks are those that it vouches for.
    fn begin(&mut self, peer: PeerId, theirs: Claim, bytes: Vec<u8>) -> bool {
        if self.claim.as_ref() == Some(&theirs) {
            self.vouchers.push(peer);
            self.bytes.extend_from_slice(&bytes);
            return self.is_complete();
        }
        // From the start; what it sent is used if it is the start.
        let is_start = self.bytes.is_empty();
        self.others.append(&mut self.vouchers);
        self.others.retain(|other| *other != peer);
        self.vouchers.push(peer);
        self.claim = Some(theirs);
        self.bytes = if is_start { bytes } else { Vec::new() };
        self.is_complete()
    }

    fn is_complete(&self) -> bool {
        self.claim
            .as_ref()
            .is_some_and(|claim| self.bytes.len() == claim.length as usize)
    }

    /// Compares the whole with the name. To be called when all chunks are here; what is left is nothing.
    pub(super) fn finish(&mut self) -> Finished {
        let Self {
            bytes,
            vouchers,
            others,
            ..
        } = std::mem::replace(self, Self::new(self.name));
        if Blake2Hasher::hash(&bytes) == self.name {
            return Finished {
                bytes: Some(bytes),
                liars: others,
            };
        }
        self.others = others;
        Finished {
            bytes: None,
            liars: vouchers,
        }
    }
}

/// Bytes of `count` chunks from chunk `first` on of a blob of `length` bytes. They are none if the blob
/// ends before: another peer may have said that it is longer.
fn size_of_part(length: u32, first: usize, count: u16) -> Result<usize, Offence> {
    let length = length as usize;
    if length == 0 || length > MAX_BLOB_SIZE {
        return Err(Offence::WrongReply);
    }
    let missing = length.saturating_sub(first.saturating_mul(CHUNK_SIZE));
    Ok(missing.min(usize::from(count) * CHUNK_SIZE))
}

/// Compares chunks from `first` on with what was vouched for.
fn check(claim: &Claim, first: usize, bytes: &[u8]) -> Result<(), Offence> {
    let all = claim.hashes.len();
    for (chunk, expected) in bytes
        .chunks(CHUNK_SIZE)
        .zip(claim.hashes.iter().skip(first))
    {
        if chunks::hash(chunk, all) != *expected {
            return Err(Offence::WrongBytes);
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "partial_tests.rs"]
mod tests;
