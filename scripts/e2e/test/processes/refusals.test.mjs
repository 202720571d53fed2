// Bad input over the wire: every refusal is named, and nothing is lost by it. The tests play
// requester, creator and worker by hand, so that each can do what an honest program never does.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { AIPG, END_OF_ANSWER } from '@aipowergrid/client'
import { u8aConcat, u8aToHex } from '@polkadot/util'
import { blake2AsU8a } from '@polkadot/util-crypto'
import {
  jobEnd,
  prepareJob,
  readAnswer,
  sendJob,
  submitCall,
  submitJob,
  tokenList,
} from '../../lib/job.mjs'
import { DEMO_HEADER } from '../../lib/processes.mjs'
import { BOND, assertBooks, assertHolds, assertRefused, startNetwork } from './setup.mjs'

const ZERO_HASH = `0x${'00'.repeat(32)}`
const UNKNOWN_MODEL = `0x${'ab'.repeat(32)}`
const HEADER_DOMAIN = new TextEncoder().encode('aipg/model/1')

let network
let tx
before(async () => {
  network = await startNetwork()
  tx = network.chain.api.tx
})
after(() => network?.stop())

test('job should be refunded in full when no worker is online before its deadline', async () => {
  const { chain, ledger, accounts, model } = network
  const terms = await prepareJob(chain, { model, prompt: 'Is anybody there?' })
  const best = await chain.bestNumber()
  await chain.putBlob(terms.bytes)
  const job = await sendJob(chain, accounts.bob, {
    ...terms,
    deadline: best + Number(terms.quote.leastDeadline) + 5,
  })
  await assertHolds(chain, accounts.bob, { 'jobEscrow.JobPrice': terms.maxPrice })
  const end = await jobEnd(ledger, job.id)
  assert.equal(end.method, 'JobRefunded')
  assert.equal(end.data.reason, 'DeadlineUnreachable')
  assert.equal(end.data.returned, terms.maxPrice)
  await assertHolds(chain, accounts.bob, {})
  assert.equal(await chain.job(job.id), null)
  const refunded = {
    name: 'JobRefunded',
    job: job.id,
    reason: 'DeadlineUnreachable',
    returned: terms.maxPrice,
  }
  // Both are awaited at once: a wait that is refused before anybody awaits it ends the test.
  const waits = [chain.waitForResult(job), chain.waitForSettlement(job)]
  await Promise.all(waits.map((wait) => assert.rejects(wait, refunded)))
})

test('submission should be refused by name when any of its terms is wrong', async () => {
  const { chain, accounts, model, terms } = network
  const good = await prepareJob(chain, { model, prompt: 'Hello' })
  const far = await chain.bestNumber()
  const balance = await chain.freeBalance(accounts.bob.address)
  const long = { ...good.input, count: Number(terms.maxContext) }
  const cases = [
    ['UnknownModel', { model: UNKNOWN_MODEL }],
    ['ClassMismatch', { class: 'Statistical' }],
    ['EmptyPrompt', { input: tokenList([]).commitment }],
    ['NoOutputRequested', { maxOutput: 0 }],
    ['PromptTooLong', { input: long }],
    ['StopTokenOutOfVocabulary', { stop: [Number(terms.vocabulary)] }],
    ['PriceBelowFloor', { maxPrice: good.quote.leastPrice - 1n }],
    ['PriceExceedsBalance', { maxPrice: balance + 1n }],
    ['DeadlineTooShort', { deadline: far + Number(good.quote.leastDeadline) - 1 }],
    ['DeadlineTooFar', { deadline: 0xffffffff }],
    ['ReferrerIsRequester', { referrer: accounts.bob.address }],
  ]
  for (const [error, change] of cases) {
    const call = submitCall(chain, { ...good, ...change })
    await assertRefused(network, call, accounts.bob, `jobEscrow.${error}`, error)
  }
  await assertHolds(chain, accounts.bob, {})
})

