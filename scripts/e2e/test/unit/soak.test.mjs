import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fates } from '../../lib/fates.mjs'
import { incidents } from '../../soak/judge.mjs'
import { kills, random } from '../../soak/plan.mjs'

const take = (plan, count) => Array.from({ length: count }, () => plan.next().value)
const event = (name, data = {}) => ({ name, data })
const block = (...events) => ({ events, extrinsics: [] })
const submitted = (job) => event('jobEscrow.JobSubmitted', { job })
const settled = (job) => event('jobEscrow.JobSettled', { job })

test('random should give the same numbers for a seed, others for another, all within [0, 1)', () => {
  const numbers = (seed) => {
    const next = random(seed)
    return Array.from({ length: 1_000 }, next)
  }
  assert.deepEqual(numbers('a'), numbers('a'))
  assert.notDeepEqual(numbers('a'), numbers('b'))
  const all = numbers('a')
  assert.ok(all.every((number) => number >= 0 && number < 1))
  const mean = all.reduce((sum, number) => sum + number, 0) / all.length
  assert.ok(Math.abs(mean - 0.5) < 0.05, String(mean))
})

test('kills should be fixed by the seed, reach every member and stay within their bounds', () => {
  assert.deepEqual(take(kills('s', 3), 50), take(kills('s', 3), 50))
  assert.notDeepEqual(take(kills('s', 3), 50), take(kills('t', 3), 50))
  const plan = take(kills('s', 3), 400)
  assert.deepEqual(new Set(plan.map(({ target }) => target)), new Set(['node', 0, 1, 2]))
  for (const { after, down } of plan) {
    assert.ok(after >= 2 && after < 9, String(after))
    assert.ok(down >= 0 && down < 40_000, String(down))
  }
  assert.ok(plan.some(({ down }) => down > 20_000), 'some stay away longer than a claim window')
})

test('fates should count paid and refunded jobs when each ended once', () => {
  const found = fates([
    block(submitted(1n), submitted(2n)),
    block(settled(1n), event('jobEscrow.ResultSubmitted', { job: 1n })),
    block(event('jobEscrow.JobRefunded', { job: 2n, reason: 'DeadlineUnreachable' })),
  ])
  assert.deepEqual(found, {
    submitted: 2,
    paid: 1,
    refunded: { DeadlineUnreachable: 1 },
    publicJobs: { started: 0, paid: 0, refunded: {} },
    open: [],
    twice: [],
    unknown: [],
    resultsTwice: [],
    rewardsTwice: [],
  })
})

test('fates should name jobs that are open, ended twice or never were submitted', () => {
  const reward = event('usefulWork.RewardClaimed', { worker: 'W', round: 3n })
  const result = event('jobEscrow.ResultSubmitted', { job: 1n })
  const found = fates([
    block(submitted(1n), submitted(2n), submitted(3n), result),
    block(settled(1n), result, settled(9n), reward),
    block(event('jobEscrow.JobRefunded', { job: 1n, reason: 'InputUnavailable' }), settled(2n), reward),
  ])
  assert.deepEqual(found.open, [3n])
  assert.deepEqual(found.twice, [1n])
  assert.deepEqual(found.unknown, [9n])
  assert.deepEqual(found.resultsTwice, [1n])
  assert.deepEqual(found.rewardsTwice, ['W in round 3'])
})

test('incidents should count redraws by fault and failed calls by name', () => {
  const redrawn = (fault) => event('jobEscrow.JobRedrawn', { fault })
  const found = incidents([
    {
      events: [redrawn('ClaimMissed'), redrawn(null), event('workerRegistry.Penalised')],
      extrinsics: [
        { name: 'jobEscrow.claim', failed: true },
        { name: 'jobEscrow.submit', failed: false },
      ],
    },
  ])
  assert.deepEqual(found, {
    redrawn: { ClaimMissed: 1, InputUnavailable: 1 },
    penalties: 1,
    suspensions: 0,
    failedCalls: { 'jobEscrow.claim': 1 },
  })
})
