// What a worker does besides single jobs: batches, progress of long jobs, inputs that stay away, unannounced windows. Real processes, a
// development chain on which windows open often.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { jobEnd, jobResult, prepareJob, submitCall } from '../../lib/job.mjs'
import { accountHex, registerMiners, said, signedCalls, submitFor } from '../../lib/miners.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { startNode } from '../../lib/nodes.mjs'
import { Processes } from '../../lib/processes.mjs'
import { specificationOf } from '../../lib/specification.mjs'

/** A job of so many tokens has longer to be delivered than a worker may be silent. */
const LONG = 200
/** Blocks in which a worker has to be heard of. */
const PROGRESS = 10
/** Jobs that each machine takes at a time. */
const SLOTS = ['--capacity', '8']
/** Blocks until a window opens and is over, many times what it takes. */
const WINDOW_BLOCKS = 150

const processes = new Processes()
let network
let miners

before(async () => {
  const chain = await specificationOf(processes, 'dev', {
    runWindow: PROGRESS,
    progressWindow: PROGRESS,
    // A job of LONG tokens has a minute.
    unitsPerBlock: 10,
    powerInterval: 6,
    powerWindow: 6,
  })
  const extra = ['--validator', '--alice', '--force-authoring']
  const node = await startNode(processes, { chain, name: 'node', index: 0, extra })
  network = { ...(await openNetwork(node.url)), processes, node }
  miners = await registerMiners(network, ['wide', 'slow', 'strong', 'hungry'], SLOTS)
})

after(async () => {
  await network?.close()
  await processes.stop()
})

/** Calls that a machine has signed since a block, by name. */
async function callsOf(miner, since) {
  const { chain, ledger } = network
  const all = await signedCalls(chain, since, ledger.last.number)
  const own = all.filter(({ signer }) => signer === accountHex(chain, miner.address))
  assert.deepEqual(own.filter(({ succeeded }) => !succeeded), [], 'no call failed')
  return own.map(({ call }) => call)
}

test('worker with several slots should claim in batches', async () => {
  const { chain, ledger, accounts } = network
  const wide = miners.get('wide')
  const since = ledger.last.number
  await said(wide.run({ extra: SLOTS }), 'waiting for jobs')
  // One block takes all jobs and one beacon draws for them, so the machine finds them together.
  const terms = await prepareJob(chain, { model: wide.root, prompt: 'What is a batch?', maxOutput: 4 })
  await chain.putBlob(terms.bytes)
  const submissions = Array.from({ length: 6 }, () => submitCall(chain, terms))
  const { events } = await chain.submit(chain.api.tx.utility.batchAll(submissions), accounts.bob)
  const jobs = events.filter(({ name }) => name === 'jobEscrow.JobSubmitted').map(({ data }) => data.job)
  assert.equal(jobs.length, submissions.length)
  const results = await Promise.all(jobs.map((id) => jobResult(ledger, id)))
  assert.ok(results.every(({ data }) => data.worker === wide.address))
  const ends = await Promise.all(jobs.map((id) => jobEnd(ledger, id)))
  assert.ok(ends.every(({ method }) => method === 'JobSettled'))
  const calls = await callsOf(wide, since)
  const count = (name) => calls.filter((call) => call === `jobEscrow.${name}`).length
  assert.ok(count('claimBatch') > 0, `jobs are claimed together: ${calls}`)
  assert.ok(count('claim') + count('claimBatch') < jobs.length, `${calls}`)
  assert.deepEqual(ledger.events('jobEscrow.BatchPartFailed', () => true), [])
})

