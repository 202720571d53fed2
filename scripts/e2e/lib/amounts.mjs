// Amounts are bigint, in the smallest unit; 1 AIPG = 10^18.

export const AIPG = 10n ** 18n

const PERMILL = 1_000_000n

/** Shares of a job's fee in permill; the treasury gets what is left. */
export const FEE_SHARES = {
  worker: 920_000n,
  creator: 50_000n,
  burned: 15_000n,
  stakers: 5_000n,
  referrer: 5_000n,
}

/** `parts` permill of `amount`, rounded down. */
export function permill(amount, parts) {
  return (amount * parts) / PERMILL
}

/**
 * Splits a fee the way the chain does: every share rounded down, the rest to the treasury, as are
 * the shares of a creator or referrer that does not exist.
 */
export function splitFee(fee, { creator, referrer }) {
  const split = {
    worker: permill(fee, FEE_SHARES.worker),
    creator: creator ? permill(fee, FEE_SHARES.creator) : 0n,
    burned: permill(fee, FEE_SHARES.burned),
    stakers: permill(fee, FEE_SHARES.stakers),
    referrer: referrer ? permill(fee, FEE_SHARES.referrer) : 0n,
  }
  const others = Object.values(split).reduce((sum, share) => sum + share, 0n)
  return { ...split, treasury: fee - others }
}

/** Exact decimal text of an amount: all digits that carry value, thousands separated. */
export function formatAipg(amount) {
  const sign = amount < 0n ? '-' : ''
  const absolute = amount < 0n ? -amount : amount
  const whole = (absolute / AIPG).toString().replace(/\B(?=(\d{3})+$)/g, ',')
  const fraction = (absolute % AIPG).toString().padStart(18, '0').replace(/0+$/, '')
  return sign + whole + (fraction === '' ? '' : `.${fraction}`)
}
