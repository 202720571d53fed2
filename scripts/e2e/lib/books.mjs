// The books: what must add up over a range of blocks, each line checked to the unit.

import { formatAipg, splitFee } from '@aipowergrid/client'

const MILLION = 1_000_000n

const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0n)

function eventsOf(blocks, name) {
  return blocks.flatMap((block) => block.events.filter((event) => event.name === name))
}

/** Minted and burned by events, in all and by reason. */
export function minted(blocks) {
  const byReason = {}
  for (const { data } of eventsOf(blocks, 'emission.Minted')) {
    byReason[data.reason] = (byReason[data.reason] ?? 0n) + data.amount
  }
  return { total: sum(Object.values(byReason)), byReason }
}

export function burned(blocks) {
  const byReason = {}
  for (const { data } of eventsOf(blocks, 'emission.Burned')) {
    byReason[data.reason] = (byReason[data.reason] ?? 0n) + data.amount
  }
  return { total: sum(Object.values(byReason)), byReason }
}

/**
 * How the events of a range say that each account's balance (free and held together) changed.
 *
 * `parties` names the accounts that events leave out: {treasury, stakers, referee?, referrer?, creators:
 * {model: address}}. `jobs` are the events JobSubmitted of all jobs that end in the range, which may lie
 * before it. `registrationFee` is what a registration costs. `transfers` are those that the run itself has
 * made: [{from, to, amount}]. Disputes have to lie within the range as a whole.
 */
export function expectedChanges(blocks, { parties, jobs, registrationFee, transfers = [] }) {
  const changes = new Map()
  const add = (address, amount) => changes.set(address, (changes.get(address) ?? 0n) + amount)
  const move = (from, to, amount) => {
    add(from, -amount)
    add(to, amount)
  }
  for (const { from, to, amount } of transfers) move(from, to, amount)
  const submitted = new Map(jobs.map(({ data }) => [data.job, data]))
  /** What is left of the reward of each dispute in the referee's pot. */
  const rewards = new Map()
  const payReward = ({ job, account, amount }) => {
    move(parties.referee, account, amount)
    rewards.set(job, (rewards.get(job) ?? 0n) - amount)
  }
  /** Who has paid for which chunk, by job, list and number. */
  const demands = new Map()
  const place = ({ job, blob }, chunk) => `${job} ${blob} ${chunk}`
  for (const { name, data } of blocks.flatMap((block) => block.events)) {
    if (name === 'emission.Minted') {
      add(data.who, data.amount)
    } else if (name === 'emission.Burned') {
      add(data.who, -data.amount)
    } else if (name === 'transactionPayment.TransactionFeePaid') {
      move(data.who, parties.treasury, data.actualFee - data.tip)
    } else if (name === 'workerRegistry.Registered') {
      move(data.worker, parties.treasury, registrationFee)
    } else if (name === 'workerRegistry.Penalised') {
      move(data.worker, parties.treasury, data.amount)
    } else if (name === 'jobEscrow.JobSettled') {
      move(data.requester, data.worker, data.toWorker)
      move(data.requester, parties.creators[submitted.get(data.job).model], data.toCreator)
      move(data.requester, parties.stakers, data.toStakers)
      move(data.requester, parties.treasury, data.toTreasury)
      if (data.toReferrer > 0n) move(data.requester, parties.referrer, data.toReferrer)
    } else if (name === 'jobEscrow.JobRefunded') {
      const charged = submitted.get(data.job).maxPrice - data.returned
      move(data.requester, parties.treasury, charged)
    } else if (name === 'workerRegistry.Convicted') {
      move(data.worker, parties.referee, data.reward)
    } else if (name === 'referee.ResultRefuted') {
      rewards.set(data.job, data.reward)
    } else if (name === 'referee.RewardPaid' || name === 'referee.DemandRewarded') {
      payReward(data)
    } else if (name === 'referee.BondLost') {
      move(data.account, data.winner, data.paid)
    } else if (name === 'referee.Demanded') {
      for (const chunk of data.chunks) demands.set(place(data, chunk), data.account)
    } else if (name === 'referee.Published') {
      move(demands.get(place(data, data.chunk)), data.account, data.paid)
    } else if (name === 'referee.CaseClosed') {
      // What rounding has left of a reward.
      move(parties.referee, parties.treasury, rewards.get(data.job) ?? 0n)
      rewards.delete(data.job)
    } else if (name === 'balances.DustLost') {
      // Too little to keep an account: if it is the pot's, nothing is left for the treasury later.
      move(data.account, parties.treasury, data.amount)
      if (data.account === parties.referee) rewards.clear()
    }
  }
  return changes
}

