// How the next token is chosen, from the terms people use to the integers that the chain commits.

import { randomAsU8a } from '@polkadot/util-crypto'
import { toHex } from './bytes.js'
import { InvalidRequest } from './errors.js'

/** One in the format Q16. */
const ONE = 65_536
/** The largest inverse temperature, Q16: a temperature of 1/16. */
const LARGEST_BETA = 1 << 20
const LARGEST_U32 = 0xffff_ffff
const LARGEST_U64 = 0xffff_ffff_ffff_ffffn

/** Sampling in the usual terms. Without any of it a job is decoded greedily. */
export interface SamplingOptions {
  /** 0 is greedy decoding; else from 1/16 up. Default 1. */
  temperature?: number | undefined
  /** Only the k most likely tokens; 0 or nothing: all. */
  topK?: number | undefined
  /** Only the most likely tokens whose probabilities add up to p; 1 or nothing: all. */
  topP?: number | undefined
  /** Only tokens at least p times as likely as the most likely one; 0 or nothing: all. */
  minP?: number | undefined
  /** The same seed gives the same answer. Default: random. */
  seed?: bigint | number | undefined
}

/** The integers of a seeded job, as the chain takes them. */
export interface SamplingParameters {
  /** Inverse temperature, Q16, 1 to 2^20. */
  beta: number
  /** 0 = off. */
  topK: number
  /** Q16, 1 to 65536 = off. */
  topP: number
  /** Largest distance below the maximum, Q16; null = off. */
  minP: number | null
}

export type Sampling = 'Greedy' | { Seeded: SamplingParameters }

function inRange(name: string, value: number, holds: boolean, range: string): void {
  if (!holds) throw new InvalidRequest(`${name} is ${value}; it must be ${range}`)
}

/**
 * The integers of sampling options. beta = round(65536 / temperature), top-p = round(p · 65536), the
 * distance of min-p = round(−ln(p) · 65536). Throws InvalidRequest for values out of range.
 */
export function toSampling(options: SamplingOptions | undefined): Sampling {
  if (options === undefined) return 'Greedy'
  const { temperature = 1, topK = 0, topP = 1, minP = 0 } = options
  const beta = temperature === 0 ? 0 : Math.round(ONE / temperature)
  inRange(
    'temperature',
    temperature,
    temperature === 0 || (temperature > 0 && beta >= 1 && beta <= LARGEST_BETA),
    `0 or from ${ONE / LARGEST_BETA} to ${2 * ONE}`,
  )
  inRange(
    'topK',
    topK,
    Number.isInteger(topK) && topK >= 0 && topK <= LARGEST_U32,
    `a whole number from 0 to ${LARGEST_U32}`,
  )
  const topPInteger = Math.round(topP * ONE)
  inRange('topP', topP, topPInteger >= 1 && topP <= 1, `over ${0.5 / ONE}, at most 1`)
  inRange('minP', minP, minP >= 0 && minP <= 1, 'from 0 to 1')
  if (temperature === 0) return 'Greedy'
  const distance = minP === 0 ? null : Math.round(-Math.log(minP) * ONE) + 0
  return { Seeded: { beta, topK, topP: topPInteger, minP: distance } }
}

/** The seed of a job. Greedy decoding ignores it: 0 unless the caller names one. */
export function toSeed(options: SamplingOptions | undefined, sampling: Sampling): bigint {
  if (options?.seed === undefined) {
    return sampling === 'Greedy' ? 0n : BigInt(toHex(randomAsU8a(8)))
  }
  const { seed } = options
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new InvalidRequest(`seed ${seed} is no whole number; large seeds must be bigint`)
  }
  const value = BigInt(seed)
  if (value < 0n || value > LARGEST_U64) throw new InvalidRequest(`seed ${seed} is no u64`)
  return value
}
