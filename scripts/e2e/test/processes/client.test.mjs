// The client against a real chain: a job's stages, waits that end early, a node that goes and comes
// back.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { accountFrom, connect } from '@aipowergrid/client'
import { freePort } from '../../lib/processes.mjs'
import { startNetwork } from './setup.mjs'

// Old states go soon, so that a test can ask for one.
const PRUNING = ['--state-pruning', '16']
const ANOTHER_GENESIS = `0x${'ab'.repeat(32)}`

let network
let worker
before(async () => {
  network = await startNetwork({ extra: PRUNING })
  const { processes, node } = network
  worker = await processes.startWorker({
    url: node.url,
    suri: '//Charlie',
    extra: ['--capacity', '4'],
  })
})
after(() => network?.stop())

test('connect should use the node that answers when another one does not', async () => {
  const nobody = `ws://127.0.0.1:${await freePort()}`
  const client = await connect({ urls: [nobody, network.node.url], retry: 50 })
  assert.equal(client.connection.url, network.node.url)
  assert.equal(client.genesis, network.chain.genesis)
  await client.disconnect()
  await assert.rejects(client.models(), { name: 'Disconnected' })
})

test('connect should refuse a node when it is of another chain than is meant', async () => {
  const { url } = network.node
  await assert.rejects(connect({ url, genesis: ANOTHER_GENESIS }), {
    name: 'WrongChain',
    found: network.chain.genesis,
    expected: ANOTHER_GENESIS,
  })
  const client = await connect({ url, genesis: network.chain.genesis })
  await client.disconnect()
})

test('job should come to every stage, be answered the same on the final chain, and be paid', async () => {
  const { chain, accounts, model } = network
  const job = await chain.submitJob({ model, prompt: 'What is a miner?', signer: accounts.bob })
  const stages = (async () => {
    const seen = []
    for await (const stage of chain.stages(job)) seen.push(stage.stage)
    return seen
  })()
  const [result, final, paid] = await Promise.all([
    chain.waitForResult(job),
    chain.waitForResult(job, { finalised: true }),
    chain.waitForSettlement(job, { finalised: true }),
  ])
  assert.deepEqual(final, result)
  assert.notEqual(result.text, '')
  assert.equal(result.worker, accounts.charlie.address)
  assert.equal(paid.fee, result.fee)
  assert.ok(paid.block.number >= Number(result.settlesAt))
  assert.deepEqual(await stages, ['queued', 'assigned', 'running', 'delivered', 'settled'])
  assert.equal(job.stage.stage, 'settled')
  // Whoever noted down number and height can ask again; without a tokenizer there is no text.
  const again = await chain.waitForResult({ id: job.id, since: job.since })
  assert.deepEqual(again, { ...result, text: null })
})

test('seeded job should be answered the same when the seed is the same', async () => {
  const { chain, accounts, model } = network
  const ask = async (seed) => {
    const sampling = { temperature: 2, topK: 60, topP: 0.98, minP: 0.001, seed }
    const order = { model, prompt: 'What is a miner?', maxOutput: 24, sampling }
    const job = await chain.submitJob({ ...order, signer: accounts.bob })
    return (await chain.waitForResult(job)).text
  }
  const [first, again, ...others] = await Promise.all([7n, 7n, 8n, 9n].map(ask))
  assert.equal(first, again)
  assert.ok(others.some((text) => text !== first))
})

test('calls of one account should all be included when two programs send them at the same time', async () => {
  const { chain, accounts, node } = network
  const other = await connect({ url: node.url })
  const nonce = async () =>
    (await chain.api.query.system.account(accounts.eve.address)).nonce.toNumber()
  const before = await nonce()
  const included = await Promise.all(
    ['one', 'two', 'three'].flatMap((text) =>
      [chain, other].map((client) =>
        client.submit(client.api.tx.system.remark(text), accounts.eve),
      ),
    ),
  )
  assert.equal(new Set(included.map(({ txHash }) => txHash)).size, included.length)
  assert.equal(await nonce(), before + included.length)
  await other.disconnect()
})

