// A worker that is away for longer than its node keeps states: what its jobs brought comes into the
// books by their receipts. Real processes, one development chain with a short memory.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { smallest } from './mining.mjs'
import { startNetwork } from './setup.mjs'

/** Final blocks whose states the node keeps. */
const KEPT = 16
const SLOT_MS = 2_000
// A guard against hanging only.
const BLOCKS_UNTIL_PRUNED = 100

let network
let miners
before(async () => {
  network = await startNetwork({ extra: ['--state-pruning', String(KEPT)] })
  miners = await registerMiners(network, ['away'])
})
after(() => network?.stop())

/** Waits until the node no longer has the state of a block. */
async function pruned({ number, hash }) {
  const { chain, ledger } = network
  for (let height = number + KEPT; height < number + BLOCKS_UNTIL_PRUNED; height += 1) {
    await ledger.height(height)
    try {
      await chain.connection.provider.send('state_getRuntimeVersion', [hash])
    } catch (error) {
      assert.match(error.message, /State already discarded/)
      return
    }
  }
  throw new Error(`the node keeps the state of block ${number}`)
}

test('fee should be booked once when the job ended in a block whose state is pruned', async () => {
  const { chain, ledger } = network
  const miner = miners.get('away')
  const first = miner.run()
  await said(first, 'waiting for jobs')
  const job = await submitFor(miner)
  const ofJob = (data) => data.job === job.id
  await ledger.event('jobEscrow.ResultSubmitted', ofJob, 100)
  assert.equal(await first.kill(), 'SIGKILL')
  const settled = await ledger.event('jobEscrow.JobSettled', ofJob)
  const at = await chain.api.at(settled.block.hash)
  const time = (await at.query.timestamp.now()).toNumber()
  await pruned(settled.block)

  const second = miner.run()
  await said(second, 'job ended, by its receipt')
  const books = await miner.books()
  const line = books.jobs.find((one) => BigInt(one.job) === job.id)
  assert.equal(line.state, 'Settled')
  const fees = books.entries.filter((entry) => entry.kind === 'fee')
  assert.equal(fees.length, 1)
  const [fee] = fees
  assert.equal(BigInt(fee.job), job.id)
  assert.equal(BigInt(fee.units), settled.data.units)
  assert.equal(smallest(fee.fee), settled.data.fee)
  assert.equal(smallest(fee.amount), settled.data.toWorker)
  assert.equal(fee.block, settled.block.number)
  assert.equal(fee.time, time - (time % SLOT_MS), 'the slot of the block')
  assert.deepEqual(books.pending.unseen, [])
  assert.equal(await second.stop(), 0)

  const third = miner.run()
  await said(third, 'waiting for jobs')
  assert.equal(await third.stop(), 0)
  const again = await miner.books()
  assert.deepEqual(again.entries.filter((entry) => entry.kind === 'fee'), fees)
})
