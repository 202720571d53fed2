// The blob store of a real node, over its RPC.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { blobHash, encodeTokens } from '@aipowergrid/client'
import { Chain } from '../../lib/chain.mjs'
import { Processes } from '../../lib/processes.mjs'

const LARGEST = 4 * 1024 * 1024

let processes
let node
let chain
before(async () => {
  processes = new Processes()
  node = await processes.startNode()
  chain = await Chain.connect(node.url)
})
after(async () => {
  await chain?.disconnect()
  await processes?.stop()
})

function filesBelow(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? filesBelow(path) : [path]
  })
}

/** The file of the node that holds a blob, wherever below its folder it lies. */
function fileOf(bytes) {
  const found = filesBelow(node.basePath).filter(
    (path) => statSync(path).size === bytes.length && readFileSync(path).equals(bytes),
  )
  assert.equal(found.length, 1, 'exactly one file holds the blob')
  return found[0]
}

test('blob should come back under its blake2b-256 hash when it was put', async () => {
  const bytes = encodeTokens([256, 72, 105, 257])
  const hash = await chain.putBlob(bytes)
  assert.equal(hash, blobHash(bytes))
  assert.equal(await chain.hasBlob(hash), true)
  assert.deepEqual(await chain.getBlob(hash), bytes)
})

test('blob should have another name when one byte differs', async () => {
  const bytes = encodeTokens([1, 2, 3])
  const changed = bytes.slice()
  changed[7] ^= 1
  const [first, second] = [await chain.putBlob(bytes), await chain.putBlob(changed)]
  assert.notEqual(first, second)
  assert.deepEqual(await chain.getBlob(first), bytes)
  assert.deepEqual(await chain.getBlob(second), changed)
})

test('blobs_get should name the error when the node has no such blob', async () => {
  const hash = blobHash(new TextEncoder().encode('nobody put this'))
  assert.equal(await chain.hasBlob(hash), false)
  await assert.rejects(chain.getBlob(hash), { name: 'RpcFailure', code: 'NotFound' })
})

test('blobs_put should name the error when a blob is one byte too large, or empty', async () => {
  const largest = new Uint8Array(LARGEST).fill(7)
  const hash = await chain.putBlob(largest)
  assert.equal((await chain.getBlob(hash)).length, LARGEST)
  const tooLarge = new Uint8Array(LARGEST + 1)
  await assert.rejects(chain.putBlob(tooLarge), { name: 'RpcFailure', code: 'TooLarge' })
  assert.equal(await chain.hasBlob(blobHash(tooLarge)), false)
  await assert.rejects(chain.putBlob(new Uint8Array()), { name: 'RpcFailure', code: 'Empty' })
})

test('blobs_get should name the error when a byte of the file was changed on disk', async () => {
  const bytes = encodeTokens(Array.from({ length: 100 }, (_, index) => index * 7))
  const hash = await chain.putBlob(bytes)
  const path = fileOf(bytes)
  const onDisk = readFileSync(path)
  onDisk[200] ^= 1
  writeFileSync(path, onDisk)
  await assert.rejects(chain.getBlob(hash), { name: 'RpcFailure', code: 'Corrupted' })
  assert.equal(await chain.hasBlob(hash), false, 'the damaged blob is gone')
  assert.equal(await chain.putBlob(bytes), hash)
  assert.deepEqual(await chain.getBlob(hash), bytes)
})
