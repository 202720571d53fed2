// Public jobs: the chain asks for them itself, a measured machine runs them though nobody has stored their prompts, and
// in the end they are over. Real processes, a development chain on which power is measured and days are minutes.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openTokens, plain } from '@aipowergrid/client'
import { burned, minted } from '../../lib/books.mjs'
import { fates } from '../../lib/fates.mjs'
import { jobEnd } from '../../lib/job.mjs'
import { registerMiners, said } from '../../lib/miners.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { startNode } from '../../lib/nodes.mjs'
import { Processes } from '../../lib/processes.mjs'
import { specificationOf } from '../../lib/specification.mjs'

/** Blocks after which the share halves: as short as leaves time to be measured and to run some jobs. */
const HALVING = 40
/** After so many halvings there are none any more. */
const HALVINGS = 6
/** Blocks until a window opens and is over, many times what it takes. */
const WINDOW_BLOCKS = 150
/** Blocks until jobs of which the last was just submitted are over and forgotten. */
const END_BLOCKS = 250
const SLOTS = ['--capacity', '4']

const processes = new Processes()
let network
let miners

before(async () => {
  const chain = await specificationOf(processes, 'dev', {
    powerInterval: 6,
    powerWindow: 6,
    bootstrapShare: 10_000,
    bootstrapHalving: HALVING,
  })
  const extra = ['--validator', '--alice', '--force-authoring']
  const node = await startNode(processes, { chain, name: 'node', index: 0, extra })
  network = { ...(await openNetwork(node.url)), processes, node }
  miners = await registerMiners(network, ['strong'], SLOTS)
})

after(async () => {
  await network?.close()
  await processes.stop()
})

const lane = async () => plain(await network.chain.api.call.bootstrapApi.lane())

/** Says by sudo which models there are public jobs of. */
function setModels(models) {
  const { chain, accounts } = network
  const { bootstrap, sudo } = chain.api.tx
  return chain.submit(sudo.sudo(bootstrap.setModels(models)), accounts.alice)
}

test('public job should be run and paid, though nobody has stored its prompt', async () => {
  const { chain, ledger } = network
  const strong = miners.get('strong')
  await setModels([strong.root])
  await said(strong.run({ extra: [...SLOTS, '--power-share', '0.2'] }), 'waiting for jobs')
  const isFirst = () => true
  assert.deepEqual(ledger.events('bootstrap.PublicJobStarted', isFirst), [], 'nobody was measured yet')
  await ledger.event('power.Proven', ({ worker }) => worker === strong.address, WINDOW_BLOCKS)

  const started = await ledger.event('bootstrap.PublicJobStarted', isFirst, WINDOW_BLOCKS)
  const { job, price, model } = started.data
  assert.equal(model, strong.root)
  assert.ok(started.data.minted >= price, 'there was nothing to pay with before')
  const ids = plain(await chain.api.call.jobsApi.publicInput(job)).map(Number)
  const { input } = plain(await chain.api.call.jobsApi.job(job))
  assert.equal(BigInt(ids.length), input.count)
  const end = await jobEnd(ledger, job)
  assert.equal(end.method, 'JobSettled')
  const { account } = await lane()
  assert.deepEqual([end.data.worker, end.data.requester], [strong.address, account])
  assert.ok(end.data.toWorker > 0n)
  // Paid, and nothing besides.
  assert.deepEqual(ledger.events('usefulWork.WorkCredited', (data) => data.job === job), [])
  // The worker has stored the prompt for whoever checks it.
  const [submitted] = ledger.events('jobEscrow.JobSubmitted', (data) => data.job === job)
  assert.equal(submitted.data.requester, account)
  assert.deepEqual(openTokens(await chain.getBlob(input.blob), input).map(Number), ids)
})

test('books of the machine should tell public jobs apart', async () => {
  const { ledger } = network
  const strong = miners.get('strong')
  const { publicJobs } = fates(ledger.blocks)
  assert.ok(publicJobs.paid > 0)
  // They are booked when they are final.
  await ledger.height(ledger.last.number + 10)
  const { total } = await strong.books()
  assert.ok(total.public_jobs > 0)
  assert.equal(total.public_jobs, total.jobs, 'nobody else has asked for anything')
  assert.equal(total.public_fees, total.fees)
  assert.equal(fates(ledger.blocks).submitted, 0)
})

test('what is left should burn when the time of public jobs is over', async () => {
  const { chain, ledger } = network
  const ended = await ledger.event('bootstrap.LaneEnded', () => true, HALVING * HALVINGS + END_BLOCKS)
  assert.ok(ended.block.number >= HALVING * HALVINGS)
  const view = await lane()
  assert.deepEqual([view.hasEnded, view.share, view.allowance, view.funds], [true, 0n, 0n, 0n])
  assert.deepEqual([view.unanswered, view.answered], [0n, 0n])
  const blocks = ledger.blocks.filter(({ number }) => number <= ledger.last.number)
  const started = new Set(blocks.flatMap(({ events }) => events)
    .filter(({ name }) => name === 'bootstrap.PublicJobStarted')
    .map(({ data }) => data.job))
  assert.equal(BigInt(started.size), view.started)
  // All that was minted went to who is paid from a fee, or burned.
  const fees = ledger
    .events('jobEscrow.JobSettled', ({ job }) => started.has(job))
    .reduce((sum, { data }) => sum + data.fee, 0n)
  const mint = minted(blocks).byReason.Bootstrap
  const burn = burned(blocks).byReason.Bootstrap ?? 0n
  assert.ok(fees > 0n)
  assert.equal(mint, fees + burn)
  assert.equal(mint, view.minted)
  assert.equal(burn, ended.data.burned)
  const books = await chain.books(ledger.last.hash)
  assert.deepEqual([books.mintedBootstrap, books.burnedBootstrap], [mint, burn])
})
