import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followBlocks } from '../dist/blocks.js'
import { stagesOf } from '../dist/job.js'

/** A tree of blocks whose head a test moves: `chain.add('b', parent)`, `chain.head = 'b'`. */
class FakeChain {
  blocks = new Map()
  heads = []
  #asked = 0

  add(hash, parentHash, events = []) {
    const number = this.blocks.has(parentHash) ? this.blocks.get(parentHash).number + 1 : 0
    this.blocks.set(hash, { number, hash, parentHash, events })
    return this
  }

  /** Heads as they are announced; when there is none left the test ends the wait. */
  async head(previous, signal) {
    while (this.heads[this.#asked] === previous) this.#asked += 1
    const hash = this.heads[this.#asked]
    if (hash === undefined) {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    return this.#header(hash)
  }

  #header(hash) {
    const { events, ...header } = this.blocks.get(hash)
    return header
  }

  async header(hash) {
    return this.#header(hash)
  }

  async events(hash) {
    return this.blocks.get(hash).events
  }
}

const line = (...hashes) => {
  const chain = new FakeChain()
  hashes.forEach((hash, index) => chain.add(hash, hashes[index - 1] ?? 'none'))
  return chain
}

/** Hashes of the first `count` blocks that are yielded. */
async function follow(chain, from, count) {
  const seen = []
  for await (const block of followBlocks(chain, from, new AbortController().signal)) {
    seen.push(block.hash)
    if (seen.length === count) break
  }
  return seen
}

test('followBlocks should begin at the head when no height is given', async () => {
  const chain = line('0', '1', '2', '3')
  chain.heads = ['2', '3']
  assert.deepEqual(await follow(chain, undefined, 2), ['2', '3'])
})

test('followBlocks should begin at a past height and leave no block out when heads skip some', async () => {
  const chain = line('0', '1', '2', '3', '4', '5')
  chain.heads = ['2', '5']
  assert.deepEqual(await follow(chain, 1, 5), ['1', '2', '3', '4', '5'])
})

test('followBlocks should begin at genesis when the height is 0', async () => {
  const chain = line('0', '1')
  chain.heads = ['1']
  assert.deepEqual(await follow(chain, 0, 2), ['0', '1'])
})

test('followBlocks should wait when the height is still to come', async () => {
  const chain = line('0', '1', '2', '3')
  chain.heads = ['1', '2', '3']
  assert.deepEqual(await follow(chain, 3, 1), ['3'])
})

test('followBlocks should go on where the new branch begins after a reorganisation', async () => {
  const chain = line('0', '1', '2a', '3a')
  chain.add('2b', '1').add('3b', '2b').add('4b', '3b')
  chain.heads = ['3a', '4b']
  assert.deepEqual(await follow(chain, 1, 6), ['1', '2a', '3a', '2b', '3b', '4b'])
})

test('followBlocks should repeat everything when a reorganisation reaches below its beginning', async () => {
  const chain = line('0', '1a', '2a')
  chain.add('1b', '0').add('2b', '1b').add('3b', '2b')
  chain.heads = ['2a', '3b']
  assert.deepEqual(await follow(chain, 2, 3), ['2a', '2b', '3b'])
})

test('followBlocks should yield blocks again when the chain returns to a branch it had left', async () => {
  const chain = line('0', '1', '2a', '3a')
  chain.add('2b', '1').add('3b', '2b')
  chain.heads = ['2a', '3b', '3a']
  assert.deepEqual(await follow(chain, 1, 6), ['1', '2a', '2b', '3b', '2a', '3a'])
})

test('followBlocks should throw the signal’s reason when it fires during a wait', async () => {
  const chain = line('0', '1')
  chain.heads = ['1']
  const controller = new AbortController()
  const blocks = followBlocks(chain, 1, controller.signal)
  await blocks.next()
  const waiting = blocks.next()
  setImmediate(() => controller.abort(new Error('enough')))
  await assert.rejects(waiting, { message: 'enough' })
})

const event = (method, data, extrinsic = null) => ({
  section: 'jobEscrow',
  method,
  name: `jobEscrow.${method}`,
  data,
  extrinsic,
})
const submitted = event('JobSubmitted', { job: 7n, requester: 'bob' }, 2)
const assigned = event('JobAssigned', { job: 7n, worker: 'charlie', ask: 1n, claimBy: 9n })
const claimed = event('JobClaimed', { job: 7n, worker: 'charlie', deliverBy: 12n })
const redrawn = event('JobRedrawn', { job: 7n, worker: 'charlie', fault: 'ResultMissed' })
const delivered = event('ResultSubmitted', { job: 7n, worker: 'charlie', output: {}, fee: 3n })
const settled = event('JobSettled', { job: 7n, fee: 3n })
const refunded = event('JobRefunded', { job: 7n, reason: 'InputUnavailable', returned: 5n })

async function stages(chain, job = { id: 7n, since: 1 }, extrinsicHash = async () => '0xaa') {
  const seen = []
  const blocks = followBlocks(chain, job.since, new AbortController().signal)
  for await (const stage of stagesOf(job, blocks, extrinsicHash)) seen.push(stage)
  return seen
}

test('stages should follow a job to its payment and leave other jobs out', async () => {
  const chain = line('0')
  const other = event('JobSettled', { job: 8n, fee: 1n })
  chain.add('1', '0', [submitted]).add('2', '1', [other, assigned]).add('3', '2', [claimed])
  chain.add('4', '3', [redrawn]).add('5', '4', [assigned, claimed, delivered]).add('6', '5', [settled])
  chain.heads = ['6']
  const job = { id: 7n, since: 1 }
  const seen = await stages(chain, job)
  assert.deepEqual(
    seen.map(({ stage, block }) => [stage, block.hash]),
    [
      ['queued', '1'],
      ['assigned', '2'],
      ['running', '3'],
      ['queued', '4'],
      ['assigned', '5'],
      ['running', '5'],
      ['delivered', '5'],
      ['settled', '6'],
    ],
  )
  assert.equal(seen[3].fault, 'ResultMissed')
  assert.equal(seen[3].lostBy, 'charlie')
  assert.equal(seen[6].fee, 3n)
  assert.equal(job.stage.stage, 'settled')
})

test('stages should end when a job is refunded', async () => {
  const chain = line('0')
  chain.add('1', '0', [submitted, refunded])
  chain.heads = ['1']
  const [, last] = await stages(chain)
  assert.deepEqual(last, {
    stage: 'refunded',
    block: { number: 1, hash: '1' },
    job: 7n,
    reason: 'InputUnavailable',
    returned: 5n,
  })
})

test('stages should come again when a reorganisation takes the job into another block', async () => {
  const chain = line('0')
  chain.add('1a', '0', [submitted, assigned]).add('1b', '0')
  chain.add('2b', '1b', [submitted, assigned, delivered, settled])
  chain.heads = ['1a', '2b']
  const job = { id: 7n, since: 1, txHash: '0xaa', blockHash: '1a' }
  const seen = await stages(chain, job)
  assert.deepEqual(
    seen.map(({ stage }) => stage),
    ['queued', 'assigned', 'queued', 'assigned', 'delivered', 'settled'],
  )
})

test('stages should throw JobReplaced when the number belongs to another submission', async () => {
  const chain = line('0')
  chain.add('1a', '0', [submitted]).add('1b', '0', [submitted]).add('2b', '1b')
  chain.heads = ['1a', '2b']
  const job = { id: 7n, since: 1, txHash: '0xbb', blockHash: '1a' }
  await assert.rejects(stages(chain, job), { name: 'JobReplaced', code: 'JobReplaced', job: 7n })
})
