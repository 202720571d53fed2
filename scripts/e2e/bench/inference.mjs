// scripts/bench inference and conversion: runs scripts/inference and puts its report into docs/measurements.md.

import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceMarked } from '../lib/markdown.mjs'
import { ROOT } from '../lib/processes.mjs'
import { machine, machineLine } from './machine.mjs'

const PAGE = join(ROOT, 'docs/measurements.md')

const [part, print, program, ...parameters] = process.argv.slice(2)
const where = machineLine(machine())
const { status, stdout, error } = spawnSync(program, parameters, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
if (error || status !== 0) {
  console.error(`error: ${error?.message ?? `${program} ended with ${status}`}`)
  process.exit(1)
}
const text = `\n${where}\n${stdout.trimEnd()}\n\n`
if (print === 'print') console.log(text)
else {
  writeFileSync(PAGE, replaceMarked(readFileSync(PAGE, 'utf8'), part, text))
  console.log('docs/measurements.md is written')
}
