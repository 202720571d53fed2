// What happens around a worker: a way to a node that breaks, a node that is behind, a program with the
// same key, a disk that is full, people who look.
// Real processes, one development chain, a machine of its own for each test.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { accountFrom } from '@aipowergrid/client'
import { Chain } from '../../lib/chain.mjs'
import { accountHex, registerMiners, said, signedCalls, submitFor } from '../../lib/miners.mjs'
import { PROGRAMS, freePort } from '../../lib/processes.mjs'
import { assertPaidOnce } from './mining.mjs'
import { startNetwork } from './setup.mjs'

/** Calls whose nonce another program takes: where the worker waits meanwhile, with the call signed. */
const NONCES = ['claim-stored', 'result-stored', 'reward-stored']

let network
let miners
before(async () => {
  network = await startNetwork()
  miners = await registerMiners(network, [
    'two-nodes',
    'syncing-node',
    'disk-full',
    'watched',
    ...NONCES,
  ])
})
after(() => network?.stop())

const ready = (worker) => said(worker, 'waiting for jobs')
const claimed = (job) =>
  network.ledger.event('jobEscrow.JobClaimed', (data) => data.job === job.id, 100)

/** A way to a port that can be cut: {url, cut}. */
async function way(port) {
  const sockets = new Set()
  const server = createServer((socket) => {
    const other = connectSocket({ port, host: '127.0.0.1' })
    for (const one of [socket, other]) {
      sockets.add(one)
      one.on('error', () => {})
      one.on('close', () => {
        socket.destroy()
        other.destroy()
      })
    }
    socket.pipe(other)
    other.pipe(socket)
  })
  const own = await freePort()
  await new Promise((done) => server.listen(own, '127.0.0.1', done))
  const cut = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: `ws://127.0.0.1:${own}`, cut }
}

/** A real node of the chain that syncs for ever: a warp sync begins with the third peer. */
async function startSyncingNode() {
  const { processes } = network
  const port = await freePort()
  const node = processes.spawn('syncing-node', join(PROGRAMS, 'aipg-node'), [
    ...['--chain', 'dev', '--sync', 'warp'],
    ...['--base-path', join(processes.directory, 'syncing-node')],
    ...['--rpc-port', String(port)],
    ...['--port', String(await freePort())],
    ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
  ])
  await said(node, 'Running JSON-RPC server')
  return `ws://127.0.0.1:${port}`
}

/** Whether the node at `url` says that it is syncing. */
async function isSyncing(url) {
  const chain = await Chain.connect(url)
  const { isSyncing } = await chain.api.rpc.system.health()
  await chain.disconnect()
  return isSyncing.isTrue
}

/** Signs a remark with the key of a machine and hands it to the pool. */
async function remarkOf(miner) {
  const { api } = network.chain
  const pair = await accountFrom(readFileSync(miner.key, 'utf8').trim())
  assert.equal(pair.address, miner.address)
  return api.rpc.author.submitExtrinsic(await api.tx.system.remark('me too').signAsync(pair))
}

