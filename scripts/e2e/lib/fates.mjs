// How every job ended, and whether it ended once. Works on blocks as they were read.

/** Events of a name over all blocks. */
export function all(blocks, name) {
  return blocks.flatMap((block) => block.events.filter((event) => event.name === name))
}

/** How often each value of `key` occurs. */
export function counts(events, key) {
  const found = new Map()
  for (const event of events) {
    const value = key(event)
    found.set(value, (found.get(value) ?? 0) + 1)
  }
  return found
}

/**
 * The numbers of the jobs that the chain has submitted itself, a set. Blocks without events of the lane have none.
 */
export const publicJobs = (blocks) => new Set(all(blocks, 'bootstrap.PublicJobStarted').map(({ data }) => data.job))

/**
 * The fate of every job: {submitted, paid, refunded: {reason: count}, open: [ids], twice: [ids],
 * unknown: [ids], results: {twice: [ids]}, rewardsTwice: [..], publicJobs: {started, paid, refunded: {..}}}. What
 * the chain has asked for itself is no demand: `submitted`, `paid` and `refunded` leave it out. `open` have no end, `twice` more than one,
 * `unknown` an end without a submission; a result counts once for a job, a reward once for a worker and round.
 */
export function fates(blocks) {
  const submitted = counts(all(blocks, 'jobEscrow.JobSubmitted'), ({ data }) => data.job)
  const settled = all(blocks, 'jobEscrow.JobSettled')
  const refunds = all(blocks, 'jobEscrow.JobRefunded')
  const ends = counts([...settled, ...refunds], ({ data }) => data.job)
  const results = counts(all(blocks, 'jobEscrow.ResultSubmitted'), ({ data }) => data.job)
  const rewards = counts(all(blocks, 'usefulWork.RewardClaimed'), ({ data }) => `${data.worker} in round ${data.round}`)
  const ofChain = publicJobs(blocks)
  const isPublic = ({ data }) => ofChain.has(data.job)
  const isRequested = (event) => !isPublic(event)
  const reasons = (events) => Object.fromEntries(counts(events, ({ data }) => data.reason))
  const more = (map) => [...map].filter(([, count]) => count > 1).map(([id]) => id)
  return {
    submitted: [...submitted.keys()].filter((id) => !ofChain.has(id)).length,
    paid: settled.filter(isRequested).length,
    refunded: reasons(refunds.filter(isRequested)),
    publicJobs: {
      started: ofChain.size,
      paid: settled.filter(isPublic).length,
      refunded: reasons(refunds.filter(isPublic)),
    },
    open: [...submitted.keys()].filter((id) => !ends.has(id)),
    twice: more(ends),
    unknown: [...ends.keys()].filter((id) => !submitted.has(id)),
    resultsTwice: more(results),
    rewardsTwice: more(rewards),
  }
}
