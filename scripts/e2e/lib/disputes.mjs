// Disputes of tests and of the demonstration: who checks, who watches, and how a case went.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { toHex } from '@aipowergrid/client'
import { PROGRAMS } from './processes.mjs'

const WORKER = join(PROGRAMS, 'aipg-worker')
const LIAR = join(PROGRAMS, 'aipg-liar')

/** Blocks within which every case of a development chain has closed: 2·W + 2·K, W more for rewards. */
export const LONGEST_CASE = 240

/** Starts a checker of these model files that signs with `key`; with `lies`, a liar that checks. */
export function startChecker({ processes, node }, { name, key, models, extra = [], lies }) {
  const args = [
    ...(lies ?? []),
    ...['dispute', 'check'],
    ...['--node', node.url],
    ...['--key-file', key],
    ...models.flatMap((model) => ['--model', model]),
    ...extra,
  ]
  return processes.spawn(name, lies ? LIAR : WORKER, args, { XDG_RUNTIME_DIR: processes.directory })
}

/** Starts to print disputes move by move, as people watch them. */
export function watchDisputes({ processes, node }, name = 'watch', extra = []) {
  return processes.spawn(name, WORKER, ['dispute', 'watch', '--node', node.url, ...extra])
}

/** Says of a result that it is false, with nothing to show for it. */
export function accuse({ chain }, job, signer) {
  const commitment = toHex(randomBytes(32))
  return chain.submit(chain.api.tx.referee.challenge(job.id, commitment), signer)
}

/** Waits until the case of a job is closed; returns all its events, oldest first. */
export async function closedCase({ ledger }, job, blocks = LONGEST_CASE) {
  const ofJob = (data) => data.job === job.id || data.seat?.job === job.id
  await ledger.event('referee.CaseClosed', ofJob, blocks)
  return ledger.blocks.flatMap((block) =>
    block.events
      .filter((event) => event.section === 'referee' && ofJob(event.data))
      .map((event) => ({ ...event, block })),
  )
}

/** The last move of any game of a case: the one that was executed, if one was; none if nobody moved. */
export function lastMove(events) {
  const isMove = ({ name, data }) =>
    name === 'referee.Moved' ||
    (name === 'referee.GameEnded' && data.outcome.ending.Executed !== undefined)
  return events.filter(isMove).at(-1)
}

/** The time of a block, ms. */
export async function blockTime({ api }, { hash }) {
  const at = await api.at(hash)
  return (await at.query.timestamp.now()).toNumber()
}

/**
 * What the calls of a case took: {calls, bytes, longest, blocks, seconds, played, weight, heaviest}. `longest` is
 * the most bytes of a call, `weight` and `heaviest` are shares of a block's reference time, `played` the
 * seconds from the challenge to the last move, null if there is none.
 */
export async function measureCase({ chain }, events) {
  const { maxBlock } = chain.api.consts.system.blockWeights
  const whole = Number(maxBlock.refTime.toBigInt())
  const calls = []
  for (const block of new Set(events.map((event) => event.block))) {
    const { block: body } = await chain.api.rpc.chain.getBlock(block.hash)
    const at = await chain.api.at(block.hash)
    const records = await at.query.system.events()
    for (const index of new Set(events.filter((e) => e.block === block).map((e) => e.extrinsic))) {
      const extrinsic = index === null ? undefined : body.extrinsics[index]
      if (extrinsic?.method.section !== 'referee') continue
      const own = records.filter(
        ({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eqn(index),
      )
      const done = own.find(({ event }) => event.method === 'ExtrinsicSuccess')
      const { refTime } = done.event.data[0].weight
      calls.push({
        name: extrinsic.method.method,
        bytes: extrinsic.encodedLength,
        weight: Number(refTime.toBigInt()) / whole,
      })
    }
  }
  const sum = (values) => values.reduce((total, value) => total + value, 0)
  const [first, last] = [events[0].block, events.at(-1).block]
  const began = await blockTime(chain, first)
  const secondsTo = async (block) => ((await blockTime(chain, block)) - began) / 1_000
  const move = lastMove(events)
  return {
    calls: calls.length,
    bytes: sum(calls.map((call) => call.bytes)),
    longest: Math.max(0, ...calls.map((call) => call.bytes)),
    weight: sum(calls.map((call) => call.weight)),
    heaviest: Math.max(0, ...calls.map((call) => call.weight)),
    blocks: last.number - first.number,
    seconds: await secondsTo(last),
    played: move ? await secondsTo(move.block) : null,
  }
}