test('worker should go on, and tell how it is, when something around it fails', { concurrency: true }, async (t) => {
  const tests = [
    t.test('job should be paid when the first of two nodes dies in the middle', async () => {
      const miner = miners.get('two-nodes')
      const { node } = network
      const first = await way(node.rpc)
      miner.url = first.url
      const worker = miner.run({ extra: ['--node', node.url] })
      await ready(worker)
      const job = await submitFor(miner)
      await claimed(job)
      first.cut()
      miner.url = node.url
      await assertPaidOnce(miner, job)
      const connections = worker.log().split('connected node=').length - 1
      assert.equal(connections, 2, worker.tail(40))
      assert.equal(await worker.stop(), 0)
    }),

    t.test('job should be paid when the first of two nodes is still syncing', async () => {
      const miner = miners.get('syncing-node')
      const { node } = network
      const syncing = await startSyncingNode()
      assert.ok(await isSyncing(syncing))
      miner.url = syncing
      const worker = miner.run({ extra: ['--node', node.url] })
      await ready(worker)
      miner.url = node.url
      const job = await submitFor(miner)
      await assertPaidOnce(miner, job)
      const log = worker.log()
      assert.match(log, /passing over a node .*still syncing/)
      assert.equal(log.split('connected node=').length - 1, 1, worker.tail(40))
      assert.ok(log.includes(`connected node="${node.url}"`), worker.tail(40))
      assert.ok(await isSyncing(syncing), 'all the time')
      assert.equal(await worker.stop(), 0)
    }),

    ...NONCES.map((place) =>
      t.test(`job should be paid once when another program takes the nonce at ${place}`, async () => {
        const miner = miners.get(place)
        const { chain, ledger, processes } = network
        const pauseUntil = join(processes.directory, `${place}.go`)
        const worker = miner.run({ pauseAt: place, pauseUntil })
        await ready(worker)
        const job = await submitFor(miner)
        await said(worker, `paused at ${place}`)
        await remarkOf(miner)
        writeFileSync(pauseUntil, '')
        await said(worker, 'its nonce is used')
        await assertPaidOnce(miner, job)
        const signer = accountHex(chain, miner.address)
        const calls = await signedCalls(chain, job.block, ledger.last.number)
        const remarks = calls.filter((one) => one.signer === signer && one.call === 'system.remark')
        assert.equal(remarks.length, 1, 'the other program is served, too')
        assert.equal(await worker.stop(), 0)
      }),
    ),

    t.test('worker should rest while it cannot write, and come back', async () => {
      const miner = miners.get('disk-full')
      const { ledger } = network
      const limitFiles = (worker, bytes) => {
        const args = ['--pid', String(worker.process.pid), `--fsize=${bytes}:unlimited`]
        assert.equal(spawnSync('prlimit', args).status, 0, 'prlimit of util-linux')
      }
      const ofMiner = (data) => data.worker === miner.address
      const online = () => ledger.events('workerRegistry.WentOnline', ofMiner).length
      const worker = miner.run()
      await ready(worker)
      const before = online()
      const job = await submitFor(miner)
      await claimed(job)
      limitFiles(worker, 1)
      await ledger.event('workerRegistry.WentOffline', ofMiner)
      await ledger.event('jobEscrow.ResultSubmitted', (data) => data.job === job.id)
      assert.ok(worker.log().includes('DiskFull'), worker.tail(40))
      limitFiles(worker, 'unlimited')
      await ledger.wait('the machine online again', () => (online() > before ? true : null))
      await assertPaidOnce(miner, job)
      assert.equal(await worker.stop(), 0)
    }),

    t.test('machine should be watched by metrics, status, doctor and locks', async () => {
      const miner = miners.get('watched')
      const { node } = network
      const port = await freePort()
      const worker = miner.run({ extra: ['--metrics-address', `127.0.0.1:${port}`] })
      await ready(worker)
      const job = await submitFor(miner)
      await assertPaidOnce(miner, job)

      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      const lines = text.split('\n')
      const value = (name) =>
        Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1])
      assert.equal(value('aipg_worker_jobs_total{outcome="settled"}'), 1, text)
      assert.equal(value('aipg_worker_bond_aipg'), 200, text)
      assert.equal(value(`aipg_worker_endpoint_up{url="${node.url}"}`), 1, text)
      for (const name of ['fees_aipg_total', 'rewards_aipg_total', 'units_total', 'best_block']) {
        assert.ok(value(`aipg_worker_${name}`) > 0, `${name}:\n${text}`)
      }

      const status = await miner.command('status')
      assert.equal(status.status, 0)
      assert.match(status.log, /state +online/)
      assert.match(status.log, /database .* 1 jobs/)
      const table = await miner.command('earnings', ['--by', 'job'])
      assert.match(table.log, new RegExp(`job ${job.id} +1 `))
      const well = await miner.command('doctor', ['--metrics-address', 'none'])
      assert.equal(well.status, 0, well.log)
      assert.doesNotMatch(well.log, /^fail/m)
      const ill = await miner.command('doctor', ['--node', 'ws://127.0.0.1:1'])
      assert.equal(ill.status, 1, ill.log)
      assert.match(ill.log, /^fail {2}node ws:\/\/127\.0\.0\.1:1/m)

      const twin = miner.run()
      assert.equal(await twin.exited, 1)
      assert.match(twin.log(), /DatabaseLocked/)
      miner.folder += '-other'
      const elsewhere = miner.run()
      assert.equal(await elsewhere.exited, 1)
      assert.match(elsewhere.log(), /KeyInUse/)
      assert.equal(await worker.stop(), 0)
    }),
  ]
  await Promise.all(tests)
})
