// What happened on a chain so far, told from its blocks alone: jobs, members, disputes, audits, authors.

import { isWorker, liesAbout } from './cast.mjs'

/** Stages of a job in their order. */
export const STAGES = ['queued', 'assigned', 'running', 'delivered', 'paid', 'refunded']

const RUNNING = new Set(['assigned', 'running'])

/** A member as nothing has happened yet; amounts in the smallest unit. */
function fresh(member) {
  return {
    ...member,
    /** unregistered, offline, online, suspended, banned; active for who is no worker. */
    state: isWorker(member) ? 'unregistered' : 'active',
    bond: 0n,
    bondPlaced: 0n,
    /** Jobs for which it delivered a result, in order: [{job, isFalse}]. */
    delivered: [],
    paidJobs: 0,
    /** Of them, those that the chain itself had asked for, and their part of the fees. */
    publicJobs: 0,
    publicFees: 0n,
    inFlight: 0,
    fees: 0n,
    rewards: 0n,
    /** Rounds in which it has credit, and those of which it has claimed the reward. */
    creditedRounds: new Set(),
    claimedRounds: new Set(),
    /** From disputes: shares of rewards, and bonds of who lost against it. */
    won: 0n,
    /** Of the bond, for jobs that were let down and audits that were not answered. */
    penalties: 0n,
    penalised: 0,
    /** Of the bond, for false results. */
    convictionLoss: 0n,
    convictions: 0,
    /** Bonds of challenges and traces that lost. */
    lostBonds: 0n,
    registration: 0n,
    callFees: 0n,
    /** The first false result that was found: {job, after, afterFalse, by}. */
    caught: null,
    audits: { committed: 0, agreed: 0, differed: 0, silent: 0, wrong: 0, credited: 0, credit: 0n },
  }
}

/** How a result was found false, by who challenged it. */
function foundBy(dispute, roleOf) {
  const roles = new Set(dispute.challengers.map(roleOf))
  const ways = []
  if (roles.has('auditor')) ways.push('audit')
  if (roles.has('checker')) ways.push('challenge')
  if (ways.length > 0) return ways.join(' and ')
  return dispute.demanders.length > 0 ? 'withheld answer' : 'challenge'
}

const STEPS = {
  Opening: 'challenger names a tensor',
  Nodes: 'defender reveals nodes',
  Choice: 'challenger chooses a node',
  Leaf: 'defender reveals the leaf',
  Accusation: 'challenger accuses',
  Sums: 'defender reveals sums',
  Verdict: 'challenger has the claim executed',
}

/** What comes next in a game, in words. */
const stepName = (next) => {
  const name = typeof next === 'string' ? next : Object.keys(next ?? {})[0]
  return STEPS[name] ?? String(name)
}

/** How a game ended, in words. */
export function endingOf({ winner, ending }) {
  const side = winner === 'Challenger' ? 'the challenger wins' : 'the defender wins'
  if (ending === 'OutOfTime') return `out of time: ${side}`
  if (ending?.Executed !== undefined) return `the chain executed the claim: ${side}`
  return `${typeof ending === 'string' ? ending : Object.keys(ending ?? {})[0]}: ${side}`
}

/** Keeps the state of a run while its events are told one after the other. */
class Tally {
  constructor({ cast, names, registrationFee }) {
    this.registrationFee = registrationFee
    this.members = new Map(cast.map((member) => [member.address, fresh(member)]))
    this.names = names
    this.jobs = new Map()
    this.disputes = new Map()
    this.audits = new Map()
    this.authors = new Map()
    this.rounds = new Map()
    this.notes = []
  }

  name(address) {
    return this.members.get(address)?.name ?? this.names.get(address) ?? String(address)
  }

  note(text) {
    this.notes.push({ block: this.block, text })
  }

  dispute(job) {
    if (!this.disputes.has(job)) {
      this.disputes.set(job, {
        job,
        worker: this.jobs.get(job)?.worker ?? null,
        opened: this.block,
        closed: null,
        challengers: [],
        demanders: [],
        traces: 0,
        last: '',
        outcome: null,
        how: null,
        reward: 0n,
        paid: 0n,
      })
    }
    return this.disputes.get(job)
  }

