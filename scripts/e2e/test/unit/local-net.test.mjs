import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { Checks } from '../../lib/books.mjs'
import { fates } from '../../lib/fates.mjs'
import { ROOT } from '../../lib/processes.mjs'
import { liesAbout, membersOf, nodesOf } from '../../local-net/cast.mjs'
import { withParameters } from '../../lib/specification.mjs'
import { SHORT_CLOCKS } from '../../local-net/clocks.mjs'
import { judgeJobs, judgeMembers, judgeMint, lookedAt, missedLiars } from '../../local-net/judge.mjs'
import { mintLines, scheduled } from '../../local-net/mint.mjs'
import { BadOption, OPTION_NAMES, readOptions } from '../../local-net/options.mjs'
import { requests } from '../../local-net/prompts.mjs'
import { aipg, endOf, perMinute, renderReport, reportOf, toJson } from '../../local-net/report.mjs'
import { longestEnd } from '../../local-net/stream.mjs'
import { isSettled, netOf, publicStagesOf, stagesOf, tallyOf, unclaimedRounds } from '../../local-net/tally.mjs'
import { MOST_ROWS, clock, fit, renderView } from '../../local-net/view.mjs'

const event = (name, data = {}) => ({ name, data })

// Options

test('readOptions should give a local net of four nodes when nothing is said', () => {
  const { nodes, workers, liars, auditors, checkers, jobs, minutes, preset, clocks } = readOptions([])
  assert.deepEqual(
    { nodes, workers, liars, auditors, checkers, jobs, minutes, preset, clocks },
    {
      nodes: 4,
      workers: 4,
      liars: 1,
      auditors: 2,
      checkers: 0,
      jobs: 40,
      minutes: null,
      preset: 'local',
      clocks: 'short',
    },
  )
})

test('readOptions should choose a chain that finalises with so many nodes, or refuse', () => {
  assert.equal(readOptions(['--nodes', '1']).preset, 'dev')
  assert.equal(readOptions(['--nodes', '2', '--preset', 'dev']).preset, 'dev')
  assert.equal(readOptions(['--nodes', '3']).preset, 'local')
  assert.throws(() => readOptions(['--nodes', '2']), /2 nodes of "local" would finalise nothing/)
  assert.throws(() => readOptions(['--nodes', '1', '--preset', 'local']), BadOption)
})

test('readOptions should limit the stream by jobs, by time or by both', () => {
  const limits = (...argv) => {
    const { jobs, minutes } = readOptions(argv)
    return [jobs, minutes]
  }
  assert.deepEqual(limits('--jobs', '7'), [7, null])
  assert.deepEqual(limits('--minutes', '1.5'), [null, 1.5])
  assert.deepEqual(limits('--minutes', '2', '--jobs', '7'), [7, 2])
})

test('readOptions should name what is wrong when an option is', () => {
  for (const [argv, message] of [
    [['--nodes', '0'], /--nodes takes a whole number from 1/],
    [['--workers', '1.5'], /--workers/],
    [['--workers', '2', '--liars', '2'], /leaves no honest worker/],
    [['--auditors', '-1'], /--auditors/],
    [['--auditors=-1'], /--auditors takes/],
    [['--jobs', 'many'], /--jobs/],
    [['--minutes', '0'], /--minutes/],
    [['--rate', '0'], /--rate/],
    [['--lie', 'white'], /--lie takes mixed, garbage/],
    [['--lie', 'accumulator'], /needs --lie-share 100/],
    [['--lie-share', '101'], /--lie-share/],
    [['--preset', 'mainnet'], /--preset takes dev, local/],
    [['--clocks', 'none'], /--clocks takes short, preset/],
    [['--colour'], /'--colour'/],
    [['ten'], /'ten'/],
    [['--rate'], /--rate/],
  ]) {
    assert.throws(() => readOptions(argv), (error) => {
      assert.ok(error instanceof BadOption, `${argv}: ${error}`)
      assert.match(error.message, message)
      return true
    })
  }
  assert.equal(readOptions(['--lie', 'accumulator', '--lie-share', '100']).lie, 'accumulator')
})

