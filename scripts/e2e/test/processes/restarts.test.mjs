// A node that dies in the middle of a job and comes back, at once and after a while. Real processes,
// one development chain.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { registerMiners, said, submitFor } from '../../lib/miners.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { PROGRAMS } from '../../lib/processes.mjs'
import { assertPaidOnce } from './mining.mjs'
import { startNetwork } from './setup.mjs'

let network
let node
let miners
before(async () => {
  network = await startNetwork()
  node = network.node
  miners = await registerMiners(network, ['node-killed', 'node-away'])
})
after(() => network?.stop())

/** Starts the killed node again on its folder and its ports, and connects to it. */
async function restartNode(name) {
  const { processes } = network
  const { basePath, rpc, p2p, url } = network.node
  node = processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
    '--dev',
    ...['--base-path', basePath],
    ...['--rpc-port', String(rpc)],
    ...['--port', String(p2p)],
    ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
  ])
  await said(node, 'Running JSON-RPC server')
  // A ledger of its own: blocks that were seen before may be gone with the process.
  const { chain, ledger, close } = await openNetwork(url)
  const stop = async () => {
    await close()
    await processes.stop()
  }
  Object.assign(network, { chain, ledger, close, stop })
}

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
    assert.equal(await node.kill(), 'SIGKILL')
    await sleep(awayMs)
    await restartNode(`node-after-${name}`)
    await assertPaidOnce(miner, job)
    assert.equal(await worker.stop(), 0)
  })
}
