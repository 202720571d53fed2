// The stream of jobs, and waiting until everything about them is over.

import { setTimeout as sleep } from 'node:timers/promises'
import { prepareJob, sendJob } from '../lib/job.mjs'
import { isWorker } from './cast.mjs'
import { requests } from './prompts.mjs'
import { isSettled, stagesOf, unclaimedRounds } from './tally.mjs'

const TICK_MS = 200
/** Jobs that wait or run for each worker that can work; more would only wait. */
const WAITING_PER_WORKER = 4
/** Blocks that a job may wait beyond the least deadline, for several draws. */
const PATIENCE = 200
/** Submissions that may fail one after the other. */
const MOST_FAILURES = 5
/** Blocks to wait for the last claims of rewards: more than two rounds. */
const CLAIM_BLOCKS = 40

const canWork = ({ role, state }) => isWorker({ role }) && state !== 'banned' && state !== 'suspended'

/** Stores the prompt on the first node and submits the job. */
async function submit({ network }, request) {
  const { chain, accounts, model } = network
  const terms = await prepareJob(chain, { model, ...request })
  await chain.putBlob(terms.bytes)
  return sendJob(chain, accounts.eve, { ...terms, deadline: terms.deadline + PATIENCE })
}

/**
 * Submits jobs at a rate until there are enough, the time is over or nobody can work. `stop` is a signal. Returns
 * {seconds, failures: [text], ended}: `ended` says why.
 */
export async function streamJobs(net, { jobs, minutes, rate, seed }, stop) {
  const began = Date.now()
  const until = minutes === null ? Infinity : began + minutes * 60_000
  const source = requests(seed)
  const underWay = new Set()
  const failures = []
  let inRow = 0
  /** Submitted, or on the way. */
  let sent = 0
  let dueAt = began
  let ended = 'all jobs were submitted'
  while (jobs === null || sent < jobs || underWay.size > 0) {
    if (stop.aborted) {
      ended = 'interrupted'
      break
    }
    if (Date.now() >= until) {
      ended = 'the time was over'
      break
    }
    if (inRow >= MOST_FAILURES) throw new Error(`jobs cannot be submitted: ${failures.at(-1)}`)
    const tally = net.tally()
    const able = tally.members.filter(canWork).length
    if (able === 0) {
      ended = 'no worker was left'
      break
    }
    const { queued, assigned, running } = stagesOf(tally)
    const isFull = queued + assigned + running + underWay.size >= able * WAITING_PER_WORKER
    if (isFull || sent === jobs || Date.now() < dueAt) {
      await sleep(TICK_MS)
      continue
    }
    // What was late because everybody was busy is not made up for.
    dueAt = Math.max(dueAt + 60_000 / rate, Date.now())
    sent += 1
    const submission = submit(net, source.next().value)
      .then(
        () => {
          inRow = 0
        },
        (error) => {
          // Another one takes its place.
          sent -= 1
          inRow += 1
          failures.push(error.message)
        },
      )
      .finally(() => underWay.delete(submission))
    underWay.add(submission)
  }
  await Promise.all(underWay)
  return { seconds: (Date.now() - began) / 1000, failures, ended }
}

/** Blocks after which everything about a job that was just submitted is over on a chain of these parameters. */
export function longestEnd({ challengeWindow, disputeClock }) {
  const dispute = 2 * Number(challengeWindow) + 2 * Number(disputeClock)
  // Draws and the run, the dispute, the time for challengers to open their roots.
  return 2 * PATIENCE + dispute + Number(challengeWindow)
}

/** Takes the models out of the lane by sudo, so that no public job begins any more. */
export async function stopLane({ network }) {
  const { chain, accounts } = network
  const { bootstrap, sudo } = chain.api.tx
  const models = await chain.api.query.bootstrap.models()
  if (models.length > 0) await chain.submit(sudo.sudo(bootstrap.setModels([])), accounts.alice)
}

/** Waits until all jobs and disputes are over and rewards are claimed, if that takes no longer than it can. */
export async function settle(net) {
  const { chain, ledger } = net.network
  await stopLane(net)
  const parameters = await chain.api.query.chainParameters.parameters()
  try {
    const limit = longestEnd(parameters)
    await ledger.wait('end of all jobs and disputes', () => (isSettled(net.tally()) ? true : null), limit)
  } catch (error) {
    // What is not over is told by the checks.
    if (error.name === 'NotSeen') return
    throw error
  }
  const last = ledger.last.number + CLAIM_BLOCKS
  while (ledger.last.number < last) {
    const waiting = net.tally().members.filter((member) => unclaimedRounds(member).length > 0)
    const owed = await Promise.all(waiting.map(({ address }) => chain.claimableRewards(address)))
    const open = waiting.some((member) => unclaimedRounds(member).some((round) => !net.tally().rounds.has(round)))
    if (!open && owed.every((rewards) => rewards.length === 0)) return
    await ledger.height(ledger.last.number + 1)
  }
}
