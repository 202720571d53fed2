// The preset `local`: four authorities on one machine agree, and go on without one of them.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Chain } from '../../lib/chain.mjs'
import { PROGRAMS, Processes, freePort } from '../../lib/processes.mjs'

const AUTHORITIES = ['alice', 'bob', 'charlie', 'dave']
// Network identities are given, so that the others can be told how to call the first node.
const nodeKey = (index) => String(index + 1).padStart(64, '0')
const PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'
// A guard against hanging: slots are six seconds, and four nodes share the machine.
const LIMIT_MS = 480_000

const processes = new Processes()
const nodes = []

before(async () => {
  const first = await freePort()
  for (const [index, name] of AUTHORITIES.entries()) {
    const p2p = index === 0 ? first : await freePort()
    const rpc = await freePort()
    const child = processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
      ...['--chain', 'local'],
      `--${name}`,
      ...['--base-path', join(processes.directory, name)],
      ...['--rpc-port', String(rpc)],
      ...['--listen-addr', `/ip4/127.0.0.1/tcp/${p2p}`],
      ...['--node-key', nodeKey(index)],
      ...(index === 0 ? [] : ['--bootnodes', `/ip4/127.0.0.1/tcp/${first}/p2p/${PEER}`]),
      ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
    ])
    const url = `ws://127.0.0.1:${rpc}`
    nodes.push({ name, child, url })
  }
  for (const node of nodes) {
    await node.child.waitUntil(() => node.child.log().includes('Running JSON-RPC server'), 'RPC')
    node.chain = await Chain.connect(node.url)
  }
})

after(async () => {
  for (const { chain } of nodes) await chain?.disconnect()
  await processes.stop()
})

/** Waits until every one of the nodes has finalised a height. */
async function untilFinal(members, height) {
  const limit = Date.now() + LIMIT_MS
  for (const { name, chain, child } of members) {
    while ((await chain.finalized()) < height) {
      if (Date.now() > limit) throw new Error(`${name} did not finalise ${height}:\n${child.tail()}`)
      await sleep(500)
    }
  }
}

test('four authorities should produce and finalise the same chain', async () => {
  const [{ chain }] = nodes
  const validators = await chain.api.query.session.validators()
  assert.equal(validators.length, AUTHORITIES.length)
  await untilFinal(nodes, 3)
  const hashes = await Promise.all(nodes.map((node) => node.chain.blockHash(3)))
  assert.equal(new Set(hashes.map(String)).size, 1)
})

test('three authorities should go on finalising when the fourth is gone', async () => {
  const gone = nodes[3]
  await gone.chain.disconnect()
  gone.chain = undefined
  await gone.child.kill()
  const rest = nodes.slice(0, 3)
  const height = (await rest[0].chain.finalized()) + 3
  await untilFinal(rest, height)
})
