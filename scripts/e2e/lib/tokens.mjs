// The demo model's byte tokenizer, token blobs and their commitments.

import { bnToU8a, u8aConcat, u8aToHex } from '@polkadot/util'
import { blake2AsU8a } from '@polkadot/util-crypto'

/** First token of every prompt. */
export const START = 256
/** Last token of every prompt; the answer follows. */
export const END_OF_PROMPT = 257
/** Last token of a complete answer. */
export const END_OF_ANSWER = 258

/** A blob that is not what its name or its commitment says. `code` names the fact. */
export class BlobError extends Error {
  constructor(code, message) {
    super(message)
    this.name = 'BlobError'
    this.code = code
  }
}

/** Token ids of a prompt: start, the bytes of its UTF-8, end of prompt. */
export function encodePrompt(text) {
  return [START, ...new TextEncoder().encode(text), END_OF_PROMPT]
}

/** Text of token ids; markers and reserved ids have none. */
export function decodeText(ids) {
  return new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id < 256)))
}

/** The bytes of a token list: little-endian u32 ids. */
export function encodeBlob(ids) {
  const bytes = new Uint8Array(ids.length * 4)
  const view = new DataView(bytes.buffer)
  ids.forEach((id, index) => view.setUint32(index * 4, id, true))
  return bytes
}

/** The ids of a blob. Throws `NotATokenList` if its length is no multiple of four. */
export function decodeBlob(bytes) {
  if (bytes.length % 4 !== 0) {
    throw new BlobError('NotATokenList', `a blob of ${bytes.length} bytes is no list of u32 ids`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true))
}

/** Address of a blob: blake2b-256 of its bytes, as hex. */
export function blobHash(bytes) {
  return u8aToHex(blake2AsU8a(bytes, 256))
}

// The commitment to a token list, as worker/exact defines it: a binary tree over leaves of 64 ids.
const TOKENS_PER_LEAF = 64
const DOMAIN = new TextEncoder().encode('aipg.tok')
const ABSENT = new Uint8Array(32)

function hash(kind, ...parts) {
  return blake2AsU8a(u8aConcat(Uint8Array.of(kind), DOMAIN, ...parts), 256)
}

/** Root of a token list, as hex. It commits the length, which zero-padding alone would not. */
export function tokenRoot(ids) {
  let level = []
  for (let start = 0; start < ids.length; start += TOKENS_PER_LEAF) {
    const leaf = new Uint8Array(TOKENS_PER_LEAF * 4)
    leaf.set(encodeBlob(ids.slice(start, start + TOKENS_PER_LEAF)))
    level.push(hash(0, leaf))
  }
  while (level.length > 1) {
    const parents = []
    for (let left = 0; left < level.length; left += 2) {
      parents.push(hash(1, level[left], level[left + 1] ?? ABSENT))
    }
    level = parents
  }
  const count = bnToU8a(BigInt(ids.length), { bitLength: 64, isLe: true })
  return u8aToHex(hash(2, count, level[0] ?? ABSENT))
}