test('usage of the command should tell every option', () => {
  const usage = readFileSync(join(ROOT, 'scripts/local-net'), 'utf8')
  assert.ok(OPTION_NAMES.length > 10)
  assert.deepEqual(OPTION_NAMES.filter((name) => !new RegExp(`^  --${name} `, 'm').test(usage)), [])
})

// Cast

test('nodesOf should name the authorities of the preset first', () => {
  const names = (options) => nodesOf(options).map(({ name }) => name)
  assert.deepEqual(names({ preset: 'local', nodes: 5 }), ['alice', 'bob', 'charlie', 'dave', 'node-5'])
  assert.deepEqual(names({ preset: 'dev', nodes: 2 }), ['alice', 'node-2'])
  assert.deepEqual(nodesOf({ preset: 'dev', nodes: 1 })[0].extra, ['--alice', '--force-authoring'])
})

test('membersOf should count liars among the workers and spread everybody over the nodes', () => {
  const members = membersOf(readOptions(['--workers', '5', '--liars', '2', '--checkers', '1', '--nodes', '3']))
  assert.deepEqual(
    members.map(({ name, node, lie }) => [name, node, lie]),
    [
      ['worker-1', 0, undefined],
      ['worker-2', 1, undefined],
      ['worker-3', 2, undefined],
      ['liar-1', 0, 'garbage'],
      ['liar-2', 1, 'token'],
      ['auditor-1', 2, undefined],
      ['auditor-2', 0, undefined],
      ['checker-1', 1, undefined],
    ],
  )
})

test('liesAbout should be true for the share of the jobs, evenly spread, and only of liars', () => {
  const jobs = Array.from({ length: 12 }, (_, job) => BigInt(job))
  const about = (role, lieShare) => jobs.filter((job) => liesAbout({ role, lieShare }, job))
  assert.deepEqual(about('liar', 25), [3n, 7n, 11n])
  assert.equal(about('liar', 100).length, 12)
  assert.deepEqual(about('honest', 100), [])
})

test('requests should be fixed by the seed, each another one, within the limits of answers', () => {
  const take = (seed) => {
    const source = requests(seed)
    return Array.from({ length: 200 }, () => source.next().value)
  }
  assert.deepEqual(take('1'), take('1'))
  assert.notDeepEqual(take('1'), take('2'))
  assert.equal(new Set(take('1').map(({ prompt }) => prompt)).size, 200)
  assert.ok(take('1').every(({ maxOutput }) => maxOutput >= 8 && maxOutput <= 24))
})

// Clocks

const SPECIFICATION = `{"balances":[["5G",100000000000000000000001]],
  "chainParameters": { "parameters": {"epochSlots": 30, "challengeWindow": 15, "slotDurationMs": 2000} }, "babe": {}}`

test('withParameters should change clocks and keep every digit of a balance', () => {
  const changed = withParameters(SPECIFICATION, SHORT_CLOCKS.dev)
  assert.match(changed, /100000000000000000000001/)
  assert.deepEqual(JSON.parse(changed).chainParameters.parameters, {
    ...{ epochSlots: 6, challengeWindow: 20, slotDurationMs: 2000 },
  })
})

test('withParameters should refuse what the chain does not have', () => {
  assert.throws(() => withParameters(SPECIFICATION, { tea: 5 }), /no parameter "tea"/)
  assert.throws(() => withParameters('{}', {}), /no chain parameters/)
})

test('short clocks should leave time for an audit within the challenge window', () => {
  // Blocks that the beacon of an audit takes, in the presets.
  for (const [preset, beacon] of [['dev', 2], ['local', 4]]) {
    const { challengeWindow } = SHORT_CLOCKS[preset]
    const fifth = Math.floor(challengeWindow / 5)
    const part = Math.max(Math.floor(challengeWindow / 24), Math.min(fifth, 10))
    assert.ok(beacon + 3 * part <= challengeWindow - fifth, preset)
  }
})

