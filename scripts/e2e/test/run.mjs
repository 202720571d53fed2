// Runs the tests of a folder, several files at a time: `node test/run.mjs unit|processes [name…]`.

import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

run({ files, concurrency: CONCURRENCY[kind], timeout: LIMIT_MS[kind] })
  .on('test:fail', () => {
    process.exitCode = 1
  })
  .compose(new spec())
  .pipe(process.stdout)
