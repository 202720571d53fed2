// Workers that lie against one honest checker, and honest workers that are accused: real processes, one
// development chain, a machine of its own for each row.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { accuse, closedCase, startChecker, watchDisputes } from '../../lib/disputes.mjs'
import { limited, newAccount, registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { jobResult } from '../../lib/job.mjs'
import { BOND, startNetwork } from './setup.mjs'

// Rows that are between their start and their delivery at a time, see kills.test.mjs.
const ROWS_AT_A_TIME = 6

/** What a challenge and a third party's trace put on hold. */
const STAKE = 50n * AIPG

/** A job that draws tokens: with another seed the answer is another one. */
const DRAWN = { sampling: { temperature: 8, seed: 11 }, maxOutput: 12 }

/** A job with a long answer: the model's own has 170 tokens, so that all of these are there. */
const LONG = { prompt: 'What is AI Power Grid?', maxOutput: 96 }

/** Jobs whose answers nobody else gives: the same blob may not come from another machine. */
const UNIQUE = [{ prompt: 'What is 8 + 9?' }, { prompt: 'What is 7 + 6?' }]

/**
 * Liars: arguments of `aipg-liar`, and how the case ends. `flaw`: what the answer contradicts;
 * `executed`: the claims that the chain may find false; `late`: the stage in which time runs out;
 * `withheld`: the answer was demanded and is not there; none of them: nobody stands for the result.
 * `tokens`: how long the answer has to be.
 */
const LIARS = {
  garbage: { lies: ['--lie', 'garbage', '--silent'] },
  cheap: { lies: ['--lie', 'cheap'] },
  silent: { lies: ['--lie', 'token', '--silent'] },
  // Of the 96 tokens one is wrong, the last but one.
  token: { lies: ['--lie', 'token'], request: LONG, tokens: LONG.maxOutput, executed: /Chosen/ },
  seed: { lies: ['--lie', 'seed'], request: DRAWN, executed: /Chosen/ },
  record: { lies: ['--lie', 'record', '--false-sums'], executed: /Chosen|Terms/ },
  accumulator: { lies: ['--lie', 'accumulator'], executed: /NormInput|Terms/ },
  digest: { lies: ['--lie', 'digest', '--false-sums'], executed: /Residual|Terms/ },
  short: { lies: ['--lie', 'short'], flaw: /EndsEarly/ },
  long: { lies: ['--lie', 'long'], flaw: /EarlyStop/ },
  unknown: { lies: ['--lie', 'unknown'], flaw: /UnknownToken/ },
  withheld: { lies: ['--hide', '--withhold'], request: UNIQUE[0], withheld: true },
  'stall-nodes': { lies: ['--lie', 'digest', '--stall', 'nodes'], late: 'Nodes' },
  'stall-leaf': { lies: ['--lie', 'digest', '--stall', 'leaf'], late: 'Leaf' },
  'stall-sums': { lies: ['--lie', 'digest', '--stall', 'sums'], late: 'Sums' },
}

/** Accusers that stop to move: the stage in which time runs out for them, by the name of the accused. */
const STALLS = {
  'stalled-opening': 'Opening',
  'stalled-choice': 'Choice',
  'stalled-accusation': 'Accusation',
  'stalled-verdict': 'Verdict',
}

const HONEST = ['accused', 'offline', 'hidden', 'persecuted', ...Object.keys(STALLS)]

let network
let miners
let checker
let watch
before(async () => {
  network = await startNetwork()
  miners = await registerMiners(network, [...Object.keys(LIARS), 'sham', ...HONEST])
  checker = await newAccount(network, 'checker')
  const { chain, accounts } = network
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(checker.address, 2_000n * AIPG), accounts.alice)
  const models = [...miners.values()].map(({ model }) => model)
  checker.models = models
  checker.process = startChecker(network, { name: 'checker', ...checker })
  watch = watchDisputes(network)
  await said(checker.process, 'connected')
})
after(() => network?.stop())

const named = (events, name) => events.filter((event) => event.name === `referee.${name}`)
const one = (events, name) => {
  const found = named(events, name)
  assert.equal(found.length, 1, `${name}: ${found.length} times`)
  return found[0].data
}

/** Submits a job for a machine and waits until its result is there; `tokens` are how many it has to have. */
async function deliver(miner, request, tokens) {
  const job = await submitFor(miner, { request })
  const { data } = await jobResult(network.ledger, job.id)
  if (tokens !== undefined) assert.equal(Number(data.output.count), tokens)
  return job
}

