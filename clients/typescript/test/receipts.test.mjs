import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  ReceiptInvalid,
  SS58_PREFIX,
  decodeReceipt,
  fromHex,
  toHex,
  verifyReceiptProof,
} from '@aipowergrid/client'
import { blake2AsU8a, encodeAddress } from '@polkadot/util-crypto'

// From vectors/receipts.py, an implementation of its own.
const TREES = JSON.parse(readFileSync(new URL('vectors/receipts.json', import.meta.url), 'utf8'))

const proofOf = ({ count, root, leaves }, index) => ({
  job: leaves[index].meaning.job,
  round: 10,
  index,
  count,
  receipt: leaves[index].receipt,
  path: leaves[index].path,
  root,
  block: `0x${'00'.repeat(32)}`,
})
const NINE = TREES.at(-1)
const PROOF = proofOf(NINE, 5)

function assertInvalid(change, code) {
  assert.throws(
    () => verifyReceiptProof({ ...PROOF, ...change }, NINE.root),
    (error) => {
      assert.ok(error instanceof ReceiptInvalid, error)
      assert.equal(error.name, 'ReceiptInvalid')
      assert.equal(error.code, code, error.message)
      return true
    },
  )
}

test('verifyReceiptProof should return the receipt for every leaf of trees of many sizes', () => {
  assert.deepEqual(
    TREES.map(({ count }) => count),
    [1, 2, 3, 4, 5, 8, 9],
  )
  for (const tree of TREES) {
    for (let index = 0; index < tree.count; index += 1) {
      const { meaning } = tree.leaves[index]
      const receipt = verifyReceiptProof(proofOf(tree, index), tree.root)
      assert.equal(receipt.job, BigInt(meaning.job))
    }
  }
})

test('decodeReceipt should give every field as the bytes have it', () => {
  const number = (value) => (typeof value === 'number' ? BigInt(value) : value)
  for (const { receipt: hex, meaning } of NINE.leaves) {
    const receipt = decodeReceipt(fromHex(hex))
    const address = (key) => encodeAddress(fromHex(key), SS58_PREFIX)
    assert.equal(receipt.job, BigInt(meaning.job))
    assert.equal(receipt.requester, address(meaning.requesterKey))
    assert.equal(receipt.model, `0x${'ab'.repeat(32)}`)
    assert.equal(receipt.class, 'Exact')
    assert.deepEqual(receipt.input, {
      blob: `0x${'07'.repeat(32)}`,
      root: `0x${'08'.repeat(32)}`,
      count: BigInt(meaning.inputCount),
    })
    const { seed, maxOutput, sampling, stop } = receipt.parameters
    assert.equal(seed, BigInt(meaning.seed))
    assert.equal(maxOutput, 256n)
    assert.deepEqual(stop, meaning.stop.map(BigInt))
    const expected = meaning.sampling.Seeded
      ? {
          Seeded: Object.fromEntries(
            Object.entries(meaning.sampling.Seeded).map(([name, value]) => [name, number(value)]),
          ),
        }
      : 'Greedy'
    assert.deepEqual(sampling, expected)
    assert.equal(receipt.maxPrice, BigInt(meaning.maxPrice))
    assert.equal(receipt.finishedAt, BigInt(meaning.finishedAt))
    if (meaning.paid) {
      const { worker, output, digest, units, ask, fee } = receipt.outcome.Paid
      assert.equal(worker, address(meaning.paid.workerKey))
      assert.equal(output.count, BigInt(meaning.paid.count))
      assert.equal(digest, `0x${'dd'.repeat(32)}`)
      assert.equal(fee, BigInt(meaning.paid.fee))
      assert.equal(units * ask, fee)
    } else {
      const { reason, returned } = meaning.refunded
      assert.deepEqual(receipt.outcome, { Refunded: { reason, returned: BigInt(returned) } })
    }
  }
})

test('verifyReceiptProof should refuse a receipt when any bit of it is changed', () => {
  const bytes = fromHex(PROOF.receipt)
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = bytes.slice()
    changed[bit >> 3] ^= 1 << (bit & 7)
    assertInvalid({ receipt: toHex(changed) }, 'RootMismatch')
  }
})

test('verifyReceiptProof should refuse a path when any sibling is changed, swapped or missing', () => {
  PROOF.path.forEach((sibling, level) => {
    const changed = fromHex(sibling)
    changed[31] ^= 1
    const path = PROOF.path.map((other, at) => (at === level ? toHex(changed) : other))
    assertInvalid({ path }, 'RootMismatch')
  })
  assertInvalid({ path: [...PROOF.path].reverse() }, 'RootMismatch')
  assertInvalid({ path: PROOF.path.slice(1) }, 'PathLengthMismatch')
  assertInvalid({ path: [...PROOF.path, `0x${'00'.repeat(32)}`] }, 'PathLengthMismatch')
})

test('verifyReceiptProof should refuse another place or size than the leaf has', () => {
  for (let index = 0; index < 9; index += 1) {
    if (index !== PROOF.index) assertInvalid({ index }, 'RootMismatch')
  }
  assertInvalid({ index: 9 }, 'IndexOutOfRange')
  assertInvalid({ index: 5 + 16 }, 'IndexOutOfRange')
  assertInvalid({ count: 0 }, 'IndexOutOfRange')
  // Trees of these sizes are as deep: only the count in the root tells them apart.
  for (const count of [10, 15, 16]) assertInvalid({ count }, 'RootMismatch')
  assertInvalid({ count: 17 }, 'PathLengthMismatch')
})

test('verifyReceiptProof should refuse a proof when it is against the root of another round', () => {
  const other = TREES.at(-2).root
  assert.throws(() => verifyReceiptProof(PROOF, other), { code: 'RootMismatch' })
})

test('verifyReceiptProof should refuse a receipt when it is of another job than the proof says', () => {
  assertInvalid({ job: 4 }, 'JobMismatch')
})

test('verifyReceiptProof should refuse a proof when its fields are nonsense', () => {
  for (const change of [
    { path: [...PROOF.path.slice(1), '0x00'] },
    { path: 'none' },
    { receipt: 'receipt' },
    { receipt: undefined },
    { index: -1 },
    { index: 1.5 },
    { count: 2 ** 53 },
    { job: 'seven' },
  ]) {
    assertInvalid(change, 'MalformedProof')
  }
})

/** A tree of one leaf: its root is right whatever the leaf is. */
function alone(bytes) {
  const hash = (...parts) => blake2AsU8a(Buffer.concat(parts), 256)
  const domain = Buffer.from('aipg.rcp')
  const leaf = hash(Buffer.of(0), domain, bytes)
  const count = Buffer.alloc(8)
  count.writeBigUInt64LE(1n)
  const root = toHex(hash(Buffer.of(2), domain, count, leaf))
  return { proof: { ...PROOF, index: 0, count: 1, path: [], receipt: toHex(bytes) }, root }
}

test('verifyReceiptProof should refuse a proven leaf when it is no receipt', () => {
  const bytes = fromHex(PROOF.receipt)
  const surplus = new Uint8Array([...bytes, 0])
  const unknownClass = bytes.slice()
  unknownClass[72] = 9
  for (const leaf of [bytes.slice(0, -1), surplus, unknownClass, new Uint8Array()]) {
    const { proof, root } = alone(leaf)
    assert.throws(() => verifyReceiptProof(proof, root), {
      name: 'ReceiptInvalid',
      code: 'MalformedReceipt',
    })
  }
  const whole = alone(bytes)
  assert.equal(verifyReceiptProof(whole.proof, whole.root).job, 5n)
})
