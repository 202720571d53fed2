// The chain at the level at which it is measured: encoded lengths, weights, fees, raw keys.

import { xxhashAsHex } from '@polkadot/util-crypto'
import { plainEvent } from './grid.mjs'

/** Unsigned 64-bit weight of a SCALE `Weight` as bigint. */
const time = (weight) => weight.refTime.toBigInt()

/**
 * A block with what its extrinsics cost: {number, hash, time, weight, extrinsics, events}. Weights are
 * picoseconds of the reference machine; `weight` has them by dispatch class.
 */
export async function readBlock(api, numberOrHash) {
  const hash =
    typeof numberOrHash === 'number' ? await api.rpc.chain.getBlockHash(numberOrHash) : numberOrHash
  const at = await api.at(hash)
  const [{ block }, records, moment, weight] = await Promise.all([
    api.rpc.chain.getBlock(hash),
    at.query.system.events(),
    at.query.timestamp.now(),
    at.query.system.blockWeight(),
  ])
  const events = records.map((record) => ({ ...plainEvent(record), raw: record.event }))
  const extrinsics = block.extrinsics.map((extrinsic, index) => {
    const own = events.filter((event) => event.extrinsic === index)
    const outcome = own.find(({ name }) => /^system\.Extrinsic(Success|Failed)$/.test(name))
    const fee = own.find(({ name }) => name === 'transactionPayment.TransactionFeePaid')
    return {
      name: `${extrinsic.method.section}.${extrinsic.method.method}`,
      signer: extrinsic.isSigned ? extrinsic.signer.toString() : null,
      length: extrinsic.encodedLength,
      weight: outcome.data.dispatchInfo.weight.ref_time ?? outcome.data.dispatchInfo.weight.refTime,
      failed: outcome.method === 'ExtrinsicFailed',
      fee: fee ? fee.data.actualFee : 0n,
    }
  })
  return {
    number: block.header.number.toNumber(),
    hash: hash.toHex(),
    time: moment.toNumber(),
    weight: {
      normal: time(weight.normal),
      operational: time(weight.operational),
      mandatory: time(weight.mandatory),
    },
    extrinsics,
    events,
  }
}

/**
 * Per cent of a block's weight that the chain's own steps of jobs may take: `StepsWeight` of the escrow in
 * runtime/src/configs/work.rs, which no metadata tells.
 */
export const STEPS_PERCENT = 15n

/**
 * Limits of a chain's blocks: {normal, base, length, slotMs, steps}, weights in picoseconds; `steps` is what draws,
 * payments and time-outs of jobs together may weigh.
 */
export async function limits(api) {
  const { blockWeights, blockLength } = api.consts.system
  const { normal } = blockWeights.perClass
  return {
    normal: time(normal.maxTotal.unwrap()),
    base: time(normal.baseExtrinsic),
    length: blockLength.max.normal.toNumber(),
    slotMs: Number((await api.query.chainParameters.parameters()).slotDurationMs),
    steps: (time(blockWeights.maxBlock) * STEPS_PERCENT) / 100n,
  }
}

/**
 * Sends calls of one account one after the other without waiting for blocks: its nonces are counted
 * here. Signatures do not expire.
 */
export class Sender {
  #nonce

  constructor(api, pair, nonce) {
    this.api = api
    this.pair = pair
    this.#nonce = nonce
  }

  /** Nothing of the account may wait in the pool. */
  static async of(api, pair) {
    const { nonce } = await api.query.system.account(pair.address)
    return new Sender(api, pair, nonce.toNumber())
  }

  /** Signs a call with the next nonce. */
  sign(call) {
    const genesisHash = this.api.genesisHash
    const options = {
      blockHash: genesisHash,
      genesisHash,
      era: 0,
      nonce: this.#nonce,
      runtimeVersion: this.api.runtimeVersion,
    }
    this.#nonce += 1
    return call.sign(this.pair, options)
  }

  /** Signs a call and hands it to the node's pool. */
  send(call) {
    return this.api.rpc.author.submitExtrinsic(this.sign(call))
  }
}

/** All keys of the state at a block with the lengths of their values: Map from key to bytes. */
export async function stateSizes(api, blockHash) {
  const pairs = await api.rpc.state.getPairs.raw('0x', blockHash)
  return new Map(pairs.map(([key, value]) => [key, value.length / 2 - 1]))
}

/** Names the storage items of a runtime by the first 32 bytes of their keys. */
export function itemNames(metadata) {
  const names = new Map()
  for (const pallet of metadata.pallets) {
    if (pallet.storage.isNone) continue
    const { prefix, items } = pallet.storage.unwrap()
    for (const { name } of items) {
      const key = xxhashAsHex(String(prefix), 128) + xxhashAsHex(String(name), 128).slice(2)
      names.set(key, `${pallet.name}.${name}`)
    }
  }
  return names
}

/**
 * What changed between two states, by storage item: list of {item, keysBefore, keysAfter, bytesBefore,
 * bytesAfter}, only items whose keys or bytes changed in number. Sizes are Maps from key to bytes of value.
 */
export function stateChanges(before, after, names) {
  const items = new Map()
  const add = (sizes, moment) => {
    for (const [key, bytes] of sizes) {
      const item = names.get(key.slice(0, 66)) ?? key
      const entry = items.get(item) ?? { item, keysBefore: 0, keysAfter: 0, bytesBefore: 0, bytesAfter: 0 }
      entry[`keys${moment}`] += 1
      entry[`bytes${moment}`] += bytes
      items.set(item, entry)
    }
  }
  add(before, 'Before')
  add(after, 'After')
  return [...items.values()]
    .filter(
      (entry) => entry.keysBefore !== entry.keysAfter || entry.bytesBefore !== entry.bytesAfter,
    )
    .sort((left, right) => (left.item < right.item ? -1 : 1))
}

/** Storage items that get keys with blocks or rounds, whatever happens in them. */
const BY_BLOCKS = new Set(['System.BlockHash', 'UsefulWork.BeaconRing', 'Receipts.Roots'])

/** Items that have more keys after than before for another reason than the passing of blocks. */
export function grownItems(changes) {
  return changes.filter(({ item, keysBefore, keysAfter }) => keysAfter > keysBefore && !BY_BLOCKS.has(item))
}
