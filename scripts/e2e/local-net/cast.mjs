// Who takes part in a run: nodes, honest workers, liars, auditors, checkers; and which results are false.

import { AUTHORITIES } from '../lib/nodes.mjs'
import { PARTIAL_LIES } from './options.mjs'

/** Kinds of lies in turn: made up, a wrong token with the true computation of it, a cheaper computation. */
const MIXED = PARTIAL_LIES.slice(0, 3)

/** The nodes: [{name, extra}], the first authorities of the preset and then full nodes. */
export function nodesOf({ preset, nodes }) {
  const authorities = preset === 'local' ? AUTHORITIES : AUTHORITIES.slice(0, 1)
  return Array.from({ length: nodes }, (_, index) => {
    const author = authorities[index]
    if (author === undefined) return { name: `node-${index + 1}`, extra: [] }
    // An only author has nobody to wait for.
    const alone = preset === 'dev' ? ['--force-authoring'] : []
    return { name: author, extra: [`--${author}`, ...alone] }
  })
}

function many(count, role, node, more = () => ({})) {
  return Array.from({ length: count }, (_, index) => ({
    name: `${role === 'honest' ? 'worker' : role}-${index + 1}`,
    role,
    node: node(),
    ...more(index),
  }))
}

/**
 * Everybody with an account of their own: [{name, role, node, lie?, lieShare?}], `role` one of honest, liar,
 * auditor, checker; `node` the index of the node that it talks to, in turn.
 */
export function membersOf({ nodes, workers, liars, auditors, checkers, lie, lieShare }) {
  let count = 0
  const node = () => count++ % nodes
  return [
    ...many(workers - liars, 'honest', node),
    ...many(liars, 'liar', node, (index) => ({
      lie: lie === 'mixed' ? MIXED[index % MIXED.length] : lie,
      lieShare,
    })),
    ...many(auditors, 'auditor', node),
    ...many(checkers, 'checker', node),
  ]
}

export const isWorker = ({ role }) => role === 'honest' || role === 'liar'

/**
 * Whether a liar delivers a false result for a job: `Liar::lies_about` of worker/liar/src/lies.rs. The report checks
 * that nothing else was found false.
 */
export function liesAbout({ role, lieShare }, job) {
  if (role !== 'liar') return false
  const share = BigInt(lieShare)
  return ((job + 1n) * share) / 100n > (job * share) / 100n
}

/** Arguments of `aipg-liar` for a liar. */
export const liesOf = ({ lie, lieShare }) => ['--lie', lie, '--lie-share', String(lieShare)]
