import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { blockRows } from '../../lib/report.mjs'
import { heading, renderPairs, renderTable, wrap } from '../../lib/table.mjs'

test('renderTable should align columns and draw rules when cells differ in length', () => {
  assert.equal(
    renderTable(
      [{ name: 'who' }, { name: 'AIPG', align: 'right' }],
      [['Bob', '1'], null, ['Charlie', '0.5']],
    ),
    ['  who      AIPG', '  ───────  ────', '  Bob         1', '  ───────  ────', '  Charlie   0.5'].join(
      '\n',
    ),
  )
})

test('renderTable should refuse a row when it has too few cells', () => {
  assert.throws(() => renderTable([{ name: 'a' }, { name: 'b' }], [['only one']]), RangeError)
})

test('renderPairs should wrap long texts under each other', () => {
  assert.equal(renderPairs([['q', 'aaa bbb ccc']], 7), '  q  aaa bbb\n     ccc')
})

test('wrap should keep every word when one is longer than the line', () => {
  assert.deepEqual(wrap('a very-long-word b', 6), ['a', 'very-long-word', 'b'])
  assert.deepEqual(wrap('one\n\ntwo', 10), ['one', '', 'two'])
})

test('heading should be underlined in its own length', () => {
  assert.equal(heading('Ab – c'), '\nAb – c\n══════')
})

const rewarded = (number, ...events) => ({
  number,
  author: 'alice-address',
  events: [
    { name: 'emission.Minted', data: { who: 'alice-address', amount: AIPG, reason: 'BlockAuthor' } },
    ...events,
  ],
})

test('blockRows should draw idle blocks together and name what happened in the others', () => {
  const rows = blockRows(
    [
      rewarded(4),
      rewarded(5),
      rewarded(6, { name: 'emission.Burned', data: { who: 'x', amount: 5n * AIPG, reason: 'JobFee' } }, {
        name: 'jobEscrow.JobClaimed',
        data: { job: 0n, worker: 'charlie-address' },
      }),
      rewarded(7),
    ],
    new Map([
      ['alice-address', 'Alice'],
      ['charlie-address', 'Charlie'],
    ]),
  )
  assert.deepEqual(rows, [
    ['4–5', 'Alice', 'block rewards only', '2', ''],
    ['6', 'Alice', 'job 0: Charlie claims', '1', '5'],
    ['7', 'Alice', 'block rewards only', '1', ''],
  ])
})
