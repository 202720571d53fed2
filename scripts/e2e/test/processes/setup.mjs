// What the process tests share.

import assert from 'node:assert/strict'
import { AIPG, DispatchFailure } from '@aipowergrid/client'
import { Checks, checkAccounts, checkHolds, checkSupply } from '../../lib/books.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { nodeKey } from '../../lib/nodes.mjs'
import { Processes, WORKER_BOND } from '../../lib/processes.mjs'
import { specificationOf } from '../../lib/specification.mjs'

export const BOND = BigInt(WORKER_BOND) * AIPG

/**
 * A development chain of one's own, with other `parameters` if there are any. End it with `stop()`. `extra` are
 * arguments of the node.
 */
export async function startNetwork({ parameters, extra } = {}) {
  const processes = new Processes()
  try {
    const mode = parameters === undefined ? ['--dev'] : await changed(processes, parameters)
    const node = await processes.startNode({ mode, extra })
    const network = await openNetwork(node.url)
    const stop = async () => {
      await network.close()
      await processes.stop()
    }
    return { ...network, processes, node, stop }
  } catch (error) {
    await processes.stop()
    throw error
  }
}

/** What `--dev` means, on a chain with other parameters. */
async function changed(processes, parameters) {
  const chain = await specificationOf(processes, 'dev', parameters)
  // An author needs a network identity that stays.
  return ['--chain', chain, '--alice', '--validator', '--force-authoring', '--node-key', nodeKey(0)]
}

/** Starts the node of a network, which was killed, on its folder and its ports, and connects to it. */
export async function restartNode(network, name) {
  const { processes } = network
  const { rpc, p2p, url, mode } = network.node
  const node = await processes.startNode({ name, rpcPort: rpc, p2pPort: p2p, mode })
  // A ledger of its own: blocks that were seen before may be gone with the process.
  const { chain, ledger, close } = await openNetwork(url)
  const stop = async () => {
    await close()
    await processes.stop()
  }
  Object.assign(network, { chain, ledger, close, stop, node })
}

/** Fails with the list of the checks that do not hold. */
export function assertHold(checks) {
  assert.deepEqual(checks.failed, [])
}

/** Checks supply and accounts over all blocks since the ledger began. */
export async function assertBooks({ chain, ledger, parties, names }) {
  const checks = new Checks()
  const [before, ...blocks] = ledger.blocks
  const range = { chain, before, after: blocks.at(-1), blocks, parties, names }
  await checkSupply(checks, range)
  await checkAccounts(checks, { ...range, jobs: ledger.events('jobEscrow.JobSubmitted') })
  assertHold(checks)
}

/** Checks what an account has on hold now. */
export async function assertHolds(chain, pair, expected) {
  const checks = new Checks()
  await checkHolds(checks, { chain, address: pair.address, name: pair.meta.name, expected })
  assertHold(checks)
}

/**
 * Asserts that a call is refused with exactly this error and costs its fee, nothing else. `name` is
 * that of the error's class, where it has one of its own.
 */
export async function assertRefused({ chain }, call, signer, code, name = 'DispatchFailure') {
  const before = await chain.holds(signer.address)
  await assert.rejects(chain.submit(call, signer), (error) => {
    assert.ok(error instanceof DispatchFailure, error)
    assert.equal(error.code, code)
    assert.equal(error.name, name)
    return true
  })
  assert.deepEqual(await chain.holds(signer.address), before)
}
