// scripts/bench chain: measures node, worker and chain, and writes docs/measurements.md.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBlob, renderBlob } from './blob.mjs'
import { PROGRAMS, Processes, ROOT, openNetwork, replaceMarked, table } from './grid.mjs'
import { measureJobs, renderJobs } from './jobs.mjs'
import { machine, machineLine } from './machine.mjs'
import { parseStageTimes } from './stages.mjs'
import { measureStart, renderStart } from './start.mjs'
import { duration, number } from './statistics.mjs'
import { measureThroughput, renderThroughput } from './throughput.mjs'

const PAGE = join(ROOT, 'docs/measurements.md')
const STAGE_TIMES = join(dirname(PROGRAMS), 'stage-times.tsv')

const SIZES = {
  full: { starts: 7, warm: 6, jobs: 40, transfers: 12, played: 900 },
  quick: { starts: 2, warm: 3, jobs: 6, transfers: 4, played: 96 },
}

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    print: { type: 'boolean', default: false },
  },
})
const sizes = SIZES[options.quick ? 'quick' : 'full']
// Children are in groups of their own: they are ended when this program exits, which a signal alone does not make it do.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
const began = Date.now()
const progress = (text) => {
  console.error(`[${String(Math.round((Date.now() - began) / 1000)).padStart(4)} s] ${text}`)
}

async function blob() {
  const processes = new Processes()
  let network
  try {
    network = await openNetwork((await processes.startNode()).url)
    return await measureBlob(network.chain.api)
  } finally {
    await network?.close()
    await processes.stop()
  }
}

function renderStages() {
  if (!existsSync(STAGE_TIMES)) {
    return 'Not measured: `scripts/test` has not run with this target directory.'
  }
  const { empty, stages, total } = parseStageTimes(readFileSync(STAGE_TIMES, 'utf8'))
  const where = empty ? 'an empty target directory' : 'a target directory that was in use'
  return [
    `The last run of \`scripts/test\`, with ${where}:`,
    table(
      ['stage', 'time'],
      [...stages, { name: 'together', seconds: total }].map(({ name, seconds }) => [name, duration(seconds)]),
    ),
  ].join('\n\n')
}

try {
  const where = machineLine(machine())
  const start = await measureStart({ runs: sizes.starts, progress })
  const size = await blob()
  const jobs = await measureJobs({ count: sizes.jobs, warm: sizes.warm, progress })
  const throughput = await measureThroughput({ jobs: sizes.played, transfers: sizes.transfers, progress })

  const told = renderJobs(jobs)
  const rates = renderThroughput(throughput, jobs)
  const text = `${where}${options.quick ? ' A short run: few repetitions.' : ''}

### Build and test

${renderStages()}

### Node

${renderStart(start)}

${renderBlob(size)}

${told.inUse}

### A job in time

${jobs.settled} of ${jobs.count} jobs of up to 32 tokens, one submitted a block, three workers.

${told.latency}

### A job in blocks

The mean over these jobs; a reward is claimed once for all jobs of a worker in a round.${
    jobs.failed > 0 ? ` ${jobs.failed} calls failed and are not counted.` : ''
  }

${told.cost}

${told.hooks}

### Jobs and transfers a second

Transfers first, then jobs, on the same chain. The workers of these jobs are scripted and deliver made-up
answers at once: the chain does the same work for them. ${throughput.settled} of ${throughput.asked} jobs were
paid${throughput.failed > 0 ? `, ${throughput.failed} calls failed` : ''}. In the time of one whole job the chain took
${number(1 / rates.ratio, 1)} transfers.

${rates.measured}

What each limit of a block would allow if it were the only one:

${rates.allowed}

### What a finished job leaves in the state

Every storage item that has another number of keys or bytes after ${jobs.settled} jobs (${jobs.blocks} blocks,
${jobs.rounds} rounds) than before them. Hashes of blocks and outputs of the beacon are kept in rings of fixed
length and grow with blocks until those are full; a round in which a job ended leaves its root of 32 bytes. ${told.left}

${told.state}`

  if (options.print) console.log(text)
  else {
    writeFileSync(PAGE, replaceMarked(readFileSync(PAGE, 'utf8'), 'bench', text))
    console.log('docs/measurements.md is written')
  }
} catch (error) {
  console.error(`error: ${error.stack}`)
  process.exit(1)
}
