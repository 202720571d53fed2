// The package as one file for a browser.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import * as client from '@aipowergrid/client'
import * as bundle from '@aipowergrid/client/bundle'
import { ensureAllowed } from '../bundle.mjs'

const dist = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url))

test('bundle should offer what the package offers and compute the same', () => {
  assert.deepEqual(Object.keys(bundle).sort(), Object.keys(client).sort())
  const ids = client.DEMO_TOKENIZER.encode('A prompt')
  assert.deepEqual(bundle.commitTokens(ids), client.commitTokens(ids))
})

test('bundle should be one file: it imports nothing and expects nothing of Node.js', async () => {
  const { metafile } = await build({
    entryPoints: [dist('bundle.js')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  const [input, ...others] = Object.values(metafile.inputs)
  assert.deepEqual(others, [])
  assert.deepEqual(input.imports, [])
})

test('bundle should name the licence of every library in it, and refuse one that is not allowed', () => {
  const licenses = readFileSync(dist('bundle.licenses.txt'), 'utf8')
  const named = [...licenses.matchAll(/^(@?[\w./-]+) \d+\.\d+\.\d+: (\S+)$/gm)]
  assert.ok(named.some(([, name]) => name === '@polkadot/api'))
  for (const [, name, license] of named) ensureAllowed({ name, license })
  assert.throws(() => ensureAllowed({ name: 'smoldot', license: 'GPL-3.0-only' }), {
    message: 'smoldot has the licence GPL-3.0-only',
  })
  assert.throws(() => ensureAllowed({ name: 'nameless' }), /licence undefined/)
})