/** Collects named checks; each is printed, and one that fails fails the run. */
export class Checks {
  constructor() {
    this.list = []
  }

  /** Notes whether two values are the same, amounts shown in AIPG. */
  equal(name, found, expected) {
    const passed = found === expected
    const show = (value) => (typeof value === 'bigint' ? formatAipg(value) : String(value))
    this.list.push({
      name,
      passed,
      detail: passed ? show(found) : `found ${show(found)}, expected ${show(expected)}`,
    })
  }

  /** Notes that something holds, or what was found instead. */
  holds(name, passed, detail = '') {
    this.list.push({ name, passed, detail })
  }

  get failed() {
    return this.list.filter((check) => !check.passed)
  }
}

/** Checks the supply from block `before` (its state included) to block `after`. */
export async function checkSupply(checks, { chain, before, after, blocks }) {
  const [issuanceBefore, issuanceAfter, booksBefore, booksAfter, balances] = [
    await chain.issuance(before.hash),
    await chain.issuance(after.hash),
    await chain.books(before.hash),
    await chain.books(after.hash),
    await chain.balances(after.hash),
  ]
  const mint = minted(blocks)
  const burn = burned(blocks)
  checks.equal(
    'issuance before + minted − burned = issuance after',
    issuanceBefore + mint.total - burn.total,
    issuanceAfter,
  )
  checks.equal('EconomyApi.books before = total issuance', booksBefore.issuance, issuanceBefore)
  checks.equal('EconomyApi.books after = total issuance', booksAfter.issuance, issuanceAfter)
  for (const [name, field, found] of [
    ['minted to authors', 'mintedAuthor', mint.byReason.BlockAuthor],
    ['minted to operations', 'mintedOperations', mint.byReason.OperationsFund],
    ['minted for useful work', 'mintedWork', mint.byReason.UsefulWork],
    ['minted for public jobs', 'mintedBootstrap', mint.byReason.Bootstrap],
    ['burned of fees', 'burnedFees', burn.byReason.JobFee],
    ['burned by convictions', 'burnedConvictions', burn.byReason.Conviction],
    ['burned of lost bonds', 'burnedLostBonds', burn.byReason.LostBond],
    ['burned of audit faults', 'burnedAuditFaults', burn.byReason.AuditFault],
    ['burned of author faults', 'burnedAuthorFaults', burn.byReason.AuthorFault],
    ['burned of what public jobs had left', 'burnedBootstrap', burn.byReason.Bootstrap],
  ]) {
    checks.equal(
      `${name}: counter of the books = sum of the events`,
      booksAfter[field] - booksBefore[field],
      found ?? 0n,
    )
  }
  const { imported, mintedAuthor, mintedOperations, mintedWork, mintedBootstrap, cap } = booksAfter
  const burnedEver = sum([
    booksAfter.burnedFees,
    booksAfter.burnedConvictions,
    booksAfter.burnedLostBonds,
    booksAfter.burnedAuditFaults,
    booksAfter.burnedAuthorFaults,
    booksAfter.burnedBootstrap,
  ])
  checks.equal(
    'imported + all ever minted − all ever burned = issuance',
    imported + mintedAuthor + mintedOperations + mintedWork + mintedBootstrap - burnedEver,
    issuanceAfter,
  )
  checks.equal('sum of all balances = issuance', sum([...balances.values()]), issuanceAfter)
  checks.holds('issuance is under the cap', issuanceAfter <= cap, formatAipg(cap))
  return { issuanceBefore, issuanceAfter, minted: mint, burned: burn }
}

