import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { STEPS_PERCENT, grownItems, stateChanges } from '../../bench/client.mjs'
import { footprint, hookWeight, latencies } from '../../bench/jobs.mjs'
import { memoryOf, peakOf, systemName } from '../../bench/machine.mjs'
import { planOf } from '../../bench/plans.mjs'
import { printed } from '../../bench/printed.mjs'
import { CHECKER_HEAD, COST_HEAD, checkerCells, costCells, traceTimes } from '../../bench/refutation.mjs'
import { SHAPES, normals, safetensorsHead, someTokens, tensorsOf } from '../../bench/shapes.mjs'
import { parseStageTimes } from '../../bench/stages.mjs'
import { duration, mebibytes, median, number, quantile, summary, trend } from '../../bench/statistics.mjs'
import { bounds, rate, steadyBlocks } from '../../bench/throughput.mjs'
import { TRACE_HEAD, traceCells } from '../../bench/traces.mjs'
import { lastMove } from '../../lib/disputes.mjs'
import { replaceMarked } from '../../lib/markdown.mjs'
import { ROOT } from '../../lib/processes.mjs'

test('quantile should interpolate between the two values around it', () => {
  assert.equal(quantile([4, 1, 3, 2], 0), 1)
  assert.equal(quantile([4, 1, 3, 2], 1), 4)
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5)
  assert.equal(median([7]), 7)
  assert.throws(() => median([]), RangeError)
})

test('summary should order numbers and not text', () => {
  const values = Array.from({ length: 21 }, (_, index) => (index * 8) % 21)
  assert.deepEqual(summary(values), { count: 21, min: 0, median: 10, p95: 19, max: 20, mean: 10 })
})

test('trend should compare the first with the last third, and say nothing of few values', () => {
  assert.deepEqual(trend([1, 1, 5, 5, 2, 2]), { first: 1, last: 2, ratio: 2 })
  assert.equal(trend([1, 2, 3, 4, 5]), null)
})

test('number, mebibytes and duration should be written as people read them', () => {
  assert.equal(number(1234567.891, 1), '1,234,567.9')
  assert.equal(mebibytes(3 * 1024 * 1024), '3.0')
  assert.equal(duration(59.4), '59 s')
  assert.equal(duration(845), '14 min 05 s')
})

test('memoryOf should read bytes, and give null for a process that has gone', () => {
  const text = 'Name:\tnode\nVmRSS:\t  145480 kB\nRssAnon:\t  109680 kB\nRssFile:\t   35800 kB\n'
  assert.deepEqual(memoryOf(text), { resident: 145_480 * 1024, own: 109_680 * 1024 })
  assert.equal(memoryOf('Name:\tnode\nState:\tZ (zombie)\n'), null)
})

test('peakOf should read the most that was resident, and give null for a process that has gone', () => {
  assert.equal(peakOf('VmPeak:\t 9 kB\nVmHWM:\t  1600 kB\nVmRSS:\t 8 kB\n'), 1_600 * 1024)
  assert.equal(peakOf('Name:\tnode\n'), null)
})

test('systemName should read the name with and without quotes', () => {
  assert.equal(systemName('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\n'), 'Debian GNU/Linux 12')
  assert.equal(systemName('PRETTY_NAME=Arch\n'), 'Arch')
  assert.equal(systemName(''), 'unknown system')
})

test('parseStageTimes should read what scripts/test writes', () => {
  assert.deepEqual(parseStageTimes('target\tempty\n6\tset-up\n839\tunit and runtime tests\n841\ttogether\n'), {
    empty: true,
    stages: [
      { name: 'set-up', seconds: 6 },
      { name: 'unit and runtime tests', seconds: 839 },
    ],
    total: 841,
  })
  assert.equal(parseStageTimes('target\tused\n1\tx\n1\ttogether\n').empty, false)
})

