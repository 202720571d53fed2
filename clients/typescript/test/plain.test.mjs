import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TypeRegistry } from '@polkadot/types'
import { palletAddress, plain, plainEvent } from '@aipowergrid/client'

const registry = new TypeRegistry()
registry.register({
  Colour: { _enum: ['Red', 'Green'] },
  Shape: { _enum: { Dot: null, Circle: 'u32', Box: '(u8, u8)' } },
  Record: {
    amount: 'u128',
    count: 'Compact<u32>',
    hash: 'H256',
    bytes: 'Bytes',
    flag: 'bool',
    none: 'Option<u32>',
    some: 'Option<u64>',
    colour: 'Colour',
    shapes: 'Vec<Shape>',
    text: 'Text',
    account: 'AccountId32',
  },
})
registry.setChainProperties(registry.createType('ChainProperties', { ss58Format: 2686 }))

test('plain should give every kind of codec as plain data', () => {
  const record = registry.createType('Record', {
    amount: 2n ** 100n,
    count: 7,
    hash: `0x${'ab'.repeat(32)}`,
    bytes: '0x010203',
    flag: true,
    none: null,
    some: 5,
    colour: 'Green',
    shapes: ['Dot', { Circle: 9 }, { Box: [1, 2] }],
    text: 'hello',
    account: new Uint8Array(32),
  })
  assert.deepEqual(plain(record), {
    amount: 2n ** 100n,
    count: 7n,
    hash: `0x${'ab'.repeat(32)}`,
    bytes: '0x010203',
    flag: true,
    none: null,
    some: 5n,
    colour: 'Green',
    shapes: ['Dot', { Circle: 9n }, { Box: [1n, 2n] }],
    text: 'hello',
    account: record.get('account').toString(),
  })
  assert.match(plain(record).account, /^j5/)
})

test('plainEvent should name fields in camel case when the metadata names them', () => {
  const value = registry.createType('u128', 7)
  const record = (names) => ({
    event: { section: 'jobEscrow', method: 'JobSettled', data: Object.assign([value], { names }) },
    phase: { isApplyExtrinsic: true, asApplyExtrinsic: { toNumber: () => 2 } },
  })
  assert.deepEqual(plainEvent(record(['to_worker'])), {
    section: 'jobEscrow',
    method: 'JobSettled',
    name: 'jobEscrow.JobSettled',
    data: { toWorker: 7n },
    extrinsic: 2,
  })
  assert.deepEqual(plainEvent(record(null)).data, { 0: 7n })
})

test('palletAddress should differ by name and have the chain’s prefix', () => {
  assert.notEqual(palletAddress('aipg/tsy'), palletAddress('aipg/stk'))
  assert.match(palletAddress('aipg/tsy'), /^j5/)
})
