// The client without a chain: what it refuses before it asks one, and connecting in vain.

import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { TypeRegistry } from '@polkadot/types'
import { Client, RpcFailure, accountFrom, connect } from '@aipowergrid/client'

const MODEL = `0x${'ab'.repeat(32)}`

/** A port on which nobody listens. */
async function closedPort() {
  const server = createServer()
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address()
  await new Promise((done) => server.close(done))
  return port
}

test('connect should throw InvalidRequest when no address or no WebSocket address is given', async () => {
  for (const options of [{}, { urls: [] }, { url: 'http://127.0.0.1:9944' }, { url: '' }]) {
    await assert.rejects(connect(options), { name: 'InvalidRequest' }, JSON.stringify(options))
  }
})

test('connect should throw ConnectionLost and name the addresses when nobody listens', async () => {
  const urls = [`ws://127.0.0.1:${await closedPort()}`, `ws://127.0.0.1:${await closedPort()}`]
  await assert.rejects(connect({ urls, patience: 200, retry: 20 }), (error) => {
    assert.equal(error.name, 'ConnectionLost')
    for (const url of urls) assert.ok(error.message.includes(url))
    return true
  })
})

test('connect should throw ConnectionLost when a server takes the connection and says nothing', async () => {
  const sockets = []
  const server = createServer((socket) => sockets.push(socket))
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const url = `ws://127.0.0.1:${server.address().port}`
  await assert.rejects(connect({ url, patience: 200 }), { name: 'ConnectionLost' })
  for (const socket of sockets) socket.destroy()
  server.close()
})

test('connect should end early when the caller says so', async () => {
  const url = `ws://127.0.0.1:${await closedPort()}`
  await assert.rejects(connect({ url, timeout: 50 }), { name: 'TimedOut' })
  const controller = new AbortController()
  const connecting = connect({ url, signal: controller.signal })
  controller.abort()
  await assert.rejects(connecting, { name: 'Aborted' })
})

/** A client of a chain whose library decorates only this. */
function clientOf({ query = {}, sampling = { _enum: ['Greedy'] }, rpc = async () => null }) {
  const registry = new TypeRegistry()
  registry.register({ Sampling: sampling, Parameters: { seed: 'u64', sampling: 'Sampling' } })
  const type = { toString: () => 'Parameters' }
  const api = {
    registry,
    query,
    call: {},
    tx: { jobEscrow: { submit: { meta: { args: [{}, {}, { type }] } } } },
  }
  const { signal } = new AbortController()
  const connection = {
    api,
    rpc,
    run: (_, body) => body(signal),
    call: (body) => body(),
    finalised: { head: async () => ({ number: 1, hash: '0x01' }) },
  }
  return new Client(connection)
}

test('receipts should be refused by name when the chain has no such pallet', async () => {
  const client = clientOf({})
  const refusal = { name: 'UnsupportedByChain', feature: 'pallet Receipts' }
  await assert.rejects(client.verifyReceipt(1n), refusal)
  await assert.rejects(client.receiptProof(1n), refusal)
})

test('receipts should be refused by name when the node has no such method', async () => {
  const rpc = async (method) => {
    throw new RpcFailure(method, { code: -32601, message: '-32601: Method not found' })
  }
  const client = clientOf({ query: { receipts: { roots: { key: () => '0x' } } }, rpc })
  await assert.rejects(client.receiptProof(1n), {
    name: 'UnsupportedByChain',
    feature: 'RPC method receipts_proof',
  })
})

test('runtime APIs should be refused by name when the chain has no such function', async () => {
  await assert.rejects(clientOf({}).books(), {
    name: 'UnsupportedByChain',
    feature: 'runtime API economyApi.books',
  })
})

test('sampling should be refused by name when the chain has greedy decoding only', async () => {
  const request = { model: MODEL, prompt: 'x', sampling: { temperature: 1 } }
  await assert.rejects(clientOf({}).prepareJob(request), {
    name: 'UnsupportedByChain',
    feature: 'seeded sampling',
  })
  // With it the request gets as far as the quote, which this chain lacks.
  const sampling = { _enum: { Greedy: 'Null', Seeded: 'u32' } }
  await assert.rejects(clientOf({ sampling }).prepareJob(request), {
    feature: 'runtime API jobsApi.quote',
  })
})

test('requests should be refused before anything is sent when they make no sense', async () => {
  const client = clientOf({})
  const refused = (request, name) =>
    assert.rejects(client.prepareJob({ model: MODEL, ...request }), { name })
  await refused({}, 'InvalidRequest')
  await refused({ prompt: 'x', tokens: [1] }, 'InvalidRequest')
  await refused({ tokens: [] }, 'EmptyPrompt')
  await refused({ prompt: 'x', maxOutput: 0 }, 'NoOutputRequested')
  await refused({ prompt: 'x', sampling: { topP: 2 } }, 'InvalidRequest')
  await refused({ tokens: [-1] }, 'InvalidRequest')
})

// A chain whose final state holds one root, and a node that serves one proof.
const ROUND_ROOT = `0x${'11'.repeat(32)}`
function receiptClient({ root = ROUND_ROOT, proof = {}, genesis = `0x${'00'.repeat(32)}` }) {
  const served = { job: 7, round: 3, index: 0, count: 1, receipt: '0x00', path: [], ...proof }
  const rpc = async (method) => (method === 'receipts_proof' ? served : root)
  const client = clientOf({ query: { receipts: { roots: { key: () => '0x' } } }, rpc })
  client.connection.genesis = genesis
  return { client, served }
}

test('verifyReceipt should name what is wrong when chain, round, job or root do not fit', async () => {
  const refused = (client, target, code) =>
    assert.rejects(client.verifyReceipt(target), { name: 'ReceiptInvalid', code })
  const { client, served } = receiptClient({})
  await refused(client, 7n, 'RootMismatch')
  await refused(client, 8n, 'JobMismatch')
  await refused(client, { ...served, genesis: `0x${'ff'.repeat(32)}` }, 'GenesisMismatch')
  await refused(receiptClient({ root: null }).client, served, 'RootUnknown')
})

test('accountFrom should give the addresses of this chain', async () => {
  const bob = await accountFrom('//Bob', 'Bob')
  assert.match(bob.address, /^j5/)
  assert.equal(bob.meta.name, 'Bob')
})
