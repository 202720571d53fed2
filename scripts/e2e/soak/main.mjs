// scripts/soak: jobs in a stream while node and workers are killed.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT, replaceMarked } from '../bench/grid.mjs'
import { machine, machineLine } from '../bench/machine.mjs'
import { renderSoak } from './report.mjs'
import { soak } from './run.mjs'

const PAGE = join(ROOT, 'docs/measurements.md')

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
})
const jobs = Number(options.jobs)
if (!Number.isInteger(jobs) || jobs < 1) {
  console.error('error: --jobs takes a number of at least 1')
  process.exit(1)
}
// Children are in groups of their own: they are ended when this program exits, which a signal alone does not make it do.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
const began = Date.now()
const progress = (text) => {
  console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s] ${text}`)
}

try {
  const where = machineLine(machine())
  const result = await soak({ jobs, seed: options.seed, progress })
  const text = renderSoak(result, where)
  if (options.write) writeFileSync(PAGE, replaceMarked(readFileSync(PAGE, 'utf8'), 'soak', text))
  console.log(text)
  process.exit(result.checks.failed.length === 0 ? 0 : 1)
} catch (error) {
  console.error(`error: ${error.stack}`)
  process.exit(1)
}
