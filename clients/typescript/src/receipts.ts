// Receipts of finished jobs, and the proof that the chain gave them.

import { type GenericChainProperties, TypeRegistry } from '@polkadot/types'
import { SS58_PREFIX } from './accounts.js'
import { type Hex, fromHex, toHex } from './bytes.js'
import { ReceiptInvalid } from './errors.js'
import { plain } from './plain.js'
import type { CommittedTokens, JobParameters, RefundReason, TrustClass } from './records.js'
import { depth, leafHash, pathTop, rootHash } from './tree.js'

const DOMAIN = 'aipg.rcp'
/** A tree deeper than this has more leaves than a round has places. */
const LARGEST_COUNT = 1n << 32n

/** What the chain says of a finished job. */
export interface Receipt {
  job: bigint
  requester: string
  model: Hex
  class: TrustClass
  input: CommittedTokens
  parameters: JobParameters
  maxPrice: bigint
  /** Block in which the job ended. */
  finishedAt: bigint
  outcome:
    | {
        Paid: {
          worker: string
          output: CommittedTokens
          digest: Hex
          units: bigint
          ask: bigint
          fee: bigint
        }
      }
    | { Refunded: { reason: RefundReason; returned: bigint } }
}

/** A receipt and its way to the root of its round, as a node serves it (`receipts_proof`). */
export interface ReceiptProof {
  job: bigint | number | string
  round: number
  /** Place of the receipt among those of its round. */
  index: number
  /** Receipts of the round. */
  count: number
  /** The receipt's bytes. */
  receipt: Hex
  /** Siblings from the leaf upward; 32 zero bytes for a subtree without leaves. */
  path: Hex[]
  root: Hex
  /** A finalised block whose state holds the root. */
  block: Hex
  /** Genesis hash of the chain, in proofs that this package returns. */
  genesis?: Hex | undefined
}

/** A proven receipt, and where its root was read. */
export interface VerifiedReceipt {
  receipt: Receipt
  /** The proof with the genesis of its chain: what to keep, and to hand on. */
  proof: ReceiptProof
  /** The final block in whose state the root was found. */
  block: { number: number; hash: Hex }
}

// Fields in the order of their encoding, as in pallets/primitives. The metadata does not hold the
// type: for the chain a receipt is bytes.
const TYPES = {
  AipgTokenList: { blob: 'H256', root: 'H256', count: 'u32' },
  AipgSamplingParameters: { beta: 'u32', topK: 'u32', topP: 'u32', minP: 'Option<u32>' },
  AipgSampling: { _enum: { Greedy: 'Null', Seeded: 'AipgSamplingParameters' } },
  AipgJobParameters: {
    seed: 'u64',
    maxOutput: 'u32',
    sampling: 'AipgSampling',
    stop: 'Vec<u32>',
  },
  AipgTrustClass: { _enum: ['Exact', 'Pinned', 'Statistical', 'Attested'] },
  AipgRefundReason: { _enum: ['DeadlineUnreachable', 'InputUnavailable', 'ResultRefuted', 'NotAttested'] },
  AipgPaid: {
    worker: 'AccountId32',
    output: 'AipgTokenList',
    digest: 'H256',
    units: 'u64',
    ask: 'u128',
    fee: 'u128',
  },
  AipgRefunded: { reason: 'AipgRefundReason', returned: 'u128' },
  AipgOutcome: { _enum: { Paid: 'AipgPaid', Refunded: 'AipgRefunded' } },
  AipgReceipt: {
    job: 'u64',
    requester: 'AccountId32',
    model: 'H256',
    class: 'AipgTrustClass',
    input: 'AipgTokenList',
    parameters: 'AipgJobParameters',
    maxPrice: 'u128',
    finishedAt: 'u32',
    outcome: 'AipgOutcome',
  },
}

let registry: TypeRegistry | undefined

function receiptRegistry(): TypeRegistry {
  if (registry === undefined) {
    registry = new TypeRegistry()
    registry.register(TYPES)
    const properties = registry.createType('ChainProperties', { ss58Format: SS58_PREFIX })
    registry.setChainProperties(properties as unknown as GenericChainProperties)
  }
  return registry
}

/** The receipt that bytes encode. Throws ReceiptInvalid `MalformedReceipt`. */
export function decodeReceipt(bytes: Uint8Array): Receipt {
  let decoded
  try {
    decoded = receiptRegistry().createType('AipgReceipt', bytes)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ReceiptInvalid('MalformedReceipt', message)
  }
  // The library reads missing bytes as zeros and leaves surplus ones: only these bytes, no others.
  if (toHex(decoded.toU8a()) !== toHex(bytes)) {
    throw new ReceiptInvalid('MalformedReceipt', `${bytes.length} bytes are not one receipt`)
  }
  return plain(decoded) as unknown as Receipt
}

/**
 * Checks a proof against the root of its round and returns the receipt. Asks no chain: whether the
 * root is the chain's is the caller's question, or that of `Client.verifyReceipt`.
 *
 * Throws ReceiptInvalid: `MalformedProof`, `IndexOutOfRange`, `PathLengthMismatch`, `RootMismatch`,
 * `MalformedReceipt`, `JobMismatch`.
 */
export function verifyReceiptProof(proof: ReceiptProof, root: Hex): Receipt {
  const { index, count, path, receipt: bytes, job } = readProof(proof)
  if (index >= count) {
    throw new ReceiptInvalid('IndexOutOfRange', `leaf ${index} of a tree of ${count}`)
  }
  if (path.length !== depth(count)) {
    throw new ReceiptInvalid(
      'PathLengthMismatch',
      `${path.length} siblings in a tree of ${count} leaves, which is ${depth(count)} deep`,
    )
  }
  const top = pathTop(DOMAIN, leafHash(DOMAIN, bytes), index, path)
  const found = toHex(rootHash(DOMAIN, count, top))
  if (found !== root.toLowerCase()) {
    throw new ReceiptInvalid('RootMismatch', `the proof leads to ${found}, not to ${root}`)
  }
  const receipt = decodeReceipt(bytes)
  if (receipt.job !== job) {
    throw new ReceiptInvalid('JobMismatch', `the receipt is of job ${receipt.job}, not of ${job}`)
  }
  return receipt
}

/** The fields of a proof, which may come from anybody, as what they should be. */
function readProof(proof: ReceiptProof): {
  job: bigint
  index: bigint
  count: bigint
  receipt: Uint8Array
  path: Uint8Array[]
} {
  try {
    const path = proof.path.map(fromHex)
    if (path.some((sibling) => sibling.length !== 32)) throw new RangeError('a sibling of 32 bytes')
    const [job, index, count] = [BigInt(proof.job), BigInt(proof.index), BigInt(proof.count)]
    if (index < 0n || count < 0n || count > LARGEST_COUNT) throw new RangeError('a size')
    return { job, index, count, receipt: fromHex(proof.receipt), path }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new ReceiptInvalid('MalformedProof', message)
  }
}