test('long job should stay with its worker, who says how far it is', async () => {
  const { ledger } = network
  const slow = miners.get('slow')
  // It stops by itself before it computes, as if the model were far larger.
  const pauseUntil = `${processes.directory}/never`
  const worker = slow.run({ pauseAt: 'run-starting', pauseUntil })
  await said(worker, 'waiting for jobs')
  const job = await submitFor(slow, { request: { maxOutput: LONG } })
  const ofJob = (data) => data.job === job.id
  const claimed = await ledger.event('jobEscrow.JobClaimed', ofJob)
  assert.ok(claimed.data.heardBy < claimed.data.deliverBy, 'it has to be heard of before it has to deliver')
  assert.equal(BigInt(claimed.block.number + PROGRESS - 1), claimed.data.heardBy)
  // Stopped in the middle of a run it says nothing, and the chain does not wait until the job should be there.
  const lost = await ledger.event('jobEscrow.JobRedrawn', ofJob, 4 * PROGRESS)
  assert.equal(lost.data.fault, 'ResultMissed')
  assert.ok(BigInt(lost.block.number) <= claimed.data.heardBy + 2n)
  assert.equal(await worker.kill(), 'SIGKILL')

  // Started again it goes on once half of the time in which it has to be heard of is over, and says so first.
  const release = `${processes.directory}/go-on-in-time`
  await said(slow.run({ pauseAt: 'run-starting', pauseUntil: release }), 'waiting for jobs')
  const isAgain = (data) => ofJob(data) && data.heardBy > claimed.data.heardBy
  const again = await ledger.event('jobEscrow.JobClaimed', isAgain)
  await ledger.height(again.block.number + PROGRESS / 2 + 1)
  writeFileSync(release, '')
  const progressed = await ledger.event('jobEscrow.JobProgressed', ofJob, PROGRESS)
  assert.equal(progressed.data.worker, slow.address)
  assert.ok(progressed.data.tokens <= LONG)
  assert.ok(progressed.data.heardBy > again.data.heardBy, 'it has a window more')
  const end = await jobEnd(ledger, job.id)
  assert.equal(end.method, 'JobSettled')
  assert.equal(ledger.events('jobEscrow.JobRedrawn', ofJob).length, 1, 'it was not taken away again')
})

test('job of a model that is not listed should end for 2 % when its input stays away three times', async () => {
  const { ledger, chain } = network
  const hungry = miners.get('hungry')
  await said(hungry.run(), 'waiting for jobs')
  const job = await submitFor(hungry, { storesInput: false })
  const ofJob = (data) => data.job === job.id
  const end = await jobEnd(ledger, job.id)
  assert.equal(end.method, 'JobRefunded')
  assert.equal(end.data.reason, 'InputUnavailable')
  const charge = BigInt(chain.api.consts.jobEscrow.inputMissCharge.toNumber())
  const lost = job.maxPrice - end.data.returned
  const exact = (job.maxPrice * charge) / 1_000_000n
  assert.ok(lost === exact || lost === exact + 1n, `${lost} of ${job.maxPrice}`)
  const demands = ledger.events('jobEscrow.InputDemanded', ofJob)
  assert.equal(demands.length, 3, 'each draw was given its time')
  const redrawn = ledger.events('jobEscrow.JobRedrawn', ofJob).map(({ data }) => data.fault ?? null)
  assert.deepEqual(redrawn, [null, null], 'nobody is to blame')
  const isTheirs = ({ worker }) => worker === hungry.address
  assert.deepEqual(ledger.events('workerRegistry.Penalised', isTheirs), [])
})

test('worker should be measured in an unannounced window and count by its power', async () => {
  const { ledger, chain } = network
  const strong = miners.get('strong')
  const worker = strong.run({ extra: ['--power-share', '0.2'] })
  await said(worker, 'waiting for jobs')
  const ofWorker = ({ worker }) => worker === strong.address
  const committed = await ledger.event('power.Committed', ofWorker, WINDOW_BLOCKS)
  assert.equal(committed.data.isCertain, true, 'a newcomer is always asked to prove it')
  const proven = await ledger.event('power.Proven', ofWorker, WINDOW_BLOCKS)
  assert.equal(proven.data.steps, committed.data.steps)
  assert.ok(proven.data.steps > 0n)
  const view = await chain.worker(strong.address)
  assert.equal(view.power, proven.data.steps)
  assert.deepEqual(ledger.events('power.Failed', ofWorker), [])
  const status = await strong.command('status')
  assert.equal(status.status, 0, status.log)
  assert.match(status.log, new RegExp(`power {6}${proven.data.steps} steps`))
})
