// What the page shows. Everything that comes from the chain is set as text, never as HTML.

import { formatAipg } from '../../dist/bundle.js'

/** @import { JobResult, JobStage, Settled, VerifiedReceipt } from '../../dist/bundle.js' */

/** What a job comes through, in order. */
const STEPS = ['submitted', 'drawn', 'claimed', 'delivered', 'paid', 'proven']

/** The step that each stage of the chain ends. */
const STEP_OF_STAGE = {
  queued: 'submitted',
  assigned: 'drawn',
  demanded: 'drawn',
  running: 'claimed',
  delivered: 'delivered',
  settled: 'paid',
}

/** What a person can do about an error, by its name. @type {Record<string, string>} */
const ADVICE = {
  PriceExceedsBalance: 'Choose another account, or fewer tokens.',
  PromptTooLong: 'Shorten the prompt, or ask for fewer tokens.',
  JobRefunded: 'What was on hold came back. Is a worker for this model online?',
  WrongChain: 'The link is of another chain than the node.',
  HistoryUnavailable: 'Ask a node that keeps more history (--state-pruning archive).',
  UnsupportedByChain: 'The node is older or newer than this page.',
  InvalidRequest: 'Check the address of the node and the numbers.',
}

/**
 * The element of an id, which the document is known to have.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function element(id) {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element ${id}`)
  return /** @type {T} */ (found)
}

/** @param {string} id @param {string} text */
export function setText(id, text) {
  element(id).textContent = text
}

/** @param {string} id @param {boolean} shown */
export function show(id, shown = true) {
  element(id).hidden = !shown
}

/** Beginning and end of an address or hash. @param {string} text */
export function short(text) {
  return `${text.slice(0, 6)}…${text.slice(-4)}`
}

/** @param {bigint} amount */
const aipg = (amount) => `${formatAipg(amount)} AIPG`

/**
 * Fills a list of options and shows its field only where there is a choice.
 * @param {string} id @param {Array<{value: string, text: string}>} options
 */
export function fillSelect(id, options) {
  element(id).replaceChildren(...options.map(({ value, text }) => new Option(text, value)))
}

// Connection and errors

/** @param {'connecting' | 'connected' | 'lost'} state @param {string} text */
export function showConnection(state, text) {
  element('connection').dataset['state'] = state
  setText('connection', text)
}

/** Says that no node answers; null takes it back. @param {string | null} node */
export function showOutage(node) {
  const text = `No node answers at ${node}. The page keeps trying and goes on where it was.`
  setText('outage', node === null ? '' : text)
  show('outage', node !== null)
}

/** Shows an error by its name. @param {unknown} error */
export function showError(error) {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) }
  setText('error-name', name)
  setText('error-message', message)
  setText('error-advice', ADVICE[name] ?? '')
  show('error')
}

export function clearError() {
  show('error', false)
}

// A job's way

/** Empties everything about a job. @param {string} title */
export function startJob(title) {
  for (const id of ['answer-card', 'price-card', 'receipt-card']) show(id, false)
  for (const name of STEPS) setStep(name, 'todo', '')
  setText('status', '')
  showTitle(title)
  show('job')
}

/** Back to the form alone. */
export function endJob() {
  show('job', false)
  document.title = 'AI Power Grid'
}

/** @param {string} title */
export function showTitle(title) {
  setText('job-title', title)
  document.title = `${title} · AI Power Grid`
}

/** @param {string} name @param {'done' | 'current' | 'todo'} state @param {string} [detail] */
function setStep(name, state, detail) {
  const item = element('steps').querySelector(`[data-step="${name}"]`)
  if (!(item instanceof HTMLElement)) throw new Error(`the page has no step ${name}`)
  item.dataset['state'] = state
  if (state === 'current') item.setAttribute('aria-current', 'step')
  else item.removeAttribute('aria-current')
  const note = item.querySelector('small')
  if (note !== null && detail !== undefined) note.textContent = detail
}

/** Marks a step as come to; null: the first one is on its way. @param {string | null} step @param {string} [detail] */
export function reach(step, detail = '') {
  const reached = step === null ? -1 : STEPS.indexOf(step)
  for (const [index, name] of STEPS.entries()) {
    if (index < reached) setStep(name, 'done')
    else if (index === reached) setStep(name, 'done', detail)
    else setStep(name, index === reached + 1 ? 'current' : 'todo', '')
  }
}

/** Shows a stage as the chain tells it. @param {JobStage} stage */
export function showStage(stage) {
  const { detail, status } = describe(stage)
  if (stage.stage === 'refunded') endUnpaid(detail)
  else reach(STEP_OF_STAGE[stage.stage], detail)
  setText('status', status)
}