test('parseStageTimes should refuse another head, another line, no stages and no time of all together', () => {
  const end = '6\ttogether\n'
  const texts = [
    `6\tset-up\n${end}`,
    `target\tfull\n6\tset-up\n${end}`,
    `target\tused\nsix\tset-up\n${end}`,
    `target\tused\n${end}`,
    'target\tused\n6\tset-up\n',
    'target\tused\n',
  ]
  for (const text of texts) {
    assert.throws(() => parseStageTimes(text), SyntaxError, JSON.stringify(text))
  }
})

test('latencies should count blocks from the submission and leave out other jobs', () => {
  const event = (name, job, block) => ({ name: `jobEscrow.${name}`, data: { job }, block })
  const found = latencies([
    event('JobSettled', 6n, 3),
    event('JobSubmitted', 7n, 4),
    event('JobAssigned', 7n, 7),
    event('JobClaimed', 7n, 8),
    event('ResultSubmitted', 7n, 9),
    event('JobSettled', 7n, 24),
  ])
  assert.deepEqual(found, { JobAssigned: [3], JobClaimed: [4], ResultSubmitted: [5], JobSettled: [20] })
})

test('footprint should average by call, divide by jobs and leave out failed calls', () => {
  const call = (name, length, weight, fee, failed = false) => ({ name, length, weight, fee, failed })
  const blocks = [
    { extrinsics: [call('a', 10, 100n, 4n), call('b', 7, 1n, 1n), call('other', 1, 1n, 1n)] },
    { extrinsics: [call('a', 20, 300n, 6n), call('a', 99, 99n, 99n, true)] },
  ]
  assert.deepEqual(footprint(blocks, ['a', 'b', 'c'], 2), {
    calls: [
      { name: 'a', perJob: 1, length: 15, weight: 200, fee: 5n },
      { name: 'b', perJob: 0.5, length: 7, weight: 1, fee: 1n },
    ],
    failed: 1,
  })
})

test('hookWeight should separate what hooks always take from what a step of a job adds', () => {
  const block = (mandatory, steps) => ({
    weight: { mandatory: BigInt(mandatory) },
    events: Array.from({ length: steps }, () => ({ name: 'jobEscrow.JobSettled' })),
  })
  assert.deepEqual(hookWeight([block(10, 0), block(12, 0), block(31, 2), block(21, 1)]), { idle: 11, step: 10 })
  assert.equal(hookWeight([block(10, 0)]), null)
})

test('steadyBlocks should begin with the first payment and end with the last draw', () => {
  const block = (...names) => ({ events: names.map((name) => ({ name: `jobEscrow.${name}` })) })
  const blocks = [
    block('JobAssigned'),
    block('JobSettled'),
    block(),
    block('JobAssigned', 'JobSettled'),
    block('JobSettled'),
  ]
  assert.deepEqual(steadyBlocks(blocks), blocks.slice(1, 4))
  assert.deepEqual(steadyBlocks(blocks.slice(0, 2)), blocks.slice(0, 2))
})

test('rate should divide by the time of the blocks', () => {
  const blocks = Array.from({ length: 4 }, () => ({ weight: { normal: 30n } }))
  assert.deepEqual(rate(blocks, 60, { slotMs: 2000, normal: 60n }), {
    blocks: 4,
    perBlock: 15,
    perSecond: 7.5,
    filled: 0.5,
  })
})

test('bounds should give what each limit allows by itself', () => {
  const calls = [
    { perJob: 1, length: 100, weight: 90 },
    { perJob: 0.5, length: 100, weight: 90 },
  ]
  const limits = { normal: 1_500n, base: 10n, length: 3_000, steps: 300n }
  assert.deepEqual(bounds({ calls, step: 50, limits }), { weight: 10, length: 20, steps: 3 })
  assert.deepEqual(bounds({ calls, step: null, limits }), { weight: 10, length: 20, steps: null })
})

test('limits should take the share of the runtime for the steps of jobs', () => {
  const runtime = readFileSync(join(ROOT, 'runtime/src/configs/work.rs'), 'utf8')
  const escrow = runtime.slice(runtime.indexOf('impl pallet_job_escrow::Config for Runtime'))
  assert.equal(/type StepsWeight = BlockShare<(\d+)>;/.exec(escrow)?.[1], String(STEPS_PERCENT))
})