// Tally

const CAST = [
  { name: 'worker-1', role: 'honest', address: 'W', node: 0 },
  { name: 'liar-1', role: 'liar', lie: 'garbage', lieShare: 50, address: 'L', node: 0 },
  { name: 'auditor-1', role: 'auditor', address: 'A', node: 0 },
  { name: 'checker-1', role: 'checker', address: 'C', node: 0 },
]

let height = 0
const block = (...events) => ({ number: (height += 1), author: 'alice-address', events })
const submitted = (job) => event('jobEscrow.JobSubmitted', { job, requester: 'R', maxPrice: 100n })
const assigned = (job, worker) => event('jobEscrow.JobAssigned', { job, worker })
const claimed = (job, worker) => event('jobEscrow.JobClaimed', { job, worker })
const delivered = (job, worker) => event('jobEscrow.ResultSubmitted', { job, worker })
const settled = (job, worker, toWorker = 10n) => event('jobEscrow.JobSettled', { job, worker, toWorker })
const registered = (worker, bond = 200n) => event('workerRegistry.Registered', { worker, bond })

/** A liar is audited and caught with its second job, an honest worker is paid; amounts are small. */
function story() {
  height = 0
  return [
    block(registered('W'), registered('L'), event('audits.AuditorRegistered', { auditor: 'A', bond: 50n })),
    block(event('workerRegistry.WentOnline', { worker: 'W' }), event('workerRegistry.WentOnline', { worker: 'L' })),
    block(submitted(0n), submitted(1n), submitted(2n)),
    block(assigned(0n, 'L'), assigned(1n, 'L'), assigned(2n, 'W')),
    block(claimed(0n, 'L'), claimed(2n, 'W'), event('jobEscrow.JobRedrawn', { job: 1n, worker: 'L', fault: 'ClaimMissed' })),
    block(
      event('workerRegistry.Penalised', { worker: 'L', fault: 'ClaimMissed', amount: 10n }),
      assigned(1n, 'L'),
      delivered(0n, 'L'),
      delivered(2n, 'W'),
    ),
    block(claimed(1n, 'L'), delivered(1n, 'L'), event('audits.AuditBegun', { job: 1n }), event('audits.AuditBegun', { job: 2n })),
    block(
      event('audits.AuditCommitted', { job: 1n, auditor: 'A' }),
      event('audits.AuditCommitted', { job: 2n, auditor: 'A' }),
      event('referee.Challenged', { job: 1n, number: 0n, account: 'A', worker: 'L', bond: 50n }),
    ),
    block(
      event('audits.Attested', { job: 1n }),
      event('audits.Attested', { job: 2n }),
      event('audits.AuditRevealed', { job: 1n, auditor: 'A', agrees: false }),
      event('audits.AuditRevealed', { job: 2n, auditor: 'A', agrees: true }),
      settled(0n, 'L'),
      settled(2n, 'W'),
      event('audits.AuditEnded', { job: 2n, isRight: true, agreed: 1n }),
      event('usefulWork.WorkCredited', { worker: 'W', job: 2n, round: 0n, credit: 9n }),
      event('usefulWork.AuditCredited', { auditor: 'A', job: 2n, round: 0n, credit: 1n }),
    ),
    block(
      event('usefulWork.RoundClosed', { round: 0n, budget: 100n, credit: 10n, denominator: 10n, reserved: 30n }),
      event('usefulWork.RewardClaimed', { worker: 'W', round: 0n, amount: 20n }),
      event('workerRegistry.Convicted', { worker: 'L', burned: 48n, reward: 47n }),
      event('referee.ResultRefuted', { job: 1n, worker: 'L', reward: 47n }),
      event('jobEscrow.JobRefunded', { job: 1n, requester: 'R', returned: 100n, reason: 'ResultRefuted' }),
      event('audits.AuditEnded', { job: 1n, isRight: false, agreed: 0n }),
    ),
    block(
      event('referee.RewardPaid', { job: 1n, challenge: 0n, account: 'A', amount: 47n }),
      event('referee.CaseClosed', { job: 1n }),
      event('transactionPayment.TransactionFeePaid', { who: 'A', actualFee: 3n, tip: 0n }),
    ),
  ]
}

