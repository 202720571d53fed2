// What goes wrong on the worker's side: a damaged model file, an input that is missing or another
// one, a worker that dies. Real node, real worker.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { DEMO_TOKENIZER } from '@aipowergrid/client'
import { jobEnd, prepareJob, readAnswer, sendJob, submitJob, tokenList } from '../../lib/job.mjs'
import { DEMO_MODEL } from '../../lib/processes.mjs'
import { BOND, assertBooks, assertHolds, assertRefused, startNetwork } from './setup.mjs'

let network
let worker
const charlie = () => ({ url: network.node.url, suri: '//Charlie' })
before(async () => {
  network = await startNetwork()
})
after(() => network?.stop())

test('worker should refuse to start by a named error when its model file is damaged', async () => {
  const { processes } = network
  const model = readFileSync(DEMO_MODEL)
  const flipped = (offset) => {
    const bytes = Buffer.from(model)
    bytes[offset] ^= 1
    return bytes
  }
  const cases = [
    ['head', flipped(12), 'ModelRootMismatch'],
    ['middle', flipped(model.length >> 1), 'WeightRootMismatch'],
    ['end', flipped(model.length - 1), 'WeightRootMismatch'],
    ['truncated', model.subarray(0, -1), 'Truncated'],
  ]
  for (const [place, bytes, error] of cases) {
    const path = join(processes.directory, `damaged-${place}.aipg`)
    writeFileSync(path, bytes)
    for (const action of ['register', 'run']) {
      const name = `${action}-${place}`
      const child = processes.spawnWorker(action, { ...charlie(), model: path, name })
      assert.equal(await child.exited, 1, `exit code of ${name}`)
      assert.ok(child.tail(1).startsWith(`error: cannot load ${path}: ${error}: `), child.tail(1))
    }
  }
  // Nothing was registered with a damaged model.
  assert.equal(await network.chain.worker(network.accounts.charlie.address), null)
})

test('jobs should end at the requester’s cost when their input is missing or another one', async () => {
  const { processes, chain, ledger, accounts, model } = network
  worker = await processes.startWorker({ ...charlie(), extra: ['--capacity', '2'] })
  const missing = await prepareJob(chain, { model, prompt: 'This blob was never stored' })
  // The blob is there, but the committed root is of other tokens.
  const wrong = await prepareJob(chain, { model, prompt: 'One prompt' })
  wrong.input = { ...wrong.input, root: tokenList(DEMO_TOKENIZER.encode('Two prompt')).commitment.root }
  await chain.putBlob(wrong.bytes)
  for (const terms of [missing, wrong]) {
    const job = await sendJob(chain, accounts.bob, terms)
    Object.assign(terms, job)
  }
  for (const job of [missing, wrong]) {
    const end = await jobEnd(ledger, job.id)
    assert.equal(end.method, 'JobRefunded')
    assert.equal(end.data.reason, 'InputUnavailable')
    // The demo model is listed here, and the job was open: withholding costs what the job does.
    assert.equal(end.data.returned, 0n)
    assert.equal(ledger.events('jobEscrow.InputDemanded', (data) => data.job === job.id).length, 1)
    assert.deepEqual(ledger.events('jobEscrow.JobRedrawn', (data) => data.job === job.id), [])
  }
  await assertHolds(chain, accounts.bob, {})
  await assertHolds(chain, accounts.charlie, { 'workerRegistry.WorkerBond': BOND })
  assert.deepEqual(ledger.events('workerRegistry.Penalised'), [])
})

test('job should be done when its input is published because the worker demands it', async () => {
  const { chain, ledger, accounts, model } = network
  // No node has it: the worker can only have it from the chain.
  const job = await sendJob(chain, accounts.bob, await prepareJob(chain, { model, prompt: 'What is a miner?' }))
  const ofJob = (data) => data.job === job.id
  await ledger.event('jobEscrow.InputDemanded', ofJob)
  const stages = []
  const [result] = await Promise.all([
    chain.waitForResult(job, { signer: accounts.bob }),
    (async () => {
      for await (const { stage } of chain.stages(job)) stages.push(stage)
    })(),
  ])
  assert.ok(result.ids.length > 0)
  assert.deepEqual(stages, ['queued', 'assigned', 'demanded', 'assigned', 'running', 'delivered', 'settled'])
  assert.deepEqual(ledger.events('workerRegistry.Penalised'), [])
})

