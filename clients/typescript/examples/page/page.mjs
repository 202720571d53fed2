// A job from prompt to proof, in a page. Serve the folder clients/typescript and open this page:
//
//   python3 -m http.server 8000 --bind 127.0.0.1 --directory clients/typescript
//   http://127.0.0.1:8000/examples/page/
//
// The address keeps what is needed to find a job again, so a reload or a link goes on with it.

import { DEMO_TOKENIZER, accountFrom, connect, formatAipg, openTokens } from '../../dist/bundle.js'
import * as view from './view.mjs'

/** @import { Account, Client, CommittedTokens, Hex, Job, JobHandle } from '../../dist/bundle.js' */

const DEFAULT_NODE = 'ws://127.0.0.1:9944'
const ACCOUNTS = ['Bob', 'Alice', 'Charlie', 'Dave', 'Eve', 'Ferdie']
/** The page waits for its node as long as it is open: this is the longest time of a timer. */
const PATIENCE_MS = 2 ** 31 - 1
/** After so long without an answer a person wants to know. */
const SLOW_MS = 3_000
const TYPING_MS = 250

const prompt = /** @type {HTMLTextAreaElement} */ (view.element('prompt'))
const account = /** @type {HTMLSelectElement} */ (view.element('account'))
const model = /** @type {HTMLSelectElement} */ (view.element('model'))
const maxOutput = /** @type {HTMLInputElement} */ (view.element('max-output'))
const node = /** @type {HTMLInputElement} */ (view.element('node'))
const submit = /** @type {HTMLButtonElement} */ (view.element('submit'))

/** Ends what is watched of the job before. */
let watching = new AbortController()

// The address of the page

/** Node, chain and job that the page's address names. */
function readAddress() {
  const fields = new URLSearchParams(location.hash.slice(1))
  const id = fields.get('job')
  /** @type {JobHandle | null} */
  const job = /^\d+$/.test(id ?? '')
    ? {
        id: BigInt(id ?? ''),
        since: Number(fields.get('since') ?? 1),
        tokenizer: DEMO_TOKENIZER,
        ...(fields.has('tx') ? { txHash: /** @type {Hex} */ (fields.get('tx')) } : {}),
      }
    : null
  const chain = /** @type {Hex | undefined} */ (fields.get('chain') ?? undefined)
  return { url: fields.get('node') ?? DEFAULT_NODE, chain, job }
}

/** @param {string} url @param {{chain: Hex, job: JobHandle}} [named] */
function writeAddress(url, named) {
  const fields = new URLSearchParams()
  if (url !== DEFAULT_NODE) fields.set('node', url)
  if (named) {
    fields.set('chain', named.chain)
    fields.set('job', String(named.job.id))
    fields.set('since', String(named.job.since))
    if (named.job.txHash) fields.set('tx', named.job.txHash)
  }
  history.replaceState(null, '', `#${fields}`)
}

// The node

/** Connects, however long it takes. @param {string} url @param {Hex | undefined} chain */
async function open(url, chain) {
  view.showConnection('connecting', 'connecting')
  const slow = setTimeout(() => view.showOutage(url), SLOW_MS)
  try {
    return await connect({ url, genesis: chain, patience: PATIENCE_MS })
  } finally {
    clearTimeout(slow)
    view.showOutage(null)
  }
}

/** Shows the newest block, and when the node is gone. @param {Client} client @param {string} url */
async function watchConnection(client, url) {
  client.api.on('disconnected', () => {
    view.showConnection('lost', 'no node')
    view.showOutage(url)
  })
  client.api.on('connected', () => {
    view.showConnection('connecting', 'connected again')
    view.showOutage(null)
  })
  for await (const block of client.blocks()) view.showConnection('connected', `block ${block.number}`)
}

// The form

/** @param {Client} client */
async function fillModels(client) {
  const models = await client.models()
  view.fillSelect('model', models.map((root) => ({ value: root, text: view.short(root) })))
  view.show('model-field', models.length > 1)
}

function request() {
  return {
    model: /** @type {Hex} */ (model.value),
    prompt: prompt.value,
    maxOutput: maxOutput.valueAsNumber || 0,
  }
}

let quoting = new AbortController()

/** Says what the job in the form would cost. @param {Client} client */
async function quote(client) {
  quoting.abort()
  const { signal } = (quoting = new AbortController())
  await new Promise((done) => setTimeout(done, TYPING_MS))
  if (signal.aborted) return
  try {
    const { leastPrice, units } = await client.quote(request(), { signal })
    view.setText('quote', `${units} units, at least ${formatAipg(leastPrice)} AIPG. Twice that is put on hold.`)
  } catch (error) {
    if (!signal.aborted && error instanceof Error) view.setText('quote', `${error.name}: ${error.message}`)
  }
}

/** Lets a person write, or not while a job is on its way. @param {boolean} open */
function setForm(open) {
  for (const field of [prompt, account, model, maxOutput, node]) field.disabled = !open
  submit.disabled = !open
}

// Jobs

