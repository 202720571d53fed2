// Measures what machines and jobs cost the chain and writes the figures into docs/measurements.md.
//
// usage: node market.mjs TESTS [--print]        TESTS: the executable with the runtime's tests

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, replaceMarked } from './grid.mjs'
import { machine, machineLine } from './machine.mjs'

const [tests, option] = process.argv.slice(2)

/** What a test prints between the lines of the test harness: a table, and what is said below it. */
function printed(output) {
  const lines = output.split('\n')
  const first = lines.findIndex((line) => line.startsWith('|'))
  const last = lines.findIndex((line) => line.startsWith('test ') && line.endsWith(' ok'))
  if (first < 0 || last < first) throw new Error(`no table was printed:\n${output}`)
  return lines.slice(first, last).join('\n').trim()
}

/** Runs one test that prints. */
function run(name) {
  const args = [name, '--ignored', '--nocapture', '--test-threads=1']
  return printed(execFileSync(tests, args, { encoding: 'utf8', cwd: join(ROOT, 'runtime'), maxBuffer: 1 << 26 }))
}

const text = [machineLine(machine()), run('table_of_operations'), run('table_of_throughput')].join('\n\n')
if (option === '--print') {
  console.log(text)
} else {
  const page = join(ROOT, 'docs/measurements.md')
  writeFileSync(page, replaceMarked(readFileSync(page, 'utf8'), 'market', text))
  console.log(`${page} is written`)
}
