// Blobs between two real nodes, with both network backends and between them; and a job whose requester
// and worker use different nodes.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { blobHash, encodeTokens } from '@aipowergrid/client'
import { Chain } from '../../lib/chain.mjs'
import { jobEnd, jobResult, readAnswer, submitJob } from '../../lib/job.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { PROGRAMS, Processes, freePort } from '../../lib/processes.mjs'

const LARGEST = 4 * 1024 * 1024
// The network identity of the first node is given, so that the second can be told how to call it.
const NODE_KEY = '1'.padStart(64, '0')
const PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
// A guard against hanging: builds on busy machines are slow to connect.
const LIMIT_MS = 180_000

const processes = new Processes()
after(() => processes.stop())

/** Starts a node of the development chain; the author unless it is told whom to call. */
async function startNode(name, backend, { p2p, boot }) {
  const [rpc, metrics] = [await freePort(), await freePort()]
  const child = processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
    ...(boot
      ? ['--chain', 'dev', '--bootnodes', `/ip4/127.0.0.1/tcp/${boot}/p2p/${PEER}`]
      : ['--dev', '--node-key', NODE_KEY]),
    ...['--base-path', join(processes.directory, name)],
    ...['--rpc-port', String(rpc)],
    ...['--prometheus-port', String(metrics)],
    ...['--listen-addr', `/ip4/127.0.0.1/tcp/${p2p}`],
    ...['--network-backend', backend],
    ...(boot ? ['--unsafe-force-node-key-generation', '--allow-private-ip'] : ['--allow-private-ip']),
    ...['--no-telemetry', '--no-mdns'],
  ])
  await child.waitUntil(() => child.log().includes('Running JSON-RPC server'), 'RPC')
  const url = `ws://127.0.0.1:${rpc}`
  return Object.assign(child, { url, metrics, chain: await Chain.connect(url) })
}

/** Two nodes that are connected. */
async function startPair(name, [one, other]) {
  const p2p = await freePort()
  const first = await startNode(`${name}-first`, one, { p2p })
  const second = await startNode(`${name}-second`, other, { p2p: await freePort(), boot: p2p })
  const limit = Date.now() + LIMIT_MS
  while ((await second.chain.api.rpc.system.health()).peers.toNumber() === 0) {
    if (Date.now() > limit) throw new Error(`no connection:\n${second.tail()}`)
    await sleep(200)
  }
  const stop = async () => {
    for (const node of [second, first]) {
      await node.chain.disconnect()
      await node.stop()
    }
  }
  return { first, second, stop }
}

/** A counter of a node's exchange of blobs. */
async function counted(node, name, label) {
  const text = await (await fetch(`http://127.0.0.1:${node.metrics}/metrics`)).text()
  const line = text
    .split('\n')
    .find((line) => line.startsWith(`aipg_blobs_exchange_${name}`) && line.includes(`"${label}"`))
  return Number(line.split(' ').at(-1))
}

for (const backends of [
  ['libp2p', 'libp2p'],
  ['litep2p', 'litep2p'],
  ['libp2p', 'litep2p'],
]) {
  test(`blob should be read at another node than it was put: ${backends.join(' and ')}`, async () => {
    const { first, second, stop } = await startPair(backends.join('-'), backends)
    const largest = new Uint8Array(LARGEST).map((_, index) => index % 251)
    for (const [from, to, bytes] of [
      [first, second, encodeTokens([256, 72, 105, 257])],
      [first, second, largest],
      [second, first, encodeTokens([1, 2, 3])],
    ]) {
      const hash = await from.chain.putBlob(bytes)
      assert.equal(await to.chain.hasBlob(hash), false, 'blobs_has asks no other node')
      assert.deepEqual(await to.chain.getBlob(hash), bytes)
      assert.equal(await to.chain.hasBlob(hash), true, 'it is stored')
    }
    assert.equal(await counted(second, 'fetches_total', 'Fetched'), 2)
    assert.equal(await counted(first, 'replies_total', 'Chunks'), 1 + 8)

    const unknown = blobHash(new TextEncoder().encode('nobody put this'))
    await assert.rejects(second.chain.getBlob(unknown), { name: 'RpcFailure', code: 'NotFound' })
    await assert.rejects(second.chain.getBlob(unknown), /none of 1 nodes has it/)
    await stop()
  })
}

test('job should be done when requester and worker use different nodes', async () => {
  const { first, second, stop } = await startPair('job', ['litep2p', 'litep2p'])
  const network = await openNetwork(first.url)
  try {
    const worker = await processes.startWorker({ url: second.url, suri: '//Charlie' })
    const { chain, ledger, accounts, model } = network
    const request = { model, prompt: 'What is a miner?', maxOutput: 8 }
    const job = await submitJob(chain, accounts.bob, request)
    assert.equal(job.provider, await first.chain.provider())
    assert.equal(await second.chain.hasBlob(job.input.blob), false)
    const result = await jobResult(ledger, job.id).catch((error) => {
      throw new Error(`${error.message}\n${worker.tail()}`)
    })
    assert.equal(await second.chain.hasBlob(job.input.blob), true, 'the worker asked for it')
    assert.equal(await chain.hasBlob(result.data.output.blob), false)
    assert.equal(result.data.provider, await second.chain.provider())
    const answer = await readAnswer(chain, result.data.output)
    assert.equal(answer.ids.length, Number(result.data.output.count))
    assert.equal((await jobEnd(ledger, job.id)).method, 'JobSettled')
  } finally {
    await network.close()
    await stop()
  }
})
