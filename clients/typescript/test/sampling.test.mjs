import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidRequest, toSampling } from '@aipowergrid/client'
import { toSeed } from '../dist/sampling.js'

const seeded = (options) => toSampling(options).Seeded

test('toSampling should be greedy when nothing is asked or the temperature is 0', () => {
  assert.equal(toSampling(undefined), 'Greedy')
  assert.equal(toSampling({ temperature: 0 }), 'Greedy')
  assert.equal(toSampling({ temperature: 0, topP: 0.5, topK: 3 }), 'Greedy')
})

test('toSampling should turn filters off when they are left out', () => {
  assert.deepEqual(seeded({}), { beta: 65_536, topK: 0, topP: 65_536, minP: null })
  assert.deepEqual(seeded({ topK: 0, topP: 1, minP: 0 }), seeded({}))
})

test('toSampling should round as the rule says when values are usual', () => {
  assert.deepEqual(seeded({ temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05 }), {
    beta: 93_623, // 65536 / 0.7 = 93622.857…
    topK: 40,
    topP: 62_259, // 62259.2
    minP: 196_328, // −ln 0.05 · 65536 = 196327.7…
  })
  assert.equal(seeded({ temperature: 2 }).beta, 32_768)
  assert.equal(seeded({ minP: 0.5 }).minP, 45_426) // 45426.0…
})

test('toSampling should take values when they are on the edge of their range', () => {
  assert.equal(seeded({ temperature: 1 / 16 }).beta, 1 << 20)
  assert.equal(seeded({ temperature: 131_072 }).beta, 1)
  assert.equal(seeded({ topK: 0xffff_ffff }).topK, 0xffff_ffff)
  assert.equal(seeded({ topP: 1 / 65_536 }).topP, 1)
  assert.ok(Object.is(seeded({ minP: 1 }).minP, 0))
  assert.ok(seeded({ minP: Number.MIN_VALUE }).minP < 2 ** 32)
})

test('toSampling should name the error when a value is out of its range', () => {
  const cases = [
    { temperature: 0.0624 },
    { temperature: 131_073 },
    { temperature: -1 },
    { temperature: Number.NaN },
    { temperature: Number.POSITIVE_INFINITY },
    { topK: -1 },
    { topK: 1.5 },
    { topK: 2 ** 32 },
    { topP: 0 },
    { topP: 1.01 },
    { topP: Number.NaN },
    { minP: -0.1 },
    { minP: 1.1 },
    { minP: Number.NaN },
    // Also where greedy decoding would not use it.
    { temperature: 0, topP: 2 },
  ]
  for (const options of cases) {
    assert.throws(() => toSampling(options), InvalidRequest, JSON.stringify(options))
  }
})

test('toSeed should keep a seed that is named, and draw one only where it counts', () => {
  assert.equal(toSeed(undefined, 'Greedy'), 0n)
  assert.equal(toSeed({ seed: 7 }, 'Greedy'), 7n)
  assert.equal(toSeed({ seed: 2n ** 64n - 1n }, toSampling({})), 2n ** 64n - 1n)
  const drawn = new Set(Array.from({ length: 8 }, () => toSeed({}, toSampling({}))))
  assert.equal(drawn.size, 8)
  for (const seed of drawn) assert.ok(seed >= 0n && seed < 2n ** 64n)
})

test('toSeed should name the error when a seed is no u64', () => {
  for (const seed of [-1, 1.5, 2 ** 60, -1n, 2n ** 64n]) {
    assert.throws(() => toSeed({ seed }, 'Greedy'), InvalidRequest, String(seed))
  }
})
