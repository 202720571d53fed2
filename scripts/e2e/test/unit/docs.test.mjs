// The documentation points at things that exist: files, headings, tests.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../../lib/processes.mjs'

/** Files of the checkout, also those that are not committed yet. */
function files(...patterns) {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns]
  return execFileSync('git', ['-C', ROOT, ...list], { encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)))
}

const read = (path) => readFileSync(join(ROOT, path), 'utf8')
const pages = files('*.md').map((path) => ({ path, text: read(path).replace(/^```[^]*?^```/gm, '') }))

/** The anchor that a heading gets on the web. */
function anchor(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}

function anchors(text) {
  return new Set([...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading)))
}

test('every link of the documentation should lead to a file, and to a heading of it', () => {
  const broken = []
  let seen = 0
  for (const { path, text } of pages) {
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      seen += 1
      const [file, heading] = target.split('#')
      const place = file === '' ? path : normalize(join(dirname(path), file))
      if (!existsSync(join(ROOT, place))) broken.push(`${path}: ${target}`)
      else if (heading && place.endsWith('.md') && !anchors(read(place)).has(heading)) {
        broken.push(`${path}: ${target} has no such heading`)
      }
    }
  }
  assert.ok(seen > 20, `${seen} links`)
  assert.deepEqual(broken, [])
})

test('every test that a page names should exist', () => {
  const sources = files('*.rs').map(read).join('\n')
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`([a-z][a-z0-9_]*_should_[a-z0-9_]+)`/g)].map(([, name]) => ({ path, name })),
  )
  assert.ok(named.length > 20)
  assert.deepEqual(
    named.filter(({ name }) => !sources.includes(`fn ${name}(`) && !sources.includes(`fn ${name}<`)),
    [],
  )
})

test('every attack that is stopped should name a test that shows it', () => {
  const [, stopped] = /^## Attacks$([^]*?)^## Not stopped yet$/m.exec(read('SECURITY.md'))
  const rows = stopped.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
  assert.ok(rows.length > 20)
  for (const row of rows) {
    const test = row.split('|').at(-2)
    const names = [...test.matchAll(/`([^`]+)`/g)].map(([, name]) => name)
    for (const name of names.filter((text) => !text.includes('_should_'))) {
      assert.ok(existsSync(join(ROOT, `scripts/e2e/test/processes/${name}.test.mjs`)), `${name} in ${row}`)
    }
    assert.ok(names.length > 0 || /\]\(docs\//.test(test), row)
  }
})

test('index of the documentation should list every page of docs', () => {
  const index = read('docs/README.md')
  for (const path of files('docs/*.md')) {
    const link = path.replace('docs/', '')
    if (link !== 'README.md') assert.ok(index.includes(`(${link})`), path)
  }
})
