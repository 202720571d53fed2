// Jobs with the real worker: blocks from submission to payment, what one job costs the chain, what it
// leaves in the state, and the memory of node and worker.

import { AIPG, Processes, code, formatAipg, openNetwork, prepareJob, submitCall, table } from './grid.mjs'
import { Sender, grownItems, itemNames, limits, readBlock, stateChanges, stateSizes } from './client.mjs'
import { memory } from './machine.mjs'
import { median, mebibytes, number, summary } from './statistics.mjs'

// Guards against hanging.
const JOB_BLOCKS = 400
const CLAIM_BLOCKS = 100
const STEPS = ['JobAssigned', 'JobClaimed', 'ResultSubmitted', 'JobSettled']

/** Blocks from the submission to each step of each settled job: {JobAssigned: [..], ..}. */
export function latencies(events) {
  const submitted = new Map()
  const blocks = Object.fromEntries(STEPS.map((step) => [step, []]))
  for (const { name, data, block } of events) {
    const step = name.replace('jobEscrow.', '')
    if (step === 'JobSubmitted') submitted.set(data.job, block)
    else if (step in blocks && submitted.has(data.job)) blocks[step].push(block - submitted.get(data.job))
  }
  return blocks
}

/**
 * What a job costs on average: the extrinsics of `blocks` by name, divided by the number of jobs.
 * Failed ones are left out and counted. List of {name, perJob, length, weight, fee} and `failed`.
 */
export function footprint(blocks, names, jobs) {
  const found = new Map(names.map((name) => [name, []]))
  let failed = 0
  for (const extrinsic of blocks.flatMap(({ extrinsics }) => extrinsics)) {
    if (!found.has(extrinsic.name)) continue
    if (extrinsic.failed) failed += 1
    else found.get(extrinsic.name).push(extrinsic)
  }
  const mean = (list, value) => list.reduce((sum, entry) => sum + Number(value(entry)), 0) / list.length
  const calls = [...found]
    .filter(([, list]) => list.length > 0)
    .map(([name, list]) => ({
      name,
      perJob: list.length / jobs,
      length: mean(list, ({ length }) => length),
      weight: mean(list, ({ weight }) => weight),
      fee: list.reduce((sum, { fee }) => sum + fee, 0n) / BigInt(list.length),
    }))
  return { calls, failed }
}

/** {node, worker}, each {resident, own} in bytes; of the workers the medians. */
function held(node, workers) {
  const all = workers.map(({ process }) => memory(process.pid))
  const middle = (kind) => median(all.map((bytes) => bytes[kind]))
  return {
    node: memory(node.process.pid),
    worker: { resident: middle('resident'), own: middle('own') },
  }
}

async function untilIdle({ chain, ledger }, blocks) {
  await ledger.wait(
    'end of all jobs',
    (seen) => {
      const count = (name) => seen.events(`jobEscrow.${name}`).length
      return count('JobSubmitted') === count('JobSettled') + count('JobRefunded') ? true : null
    },
    blocks,
  )
  // Rewards are claimed when their round has closed.
  const limit = ledger.last.number + CLAIM_BLOCKS
  while ((await chain.api.query.usefulWork.credits.keys()).length > 0) {
    if (ledger.last.number > limit) throw new Error('rewards were not claimed')
    await ledger.height(ledger.last.number + 1)
  }
}

/** Submits jobs one per block and waits until all have ended and all rewards are claimed. */
async function stream(network, count, maxOutput) {
  const { chain, ledger, accounts, model } = network
  const sender = await Sender.of(chain.api, accounts.bob)
  for (let index = 0; index < count; index += 1) {
    const terms = await prepareJob(chain, { model, prompt: `What is ${index} plus 1?`, maxOutput })
    await chain.putBlob(terms.bytes)
    await sender.send(submitCall(chain, { ...terms, deadline: terms.deadline + JOB_BLOCKS }))
    await ledger.height(ledger.last.number + 1)
  }
  await ledger.wait(
    'all submissions',
    (seen) => (seen.events('jobEscrow.JobSubmitted').length >= count ? true : null),
    CLAIM_BLOCKS,
  )
  await untilIdle(network, JOB_BLOCKS)
}

/**
 * Runs `warm` and then `count` jobs through real workers. Returns latencies, footprint, state, memory, and the
 * measured rate of jobs.
 */
