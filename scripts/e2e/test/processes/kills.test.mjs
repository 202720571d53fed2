// A worker that is killed at every step of its way, and a node that goes away: real processes, one
// development chain, a machine of its own for each row of the table.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createServer, connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jobEnd, prepareJob, sendJob } from '../../lib/job.mjs'
import {
  Turns,
  accountHex,
  limited,
  registerMiners,
  signedCalls,
} from '../../lib/miners.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { PROGRAMS, freePort } from '../../lib/processes.mjs'
import { startNetwork } from './setup.mjs'

// Rows that are between their first start and their delivery at a time. More of them would miss
// claim windows on a small machine, which is not what this test is about.
const ROWS_AT_A_TIME = 6

/**
 * Every place at which a worker may die, and what leads there:
 * `job`: a job; `input`: a job whose input comes late; `start`: a start of an offline machine;
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
const COMPUTED = TABLE.map(([place]) => place).slice(
  TABLE.findIndex(([place]) => place === 'answer-stored'),
  TABLE.findIndex(([place]) => place === 'report-signed'),
)

let network
let miners
const turns = new Turns()
before(async () => {
  network = await startNetwork()
  const others = ['node-killed', 'node-gone', 'two-nodes', 'disk-full', 'watched']
  miners = await registerMiners(network, [...TABLE.map(([place]) => place), ...others])
})
after(() => network?.stop())

const requesters = () => ['bob', 'eve', 'ferdie'].map((name) => network.accounts[name])
let submitted = 0

/** Submits a job that only `miner` can be drawn for; returns it with its number. */
async function submit(miner, { storesInput = true } = {}) {
  const { chain } = network
  const signer = requesters()[submitted++ % 3]
  return turns.take(signer, async () => {
    const prompt = `What becomes of ${miner.name}?`
    const terms = await prepareJob(chain, { model: miner.root, prompt, maxOutput: 8 })
    if (storesInput) await chain.putBlob(terms.bytes)
    const block = await chain.bestNumber()
    return { ...terms, block, ...(await sendJob(chain, signer, terms)) }
  })
}

const said = (child, text) => child.waitUntil(() => child.log().includes(text), text)

/** Waits until the books of the machine show the payment of the job and all rewards of the chain. */
async function settledBooks(miner, job) {
  const { ledger } = network
  const rewarded = (data) => data.worker === miner.address
  await ledger.event('usefulWork.RewardClaimed', rewarded, 100)
  for (let attempt = 0; ; attempt += 1) {
    const books = await miner.books()
    const count = (kind) => books.entries.filter((entry) => entry.kind === kind).length
    const state = books.jobs.find((line) => BigInt(line.job) === job.id)?.state
    const rewards = ledger.events('usefulWork.RewardClaimed', rewarded).length
    if (state === 'Settled' && count('fee') >= 1 && count('reward') >= rewards) return books
    assert.ok(attempt < 60, `books of ${miner.name}: ${JSON.stringify(books)}`)
    await sleep(1_000)
  }
}

/** An amount of the books ("1.5 AIPG") in the smallest unit. */
function smallest(text) {
  const [whole, fraction = ''] = text.replace(' AIPG', '').split('.')
  return BigInt(whole) * 10n ** 18n + BigInt(fraction.padEnd(18, '0'))
}

