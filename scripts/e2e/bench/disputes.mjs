// scripts/bench disputes: lets a checker refute one lie of each kind on a development chain, and puts what
// that took into docs/measurements.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AIPG } from '@aipowergrid/client'
import { closedCase, measureCase, startChecker } from '../lib/disputes.mjs'
import { jobResult } from '../lib/job.mjs'
import { newAccount, registerMiners, said, submitFor } from '../lib/miners.mjs'
import { openNetwork } from '../lib/network.mjs'
import { Processes, ROOT } from '../lib/processes.mjs'
import { replaceMarked } from './grid.mjs'
import { machine, machineLine } from './machine.mjs'

const PAGE = join(ROOT, 'docs/measurements.md')

/** Terms of every job. */
const REQUEST = { prompt: 'What is 2 + 3?', maxOutput: 16 }

const ROWS = [
  ['nobody stands for the result', ['--lie', 'garbage', '--silent']],
  ['the answer ends too early', ['--lie', 'short']],
  ['another token', ['--lie', 'token']],
  ['another seed', ['--lie', 'seed'], { sampling: { temperature: 8, seed: 11 } }],
  ['a number in a layer', ['--lie', 'accumulator', '--false-sums']],
  ['a wrong digest', ['--lie', 'digest', '--false-sums']],
]

/** What it took to refute a lie: cells of a row. */
async function refute(network, miner, [what, lies, request]) {
  const worker = miner.run({ lies })
  await said(worker, 'waiting for jobs')
  const job = await submitFor(miner, { request: { ...REQUEST, ...request } })
  await jobResult(network.ledger, job.id)
  const events = await closedCase(network, job)
  const cost = await measureCase(network, events)
  const verdict = events.find(({ name }) => name === 'referee.ResultRefuted')
  if (!verdict) throw new Error(`"${what}" was not refuted`)
  const executed = events.some(({ data }) => data.outcome?.ending.Executed)
  const moves = events.filter(({ name }) => name === 'referee.Moved').length + (executed ? 1 : 0)
  await worker.stop()
  const kib = (bytes) => (bytes / 1024).toFixed(1)
  const percent = (share) => (share * 100).toFixed(3)
  return [
    what,
    moves,
    cost.calls,
    kib(cost.bytes),
    kib(cost.longest),
    percent(cost.weight),
    percent(cost.heaviest),
    verdict.block.number - events[0].block.number,
    cost.blocks,
  ].join(' | ')
}

async function measure() {
  const processes = new Processes()
  try {
    const node = await processes.startNode()
    const network = { ...(await openNetwork(node.url)), processes, node }
    try {
      const { chain, accounts } = network
      const miners = await registerMiners(
        network,
        ROWS.map((_, index) => `liar-${index}`),
      )
      const checker = await newAccount(network, 'checker')
      const { transferKeepAlive } = chain.api.tx.balances
      await chain.submit(transferKeepAlive(checker.address, 1_000n * AIPG), accounts.alice)
      const models = [...miners.values()].map(({ model }) => model)
      const checking = startChecker(network, { name: 'checker', ...checker, models })
      await said(checking, 'connected')
      const rows = []
      for (const [index, row] of ROWS.entries()) {
        rows.push(await refute(network, miners.get(`liar-${index}`), row))
      }
      return rows
    } finally {
      await network.close()
    }
  } finally {
    await processes.stop()
  }
}

const HEAD = `| what is false | moves | calls | KiB in all | longest call, KiB | % of a block in all | heaviest call, % | blocks to the verdict | to the last payment |
|---|---|---|---|---|---|---|---|---|`

const rows = await measure()
const text = `${machineLine(machine())}

${HEAD}
${rows.map((row) => `| ${row} |`).join('\n')}`
if (process.argv.includes('--print')) console.log(text)
else {
  writeFileSync(PAGE, replaceMarked(readFileSync(PAGE, 'utf8'), 'disputes', text))
  console.log('docs/measurements.md is written')
}
