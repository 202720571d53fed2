// What was minted, against what the schedule allows.

import { plain } from '@aipowergrid/client'

const MILLION = 1_000_000n

/** The terms of emission at a block: {initialReward, halvingInterval, operationsShare, authorShare}, shares in millionths. */
export async function emissionTerms({ api }, blockHash) {
  const at = await api.at(blockHash)
  const [terms, authorShare] = await Promise.all([
    at.query.emission.terms(),
    at.query.emission.authorShare(),
  ])
  const { schedule, operationsShare } = plain(terms)
  return { ...schedule, operationsShare, authorShare: plain(authorShare) }
}

/** What will never be minted, by reason. */
export async function lapsedSoFar({ api }, blockHash) {
  const at = await api.at(blockHash)
  const read = async (reason) => plain(await at.query.emission.lapsed(reason))
  return {
    BlockAuthor: await read('BlockAuthor'),
    OperationsFund: await read('OperationsFund'),
    UsefulWork: await read('UsefulWork'),
  }
}

/**
 * What the schedule has for the blocks 1 to `height`, by reason: block h is worth the initial reward, halved by a
 * shift every `halvingInterval` blocks; both minted shares are rounded down and useful work has the rest. The cap,
 * which only a chain near its end meets, is left out.
 */
export function scheduled({ initialReward, halvingInterval, operationsShare, authorShare }, height) {
  const sums = { BlockAuthor: 0n, OperationsFund: 0n, UsefulWork: 0n }
  const last = BigInt(height)
  for (let era = 0n; era * halvingInterval < last; era += 1n) {
    const begin = era * halvingInterval
    const blocks = (last < begin + halvingInterval ? last : begin + halvingInterval) - begin
    const reward = initialReward >> era
    const operations = (reward * operationsShare) / MILLION
    const author = (reward * authorShare) / MILLION
    sums.BlockAuthor += author * blocks
    sums.OperationsFund += operations * blocks
    sums.UsefulWork += (reward - operations - author) * blocks
  }
  return sums
}

/**
 * One line for each reason: {reason, scheduled, minted, open, lapsed}. `open` may still be minted: the budget of the
 * open round, what closed rounds owe, and the allowance of public jobs, which are paid from the share of useful work.
 * `books` are those of EconomyApi at the height.
 */
export function mintLines({ terms, height, books, lapsed }) {
  const due = scheduled(terms, height)
  const line = (reason, minted, open) => ({
    reason,
    scheduled: due[reason],
    minted,
    open,
    lapsed: lapsed[reason],
  })
  return [
    line('BlockAuthor', books.mintedAuthor, 0n),
    line('OperationsFund', books.mintedOperations, 0n),
    line('UsefulWork', books.mintedWork + books.mintedBootstrap, books.pendingWork + books.reservedWork),
  ]
}