const NAMES = new Map([['alice-address', 'Alice']])
const tell = (blocks = story()) => tallyOf(blocks, { cast: CAST, names: NAMES, registrationFee: 5n })
const member = (tally, name) => tally.members.find((one) => one.name === name)

test('tallyOf should follow every job through its stages', () => {
  const blocks = story()
  assert.deepEqual(stagesOf(tell(blocks.slice(0, 5))), {
    queued: 1,
    assigned: 0,
    running: 2,
    delivered: 0,
    paid: 0,
    refunded: 0,
  })
  assert.equal(member(tell(blocks.slice(0, 5)), 'liar-1').inFlight, 1)
  const end = tell(blocks)
  assert.deepEqual([stagesOf(end).paid, stagesOf(end).refunded], [2, 1])
  assert.ok(end.members.every(({ inFlight }) => inFlight === 0))
  assert.equal(isSettled(tell(blocks.slice(0, -1))), false, 'the dispute is open')
  assert.equal(isSettled(end), true)
  assert.deepEqual(Object.fromEntries(end.authors), { Alice: blocks.length })
})

test('tallyOf should keep public jobs apart from those that somebody asked for', () => {
  const blocks = story()
  const more = [
    block(submitted(9n), event('bootstrap.PublicJobStarted', { job: 9n, price: 5n, minted: 5n })),
    block(assigned(9n, 'W')),
    block(delivered(9n, 'W')),
    block(settled(9n, 'W', 4n)),
  ]
  const [before, end] = [tell(blocks), tell([...blocks, ...more])]
  assert.deepEqual(stagesOf(end), stagesOf(before))
  assert.equal(publicStagesOf(before).paid, 0)
  assert.equal(publicStagesOf(end).paid, 1)
  assert.equal(isSettled(tell([...blocks, ...more.slice(0, -1)])), false, 'a public job has not ended')
  const worker = member(end, 'worker-1')
  assert.deepEqual([worker.paidJobs, worker.fees, worker.publicJobs, worker.publicFees], [2, 14n, 1, 4n])
  const found = fates([...blocks, ...more])
  const without = fates(blocks)
  assert.deepEqual([found.submitted, found.paid], [without.submitted, without.paid])
  assert.deepEqual(found.publicJobs, { started: 1, paid: 1, refunded: {} })
  assert.deepEqual(without.publicJobs, { started: 0, paid: 0, refunded: {} })
})

test('tallyOf should book what each member earned, lost and has left', () => {
  const end = tell()
  const liar = member(end, 'liar-1')
  assert.deepEqual([liar.bond, liar.penalties, liar.convictionLoss], [200n - 10n - 95n, 10n, 95n])
  assert.equal(netOf(liar), 10n - 10n - 95n - 5n)
  assert.equal(liar.state, 'banned')
  const worker = member(end, 'worker-1')
  assert.deepEqual([worker.paidJobs, worker.fees, worker.rewards], [1, 10n, 20n])
  assert.equal(netOf(worker), 10n + 20n - 5n)
  const auditor = member(end, 'auditor-1')
  assert.deepEqual(
    [auditor.audits.committed, auditor.audits.agreed, auditor.audits.differed, auditor.won],
    [2, 1, 1, 47n],
  )
  assert.equal(netOf(auditor), 47n - 3n)
  assert.deepEqual(unclaimedRounds(auditor), [0n])
  assert.deepEqual(unclaimedRounds(worker), [])
})

