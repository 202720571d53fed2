// Dashboard and alerts ask only for metrics that node and worker really serve.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openNetwork } from '../../lib/network.mjs'
import { PROGRAMS, Processes, ROOT, freePort } from '../../lib/processes.mjs'
import { namesInQuery, queriesOfAlerts, queriesOfDashboard, servedNames } from '../../monitoring/metrics.mjs'

// Some metrics are served from their first event on: a block is made, a call answered.
const LIMIT_MS = 120_000

const processes = new Processes()
let network
let urls
before(async () => {
  const [rpc, p2p, nodeMetrics, workerMetrics] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ]
  const node = processes.spawn('node', join(PROGRAMS, 'aipg-node'), [
    '--dev',
    ...['--base-path', join(processes.directory, 'node')],
    ...['--rpc-port', String(rpc)],
    ...['--port', String(p2p)],
    ...['--prometheus-port', String(nodeMetrics)],
    ...['--no-telemetry', '--no-mdns'],
  ])
  await node.waitUntil(() => node.log().includes('Running JSON-RPC server'), 'RPC')
  const url = `ws://127.0.0.1:${rpc}`
  network = await openNetwork(url)
  await processes.startWorker({
    url,
    suri: '//Charlie',
    extra: ['--metrics-address', `127.0.0.1:${workerMetrics}`],
  })
  urls = [nodeMetrics, workerMetrics].map((port) => `http://127.0.0.1:${port}/metrics`)
})
after(async () => {
  await network?.close()
  await processes.stop()
})

async function served() {
  const texts = await Promise.all(
    urls.map(async (url) => {
      const response = await fetch(url).catch(() => null)
      return response?.ok ? response.text() : ''
    }),
  )
  return new Set(texts.flatMap((text) => [...servedNames(text)]))
}

/** Waits until all names are served; returns those that are not when the time is up. */
async function missing(names) {
  const limit = Date.now() + LIMIT_MS
  for (;;) {
    const found = await served()
    const left = names.filter((name) => !found.has(name))
    if (left.length === 0 || Date.now() > limit) return left
    await sleep(1_000)
  }
}

test('every metric of the dashboard and of the alerts should be served by node or worker', async () => {
  const dashboard = JSON.parse(readFileSync(join(ROOT, 'monitoring/grafana-dashboard.json'), 'utf8'))
  const alerts = readFileSync(join(ROOT, 'monitoring/alerts.yml'), 'utf8')
  const queries = [...queriesOfDashboard(dashboard), ...queriesOfAlerts(alerts)]
  const names = [...new Set(queries.flatMap(namesInQuery))].sort()
  assert.ok(names.some((name) => name.startsWith('aipg_blobs_')))
  assert.ok(names.some((name) => name.startsWith('aipg_worker_')))
  assert.deepEqual(await missing(names), [])
})

test('every metric of node and worker that is this project’s own should be explained in the guide', async () => {
  const guide = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8')
  const own = [...(await served())].filter((name) => name.startsWith('aipg_'))
  assert.ok(own.length > 0)
  const base = (name) => name.replace(/_(bucket|sum|count)$/, '')
  for (const name of own) assert.ok(guide.includes(`\`${base(name)}\``), name)
})