/** Checks the chain and the books of a machine that has served one job. */
async function assertPaidOnce(miner, job, { reports = 0, chain = network.chain } = {}) {
  const { ledger } = network
  const books = await settledBooks(miner, job)
  const ofJob = (data) => data.job === job.id
  const settled = ledger.events('jobEscrow.JobSettled', ofJob)
  assert.equal(settled.length, 1, 'paid once')
  assert.equal(settled[0].data.worker, miner.address)
  assert.equal(ledger.events('jobEscrow.JobRefunded', ofJob).length, 0)
  const penalties = ledger.events(
    'workerRegistry.Penalised',
    (data) => data.worker === miner.address,
  )
  assert.deepEqual(penalties, [], 'nothing was missed')

  const signer = accountHex(chain, miner.address)
  const calls = (await signedCalls(chain, job.block, ledger.last.number)).filter(
    (call) => call.signer === signer,
  )
  const failed = calls.filter((call) => !call.succeeded)
  assert.deepEqual(failed, [], 'no call failed')
  const count = (name) =>
    calls.filter(({ call, job: id }) => call === `jobEscrow.${name}` && id === job.id).length
  assert.equal(count('claim'), 1, 'claimed once')
  assert.equal(count('submitResult'), 1, 'delivered once')
  assert.equal(count('inputUnavailable'), reports, 'reports')

  const fees = books.entries.filter((entry) => entry.kind === 'fee')
  assert.equal(fees.length, 1)
  assert.equal(BigInt(fees[0].job), job.id)
  assert.equal(smallest(fees[0].amount), settled[0].data.toWorker)
  const rewards = books.entries.filter((entry) => entry.kind === 'reward')
  const minted = ledger.events(
    'usefulWork.RewardClaimed',
    (data) => data.worker === miner.address,
  )
  assert.deepEqual(
    rewards.map((entry) => [BigInt(entry.round), smallest(entry.amount)]),
    minted.map(({ data }) => [data.round, data.amount]),
  )
  assert.equal(smallest(books.total.fees), settled[0].data.toWorker)
  return books
}

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
    job = await submit(miner, { storesInput: kind === 'job' })
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
  if (kind === 'input') await network.chain.putBlob(job.bytes)
  const second = miner.run()
  await said(second, 'waiting for jobs')
  const served = job ?? (await submit(miner))
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
  assert.deepEqual(
    TABLE.map(([place]) => place),
    names,
  )
})