/** Marks the end of a job that did not come through all steps. @param {string} detail */
export function endUnpaid(detail) {
  const current = element('steps').querySelector('[data-state="current"]')
  if (current !== null) setStep(current.getAttribute('data-step') ?? '', 'todo')
  setStep('paid', 'done', detail)
  setStep('proven', 'current')
}

/** @param {JobStage} stage @returns {{detail: string, status: string}} */
function describe(stage) {
  const block = stage.block === null ? '' : `block ${stage.block.number}`
  switch (stage.stage) {
    case 'queued':
      return stage.lostBy === undefined
        ? { detail: block, status: 'Waiting for a worker to be drawn.' }
        : {
            detail: 'again',
            status: `${short(stage.lostBy)} lost the job (${stage.fault ?? 'no input'}). Another worker is drawn.`,
          }
    case 'assigned':
      return {
        detail: short(stage.worker),
        status: `${short(stage.worker)} was drawn and claims by block ${stage.claimBy}.`,
      }
    case 'demanded':
      return {
        detail: 'input missing',
        status: `${short(stage.worker)} cannot get the prompt. It is published on the chain by block ${stage.publishBy}.`,
      }
    case 'running':
      return { detail: block, status: `The model runs. The answer is due by block ${stage.deliverBy}.` }
    case 'delivered':
      return {
        detail: `${stage.output.count} tokens`,
        status: `Paid in block ${stage.settlesAt} unless the answer is challenged.`,
      }
    case 'settled':
      return { detail: block, status: 'Waiting until the receipt’s round is sealed in a final block.' }
    case 'refunded':
      return { detail: 'refunded', status: `Ended unpaid: ${stage.reason}.` }
  }
}

// Results

/** Shows a checked answer. @param {Pick<JobResult, 'text' | 'ids'>} answer */
export function showAnswer({ text, ids }) {
  // Never as HTML: the text is whatever the worker delivered.
  setText('answer', text ?? ids.join(' '))
  setText('answer-check', `Hash, count and root of its ${ids.length} tokens are those on chain`)
  show('answer-card')
}

/** @param {string} id @param {Array<{name: string, value: string, kind?: string}>} rows */
function fillList(id, rows) {
  const items = rows.flatMap(({ name, value, kind = '' }) => {
    const term = document.createElement('dt')
    const description = document.createElement('dd')
    term.textContent = name
    description.textContent = value
    term.className = kind
    description.className = kind
    return [term, description]
  })
  element(id).replaceChildren(...items)
}

/** Shows what is on hold while the fee is not known. @param {bigint} maxPrice */
export function showHold(maxPrice) {
  fillList('price', [{ name: 'On hold', value: aipg(maxPrice) }])
  show('price-card')
}

/** Shows where the price went. @param {Settled} paid */
export function showPayment(paid) {
  /** @type {Array<[string, bigint]>} */
  const parts = [
    ['Worker', paid.toWorker],
    ['Model’s creator', paid.toCreator],
    ['Burned', paid.burned],
    ['Stakers', paid.toStakers],
    ['Referrer', paid.toReferrer],
    ['Treasury', paid.toTreasury],
  ]
  fillList('price', [
    { name: 'Work', value: `${paid.units} units` },
    { name: 'Fee', value: aipg(paid.fee), kind: 'total' },
    ...parts
      .filter(([, amount]) => amount > 0n)
      .map(([name, amount]) => ({ name, value: aipg(amount), kind: 'part' })),
    { name: 'Came back', value: aipg(paid.returned), kind: 'total' },
  ])
  show('price-card')
}

/** Shows the price as a receipt tells it: paid and come back. @param {bigint} fee @param {bigint} returned */
export function showTotals(fee, returned) {
  fillList('price', [
    { name: 'Fee', value: aipg(fee) },
    { name: 'Came back', value: aipg(returned) },
  ])
  show('price-card')
}

/** Shows a receipt that was verified. @param {VerifiedReceipt} verified */
export function showReceipt({ receipt, proof, block }) {
  const { outcome } = receipt
  const end = 'Paid' in outcome ? `paid to ${short(outcome.Paid.worker)}` : `refunded, ${outcome.Refunded.reason}`
  setStep('proven', 'done', `block ${block.number}`)
  setText('status', '')
  setText('receipt-check', 'Proven against the finalised root')
  fillList('receipt', [
    { name: 'Job', value: `${receipt.job}, ${end}` },
    { name: 'Ended', value: `block ${receipt.finishedAt}` },
    { name: 'Leaf', value: `${proof.index + 1} of ${proof.count} in round ${proof.round}` },
    { name: 'Root', value: proof.root, kind: 'hash' },
    { name: 'Final block', value: `${block.number}` },
    { name: '', value: block.hash, kind: 'hash' },
  ])
  setText('proof', JSON.stringify(proof, null, 2))
  show('receipt-card')
}
