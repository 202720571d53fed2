// The final report: who earned, who was caught after how many jobs, what was minted against the schedule.

import { formatAipg } from '@aipowergrid/client'
import { heading, renderPairs, renderTable } from '../lib/table.mjs'
import { isWorker } from './cast.mjs'
import { lookedAt } from './judge.mjs'
import { netOf } from './tally.mjs'
import { clock } from './view.mjs'

const PLACES = 4
const UNIT = 10n ** BigInt(18 - PLACES)

/** An amount with at most four places, rounded half away from zero; nothing for 0. */
export function aipg(amount) {
  const size = amount < 0n ? -amount : amount
  const rounded = ((size + UNIT / 2n) / UNIT) * UNIT
  if (rounded === 0n) return amount === 0n ? '' : '0.0000'
  return `${amount < 0n ? '−' : ''}${formatAipg(rounded)}`
}

/**
 * How it ended for a worker, in words. Of its false results somebody has looked at `looked`, and `paid` were paid.
 */
export function endOf({ role, penalised, penalties, convictions, delivered, caught }, { looked, paid }) {
  const missed = penalised > 0 ? `lost ${aipg(penalties)} for ${penalised} ${penalised === 1 ? 'fault' : 'faults'}` : null
  if (role === 'honest') {
    if (convictions > 0) return 'CONVICTED'
    return missed ?? 'whole'
  }
  if (caught) {
    const { after, afterFalse, by } = caught
    const got = paid > 0 ? `; ${paid} false paid` : ''
    return `caught after ${after} ${after === 1 ? 'job' : 'jobs'}, ${afterFalse} false, by ${by}${got}`
  }
  const lies = delivered.filter(({ isFalse }) => isFalse).length
  if (lies === 0) return ['nothing false delivered', missed].filter(Boolean).join(', ')
  if (looked === 0) return `not caught: nobody has looked at its ${lies} false`
  return `NOT CAUGHT, though somebody has looked at ${looked} of ${lies} false`
}

/** How many results in how many minutes, from block times in ms; null without any. */
export function perMinute(count, from, to) {
  return count === 0 || to <= from ? null : (count * 60_000) / (to - from)
}

/** Everything that the report tells, as plain data: amounts are bigint in the smallest unit. */
export function reportOf(run) {
  const { options, tally, lines, checks, claimable, fates, stream, seconds, rates, range, foundFalse } = run
  const { deaths, retired, interrupted, directory } = run
  const looked = lookedAt(tally, foundFalse)
  const falsePaid = [...tally.jobs.values()].filter(({ isFalse, stage }) => isFalse && stage === 'paid')
  const members = tally.members.map((member) => {
    const own = (jobs) => jobs.filter(({ worker }) => worker === member.address).length
    const { name, address, role, lie, node, state, delivered, paidJobs, fees, rewards, won } = member
    const { publicJobs, publicFees } = member
    const { bond, bondPlaced, penalties, convictionLoss, lostBonds, registration, callFees, audits, caught } = member
    return {
      name,
      address,
      role,
      lie: lie ?? null,
      node,
      state,
      jobsDelivered: delivered.length,
      jobsPaid: paidJobs,
      publicJobsPaid: publicJobs,
      publicFees,
      falseDelivered: delivered.filter(({ isFalse }) => isFalse).length,
      falseLookedAt: own(looked),
      falsePaid: own(falsePaid),
      fees,
      rewardsClaimed: rewards,
      rewardsClaimable: claimable.get(address) ?? 0n,
      wonInDisputes: won,
      bond,
      bondPlaced,
      penalties,
      lostByConviction: convictionLoss,
      lostChallenges: lostBonds,
      registration,
      callFees,
      net: netOf(member),
      caught,
      audits: isWorker(member) ? null : audits,
      end: isWorker(member) ? endOf(member, { looked: own(looked), paid: own(falsePaid) }) : null,
    }
  })
  const nameOf = (address) => members.find((member) => member.address === address)?.name ?? address
  const ends = (end) => [...tally.audits.values()].filter((audit) => audit.end === end).length
  return {
    options,
    interrupted,
    seconds,
    blocks: range,
    jobs: {
      submitted: fates.submitted,
      paid: fates.paid,
      refunded: fates.refunded,
      open: fates.open,
      redrawn: run.redrawn,
      notSubmitted: stream.failures,
      submittedPerMinute: rates.submitted,
      deliveredPerMinute: rates.delivered,
      streamEnded: stream.ended,
    },
    /** What the chain has asked for itself: no demand, and in none of the numbers above. */
    publicJobs: { ...fates.publicJobs, minted: run.mintedForPublicJobs },
    members,
    disputes: [...tally.disputes.values()].map(({ challengers, demanders, ...dispute }) => ({
      ...dispute,
      worker: nameOf(dispute.worker),
      challengers: challengers.map(nameOf),
      demanders: demanders.map(nameOf),
    })),
    audits: {
      begun: tally.audits.size,
      right: ends('right'),
      false: ends('false'),
      missed: ends('missed'),
      abandoned: ends('abandoned'),
      open: ends(null),
    },
    mint: lines,
    rounds: {
      closed: tally.rounds.size,
      withWork: [...tally.rounds.values()].filter(({ credit }) => credit > 0n).length,
    },
    authors: Object.fromEntries(tally.authors),
    programs: { deaths, retired },
    checks: checks.list,
    passed: checks.failed.length === 0,
    directory,
  }
}

