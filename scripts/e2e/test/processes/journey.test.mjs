// The main job end to end, with a real node and a real worker.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DEMO_TOKENIZER, END_OF_ANSWER, openTokens } from '@aipowergrid/client'
import { checkFee, Checks } from '../../lib/books.mjs'
import { jobEnd, jobResult, jobReward, readAnswer, submitJob } from '../../lib/job.mjs'
import { checkBooks, checkReplay, followJob } from '../../lib/journey.mjs'
import { renderReport } from '../../lib/report.mjs'
import { BOND, assertBooks, assertHold, assertHolds, startNetwork } from './setup.mjs'

let network
let firstInput
before(async () => {
  network = await startNetwork()
  await network.processes.startWorker({
    url: network.node.url,
    suri: '//Charlie',
    extra: ['--capacity', '2'],
  })
})
after(() => network?.stop())

test('prompt should become an answer, a payment and a reward, and all books add up', async () => {
  const journey = await followJob(network, {
    requester: network.accounts.bob,
    prompt: 'What is AI Power Grid?',
  })
  firstInput = journey.job.input
  assert.notEqual(journey.answer.text.trim(), '')
  assert.equal(journey.answer.ids.at(-1), END_OF_ANSWER)
  assert.equal(journey.settled.method, 'JobSettled')
  assert.notEqual(journey.reward, null)
  assert.ok(journey.reward.claimed.data.amount > 0n)

  const audit = await checkBooks(network, journey, { bond: BOND })
  const { chain, processes } = network
  await checkReplay(audit.checks, { chain, processes, journey })
  assertHold(audit.checks)
  const report = renderReport(network, journey, audit)
  for (const part of [journey.job.prompt, network.model, 'issuance after', 'block by block']) {
    assert.ok(report.toLowerCase().includes(part.toLowerCase()), part)
  }
})

test('replay should name what is wrong when the claimed digest is another', async () => {
  const { chain, ledger, processes } = network
  const [{ data }] = ledger.events('jobEscrow.ResultSubmitted')
  const digest = data.digest.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
  const checks = new Checks()
  const job = { id: data.job, input: firstInput }
  await checkReplay(checks, { chain, processes, journey: { job, result: { data: { ...data, digest } } } })
  assert.equal(checks.failed.length, 1)
  assert.match(checks.failed[0].detail, /DigestMismatch/)
})

test('two jobs of the same prompt should give the same bits, and both be paid', async () => {
  const { chain, ledger, accounts, model, terms } = network
  const prompt = 'What is 2 plus 3?'
  const jobs = [
    await submitJob(chain, accounts.bob, { model, prompt }),
    await submitJob(chain, accounts.eve, { model, prompt }),
  ]
  const checks = new Checks()
  const results = []
  for (const job of jobs) {
    const result = await jobResult(ledger, job.id)
    const settled = await jobEnd(ledger, job.id)
    assert.equal(settled.method, 'JobSettled')
    const assigned = ledger.events('jobEscrow.JobAssigned', (data) => data.job === job.id).at(-1)
    await checkFee(checks, { chain, job, result, assigned, settled, terms })
    assert.notEqual(await jobReward(ledger, settled), null)
    results.push(result.data)
  }
  assertHold(checks)
  assert.notEqual(results[0].job, results[1].job)
  assert.deepEqual(results[0].output, results[1].output)
  assert.equal(results[0].digest, results[1].digest)
  await assertHolds(chain, accounts.bob, {})
  await assertHolds(chain, accounts.eve, {})
  await assertHolds(chain, accounts.charlie, { 'workerRegistry.WorkerBond': BOND })
})

test('answer should be refused by the client when a byte of it was changed on the way', async () => {
  const { chain, ledger } = network
  const { output } = ledger.events('jobEscrow.ResultSubmitted')[0].data
  const bytes = await chain.getBlob(output.blob)
  assert.doesNotThrow(() => openTokens(bytes, output))
  for (const position of [0, bytes.length - 1]) {
    const changed = bytes.slice()
    changed[position] ^= 1
    assert.throws(() => openTokens(changed, output), { code: 'BlobMismatch' })
  }
  const { ids, text } = await readAnswer(chain, output)
  assert.equal(text, DEMO_TOKENIZER.decode(ids))
})

test('books should add up over everything that happened on the chain', async () => {
  await assertBooks(network)
})
