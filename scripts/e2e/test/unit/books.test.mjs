import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { Checks, burned, expectedChanges, minted, rewardOf } from '../../lib/books.mjs'

/** Credit that nobody's merits multiply. */
const plain = (...credits) => credits.map((credit) => ({ credit, counted: credit }))

test('rewardOf should name the ceiling that is smaller', () => {
  const round = { budget: 1_000n, denominator: 10n }
  assert.deepEqual(rewardOf({ credits: plain(10n), round, mintCeiling: 200_000_000n }), {
    amount: 1_000n,
    ceiling: 'Budget',
    byBudget: 1_000n,
    byFee: 2_000n,
  })
  assert.deepEqual(rewardOf({ credits: plain(40n), round, mintCeiling: 2_000_000n }), {
    amount: 80n,
    ceiling: 'Fee',
    byBudget: 4_000n,
    byFee: 80n,
  })
})

test('rewardOf should multiply the share of the budget and not the ceiling', () => {
  const round = { budget: 1_000n, denominator: 100n }
  const credits = [{ credit: 10n, counted: 30n }]
  const { byBudget, byFee } = rewardOf({ credits, round, mintCeiling: 2_000_000n })
  assert.deepEqual([byBudget, byFee], [300n, 20n])
})

test('rewardOf should round every job’s ceiling down before it adds them up', () => {
  const round = { budget: 1_000n, denominator: 1n }
  const { byFee } = rewardOf({ credits: plain(49n, 49n, 51n), round, mintCeiling: 20_000n })
  assert.equal(byFee, 0n + 0n + 1n)
})

const event = (name, data) => ({ name, data })
const block = (...events) => ({ events })

test('minted and burned should add up by reason over blocks', () => {
  const blocks = [
    block(
      event('emission.Minted', { who: 'a', amount: 5n, reason: 'BlockAuthor' }),
      event('emission.Burned', { who: 'b', amount: 2n, reason: 'JobFee' }),
    ),
    block(event('emission.Minted', { who: 'a', amount: 7n, reason: 'BlockAuthor' })),
    block(event('emission.Minted', { who: 'c', amount: 1n, reason: 'UsefulWork' })),
  ]
  assert.deepEqual(minted(blocks), { total: 13n, byReason: { BlockAuthor: 12n, UsefulWork: 1n } })
  assert.deepEqual(burned(blocks), { total: 2n, byReason: { JobFee: 2n } })
})

test('expectedChanges should book every movement twice except mint and burn', () => {
  const parties = { treasury: 'treasury', stakers: 'stakers', creators: { model: 'creator' } }
  const jobs = [
    event('jobEscrow.JobSubmitted', { job: 1n, model: 'model', maxPrice: 500n }),
    event('jobEscrow.JobSubmitted', { job: 2n, model: 'model', maxPrice: 500n }),
  ]
  const blocks = [
    block(
      event('emission.Minted', { who: 'author', amount: 1_000n, reason: 'BlockAuthor' }),
      event('transactionPayment.TransactionFeePaid', { who: 'bob', actualFee: 3n, tip: 0n }),
      event('workerRegistry.Registered', { worker: 'charlie', bond: 100n }),
      event('workerRegistry.Penalised', { worker: 'charlie', amount: 5n }),
      event('emission.Burned', { who: 'bob', amount: 3n, reason: 'JobFee' }),
      event('jobEscrow.JobSettled', {
        job: 1n,
        requester: 'bob',
        worker: 'charlie',
        toWorker: 184n,
        toCreator: 10n,
        burned: 3n,
        toStakers: 1n,
        toReferrer: 0n,
        toTreasury: 2n,
      }),
      event('jobEscrow.JobRefunded', { job: 2n, requester: 'bob', returned: 490n }),
    ),
  ]
  const changes = expectedChanges(blocks, { parties, jobs, registrationFee: 100n })
  assert.deepEqual(Object.fromEntries(changes), {
    author: 1_000n,
    bob: -3n - 200n - 10n,
    treasury: 3n + 100n + 5n + 2n + 10n,
    charlie: -100n - 5n + 184n,
    creator: 10n,
    stakers: 1n,
  })
  assert.equal([...changes.values()].reduce((sum, change) => sum + change, 0n), 1_000n - 3n)
})

test('expectedChanges should book convictions, rewards, lost bonds and chunks when there are disputes', () => {
  const parties = { treasury: 'treasury', stakers: 'stakers', referee: 'pot', creators: {} }
  const blocks = [
    block(
      event('referee.Demanded', { job: 1n, account: 'checker', blob: 'Output', chunks: [0n, 1n] }),
      event('referee.Published', { job: 1n, account: 'liar', blob: 'Output', chunk: 1n, paid: 2n }),
      event('emission.Burned', { who: 'liar', amount: 51n, reason: 'Conviction' }),
      event('workerRegistry.Convicted', { worker: 'liar', burned: 51n, reward: 50n }),
      event('referee.ResultRefuted', { job: 1n, worker: 'liar', reward: 50n }),
      event('referee.RewardPaid', { job: 1n, challenge: 0n, account: 'auditor', amount: 24n }),
      event('referee.DemandRewarded', { job: 1n, account: 'checker', amount: 24n }),
      event('emission.Burned', { who: 'accuser', amount: 5n, reason: 'LostBond' }),
      event('referee.BondLost', { job: 2n, account: 'accuser', burned: 5n, winner: 'liar', paid: 4n }),
      event('referee.CaseClosed', { job: 1n }),
      event('referee.CaseClosed', { job: 2n }),
    ),
  ]
  const transfers = [{ from: 'alice', to: 'liar', amount: 500n }]
  const changes = expectedChanges(blocks, { parties, jobs: [], registrationFee: 0n, transfers })
  assert.deepEqual(Object.fromEntries(changes), {
    alice: -500n,
    liar: 500n + 2n - 51n - 50n + 4n,
    checker: -2n + 24n,
    pot: 0n,
    auditor: 24n,
    accuser: -5n - 4n,
    treasury: 2n,
  })
})

test('expectedChanges should give the treasury what rounding leaves once when it is dust', () => {
  const parties = { treasury: 'treasury', stakers: 'stakers', referee: 'pot', creators: {} }
  const blocks = [
    block(
      event('workerRegistry.Convicted', { worker: 'liar', burned: 0n, reward: 7n }),
      event('referee.ResultRefuted', { job: 1n, worker: 'liar', reward: 7n }),
      event('referee.RewardPaid', { job: 1n, challenge: 0n, account: 'auditor', amount: 6n }),
      event('balances.DustLost', { account: 'pot', amount: 1n }),
      event('referee.CaseClosed', { job: 1n }),
    ),
  ]
  const changes = expectedChanges(blocks, { parties, jobs: [], registrationFee: 0n })
  assert.deepEqual(Object.fromEntries(changes), { liar: -7n, pot: 0n, auditor: 6n, treasury: 1n })
})

test('checks should name what was found and expected when they fail', () => {
  const checks = new Checks()
  checks.equal('same', 1n * AIPG, 1n * AIPG)
  checks.equal('off by one', 1n * AIPG + 1n, 1n * AIPG)
  assert.deepEqual(checks.failed, [
    { name: 'off by one', passed: false, detail: 'found 1.000000000000000001, expected 1' },
  ])
})
