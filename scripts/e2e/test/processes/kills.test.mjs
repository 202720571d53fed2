// A worker that is killed at every step of its way: real processes, one development chain, a machine
// of its own for each row of the table.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { limited, publishOnDemand, registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { PROGRAMS } from '../../lib/processes.mjs'
import { assertPaidOnce } from './mining.mjs'
import { startNetwork } from './setup.mjs'

// Rows that are between their first start and their delivery at a time. More of them would miss
// claim windows on a small machine, which is not what this test is about.
const ROWS_AT_A_TIME = 8

/**
 * Every place at which a worker may die, and what leads there:
 * `job`: a job; `input`: a job whose input is published when the chain demands it; `start`: a start of an offline machine;
 * `stop`: a stop signal.
 */
const TABLE = [
  ['online-sending', 'start'],
  ['online-sent', 'start'],
  ['job-seen', 'job'],
  ['job-stored', 'job'],
  ['input-fetched', 'job'],
  ['input-stored', 'job'],
  ['claim-signed', 'job'],
  ['claim-stored', 'job'],
  ['claim-sent', 'job'],
  ['claim-included', 'job'],
  ['claim-booked', 'job'],
  ['run-starting', 'job'],
  ['answer-computed', 'job'],
  ['answer-stored', 'job'],
  ['answer-published', 'job'],
  ['published-stored', 'job'],
  ['result-signed', 'job'],
  ['result-stored', 'job'],
  ['result-sent', 'job'],
  ['result-included', 'job'],
  ['result-booked', 'job'],
  ['delivery-final', 'job'],
  ['delivery-stored', 'job'],
  ['settlement-final', 'job'],
  ['settlement-stored', 'job'],
  ['reward-signed', 'job'],
  ['reward-stored', 'job'],
  ['reward-sent', 'job'],
  ['reward-included', 'job'],
  ['reward-resolved', 'job'],
  ['reward-final', 'job'],
  ['reward-booked', 'job'],
  ['report-signed', 'input'],
  ['report-stored', 'input'],
  ['report-sent', 'input'],
  ['report-included', 'input'],
  ['report-booked', 'input'],
  ['offline-sending', 'stop'],
  ['offline-sent', 'stop'],
]

/** Places after which the job is delivered: the next row may begin while this one waits. */
const LATE = /^(delivery|settlement|reward)-/

/** Places from which on the answer is stored: it is not computed again. */
const PLACES = TABLE.map(([place]) => place)
const COMPUTED = PLACES.slice(PLACES.indexOf('answer-stored'), PLACES.indexOf('report-signed'))

let network
let miners
before(async () => {
  network = await startNetwork()
  miners = await registerMiners(network, PLACES)
})
after(() => network?.stop())

/** How often the logs of the machine's processes say that an answer was computed. */
const runsOf = (...children) =>
  children.map((child) => child.log().split('answer computed').length - 1).reduce((a, b) => a + b)

/** Leads a worker to the place, kills it there and lets another one finish. */
async function die(place, kind) {
  const miner = miners.get(place)
  let job
  let offline
  if (kind === 'start') {
    // A stop takes the machine offline, so that the next start has to bring it online.
    offline = miner.run()
    await said(offline, 'waiting for jobs')
    assert.equal(await offline.stop(), 0)
  }
  const dying = miner.run({ pauseAt: place })
  if (kind === 'stop') {
    await said(dying, 'waiting for jobs')
    dying.process.kill('SIGTERM')
  } else if (kind !== 'start') {
    await said(dying, 'waiting for jobs')
    job = await submitFor(miner, { storesInput: kind === 'job' })
    // As a client does that waits for its result; whether it came to that shows at the end.
    if (kind === 'input') publishOnDemand(miner, job).catch(() => {})
  }
  if (LATE.test(place)) {
    await network.ledger.event('jobEscrow.ResultSubmitted', (data) => data.job === job.id, 100)
    return { miner, job, dying }
  }
  return { miner, job, ...(await revive(miner, place, dying, job, kind)) }
}

async function revive(miner, place, dying, job, kind) {
  await said(dying, `paused at ${place}`)
  assert.equal(await dying.kill(), 'SIGKILL')
  const second = miner.run()
  await said(second, 'waiting for jobs')
  const served = job ?? (await submitFor(miner))
  await network.ledger.event('jobEscrow.ResultSubmitted', (data) => data.job === served.id, 100)
  return { dying, second, job: served }
}

test('table should have every place at which a worker can be killed', async () => {
  const places = await network.processes.run('places', join(PROGRAMS, 'aipg-worker'), [
    'pause-places',
  ])
  const names = places.log
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0])
  assert.deepEqual(PLACES, names)
})

test('job should be paid exactly once when the worker is killed at any place', async (t) => {
  const tails = []
  const failures = new Map()
  // Those that take longest begin first.
  const order = [...TABLE].sort(([one], [other]) => LATE.test(other) - LATE.test(one))
  await limited(ROWS_AT_A_TIME, order, async ([place, kind]) => {
    const row = die(place, kind)
    const end = row.then(async ({ miner, job, dying, second }) => {
      if (second === undefined) ({ second } = await revive(miner, place, dying, job, kind))
      await assertPaidOnce(miner, job, { reports: kind === 'input' ? 1 : 0 })
      if (COMPUTED.includes(place)) assert.equal(runsOf(dying, second), 1, 'computed once')
      assert.equal(await second.stop(), 0)
    })
    tails.push(
      end.catch((error) => {
        failures.set(place, error)
      }),
    )
    // The rest of a row, which is waiting for blocks, goes on beside the next rows.
    await row.catch(() => {})
  })
  await Promise.all(tails)
  for (const [place, kind] of TABLE) {
    await t.test(`${place} (${kind})`, () => {
      if (failures.has(place)) throw failures.get(place)
    })
  }
})
