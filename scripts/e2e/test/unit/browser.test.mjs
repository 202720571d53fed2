// Where the tests look for a browser, and the server of its pages.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { browserPath, serveFolder } from '../../lib/browser.mjs'
import { ROOT } from '../../lib/processes.mjs'

function folder(t) {
  const path = mkdtempSync(join(tmpdir(), 'aipg-'))
  t.after(() => rmSync(path, { recursive: true }))
  return path
}

test('browser should be the named one, else the first on the path that can be run', (t) => {
  const path = folder(t)
  assert.equal(browserPath({ AIPG_BROWSER: '/opt/chrome', PATH: path }), '/opt/chrome')
  assert.throws(() => browserPath({ PATH: path }), /no browser: .*AIPG_BROWSER/)
  writeFileSync(join(path, 'chromium'), '', { mode: 0o644 })
  writeFileSync(join(path, 'google-chrome'), '', { mode: 0o755 })
  assert.equal(browserPath({ PATH: `:/nowhere:${path}` }), join(path, 'google-chrome'))
})

/** Status and type of the answer to a path, which is sent as it is. */
function ask(origin, path) {
  const { hostname, port } = new URL(origin)
  return new Promise((done, failed) => {
    get({ hostname, port, path }, (response) => {
      response.resume()
      done([response.statusCode, response.headers['content-type']])
    }).once('error', failed)
  })
}

test('server should serve what is in its folder and nothing above it', async (t) => {
  const { origin, stop } = await serveFolder(join(ROOT, 'clients/typescript/examples'))
  t.after(stop)
  assert.deepEqual(await ask(origin, '/page/'), [200, 'text/html; charset=utf-8'])
  assert.deepEqual(await ask(origin, '/page/page.mjs'), [200, 'text/javascript'])
  for (const path of ['/none', '/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '/%']) {
    assert.deepEqual(await ask(origin, path), [404, undefined], path)
  }
})