test('stateChanges should add up by item and leave out what stayed the same', () => {
  const key = (item, rest) => `0x${item.repeat(32)}${rest}`
  const names = new Map([
    [key('aa', ''), 'JobEscrow.Jobs'],
    [key('bb', ''), 'System.BlockHash'],
  ])
  const before = new Map([
    [key('aa', '01'), 10],
    [key('bb', '01'), 32],
  ])
  const after = new Map([
    [key('aa', '02'), 10],
    [key('bb', '01'), 32],
    [key('bb', '02'), 32],
    ['0x3a63', 4],
  ])
  assert.deepEqual(stateChanges(before, after, names), [
    { item: '0x3a63', keysBefore: 0, keysAfter: 1, bytesBefore: 0, bytesAfter: 4 },
    { item: 'System.BlockHash', keysBefore: 1, keysAfter: 2, bytesBefore: 32, bytesAfter: 64 },
  ])
})

test('grownItems should name items that got keys, except those that grow with blocks and rounds', () => {
  const change = (item, keysBefore, keysAfter) => ({ item, keysBefore, keysAfter })
  const changes = [
    change('System.BlockHash', 1, 9),
    change('Receipts.Roots', 1, 2),
    change('JobEscrow.Jobs', 0, 3),
    change('UsefulWork.Credits', 2, 1),
    change('System.Events', 1, 1),
  ]
  assert.deepEqual(grownItems(changes).map(({ item }) => item), ['JobEscrow.Jobs'])
})

const played = {
  what: 'a lie',
  moves: 7,
  cost: { calls: 10, bytes: 7_066, longest: 2_662, weight: 0.0114, heaviest: 0.002_05, played: 21.4, blocks: 44 },
  verdict: 29,
  delay: 4,
  trace: { trace: 0.5, file: 1.07 },
  idle: 2 ** 30,
  peak: 1_100 * 2 ** 20,
}

test('costCells and checkerCells should fill the columns of their tables', () => {
  const cells = costCells(played)
  assert.deepEqual(cells, ['a lie', '7', '10', '6.9', '2.6', '1.140', '0.205', '21', '29', '44'])
  assert.equal(cells.length, COST_HEAD.length)
  const checker = checkerCells(played)
  assert.deepEqual(checker, ['a lie', '4', '0.50', '1.07', '1,024.0', '1,100.0'])
  assert.equal(checker.length, CHECKER_HEAD.length)
})

test('costCells and checkerCells should say so where nobody moved and nothing was rebuilt', () => {
  assert.equal(costCells({ ...played, cost: { ...played.cost, played: null } })[7], '–')
  assert.deepEqual(checkerCells({ ...played, trace: null }).slice(2, 4), ['–', '–'])
})

test('lastMove should be the executed one, and nothing where nobody moved', () => {
  const moved = { name: 'referee.Moved', data: {} }
  const ended = (ending) => ({ name: 'referee.GameEnded', data: { outcome: { ending } } })
  const executed = ended({ Executed: {} })
  assert.equal(lastMove([moved, executed, { name: 'referee.RewardPaid', data: {} }]), executed)
  assert.equal(lastMove([moved, ended('Timeout')]), moved)
  assert.equal(lastMove([{ name: 'referee.Challenged', data: {} }]), undefined)
})

test('traceTimes should read the log of a study, and give null for one that there was not', () => {
  const line = 'INFO dispute: trace rebuilt, model file read job=0 seconds=1.5 trace_seconds=0.5'
  assert.deepEqual(traceTimes(`INFO connected\n${line}\n`), { trace: 0.5, file: 1 })
  assert.equal(traceTimes('INFO dispute: rebuilding the trace of the job job=0\n'), null)
})

