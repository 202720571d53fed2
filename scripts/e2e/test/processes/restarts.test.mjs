// A node that dies in the middle of a job and comes back, at once and after a while. Real processes,
// one development chain.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { assertPaidOnce } from './mining.mjs'
import { restartNode, startNetwork } from './setup.mjs'

let network
let miners
before(async () => {
  network = await startNetwork()
  miners = await registerMiners(network, ['node-killed', 'node-away'])
})
after(() => network?.stop())

for (const [name, awayMs] of [
  ['node-killed', 0],
  // Longer than the time to deliver a job: what counts are blocks.
  ['node-away', 35_000],
]) {
  test(`job should be paid once when its node is killed and back after ${awayMs / 1_000} s`, async () => {
    const miner = miners.get(name)
    const worker = miner.run()
    await said(worker, 'waiting for jobs')
    const job = await submitFor(miner)
    await network.ledger.event('jobEscrow.JobClaimed', (data) => data.job === job.id, 100)
    await network.close()
    assert.equal(await network.node.kill(), 'SIGKILL')
    await sleep(awayMs)
    await restartNode(network, `node-after-${name}`)
    await assertPaidOnce(miner, job)
    assert.equal(await worker.stop(), 0)
  })
}
