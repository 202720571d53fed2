// scripts/local-net: nodes and workers by one command, honest and dishonest mixed, a stream of jobs, the books.

import { writeFileSync } from 'node:fs'
import { Processes } from '../lib/processes.mjs'
import { stopwatch } from '../lib/table.mjs'
import { conclude } from './conclude.mjs'
import { LocalNet } from './net.mjs'
import { BadOption, readOptions } from './options.mjs'
import { renderReport, toJson } from './report.mjs'
import { Screen } from './screen.mjs'
import { settle, streamJobs } from './stream.mjs'
import { countOf, stagesOf } from './tally.mjs'
import { renderView } from './view.mjs'

const DRAW_MS = 1_000
/** Blocks between two lines about the jobs, without a live view. */
const LINE_BLOCKS = 10
const INTERRUPTED = 130

let options
try {
  options = readOptions(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof BadOption)) throw error
  console.error(`error: ${error.message}\nscripts/local-net --help tells what there is`)
  process.exit(2)
}

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`

/** The run in a few words. */
function titleOf({ preset, clocks, nodes, workers, liars, auditors, checkers }) {
  const parts = [
    `${preset}${clocks === 'short' ? ', short clocks' : ''}`,
    plural(nodes, 'node'),
    `${plural(workers, 'worker')}, ${liars} of them lying`,
    plural(auditors, 'auditor'),
    ...(checkers > 0 ? [plural(checkers, 'checker')] : []),
  ]
  return parts.join(' · ')
}

const began = Date.now()
const secondsNow = () => (Date.now() - began) / 1000
const isLive = process.stdout.isTTY === true && !options.plain
const line = stopwatch()
const processes = new Processes({ keep: options.keep })
const screen = new Screen()
let phase = ''

function enter(text) {
  phase = text
  if (!isLive) line(text)
}

const net = new LocalNet(options, processes, enter)

/** Draws the view once a second; returns what ends that. */
function showLive() {
  let nodes = []
  screen.open()
  const draw = () => {
    const state = {
      title: titleOf(options),
      phase,
      seconds: secondsNow(),
      nodes,
      tally: net.tally(),
      target: options.jobs,
    }
    screen.draw(renderView(state, screen.size))
  }
  const timer = setInterval(() => {
    net.look().then((found) => {
      nodes = found
    })
    draw()
  }, DRAW_MS)
  return () => {
    clearInterval(timer)
    screen.close()
  }
}

/** Prints what happens as it does. */
function showLines() {
  const printed = new Set()
  let told = 0
  const print = () => {
    const tally = net.tally()
    for (const { block, text } of tally.notes) {
      const note = `block ${block}: ${text}`
      if (!printed.has(note)) line(note)
      printed.add(note)
    }
    if (tally.jobs.size > 0 && tally.height >= told + LINE_BLOCKS) {
      told = tally.height
      const stages = stagesOf(tally)
      const total = countOf(stages)
      const ofChain = tally.jobs.size - total
      const besides = ofChain === 0 ? '' : `; ${plural(ofChain, 'public job')} besides`
      const counts = Object.entries(stages).map(([stage, count]) => `${count} ${stage}`)
      line(`block ${tally.height}: ${plural(total, 'job')}: ${counts.join(', ')}${besides}`)
    }
  }
  const timer = setInterval(print, DRAW_MS)
  return () => {
    clearInterval(timer)
    print()
  }
}

const stop = new AbortController()
let signals = 0
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    signals += 1
    // The exit handlers end what runs.
    if (signals > 1) process.exit(INTERRUPTED)
    enter('stopping; again to stop at once')
    stop.abort()
  })
}

/** What to tell of the stream if it has not begun. */
const NO_STREAM = { seconds: 0, failures: [], ended: 'it had not begun' }

let stream = NO_STREAM

/** The whole run up to its end. */
async function run() {
  await net.start()
  enter('jobs are submitted')
  stream = { ...NO_STREAM, ended: 'interrupted' }
  stream = await streamJobs(net, options, stop.signal)
  if (stop.signal.aborted) return
  enter(`${stream.ended}; waiting for the last jobs and disputes`)
  await settle(net)
}

/** Runs until the end, or until it is interrupted; then nothing is waited for. */
function untilEnd() {
  const running = run()
  // It may fail for want of what is being stopped.
  running.catch(() => {})
  const interruption = new Promise((resolve) => {
    stop.signal.addEventListener('abort', resolve)
  })
  return Promise.race([running, interruption, net.lost])
}

/** The end of the logs of what does not run as it should. */
function lastWords() {
  for (const { name, status, log } of net.deaths) {
    console.error(`\n${name} ended by itself with ${status}. Its last lines:\n${log}`)
  }
}

const hide = isLive ? showLive() : showLines()
let code = 1
try {
  await untilEnd()
  const interrupted = stop.signal.aborted
  if ((net.network?.ledger.blocks.length ?? 0) < 2) {
    hide()
    console.log('stopped before there was a chain')
    code = INTERRUPTED
  } else {
    enter('reading and checking the books')
    const directory = options.keep ? processes.directory : null
    const report = await conclude(net, { options, stream, interrupted, directory, seconds: secondsNow() })
    hide()
    if (options.report !== null) writeFileSync(options.report, toJson(report))
    console.log(renderReport(report))
    code = report.passed ? (interrupted ? INTERRUPTED : 0) : 1
  }
} catch (error) {
  hide()
  console.error(`error: ${error.message}`)
  lastWords()
}
if (options.keep) console.log(`\nlogs and databases: ${processes.directory}`)
await net.stop().catch((error) => console.error(`error: ${error.message}`))
process.exit(code)
