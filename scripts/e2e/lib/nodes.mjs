// Several nodes of one chain that know each other.

import { join } from 'node:path'
import { PROGRAMS, freePort } from './processes.mjs'

/** The development accounts that author blocks on the chain `local`. */
export const AUTHORITIES = ['alice', 'bob', 'charlie', 'dave']

// Network identities are given, so that the others can be told how to call the first node.
const nodeKey = (index) => String(index + 1).padStart(64, '0')
const FIRST_PEER = '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp'

/**
 * Starts nodes of the chain `chain` (the name of a preset or a file) that call the first of them, and waits until
 * their RPC answers. `members` are {name, extra?}: what else a node is told, for example `--alice`. Returns the
 * processes with {url, rpc, p2p}.
 */
export async function startNodes(processes, { chain, members }) {
  const nodes = []
  for (const [index, { name, extra = [] }] of members.entries()) {
    const [rpc, p2p] = [await freePort(), await freePort()]
    const boot = index === 0 ? [] : ['--bootnodes', `/ip4/127.0.0.1/tcp/${nodes[0].p2p}/p2p/${FIRST_PEER}`]
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
    nodes.push(Object.assign(child, { rpc, p2p, url: `ws://127.0.0.1:${rpc}` }))
  }
  for (const node of nodes) {
    await node.waitUntil(() => node.log().includes('Running JSON-RPC server'), 'RPC')
  }
  return nodes
}