test('tallyOf should say after how many jobs a liar was caught, and how', () => {
  assert.deepEqual(member(tell(), 'liar-1').caught, { job: 1n, after: 2, afterFalse: 1, by: 'audit' })
  const [dispute] = tell().disputes.values()
  assert.deepEqual(
    [dispute.outcome, dispute.how, dispute.opened, dispute.closed, dispute.paid],
    ['false', 'nobody stood for it', 8, 11, 47n],
  )
})

test('tallyOf should say how a dispute was decided when it was played', () => {
  height = 0
  const seat = { job: 1n, challenge: 0n, trace: 0n }
  const blocks = [
    block(submitted(1n), assigned(1n, 'L'), delivered(1n, 'L')),
    block(event('referee.Challenged', { job: 1n, account: 'C', worker: 'L' })),
    block(event('referee.Moved', { seat, by: 'Challenger', next: 'Nodes' })),
    block(event('referee.GameEnded', { seat, outcome: { winner: 'Challenger', ending: { Executed: '0x' } } })),
    block(event('referee.ResultRefuted', { job: 1n, worker: 'L', reward: 1n })),
  ]
  assert.equal([...tell(blocks.slice(0, 3)).disputes.values()][0].last, 'next: defender reveals nodes')
  const tally = tell(blocks)
  assert.match([...tally.disputes.values()][0].how, /the chain executed the claim: the challenger wins/)
  assert.equal(member(tally, 'liar-1').caught.by, 'challenge')
})

// Judging

/** The story in which the liar is not convicted: its false result is paid. */
function escape() {
  return story()
    .slice(0, -2)
    .map((one) => ({ ...one, events: one.events.filter(({ name }) => name !== 'referee.Challenged') }))
    .concat([{ number: 10, author: null, events: [settled(1n, 'L')] }])
}

test('judgeMembers should hold when the liar is caught and nobody else is', () => {
  const checks = new Checks()
  judgeMembers(checks, tell())
  assert.deepEqual(checks.failed, [])
})

test('judgeMembers should fail when a false result is paid that was audited', () => {
  const tally = tell(escape())
  assert.deepEqual(lookedAt(tally).map(({ id }) => id), [1n])
  assert.deepEqual(missedLiars(tally), ['liar-1'])
  const checks = new Checks()
  judgeMembers(checks, tally)
  assert.deepEqual(
    checks.failed.map(({ name }) => name),
    [
      'no false result was paid that somebody has looked at',
      'every liar was caught of whose false results somebody has looked at one',
    ],
  )
})

test('judgeMembers should leave to chance what nobody has looked at', () => {
  const blocks = escape().map((one) => ({
    ...one,
    events: one.events.filter(({ name, data }) => name !== 'audits.AuditCommitted' || data.job !== 1n),
  }))
  const checks = new Checks()
  judgeMembers(checks, tell(blocks))
  assert.deepEqual(checks.failed, [])
  judgeMembers(checks, tell(blocks), { foundFalse: new Set([1n]) })
  assert.equal(checks.failed.length, 2, 'a checker had found it')
})

test('judgeMembers should fail when somebody honest is found false, or an auditor is wrong', () => {
  const blocks = story()
  blocks.push(
    block(
      event('referee.Challenged', { job: 2n, account: 'A', worker: 'W' }),
      event('workerRegistry.Convicted', { worker: 'W', burned: 50n, reward: 50n }),
      event('referee.ResultRefuted', { job: 2n, worker: 'W', reward: 50n }),
      event('referee.CaseClosed', { job: 2n }),
      event('audits.AuditorPenalised', { job: 2n, auditor: 'A', fault: 'Wrong', amount: 25n }),
    ),
  )
  const checks = new Checks()
  judgeMembers(checks, tell(blocks))
  assert.deepEqual(
    checks.failed.map(({ detail }) => detail),
    ['worker-1', 'auditor-1', 'job 2'],
  )
})