  audit(job) {
    if (!this.audits.has(job)) {
      const worker = this.jobs.get(job)?.worker ?? null
      this.audits.set(job, { job, worker, draws: 0, committed: [], attested: false, revealed: [], end: null })
    }
    return this.audits.get(job)
  }

  job(id) {
    if (!this.jobs.has(id)) {
      this.jobs.set(id, { id, stage: 'queued', worker: null, isFalse: false, isPublic: false, reason: null })
    }
    return this.jobs.get(id)
  }

  move(id, stage, worker) {
    const job = this.job(id)
    this.#count(job, -1)
    job.stage = stage
    if (worker !== undefined) job.worker = worker
    this.#count(job, 1)
    return job
  }

  #count({ stage, worker }, change) {
    const member = this.members.get(worker)
    if (member && RUNNING.has(stage)) member.inFlight += change
  }

  apply({ name, data }) {
    const handler = HANDLERS[name]
    if (handler) handler(this, data, this.members.get(data.worker))
  }
}

const HANDLERS = {
  'transactionPayment.TransactionFeePaid': (tally, { who, actualFee }) => {
    const member = tally.members.get(who)
    if (member) member.callFees += actualFee
  },
  'workerRegistry.Registered': (tally, { bond }, member) => {
    if (!member) return
    Object.assign(member, { bond, bondPlaced: bond, state: 'offline', registration: tally.registrationFee })
  },
  'workerRegistry.WentOnline': (tally, _, member) => {
    if (member) member.state = 'online'
  },
  'workerRegistry.WentOffline': (tally, _, member) => {
    if (member && member.state === 'online') member.state = 'offline'
  },
  'workerRegistry.Penalised': (tally, { worker, fault, amount }, member) => {
    tally.note(`${tally.name(worker)} loses part of its bond: ${fault}`)
    if (!member) return
    member.bond -= amount
    member.penalties += amount
    member.penalised += 1
  },
  'workerRegistry.Suspended': (tally, { worker }, member) => {
    tally.note(`${tally.name(worker)} is suspended: too many of its jobs failed`)
    if (member) member.state = 'suspended'
  },
  'workerRegistry.Convicted': (tally, { worker, burned, reward }, member) => {
    tally.note(`${tally.name(worker)} is convicted and banned`)
    if (!member) return
    member.bond -= burned + reward
    member.convictionLoss += burned + reward
    member.convictions += 1
    member.state = 'banned'
  },

  'jobEscrow.JobSubmitted': (tally, { job }) => {
    tally.job(job)
  },
  'jobEscrow.JobAssigned': (tally, { job, worker }) => {
    tally.move(job, 'assigned', worker)
  },
  'jobEscrow.InputDemanded': (tally, { job, worker }) => {
    tally.note(`${tally.name(worker)} demands the input of job ${job}`)
  },
  'jobEscrow.JobClaimed': (tally, { job, worker }) => {
    tally.move(job, 'running', worker)
  },
  'jobEscrow.JobRedrawn': (tally, { job, worker, fault }) => {
    tally.move(job, 'queued', null)
    tally.note(`job ${job} is taken from ${tally.name(worker)}: ${fault ?? 'the input was missing'}`)
  },
  'jobEscrow.ResultSubmitted': (tally, { job, worker }, member) => {
    const record = tally.move(job, 'delivered', worker)
    record.isFalse = member !== undefined && liesAbout(member, job)
    if (member) member.delivered.push({ job, isFalse: record.isFalse })
    if (record.isFalse) tally.note(`${tally.name(worker)} delivers a false result: job ${job}`)
  },
  'jobEscrow.JobSettled': (tally, { job, toWorker }, member) => {
    const { isPublic } = tally.move(job, 'paid')
    if (!member) return
    member.paidJobs += 1
    member.fees += toWorker
    if (!isPublic) return
    member.publicJobs += 1
    member.publicFees += toWorker
  },
  'jobEscrow.JobRefunded': (tally, { job, reason }) => {
    tally.move(job, 'refunded').reason = reason
    if (reason !== 'ResultRefuted') tally.note(`job ${job} ends unpaid: ${reason}`)
  },

  'bootstrap.PublicJobStarted': (tally, { job }) => {
    tally.job(job).isPublic = true
  },

  'usefulWork.WorkCredited': (tally, { round }, member) => {
    member?.creditedRounds.add(round)
  },
  'usefulWork.AuditCredited': (tally, { auditor, round, credit }) => {
    const member = tally.members.get(auditor)
    if (!member) return
    member.creditedRounds.add(round)
    member.audits.credited += 1
    member.audits.credit += credit
  },
  'usefulWork.RoundClosed': (tally, { round, budget, credit, reserved }) => {
    tally.rounds.set(round, { round, budget, credit, reserved, claimed: 0n })
  },
  'usefulWork.RewardClaimed': (tally, { round, amount }, member) => {
    const record = tally.rounds.get(round)
    if (record) record.claimed += amount
    if (!member) return
    member.rewards += amount
    member.claimedRounds.add(round)
  },

  'audits.AuditorRegistered': (tally, { auditor, bond }) => {
    const member = tally.members.get(auditor)
    if (member) Object.assign(member, { bond, bondPlaced: bond })
  },
  'audits.AuditBegun': (tally, { job }) => {
    tally.audit(job).draws += 1
  },
  'audits.AuditCommitted': (tally, { job, auditor }) => {
    tally.audit(job).committed.push(auditor)
    const member = tally.members.get(auditor)
    if (member) member.audits.committed += 1
  },
  'audits.AuditorDisplaced': (tally, { job, auditor }) => {
    const audit = tally.audit(job)
    audit.committed = audit.committed.filter((other) => other !== auditor)
    const member = tally.members.get(auditor)
    if (member) member.audits.committed -= 1
  },
  'audits.Attested': (tally, { job }) => {
    tally.audit(job).attested = true
  },
  'audits.AuditRevealed': (tally, { job, auditor, agrees }) => {
    tally.audit(job).revealed.push({ auditor, agrees })
    const member = tally.members.get(auditor)
    if (member) member.audits[agrees ? 'agreed' : 'differed'] += 1
  },
  'audits.AttestationMissed': (tally, { job, worker }) => {
    tally.audit(job).end = 'missed'
    tally.note(`${tally.name(worker)} does not answer the audit of job ${job}`)
  },
  'audits.AuditAbandoned': (tally, { job }) => {
    tally.audit(job).end = 'abandoned'
  },
  'audits.AuditEnded': (tally, { job, isRight }) => {
    tally.audit(job).end = isRight ? 'right' : 'false'
  },
  'audits.AuditorPenalised': (tally, { job, auditor, fault, amount }) => {
    tally.note(`${tally.name(auditor)} loses part of its bond as an auditor of job ${job}: ${fault}`)
    const member = tally.members.get(auditor)
    if (!member) return
    member.bond -= amount
    member.penalties += amount
    member.penalised += 1
    member.audits[fault === 'Wrong' ? 'wrong' : 'silent'] += 1
  },

  'referee.Challenged': (tally, { job, account, worker }) => {
    const dispute = tally.dispute(job)
    dispute.worker = worker
    dispute.challengers.push(account)
    dispute.last = `${tally.name(account)} challenges`
    tally.note(`${tally.name(account)} challenges job ${job} of ${tally.name(worker)}`)
  },
  'referee.Demanded': (tally, { job, account, blob }) => {
    const dispute = tally.dispute(job)
    dispute.demanders.push(account)
    dispute.last = `${tally.name(account)} cannot find the ${blob === 'Input' ? 'prompt' : 'answer'}`
  },
  'referee.TracePosted': (tally, { job, account }) => {
    const dispute = tally.dispute(job)
    dispute.traces += 1
    dispute.last = `${tally.name(account)} stands for it with a trace`
  },
  'referee.Moved': (tally, { seat, next }) => {
    tally.dispute(seat.job).last = `next: ${stepName(next)}`
  },
  'referee.GameEnded': (tally, { seat, outcome }) => {
    const dispute = tally.dispute(seat.job)
    dispute.last = endingOf(outcome)
    dispute.how = dispute.last
  },
  'referee.FlawProven': (tally, { job }) => {
    const dispute = tally.dispute(job)
    dispute.last = 'the answer contradicts itself'
    dispute.how = dispute.last
  },
  'referee.BlobWithheld': (tally, { job }) => {
    const dispute = tally.dispute(job)
    dispute.last = 'the answer was withheld'
    dispute.how = dispute.last
  },
  'referee.BondLost': (tally, { job, account, burned, winner, paid }) => {
    tally.note(`${tally.name(account)} loses its bond in the dispute about job ${job}`)
    const loser = tally.members.get(account)
    if (loser) loser.lostBonds += burned + paid
    const gainer = tally.members.get(winner)
    if (gainer) gainer.won += paid
  },
  'referee.ResultUpheld': (tally, { job }) => {
    const dispute = tally.dispute(job)
    dispute.outcome = 'right'
    dispute.how ??= 'no challenge was left'
  },
  'referee.ResultRefuted': (tally, { job, worker, reward }, member) => {
    const dispute = tally.dispute(job)
    dispute.outcome = 'false'
    dispute.how ??= 'nobody stood for it'
    dispute.reward = reward
    tally.note(`job ${job} of ${tally.name(worker)} is found false: ${dispute.how}`)
    if (!member || member.caught) return
    const place = member.delivered.findIndex((result) => result.job === job)
    const until = member.delivered.slice(0, place + 1)
    member.caught = {
      job,
      after: until.length,
      afterFalse: until.filter(({ isFalse }) => isFalse).length,
      by: foundBy(dispute, (account) => tally.members.get(account)?.role),
    }
  },
  'referee.RewardPaid': (tally, data) => payReward(tally, data),
  'referee.DemandRewarded': (tally, data) => payReward(tally, data),
  'referee.CaseClosed': (tally, { job }) => {
    tally.dispute(job).closed = tally.block
  },
}