/** What holds when a result was found false: who lied pays, everybody else is whole. */
async function assertRefuted(miner, job, events) {
  const { chain, ledger } = network
  const ofJob = (data) => data.job === job.id
  const { worker, reward } = one(events, 'ResultRefuted')
  assert.equal(worker, miner.address)
  assert.equal(reward, BOND / 4n)
  assert.equal(named(events, 'ResultUpheld').length, 0)
  // The requester has its price back, the worker nothing for it.
  const [refunded] = ledger.events('jobEscrow.JobRefunded', ofJob)
  assert.equal(refunded.data.reason, 'ResultRefuted')
  assert.deepEqual(ledger.events('jobEscrow.JobSettled', ofJob), [])
  // Half of the bond is gone, and the machine never works again.
  assert.equal((await chain.holds(miner.address))['workerRegistry.WorkerBond'], BOND / 2n)
  const machine = await chain.worker(miner.address)
  assert.ok(machine.banned)
  // The checker has the reward, and its bond back.
  const paid = [...named(events, 'RewardPaid'), ...named(events, 'DemandRewarded')]
  const rewards = paid.map(({ data }) => [data.account, data.amount])
  assert.deepEqual(rewards, [[checker.address, reward]])
  const lost = named(events, 'BondLost').map(({ data }) => data.account)
  assert.ok(!lost.includes(checker.address), 'the checker lost a bond')
  return lost
}

/** What holds when a result was found right. */
async function assertUpheld(miner, job, events) {
  const { chain, ledger } = network
  one(events, 'ResultUpheld')
  const ofJob = (data) => data.job === job.id
  await ledger.event('jobEscrow.JobSettled', ofJob, 20)
  assert.deepEqual(ledger.events('jobEscrow.JobRefunded', ofJob), [])
  assert.equal((await chain.holds(miner.address))['workerRegistry.WorkerBond'], BOND)
  assert.ok(!(await chain.worker(miner.address)).banned)
}

/** Lines that the watcher printed about a job. */
const seen = (job) => watch.log().split('\n').filter((line) => line.includes(` job ${job.id} `))

async function lie(name) {
  const { lies, request, tokens, executed, flaw, late, withheld } = LIARS[name]
  const miner = miners.get(name)
  const worker = miner.run({ lies })
  await said(worker, 'waiting for jobs')
  const job = await deliver(miner, request, tokens)
  return async () => {
    const events = await closedCase(network, job)
    await assertRefuted(miner, job, events)
    const ended = named(events, 'GameEnded').map(({ data }) => data.outcome)
    const lines = seen(job).join('\n')
    if (withheld) {
      // Nobody can say more of it than that it is not there.
      assert.equal(one(events, 'BlobWithheld').chunks, 1n)
      assert.equal(one(events, 'DemandRewarded').account, checker.address)
      assert.deepEqual(named(events, 'Challenged'), [])
      assert.match(lines, /cannot find the answer/)
    } else if (flaw) {
      assert.match(lines, flaw)
      one(events, 'FlawProven')
    } else if (executed) {
      assert.deepEqual(ended.map(({ winner }) => winner), ['Challenger'])
      const said = /the chain executed (.*): the challenger wins/.exec(lines)
      assert.match(said?.[1] ?? lines, executed)
    } else if (late) {
      assert.deepEqual(
        ended.map(({ winner, ending }) => [winner, ending]),
        [['Challenger', 'OutOfTime']],
      )
      assert.equal(named(events, 'Moved').at(-1).data.next, late)
    } else {
      assert.deepEqual(ended, [])
      assert.equal(named(events, 'TracePosted').length, 0)
    }
    assert.equal(await worker.stop(), 0)
  }
}

test('every lie should lose to one honest checker', { concurrency: true }, async (t) => {
  const ends = new Map()
  const names = Object.keys(LIARS).filter((name) => !LIARS[name].withheld)
  await limited(ROWS_AT_A_TIME, names, async (name) => ends.set(name, await lie(name)))
  await Promise.all(names.map((name) => t.test(`${name} should lose`, ends.get(name))))
})

// Apart: 10 s are for demands on a development chain, and all others at once take the machine that long.
test('answer that is withheld should lose', async () => (await lie('withheld'))())

test('sham challenge of the liar itself should not keep the honest one from winning', async () => {
  const miner = miners.get('sham')
  const { chain, accounts } = network
  // The checker comes late: the sham is there first.
  assert.equal(await checker.process.stop(), 0)
  const worker = miner.run({ lies: ['--lie', 'token'] })
  await said(worker, 'waiting for jobs')
  const job = await deliver(miner)
  await accuse(network, job, accounts.charlie)
  checker.process = startChecker(network, { name: 'checker-again', ...checker })
  const events = await closedCase(network, job)
  const challengers = named(events, 'Challenged').map(({ data }) => data.account)
  assert.deepEqual(challengers, [accounts.charlie.address, checker.address])
  await assertRefuted(miner, job, events)
  assert.equal((await chain.holds(accounts.charlie.address))['referee.Challenge'] ?? 0n, 0n)
  assert.equal(await worker.stop(), 0)
})

/** An honest worker is accused by somebody who has nothing to show. */
async function accused() {
  const miner = miners.get('accused')
  const { accounts } = network
  const worker = miner.run()
  await said(worker, 'waiting for jobs')
  const job = await deliver(miner)
  await accuse(network, job, accounts.dave)
  const events = await closedCase(network, job)
  await assertUpheld(miner, job, events)
  const { account, winner, burned, paid } = one(events, 'BondLost')
  assert.equal(account, accounts.dave.address)
  assert.equal(winner, miner.address)
  assert.deepEqual([burned, paid], [STAKE / 2n, STAKE / 2n])
  assert.equal(await worker.stop(), 0)
}

