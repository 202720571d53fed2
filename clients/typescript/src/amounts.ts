// Amounts are bigint, in the smallest unit; 1 AIPG = 10^18.

import { InvalidRequest } from './errors.js'

export const AIPG = 10n ** 18n

const DECIMALS = 18
const PERMILL = 1_000_000n

/** Shares of a job's fee in permill; the treasury gets what is left. */
export const FEE_SHARES = {
  worker: 920_000n,
  creator: 50_000n,
  burned: 15_000n,
  stakers: 5_000n,
  referrer: 5_000n,
} as const

/** What becomes of a fee, in the smallest unit. */
export interface FeeSplit {
  worker: bigint
  creator: bigint
  burned: bigint
  stakers: bigint
  referrer: bigint
  treasury: bigint
}

/** `parts` permill of `amount`, rounded down. */
export function permill(amount: bigint, parts: bigint): bigint {
  return (amount * parts) / PERMILL
}

/**
 * Splits a fee the way the chain does: every share rounded down, the rest to the treasury, as are
 * the shares of a creator or referrer that does not exist.
 */
export function splitFee(fee: bigint, has: { creator: boolean; referrer: boolean }): FeeSplit {
  const split = {
    worker: permill(fee, FEE_SHARES.worker),
    creator: has.creator ? permill(fee, FEE_SHARES.creator) : 0n,
    burned: permill(fee, FEE_SHARES.burned),
    stakers: permill(fee, FEE_SHARES.stakers),
    referrer: has.referrer ? permill(fee, FEE_SHARES.referrer) : 0n,
  }
  const others = Object.values(split).reduce((sum, share) => sum + share, 0n)
  return { ...split, treasury: fee - others }
}

/** Exact decimal text of an amount in AIPG: all digits that carry value, thousands separated. */
export function formatAipg(amount: bigint): string {
  const sign = amount < 0n ? '-' : ''
  const absolute = amount < 0n ? -amount : amount
  const whole = (absolute / AIPG).toString().replace(/\B(?=(\d{3})+$)/g, ',')
  const fraction = (absolute % AIPG).toString().padStart(DECIMALS, '0').replace(/0+$/, '')
  return sign + whole + (fraction === '' ? '' : `.${fraction}`)
}

/**
 * The amount that a decimal text in AIPG says, to the unit; thousands may be separated by commas.
 * Throws InvalidRequest for anything else, also for more than 18 decimals: nothing is rounded.
 */
export function parseAipg(text: string): bigint {
  const parts = /^(-?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/.exec(text.trim())
  if (parts === null) throw new InvalidRequest(`"${text}" is no amount`)
  const [, sign, whole = '', fraction = ''] = parts
  if (fraction.length > DECIMALS) {
    throw new InvalidRequest(`"${text}" has more than ${DECIMALS} decimals`)
  }
  const amount =
    BigInt(whole.replaceAll(',', '')) * AIPG + BigInt(fraction.padEnd(DECIMALS, '0'))
  return sign === '-' ? -amount : amount
}