function payReward(tally, { job, account, amount }) {
  tally.dispute(job).paid += amount
  const member = tally.members.get(account)
  if (member) member.won += amount
}

/**
 * Tells what happened in blocks. `cast` are the members with their addresses, `names` the names of others by
 * address, `registrationFee` what a machine pays. Returns {members: [..], jobs, disputes, audits (Maps by job),
 * rounds, authors (blocks by name), notes: [{block, text}], height}.
 */
export function tallyOf(blocks, { cast, names = new Map(), registrationFee = 0n }) {
  const tally = new Tally({ cast, names, registrationFee })
  for (const { number, author, events } of blocks) {
    tally.block = number
    if (author) tally.authors.set(tally.name(author), (tally.authors.get(tally.name(author)) ?? 0) + 1)
    for (const event of events) tally.apply(event)
  }
  const { members, jobs, disputes, audits, rounds, authors, notes } = tally
  return { members: [...members.values()], jobs, disputes, audits, rounds, authors, notes, height: tally.block ?? 0 }
}

function countStages(jobs) {
  const counts = Object.fromEntries(STAGES.map((stage) => [stage, 0]))
  for (const { stage } of jobs) counts[stage] += 1
  return counts
}

/** How many jobs that somebody has asked for are in which stage: {queued, assigned, …}. */
export const stagesOf = ({ jobs }) => countStages([...jobs.values()].filter(({ isPublic }) => !isPublic))

