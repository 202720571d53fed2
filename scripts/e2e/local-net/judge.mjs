// Whether a run ended as it must: books, bonds, jobs, honest members, liars.

import { formatAipg } from '@aipowergrid/client'
import { checkAccounts, checkHolds, checkSupply } from '../lib/books.mjs'
import { fates } from '../lib/fates.mjs'
import { isWorker } from './cast.mjs'
import { openDisputes } from './tally.mjs'

/** False results that somebody honest has looked at: who audited them committed, who checked them said so. */
export function lookedAt({ jobs, audits }, foundFalse = new Set()) {
  const audited = new Set([...audits.values()].filter(({ committed }) => committed.length > 0).map(({ job }) => job))
  return [...jobs.values()].filter(({ id, isFalse }) => isFalse && (audited.has(id) || foundFalse.has(id)))
}

/** Liars with a false result that somebody looked at and that were not caught: their names. */
export function missedLiars(tally, foundFalse) {
  const suspects = new Set(lookedAt(tally, foundFalse).map(({ worker }) => worker))
  return tally.members.filter(({ address, caught }) => suspects.has(address) && caught === null).map(({ name }) => name)
}

/**
 * Notes what follows from what happened, without the chain. `isOver`: nothing was cut short, so that everything
 * must have ended.
 */
export function judgeMembers(checks, tally, { foundFalse = new Set(), isOver = true } = {}) {
  const named = (members) => members.map(({ name }) => name).join(', ')
  const honest = tally.members.filter(({ role }) => role === 'honest')
  const helpers = tally.members.filter((member) => !isWorker(member))
  const list = (name, found) => checks.holds(name, found.length === 0, found.join(', '))

  list('no honest worker was convicted', honest.filter(({ convictions }) => convictions > 0).map(({ name }) => name))
  list(
    'no auditor was wrong, no auditor or checker has lost a challenge',
    helpers.filter(({ audits, lostBonds }) => audits.wrong > 0 || lostBonds > 0n).map(({ name }) => name),
  )
  const refuted = [...tally.disputes.values()].filter(({ outcome }) => outcome === 'false')
  list(
    'only false results were found false',
    refuted.filter(({ job }) => !tally.jobs.get(job)?.isFalse).map(({ job }) => `job ${job}`),
  )
  const looked = lookedAt(tally, foundFalse)
  list(
    'no false result was paid that somebody has looked at',
    looked.filter(({ stage }) => stage === 'paid').map(({ id }) => `job ${id}`),
  )
  if (!isOver) return
  list('every liar was caught of whose false results somebody has looked at one', missedLiars(tally, foundFalse))
  list('every dispute is closed', openDisputes(tally).map(({ job }) => `job ${job}`))
  const unpaid = honest.filter(({ paidJobs, delivered }) => paidJobs > delivered.length)
  checks.holds('no worker was paid for what it had not delivered', unpaid.length === 0, named(unpaid))
}

/** Notes whether each reason has minted what the schedule allows and no more. */
export function judgeMint(checks, lines, rounds) {
  const words = { BlockAuthor: 'authors', OperationsFund: 'operations', UsefulWork: 'useful work' }
  for (const { reason, scheduled, minted, open, lapsed } of lines) {
    checks.equal(`schedule for ${words[reason]} = minted + still open + lapsed`, minted + open + lapsed, scheduled)
  }
  const over = [...rounds.values()].filter(({ claimed, reserved, budget }) => claimed > reserved || reserved > budget)
  checks.holds(
    'no round has paid more than its reserve, nor reserved more than its budget',
    over.length === 0,
    over.map(({ round }) => `round ${round}`).join(', '),
  )
}

/** Notes how all jobs ended. */
export function judgeJobs(checks, blocks, { isOver = true } = {}) {
  const found = fates(blocks)
  const rows = [
    ...(isOver ? [['every job has ended', found.open]] : []),
    ['no job ended twice', found.twice],
    ['no job ended that was not submitted', found.unknown],
    ['no result was taken twice', found.resultsTwice],
    ['no reward was claimed twice', found.rewardsTwice],
  ]
  for (const [name, list] of rows) checks.holds(name, list.length === 0, list.join(', '))
  return found
}

/** Notes whether the bonds of all members are what was placed less what they lost. */
async function judgeBonds(checks, { chain }, tally, blockHash, isOver) {
  for (const member of tally.members) {
    const { address, name, role, bondPlaced, penalties, convictionLoss } = member
    const bond = bondPlaced - penalties - convictionLoss
    const reason = isWorker(member) ? 'workerRegistry.WorkerBond' : 'audits.AuditorBond'
    const expected = role === 'checker' || bond === 0n ? {} : { [reason]: bond }
    if (isOver) {
      await checkHolds(checks, { chain, address, name, expected, blockHash })
    } else if (role !== 'checker') {
      const found = (await chain.holds(address, blockHash))[reason] ?? 0n
      checks.equal(`bond of ${name}`, found, bond)
    }
  }
}

/** Notes that nothing is on hold any more but bonds, and what of them. */
async function judgeHolds(checks, { chain }, tally, blockHash) {
  const held = await chain.heldByReason(blockHash)
  const bonds = ['WorkerRegistry.WorkerBond', 'Audits.AuditorBond']
  const others = Object.keys(held).filter((reason) => !bonds.includes(reason))
  checks.holds('nothing is on hold but bonds', others.length === 0, others.join(', '))
  const bond = tally.members.reduce((sum, member) => sum + member.bond, 0n)
  const found = bonds.reduce((sum, reason) => sum + (held[reason] ?? 0n), 0n)
  checks.holds('bonds on hold are those of the members', found === bond, formatAipg(found))
}

/**
 * Notes everything that the chain must say from the first block of `blocks` (its state included) to the last one.
 * Returns {supply, fates}.
 */
export async function judge(checks, net, { blocks, tally, lines, isOver }) {
  const { network } = net
  const [before, ...rest] = blocks
  const after = rest.at(-1)
  checks.holds(
    'first and last block are the final ones of these heights',
    (await network.chain.blockHash(before.number)) === before.hash &&
      (await network.chain.blockHash(after.number)) === after.hash,
  )
  const { chain, parties, names } = network
  const range = { chain, before, after, blocks: rest, parties, names }
  const supply = await checkSupply(checks, range)
  const jobs = rest.flatMap(({ events }) => events.filter(({ name }) => name === 'jobEscrow.JobSubmitted'))
  await checkAccounts(checks, { ...range, jobs, transfers: net.transfers })
  judgeMint(checks, lines, tally.rounds)
  await judgeBonds(checks, network, tally, after.hash, isOver)
  if (isOver) await judgeHolds(checks, network, tally, after.hash)
  const found = judgeJobs(checks, rest, { isOver })
  judgeMembers(checks, tally, { foundFalse: net.foundFalse(), isOver })
  for (const { name, status } of net.deaths) {
    checks.holds(`${name} never ended by itself`, false, `ended with ${status}`)
  }
  return { supply, fates: found }
}