/** Checks that every account's balance changed by what the events say, and by nothing else. */
export async function checkAccounts(
  checks,
  { chain, before, after, blocks, parties, jobs, names, transfers },
) {
  const old = await chain.balances(before.hash)
  const now = await chain.balances(after.hash)
  const expected = expectedChanges(blocks, {
    parties,
    jobs,
    transfers,
    registrationFee: chain.api.consts.workerRegistry.registrationFee.toBigInt(),
  })
  for (const address of new Set([...old.keys(), ...now.keys(), ...expected.keys()])) {
    const change = (now.get(address) ?? 0n) - (old.get(address) ?? 0n)
    const foretold = expected.get(address) ?? 0n
    if (change === 0n && foretold === 0n) continue
    checks.equal(`balance of ${names.get(address) ?? address}: change = events`, change, foretold)
  }
}

/** Checks that what is on hold for an account is exactly `expected`, by reason. */
export async function checkHolds(checks, { chain, address, name, expected, blockHash }) {
  const show = (holds) =>
    Object.entries(holds)
      .map(([reason, amount]) => `${reason} ${formatAipg(amount)}`)
      .sort()
      .join(', ') || 'nothing'
  const found = await chain.holds(address, blockHash)
  checks.equal(`on hold for ${name}`, show(found), show(expected))
}

/** Checks the price of a settled job: units, fee, each share, what came back. */
export async function checkFee(checks, { chain, job, result, assigned, settled, terms }) {
  const label = `job ${job.id}`
  const { units, fee, returned } = settled.data
  const quote = await chain.quoteCounts(
    job.model,
    job.input.count,
    Number(result.data.output.count),
  )
  checks.equal(`${label}: units = what the chain computes for these lengths`, String(units), String(quote.units))
  checks.equal(`${label}: fee = units × ask`, fee, units * assigned.data.ask)
  checks.equal(`${label}: fee announced with the result = fee paid`, result.data.fee, fee)
  checks.equal(`${label}: held price − fee = returned`, job.maxPrice - fee, returned)
  const split = splitFee(fee, { creator: terms.creator !== null, referrer: Boolean(job.referrer) })
  for (const [share, field] of [
    ['worker', 'toWorker'],
    ['creator', 'toCreator'],
    ['burned', 'burned'],
    ['stakers', 'toStakers'],
    ['referrer', 'toReferrer'],
    ['treasury', 'toTreasury'],
  ]) {
    checks.equal(`${label}: share "${share}"`, settled.data[field], split[share])
  }
}

/**
 * The reward that a round owes a worker for jobs of the same ask: both ceilings, the smaller one
 * counts. Every quotient is rounded down.
 */
export function rewardOf({ credits, round, mintCeiling }) {
  const counted = sum(credits.map((one) => one.counted))
  const byBudget = round.denominator === 0n ? 0n : (counted * round.budget) / round.denominator
  const byFee = sum(credits.map(({ credit }) => (credit * BigInt(mintCeiling)) / MILLION))
  return byBudget <= byFee
    ? { amount: byBudget, ceiling: 'Budget', byBudget, byFee }
    : { amount: byFee, ceiling: 'Fee', byBudget, byFee }
}

/** Checks a claimed reward against the jobs that earned it. Returns both ceilings. */
export function checkReward(checks, { ledger, claimed, closed, terms }) {
  const { worker, round } = claimed.data
  const credits = ledger.events(
    'usefulWork.WorkCredited',
    (data) => data.worker === worker && data.round === round,
  )
  const reward = rewardOf({
    credits: credits.map(({ data }) => data),
    round: closed.data,
    mintCeiling: terms.mintCeiling,
  })
  checks.equal(`round ${round}: reward = the smaller ceiling`, claimed.data.amount, reward.amount)
  checks.equal(`round ${round}: ceiling that applied`, claimed.data.ceiling, reward.ceiling)
  return reward
}

