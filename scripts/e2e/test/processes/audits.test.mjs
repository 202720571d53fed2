// Audits with real processes: auditors that look and one that does not, workers that are honest, that lie about
// some of their jobs, and that do not answer. Nobody checks results who is not drawn for it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { auditorCommand, startAuditor } from '../../lib/auditors.mjs'
import { closedCase } from '../../lib/disputes.mjs'
import { jobEnd, jobResult } from '../../lib/job.mjs'
import { newAccount, registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { BOND, startNetwork } from './setup.mjs'

const AUDITOR_BOND = 200n * AIPG
/** Two epochs, after which a key that was registered is drawn. */
const KEY_DELAY = 60

let network
let miners
const auditors = {}

const bondOf = async ({ address }) =>
  (await network.chain.holds(address))['audits.AuditorBond'] ?? 0n

before(async () => {
  network = await startNetwork()
  const { chain, accounts } = network
  miners = await registerMiners(network, ['honest', 'cheat', 'mute', 'fresh', 'both'])
  const models = [...miners.values()].map(({ model }) => model)
  for (const name of ['looks', 'stamps']) {
    auditors[name] = { name, models, ...(await newAccount(network, name)) }
    const { transferKeepAlive } = chain.api.tx.balances
    const { address } = auditors[name]
    await chain.submit(transferKeepAlive(address, 1_000n * AIPG), accounts.alice)
    const { status, log } = await auditorCommand(network, auditors[name], 'join', [
      ...['--auditor-bond', String(AUDITOR_BOND / AIPG)],
    ])
    assert.equal(status, 0, log)
    assert.equal(await bondOf(auditors[name]), AUDITOR_BOND)
  }
  const since = (await chain.api.rpc.chain.getHeader()).number.toNumber()
  await network.ledger.height(since + KEY_DELAY)
  const looks = startAuditor(network, auditors.looks)
  const stamps = startAuditor(network, auditors.stamps, { lies: ['--stamp'] })
  auditors.looks.process = looks
  auditors.stamps.process = stamps
  for (const process of [looks, stamps]) await said(process, 'connected')
})
after(() => network?.stop())

/** Events of audits about a job. */
function audits(job, name) {
  const events = network.ledger.events(`audits.${name}`, (data) => data.job === job.id)
  return events.map(({ data }) => data)
}

/** A job that a machine delivers. */
async function deliver(miner) {
  const job = await submitFor(miner, {})
  await jobResult(network.ledger, job.id)
  return job
}

const ENDS = ['audits.AuditEnded', 'audits.AuditAbandoned', 'audits.AttestationMissed']

/**
 * Jobs of a machine, until the audit of one goes on as `fits` says: windows are six seconds long on this chain,
 * and a machine that runs many tests at a time misses one now and then.
 */
async function untilAudited(miner, fits) {
  const { ledger } = network
  for (let tries = 0; tries < 5; tries += 1) {
    const before = new Map()
    for (const { address } of Object.values(auditors)) before.set(address, await bondOf({ address }))
    const job = await deliver(miner)
    const end = await ledger.wait(
      `the end of the audit of job ${job.id}`,
      () => ENDS.flatMap((name) => ledger.events(name, (data) => data.job === job.id))[0],
    )
    if (fits(job, end)) return { job, end, before }
  }
  throw new Error('no audit went on in time')
}

test('honest result should be audited, paid, and cost the auditor who did not look', async () => {
  const { ledger } = network
  const { looks, stamps } = auditors
  const honest = miners.get('honest')
  await said(honest.run(), 'waiting for jobs')
  const { job, end, before } = await untilAudited(
    honest,
    (job) => audits(job, 'AuditRevealed').length === 2,
  )
  const ofJob = (data) => data.job === job.id
  assert.equal(end.data.isRight, true)
  assert.equal(end.data.agreed, 1n)
  const revealed = new Map(audits(job, 'AuditRevealed').map((data) => [data.auditor, data.agrees]))
  assert.equal(revealed.get(looks.address), true)
  assert.equal(revealed.get(stamps.address), false)
  await ledger.event('jobEscrow.JobSettled', ofJob)
  // Who looked has earned credit, who did not has lost half of its bond.
  const credited = ledger.events('usefulWork.AuditCredited', ofJob).map(({ data }) => data.auditor)
  assert.deepEqual(credited, [looks.address])
  const isTheirs = ({ worker }) => worker === looks.address
  const claimed = await ledger.event('usefulWork.RewardClaimed', isTheirs, 40)
  assert.ok(claimed.data.amount > 0n, 'the auditor claims by itself')
  const fine = before.get(stamps.address) / 2n
  assert.equal(await bondOf(stamps), before.get(stamps.address) - fine)
  assert.equal(await bondOf(looks), before.get(looks.address))
  const penalties = audits(job, 'AuditorPenalised')
  assert.deepEqual(
    penalties.map(({ auditor, fault, amount }) => [auditor, fault, amount]),
    [[stamps.address, 'Wrong', fine]],
  )
})

test('worker that lies about some of its jobs should be caught by who is drawn', async () => {
  const { ledger, chain } = network
  const cheat = miners.get('cheat')
  // One of four jobs is false; the first of them may be missed by a busy auditor.
  const worker = cheat.run({ lies: ['--lie', 'garbage', '--lie-share', '25'] })
  await said(worker, 'waiting for jobs')
  const jobs = []
  for (let number = 0; number < 13; number += 1) {
    jobs.push(await submitFor(cheat, {}))
  }
  const caught = await ledger.event(
    'referee.ResultRefuted',
    (data) => data.worker === cheat.address,
    300,
  )
  const job = jobs.find(({ id }) => id === caught.data.job)
  assert.ok(job, 'it is one of these jobs')
  const events = await closedCase(network, job)
  const challenged = events.filter(({ name }) => name === 'referee.Challenged')
  assert.deepEqual(
    challenged.map(({ data }) => data.account),
    [auditors.looks.address],
    'whoever was drawn has challenged',
  )
  const rewards = events.filter(({ name }) => name === 'referee.RewardPaid')
  assert.deepEqual(
    rewards.map(({ data }) => [data.account, data.amount]),
    [[auditors.looks.address, caught.data.reward]],
  )
  assert.ok(caught.data.reward > BOND / 5n, 'a quarter of what the bond was')
  assert.ok((await chain.worker(cheat.address)).banned)
  assert.match(auditors.looks.process.log(), /audited a result: it is FALSE/)
})

test('job should end unpaid when its worker does not answer the audit', async () => {
  const { ledger } = network
  const mute = miners.get('mute')
  await said(mute.run({ lies: ['--mute'] }), 'waiting for jobs')
  const { job } = await untilAudited(mute, (_, { name }) => name === 'audits.AttestationMissed')
  const ofJob = (data) => data.job === job.id
  const refunded = await ledger.event('jobEscrow.JobRefunded', ofJob, 40)
  assert.equal(refunded.data.reason, 'NotAttested')
  assert.equal(refunded.data.returned, job.maxPrice)
  const isTheirs = ({ worker, fault }) => worker === mute.address && fault === 'AttestationMissed'
  const [penalty] = ledger.events('workerRegistry.Penalised', isTheirs)
  assert.equal(penalty.data.amount, BOND / 20n)
})

test('auditor should show how it stands, leave, and not withdraw before its time', async () => {
  const { looks } = auditors
  await looks.process.stop()
  const shown = await auditorCommand(network, looks, 'show')
  assert.equal(shown.status, 0, shown.log)
  assert.match(shown.log, /bond\s+200/)
  const left = await auditorCommand(network, looks, 'leave')
  assert.equal(left.status, 0, left.log)
  assert.match(left.log, /can be withdrawn from block \d+/)
  const early = await auditorCommand(network, looks, 'withdraw')
  assert.notEqual(early.status, 0)
  assert.match(early.log, /StillUnbonding|AuditsOpen/)
  const again = await auditorCommand(network, looks, 'join', ['--auditor-bond', '300'])
  assert.notEqual(again.status, 0)
  assert.match(again.log, /AuditorHasLeft/)
  const nobody = { ...(await newAccount(network, 'nobody')), name: 'nobody', models: [] }
  const none = await auditorCommand(network, nobody, 'show')
  assert.match(none.log, /NotAuditor/)
})

test('machine should audit by itself beside its jobs when its key is an auditor’s', async () => {
  const { ledger, chain, accounts } = network
  const fresh = miners.get('fresh')
  const both = miners.get('both')
  // The other auditors are away: one has left, and nothing is heard of the other.
  await auditors.stamps.process.stop()
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(both.address, 1_000n * AIPG), accounts.alice)
  const member = { name: 'both', key: both.key, models: [both.model] }
  const joined = await auditorCommand(network, member, 'join', ['--auditor-bond', String(AUDITOR_BOND / AIPG)])
  assert.equal(joined.status, 0, joined.log)
  const since = (await chain.api.rpc.chain.getHeader()).number.toNumber()
  await ledger.height(since + KEY_DELAY)
  // It offers one of the models, and can look into results of both.
  const machine = both.run({ extra: ['--model', fresh.model] })
  await said(machine, 'waiting for jobs')
  await said(fresh.run(), 'waiting for jobs')
  const own = await submitFor(both, {})
  const { job } = await untilAudited(fresh, (job) =>
    audits(job, 'AuditRevealed').some(({ auditor, agrees }) => auditor === both.address && agrees),
  )
  const ofJob = (data) => data.job === job.id
  assert.equal((await jobEnd(ledger, job.id)).method, 'JobSettled')
  const credited = await ledger.event('usefulWork.AuditCredited', ofJob)
  assert.equal(credited.data.auditor, both.address)
  await machine.waitUntil(() => machine.log().includes('audited a result: it is right'), 'a verdict')
  const end = await jobEnd(ledger, own.id)
  assert.equal(end.method, 'JobSettled', 'it has done its own job meanwhile')
  assert.equal(end.data.worker, both.address)
  assert.equal(await bondOf(both), AUDITOR_BOND)
})
