// What remains of a finished job: its receipt, proven by a real node and checked with plain hashes.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util'
import { blake2AsU8a } from '@polkadot/util-crypto'
import { RpcFailure, plain } from '@aipowergrid/client'
import { Chain } from '../../lib/chain.mjs'
import { jobEnd, prepareJob, sendJob, submitJob } from '../../lib/job.mjs'
import { PROGRAMS, freePort } from '../../lib/processes.mjs'
import { startNetwork } from './setup.mjs'

const ROUND_BLOCKS = 10
const DOMAIN = new TextEncoder().encode('aipg.rcp')
const POLL_MS = 100
// A guard against hanging only.
const BLOCKS_UNTIL_SEALED = 100

/** Hash of `:__STORAGE_VERSION__:`. */
const STORAGE_VERSION_KEY = '4e7b9012096b41c4eb3aaf947f6ea429'

/** Type of a receipt in the runtime's metadata. */
const RECEIPT = 'AipgPrimitivesReceipt'

let network
let paid
let refunded
before(async () => {
  network = await startNetwork()
  await network.processes.startWorker({ url: network.node.url, suri: '//Charlie' })
})
after(() => network?.stop())

async function receiptsProof(chain, ...parameters) {
  try {
    return await chain.connection.provider.send('receipts_proof', parameters)
  } catch (error) {
    throw new RpcFailure('receipts_proof', error)
  }
}

function hash(kind, ...parts) {
  return blake2AsU8a(u8aConcat(Uint8Array.of(kind), DOMAIN, ...parts), 256)
}

/** The root that a proof leads to, null if it cannot be one. As docs/spec/receipts.md has it. */
function rootOf({ index, count, receipt, path }) {
  let depth = 0
  while (2 ** depth < count) depth += 1
  if (index >= count || path.length !== depth) return null
  let node = hash(0, hexToU8a(receipt))
  path.forEach((sibling, level) => {
    const other = hexToU8a(sibling)
    node = Math.floor(index / 2 ** level) % 2 === 0 ? hash(1, node, other) : hash(1, other, node)
  })
  const shape = new DataView(new ArrayBuffer(8))
  shape.setBigUint64(0, BigInt(count), true)
  return u8aToHex(hash(2, new Uint8Array(shape.buffer), node))
}

async function rootInState(chain, { round, block }) {
  const at = await chain.api.at(block)
  return plain(await at.query.receipts.roots(round))
}

/** Whether a proof leads to the root that the chain keeps of its round. */
async function holds(chain, proof) {
  const root = rootOf(proof)
  return root !== null && root === (await rootInState(chain, proof))
}

/**
 * Asks for the proof of a job until there is one; returns it and the errors that came before, each
 * once. An error must be true when it is given.
 */
async function proofWhenSealed(chain, id) {
  const limit = (await chain.bestNumber()) + BLOCKS_UNTIL_SEALED
  const errors = []
  while ((await chain.bestNumber()) < limit) {
    const finalized = await chain.finalized()
    try {
      return { proof: await receiptsProof(chain, Number(id)), errors }
    } catch (error) {
      if (!['JobNotFinished', 'RoundOpen'].includes(error.code)) throw error
      if (errors.at(-1)?.code !== error.code) errors.push({ code: error.code, finalized })
    }
    await sleep(POLL_MS)
  }
  throw new Error(`job ${id} has no proof by block ${limit}`)
}

