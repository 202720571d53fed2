// Pictures as jobs, with real processes: the same words and seed give the same bytes on chain, after a restart and without
// any chain, and a pixel that is false loses its worker the bond.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { PNG } from 'pngjs'
import { closedCase, startChecker, watchDisputes } from '../../lib/disputes.mjs'
import { jobEnd, jobResult } from '../../lib/job.mjs'
import { newAccount, registerMiners, said, submitFor } from '../../lib/miners.mjs'
import {
  HEIGHT,
  PICTURE_MODEL,
  WIDTH,
  paint,
  pictureRequest,
  pixelHash,
  readPicture,
  writePng,
} from '../../lib/pictures.mjs'
import { BOND, startNetwork } from './setup.mjs'

const PROMPT = 'a red robot'
const SEED = 7n

let network
let miners
before(async () => {
  network = await startNetwork()
  miners = await registerMiners(network, ['painter', 'forger'], [], PICTURE_MODEL)
})
after(() => network?.stop())

/** Has a machine make a picture: {job, result, pixels}. */
async function order(miner, seed = SEED) {
  const job = await submitFor(miner, { request: pictureRequest(PROMPT, seed) })
  const result = await jobResult(network.ledger, job.id)
  return { job, result, pixels: await readPicture(network.chain, result.data.output) }
}

test('picture should be paid, and the same after a restart and without a chain', async () => {
  const painter = miners.get('painter')
  const worker = painter.run()
  await said(worker, 'waiting for jobs')
  const first = await order(painter)
  const end = await jobEnd(network.ledger, first.job.id)
  assert.equal(end.method, 'JobSettled')
  const alone = await paint(network.processes, PROMPT, SEED)
  assert.equal(pixelHash(first.pixels), alone.pixels)
  assert.equal(first.result.data.digest, alone.digest)

  assert.equal(await worker.kill(), 'SIGKILL')
  const again = painter.run()
  await said(again, 'waiting for jobs')
  const second = await order(painter)
  assert.deepEqual(second.result.data.output, first.result.data.output)
  assert.equal(second.result.data.digest, first.result.data.digest)
  const other = await order(painter, SEED + 1n)
  assert.notDeepEqual(other.pixels, first.pixels)
  assert.equal(await again.stop(), 0)
})

test('picture should come out of its PNG file as it was', async () => {
  const path = join(network.processes.directory, 'ramp.png')
  const pixels = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, index) => (7 * index) % 256)
  writePng(path, pixels)
  const { width, height, data } = PNG.sync.read(readFileSync(path))
  assert.deepEqual([width, height], [WIDTH, HEIGHT])
  assert.deepEqual([...data].filter((_, index) => index % 4 < 3), [...pixels])
})

test('request for a picture should name a word that is unknown and a seed that is too large', () => {
  assert.throws(() => pictureRequest('a red submarine', 1n), /UnknownWord: "submarine" .* known are a, /)
  assert.throws(() => pictureRequest(' ?! ', 1n), /NoWords/)
  assert.throws(() => pictureRequest(PROMPT, 2n ** 64n), /SeedTooLarge/)
})

test('worker that falsifies a pixel should lose its bond to one honest checker', async () => {
  const { chain, accounts, ledger } = network
  const forger = miners.get('forger')
  const checker = await newAccount(network, 'checker')
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(checker.address, 500n * AIPG), accounts.alice)
  const program = startChecker(network, { name: 'checker', key: checker.key, models: [forger.model] })
  const watch = watchDisputes(network)
  await said(program, 'connected')
  const worker = forger.run({ lies: ['--lie', 'pixel'] })
  await said(worker, 'waiting for jobs')
  const { job, pixels } = await order(forger)
  const truth = await paint(network.processes, PROMPT, SEED)
  assert.notEqual(pixelHash(pixels), truth.pixels)

  const events = await closedCase(network, job)
  const refuted = events.find(({ name }) => name === 'referee.ResultRefuted')
  assert.equal(refuted?.data.worker, forger.address)
  const [refunded] = ledger.events('jobEscrow.JobRefunded', (data) => data.job === job.id)
  assert.equal(refunded.data.reason, 'ResultRefuted')
  assert.equal((await chain.holds(forger.address))['workerRegistry.WorkerBond'], BOND / 2n)
  assert.ok((await chain.worker(forger.address)).banned)
  const lines = watch.log().split('\n').filter((line) => line.includes(` job ${job.id} `))
  assert.match(lines.join('\n'), /the chain executed Pixel.*: the challenger wins/)
  assert.equal(await worker.stop(), 0)
  assert.equal(await program.stop(), 0)
})
