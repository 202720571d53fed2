// What it took to refute a lie, as rows of tables.

import { mebibytes, number } from './statistics.mjs'

export const COST_HEAD = [
  'what is false',
  'moves',
  'calls',
  'KiB in all',
  'longest call, KiB',
  '% of a block in all',
  'heaviest call, %',
  'to the last move, s',
  'blocks to the verdict',
  'to the last payment',
]

/** Where nobody moved. */
const NONE = '–'

/** A row of COST_HEAD. */
export function costCells({ what, moves, cost, verdict }) {
  const kib = (bytes) => number(bytes / 1024, 1)
  const percent = (share) => number(share * 100, 3)
  return [
    what,
    number(moves),
    number(cost.calls),
    kib(cost.bytes),
    kib(cost.longest),
    percent(cost.weight),
    percent(cost.heaviest),
    cost.played === null ? NONE : number(cost.played),
    number(verdict),
    number(cost.blocks),
  ]
}

export const CHECKER_HEAD = [
  'what is false',
  'result to challenge, s',
  'trace rebuilt, s',
  'model file read, s',
  'memory when idle, MiB',
  'at most during the dispute, MiB',
]

/** A row of CHECKER_HEAD. */
export function checkerCells({ what, delay, trace, idle, peak }) {
  return [
    what,
    number(delay),
    trace === null ? NONE : number(trace.trace, 2),
    trace === null ? NONE : number(trace.file, 2),
    mebibytes(idle),
    mebibytes(peak),
  ]
}

/** How long the first study in a worker's log took: {trace, file} in seconds; null if there was none. */
export function traceTimes(log) {
  const found = /dispute: trace rebuilt.*? seconds=([\d.e-]+) trace_seconds=([\d.e-]+)/.exec(log)
  if (found === null) return null
  const [all, trace] = [Number(found[1]), Number(found[2])]
  return { trace, file: all - trace }
}
