import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, readWeights } from '../../weights/drift.mjs'
import { placeOf, renderForeign, renderOwn, speedLine } from '../../weights/render.mjs'

const line = (base, slopes = {}) => ({ base, slopes })

/** A benchmark whose cost depends on `o`, and on `u` not at all. */
const serve = (change = {}) => ({
  name: 'serve',
  components: [
    { name: 'o', least: 1, most: 16 },
    { name: 'u', least: 0, most: 2 },
  ],
  time: line(12_345_678, { o: 1_000_000 }),
  reads: line(3, { o: 2 }),
  writes: line(1),
  proof: line(3_513, { o: 2_520 }),
  storage: ['Pallet::Map: 32 read, 1 written'],
  ...change,
})

const idle = { ...serve(), name: 'idle', components: [], time: line(999), reads: line(0), proof: line(0), storage: [] }

const rendered = (...benchmarks) => renderOwn({ pallet: 'pallet_own', benchmarks }, '//! - machine: this one\n')

test('renderOwn should write every sum, and mark a component that changes nothing', () => {
  const text = rendered(serve())
  assert.ok(text.includes('    fn serve(o: u32, u: u32) -> Weight;\n'))
  assert.ok(
    text.includes(`    fn serve(o: u32, _u: u32) -> Weight {
        // \`o\` from 1 to 16.
        // \`u\` from 0 to 2.
        // Pallet::Map: 32 read, 1 written
        Weight::from_parts(12_345_678, 3_513)
            .saturating_add(T::DbWeight::get().reads_writes(3, 1))
            .saturating_add(Weight::from_parts(1_000_000, 0).saturating_mul(o.into()))
            .saturating_add(Weight::from_parts(0, 2_520).saturating_mul(o.into()))
            .saturating_add(T::DbWeight::get().reads(2).saturating_mul(o.into()))
    }
`),
  )
  assert.ok(text.includes('//! - machine: this one\n'))
  assert.ok(text.includes('ParityDbWeight::get().reads(2)'))
})

test('renderForeign should implement the trait of the pallet, and the one of the system for its extensions', () => {
  const of = (pallet) => renderForeign({ pallet, benchmarks: [serve()] }, '')
  assert.ok(of('pallet_sudo').includes('> pallet_sudo::WeightInfo for WeightInfo<T> {'))
  assert.ok(of('frame_system_extensions').includes('> frame_system::ExtensionsWeightInfo for WeightInfo<T> {'))
})

test('placeOf should put weights beside the pallet where it is ours, and into the runtime where it is not', () => {
  const isOwn = (directory) => directory === 'pallets/job-escrow'
  assert.equal(placeOf('pallet_job_escrow', isOwn).path, 'pallets/job-escrow/src/weights.rs')
  assert.equal(placeOf('pallet_sudo', isOwn).path, 'runtime/src/weights/pallet_sudo.rs')
})

test('speedLine should be a line of the comment at the head', () => {
  assert.equal(
    speedLine({ hashing: 0.456, verifying: 1 }),
    '//! - speed: Blake2-256 0.46, Sr25519 1.00 of the reference machine, whose times these are\n',
  )
})

test('readWeights should read back what was rendered', () => {
  const weights = readWeights(rendered(serve(), idle))
  assert.deepEqual([...weights.keys()], ['serve', 'idle'])
  assert.deepEqual(weights.get('serve'), {
    counts: 'reads 3+2·o, writes 1, proof 3513+2520·o',
    time: 12_345_678 + 16 * 1_000_000,
  })
  assert.deepEqual(weights.get('idle'), { counts: 'reads 0, writes 1, proof 0', time: 999 })
})

const verdicts = (before, now, factor = 2) =>
  compare(readWeights(rendered(...before)), readWeights(rendered(...now)), factor).map(({ name, fault }) => [
    name,
    fault,
  ])

test('compare should find a fault in any other count, however small', () => {
  for (const change of [{ reads: line(4, { o: 2 }) }, { writes: line(2) }, { proof: line(3_514, { o: 2_520 }) }]) {
    assert.deepEqual(verdicts([serve()], [serve(change)]), [['serve', true]])
  }
  assert.deepEqual(verdicts([serve()], [serve()]), [['serve', false]])
})

test('compare should find a fault in a function that only one side has', () => {
  assert.deepEqual(verdicts([serve()], [serve(), idle]), [
    ['idle', true],
    ['serve', false],
  ])
  assert.deepEqual(verdicts([serve(), idle], [serve()]), [
    ['idle', true],
    ['serve', false],
  ])
})

test('compare should forgive times within the factor, and differences too short to mean anything', () => {
  const taking = (base) => [serve({ time: line(base) })]
  assert.deepEqual(verdicts(taking(100_000_000), taking(199_000_000)), [['serve', false]])
  assert.deepEqual(verdicts(taking(100_000_000), taking(201_000_000)), [['serve', true]])
  assert.deepEqual(verdicts(taking(201_000_000), taking(100_000_000)), [['serve', true]])
  assert.deepEqual(verdicts(taking(5_000_000), taking(20_000_000)), [['serve', false]])
})
