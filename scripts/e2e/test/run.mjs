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
// Those that take longest, in this order: a long one that begins last would run alone at the end.
const LONGEST = [
  'dispute-restarts',
  'disputes',
  'audits',
  'dishonesty',
  'authors',
  'absence',
  'local-net',
  'mainnet',
  'restarts',
]
const rank = (file) => LONGEST.indexOf(file.replace('.test.mjs', '')) + 1 || LONGEST.length + 1
const files = readdirSync(folder)
  .filter((file) => file.endsWith('.test.mjs'))
  .filter((file) => names.length === 0 || names.some((name) => file.startsWith(name)))
  .sort((one, other) => rank(one) - rank(other))
  .map((file) => join(folder, file))
if (files.length === 0) {
  console.error(`no test file of ${folder} begins with ${names.join(' or ')}`)
  process.exit(1)
}

/** Runs files, so many at a time, and says how long each took; returns those in which something failed. */
async function runFiles(chosen, concurrency) {
  const failed = new Set()
  const times = new Map()
  const tests = run({ files: chosen, concurrency, timeout: LIMIT_MS[kind] })
  for (const event of ['test:dequeue', 'test:complete']) {
    tests.on(event, ({ file, name }) => {
      const key = basename(file ?? name, '.test.mjs')
      times.set(key, [times.get(key)?.[0] ?? Date.now(), Date.now()])
    })
  }
  // A file that breaks before its first test is reported under its own name.
  tests.on('test:fail', ({ file, name }) => failed.add(chosen.find((path) => path === (file ?? name)) ?? name))
  const report = tests.compose(new spec())
  report.pipe(process.stdout, { end: false })
  await new Promise((resolve) => report.on('end', resolve))
  const seconds = [...times].map(([name, [from, to]]) => [name, Math.round((to - from) / 1000)])
  const slowest = seconds.sort(([, one], [, other]) => other - one).map(([name, time]) => `${name} ${time}`)
  console.log(`\nseconds by file: ${slowest.join(', ')}`)
  return [...failed]
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
