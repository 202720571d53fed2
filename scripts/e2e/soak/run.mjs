// The soak: a stream of jobs while node and workers are killed at random, then the books.

import { setTimeout as sleep } from 'node:timers/promises'
import { Checks, checkAccounts, checkSupply, formatAipg, prepareJob, submitCall } from '../bench/grid.mjs'
import { Sender, readBlock } from '../bench/client.mjs'
import { trend } from '../bench/statistics.mjs'
import { fates } from '../lib/fates.mjs'
import { Grid } from './grid.mjs'
import { incidents } from './judge.mjs'
import { kills, random } from './plan.mjs'

const TICK_MS = 250
const MAX_OUTPUT = 24
/** Jobs that may be open at the same time: about what three workers can keep up with. */
const OPEN_JOBS = 30
/** Blocks that a job may wait beyond the least deadline, for several draws. */
const PATIENCE = 200
// A guard against hanging: nothing new on the chain for so long.
const SILENCE_MS = 10 * 60_000
const LAST_BLOCKS = 150
/** Memory is called flat if its last third is not above its first by more than this. */
const MEMORY_FACTOR = 1.25
const MEMORY_SLACK = 16 * 1024 * 1024
/** Fewer jobs end before the caches of a node are full. */
const MEMORY_JOBS = 100

/** What the chain says now: height, jobs submitted so far, jobs that have not ended. */
async function look({ chain }) {
  const { api } = chain
  const [height, submitted, open] = await Promise.all([
    chain.bestNumber(),
    api.query.jobEscrow.nextJob(),
    api.query.jobEscrow.jobs.keys(),
  ])
  return { height, submitted: submitted.toNumber(), open: open.length }
}

/** Codes of the transaction pool's refusals: the submission before waits for its block yet. */
const isPoolRefusal = ({ code }) => code >= 1010 && code <= 1014

/**
 * Submits one job with the nonce of the best block. Its fate is read from the chain: the pool may refuse it, and a
 * kill may take it away before a block has it.
 */
async function submitOne({ chain, accounts, model }, requester, prompt) {
  const terms = await prepareJob(chain, { model, prompt, maxOutput: MAX_OUTPUT })
  await chain.putBlob(terms.bytes)
  const sender = await Sender.of(chain.api, accounts[requester])
  await sender.send(submitCall(chain, { ...terms, deadline: terms.deadline + PATIENCE })).catch((error) => {
    if (!isPoolRefusal(error)) throw error
  })
}

/** Lets governance put suspended machines back, and starts their programs again. Returns how many. */
async function reinstate(grid) {
  const { chain, accounts } = grid.network
  const { tx, query } = chain.api
  let count = 0
  for (const [index, address] of grid.machines.entries()) {
    const record = await query.workerRegistry.workers(address)
    if (record.isNone || !record.unwrap().suspended.isTrue) continue
    await chain.submit(tx.sudo.sudo(tx.workerRegistry.reinstate(address)), accounts.alice)
    const worker = grid.workers[index]
    if (worker.up) await worker.kill()
    await worker.raise()
    count += 1
  }
  return count
}

/** An error of a connection that a kill has cut is no error of the soak. */
async function tolerate(grid, work) {
  const node = grid.node.child
  try {
    return await work()
  } catch (error) {
    if (grid.node.child === node && node?.running) throw error
    return null
  }
}

/** Streams the jobs and kills. Returns the kills by member and the reinstatements. */
async function stream(grid, { jobs, seed, progress }) {
  const plan = kills(seed, grid.workers.length)
  const choose = random(`${seed}/jobs`)
  const killed = Object.fromEntries(grid.members.map(({ name }) => [name, 0]))
  let next = plan.next().value
  let killAt = (await look(grid.network)).height + next.after
  let revivals = []
  let reinstated = 0
  let seen = { height: 0, submitted: -1, open: -1 }
  let changedAt = Date.now()
  let prompts = 0

  for (;;) {
    await sleep(TICK_MS)
    const due = revivals.filter(({ at }) => at <= Date.now())
    revivals = revivals.filter(({ at }) => at > Date.now())
    // One that was suspended and put back meanwhile runs already.
    for (const { member } of due) if (!member.up) await grid.raise(member)
    if (Date.now() - changedAt > SILENCE_MS) {
      throw new Error(`nothing happened for ${SILENCE_MS / 1000} s after block ${seen.height}`)
    }
    if (!grid.node.up) continue
    const view = await tolerate(grid, () => look(grid.network))
    if (view === null || view.height === seen.height) continue
    changedAt = Date.now()
    if (view.submitted !== seen.submitted || view.open !== seen.open) {
      const down = grid.members.filter(({ up }) => !up).map(({ name }) => name)
      progress(
        `block ${view.height}: ${view.submitted} of ${jobs} jobs submitted, ${view.open} open` +
          (down.length > 0 ? `; down: ${down.join(', ')}` : ''),
      )
    }
    seen = view
    for (const member of grid.members) member.sample()
    reinstated += (await tolerate(grid, () => reinstate(grid))) ?? 0

    const streaming = view.submitted < jobs
    if (streaming && view.open < OPEN_JOBS) {
      const requester = choose() < 0.5 ? 'bob' : 'alice'
      prompts += 1
      await tolerate(grid, () =>
        submitOne(grid.network, requester, `What is ${Math.floor(choose() * 50)} plus ${prompts}?`),
      )
    }
    if (streaming && view.height >= killAt) {
      const member = next.target === 'node' ? grid.node : grid.workers[next.target]
      if (member.up) {
        await grid.kill(member)
        killed[member.name] += 1
        revivals.push({ member, at: Date.now() + next.down })
      }
      next = plan.next().value
      killAt = view.height + next.after
    }
    if (!streaming && view.open === 0 && revivals.length === 0) return { killed, reinstated }
  }
}

