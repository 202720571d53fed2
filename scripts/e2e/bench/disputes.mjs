// scripts/bench disputes: lets a checker refute lies about one model on a development chain, rebuilds traces of
// that model, and puts what both took into docs/measurements.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AIPG } from '@aipowergrid/client'
import { blockTime, closedCase, measureCase, startChecker } from '../lib/disputes.mjs'
import { jobResult } from '../lib/job.mjs'
import {
  modelFile,
  newAccount,
  registerMinerOf,
  registerMiners,
  registerModels,
  said,
  submitFor,
} from '../lib/miners.mjs'
import { openNetwork } from '../lib/network.mjs'
import { Processes, ROOT } from '../lib/processes.mjs'
import { replaceMarked, table } from './grid.mjs'
import { forgetPeak, machine, machineLine, memory, peakMemory } from './machine.mjs'
import { PLAN_NAMES, planOf } from './plans.mjs'
import { CHECKER_HEAD, COST_HEAD, checkerCells, costCells, traceTimes } from './refutation.mjs'
import { TRACE_HEAD, measureTrace, traceCells } from './traces.mjs'

const PAGE = join(ROOT, 'docs/measurements.md')

/** What the checker pays its bonds and calls with. */
const CHECKER_FUNDS = 1_000n * AIPG

/** Plays one dispute: {what, cost, verdict, moves, delay, trace, idle, peak}. */
async function refute(network, miner, checker, [what, lies, request], terms) {
  const checking = startChecker(network, {
    name: `checker-of-${miner.name}`,
    ...checker,
    models: [miner.model],
  })
  await said(checking, 'connected')
  const liar = miner.run({ lies })
  await said(liar, 'waiting for jobs')
  const { pid } = checking.process
  const idle = memory(pid).resident
  forgetPeak(pid)
  const job = await submitFor(miner, { request: { ...terms, ...request } })
  const result = await jobResult(network.ledger, job.id)
  const events = await closedCase(network, job)
  const peak = peakMemory(pid)
  const verdict = events.find(({ name }) => name === 'referee.ResultRefuted')
  if (!verdict) throw new Error(`"${what}" was not refuted`)
  const executed = events.some(({ data }) => data.outcome?.ending.Executed)
  const [delivered, challenged] = await Promise.all(
    [result.block, events[0].block].map((block) => blockTime(network.chain, block)),
  )
  await liar.stop()
  await checking.stop()
  return {
    what,
    cost: await measureCase(network, events),
    moves: events.filter(({ name }) => name === 'referee.Moved').length + (executed ? 1 : 0),
    verdict: verdict.block.number - events[0].block.number,
    delay: (challenged - delivered) / 1_000,
    trace: traceTimes(checking.log()),
    idle,
    peak,
  }
}

/** Gives a function that registers the machine of a lie: models of the demo are cheap, so each has its own. */
async function minersOf(network, { lies, isDemo, model }) {
  const names = lies.map((_, index) => `liar-${index}`)
  if (isDemo) {
    const miners = await registerMiners(network, names)
    return async (index) => miners.get(names[index])
  }
  const shared = modelFile(model)
  await registerModels(network, [shared])
  return (index) => registerMinerOf(network, names[index], shared)
}

/** Refutes all lies of a plan on a new chain. */
async function play({ lies, isDemo, model, terms }) {
  const processes = new Processes()
  try {
    const node = await processes.startNode()
    const network = { ...(await openNetwork(node.url)), processes, node }
    try {
      const { chain, accounts } = network
      const minerOf = await minersOf(network, { lies, isDemo, model })
      const checker = await newAccount(network, 'checker')
      const { transferKeepAlive } = chain.api.tx.balances
      await chain.submit(transferKeepAlive(checker.address, CHECKER_FUNDS), accounts.alice)
      const played = []
      for (const [index, lie] of lies.entries()) {
        played.push(await refute(network, await minerOf(index), checker, lie, terms))
        console.error(`refuted: ${lie[0]}`)
      }
      return played
    } finally {
      await network.close()
    }
  } finally {
    await processes.stop()
  }
}

const { values: options } = parseArgs({
  options: { shape: { type: 'string', default: 'demo' }, print: { type: 'boolean', default: false } },
})
const plan = planOf(options.shape)
if (plan === null) {
  console.error(`error: there is no shape "${options.shape}"; one of ${PLAN_NAMES.join(', ')}`)
  process.exit(1)
}
const model = plan.makeModel()
const beforeDisputes = machineLine(machine())
const played = await play({ ...plan, model })
const beforeTraces = machineLine(machine())
const traces = plan.traces.map((run) => measureTrace(model, run))
const parts = {
  [`disputes-${options.shape}`]: [
    beforeDisputes,
    table(COST_HEAD, played.map(costCells)),
    'What the checker of each took:',
    table(CHECKER_HEAD, played.map(checkerCells)),
  ],
  [`traces-${options.shape}`]: [beforeTraces, table(TRACE_HEAD, traces.map(traceCells))],
}
if (options.print) {
  for (const texts of Object.values(parts)) console.log(`${texts.join('\n\n')}\n`)
} else {
  const written = Object.entries(parts).reduce(
    (page, [name, texts]) => replaceMarked(page, name, texts.join('\n\n')),
    readFileSync(PAGE, 'utf8'),
  )
  writeFileSync(PAGE, written)
  console.log('docs/measurements.md is written')
}
