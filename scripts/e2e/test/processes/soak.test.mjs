// A short soak: jobs in a stream while node and workers are killed. `scripts/soak` runs the long one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { soak } from '../../soak/run.mjs'

const JOBS = 12
// Drawn so that both a worker and the node are killed while these few jobs are submitted.
const SEED = 'short-261'

test('jobs should all end once, and all books add up, when node and workers are killed at random', async () => {
  const result = await soak({ jobs: JOBS, seed: SEED })
  assert.deepEqual(result.checks.failed, [])
  const { submitted, paid, refunded } = result.fates
  assert.ok(submitted >= JOBS)
  const refunds = Object.values(refunded).reduce((sum, count) => sum + count, 0)
  assert.equal(paid + refunds, submitted)
  assert.ok(paid > 0, 'somebody was paid')
  const { node, ...workers } = result.killed
  assert.ok(node > 0, 'the node was killed')
  assert.ok(Object.values(workers).some((count) => count > 0), 'a worker was killed')
})