/** The report as JSON: amounts as text in the smallest unit, 10⁻¹⁸ AIPG. */
export function toJson(report) {
  const show = (_, value) => (typeof value === 'bigint' ? String(value) : value)
  return `${JSON.stringify(report, show, 2)}\n`
}

const right = (name) => ({ name, align: 'right' })
const some = (count) => (count === 0 ? '' : String(count))

function workersPart({ members }) {
  const rows = members.filter(isWorker).map((member) => [
    member.name,
    member.lie ?? 'honest',
    String(member.jobsDelivered),
    some(member.falseDelivered),
    some(member.jobsPaid),
    aipg(member.fees),
    aipg(member.rewardsClaimed),
    aipg(member.rewardsClaimable),
    aipg(member.wonInDisputes),
    aipg(-member.penalties - member.lostByConviction - member.lostChallenges),
    aipg(-member.registration - member.callFees),
    aipg(member.net),
    member.end,
  ])
  return [
    heading('Workers (AIPG)'),
    renderTable(
      [
        { name: 'worker' },
        { name: 'lie' },
        right('jobs'),
        right('false'),
        right('paid'),
        right('fees'),
        right('minted'),
        right('claimable'),
        right('disputes'),
        right('lost'),
        right('costs'),
        right('net'),
        { name: 'end' },
      ],
      rows,
    ),
  ]
}

function helpersPart({ members, audits }) {
  const rows = members
    .filter((member) => !isWorker(member))
    .map((member) => [
      member.name,
      member.role === 'auditor' ? String(member.audits.committed) : '',
      some(member.audits.agreed),
      some(member.audits.differed),
      some(member.audits.silent),
      some(member.audits.wrong),
      some(member.audits.credited),
      aipg(member.rewardsClaimed),
      aipg(member.rewardsClaimable),
      aipg(member.wonInDisputes),
      aipg(-member.penalties - member.lostChallenges),
      aipg(-member.callFees),
      aipg(member.net),
    ])
  if (rows.length === 0) return []
  return [
    heading('Auditors and checkers (AIPG)'),
    renderTable(
      [
        { name: '' },
        right('audits'),
        right('agreed'),
        right('differed'),
        right('silent'),
        right('wrong'),
        right('paid for'),
        right('minted'),
        right('claimable'),
        right('disputes'),
        right('lost'),
        right('costs'),
        right('net'),
      ],
      rows,
    ),
    '',
    renderPairs([
      [
        'audits',
        `${audits.begun} begun: ${audits.right} right, ${audits.false} false, ${audits.missed} not answered by the ` +
          `worker, ${audits.abandoned} that nobody came to, ${audits.open} open`,
      ],
    ]),
  ]
}