test('receipt of a paid job should be proven once its round is sealed in a finalised block', async () => {
  const { chain, ledger, accounts, model } = network
  const job = await submitJob(chain, accounts.bob, { model, prompt: 'What is a receipt?' })
  await assert.rejects(receiptsProof(chain, Number(job.id)), {
    name: 'RpcFailure',
    code: 'JobNotFinished',
  })
  const { proof, errors } = await proofWhenSealed(chain, job.id)
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['JobNotFinished', 'RoundOpen'],
  )
  paid = proof
  const settled = await jobEnd(ledger, job.id)
  assert.equal(settled.method, 'JobSettled')
  assert.equal(proof.job, Number(job.id))
  assert.equal(proof.round, Math.floor(settled.block.number / ROUND_BLOCKS))
  assert.ok(errors[1].finalized < (proof.round + 1) * ROUND_BLOCKS)

  assert.equal(rootOf(proof), proof.root)
  assert.equal(await rootInState(chain, proof), proof.root)
  const added = ledger.events('receipts.ReceiptAdded', (data) => data.job === job.id)
  assert.equal(added.length, 1)
  assert.equal(added[0].data.receipt, proof.receipt)
  assert.equal(Number(added[0].data.index), proof.index)
  const sealed = await ledger.event(
    'receipts.RoundSealed',
    (data) => Number(data.round) === proof.round,
  )
  assert.equal(sealed.data.root, proof.root)
  assert.equal(Number(sealed.data.count), proof.count)
  assert.equal(sealed.block.number, (proof.round + 1) * ROUND_BLOCKS)

  const receipt = plain(chain.api.registry.createType(RECEIPT, hexToU8a(proof.receipt)))
  const { data: result } = ledger.events(
    'jobEscrow.ResultSubmitted',
    (data) => data.job === job.id,
  )[0]
  assert.equal(receipt.job, job.id)
  assert.equal(receipt.requester, accounts.bob.address)
  assert.equal(receipt.model, model)
  assert.deepEqual(
    { ...receipt.input, count: Number(receipt.input.count) },
    job.input,
  )
  assert.equal(receipt.finishedAt, BigInt(settled.block.number))
  const outcome = receipt.outcome.Paid
  assert.equal(outcome.worker, accounts.charlie.address)
  assert.deepEqual(outcome.output, result.output)
  assert.equal(outcome.digest, result.digest)
  assert.equal(outcome.fee, settled.data.fee)
  assert.equal(outcome.units * outcome.ask, outcome.fee)
})

/** Submits a job that no machine takes: it is refunded when its deadline is out of reach. */
async function submitRefused(chain, signer, model) {
  const terms = await prepareJob(chain, { model, prompt: 'Is anybody in Oceania?' })
  const deadline = (await chain.bestNumber()) + Number(terms.quote.leastDeadline) + 5
  return sendJob(chain, signer, { ...terms, deadline, service: { region: 'Oceania' } })
}

test('receipt of a refunded job should be proven with its reason', async () => {
  const { chain, ledger, accounts, model } = network
  const job = await submitRefused(chain, accounts.eve, model)
  const { proof } = await proofWhenSealed(chain, job.id)
  refunded = proof
  assert.ok(await holds(chain, proof))
  const end = await jobEnd(ledger, job.id)
  const receipt = plain(chain.api.registry.createType(RECEIPT, hexToU8a(proof.receipt)))
  assert.deepEqual(receipt.outcome, {
    Refunded: { reason: end.data.reason, returned: end.data.returned },
  })
  assert.equal(receipt.requester, accounts.eve.address)
})

test('proof should be refused when anything in it was changed', async () => {
  const { chain } = network
  const flip = (hex, position) => {
    const bytes = hexToU8a(hex)
    bytes[(position + bytes.length) % bytes.length] ^= 1
    return u8aToHex(bytes)
  }
  for (const proof of [paid, refunded]) {
    assert.ok(await holds(chain, proof))
    const changed = [
      { receipt: flip(proof.receipt, 0) },
      { receipt: flip(proof.receipt, 40) },
      { receipt: flip(proof.receipt, -1) },
      { receipt: `${proof.receipt}00` },
      { index: proof.index + 1 },
      { count: proof.count + 1 },
      { count: proof.count + 2 ** 20 },
      { round: proof.round + 1 },
      { path: [...proof.path, `0x${'00'.repeat(32)}`] },
      ...proof.path.map((sibling, level) => ({
        path: [...proof.path.slice(0, level), flip(sibling, 3), ...proof.path.slice(level + 1)],
      })),
    ]
    for (const change of changed) {
      assert.equal(await holds(chain, { ...proof, ...change }), false, JSON.stringify(change))
    }
  }
})