/**
 * An honest worker is accused by a program that plays its game from a trace with another number: to the end, or
 * until it has to move in the stage `stall`.
 */
async function persecuted(name, stall) {
  const miner = miners.get(name)
  const { chain, accounts } = network
  const accuser = await newAccount(network, `${name}-accuser`)
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(accuser.address, 200n * AIPG), accounts.alice)
  const lies = ['--lie', 'accumulator', '--accuse']
  if (stall) lies.push('--stall', stall.toLowerCase())
  const program = startChecker(network, {
    name: `${name}-accuser`,
    key: accuser.key,
    models: [miner.model],
    lies,
  })
  await said(program, 'connected')
  const worker = miner.run()
  await said(worker, 'waiting for jobs')
  const job = await deliver(miner)
  const events = await closedCase(network, job)
  await assertUpheld(miner, job, events)
  assert.equal(one(events, 'Challenged').account, accuser.address)
  const { winner, ending } = one(events, 'GameEnded').outcome
  assert.equal(winner, 'Defender')
  if (stall) {
    assert.equal(ending, 'OutOfTime')
    // A game that nobody has opened has no move.
    assert.equal(named(events, 'Moved').at(-1)?.data.next ?? 'Opening', stall)
  } else {
    assert.ok(ending.Executed, 'the chain executed the claim, and it holds')
  }
  const lost = one(events, 'BondLost')
  assert.deepEqual([lost.account, lost.winner], [accuser.address, miner.address])
  assert.deepEqual(await chain.holds(accuser.address), {})
  assert.equal(await program.stop(), 0)
  assert.equal(await worker.stop(), 0)
}

/** An honest worker is gone when it is accused. */
async function offline() {
  const miner = miners.get('offline')
  const { chain, accounts } = network
  const helper = await newAccount(network, 'helper')
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(helper.address, 200n * AIPG), accounts.alice)
  const defender = startChecker(network, {
    name: 'helper',
    key: helper.key,
    models: [miner.model],
    extra: ['--defend-others'],
  })
  await said(defender, 'connected')
  const worker = miner.run()
  await said(worker, 'waiting for jobs')
  const job = await deliver(miner)
  assert.equal(await worker.kill(), 'SIGKILL')
  await accuse(network, job, accounts.dave)
  const events = await closedCase(network, job)
  await assertUpheld(miner, job, events)
  assert.equal(one(events, 'TracePosted').account, helper.address)
  assert.equal(one(events, 'TracePosted').bond, STAKE)
  assert.equal(one(events, 'BondLost').winner, helper.address)
  assert.deepEqual(await chain.holds(helper.address), {})
  assert.equal(await defender.stop(), 0)
}

/** The answer of an honest worker is not where others look for it. */
async function hidden() {
  const miner = miners.get('hidden')
  const { chain } = network
  const worker = miner.run({ lies: ['--hide'] })
  await said(worker, 'waiting for jobs')
  const job = await deliver(miner, UNIQUE[1])
  const events = await closedCase(network, job)
  await assertUpheld(miner, job, events)
  // The checker pays for what it could not find, and finds the result right.
  const price = chain.api.consts.referee.chunkPrice.toBigInt()
  assert.equal(one(events, 'Demanded').account, checker.address)
  const { account, blob, chunk, paid } = one(events, 'Published')
  assert.deepEqual([account, blob, chunk, paid], [miner.address, 'Output', 0n, price])
  assert.deepEqual(named(events, 'Challenged'), [])
  const right = new RegExp(`checked a result: it is right .*job=${job.id}\\b`)
  await checker.process.waitUntil(() => right.test(checker.process.log()), String(right))
  assert.equal(await worker.stop(), 0)
}

test('what is right should be paid, whoever accuses it', { concurrency: true }, (t) =>
  Promise.all([
    t.test('honest worker should have the bond of whoever accused it', accused),
    t.test('honest worker should win the game of a false accusation', () => persecuted('persecuted')),
    t.test('answer that nobody can find should be published by its worker', hidden),
    t.test('result of a worker that is gone should be defended by somebody else', offline),
  ]),
)

test('honest worker should win whenever its accuser stops to move', { concurrency: true }, (t) =>
  Promise.all(
    Object.entries(STALLS).map(([name, stall]) =>
      t.test(`before ${stall} should lose`, () => persecuted(name, stall)),
    ),
  ),
)

test('everybody should have back what is not lost', async () => {
  const { chain, accounts } = network
  assert.deepEqual(await chain.holds(checker.address), {})
  for (const { address } of Object.values(accounts)) {
    const holds = await chain.holds(address)
    assert.equal(holds['referee.Challenge'] ?? 0n, 0n)
    assert.equal(holds['jobEscrow.JobPrice'] ?? 0n, 0n)
  }
  assert.equal(await checker.process.stop(), 0)
})