function disputesPart({ disputes }) {
  if (disputes.length === 0) return [heading('Disputes'), '  none']
  return [
    heading('Disputes (AIPG)'),
    renderTable(
      [
        right('job'),
        { name: 'worker' },
        { name: 'challenged by' },
        { name: 'found' },
        { name: 'how' },
        right('blocks'),
        right('reward'),
      ],
      disputes.map(({ job, worker, challengers, demanders, outcome, how, last, opened, closed, paid }) => [
        String(job),
        worker,
        challengers.length > 0 ? challengers.join(', ') : demanders.join(', '),
        outcome ?? 'open',
        how ?? last,
        closed === null ? '' : String(closed - opened),
        aipg(paid),
      ]),
    ),
  ]
}

const REASONS = {
  BlockAuthor: 'block authors',
  OperationsFund: 'operations fund',
  UsefulWork: 'useful work',
}

function mintPart({ mint, rounds, blocks, authors }) {
  const total = (field) => mint.reduce((sum, line) => sum + line[field], 0n)
  const row = (name, line) => [name, ...['scheduled', 'minted', 'open', 'lapsed'].map((field) => aipg(line[field]))]
  const all = Object.fromEntries(['scheduled', 'minted', 'open', 'lapsed'].map((field) => [field, total(field)]))
  return [
    heading(`Mint against the schedule, blocks 1 to ${blocks.last} (AIPG)`),
    renderTable(
      [{ name: '' }, right('schedule'), right('minted'), right('still open'), right('lapsed')],
      [...mint.map((line) => row(REASONS[line.reason], line)), null, row('all', all)],
    ),
    '',
    renderPairs([
      ['rounds', `${rounds.closed} closed, ${rounds.withWork} of them with work`],
      [
        'blocks by author',
        Object.entries(authors)
          .map(([name, count]) => `${name} ${count}`)
          .join(', '),
      ],
    ]),
  ]
}

function jobsPart({ jobs, publicJobs, seconds, interrupted }) {
  const counts = (list) =>
    Object.entries(list)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ') || 'none'
  const rate = (value) => (value === null ? '–' : value.toFixed(1))
  return [
    heading('Jobs'),
    renderPairs([
      ['submitted', `${jobs.submitted}${jobs.notSubmitted.length > 0 ? `, ${jobs.notSubmitted.length} more failed` : ''}`],
      ['paid', String(jobs.paid)],
      ['refunded', counts(jobs.refunded)],
      ...(jobs.open.length > 0 ? [['open', jobs.open.join(', ')]] : []),
      ['drawn again', counts(jobs.redrawn)],
      ['per minute', `${rate(jobs.submittedPerMinute)} submitted, ${rate(jobs.deliveredPerMinute)} delivered`],
      ['the stream ended', interrupted ? `${jobs.streamEnded}; after Ctrl-C nothing was waited for` : jobs.streamEnded],
      ['time', clock(seconds)],
    ]),
    heading('Public jobs, which the chain has asked for itself: no demand'),
    renderPairs([
      ['started', String(publicJobs.started)],
      ['paid', String(publicJobs.paid)],
      ['refunded', counts(publicJobs.refunded)],
      ['minted for them', aipg(publicJobs.minted) || 'nothing'],
    ]),
  ]
}

function checksPart({ checks, passed }) {
  const failed = checks.filter((check) => !check.passed)
  if (passed) return [`\nall ${checks.length} checks hold`]
  return [
    `\n${failed.length} of ${checks.length} checks FAILED:`,
    ...failed.map(({ name, detail }) => `  ${name}${detail ? `: ${detail}` : ''}`),
  ]
}

function programsPart({ programs }) {
  const tell = ({ name, status, log }, what) => `\n${name} ${what} (${status}). Its last lines:\n${log}`
  return programs.deaths.map((death) => tell(death, 'ended by itself'))
}

/** The whole report as text. */
export function renderReport(report) {
  return [
    ...jobsPart(report),
    ...workersPart(report),
    ...helpersPart(report),
    ...disputesPart(report),
    ...mintPart(report),
    ...programsPart(report),
    ...checksPart(report),
  ].join('\n')
}