test('judgeJobs should excuse open jobs only when the run was cut short', () => {
  const blocks = story().slice(0, 6)
  const failed = (isOver) => {
    const checks = new Checks()
    judgeJobs(checks, blocks, { isOver })
    return checks.failed.map(({ name }) => name)
  }
  assert.deepEqual(failed(true), ['every job has ended'])
  assert.deepEqual(failed(false), [])
})

// Mint

const TERMS = { initialReward: 1_001n, halvingInterval: 10n, operationsShare: 50_000n, authorShare: 200_000n }

test('scheduled should round each share of each block down and halve the reward in time', () => {
  // 1,001: 50 and 200 and 751; 500 from block 11 on: 25 and 100 and 375.
  assert.deepEqual(scheduled(TERMS, 10), { OperationsFund: 500n, BlockAuthor: 2_000n, UsefulWork: 7_510n })
  assert.deepEqual(scheduled(TERMS, 12), { OperationsFund: 550n, BlockAuthor: 2_200n, UsefulWork: 8_260n })
  assert.deepEqual(scheduled(TERMS, 0), { OperationsFund: 0n, BlockAuthor: 0n, UsefulWork: 0n })
})

test('judgeMint should fail by the smallest unit, and when a round paid more than it had', () => {
  const books = { mintedAuthor: 2_000n, mintedOperations: 500n, mintedWork: 10n, mintedBootstrap: 0n, pendingWork: 0n, reservedWork: 500n }
  const lapsed = { BlockAuthor: 0n, OperationsFund: 0n, UsefulWork: 7_000n }
  const lines = mintLines({ terms: TERMS, height: 10, books, lapsed })
  const rounds = (claimed) => new Map([[0n, { round: 0n, budget: 600n, reserved: 510n, claimed }]])
  const good = new Checks()
  judgeMint(good, lines, rounds(10n))
  assert.deepEqual(good.failed, [])
  const bad = new Checks()
  judgeMint(bad, mintLines({ terms: TERMS, height: 10, books: { ...books, mintedWork: 11n }, lapsed }), rounds(511n))
  assert.deepEqual(
    bad.failed.map(({ name }) => name),
    [
      'schedule for useful work = minted + still open + lapsed',
      'no round has paid more than its reserve, nor reserved more than its budget',
    ],
  )
})

// Report

test('aipg should round to four places, away from zero, and show nothing for 0', () => {
  assert.deepEqual(
    [0n, AIPG, -AIPG / 2n, 123_456n * (AIPG / 1_000_000n), 50n * (AIPG / 1_000_000n), 1n].map(aipg),
    ['', '1', '−0.5', '0.1235', '0.0001', '0.0000'],
  )
})

test('endOf should tell whole, fined, caught and uncaught workers apart', () => {
  const one = { penalised: 0, penalties: 0n, convictions: 0, delivered: [], caught: null }
  const lies = { ...one, role: 'liar', delivered: [{ isFalse: true }, { isFalse: false }] }
  const none = { looked: 0, paid: 0 }
  assert.equal(endOf({ ...one, role: 'honest' }, none), 'whole')
  assert.equal(endOf({ ...one, role: 'honest', penalised: 1, penalties: 10n * AIPG }, none), 'lost 10 for 1 fault')
  assert.equal(endOf({ ...one, role: 'honest', convictions: 1 }, none), 'CONVICTED')
  assert.equal(endOf({ ...one, role: 'liar' }, none), 'nothing false delivered')
  assert.equal(endOf(lies, { looked: 0, paid: 1 }), 'not caught: nobody has looked at its 1 false')
  assert.match(endOf(lies, { looked: 1, paid: 0 }), /^NOT CAUGHT/)
  const caught = { after: 2, afterFalse: 1, by: 'audit' }
  assert.equal(endOf({ ...lies, caught }, { looked: 1, paid: 0 }), 'caught after 2 jobs, 1 false, by audit')
  assert.match(endOf({ ...lies, caught }, { looked: 1, paid: 1 }), /by audit; 1 false paid$/)
})

