// Checker, liar and node that are killed in the middle of a dispute: real processes, one development
// chain.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { LONGEST_CASE, closedCase, startChecker } from '../../lib/disputes.mjs'
import { newAccount, registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { restartNode, startNetwork } from './setup.mjs'

const NAMES = ['checker-killed', 'liar-killed', 'node-killed']

/** So many moves that both sides have to make some after the interruption. */
const LIES = ['--lie', 'digest', '--false-sums']

/**
 * Blocks that each side has for a game: so many that a machine with two cores, on which other tests run as well,
 * has time to start a process again.
 */
const CLOCKS = { disputeClock: 120 }

let network
let miners
let checker
before(async () => {
  network = await startNetwork({ parameters: CLOCKS })
  miners = await registerMiners(network, NAMES)
  checker = await newAccount(network, 'checker')
  const { chain, accounts } = network
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(checker.address, 500n * AIPG), accounts.alice)
  checker.models = [...miners.values()].map(({ model }) => model)
  checker.starts = 0
})
after(() => network?.stop())

async function check() {
  checker.starts += 1
  const name = `checker-${checker.starts}`
  const started = startChecker(network, { ...checker, name })
  await said(started, 'connected')
  return started
}

/** Leads a lie to the middle of its game; returns the job and the processes. */
async function begin(name) {
  const miner = miners.get(name)
  const checking = await check()
  const lying = miner.run({ lies: LIES })
  await said(lying, 'waiting for jobs')
  const job = await submitFor(miner)
  const inGame = (data) => data.seat?.job === job.id
  await network.ledger.event('referee.Moved', inGame, 150)
  return { miner, job, checking, lying }
}

async function assertRefuted(miner, job) {
  const events = await closedCase(network, job, LONGEST_CASE + 2 * CLOCKS.disputeClock)
  const refuted = events.filter(({ name }) => name === 'referee.ResultRefuted')
  assert.equal(refuted.length, 1)
  assert.equal(refuted[0].data.worker, miner.address)
  const ended = events.filter(({ name }) => name === 'referee.GameEnded')
  assert.deepEqual(
    ended.map(({ data }) => data.outcome.winner),
    ['Challenger'],
  )
  assert.ok(ended[0].data.outcome.ending.Executed, 'the chain executed a claim')
  const paid = events.filter(({ name }) => name === 'referee.RewardPaid')
  assert.deepEqual(
    paid.map(({ data }) => data.account),
    [checker.address],
  )
}

test('checker that is killed in a game should win it all the same', async () => {
  const { miner, job, checking, lying } = await begin('checker-killed')
  assert.equal(await checking.kill(), 'SIGKILL')
  const again = await check()
  await assertRefuted(miner, job)
  await again.stop()
  await lying.stop()
})

test('liar that is killed in a game should lose by what the chain executes', async () => {
  const { miner, job, checking, lying } = await begin('liar-killed')
  assert.equal(await lying.kill(), 'SIGKILL')
  const again = miner.run({ lies: LIES })
  await assertRefuted(miner, job)
  await checking.stop()
  await again.stop()
})

test('game should go on when the node is killed and started again', async () => {
  const { miner, job, checking, lying } = await begin('node-killed')
  await network.close()
  assert.equal(await network.node.kill(), 'SIGKILL')
  await restartNode(network, 'node-again')
  await assertRefuted(miner, job)
  await checking.stop()
  await lying.stop()
})
