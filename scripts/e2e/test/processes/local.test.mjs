// The preset `local`: four authorities on one machine agree, and go on without one of them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Chain } from '../../lib/chain.mjs'
import { AUTHORITIES, startNodes } from '../../lib/nodes.mjs'
import { Processes } from '../../lib/processes.mjs'

// A guard against hanging: slots are six seconds, and four nodes share the machine.
const LIMIT_MS = 480_000

const processes = new Processes()
const nodes = []

before(async () => {
  const members = AUTHORITIES.map((name) => ({ name, extra: [`--${name}`] }))
  for (const child of await startNodes(processes, { chain: 'local', members })) {
    nodes.push({ name: child.name, child, chain: await Chain.connect(child.url) })
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