test('perMinute should divide by the time and say nothing when there is none', () => {
  assert.equal(perMinute(5, 0, 30_000), 10)
  assert.equal(perMinute(0, 0, 30_000), null)
  assert.equal(perMinute(5, 10, 10), null)
})

function wholeReport() {
  const tally = tell()
  const checks = new Checks()
  judgeMembers(checks, tally)
  const fates = judgeJobs(checks, story())
  const books = { mintedAuthor: 2_200n, mintedOperations: 550n, mintedWork: 12n, mintedBootstrap: 8n, pendingWork: 40n, reservedWork: 10n }
  const lapsed = { BlockAuthor: 0n, OperationsFund: 0n, UsefulWork: 7_440n }
  return reportOf({
    options: readOptions([]),
    interrupted: false,
    seconds: 83,
    directory: null,
    stream: { failures: [], ended: 'all jobs were submitted' },
    tally,
    lines: mintLines({ terms: TERMS, height: 11, books, lapsed }),
    checks,
    fates,
    foundFalse: new Set(),
    claimable: new Map([['A', 7n]]),
    mintedForPublicJobs: books.mintedBootstrap,
    redrawn: { ClaimMissed: 1 },
    rates: { submitted: 20, delivered: 12.5 },
    range: { first: 1, last: 11 },
    deaths: [],
    retired: [],
  })
}

test('report should tell who earned, who was caught and what was minted', () => {
  const report = wholeReport()
  assert.equal(report.passed, true)
  const liar = report.members.find(({ name }) => name === 'liar-1')
  assert.deepEqual(
    [liar.jobsDelivered, liar.falseDelivered, liar.falseLookedAt, liar.falsePaid, liar.jobsPaid],
    [2, 1, 1, 0, 1],
  )
  assert.equal(report.members.find(({ name }) => name === 'auditor-1').rewardsClaimable, 7n)
  assert.deepEqual(report.disputes.map(({ worker, challengers }) => [worker, challengers]), [['liar-1', ['auditor-1']]])
  assert.deepEqual([report.audits.begun, report.audits.right, report.audits.false], [2, 1, 1])
  const text = renderReport(report)
  assert.deepEqual(report.publicJobs, { started: 0, paid: 0, refunded: {}, minted: 8n })
  for (const line of [
    /liar-1 .*caught after 2 jobs, 1 false, by audit/,
    /useful work/,
    /Alice 11/,
    /all \d+ checks hold/,
    /Public jobs, which the chain has asked for itself: no demand/,
  ]) {
    assert.match(text, line)
  }
})

test('report should be JSON with amounts as text, and name programs that ended and checks that failed', () => {
  const report = wholeReport()
  const read = JSON.parse(toJson(report))
  assert.equal(read.members[0].fees, '10')
  const dead = { name: 'worker-9', status: 1, log: 'its last words' }
  const failing = {
    ...report,
    passed: false,
    checks: [...report.checks, { name: 'all is well', passed: false, detail: 'it is not' }],
    programs: { deaths: [dead], retired: [] },
  }
  const text = renderReport(failing)
  assert.match(text, /worker-9 ended by itself \(1\)[^]*its last words/)
  assert.match(text, /1 of \d+ checks FAILED:\n {2}all is well: it is not/)
})

test('longestEnd should be longer than a dispute and the time for rewards after it', () => {
  const parameters = { challengeWindow: 40, disputeClock: 40 }
  assert.ok(longestEnd(parameters) > 2 * 40 + 2 * 40 + 40)
})

// View

const STATE = () => ({
  title: 'local net',
  phase: 'jobs are submitted',
  seconds: 65,
  nodes: ['alice', 'bob', 'charlie', 'dave'].map((name) => ({ name, height: 12, final: 10, peers: 3 })),
  tally: tell(),
  target: 40,
})
const texts = (state, size) => renderView(state, size).map(({ text }) => text)

