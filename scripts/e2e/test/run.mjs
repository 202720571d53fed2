// Runs the tests of a folder, several files at a time: `node test/run.mjs unit|processes [name…]`. Of processes, a file in
// which something fails beside others runs again alone, and has to pass then.

import { readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

// The files of `processes` mostly wait for blocks, so more of them run than there are cores.
const CONCURRENCY = { unit: 2, processes: 5 }
const LIMIT_MS = { unit: 60_000, processes: 30 * 60_000 }

const [kind, ...names] = process.argv.slice(2)
if (!(kind in CONCURRENCY)) {
  console.error('usage: node test/run.mjs unit|processes [name…]')
  process.exit(1)
}
const folder = join(dirname(fileURLToPath(import.meta.url)), kind)
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.test.mjs'))
  .filter((file) => names.length === 0 || names.some((name) => file.startsWith(name)))
  .map((file) => join(folder, file))
if (files.length === 0) {
  console.error(`no test file of ${folder} begins with ${names.join(' or ')}`)
  process.exit(1)
}

/** Runs files, so many at a time; returns those in which something failed. */
function runFiles(chosen, concurrency) {
  const failed = new Set()
  const tests = run({ files: chosen, concurrency, timeout: LIMIT_MS[kind] })
  // A file that breaks before its first test is reported under its own name.
  tests.on('test:fail', ({ file, name }) => failed.add(chosen.find((path) => path === (file ?? name)) ?? name))
  const report = tests.compose(new spec())
  report.pipe(process.stdout, { end: false })
  return new Promise((resolve) => report.on('end', () => resolve([...failed])))
}

const failed = await runFiles(files, CONCURRENCY[kind])
if (failed.length > 0 && kind === 'processes' && failed.every((path) => files.includes(path))) {
  // Time on chain is real time, and several chains share the cores: what failed has to hold by itself. What failed
  // before stays in the output, and is named again here.
  console.log(`\nfailed beside others, running again alone: ${failed.map((path) => basename(path)).join(', ')}`)
  const again = await runFiles(failed, 1)
  console.log(
    again.length === 0
      ? '\nall of them passed alone'
      : `\nfailed again: ${again.map((path) => basename(path)).join(', ')}`,
  )
  process.exitCode = again.length === 0 ? 0 : 1
} else if (failed.length > 0) {
  process.exitCode = 1
}