/** Waits until rewards are claimed and their block is final. Returns its height. */
async function settle({ chain }) {
  const { height } = await look({ chain })
  let now = height
  while (now < height + LAST_BLOCKS) {
    now = await chain.bestNumber()
    if ((await chain.api.query.usefulWork.credits.keys()).length === 0) break
    await sleep(TICK_MS)
  }
  while ((await chain.finalized()) < now) await sleep(TICK_MS)
  return now
}

async function readAll(chain, last) {
  const blocks = []
  for (let height = 1; height <= last; height += 1) blocks.push(await readBlock(chain.api, height))
  return blocks
}

/** Checks the chain from its first block on: supply, balances, holds, fates of jobs. */
async function judge({ chain, parties, names }, blocks, workers) {
  const checks = new Checks()
  const [before, ...rest] = blocks
  const after = rest.at(-1)
  const range = { chain, before, after, blocks: rest, parties, names }
  await checkSupply(checks, range)
  const jobs = rest.flatMap(({ events }) => events.filter(({ name }) => name === 'jobEscrow.JobSubmitted'))
  await checkAccounts(checks, { ...range, jobs })

  const held = await chain.heldByReason(after.hash)
  const bonds = held['WorkerRegistry.WorkerBond'] ?? 0n
  delete held['WorkerRegistry.WorkerBond']
  checks.holds('nothing is on hold but the bonds of machines', Object.keys(held).length === 0, JSON.stringify(Object.keys(held)))
  const fines = blocks
    .flatMap(({ events }) => events.filter(({ name }) => name === 'workerRegistry.Penalised'))
    .reduce((sum, { data }) => sum + data.amount, 0n)
  const placed = blocks
    .flatMap(({ events }) => events.filter(({ name }) => name === 'workerRegistry.Registered'))
    .reduce((sum, { data }) => sum + data.bond, 0n)
  checks.equal('bonds on hold = bonds placed − penalties', bonds, placed - fines)

  const at = await chain.api.at(after.hash)
  for (const item of ['jobs', 'agenda', 'workerJobs']) {
    const left = await at.query.jobEscrow[item].keys()
    checks.equal(`jobEscrow.${item} is empty`, left.length, 0)
  }
  const found = fates(blocks)
  for (const [name, list] of [
    ['every job has ended', found.open],
    ['no job ended twice', found.twice],
    ['no job ended that was not submitted', found.unknown],
    ['no result was taken twice', found.resultsTwice],
    ['no reward was claimed twice', found.rewardsTwice],
  ]) {
    checks.holds(name, list.length === 0, list.join(', '))
  }
  for (const { name, deaths } of workers) {
    checks.holds(`${name} never ended by itself`, deaths.length === 0, deaths.join('; '))
  }
  return { checks, fates: found, incidents: incidents(blocks) }
}

function memoryOf(grid) {
  return grid.members.map(({ name, lives, memory }) => ({
    name,
    lives,
    trend: trend(memory),
    peak: memory.length > 0 ? Math.max(...memory) : null,
  }))
}

/**
 * Runs `jobs` jobs under the kills that `seed` draws. Returns everything for the report; `checks.failed` lists what
 * does not hold.
 */
export async function soak({ jobs, seed, progress = () => {} }) {
  const began = Date.now()
  const grid = await Grid.start()
  try {
    progress('node and three workers are running')
    const { killed, reinstated } = await stream(grid, { jobs, seed, progress })
    const last = await settle(grid.network)
    const memory = memoryOf(grid)
    await grid.stopWorkers()
    progress(`reading blocks 1 to ${last}`)
    const blocks = await readAll(grid.network.chain, last)
    const verdict = await judge(grid.network, blocks, grid.members)
    if (jobs >= MEMORY_JOBS) {
      for (const { name, trend: over } of memory) {
        const flat = over !== null && over.last <= over.first * MEMORY_FACTOR + MEMORY_SLACK
        verdict.checks.holds(`memory of ${name} is flat`, flat, JSON.stringify(over))
      }
    }
    const minted = blocks.flatMap(({ events }) => events.filter(({ name }) => name === 'emission.Minted'))
    return {
      jobs,
      seed,
      seconds: (Date.now() - began) / 1000,
      blocks: last,
      killed,
      reinstated,
      memory,
      minted: formatAipg(minted.reduce((sum, { data }) => sum + data.amount, 0n)),
      ...verdict,
    }
  } finally {
    await grid.stop()
  }
}