test('model should be refused by name when its root is wrong or its header damaged', async () => {
  const { chain, accounts, model } = network
  const header = new Uint8Array(readFileSync(DEMO_HEADER))
  const floor = AIPG
  const register = (root, bytes) =>
    tx.modelRegistry.register(root, u8aToHex(bytes), 'Exact', floor)
  const refused = (call, error) => assertRefused(network, call, accounts.eve, `modelRegistry.${error}`)

  await refused(register(model, header), 'AlreadyRegistered')
  await refused(register(UNKNOWN_MODEL, header), 'RootMismatch')
  // A header that decodes but is not the one of the root; then headers that do not decode.
  const changed = header.slice()
  changed[header.length - 1] ^= 1
  await refused(register(model, changed), 'RootMismatch')
  await refused(register(model, header.slice(0, -1)), 'InvalidHeader')
  const otherVersion = header.slice()
  otherVersion[0] ^= 0xff
  await refused(register(model, otherVersion), 'InvalidHeader')
  await refused(
    tx.modelRegistry.register(model, u8aToHex(header), 'Pinned', floor),
    'ClassNotSupported',
  )
  await assertHolds(chain, accounts.eve, {})

  // The changed header under its own root is another model, whose deposit comes back.
  const root = u8aToHex(blake2AsU8a(u8aConcat(HEADER_DOMAIN, changed), 256))
  await chain.submit(register(root, changed), accounts.eve)
  await assertHolds(chain, accounts.eve, { 'modelRegistry.ModelDeposit': 100n * AIPG })
  await refused(register(root, changed), 'AlreadyRegistered')
  await assertRefused(network, tx.modelRegistry.retire(root), accounts.bob, 'modelRegistry.NotCreator')
  await chain.submit(tx.modelRegistry.retire(root), accounts.eve)
  await assertHolds(chain, accounts.eve, {})
})

test('worker should be refused by name when it registers or offers wrongly', async () => {
  const { chain, accounts, model, terms } = network
  const { charlie, eve } = accounts
  const refused = (call, signer, error) =>
    assertRefused(network, call, signer, `workerRegistry.${error}`)
  const register = (bond, capacity) => tx.workerRegistry.register(bond, capacity, 'Europe')

  const leastBond = chain.api.consts.workerRegistry.minimumBond.toBigInt()
  await refused(register(leastBond - 1n, 2), charlie, 'BondTooSmall')
  await refused(register(BOND, 0), charlie, 'InvalidCapacity')
  await refused(register(await chain.freeBalance(charlie.address), 2), charlie, 'BalanceTooLow')
  await refused(tx.workerRegistry.goOnline(), charlie, 'NotRegistered')
  for (const worker of [charlie, eve]) await chain.submit(register(BOND, 2), worker)
  await refused(register(BOND, 2), charlie, 'AlreadyRegistered')
  await refused(tx.workerRegistry.goOnline(), charlie, 'NoOffers')
  await refused(tx.workerRegistry.setOffer(UNKNOWN_MODEL, AIPG), charlie, 'UnknownModel')
  await refused(tx.workerRegistry.setOffer(model, terms.priceFloor - 1n), charlie, 'AskBelowFloor')
  await assertRefused(network, tx.usefulWork.claimReward(0), charlie, 'usefulWork.NothingToClaim')
  await chain.submit(tx.workerRegistry.setOffer(model, terms.priceFloor), charlie)
  await chain.submit(tx.workerRegistry.goOnline(), charlie)
  await refused(tx.workerRegistry.goOnline(), charlie, 'AlreadyOnline')
  await assertHolds(chain, charlie, { 'workerRegistry.WorkerBond': BOND })
})

