// How long it takes to rebuild the trace of a job, by `aipg-model trace`.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { PROGRAMS } from './grid.mjs'
import { mebibytes, number } from './statistics.mjs'

export const TRACE_HEAD = [
  'prompt + answer',
  'memory budget, MiB',
  'prefill, s',
  'trace, s',
  'ratio',
  'descent, s',
  'memory, MiB',
  'whole trace, MiB',
  'kernel',
]

/** Measures a job of {prompt, output, budget?, rounds}: these and what `aipg-model trace` prints. */
export function measureTrace(model, { prompt, output, budget, rounds }) {
  const parameters = [
    ...['trace', model],
    ...['--prompt', String(prompt), '--output', String(output)],
    ...(budget === undefined ? [] : ['--budget', String(budget)]),
    ...['--rounds', String(rounds)],
  ]
  const run = spawnSync(join(PROGRAMS, 'aipg-model'), parameters, { encoding: 'utf8' })
  if (run.error || run.status !== 0) {
    throw new Error(`aipg-model trace failed: ${run.error?.message ?? run.stderr.trim()}`)
  }
  return { prompt, output, budget, ...JSON.parse(run.stdout) }
}

/** A row of TRACE_HEAD. */
export function traceCells(run) {
  const seconds = (value) => number(value, value < 0.1 ? 3 : 2)
  return [
    `${number(run.prompt)} + ${number(run.output)}`,
    run.budget === undefined ? 'any' : number(run.budget),
    seconds(run.prefill_seconds),
    seconds(run.trace_seconds),
    number(run.ratio, 2),
    seconds(run.descent_seconds),
    run.trace_memory_bytes === null ? '–' : mebibytes(run.trace_memory_bytes),
    mebibytes(run.whole_trace_bytes),
    `${run.kernel}, ${run.threads} threads`,
  ]
}