/** @param {Client} client @param {string} url */
async function ask(client, url) {
  view.clearError()
  setForm(false)
  view.startJob('New job')
  view.reach(null)
  view.element('job-title').focus()
  try {
    const signer = await accountFrom(account.value)
    const job = await client.submitJob({ ...request(), signer })
    writeAddress(url, { chain: client.genesis, job })
    view.showHold(job.maxPrice)
    await follow(client, job, signer)
  } catch (error) {
    // Without a number there is no job to look at.
    if (readAddress().job === null) {
      view.endJob()
      setForm(true)
    }
    throw error
  }
}

/**
 * Shows a job to its end. Its signer publishes the prompt if the worker cannot get it.
 * @param {Client} client @param {JobHandle | Job} job @param {Account} [signer]
 */
async function follow(client, job, signer) {
  const { signal } = (watching = new AbortController())
  view.showTitle(`Job ${job.id}`)
  try {
    await Promise.all([
      client.waitForResult(job, signer ? { signal, signer } : { signal }).then(view.showAnswer),
      showProgress(client, job, signal),
    ])
  } catch (error) {
    if (signal.aborted) return
    const tooOld = error instanceof Error && error.name === 'HistoryUnavailable'
    if (!tooOld) throw error
    await showFromReceipt(client, job, signal)
  }
}

/** Shows the steps, the price and the receipt. @param {Client} client @param {JobHandle} job @param {AbortSignal} signal */
async function showProgress(client, job, signal) {
  for await (const stage of client.stages(job, { signal })) {
    view.showStage(stage)
    if (stage.stage === 'settled') view.showPayment(stage)
    if (stage.stage === 'refunded') view.showTotals(0n, stage.returned)
  }
  view.showReceipt(await client.verifyReceipt(job, { signal }))
}

/**
 * Shows an old job, whose blocks the node no longer has the state of: the receipt holds what is needed to check
 * the answer.
 * @param {Client} client @param {JobHandle} job @param {AbortSignal} signal
 */
async function showFromReceipt(client, job, signal) {
  const verified = await client.verifyReceipt(job, { signal })
  const { outcome, maxPrice, finishedAt, input } = verified.receipt
  if ('Paid' in outcome) view.reach('paid', `block ${finishedAt}`)
  else view.endUnpaid('refunded')
  view.showReceipt(verified)
  if (!('Paid' in outcome)) return view.showTotals(0n, outcome.Refunded.returned)
  const { fee, output } = outcome.Paid
  view.showTotals(fee, maxPrice - fee)
  const [question, ids] = await Promise.all([
    read(client, input),
    client.getBlob(output.blob, { signal }).then((bytes) => openTokens(bytes, output)),
  ])
  prompt.value = question
  view.showAnswer({ ids, text: DEMO_TOKENIZER.decode(ids) })
}

/** Shows the prompt and the hold of a job that the page was opened with. @param {Client} client @param {JobHandle} job */
async function recall(client, job) {
  const live = await client.job(job.id)
  if (live === null) return
  view.showHold(live.maxPrice)
  prompt.value = await read(client, live.input)
}

/** Text of a committed list of tokens, checked. @param {Client} client @param {CommittedTokens} list */
async function read(client, list) {
  return DEMO_TOKENIZER.decode(openTokens(await client.getBlob(list.blob), list))
}

// The page

/** Does what may fail, and shows why. @param {() => Promise<unknown>} work */
async function attempt(work) {
  try {
    await work()
  } catch (error) {
    view.showError(error)
  }
}

async function start() {
  const { url, chain, job } = readAddress()
  node.value = url
  view.fillSelect('account', ACCOUNTS.map((name) => ({ value: `//${name}`, text: name })))
  setForm(false)
  node.disabled = false
  view.element('dismiss').addEventListener('click', view.clearError)
  // Another node, or another link: the page begins anew.
  window.addEventListener('hashchange', () => location.reload())
  node.addEventListener('change', () => {
    writeAddress(node.value)
    location.reload()
  })
  if (job !== null) {
    view.startJob(`Job ${job.id}`)
    view.reach(null)
  }

  const client = await open(url, chain)
  void attempt(() => watchConnection(client, url))
  await fillModels(client)
  listen(client, url)
  if (job === null) {
    setForm(true)
    await quote(client)
    return
  }
  // What was asked is a help to the reader; the job goes on without it.
  await recall(client, job).catch(() => {})
  await follow(client, job)
}

/** @param {Client} client @param {string} url */
function listen(client, url) {
  for (const field of [prompt, maxOutput, model]) {
    field.addEventListener('input', () => void quote(client))
  }
  prompt.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      submit.form?.requestSubmit()
    }
  })
  view.element('form').addEventListener('submit', (event) => {
    event.preventDefault()
    void attempt(() => ask(client, url))
  })
  view.element('another').addEventListener('click', () => {
    watching.abort()
    writeAddress(url)
    view.clearError()
    view.endJob()
    setForm(true)
    prompt.focus()
    prompt.select()
    void quote(client)
  })
}

void attempt(start)