test('traceCells should fill the columns of its table', () => {
  const run = {
    ...{ prompt: 256, output: 32, budget: undefined },
    ...{ prefill_seconds: 1.487, trace_seconds: 2.071, ratio: 1.393, descent_seconds: 0.0801 },
    ...{ trace_memory_bytes: 53 * 2 ** 20, whole_trace_bytes: 132 * 2 ** 20, kernel: 'avx2', threads: 2 },
  }
  const cells = traceCells(run)
  assert.deepEqual(cells, ['256 + 32', 'any', '1.49', '2.07', '1.39', '0.080', '53.0', '132.0', 'avx2, 2 threads'])
  assert.equal(cells.length, TRACE_HEAD.length)
  assert.equal(traceCells({ ...run, budget: 32 })[1], '32')
  assert.equal(traceCells({ ...run, trace_memory_bytes: null })[6], '–')
})

test('planOf should know the demo model and every shape, and nothing else', () => {
  assert.equal(planOf('demo').lies.length, 6)
  for (const shape of Object.keys(SHAPES)) {
    const { lies, terms } = planOf(shape)
    assert.deepEqual(
      lies.map(([what]) => what),
      ['another token', 'a number in a layer', 'a wrong digest'],
    )
    assert.equal(terms.tokens.length, 16)
  }
  for (const name of ['7b', 'toString']) assert.equal(planOf(name), null)
})

test('tensorsOf should have as many weights as the published model', () => {
  const product = (numbers) => numbers.reduce((result, number) => result * number, 1)
  const tensors = tensorsOf(SHAPES['0.5b'].configuration)
  const count = tensors.reduce((sum, { shape }) => sum + product(shape), 0)
  assert.equal(count, 494_032_768)
  assert.equal(new Set(tensors.map(({ name }) => name)).size, tensors.length)
})

test('safetensorsHead should place tensors one after the other, at a multiple of eight bytes', () => {
  const head = safetensorsHead([
    { name: 'a', shape: [2, 3] },
    { name: 'b', shape: [5] },
  ])
  assert.equal(head.length % 8, 0)
  assert.equal(Number(head.readBigUInt64LE()), head.length - 8)
  assert.deepEqual(JSON.parse(head.subarray(8)), {
    a: { dtype: 'BF16', shape: [2, 3], data_offsets: [0, 12] },
    b: { dtype: 'BF16', shape: [5], data_offsets: [12, 22] },
  })
})

test('normals should have mean 0 and the asked deviation, and the same numbers from a seed', () => {
  const draw = (seed) => {
    const numbers = new Float32Array(100_000)
    normals(seed).fill(numbers, 0.5)
    return numbers
  }
  const numbers = draw(1)
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length
  assert.ok(Math.abs(mean) < 0.01, `mean ${mean}`)
  assert.ok(Math.abs(Math.sqrt(variance) - 0.5) < 0.01, `variance ${variance}`)
  assert.deepEqual(draw(1), numbers)
  assert.notDeepEqual(draw(2), numbers)
})

test('someTokens should be different ids of the vocabulary', () => {
  const tokens = someTokens(16, 151_936)
  assert.equal(new Set(tokens).size, 16)
  assert.ok(tokens.every((token) => Number.isInteger(token) && token < 151_936))
})

test('replaceMarked should replace its own part only, and fail where there is none', () => {
  const page = 'a\n<!-- x:begin -->\nold\n<!-- x:end -->\n<!-- y:begin -->\n$&\n<!-- y:end -->\n'
  assert.equal(
    replaceMarked(page, 'x', "\nnew $& $'\n"),
    "a\n<!-- x:begin -->\n\nnew $& $'\n\n<!-- x:end -->\n<!-- y:begin -->\n$&\n<!-- y:end -->\n",
  )
  assert.throws(() => replaceMarked(page, 'z', ''), /no place for "z"/)
})

test('printed should find the table behind the name of its test', () => {
  const harness = ['', 'running 1 test', 'test scale::table ... | a | b |', '|--:|--:|', '| 1 | 2 |', '', 'More.']
  const output = [...harness, 'ok', '', 'test result: ok. 1 passed', ''].join('\n')
  assert.equal(printed(output), '| a | b |\n|--:|--:|\n| 1 | 2 |\n\nMore.')
  assert.throws(() => printed([...harness, 'FAILED', ''].join('\n')), /no table was printed/)
})
