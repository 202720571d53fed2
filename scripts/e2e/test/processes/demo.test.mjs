// What people run: the demonstration without --once, one more prompt, Ctrl-C.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Processes, ROOT } from '../../lib/processes.mjs'

// A whole journey takes about 40 blocks; the rest is patience with a busy machine.
const JOURNEY_LIMIT_MS = 600_000
const E2E = join(ROOT, 'scripts/e2e')
const processes = new Processes()
after(() => processes.stop())

/** A port that is in use until `close`. */
async function takenPort() {
  const server = createServer()
  await new Promise((done) => server.listen({ port: 0, host: '0.0.0.0' }, done))
  return { port: server.address().port, close: () => server.close() }
}

test('demonstration should report, take another prompt and stop cleanly on SIGINT', async () => {
  const taken = await takenPort()
  const demo = processes.spawn('demo', process.execPath, [join(E2E, 'demo.mjs'), '--', 'What is a miner?'], {
    AIPG_RPC_PORT: String(taken.port),
    AIPG_P2P_PORT: '0',
  })
  const invited = () => demo.log().includes('Chain and worker keep running')
  await demo.waitUntil(invited, 'keeps running', JOURNEY_LIMIT_MS)
  taken.close()
  const report = demo.log()
  assert.match(report, new RegExp(`port ${taken.port} is taken, using \\d+`))
  assert.match(report, /question {2}What is a miner\?/)
  assert.match(report, /^all \d+ checks hold$/m)
  assert.doesNotMatch(report, /FAILED/)

  const [url] = /ws:\/\/127\.0\.0\.1:\d+/.exec(report)
  const arguments_ = [join(E2E, 'submit.mjs'), '--url', url, '--as', 'eve', 'What is 1 plus 1?']
  const { status, log } = await processes.run('submit', process.execPath, arguments_)
  assert.equal(status, 0, log)
  assert.match(log, /^fee [\d.]+ AIPG, of it [\d.]+ to Charlie; [\d.]+ returned$/m)

  demo.process.kill('SIGINT')
  assert.equal(await demo.exited, 0, demo.tail())
  assert.match(demo.log(), /stopping worker and node/)
  // The node is gone: its port is free again.
  const server = createServer()
  const { port } = new URL(url)
  await new Promise((done, failed) => {
    server.once('error', failed)
    server.listen({ port: Number(port), host: '127.0.0.1' }, done)
  })
  server.close()
})