test('job should be paid exactly once when the worker is killed at any place', async (t) => {
  const tails = []
  const failures = new Map()
  await limited(ROWS_AT_A_TIME, TABLE, async ([place, kind]) => {
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

test('job should be paid when the first of two nodes dies in the middle', async () => {
  const miner = miners.get('two-nodes')
  const { node } = network
  // A way to the node that can be cut.
  const sockets = new Set()
  const port = await freePort()
  const way = createServer((socket) => {
    const other = connectSocket({ port: node.rpc, host: '127.0.0.1' })
    for (const one of [socket, other]) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        socket.destroy()
        other.destroy()
      })
    }
    socket.pipe(other)
    other.pipe(socket)
  })
  await new Promise((done) => way.listen(port, '127.0.0.1', done))
  miner.url = `ws://127.0.0.1:${port}`
  const worker = miner.run({ extra: ['--node', node.url] })
  await said(worker, 'waiting for jobs')
  const job = await submit(miner)
  await network.ledger.event('jobEscrow.JobClaimed', (data) => data.job === job.id)
  way.close()
  for (const socket of sockets) socket.destroy()
  await assertPaidOnce(miner, job)
  assert.equal(worker.log().split('connected node=').length - 1, 2, worker.tail(40))
  assert.equal(await worker.stop(), 0)
})

test('worker should take no new job while it cannot write, finish what it has, and come back', async () => {
  const miner = miners.get('disk-full')
  const { ledger } = network
  const limitFiles = (worker, bytes) => {
    const args = ['--pid', String(worker.process.pid), `--fsize=${bytes}:unlimited`]
    assert.equal(spawnSync('prlimit', args).status, 0, 'prlimit of util-linux')
  }
  const isMiner = (data) => data.worker === miner.address
  const online = () => ledger.events('workerRegistry.WentOnline', isMiner).length
  const worker = miner.run()
  await said(worker, 'waiting for jobs')
  const before = online()
  const held = await submit(miner)
  await ledger.event('jobEscrow.JobClaimed', (data) => data.job === held.id)
  limitFiles(worker, 1)
  await ledger.event('workerRegistry.WentOffline', isMiner)
  await ledger.event('jobEscrow.ResultSubmitted', (data) => data.job === held.id)
  assert.ok(worker.log().includes('DiskFull'), worker.tail(40))
  limitFiles(worker, 'unlimited')
  await ledger.wait('the machine online again', () => (online() > before ? true : null))
  await assertPaidOnce(miner, held)
  assert.equal(await worker.stop(), 0)
})

test('machine should be watched by metrics, status, doctor and locks', async () => {
  const miner = miners.get('watched')
  const port = await freePort()
  const worker = miner.run({ extra: ['--metrics-address', `127.0.0.1:${port}`] })
  await said(worker, 'waiting for jobs')
  const job = await submit(miner)
  await assertPaidOnce(miner, job)

  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const value = (name) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1])
  assert.equal(value('aipg_worker_jobs_total{outcome="settled"}'), 1, text)
  assert.ok(value('aipg_worker_fees_aipg_total') > 0, text)
  assert.ok(value('aipg_worker_rewards_aipg_total') > 0, text)
  assert.ok(value('aipg_worker_units_total') > 0, text)
  assert.ok(value('aipg_worker_finalised_block') > 0, text)
  assert.equal(value('aipg_worker_bond_aipg'), 200, text)
  assert.equal(value(`aipg_worker_endpoint_up{url="${network.node.url}"}`), 1, text)

  const status = await miner.command('status')
  assert.equal(status.status, 0)
  assert.match(status.log, /state +online/)
  assert.match(status.log, /database .* 1 jobs/)
  const table = await miner.command('earnings', ['--by', 'job'])
  assert.match(table.log, new RegExp(`job ${job.id} +1 `))
  const well = await miner.command('doctor', ['--metrics-address', 'none'])
  assert.equal(well.status, 0, well.log)
  assert.doesNotMatch(well.log, /^fail/m)
  const ill = await miner.command('doctor', ['--node', 'ws://127.0.0.1:1'])
  assert.equal(ill.status, 1, ill.log)
  assert.match(ill.log, /^fail {2}node ws:\/\/127\.0\.0\.1:1/m)

  const twin = miner.run()
  assert.equal(await twin.exited, 1)
  assert.match(twin.log(), /DatabaseLocked/)
  const elsewhere = miner.run({ extra: ['--data-dir', `${miner.folder}-other`] })
  assert.equal(await elsewhere.exited, 1)
  assert.match(elsewhere.log(), /KeyInUse/)
  assert.equal(await worker.stop(), 0)
})

/** Starts the node of the network again on its folder and ports. */
async function restartNode(name) {
  const { processes, node } = network
  const again = processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
    '--dev',
    ...['--base-path', node.basePath],
    ...['--rpc-port', String(node.rpc)],
    ...['--port', String(node.p2p)],
    ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
  ])
  network.current = again
  // What was read before may be gone with the node's last blocks.
  const { chain, ledger } = network
  ledger.stop()
  await chain.disconnect().catch(() => {})
  const { chain: newChain, ledger: newLedger, close } = await openNetwork(node.url)
  Object.assign(network, { chain: newChain, ledger: newLedger })
  network.stop = async () => {
    await close()
    await processes.stop()
  }
}

// These two come last: the blocks that the ledger has seen may not be the chain's afterwards.
for (const [name, pauseMs] of [
  ['node-killed', 0],
  ['node-gone', 35_000],
]) {
  test(`job should be paid when the node is killed and back after ${pauseMs / 1_000} s`, async () => {
    const miner = miners.get(name)
    const worker = miner.run()
    await said(worker, 'waiting for jobs')
    const job = await submit(miner)
    await network.ledger.event('jobEscrow.JobClaimed', (data) => data.job === job.id)
    const node = network.current ?? network.node
    assert.equal(await node.kill(), 'SIGKILL')
    await sleep(pauseMs)
    await restartNode(`${name}-again`)
    await jobEnd(network.ledger, job.id)
    await assertPaidOnce(miner, job)
    assert.equal(await worker.stop(), 0)
  })
}