/** How many jobs are in any of the stages. */
export const countOf = (stages) => Object.values(stages).reduce((sum, count) => sum + count, 0)

/** The same as `stagesOf` of jobs that the chain has submitted itself. */
export const publicStagesOf = ({ jobs }) => countStages([...jobs.values()].filter(({ isPublic }) => isPublic))

/** Jobs that are neither paid nor refunded. */
export const openJobs = ({ jobs }) =>
  [...jobs.values()].filter(({ stage }) => stage !== 'paid' && stage !== 'refunded')

/** Disputes that are not closed. */
export const openDisputes = ({ disputes }) => [...disputes.values()].filter(({ closed }) => closed === null)

/** Whether nothing is on its way any more: every job ended and every dispute closed. */
export const isSettled = (tally) => openJobs(tally).length === 0 && openDisputes(tally).length === 0

/**
 * Rewards that a member may still claim: rounds in which it has credit and that are open, or closed and not
 * claimed. Who was convicted has forfeited them.
 */
export function unclaimedRounds({ creditedRounds, claimedRounds, convictions }) {
  return convictions > 0 ? [] : [...creditedRounds].filter((round) => !claimedRounds.has(round))
}

/** What the member has more than before, without what it was given: fees, rewards and disputes less losses and costs. */
export function netOf({ fees, rewards, won, penalties, convictionLoss, lostBonds, registration, callFees }) {
  return fees + rewards + won - penalties - convictionLoss - lostBonds - registration - callFees
}