test('steps of a job should be refused by name when they are not the caller’s or not in order', async () => {
  const { chain, ledger, accounts, model } = network
  const { bob, charlie, eve } = accounts
  const job = await submitJob(chain, bob, { model, prompt: 'Who may claim this?', maxOutput: 8 })
  const refused = (call, signer, error) =>
    assertRefused(network, call, signer, `jobEscrow.${error}`)
  const deliver = (output, digest = ZERO_HASH) =>
    tx.jobEscrow.submitResult(job.id, output, digest, null)
  const answer = tokenList([72, 105, END_OF_ANSWER])
  const ofJob = (data) => data.job === job.id

  await ledger.event('jobEscrow.JobAssigned', ofJob)
  await refused(tx.jobEscrow.claim(job.id + 1000n), charlie, 'JobNotFound')
  await refused(tx.jobEscrow.claim(job.id), eve, 'NotAssignedWorker')
  await refused(tx.jobEscrow.inputUnavailable(job.id), eve, 'NotAssignedWorker')
  await refused(deliver(answer.commitment), charlie, 'NotClaimed')
  await chain.submit(tx.jobEscrow.claim(job.id), charlie)
  await refused(tx.jobEscrow.claim(job.id), charlie, 'AlreadyClaimed')
  await refused(deliver(answer.commitment), eve, 'NotAssignedWorker')
  await refused(deliver(tokenList([]).commitment), charlie, 'EmptyOutput')
  const tooLong = tokenList(Array(9).fill(72)).commitment
  await refused(deliver(tooLong), charlie, 'OutputTooLong')

  // The blob is what its hash says, but the root is another answer's: only a reader can notice.
  const forged = { ...answer.commitment, root: tokenList([72, 111, END_OF_ANSWER]).commitment.root }
  await chain.putBlob(answer.bytes)
  await chain.submit(deliver(forged), charlie)
  const { data } = await ledger.event('jobEscrow.ResultSubmitted', ofJob)
  await assert.rejects(readAnswer(chain, data.output), { name: 'ResultMismatch', code: 'RootMismatch' })
  await assert.rejects(chain.waitForResult(job), { name: 'ResultMismatch', code: 'RootMismatch' })
  await refused(deliver(answer.commitment), charlie, 'ResultAlreadySubmitted')
  await jobEnd(ledger, job.id)
  await refused(deliver(answer.commitment), charlie, 'JobNotFound')
  await assertHolds(chain, bob, {})
})

test('late claim and late result should be refused by name and penalised, and the price returned', async () => {
  const { chain, ledger, accounts, model } = network
  const { bob, charlie } = accounts
  const refused = (call, error) => assertRefused(network, call, charlie, `jobEscrow.${error}`)
  const bondBefore = (await chain.worker(charlie.address)).bond
  const claimed = await submitJob(chain, bob, { model, prompt: 'Too late?', maxOutput: 8 })
  const ignored = await submitJob(chain, bob, { model, prompt: 'Too late!', maxOutput: 8 })
  const [ofClaimed, ofIgnored] = [claimed, ignored].map((job) => (data) => data.job === job.id)
  await ledger.event('jobEscrow.JobAssigned', ofClaimed)
  await ledger.event('jobEscrow.JobAssigned', ofIgnored)
  // Nobody shall be drawn a second time: the jobs then wait until their deadline is out of reach.
  await chain.submit(tx.workerRegistry.goOffline(), charlie)
  await chain.submit(tx.jobEscrow.claim(claimed.id), charlie)

  const missedClaim = await ledger.event('jobEscrow.JobRedrawn', ofIgnored)
  assert.equal(missedClaim.data.fault, 'ClaimMissed')
  await refused(tx.jobEscrow.claim(ignored.id), 'ClaimTooLate')
  const missedResult = await ledger.event('jobEscrow.JobRedrawn', ofClaimed)
  assert.equal(missedResult.data.fault, 'ResultMissed')
  const late = tokenList([72, END_OF_ANSWER]).commitment
  await refused(tx.jobEscrow.submitResult(claimed.id, late, ZERO_HASH, null), 'ResultTooLate')

  const penalties = ledger.events('workerRegistry.Penalised').map(({ data }) => data)
  assert.deepEqual(
    penalties.map(({ worker, fault }) => [worker, fault]),
    [
      [charlie.address, 'ClaimMissed'],
      [charlie.address, 'ResultMissed'],
    ],
  )
  // Five per cent of the bond as it stands each time.
  const [first, second] = penalties.map(({ amount }) => amount)
  assert.equal(first, bondBefore / 20n)
  assert.equal(second, (bondBefore - first) / 20n)
  await assertHolds(chain, charlie, { 'workerRegistry.WorkerBond': bondBefore - first - second })

  for (const job of [claimed, ignored]) {
    const end = await jobEnd(ledger, job.id)
    assert.equal(end.method, 'JobRefunded')
    assert.equal(end.data.reason, 'DeadlineUnreachable')
    assert.equal(end.data.returned, job.maxPrice)
  }
  await assertHolds(chain, bob, {})
})

test('books should add up over everything that was refused, forged and late', async () => {
  await assertBooks(network)
})
