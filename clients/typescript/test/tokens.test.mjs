import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BlobError,
  ByteTokenizer,
  DEMO_TOKENIZER,
  END_OF_ANSWER,
  END_OF_PROMPT,
  InvalidRequest,
  ResultMismatch,
  START,
  blobHash,
  commitTokens,
  decodeTokens,
  encodeTokens,
  openTokens,
  tokenRoot,
} from '@aipowergrid/client'

const upTo = (count) => Array.from({ length: count }, (_, index) => index)

// Printed by worker/exact (commitment::token_root with blake2b-256).
const ROOTS = [
  [[], '0xfbab7aead11e17753f13443b761626f37d2ddf90ca8b03bf9583cdf542e97eac'],
  [[256, 72, 105, 257], '0xde8c887f3b130373c9e3dd37fab4c62c228f70ef6c3831c35841728e6a4dae8a'],
  [upTo(1), '0x6e4d10bdbbe236d48fa42481c6857f9cab695676d141bfd781d3efe6efd5cf87'],
  [upTo(63), '0xb6ef8ae73030ae71113704c0ce09226d3b8ddc215295ded9872fbc4d39c0a475'],
  [upTo(64), '0x3ec11f851ac1ef3ceb74972d242e4caa80f0c2b89ff7f15e7cfb7d1ac90205a0'],
  [upTo(65), '0x2e36f5316dd696ea5a77288825eff6f67b43712130fb26e40ddd82af8142c138'],
  [upTo(100), '0xc1857355e958349c017171b538a9da5149cc3c7840d1be19419e7b8ed30299a0'],
  [upTo(128), '0x8ea3a8d3fff7dfc3c15e9c8b6db206381bb7343805847d5c96761a59e0836c8d'],
  [upTo(129), '0x0cd383abae39dd597e106a602ccfdab87442e9dae25200fe00d212c817d0d5c9'],
  [upTo(192), '0x0cee0b81c1c3f2ead546300040ffe9450bd683573ff5c5784337ec4abf63890e'],
  [upTo(321), '0x6f1e065298a32b4ef417667abbd562e2366df741d511a6bad0b2550361873b40'],
  [upTo(512), '0x5709c5128feba4990f0c893b59e58fda40d486627a377a38719f0546c693daf3'],
  [Array(64).fill(0), '0x84be5a7e56abb5fcceb434c228d2cce211622f309d203364c5b71bb47be56c3d'],
  [Array(65).fill(0), '0x28104904bea2292094846df306eaab7b1858590a9c50780eb1fd5f0fc4c7d29c'],
  [
    [0xffffffff, 0x80000000, 65536],
    '0x9c6f9d17d38c02c789aef5a9a34cc22427cc1d73b83aef070b2e71d788ea6eb0',
  ],
]

test('tokenRoot should equal the worker’s when lists fill leaves, cross them or are empty', () => {
  for (const [ids, root] of ROOTS) assert.equal(tokenRoot(ids), root, `${ids.length} ids`)
})

test('tokenRoot should change when any id of a list changes', () => {
  const ids = upTo(130)
  const root = tokenRoot(ids)
  for (const position of [0, 63, 64, 127, 128, 129]) {
    const changed = ids.map((id, at) => (at === position ? 999 : id))
    assert.notEqual(tokenRoot(changed), root, `id ${position}`)
  }
})

test('tokenizer should wrap the bytes of the text when it has characters of several bytes', () => {
  assert.deepEqual(DEMO_TOKENIZER.encode('Hé'), [START, 72, 0xc3, 0xa9, END_OF_PROMPT])
  assert.deepEqual(DEMO_TOKENIZER.encode(''), [START, END_OF_PROMPT])
})

test('tokenizer should leave markers and reserved ids out when an answer has them', () => {
  assert.equal(DEMO_TOKENIZER.decode([72, 0xc3, 0xa9, 271, END_OF_ANSWER]), 'Hé')
})

test('encodeTokens should be little-endian when ids need several bytes', () => {
  assert.deepEqual([...encodeTokens([1, 257, 0x01020304])], [1, 0, 0, 0, 1, 1, 0, 0, 4, 3, 2, 1])
})

test('decodeTokens should return the ids when the bytes lie inside a larger buffer', () => {
  const larger = new Uint8Array(16)
  larger.set(encodeTokens([7, 0xffffffff]), 5)
  assert.deepEqual(decodeTokens(larger.subarray(5, 13)), [7, 0xffffffff])
})

test('decodeTokens should name the error when the length is no multiple of four', () => {
  assert.throws(() => decodeTokens(new Uint8Array(5)), (error) => {
    assert.ok(error instanceof BlobError)
    assert.equal(error.code, 'NotATokenList')
    return true
  })
})

test('blobHash should be blake2b-256 when the bytes are known', () => {
  // RFC 7693's function with a digest of 32 bytes, over no bytes.
  assert.equal(
    blobHash(new Uint8Array()),
    '0x0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
  )
})

test('openTokens should return the ids when blob and commitment agree', () => {
  const { bytes, commitment } = commitTokens([72, 105, END_OF_ANSWER])
  assert.deepEqual(openTokens(bytes, commitment), [72, 105, END_OF_ANSWER])
})

test('openTokens should name the error when any single bit of the blob is changed', () => {
  const { bytes, commitment } = commitTokens([72, 105, END_OF_ANSWER])
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = bytes.slice()
    changed[bit >> 3] ^= 1 << (bit & 7)
    assert.throws(() => openTokens(changed, commitment), { code: 'BlobMismatch' }, `bit ${bit}`)
  }
})

test('openTokens should name the error when the commitment is of other tokens', () => {
  const { bytes, commitment } = commitTokens([72, 105])
  const other = commitTokens([72, 106]).commitment
  assert.throws(() => openTokens(bytes, { ...commitment, root: other.root }), {
    code: 'RootMismatch',
  })
  assert.throws(() => openTokens(bytes, { ...commitment, count: 3 }), { code: 'CountMismatch' })
  assert.throws(() => openTokens(bytes, { ...commitment, count: 3 }), ResultMismatch)
})

test('openTokens should name the error when the named blob is no token list', () => {
  const bytes = new Uint8Array(5)
  const commitment = { blob: blobHash(bytes), root: tokenRoot([]), count: 1n }
  assert.throws(() => openTokens(bytes, commitment), {
    name: 'ResultMismatch',
    code: 'NotATokenList',
  })
})

test('openTokens should take the count of a chain when it is a bigint', () => {
  const { bytes, commitment } = commitTokens([1, 2, 3])
  assert.deepEqual(openTokens(bytes, { ...commitment, count: 3n }), [1, 2, 3])
})

test('encodeTokens should refuse ids when they are no u32', () => {
  for (const id of [-1, 1.5, 2 ** 32, Number.NaN]) {
    assert.throws(() => encodeTokens([0, id]), InvalidRequest, String(id))
  }
})

test('tokenizer should use the markers it is given when a model has others', () => {
  const tokenizer = new ByteTokenizer({ start: 300, endOfPrompt: 301, endOfAnswer: 302 })
  assert.deepEqual(tokenizer.encode('A'), [300, 65, 301])
  assert.equal(tokenizer.decode([66, 302]), 'B')
  assert.deepEqual(tokenizer.stop, [302])
})