test('renderView should show public jobs beside those that somebody asked for', () => {
  const started = event('bootstrap.PublicJobStarted', { job: 9n, price: 5n, minted: 5n })
  const state = { ...STATE(), tally: tell([...story(), block(submitted(9n), started)]) }
  const view = texts(state, { columns: 120, rows: 24 }).join('\n')
  assert.match(view, /^jobs 3 of 40 {3}queued 0 .*refunded 1 {3}and public 1$/m)
})

test('renderView should show nodes, members, jobs, audits, disputes and events', () => {
  const view = texts(STATE(), { columns: 100, rows: 24 }).join('\n')
  for (const part of [
    /^AI Power Grid {3}local net\n1:05 {3}jobs are submitted$/m,
    /^ {2}dave +12 +10 +3$/m,
    /^ {2}liar-1 +liar +banned +2 +0 .*caught after 2 by audit$/m,
    /^jobs 3 of 40 {3}queued 0 .*paid 2 {3}refunded 1$/m,
    /^audits 2 .*right 1 {3}false 1/m,
    /^disputes 1 {3}open 0$/m,
    /auditor-1 challenges job 1 of liar-1$/m,
  ]) {
    assert.match(view, part)
  }
})

test('renderView should show what is open of a dispute', () => {
  const state = { ...STATE(), tally: tell(story().slice(0, 9)) }
  const view = texts(state, { columns: 100, rows: 24 }).join('\n')
  assert.match(view, /^ {2}job 1 of liar-1, since block 8: auditor-1 challenges$/m)
})

test('renderView should leave out disputes before nodes when there is little room', () => {
  const disputed = (job) => event('referee.Challenged', { job, account: 'A', worker: 'L' })
  const blocks = [{ number: 1, author: null, events: [1n, 2n, 3n, 4n].map(disputed) }]
  const cast = [...CAST, ...['W2', 'W3', 'W4'].map((address) => ({ ...CAST[0], name: address, address }))]
  const view = texts({ ...STATE(), tally: tallyOf(blocks, { cast }) }, { columns: 100, rows: 24 }).join('\n')
  assert.match(view, /^ {2}dave /m)
  assert.match(view, /^ {2}W4 /m)
  assert.match(view, /^ {2}job 1 of liar-1.*\n {2}… and 3 more$/m)
})

test('renderView should take no more rows and columns than there are, whatever happens', () => {
  const many = (count, make) => Array.from({ length: count }, (_, index) => make(index))
  const cast = many(40, (index) => ({ name: `worker-${index}`, role: 'honest', address: `W${index}`, node: 0 }))
  const blocks = many(30, (index) => ({
    number: index + 1,
    author: null,
    events: [event('referee.Challenged', { job: BigInt(index), account: 'somebody', worker: `W${index}` })],
  }))
  const crowd = {
    ...STATE(),
    nodes: many(16, (index) => ({ name: `node-${index}`, height: null, final: null, peers: null })),
    tally: tallyOf(blocks, { cast }),
  }
  for (const state of [STATE(), crowd]) {
    for (const columns of [1, 20, 80, 200]) {
      for (const rows of [1, 5, 10, 24, 60]) {
        const lines = texts(state, { columns, rows })
        assert.ok(lines.length <= Math.min(rows, MOST_ROWS), `${lines.length} of ${rows} rows`)
        assert.ok(lines.every((text) => [...text].length <= columns), `wider than ${columns}`)
      }
    }
  }
  const view = texts(crowd, { columns: 80, rows: 24 }).join('\n')
  assert.match(view, /… and \d+ more/)
})

test('renderView should be drawn before anything has started', () => {
  const state = { ...STATE(), nodes: [], tally: tallyOf([], { cast: [] }), target: null }
  assert.match(texts(state, { columns: 80, rows: 24 }).join('\n'), /^jobs 0 {3}queued 0/m)
})

test('fit and clock should cut and count', () => {
  assert.equal(fit('abcdef', 4), 'abc…')
  assert.equal(fit('abcd', 4), 'abcd')
  assert.equal(clock(59.9), '0:59')
  assert.equal(clock(3_601), '60:01')
})
