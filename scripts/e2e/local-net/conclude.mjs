// The end of a run: what the chain says of it, checked, as a report.

import { Checks } from '../lib/books.mjs'
import { blockTime } from '../lib/disputes.mjs'
import { all, counts, publicJobs } from '../lib/fates.mjs'
import { finality } from '../lib/journey.mjs'
import { judge } from './judge.mjs'
import { emissionTerms, lapsedSoFar, mintLines } from './mint.mjs'
import { perMinute, reportOf } from './report.mjs'

/**
 * Jobs a minute that somebody has asked for, by the time of blocks: {submitted, delivered}, from the first submission
 * to the last of each.
 */
async function ratesOf(chain, every) {
  const ofChain = publicJobs(every)
  const blocks = every.map((block) => ({ ...block, events: block.events.filter(({ data }) => !ofChain.has(data.job)) }))
  const having = (name) => blocks.filter(({ events }) => events.some((event) => event.name === name))
  const [submissions, deliveries] = ['jobEscrow.JobSubmitted', 'jobEscrow.ResultSubmitted'].map(having)
  if (submissions.length === 0) return { submitted: null, delivered: null }
  const began = await blockTime(chain, submissions[0])
  const rate = async (name, last) =>
    last === undefined ? null : perMinute(all(blocks, name).length, began, await blockTime(chain, last))
  return {
    submitted: await rate('jobEscrow.JobSubmitted', submissions.at(-1)),
    delivered: await rate('jobEscrow.ResultSubmitted', deliveries.at(-1)),
  }
}

/** What members can still claim, by address. */
async function claimableOf({ network, members }) {
  const claimable = new Map()
  for (const { address } of members) {
    const rewards = await network.chain.claimableRewards(address)
    claimable.set(address, rewards.reduce((sum, { amount }) => sum + amount, 0n))
  }
  return claimable
}

/**
 * Checks everything up to the newest block and returns the report. `run` is {options, stream, seconds, interrupted,
 * directory}. What had not ended in time fails a check, unless the run was interrupted.
 */
export async function conclude(net, run) {
  const { chain, ledger } = net.network
  const height = ledger.last.number
  await finality(chain, ledger, height)
  const blocks = ledger.blocks.filter(({ number }) => number <= height)
  const { hash } = blocks.at(-1)
  const tally = net.tally(blocks)
  const [terms, books, lapsed] = await Promise.all([
    emissionTerms(chain, hash),
    chain.books(hash),
    lapsedSoFar(chain, hash),
  ])
  const lines = mintLines({ terms, height, books, lapsed })
  const checks = new Checks()
  const { fates } = await judge(checks, net, { blocks, tally, lines, isOver: !run.interrupted })
  const redrawn = counts(all(blocks, 'jobEscrow.JobRedrawn'), ({ data }) => data.fault ?? 'InputUnavailable')
  return reportOf({
    ...run,
    tally,
    lines,
    checks,
    fates,
    foundFalse: net.foundFalse(),
    claimable: await claimableOf(net),
    redrawn: Object.fromEntries(redrawn),
    rates: await ratesOf(chain, blocks),
    mintedForPublicJobs: books.mintedBootstrap,
    range: { first: blocks[0].number, last: height },
    deaths: net.deaths,
    retired: net.retired,
  })
}
