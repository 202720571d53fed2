// What the tests of killed workers and lost nodes assert.

import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountHex, signedCalls } from '../../lib/miners.mjs'

/** An amount of the books ("1.5 AIPG") in the smallest unit. */
export function smallest(text) {
  const [whole, fraction = ''] = text.replace(' AIPG', '').split('.')
  return BigInt(whole) * 10n ** 18n + BigInt(fraction.padEnd(18, '0'))
}

/** Waits until the books of the machine show the payment of the job and all rewards of the chain. */
async function settledBooks(miner, job) {
  const { chain, ledger } = miner.network
  const ofMiner = (data) => data.worker === miner.address
  const rewards = () => ledger.events('usefulWork.RewardClaimed', ofMiner)
  await ledger.event('usefulWork.RewardClaimed', ofMiner, 150)
  for (let attempt = 0; attempt < 120; attempt += 1) {
    if ((await chain.finalized()) >= rewards().at(-1).block.number) {
      const books = await miner.books()
      const count = (kind) => books.entries.filter((entry) => entry.kind === kind).length
      const state = books.jobs.find((line) => BigInt(line.job) === job.id)?.state
      if (state === 'Settled' && count('fee') > 0 && count('reward') >= rewards().length) return books
    }
    await sleep(1_000)
  }
  throw new Error(`the books of ${miner.name} are not up to date: ${JSON.stringify(await miner.books())}`)
}

/**
 * Waits for the end of the only job of a machine and checks chain and books: claimed once, delivered
 * once, paid once, nothing failed, nothing missed. `reports`: how often the input was missing.
 */
export async function assertPaidOnce(miner, job, { reports = 0 } = {}) {
  const { chain, ledger } = miner.network
  const books = await settledBooks(miner, job)
  const ofJob = (data) => data.job === job.id
  const ofMiner = (data) => data.worker === miner.address
  const settled = ledger.events('jobEscrow.JobSettled', ofJob)
  assert.equal(settled.length, 1, 'paid once')
  assert.equal(settled[0].data.worker, miner.address)
  assert.deepEqual(ledger.events('jobEscrow.JobRefunded', ofJob), [])
  assert.deepEqual(ledger.events('workerRegistry.Penalised', ofMiner), [], 'nothing was missed')

  const signer = accountHex(chain, miner.address)
  const all = await signedCalls(chain, job.block, ledger.last.number)
  const calls = all.filter((call) => call.signer === signer)
  assert.deepEqual(
    calls.filter((call) => !call.succeeded),
    [],
    'no call failed',
  )
  const count = (name) =>
    calls.filter(({ call, job: id }) => call === `jobEscrow.${name}` && id === job.id).length
  assert.equal(count('claim'), 1, 'claimed once')
  assert.equal(count('submitResult'), 1, 'delivered once')
  assert.equal(count('inputUnavailable'), reports, 'reports')

  const fees = books.entries.filter((entry) => entry.kind === 'fee')
  assert.equal(fees.length, 1)
  assert.equal(BigInt(fees[0].job), job.id)
  assert.equal(smallest(fees[0].amount), settled[0].data.toWorker)
  assert.equal(smallest(books.total.fees), settled[0].data.toWorker)
  const rewards = books.entries.filter((entry) => entry.kind === 'reward')
  assert.deepEqual(
    rewards.map((entry) => [BigInt(entry.round), smallest(entry.amount)]),
    ledger
      .events('usefulWork.RewardClaimed', ofMiner)
      .map(({ data }) => [data.round, data.amount]),
  )
}
