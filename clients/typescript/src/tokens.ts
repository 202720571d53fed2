// Token lists: their bytes, their commitments, and the byte-level tokenizer.

import { type Hex, blake2b256, toHex } from './bytes.js'
import { BlobError, InvalidRequest, ResultMismatch } from './errors.js'
import { leafHash, rootHash, treeTop } from './tree.js'

const LARGEST_ID = 0xffff_ffff
const TOKENS_PER_LEAF = 64

/** What the chain knows of a token list. */
export interface TokenList {
  /** blake2b-256 of the list's bytes: its address in the blob store. */
  blob: Hex
  /** Root of the tree over the ids. */
  root: Hex
  count: bigint | number
}

/** Turns text into the token ids of a model, and back. */
export interface Tokenizer {
  /** Ids of a whole prompt, markers included. */
  encode(prompt: string): number[]
  /** Text of an answer, markers left out. */
  decode(ids: readonly number[]): string
  /** Ids with which an answer ends, at most 8. */
  readonly stop: readonly number[]
}

/** Special ids of a byte-level model; the ids below 256 are bytes of UTF-8. */
export interface ByteMarkers {
  /** First token of every prompt. */
  start: number
  /** Last token of every prompt; the answer follows. */
  endOfPrompt: number
  /** Last token of a complete answer. */
  endOfAnswer: number
}

/** Tokenizer of models that read and write the bytes of UTF-8. */
export class ByteTokenizer implements Tokenizer {
  readonly stop: readonly number[]

  constructor(readonly markers: ByteMarkers) {
    this.stop = [markers.endOfAnswer]
  }

  encode(prompt: string): number[] {
    const { start, endOfPrompt } = this.markers
    return [start, ...new TextEncoder().encode(prompt), endOfPrompt]
  }

  decode(ids: readonly number[]): string {
    return new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id < 256)))
  }
}

/** First token of every prompt of the demo model. */
export const START = 256
/** Last token of every prompt of the demo model. */
export const END_OF_PROMPT = 257
/** Last token of a complete answer of the demo model. */
export const END_OF_ANSWER = 258

/** The demo model's tokenizer (models/demo/tokenizer.json). */
export const DEMO_TOKENIZER = new ByteTokenizer({
  start: START,
  endOfPrompt: END_OF_PROMPT,
  endOfAnswer: END_OF_ANSWER,
})

/** The bytes of a token list: little-endian u32 ids. Throws InvalidRequest for an id that is none. */
export function encodeTokens(ids: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(ids.length * 4)
  const view = new DataView(bytes.buffer)
  ids.forEach((id, index) => {
    if (!Number.isInteger(id) || id < 0 || id > LARGEST_ID) {
      throw new InvalidRequest(`token ${index} is ${id}, no u32`)
    }
    view.setUint32(index * 4, id, true)
  })
  return bytes
}

/** The ids of a blob. Throws BlobError `NotATokenList` if its length is no multiple of four. */
export function decodeTokens(bytes: Uint8Array): number[] {
  if (bytes.length % 4 !== 0) {
    throw new BlobError('NotATokenList', `a blob of ${bytes.length} bytes is no list of u32 ids`)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4, true))
}

/** Address of a blob: blake2b-256 of its bytes. */
export function blobHash(bytes: Uint8Array): Hex {
  return toHex(blake2b256(bytes))
}

/** Root of a token list. It commits the length, which zero-padding alone would not. */
export function tokenRoot(ids: readonly number[]): Hex {
  const leaves: Uint8Array[] = []
  for (let start = 0; start < ids.length; start += TOKENS_PER_LEAF) {
    const leaf = new Uint8Array(TOKENS_PER_LEAF * 4)
    leaf.set(encodeTokens(ids.slice(start, start + TOKENS_PER_LEAF)))
    leaves.push(leafHash('aipg.tok', leaf))
  }
  return toHex(rootHash('aipg.tok', BigInt(ids.length), treeTop('aipg.tok', leaves)))
}

/** A token list as the chain commits to it, and the bytes of its blob. */
export function commitTokens(ids: readonly number[]): { bytes: Uint8Array; commitment: TokenList } {
  const bytes = encodeTokens(ids)
  const commitment = { blob: blobHash(bytes), root: tokenRoot(ids), count: ids.length }
  return { bytes, commitment }
}

/**
 * Checks a blob against what the chain says of the answer and returns its ids. Throws
 * ResultMismatch: `BlobMismatch` if the bytes are not the named ones, `NotATokenList`,
 * `CountMismatch`, `RootMismatch`.
 */
export function openTokens(bytes: Uint8Array, list: TokenList): number[] {
  const hash = blobHash(bytes)
  if (hash !== list.blob) {
    throw new ResultMismatch('BlobMismatch', `the answer hashes to ${hash}, not to ${list.blob}`)
  }
  if (bytes.length % 4 !== 0) {
    throw new ResultMismatch('NotATokenList', `the answer has ${bytes.length} bytes`)
  }
  const ids = decodeTokens(bytes)
  if (BigInt(ids.length) !== BigInt(list.count)) {
    throw new ResultMismatch(
      'CountMismatch',
      `the answer has ${ids.length} tokens, the chain says ${list.count}`,
    )
  }
  const root = tokenRoot(ids)
  if (root !== list.root) {
    throw new ResultMismatch(
      'RootMismatch',
      `the answer's root is ${root}, the chain says ${list.root}`,
    )
  }
  return ids
}
