import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AIPG,
  InvalidRequest,
  formatAipg,
  parseAipg,
  permill,
  splitFee,
} from '@aipowergrid/client'

const total = (split) => Object.values(split).reduce((sum, share) => sum + share, 0n)

test('splitFee should add up to the fee when shares are rounded down', () => {
  for (const fee of [0n, 1n, 19n, 199n, 1_000_001n, 123_456_789_012_345_678n, 2n ** 100n + 7n]) {
    for (const creator of [true, false]) {
      for (const referrer of [true, false]) {
        assert.equal(total(splitFee(fee, { creator, referrer })), fee)
      }
    }
  }
})

test('splitFee should give the shares of the economy when the fee divides evenly', () => {
  assert.deepEqual(splitFee(1_000_000n, { creator: true, referrer: true }), {
    worker: 920_000n,
    creator: 50_000n,
    burned: 15_000n,
    stakers: 5_000n,
    referrer: 5_000n,
    treasury: 5_000n,
  })
})

test('splitFee should give absent parties’ shares and the dust to the treasury', () => {
  const split = splitFee(1_000_001n, { creator: false, referrer: false })
  assert.equal(split.creator, 0n)
  assert.equal(split.referrer, 0n)
  assert.equal(split.treasury, 5_000n + 50_000n + 5_000n + 1n)
})

test('permill should round down', () => {
  assert.equal(permill(199n, 5_000n), 0n)
  assert.equal(permill(200n, 5_000n), 1n)
})

test('formatAipg should show every digit that carries value', () => {
  assert.equal(formatAipg(0n), '0')
  assert.equal(formatAipg(1n), '0.000000000000000001')
  assert.equal(formatAipg(-3n * AIPG / 2n), '-1.5')
  assert.equal(formatAipg(1_234_567n * AIPG + 5n * 10n ** 17n), '1,234,567.5')
  assert.equal(formatAipg(1_000n * AIPG), '1,000')
})

test('parseAipg should be exact when a text has all 18 decimals', () => {
  assert.equal(parseAipg('0.000000000000000001'), 1n)
  assert.equal(parseAipg('1'), AIPG)
  assert.equal(parseAipg(' 1,234,567.5 '), 1_234_567n * AIPG + 5n * 10n ** 17n)
  assert.equal(parseAipg('-1.5'), (-3n * AIPG) / 2n)
  assert.equal(parseAipg('9007199254740993.000000000000000001'), 9007199254740993n * AIPG + 1n)
})

test('parseAipg should return what formatAipg wrote for any amount', () => {
  for (const amount of [0n, 1n, 999n, AIPG, AIPG + 1n, 2n ** 128n - 1n, -7n * AIPG - 3n]) {
    assert.equal(parseAipg(formatAipg(amount)), amount)
  }
})

test('parseAipg should refuse a text when it is no amount or would be rounded', () => {
  for (const text of ['', 'x', '1e3', '1.', '.5', '1,23', '1 000', '0x10', '--1', '1.0000000000000000001']) {
    assert.throws(() => parseAipg(text), InvalidRequest, text)
  }
})