test('publication should be refused when it is not what the worker demands', async () => {
  const { chain, ledger, accounts, model } = network
  const job = await sendJob(chain, accounts.bob, await prepareJob(chain, { model, prompt: 'Never stored either' }))
  const refused = (tokens, error) => {
    const call = chain.api.tx.jobEscrow.publishInput(job.id, tokens)
    return assertRefused(network, call, accounts.bob, `jobEscrow.${error}`)
  }
  const input = DEMO_TOKENIZER.encode('Never stored either')
  await refused(input, 'InputNotDemanded')
  await ledger.event('jobEscrow.InputDemanded', (data) => data.job === job.id)
  await refused(input.slice(1), 'InputMismatch')
  await chain.publishInput(job, accounts.eve)
  await refused(input, 'InputNotDemanded')
  assert.equal((await jobEnd(ledger, job.id)).method, 'JobSettled')
})

/** Waits until the worker's claim of a job is on its way or in a block. */
async function claimSeen({ chain, ledger }, id) {
  const limit = ledger.last.number + 50
  while (ledger.last.number < limit) {
    const pending = await chain.api.rpc.author.pendingExtrinsics()
    const claims = pending.filter(
      ({ method }) =>
        method.section === 'jobEscrow' &&
        method.method === 'claim' &&
        method.args[0].toBigInt() === id,
    )
    if (claims.length > 0) return
    if (ledger.events('jobEscrow.JobClaimed', (data) => data.job === id).length > 0) return
    await sleep(20)
  }
  throw new Error(`job ${id} was not claimed by block ${limit}`)
}

test('job should be drawn again, and its worker penalised, when the worker dies after its claim', async () => {
  const { processes, chain, ledger, accounts, model } = network
  const job = await submitJob(chain, accounts.bob, { model, prompt: 'What is a worker?' })
  const ofJob = (data) => data.job === job.id
  await claimSeen(network, job.id)
  assert.equal(await worker.kill(), 'SIGKILL')

  const redrawn = await ledger.event('jobEscrow.JobRedrawn', ofJob)
  assert.equal(redrawn.data.fault, 'ResultMissed')
  assert.equal(ledger.events('jobEscrow.JobClaimed', ofJob).length, 1)
  const penalty = ledger.events('workerRegistry.Penalised')[0].data
  assert.equal(penalty.worker, accounts.charlie.address)
  assert.equal(penalty.amount, BOND / 20n)
  await assertHolds(chain, accounts.charlie, { 'workerRegistry.WorkerBond': BOND - BOND / 20n })

  // The same machine, started again, is drawn again and answers.
  worker = processes.spawnWorker('run', { ...charlie(), name: 'worker-again' })
  const end = await jobEnd(ledger, job.id)
  assert.equal(end.method, 'JobSettled')
  const { data } = ledger.events('jobEscrow.ResultSubmitted', ofJob)[0]
  const { ids } = await readAnswer(chain, data.output)
  assert.ok(ids.length > 0)
  await assertHolds(chain, accounts.bob, {})
})

test('machine should be offline on the chain when its worker is stopped', async () => {
  const { chain, ledger, accounts } = network
  assert.equal((await chain.worker(accounts.charlie.address)).online, true)
  assert.equal(await worker.stop(), 0)
  await ledger.event('workerRegistry.WentOffline', (data) => data.worker === accounts.charlie.address)
  assert.equal((await chain.worker(accounts.charlie.address)).online, false)
})

test('books should add up over everything that went wrong', async () => {
  await assertBooks(network)
})
