// The example page of the client in a real browser, against a real chain: a job from prompt to proof
// with a real worker, then jobs that the test itself serves, so that it decides when what happens.

import assert from 'node:assert/strict'
import { get } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { formatAipg } from '@aipowergrid/client'
import { openTab, serveFolder, startBrowser } from '../../lib/browser.mjs'
import { jobEnd, readAnswer, tokenList } from '../../lib/job.mjs'
import { PROGRAMS, ROOT, freePort } from '../../lib/processes.mjs'
import { startNetwork } from './setup.mjs'

// A guard against hanging.
const LIMIT_MS = 180_000
const ZERO_HASH = `0x${'00'.repeat(32)}`
const DONE = ['done', 'done', 'done', 'done', 'done', 'done']

let network
let worker
let site
let browser
before(async () => {
  network = await startNetwork()
  const { processes, node } = network
  ;[worker, site, browser] = await Promise.all([
    processes.startWorker({ url: node.url, suri: '//Charlie' }),
    serveFolder(join(ROOT, 'clients/typescript')),
    startBrowser(),
  ])
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await network?.stop()
})

/** A tab with the page; `fields` are those of its address. */
async function openPage(t, fields = {}, options = {}) {
  const page = await openTab(browser, options)
  t.after(() => page.context().close())
  page.setDefaultTimeout(LIMIT_MS)
  const address = new URLSearchParams({ node: network.node.url, ...fields })
  await page.goto(`${site.origin}/examples/page/#${address}`)
  return page
}

const ready = (page) => page.locator('#submit:enabled').waitFor()
const step = (page, name, state = 'done') =>
  page.locator(`[data-step="${name}"][data-state="${state}"]`).waitFor()
const steps = (page) =>
  page.locator('#steps li').evaluateAll((items) => items.map(({ dataset }) => dataset.state))

