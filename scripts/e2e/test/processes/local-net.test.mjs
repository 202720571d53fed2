// The command scripts/local-net itself: a small run to its end, and one that is interrupted.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ROOT } from '../../lib/processes.mjs'

const place = mkdtempSync(join(tmpdir(), 'local-net-'))
after(() => rmSync(place, { recursive: true, force: true }))

/** Starts the command; `said` resolves when it has printed a text, `ended` with {status, log}. */
function start(name, args) {
  const folder = mkdtempSync(join(place, `${name}-`))
  const child = spawn(join(ROOT, 'scripts/local-net'), args, { env: { ...process.env, TMPDIR: folder } })
  let log = ''
  const waiting = new Set()
  const look = () => {
    for (const waiter of [...waiting]) {
      if (!log.includes(waiter.text)) continue
      waiting.delete(waiter)
      waiter.resolve()
    }
  }
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      log += bytes
      look()
    })
  }
  const ended = new Promise((resolve) => {
    child.once('close', (status) => {
      for (const { text, reject } of waiting) reject(new Error(`ended without "${text}":\n${log}`))
      resolve({ status, log })
    })
  })
  const said = (text) =>
    new Promise((resolve, reject) => {
      waiting.add({ text, resolve, reject })
      look()
    })
  return { child, folder, ended, said }
}

/** Programs of a run that are there: "PID COMMAND". */
function left(folder) {
  const commands = execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 1 << 26 })
  return commands.split('\n').filter((line) => line.includes(folder))
}

function assertNothingLeft(folder) {
  assert.deepEqual(left(folder), [])
  assert.deepEqual(readdirSync(folder), [])
}

/** One node and one worker, who is honest and whom nobody looks at. */
const ALONE = ['--nodes', '1', '--workers', '1', '--liars', '0', '--auditors', '0', '--plain']

const read = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** A small run with everybody in it. */
async function whole() {
  const file = join(place, 'whole.json')
  const { folder, ended } = start('whole', [
    ...['--nodes', '1', '--workers', '3', '--liars', '1', '--lie', 'unknown', '--lie-share', '100'],
    // What such a lie contradicts is shown at once. The checker has the whole challenge window, where auditors on
    // a busy machine may miss theirs.
    ...['--auditors', '1', '--checkers', '1', '--jobs', '12', '--rate', '60', '--plain', '--report', file],
  ])
  const { status, log } = await ended
  assert.equal(status, 0, log)
  const report = read(file)
  assert.equal(report.passed, true)
  assert.equal(report.interrupted, false)
  assert.deepEqual(report.programs.deaths, [])

  const { jobs, members } = report
  assert.equal(jobs.submitted, 12)
  const refunds = Object.values(jobs.refunded).reduce((sum, count) => sum + count, 0)
  assert.equal(jobs.paid + refunds, 12)
  assert.equal(members.reduce((sum, { jobsPaid }) => sum + jobsPaid, 0), jobs.paid)

  const byName = (name) => members.find((member) => member.name === name)
  const liar = byName('liar-1')
  assert.equal(liar.falseDelivered, liar.jobsDelivered)
  assert.ok(liar.jobsDelivered > 0, 'it was drawn')
  assert.ok(liar.caught, log)
  assert.equal(liar.caught.after, liar.caught.afterFalse)
  assert.equal(liar.state, 'banned')
  assert.ok(BigInt(liar.lostByConviction) > 0n)
  assert.ok(report.disputes.some(({ worker, outcome, reward }) => worker === 'liar-1' && outcome === 'false' && BigInt(reward) > 0n))
  for (const name of ['worker-1', 'worker-2']) {
    assert.equal(BigInt(byName(name).lostByConviction), 0n)
    assert.equal(byName(name).falseDelivered, 0)
  }
  const won = ['auditor-1', 'checker-1'].map((name) => BigInt(byName(name).wonInDisputes))
  assert.ok(won[0] + won[1] > 0n, 'whoever found it has the reward')

  for (const { scheduled, minted, open, lapsed } of report.mint) {
    assert.equal(BigInt(minted) + BigInt(open) + BigInt(lapsed), BigInt(scheduled))
  }
  assert.equal(
    Object.values(report.authors).reduce((sum, count) => sum + count, 0),
    report.blocks.last,
  )
  assert.match(log, /all \d+ checks hold/)
  assert.match(log, /liar-1 .*caught after/)
  assertNothingLeft(folder)
}

/** A run that Ctrl-C ends. */
async function interrupted() {
  const file = join(place, 'interrupted.json')
  const { child, folder, said, ended } = start('interrupted', [...ALONE, '--report', file])
  await said('jobs: ')
  child.kill('SIGINT')
  const { status, log } = await ended
  assert.equal(status, 130, log)
  const report = read(file)
  assert.equal(report.interrupted, true)
  assert.equal(report.passed, true)
  assert.ok(report.jobs.submitted > 0)
  assert.match(log, /after Ctrl-C nothing was waited for/)
  assertNothingLeft(folder)
}

/** A run in which a program is killed. */
async function bereft() {
  const { child, folder, said, ended } = start('bereft', ALONE)
  await said('jobs: ')
  const [worker] = left(folder).filter((line) => /aipg-worker run /.test(line))
  process.kill(Number(worker.trim().split(' ')[0]), 'SIGKILL')
  await said('worker-1 ended by itself (SIGKILL)')
  child.kill('SIGINT')
  const { status, log } = await ended
  assert.equal(status, 1, log)
  assert.match(log, /worker-1 ended by itself \(SIGKILL\)\. Its last lines:\n.* INFO /s)
  assert.match(log, /FAILED:\n {2}worker-1 never ended by itself/)
  assertNothingLeft(folder)
}

test('local net should do its work and tell how it ended', { concurrency: true }, (t) =>
  Promise.all([
    t.test('liar should be caught, others be paid and all books add up when a small net runs', whole),
    t.test('interrupted run should report what happened so far and leave nothing running', interrupted),
    t.test('program that dies should be named with its last lines, and fail the run', bereft),
  ]),
)

test('wrong option should end with 2 and say what is wrong', async () => {
  const { ended } = start('wrong', ['--nodes', '2'])
  const { status, log } = await ended
  assert.equal(status, 2)
  assert.match(log, /2 nodes of "local" would finalise nothing/)
})