export async function measureJobs({ count, warm, progress }) {
  const processes = new Processes()
  let network
  try {
    const node = await processes.startNode()
    network = await openNetwork(node.url)
    const { chain, ledger } = network
    const workers = []
    for (const name of ['Charlie', 'Dave', 'Eve']) {
      const options = { url: node.url, suri: `//${name}`, name: `worker-${name}`, extra: ['--capacity', '2'] }
      workers.push(await processes.startWorker(options))
    }
    progress(`${warm} jobs to warm up`)
    await stream(network, warm, 32)
    const atRest = held(node, workers)
    const from = ledger.last
    const before = await stateSizes(chain.api, from.hash)
    progress(`${count} jobs with three workers`)
    // Jobs of the warm-up stay out of the count.
    const measured = { ...network, ledger: await ledger.constructor.follow(chain) }
    await stream(measured, count, 32)
    const last = measured.ledger.last
    measured.ledger.stop()
    const after = await stateSizes(chain.api, last.hash)
    const afterJobs = held(node, workers)
    const blocks = []
    for (let height = from.number + 1; height <= last.number; height += 1) {
      blocks.push(await readBlock(chain.api, height))
    }
    const events = blocks.flatMap(({ number: block, events: list }) => list.map((event) => ({ ...event, block })))
    const names = itemNames(chain.api.runtimeMetadata.asLatest)
    const settled = events.filter(({ name }) => name === 'jobEscrow.JobSettled').length
    return {
      count,
      settled,
      blocks: blocks.length,
      rounds: events.filter(({ name }) => name === 'usefulWork.RoundClosed').length,
      slotMs: (await limits(chain.api)).slotMs,
      latencies: latencies(events),
      ...footprint(
        blocks,
        ['jobEscrow.submit', 'jobEscrow.claim', 'jobEscrow.submitResult', 'usefulWork.claimReward'],
        settled,
      ),
      hooks: hookWeight(blocks),
      state: stateChanges(before, after, names),
      memory: { atRest, afterJobs, warm },
    }
  } finally {
    await network?.close()
    await processes.stop()
  }
}

/** Weight that hooks use in blocks without and with steps of jobs: medians, picoseconds. */
export function hookWeight(blocks) {
  const steps = ({ events }) =>
    events.filter(({ name }) => name === 'jobEscrow.JobAssigned' || name === 'jobEscrow.JobSettled').length
  const idle = blocks.filter((block) => steps(block) === 0).map(({ weight }) => Number(weight.mandatory))
  const busy = blocks.filter((block) => steps(block) > 0)
  if (idle.length === 0 || busy.length === 0) return null
  const base = median(idle)
  return {
    idle: base,
    step: median(busy.map((block) => (Number(block.weight.mandatory) - base) / steps(block))),
  }
}

const microseconds = (weight) => number(weight / 1e6, 1)

export function renderJobs(result) {
  const { slotMs } = result
  const names = { JobAssigned: 'a worker is drawn', JobClaimed: 'claimed', ResultSubmitted: 'delivered', JobSettled: 'paid' }
  const latency = table(
    ['blocks from submission until', 'jobs', 'least', 'median', '95 %', 'most', 'median, s'],
    Object.entries(result.latencies).map(([step, blocks]) => {
      const { count, min, median: middle, p95, max } = summary(blocks)
      return [names[step], String(count), String(min), number(middle, 1), number(p95, 1), String(max), number((middle * slotMs) / 1000, 1)]
    }),
  )
  const total = (value) => result.calls.reduce((sum, call) => sum + call.perJob * Number(value(call)), 0)
  const cost = table(
    ['extrinsics of one job', 'number', 'bytes', 'weight, µs', 'fee, AIPG'],
    [
      ...result.calls.map(({ name, perJob, length, weight, fee }) => [
        code(name), number(perJob, 2), number(length, 0), microseconds(weight), formatAipg(fee),
      ]),
      [
        'together, as often as they occur', number(total(() => 1), 2), number(total(({ length }) => length), 0),
        microseconds(total(({ weight }) => weight)),
        number(total(({ fee }) => fee) / Number(AIPG), 6),
      ],
    ],
  )
  const state = table(
    ['storage item', 'keys before', 'keys after', 'bytes of values before', 'bytes after'],
    result.state.map((entry) => [
      code(entry.item), number(entry.keysBefore), number(entry.keysAfter), number(entry.bytesBefore), number(entry.bytesAfter),
    ]),
  )
  const grown = grownItems(result.state)
  const left =
    grown.length === 0
      ? 'No other item has more keys than before: a finished job leaves nothing.'
      : `More keys than before are in ${grown.map(({ item }) => code(item)).join(', ')}.`
  const { atRest, afterJobs, warm } = result.memory
  const inMemory = ({ resident, own }) => `${mebibytes(resident)} (${mebibytes(own)})`
  const inUse = table(
    ['memory, MiB: resident (without mapped files)', `after ${warm} jobs`, `after ${result.settled + warm} jobs`],
    [
      ['node, `dev`', inMemory(atRest.node), inMemory(afterJobs.node)],
      ['worker with the demo model, median of three', inMemory(atRest.worker), inMemory(afterJobs.worker)],
    ],
  )
  const hooks = result.hooks
    ? `Hooks take ${microseconds(result.hooks.idle)} µs of weight in a block without work and ` +
      `${microseconds(result.hooks.step)} µs more for each job that is drawn or paid in it.`
    : ''
  return { latency, cost, hooks, state, left, inUse }
}
