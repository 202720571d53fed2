// Chain specifications of presets with other parameters.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROGRAMS } from './processes.mjs'

/** The place of the chain's parameters in a specification. */
const PARAMETERS = /("chainParameters"\s*:\s*\{\s*"parameters"\s*:\s*)(\{[^{}]*\})/

/**
 * The text of a chain specification with some other parameters. It is changed as a text: balances have more digits
 * than a number of JavaScript keeps. Throws if it has no such parameters.
 */
export function withParameters(specification, changed) {
  if (!PARAMETERS.test(specification)) throw new Error('the chain specification has no chain parameters')
  return specification.replace(PARAMETERS, (_, head, text) => {
    const parameters = JSON.parse(text)
    for (const name of Object.keys(changed)) {
      if (parameters[name] === undefined) throw new Error(`the chain has no parameter "${name}"`)
    }
    return head + JSON.stringify({ ...parameters, ...changed })
  })
}

/** Writes a preset with some other parameters into a file of the run, for `--chain`; returns its path. */
export async function specificationOf(processes, preset, changed) {
  const path = join(processes.directory, `${preset}.json`)
  const { status, log } = await processes.run('chain-spec', join(PROGRAMS, 'aipg-node'), [
    ...['chain-spec', '--chain', preset, '--output', path],
  ])
  if (status !== 0) throw new Error(`chain-spec ended with ${status}:\n${log}`)
  writeFileSync(path, withParameters(readFileSync(path, 'utf8'), changed))
  return path
}
