// What dishonesty earns, with real processes: a worker that cheats on 5 % of its jobs beside an honest one, and a
// party that does its own jobs.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { startChecker } from '../../lib/disputes.mjs'
import { jobEnd, jobReward } from '../../lib/job.mjs'
import { newAccount, registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { ROOT } from '../../lib/processes.mjs'
import { startNetwork } from './setup.mjs'

/** Of a hundred jobs of the chain, this liar answers those falsely that come after every twentieth. */
const LIE_SHARE = 5
/** Jobs after which one must have been false. */
const JOBS = 22
const MILLION = 1_000_000
/** β: what never returns to a party that does its own jobs. */
const BETA = 0.02

let network
let miners

before(async () => {
  network = await startNetwork()
  miners = await registerMiners(network, ['honest', 'cheat', 'plain', 'listed', 'favoured'])
})
after(() => network?.stop())

/** All that an account has, on hold or not. */
async function wealth({ address }) {
  const { free, reserved } = (await network.chain.api.query.system.account(address)).data
  return free.toBigInt() + reserved.toBigInt()
}

test('worker that cheats on 5 % of its jobs should be caught and end poorer than an honest one', async () => {
  const { ledger, chain, accounts } = network
  const [honest, cheat] = [miners.get('honest'), miners.get('cheat')]
  const checker = await newAccount(network, 'checker')
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(checker.address, 2_000n * AIPG), accounts.alice)
  const models = [...miners.values()].map(({ model }) => model)
  await said(startChecker(network, { name: 'checker', ...checker, models }), 'connected')
  const before = { honest: await wealth(honest), cheat: await wealth(cheat) }
  await said(honest.run(), 'waiting for jobs')
  await said(cheat.run({ lies: ['--lie', 'garbage', '--lie-share', String(LIE_SHARE)] }), 'waiting for jobs')

  // Both have the same stream of jobs; the cheat's are those that one of twenty is false of.
  const isFalse = (id) => ((id + 1n) * BigInt(LIE_SHARE)) / 100n > (id * BigInt(LIE_SHARE)) / 100n
  const jobs = { honest: [], cheat: [] }
  let lied = false
  for (let number = 0; number < JOBS && !lied; number += 1) {
    // Whose turn it is decides nothing but who meets the job that is lied about.
    const next = await chain.api.query.jobEscrow.nextJob()
    const order = isFalse(next.toBigInt()) ? ['cheat', 'honest'] : ['honest', 'cheat']
    for (const name of order) {
      const job = await submitFor(miners.get(name), { request: { maxOutput: 4 } })
      jobs[name].push(job)
      lied ||= name === 'cheat' && isFalse(job.id)
    }
  }
  assert.ok(lied, 'one of its jobs was answered falsely')
  const caught = await ledger.event('referee.ResultRefuted', ({ worker }) => worker === cheat.address, 300)
  const ends = await Promise.all(jobs.honest.map(({ id }) => jobEnd(ledger, id, 300)))
  assert.ok(ends.every(({ method }) => method === 'JobSettled'))
  assert.ok(isFalse(caught.data.job))
  assert.ok((await chain.worker(cheat.address)).banned)
  const gained = {
    honest: (await wealth(honest)) - before.honest,
    cheat: (await wealth(cheat)) - before.cheat,
  }
  assert.ok(gained.honest > 0n, `the honest one gained ${gained.honest}`)
  assert.ok(gained.cheat < 0n, `the cheat gained ${gained.cheat}`)
})

/** The row of a party that wins all draws in the table of docs/simulation.md: profit at κ = 1 and at κ = 2. */
function simulated() {
  const text = readFileSync(join(ROOT, 'docs/simulation.md'), 'utf8')
  const lines = text.split('\n')
  const head = lines.findIndex((line) => line.startsWith('| share of draws s |'))
  const row = lines.slice(head).find((line) => line.startsWith('| 100 % |'))
  assert.ok(row, 'the table of self-dealing has a row for all draws')
  const cells = row.split('|').map((cell) => Number(cell.trim().replace('−', '-')))
  return { 1: cells[4], 2: cells[5] }
}

test('self-dealer should earn what the simulation says', async () => {
  const { chain, accounts } = network
  const profits = simulated()
  const { modelRegistry, sudo } = chain.api.tx
  const dealers = [
    // Governance does not list the model, lists it with κ = 1, and with κ = 2.
    ['plain', null],
    ['listed', 1],
    ['favoured', 2],
  ]
  for (const [name, kappa] of dealers) {
    if (kappa === null) continue
    const list = modelRegistry.list(miners.get(name).root, kappa * MILLION)
    await chain.submit(sudo.sudo(list), accounts.alice)
  }
  const defaults = Number(chain.api.consts.jobEscrow.defaultMintCeiling) / MILLION
  await Promise.all(
    dealers.map(async ([name, kappa]) => {
      const profit = await dealt(miners.get(name))
      const expected = kappa === null ? defaults - BETA : profits[kappa]
      assert.ok(Math.abs(profit - expected) < 0.001, `κ = ${kappa}: ${profit}, simulated ${expected}`)
    }),
  )
})

/** What a party that is requester, worker, creator and referrer gains by one job, as a part of its fee. */
async function dealt(own) {
  const { ledger, accounts } = network
  await said(own.run(), 'waiting for jobs')
  const job = await submitFor(own, { request: { referrer: accounts.charlie.address } })
  const end = await jobEnd(ledger, job.id)
  assert.equal(end.method, 'JobSettled')
  const { fee, toWorker, toCreator, toReferrer, toTreasury } = end.data
  const { claimed, closed, credited } = await jobReward(ledger, end)
  // A thin round pays for what there was in it, and what nobody earned is not minted.
  const { budget, reserved, denominator } = closed.data
  assert.ok(credited.data.counted <= closed.data.credit)
  assert.ok(reserved <= (budget * closed.data.credit) / denominator + 1n)
  assert.ok(claimed.data.amount * 100n < budget, 'a thin round does not drain the budget')
  assert.ok(claimed.data.amount <= reserved)
  // The simulation counts the treasury's part as the party's own as well, the worst there can be.
  const returned = toWorker + toCreator + toReferrer + toTreasury
  return Number(returned + claimed.data.amount - fee) / Number(fee)
}
