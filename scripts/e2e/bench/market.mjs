// Measures what machines and jobs cost the chain and writes the figures into docs/measurements.md.
//
// usage: node market.mjs TESTS [--print]        TESTS: the executable with the runtime's tests

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, replaceMarked } from './grid.mjs'
import { machine, machineLine } from './machine.mjs'
import { printed } from './printed.mjs'

const [tests, option] = process.argv.slice(2)

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
