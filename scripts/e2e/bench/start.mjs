// How long a node takes from the start of its process until its RPC answers.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PROGRAMS, Processes, freePort, table } from './grid.mjs'
import { number, summary } from './statistics.mjs'

const POLL_MS = 10

async function answers(url) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"jsonrpc":"2.0","id":1,"method":"system_health","params":[]}',
    })
    return response.ok && (await response.json()).result !== undefined
  } catch {
    return false
  }
}

async function startOnce(processes, name, basePath) {
  const rpc = await freePort()
  const p2p = await freePort()
  const began = performance.now()
  const node = processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
    '--dev',
    ...['--base-path', basePath],
    ...['--rpc-port', String(rpc)],
    ...['--port', String(p2p)],
    ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
  ])
  while (!(await answers(`http://127.0.0.1:${rpc}`))) {
    if (!node.running) throw new Error(`the node ended:\n${node.tail()}`)
    await sleep(POLL_MS)
  }
  const took = performance.now() - began
  await node.stop()
  return took
}

/** Starts nodes with an empty folder and again with the folder of the run before; milliseconds. */
export async function measureStart({ runs, progress }) {
  const processes = new Processes()
  const [empty, again] = [[], []]
  try {
    for (let run = 0; run < runs; run += 1) {
      progress(`node start, run ${run + 1} of ${runs}`)
      const basePath = join(processes.directory, `base-${run}`)
      empty.push(await startOnce(processes, `empty-${run}`, basePath))
      again.push(await startOnce(processes, `again-${run}`, basePath))
    }
  } finally {
    await processes.stop()
  }
  return { empty: summary(empty), again: summary(again) }
}

export function renderStart({ empty, again }) {
  const row = (name, { count, min, median, max }) => [
    name,
    String(count),
    ...[min, median, max].map((ms) => number(ms / 1000, 2)),
  ]
  return table(
    ['node start, `dev`', 'runs', 'least, s', 'median, s', 'most, s'],
    [row('folder empty: genesis is built', empty), row('folder of the run before', again)],
  )
}