test('submission should be refused before it costs anything when price, model or size are wrong', async () => {
  const { chain, accounts, model } = network
  const free = await chain.freeBalance(accounts.eve.address)
  const refused = (change, name) =>
    assert.rejects(
      chain.submitJob({ model, prompt: 'Hello', signer: accounts.eve, ...change }),
      { name },
    )
  const { leastPrice } = await chain.quote({ model, prompt: 'Hello' })
  await refused({ maxPrice: leastPrice - 1n }, 'PriceBelowFloor')
  await refused({ model: ANOTHER_GENESIS }, 'UnknownModel')
  await refused({ maxOutput: 1_000_000 }, 'PromptTooLong')
  assert.equal(await chain.freeBalance(accounts.eve.address), free)
})

test('pool’s refusal should be named when an account cannot pay for a call', async () => {
  const nobody = await accountFrom('//Nobody//has//paid//in')
  await assert.rejects(network.chain.submit(network.chain.api.tx.system.remark('x'), nobody), {
    name: 'PoolRejection',
  })
})

test('waits should end early by name when the caller says so', async () => {
  const { chain } = network
  const coming = { id: 1_000_000n, since: await chain.bestNumber() }
  await assert.rejects(chain.waitForResult(coming, { timeout: 1 }), { name: 'TimedOut' })
  const controller = new AbortController()
  const { signal } = controller
  const waits = [
    chain.waitForResult(coming, { signal }),
    chain.waitForSettlement(coming, { signal, finalised: true }),
    chain.stages(coming, { signal }).next(),
  ]
  controller.abort()
  await Promise.all(waits.map((wait) => assert.rejects(wait, { name: 'Aborted' })))
})

test('waits and calls should outlast a node that is killed and started again', async (t) => {
  const { chain, processes, node, accounts, model } = network
  assert.equal(await worker.stop(), 0)
  const impatient = await connect({ url: node.url, patience: 10_000, retry: 100 })
  // It would keep the test alive for ever if something fails.
  t.after(() => impatient.disconnect())
  // With nobody online the job ends without a result, long after the node is back.
  const job = await chain.submitJob({
    model,
    prompt: 'Are you still there?',
    signer: accounts.bob,
    finalised: true,
  })
  const waiting = assert.rejects(chain.waitForResult(job), { name: 'JobRefunded' })
  const lost = assert.rejects(impatient.waitForResult(job), { name: 'ConnectionLost' })
  const nonce = async () =>
    (await chain.api.query.system.account(accounts.eve.address)).nonce.toNumber()
  const before = await nonce()
  const sent = chain.submit(chain.api.tx.system.remark('through the storm'), accounts.eve)
  const pending = async () => (await chain.api.rpc.author.pendingExtrinsics()).length
  while ((await pending()) === 0 && (await nonce()) === before) await sleep(5)
  assert.equal(await node.kill(), 'SIGKILL')
  await lost

  const back = await processes.startNode({ rpcPort: node.rpc, p2pPort: node.p2p, extra: PRUNING })
  assert.equal(back.url, node.url)
  const { txHash, events } = await sent.catch((error) => {
    error.message += `\n${back.tail(40)}`
    throw error
  })
  assert.match(txHash, /^0x[0-9a-f]{64}$/)
  assert.ok(events.some(({ name }) => name === 'system.ExtrinsicSuccess'))
  assert.equal(await nonce(), before + 1)
  await waiting
  // The client that had given up works again, too.
  assert.equal(await impatient.job(job.id), null)
})

test('history should be named as gone when the node has pruned the state of a job’s blocks', async () => {
  const { ledger, node } = network
  await ledger.height(40)
  // A client that has read nothing yet: what was read before is remembered for a while.
  const client = await connect({ url: node.url })
  try {
    await assert.rejects(client.waitForResult({ id: 0n, since: 1 }), { name: 'HistoryUnavailable' })
    const unknown = client.connection.header(ANOTHER_GENESIS)
    await assert.rejects(unknown, { name: 'HistoryUnavailable' })
  } finally {
    await client.disconnect()
  }
})
