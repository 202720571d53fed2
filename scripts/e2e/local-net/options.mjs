// The command line of scripts/local-net.

import { parseArgs } from 'node:util'
import { AUTHORITIES } from '../lib/nodes.mjs'

/** An error of the command line: the program ends with 2. */
export class BadOption extends Error {}

/** Authorities of `local` that have to run for blocks to become final: more than two thirds of them. */
const QUORUM = 3

/** Lies that concern single jobs, and those that falsify every trace of their worker. */
export const PARTIAL_LIES = ['garbage', 'token', 'cheap', 'short', 'long', 'unknown']
export const WHOLE_LIES = ['accumulator', 'digest', 'record']

/** Submissions of one account that a chain takes; more would only wait. */
const MOST_PER_MINUTE = 120

const OPTIONS = {
  nodes: { type: 'string', default: '4' },
  workers: { type: 'string', default: '4' },
  liars: { type: 'string', default: '1' },
  auditors: { type: 'string', default: '2' },
  checkers: { type: 'string', default: '0' },
  jobs: { type: 'string' },
  minutes: { type: 'string' },
  rate: { type: 'string', default: '20' },
  lie: { type: 'string', default: 'mixed' },
  'lie-share': { type: 'string', default: '25' },
  seed: { type: 'string', default: '1' },
  preset: { type: 'string' },
  clocks: { type: 'string', default: 'short' },
  report: { type: 'string' },
  keep: { type: 'boolean', default: false },
  plain: { type: 'boolean', default: false },
}

/** Names of all options. */
export const OPTION_NAMES = Object.keys(OPTIONS)

const DEFAULT_JOBS = 40

function whole(values, name, least, most) {
  const text = values[name]
  const number = Number(text)
  if (!/^\d+$/.test(text) || number < least || number > most) {
    throw new BadOption(`--${name} takes a whole number from ${least} to ${most}, not "${text}"`)
  }
  return number
}

function positive(values, name, most) {
  const text = values[name]
  const number = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || number <= 0 || number > most) {
    throw new BadOption(`--${name} takes a number above 0 and up to ${most}, not "${text}"`)
  }
  return number
}

function oneOf(values, name, choices) {
  if (!choices.includes(values[name])) {
    throw new BadOption(`--${name} takes ${choices.join(', ')}, not "${values[name]}"`)
  }
  return values[name]
}

/** Which chain so many nodes run; throws if it could not finalise. */
function presetFor(values, nodes) {
  const preset = values.preset ?? (nodes === 1 ? 'dev' : 'local')
  oneOf({ preset }, 'preset', ['dev', 'local'])
  if (preset === 'local' && nodes < QUORUM) {
    throw new BadOption(
      `${nodes === 1 ? '1 node' : `${nodes} nodes`} of "local" would finalise nothing: ${QUORUM} of its ` +
        `${AUTHORITIES.length} authorities have to run. Take --nodes ${QUORUM} or more, or --preset dev`,
    )
  }
  return preset
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: OPTIONS, strict: true, allowPositionals: false }).values
  } catch (error) {
    // The first sentence says it; the others tell how to pass positional arguments.
    throw new BadOption(error.message.split('. ')[0])
  }
}

/**
 * Reads the command line: {nodes, workers, liars, auditors, checkers, jobs, minutes, rate, lie, lieShare, seed,
 * preset, clocks, report, keep, plain}. `liars` are among the `workers`. `jobs` is null if only `minutes` limits
 * the stream, `minutes` if only `jobs` does. Throws BadOption.
 */
export function readOptions(argv) {
  const values = parse(argv)
  const nodes = whole(values, 'nodes', 1, 16)
  const workers = whole(values, 'workers', 1, 64)
  const liars = whole(values, 'liars', 0, 64)
  if (liars >= workers) {
    throw new BadOption(
      `--liars ${liars} of --workers ${workers} leaves no honest worker: jobs could not be done once liars are caught`,
    )
  }
  const lie = oneOf(values, 'lie', ['mixed', ...PARTIAL_LIES, ...WHOLE_LIES])
  const lieShare = whole(values, 'lie-share', 1, 100)
  if (WHOLE_LIES.includes(lie) && lieShare < 100) {
    throw new BadOption(`--lie ${lie} falsifies every job of its worker: it needs --lie-share 100`)
  }
  const minutes = values.minutes === undefined ? null : positive(values, 'minutes', 24 * 60)
  const jobs = values.jobs === undefined ? null : whole(values, 'jobs', 1, 100_000)
  return {
    nodes,
    workers,
    liars,
    auditors: whole(values, 'auditors', 0, 32),
    checkers: whole(values, 'checkers', 0, 32),
    jobs: jobs === null && minutes === null ? DEFAULT_JOBS : jobs,
    minutes,
    rate: positive(values, 'rate', MOST_PER_MINUTE),
    lie,
    lieShare,
    seed: values.seed,
    preset: presetFor(values, nodes),
    clocks: oneOf(values, 'clocks', ['short', 'preset']),
    report: values.report ?? null,
    keep: values.keep,
    plain: values.plain,
  }
}
