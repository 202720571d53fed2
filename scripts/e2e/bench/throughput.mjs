// Whole jobs per second next to plain transfers per second, in one run on one chain.
//
// The jobs are played: scripted accounts claim and deliver at once, with answers that nobody computed.
// The chain does the same work for them as for real ones, so this measures the chain, not the model.

import { Keyring } from '@polkadot/api'
import { AIPG, Processes, openNetwork, prepareJob, submitCall, table, tokenList } from './grid.mjs'
import { STEPS_PERCENT, Sender, limits, readBlock } from './client.mjs'
import { median, number } from './statistics.mjs'

const CAPACITY = 16
const WORKERS = 32
const REQUESTERS = 8
const SENDERS = 40
const OUTPUT = 4
/** Submissions a block: more than the chain settles, so that it is the limit. */
const SUBMISSIONS_PER_BLOCK = 20
/** Transfers that wait in the pool: some blocks full. */
const WAITING_TRANSFERS = 3_000
/** Requests that are under way to the node at the same time; and calls that wait for their block. */
const PARALLEL = 64
const WAITING_CALLS = 8
// Guards against hanging.
const BLOCKS_LIMIT = 400

/** Runs `work` on all items, a few at a time. */
async function inParallel(items, work, lanes = PARALLEL) {
  const queue = [...items]
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Derived accounts with money: {workers, requesters, senders}. */
async function fund({ chain, accounts }) {
  const keyring = new Keyring({ type: 'sr25519', ss58Format: chain.api.registry.chainSS58 })
  const derive = (kind, count) =>
    Array.from({ length: count }, (_, index) => keyring.addFromUri(`//bench//${kind}//${index}`))
  const workers = derive('worker', WORKERS)
  const requesters = derive('requester', REQUESTERS)
  const senders = derive('sender', SENDERS)
  const { tx } = chain.api
  const give = (pair, aipg) => tx.balances.transferKeepAlive(pair.address, BigInt(aipg) * AIPG)
  await chain.submit(
    tx.utility.batchAll([
      ...workers.map((pair) => give(pair, 500)),
      ...requesters.map((pair) => give(pair, 5_000)),
      ...senders.map((pair) => give(pair, 100)),
    ]),
    accounts.alice,
  )
  return { workers, requesters, senders }
}

async function register({ chain, model, terms }, workers) {
  const { tx } = chain.api
  const call = tx.utility.batchAll([
    tx.workerRegistry.register(200n * AIPG, CAPACITY, 'Unspecified'),
    tx.workerRegistry.setOffer(model, terms.priceFloor),
    tx.workerRegistry.goOnline(),
  ])
  await inParallel(workers, (pair) => chain.submit(call, pair), WAITING_CALLS)
}

/** Plays the workers: answers each assignment by a claim and each claim by a result. */
async function playWorkers(chain, workers) {
  const senders = new Map()
  for (const pair of workers) senders.set(pair.address, await Sender.of(chain.api, pair))
  const { commitment } = tokenList([72, 105])
  const digest = `0x${'11'.repeat(32)}`
  const { tx } = chain.api
  return (events) =>
    inParallel(
      events.filter(({ name }) => name === 'jobEscrow.JobAssigned' || name === 'jobEscrow.JobClaimed'),
      ({ name, data }) => {
        const sender = senders.get(data.worker)
        return sender.send(
          name === 'jobEscrow.JobAssigned'
            ? tx.jobEscrow.claim(data.job)
            : tx.jobEscrow.submitResult(data.job, commitment, digest, null),
        )
      },
    )
}

/** Sends `count` jobs through the chain. Returns the blocks from the first submission to the last payment. */
async function runJobs(network, { workers, requesters }, count) {
  const { chain, ledger, model } = network
  const onEvents = await playWorkers(chain, workers)
  const terms = await prepareJob(chain, { model, prompt: 'One?', maxOutput: OUTPUT })
  const call = submitCall(chain, { ...terms, deadline: terms.deadline + BLOCKS_LIMIT })
  const senders = await Promise.all(requesters.map((pair) => Sender.of(chain.api, pair)))
  const first = ledger.last.number + 1
  let submitted = 0
  let ended = 0
  for (let height = first; ended < count; height += 1) {
    if (height > first + BLOCKS_LIMIT) throw new Error(`${ended} of ${count} jobs ended`)
    const batch = Math.min(SUBMISSIONS_PER_BLOCK, count - submitted)
    await inParallel(Array.from({ length: batch }, (_, index) => senders[index % senders.length]), (sender) =>
      sender.send(call),
    )
    submitted += batch
    const { events } = await ledger.height(height)
    ended += events.filter(({ name }) => /^jobEscrow\.Job(Settled|Refunded)$/.test(name)).length
    await onEvents(events)
  }
  return readRange(chain, first, ledger.last.number)
}

async function readRange(chain, first, last) {
  const blocks = []
  for (let height = first; height <= last; height += 1) blocks.push(await readBlock(chain.api, height))
  return blocks
}

/**
 * Keeps the pool full of transfers for a number of blocks. Returns these blocks. Each account sends its own transfers one
 * after the other, so that their nonces arrive in order.
 */
async function runTransfers({ chain, ledger }, pairs, count) {
  const senders = await Promise.all(pairs.map((pair) => Sender.of(chain.api, pair)))
  const { tx } = chain.api
  const amount = AIPG / 1000n
  const blocks = []
  let sent = 0
  let included = 0
  for (let height = ledger.last.number + 1; blocks.length < count; height += 1) {
    const each = Math.ceil(Math.max(0, WAITING_TRANSFERS - (sent - included)) / senders.length)
    await Promise.all(
      senders.map(async (sender, index) => {
        const receiver = pairs[(index + 1) % pairs.length].address
        for (let turn = 0; turn < each; turn += 1) await sender.send(tx.balances.transferKeepAlive(receiver, amount))
      }),
    )
    sent += each * senders.length
    await ledger.height(height)
    const block = await readBlock(chain.api, height)
    included += occurrences(block, 'balances.transferKeepAlive')
    blocks.push(block)
  }
  // What still waits would fill the blocks of the next measurement.
  const limit = ledger.last.number + BLOCKS_LIMIT
  while ((await chain.api.rpc.author.pendingExtrinsics()).length > 0 && ledger.last.number < limit) {
    await ledger.height(ledger.last.number + 1)
  }
  return blocks
}

const occurrences = (block, name) => block.extrinsics.filter((extrinsic) => extrinsic.name === name).length
const happened = (block, name) => block.events.filter((event) => event.name === name).length

/**
 * The blocks in which the chain both draws and pays: from the first payment to the last draw. All
 * blocks where there are fewer than three such.
 */
export function steadyBlocks(blocks) {
  const first = blocks.findIndex((block) => happened(block, 'jobEscrow.JobSettled') > 0)
  const last = blocks.findLastIndex((block) => happened(block, 'jobEscrow.JobAssigned') > 0)
  return first >= 0 && last - first >= 2 ? blocks.slice(first, last + 1) : blocks
}

/** Numbers of a run: rate a second, share of the normal weight that blocks used. */
export function rate(blocks, count, { slotMs, normal }) {
  return {
    blocks: blocks.length,
    perBlock: count / blocks.length,
    perSecond: count / ((blocks.length * slotMs) / 1000),
    filled: median(blocks.map(({ weight }) => Number(weight.normal) / Number(normal))),
  }
}

/**
 * Jobs a block that the chain's limits allow at most, each limit by itself. `step` is the weight of one draw or
 * payment, or null where none was measured; then so is what it limits.
 */
export function bounds({ calls, step, limits: { normal, base, length, steps } }) {
  const sum = (value) => calls.reduce((total, call) => total + call.perJob * value(call), 0)
  return {
    weight: Number(normal) / sum((call) => call.weight + Number(base)),
    length: length / sum((call) => call.length),
    // A job takes one step to be drawn and one to be paid.
    steps: step === null ? null : Number(steps) / (2 * step),
  }
}

/** Measures transfers and then jobs on the same chain. */
export async function measureThroughput({ jobs, transfers, progress }) {
  const processes = new Processes()
  let network
  try {
    const node = await processes.startNode()
    network = await openNetwork(node.url)
    const parties = await fund(network)
    const known = await limits(network.chain.api)
    progress(`${transfers} blocks of transfers`)
    const transferBlocks = await runTransfers(network, parties.senders, transfers)
    progress(`${WORKERS} played workers register`)
    await register(network, parties.workers)
    progress(`${jobs} jobs with played workers`)
    const jobBlocks = await runJobs(network, parties, jobs)
    const full = transferBlocks.filter((block) => occurrences(block, 'balances.transferKeepAlive') > 0)
    // The first and the last block are filled in part.
    const inner = full.length > 2 ? full.slice(1, -1) : full
    const steady = steadyBlocks(jobBlocks)
    const sum = (blocks, count) => blocks.reduce((total, block) => total + count(block), 0)
    const settled = (block) => happened(block, 'jobEscrow.JobSettled')
    return {
      transfers: rate(inner, sum(inner, (block) => occurrences(block, 'balances.transferKeepAlive')), known),
      jobs: rate(steady, sum(steady, settled), known),
      settled: sum(jobBlocks, settled),
      asked: jobs,
      failed: sum(jobBlocks, (block) => block.extrinsics.filter(({ failed }) => failed).length),
      limits: known,
    }
  } finally {
    await network?.close()
    await processes.stop()
  }
}

/** `calls` and `hooks` are what was measured of single jobs (`measureJobs`). */
export function renderThroughput(result, { calls, hooks }) {
  const row = (name, { blocks, perBlock, perSecond, filled }) => [
    name, String(blocks), number(perBlock, 1), number(perSecond, 1), `${number(filled * 100, 1)} %`,
  ]
  const { transfers, jobs, limits: known } = result
  const most = bounds({ calls, step: hooks?.step ?? null, limits: known })
  const perSecond = (value) => number(value / (known.slotMs / 1000), 1)
  const measured = table(
    ['`dev`, one node', 'blocks', 'a block', 'a second', 'normal weight used'],
    [row('transfers', transfers), row('whole jobs, from submission to payment', jobs)],
  )
  const allowed = table(
    ['limit by itself', 'jobs a block', 'jobs a second'],
    [
      ['weight of the four extrinsics', number(most.weight), perSecond(most.weight)],
      ['bytes of the four extrinsics', number(most.length), perSecond(most.length)],
      ...(most.steps === null
        ? []
        : [[`weight of the chain's own steps, ${STEPS_PERCENT} % of a block`, number(most.steps), perSecond(most.steps)]]),
    ],
  )
  return { measured, allowed, ratio: jobs.perSecond / transfers.perSecond }
}
