// A prompt's way through chain and worker, from submission to reward, with every check of the books.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Checks,
  checkAccounts,
  checkFee,
  checkHolds,
  checkReward,
  checkSupply,
} from './books.mjs'
import { jobEnd, jobResult, jobReward, readAnswer, submitJob } from './job.mjs'
import { NotSeen } from './ledger.mjs'
import { DEMO_MODEL, PROGRAMS } from './processes.mjs'

// A healthy chain is two or three blocks ahead of finality.
const FINALITY_LIMIT = 50

/** Waits until a block is final. */
export async function finality(chain, ledger, number) {
  while ((await chain.finalized()) < number) {
    if (ledger.last.number > number + FINALITY_LIMIT) {
      throw new NotSeen(`finality of block ${number}`, FINALITY_LIMIT)
    }
    await ledger.height(ledger.last.number + 1)
  }
}

/**
 * Submits a prompt as `requester` and follows it until its worker has taken the reward. `request` are terms that are
 * to be others than usual, `read` fetches the answer, {text}. `progress` is told in a line what just happened. Returns
 * everything that a report needs.
 */
export async function followJob(network, { requester, prompt, request, read = readAnswer, progress = () => {} }) {
  const { chain, ledger, model } = network
  const job = await submitJob(chain, requester, { model, prompt, ...request })
  const submitted = await ledger.event('jobEscrow.JobSubmitted', (data) => data.job === job.id)
  progress(`block ${submitted.block.number}: job ${job.id} submitted, waiting for a worker`)
  const result = await jobResult(ledger, job.id)
  const answer = await read(chain, result.data.output)
  progress(`block ${result.block.number}: answered, "${answer.text}"`)
  progress(`paid in block ${result.data.settlesAt}, when the challenge window is over`)
  const settled = await jobEnd(ledger, job.id)
  progress(`block ${settled.block.number}: paid, waiting for the round to close`)
  const reward = await jobReward(ledger, settled)
  const last = reward?.claimed.block ?? settled.block
  progress(`block ${last.number}: reward claimed, waiting for finality`)
  await finality(chain, ledger, last.number)

  const assigned = ledger
    .events('jobEscrow.JobAssigned', (data) => data.job === job.id)
    .findLast((event) => event.block.number <= result.block.number)
  const before = ledger.blocks.find((block) => block.number === submitted.block.number - 1)
  const blocks = ledger.blocks.filter(
    (block) => block.number > before.number && block.number <= last.number,
  )
  return { prompt, job, submitted, assigned, result, answer, settled, reward, before, after: last, blocks }
}

/** What is on hold for the jobs of a requester that have not ended by a block, by reason. */
function heldForJobs(ledger, requester, block) {
  const until = (name) => ledger.events(name).filter((event) => event.block.number <= block.number)
  const ended = new Set(
    [...until('jobEscrow.JobSettled'), ...until('jobEscrow.JobRefunded')].map(({ data }) => data.job),
  )
  const held = until('jobEscrow.JobSubmitted')
    .filter(({ data }) => data.requester === requester && !ended.has(data.job))
    .reduce((total, { data }) => total + data.maxPrice, 0n)
  return held === 0n ? {} : { 'jobEscrow.JobPrice': held }
}

/**
 * Checks all books of a followed job; `bond` is what its worker has on hold. Returns {checks,
 * supply, ceilings}.
 */
export async function checkBooks(network, journey, { bond }) {
  const { chain, ledger, terms, parties, names } = network
  const { job, before, after, blocks, result, assigned, settled, reward } = journey
  const checks = new Checks()

  checks.holds(
    'first and last block are the final ones of these heights',
    (await chain.blockHash(before.number)) === before.hash &&
      (await chain.blockHash(after.number)) === after.hash,
  )
  const supply = await checkSupply(checks, { chain, before, after, blocks })
  await checkAccounts(checks, {
    chain,
    before,
    after,
    blocks,
    parties,
    names,
    jobs: ledger.events('jobEscrow.JobSubmitted'),
  })
  await checkFee(checks, { chain, job, result, assigned, settled, terms })
  checks.holds(`job ${job.id}: a reward was earned and claimed`, reward !== null)
  const ceilings =
    reward && checkReward(checks, { ledger, claimed: reward.claimed, closed: reward.closed, terms })
  const { requester, worker } = settled.data
  await checkHolds(checks, {
    chain,
    address: requester,
    name: names.get(requester) ?? 'the requester',
    expected: heldForJobs(ledger, requester, after),
    blockHash: after.hash,
  })
  await checkHolds(checks, {
    chain,
    address: worker,
    name: names.get(worker) ?? 'the worker',
    expected: { 'workerRegistry.WorkerBond': bond },
    blockHash: after.hash,
  })
  return { checks, supply, ceilings }
}

/**
 * Has a second process replay a followed job from what the node and the chain say of it: one prefill
 * over prompt and answer, equal to the worker's run bit for bit or not at all.
 */
export async function checkReplay(checks, { chain, processes, journey, model = DEMO_MODEL }) {
  const { job, result } = journey
  const file = (name) => join(processes.directory, `job-${job.id}-${name}.bin`)
  writeFileSync(file('input'), await chain.getBlob(job.input.blob))
  writeFileSync(file('output'), await chain.getBlob(result.data.output.blob))
  const { status, log } = await processes.run('check', join(PROGRAMS, 'aipg-worker'), [
    'check',
    ...['--model', model],
    ...['--input', file('input')],
    ...['--output', file('output')],
    ...['--digest', result.data.digest],
    ...['--seed', String(job.seed ?? 0)],
  ])
  const said = log.trim()
  checks.holds(
    `job ${job.id}: a second process replays the answer to the same digest`,
    status === 0,
    status === 0 ? (/\d+ positions/.exec(said)?.[0] ?? '') : said,
  )
}