/** Fills in a prompt and submits it; returns the job's events JobSubmitted. */
async function submit(page, prompt) {
  await ready(page)
  await page.getByLabel('Prompt').fill(prompt)
  await page.getByRole('button', { name: 'Submit job' }).click()
  await page.waitForURL(/[#&]job=\d+/)
  const id = BigInt(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('job'))
  return network.ledger.event('jobEscrow.JobSubmitted', (data) => data.job === id, 20)
}

/** The page asked for nothing but itself and the node, and nothing was wrong in it. */
function assertClean(page, allowed = () => false) {
  assert.deepEqual(
    page.complaints.filter((text) => !allowed(text)),
    [],
  )
  const { url } = network.node
  const isOwn = (address) => address.startsWith(`${site.origin}/`) || address.startsWith('data:')
  assert.deepEqual(
    page.requests.filter((address) => !isOwn(address) && new URL(address).origin !== new URL(url).origin),
    [],
  )
  assert.ok(page.requests.some((address) => address.startsWith(url)), 'the node was asked')
}

/** The call of the machine that the test plays once the worker is gone. */
const play = (call, options) => network.chain.submit(call, network.accounts.charlie, options)

const assigned = ({ job }) =>
  network.ledger.event('jobEscrow.JobAssigned', (data) => data.job === job, 60)

/** Delivers any text as the answer to a job. */
async function deliver({ job }, text) {
  const { chain } = network
  const { bytes, commitment } = tokenList([...new TextEncoder().encode(text)])
  await chain.putBlob(bytes)
  await play(chain.api.tx.jobEscrow.submitResult(job, commitment, ZERO_HASH, null))
}

test('page should show a job from prompt to proof when it is used by keyboard alone', async (t) => {
  const { chain, ledger, accounts } = network
  const page = await openPage(t)
  await ready(page)
  await page.getByLabel('Prompt').focus()
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('What is a miner?')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'account')
  await page.keyboard.type('Eve')
  await page.locator('#quote', { hasText: /^\d+ units, at least [\d.,]+ AIPG\./ }).waitFor()
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Control+Enter')
  await step(page, 'proven')

  const ofEve = ({ requester }) => requester === accounts.eve.address
  const [submitted] = ledger.events('jobEscrow.JobSubmitted', ofEve)
  const { job } = submitted.data
  const paid = await jobEnd(ledger, job)
  const [delivered] = ledger.events('jobEscrow.ResultSubmitted', (data) => data.job === job)
  const { text } = await readAnswer(chain, delivered.data.output)
  assert.notEqual(text, '')
  assert.equal(await page.locator('#answer').textContent(), text)
  assert.deepEqual(await steps(page), DONE)

  const price = await page.locator('#price').textContent()
  const { fee, toWorker, burned, returned } = paid.data
  for (const amount of [fee, toWorker, burned, returned]) {
    assert.ok(price.includes(`${formatAipg(amount)} AIPG`), price)
  }
  assert.equal(await page.locator('#receipt-check').textContent(), 'Proven against the finalised root')
  // What the page lets a person keep is a proof that verifies elsewhere.
  const proof = JSON.parse(await page.locator('#proof').textContent())
  const { receipt } = await chain.verifyReceipt(proof)
  assert.equal(receipt.job, job)
  assert.ok((await page.locator('#receipt').textContent()).includes(proof.root))
  assertClean(page)
})

test('refusals should be shown by name when a prompt is too long or a link is of another chain', async (t) => {
  const { terms, ledger } = network
  const page = await openPage(t)
  await ready(page)
  const count = ledger.events('jobEscrow.JobSubmitted').length
  const tokens = page.getByLabel('Tokens at most')
  await tokens.fill(String(terms.maxContext))
  await page.getByRole('button', { name: 'Submit job' }).click()
  const alert = page.getByRole('alert')
  await alert.waitFor()
  assert.match(await alert.textContent(), /PromptTooLong/)
  await page.getByRole('button', { name: 'Dismiss' }).click()
  await alert.waitFor({ state: 'hidden' })
  assert.ok(await page.locator('#submit').isEnabled(), 'one can try again')
  assert.equal(ledger.events('jobEscrow.JobSubmitted').length, count)

  const other = await openPage(t, { chain: `0x${'ab'.repeat(32)}`, job: '0' })
  await other.getByRole('alert').waitFor()
  assert.match(await other.getByRole('alert').textContent(), /WrongChain/)
  assertClean(page)
  // The client hangs up on another chain; the library under it complains that its own start was cut short, or
  // goes on with it while the socket closes.
  const hungUp = ['1000:: Normal Closure', 'WebSocket is already in CLOSING or CLOSED state']
  assertClean(other, (text) => hungUp.some((part) => text.includes(part)))
})

test('page should pick a job up when it is loaded again, and show a hostile answer as text', async (t) => {
  const { chain } = network
  assert.equal(await worker.stop(), 0)
  const { jobEscrow, workerRegistry } = chain.api.tx
  const page = await openPage(t)
  const { data } = await submit(page, 'Say something <b>bold</b>')
  await step(page, 'drawn', 'current')
  await page.reload()
  await step(page, 'drawn', 'current')
  await page.getByRole('heading', { name: `Job ${data.job}` }).waitFor()
  assert.equal(await page.getByLabel('Prompt').inputValue(), 'Say something <b>bold</b>')

  await play(workerRegistry.goOnline())
  await assigned(data)
  await play(jobEscrow.claim(data.job))
  await step(page, 'claimed')
  await page.reload()
  await step(page, 'claimed')
  const hostile =
    '</p><script>window.harmed = 1</script><img src=x onerror="window.harmed = 1"><a href="javascript:0">\u202eok'
  await deliver(data, hostile)
  await page.locator('#answer').waitFor()
  assert.equal(await page.locator('#answer').textContent(), hostile)
  assert.equal(await page.locator('#answer *').count(), 0)
  assert.equal(await page.evaluate(() => window.harmed), undefined)
  await step(page, 'proven')
  // The link leads to the same again, when the job has long left the chain's state.
  await page.reload()
  await step(page, 'proven')
  assert.equal(await page.locator('#answer').textContent(), hostile)
  assertClean(page)
})

test('page should say that the node is gone, and go on when it is back', async (t) => {
  const { chain, node, processes } = network
  const page = await openPage(t)
  const { data } = await submit(page, 'Are you still there?')
  await assigned(data)
  // A block that is not final yet may be lost with the node.
  await play(chain.api.tx.jobEscrow.claim(data.job), { finalised: true })
  await step(page, 'claimed')
  assert.equal(await node.kill(), 'SIGKILL')
  const outage = page.locator('#outage')
  await outage.waitFor()
  assert.match(await outage.textContent(), new RegExp(`^No node answers at ${node.url}\\.`))
  assert.equal(await page.locator('#connection').getAttribute('data-state'), 'lost')

  const back = await processes.startNode({ rpcPort: node.rpc, p2pPort: node.p2p })
  assert.equal(back.url, node.url)
  await outage.waitFor({ state: 'hidden' })
  await page.locator('#connection[data-state="connected"]').waitFor()
  await deliver(data, 'Yes.')
  await step(page, 'proven')
  assert.equal(await page.locator('#answer').textContent(), 'Yes.')
  assert.deepEqual(await steps(page), DONE)
  // The browser and the library tell the console of a connection that broke; nothing else may.
  assertClean(page, (text) => text.includes(node.url))
})

test('page should say that no node answers when it is opened without one', async (t) => {
  const nobody = `ws://127.0.0.1:${await freePort()}`
  const page = await openPage(t, { node: nobody })
  await page.locator('#outage').waitFor()
  assert.match(await page.locator('#outage').textContent(), new RegExp(`^No node answers at ${nobody}\\.`))
  // Its address can be changed to one that does.
  await page.getByText('Node', { exact: true }).click()
  await page.getByLabel('WebSocket address').fill(network.node.url)
  await page.keyboard.press('Tab')
  await ready(page)
})

/** HTTP status of the answer to a request for a WebSocket: 101 where it is taken. */
function upgrade(port, headers) {
  return new Promise((done, failed) => {
    const request = get({
      host: '127.0.0.1',
      port,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': Buffer.alloc(16).toString('base64'),
        ...headers,
      },
    })
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      done(response.statusCode)
    })
    request.once('response', (response) => {
      response.resume()
      done(response.statusCode)
    })
    request.once('error', failed)
  })
}

test('node should take WebSockets by the address they use, not by the page they come from', async () => {
  const { processes, node } = network
  const origin = 'https://app.example.org'
  const [port, p2p] = [await freePort(), await freePort()]
  const listed = processes.spawn('node-listed', join(PROGRAMS, 'aipg-node'), [
    ...['--chain', 'dev', '--base-path', join(processes.directory, 'node-listed')],
    ...['--rpc-port', String(port), '--port', String(p2p), '--rpc-cors', origin],
    ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
  ])
  await listed.waitUntil(() => listed.log().includes('Running JSON-RPC server'), 'RPC answers')
  const foreign = { origin: 'https://elsewhere.example.org' }
  assert.equal(await upgrade(node.rpc, { host: 'app.example.org', ...foreign }), 101)
  assert.equal(await upgrade(port, { host: 'app.example.org', origin }), 403)
  assert.equal(await upgrade(port, { host: `127.0.0.1:${port}`, origin }), 101)
  // As docs/operating-a-node.md warns: the origin is not looked at.
  assert.equal(await upgrade(port, { host: `127.0.0.1:${port}`, ...foreign }), 101)
  await listed.stop()
})
