// Auditors of tests and of the local net.

import { join } from 'node:path'
import { PROGRAMS } from './processes.mjs'

const WORKER = join(PROGRAMS, 'aipg-worker')
const LIAR = join(PROGRAMS, 'aipg-liar')

function settings({ node }, action, { key, models }) {
  return [
    ...['auditor', action, '--node', node.url, '--key-file', key],
    ...models.flatMap((path) => ['--model', path]),
  ]
}

/** Runs `auditor ACTION` to its end: {status, log}. */
export function auditorCommand({ processes, node }, auditor, action, extra = []) {
  const args = [...settings({ node }, action, auditor), ...extra]
  const run = `${auditor.name}-${action}-${extra.length}`
  return processes.run(run, WORKER, args, { XDG_RUNTIME_DIR: processes.directory })
}

/** Starts to audit results of these model files; with `lies`, as a liar does. */
export function startAuditor({ processes, node }, auditor, { lies } = {}) {
  const args = [...(lies ?? []), ...settings({ node }, 'run', auditor)]
  const env = { XDG_RUNTIME_DIR: processes.directory }
  return processes.spawn(auditor.name, lies ? LIAR : WORKER, args, env)
}
