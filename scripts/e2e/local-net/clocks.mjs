// How fast the chain of a run is: the preset's own clocks, or short ones, so that a run takes minutes.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROGRAMS } from '../lib/processes.mjs'

/**
 * What is other than in the preset. Keys of auditors count after two epochs: with the clocks of `dev` that is two
 * minutes, with those of `local` twenty. The challenge window W has room for an audit, whose three parts take W/5
 * each: beacon + 3 · W/5 ≤ 4 · W/5. On `dev` it is longer than in the preset, because many programs on one
 * machine miss parts of six seconds.
 */
export const SHORT_CLOCKS = {
  dev: { epochSlots: 6, challengeWindow: 20 },
  local: {
    slotDurationMs: 3_000,
    epochSlots: 20,
    claimWindow: 10,
    runWindow: 10,
    unitsPerBlock: 1_500,
    challengeWindow: 40,
    unbonding: 80,
    disputeClock: 40,
  },
}

/** The place of the chain's parameters in a specification. */
const PARAMETERS = /("chainParameters"\s*:\s*\{\s*"parameters"\s*:\s*)(\{[^{}]*\})/

/**
 * The text of a chain specification with other clocks. It is changed as a text: balances have more digits than a
 * number of JavaScript keeps. Throws if it has no such parameters.
 */
export function withClocks(specification, clocks) {
  if (!PARAMETERS.test(specification)) throw new Error('the chain specification has no chain parameters')
  return specification.replace(PARAMETERS, (_, head, text) => {
    const parameters = JSON.parse(text)
    for (const name of Object.keys(clocks)) {
      if (parameters[name] === undefined) throw new Error(`the chain has no parameter "${name}"`)
    }
    return head + JSON.stringify({ ...parameters, ...clocks })
  })
}

/** What `--chain` is to be: the preset's name, or a file of the run with its short clocks. */
export async function chainOf(processes, { preset, clocks }) {
  if (clocks === 'preset') return preset
  const draft = join(processes.directory, `${preset}.json`)
  const { status, log } = await processes.run('chain-spec', join(PROGRAMS, 'aipg-node'), [
    ...['chain-spec', '--chain', preset, '--output', draft],
  ])
  if (status !== 0) throw new Error(`chain-spec ended with ${status}:\n${log}`)
  writeFileSync(draft, withClocks(readFileSync(draft, 'utf8'), SHORT_CLOCKS[preset]))
  return draft
}
