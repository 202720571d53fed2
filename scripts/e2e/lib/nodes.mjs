// Several nodes of one chain that know each other.

import { join } from 'node:path'
import { PROGRAMS, freePort } from './processes.mjs'

/** The development accounts that author blocks on the chain `local`. */
export const AUTHORITIES = ['alice', 'bob', 'charlie', 'dave']

// Network identities are given, so that the others can be told how to call the first node.
export const nodeKey = (index) => String(index + 1).padStart(64, '0')
const FIRST_PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

/**
 * Begins to run a node. `extra` is what it is told besides, for example `--alice`; `index` tells its network
 * identity from others', and node 0 can be called by those that are told `first`.
 */
async function spawnNode(processes, { chain, name, index, first, extra = [] }) {
  const [rpc, p2p] = [await freePort(), await freePort()]
  const boot = first ? ['--bootnodes', `/ip4/127.0.0.1/tcp/${first.p2p}/p2p/${FIRST_PEER}`] : []
  const child = processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
    ...['--chain', chain],
    ...['--base-path', join(processes.directory, name)],
    ...['--rpc-port', String(rpc)],
    ...['--listen-addr', `/ip4/127.0.0.1/tcp/${p2p}`],
    ...['--node-key', nodeKey(index)],
    ...boot,
    // Blobs are asked of whoever has them, who is on this machine as well.
    ...['--allow-private-ip', '--no-prometheus', '--no-telemetry', '--no-mdns'],
    ...extra,
  ])
  return Object.assign(child, { rpc, p2p, url: `ws://127.0.0.1:${rpc}` })
}

const rpcAnswers = (node) =>
  node.waitUntil(() => node.log().includes('Running JSON-RPC server'), 'RPC')

/** Starts one more node, see `startNodes`, and waits until its RPC answers. */
export async function startNode(processes, options) {
  const node = await spawnNode(processes, options)
  await rpcAnswers(node)
  return node
}

/**
 * Starts nodes of the chain `chain` (the name of a preset or a file) that call the first of them, and waits until
 * their RPC answers. `members` are {name, extra?}: what else a node is told, for example `--alice`. Returns the
 * processes with {url, rpc, p2p}.
 */
export async function startNodes(processes, { chain, members }) {
  const nodes = []
  for (const [index, member] of members.entries()) {
    nodes.push(await spawnNode(processes, { chain, index, first: nodes[0], ...member }))
  }
  for (const node of nodes) await rpcAnswers(node)
  return nodes
}