test('runtime should say whether a proof holds', async () => {
  const { chain } = network
  const verify = async (proof) =>
    plain(await chain.api.call.receiptsApi.verifyReceipt({ ...proof, receipt: hexToU8a(proof.receipt) }))
  assert.equal(await verify(paid), true)
  assert.equal(await verify(refunded), true)
  assert.equal(await verify({ ...paid, receipt: refunded.receipt }), paid.receipt === refunded.receipt)
  assert.equal(await verify({ ...paid, round: paid.round + 1000 }), false)
})

test('receipts_proof should name the error when there is no such job or the parameter is hostile', async () => {
  const { chain } = network
  for (const unknown of [1_000_000, Number.MAX_SAFE_INTEGER]) {
    await assert.rejects(receiptsProof(chain, unknown), {
      name: 'RpcFailure',
      code: 'ReceiptNotFound',
    })
  }
  const hostile = [[], [null], [-1], [0.5], ['0'], ['0x00'], [[0]], [{}], [true], [1e300]]
  for (const parameters of hostile) {
    await assert.rejects(receiptsProof(chain, ...parameters), { name: 'RpcFailure', code: -32602 })
  }
  assert.ok(await holds(chain, await receiptsProof(chain, paid.job)))
})

test('finished jobs should leave nothing in the state but the root of their round', async () => {
  const { chain, ledger } = network
  const { jobEscrow, receipts } = chain.api.query
  assert.ok(ledger.events('receipts.ReceiptAdded').length >= 2)
  // All keys of a pallet's state but the version that every pallet has.
  const keysOf = async (entry) => {
    const keys = await chain.api.rpc.state.getKeysPaged(entry.keyPrefix().slice(0, 34), 1000)
    return keys.map((key) => key.toHex()).filter((key) => !key.endsWith(STORAGE_VERSION_KEY))
  }
  assert.deepEqual(
    await keysOf(jobEscrow.nextJob),
    [jobEscrow.nextJob.key(), jobEscrow.agendaCursor.key()].sort(),
  )
  const rounds = ledger.events('receipts.RoundSealed').map(({ data }) => data.round)
  const roots = rounds.map((round) => receipts.roots.key(round))
  assert.deepEqual(await keysOf(receipts.roots), roots.sort())
  for (const root of roots) {
    assert.equal(hexToU8a((await chain.api.rpc.state.getStorage(root)).toHex()).length, 32)
  }
})

test('proof should be the same when the node was killed and started again', async () => {
  const { processes, node, accounts, model } = network
  await network.close()
  await node.kill()
  // What is indexed does not depend on what the operator asks for.
  const rpc = await freePort()
  const again = processes.spawn('node-again', join(PROGRAMS, 'aipg-node'), [
    '--dev',
    ...['--base-path', node.basePath],
    ...['--rpc-port', String(rpc)],
    ...['--port', String(await freePort())],
    ...['--offchain-worker', 'never'],
    ...['--enable-offchain-indexing', 'false'],
    '--no-prometheus',
    '--no-telemetry',
    '--no-mdns',
  ])
  await again.waitUntil(() => again.log().includes('Running JSON-RPC server'), 'RPC answers')
  const chain = await Chain.connect(`ws://127.0.0.1:${rpc}`)
  try {
    for (const before of [paid, refunded]) {
      const { proof } = await proofWhenSealed(chain, before.job)
      assert.deepEqual({ ...proof, block: before.block }, before)
      assert.ok(await holds(chain, proof))
    }
    const job = await submitRefused(chain, accounts.eve, model)
    const { proof } = await proofWhenSealed(chain, job.id)
    assert.ok(await holds(chain, proof))
  } finally {
    await chain.disconnect()
  }
})
