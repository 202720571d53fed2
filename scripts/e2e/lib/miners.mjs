// Machines of tests that need many at a time: each has a key, a folder and a model of its own, so
// that a job can only be drawn for the machine that it is meant for.

import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { u8aToHex } from '@polkadot/util'
import { blake2AsU8a } from '@polkadot/util-crypto'
import { AIPG } from '@aipowergrid/client'
import { prepareJob, sendJob } from './job.mjs'
import { DEMO_MODEL, PROGRAMS, WORKER_BOND } from './processes.mjs'

const WORKER = join(PROGRAMS, 'aipg-worker')
const LIAR = join(PROGRAMS, 'aipg-liar')

/** What a machine gets to live on: bond, registration fee, calls. */
const FUNDS = 500n * AIPG

/** Place of the tokenizer's hash in a model header: any value there is another model. */
const TOKENIZER_OFFSET = 15 * 4 + 128 + 128 + 16
const MODEL_DOMAIN = new TextEncoder().encode('aipg/model/1')
/** Places of root and header in a model file. */
const ROOT_OFFSET = 8
const HEADER_OFFSET = 40
const HEADER_LENGTH = 460

/** A model under another name, in a file of the run: {path, root, header}. */
function variant({ processes }, name, number, model) {
  const file = Buffer.from(readFileSync(model))
  const header = Buffer.from(file.subarray(HEADER_OFFSET, HEADER_OFFSET + HEADER_LENGTH))
  header.writeUInt32LE(number, TOKENIZER_OFFSET)
  const root = Buffer.from(blake2AsU8a(Buffer.concat([MODEL_DOMAIN, header]), 256))
  root.copy(file, ROOT_OFFSET)
  header.copy(file, HEADER_OFFSET)
  const path = join(processes.directory, `${name}.aipg`)
  writeFileSync(path, file)
  return { path, root: u8aToHex(root), header: u8aToHex(header) }
}

/** What the head of a model file says: {path, root, header}. */
export function modelFile(path) {
  const head = Buffer.alloc(HEADER_OFFSET + HEADER_LENGTH)
  const file = openSync(path)
  try {
    readSync(file, head, 0, head.length, 0)
  } finally {
    closeSync(file)
  }
  const part = (from, to) => u8aToHex(head.subarray(from, to))
  return { path, root: part(ROOT_OFFSET, HEADER_OFFSET), header: part(HEADER_OFFSET, head.length) }
}

/** A machine that is registered, usually with a model nobody else serves. */
export class Miner {
  #starts = 0

  constructor(network, name, record) {
    // {address, key, model, root, header}
    Object.assign(this, { network, name, ...record })
    this.folder = join(network.processes.directory, `data-${name}`)
  }

  #settings() {
    return [
      ...['--node', this.url ?? this.network.node.url],
      ...['--key-file', this.key],
      ...['--model', this.model],
      ...['--data-dir', this.folder],
    ]
  }

  #environment() {
    // Locks belong to the run, like everything else.
    return { XDG_RUNTIME_DIR: this.network.processes.directory }
  }

  /** Runs another command of the worker to its end: {status, log}. */
  command(action, extra = []) {
    this.#starts += 1
    const name = `${this.name}-${action}-${this.#starts}`
    const args = [action, ...this.#settings(), ...extra]
    return this.network.processes.run(name, WORKER, args, this.#environment())
  }

  /**
   * Starts to serve; `pauseAt` names the place at which the worker stops by itself, until the file
   * `pauseUntil` exists. With `lies`, the arguments that tell what is false, a liar does.
   */
  run({ pauseAt, pauseUntil, extra = [], lies } = {}) {
    this.#starts += 1
    const env = { ...this.#environment(), AIPG_WORKER_METRICS_ADDRESS: 'none' }
    if (pauseAt) env.AIPG_WORKER_PAUSE_AT = pauseAt
    if (pauseUntil) env.AIPG_WORKER_PAUSE_UNTIL = pauseUntil
    const name = `${this.name}-run-${this.#starts}`
    const args = ['run', ...this.#settings(), '--drain-seconds', '10', ...extra]
    const { processes } = this.network
    if (lies === undefined) return processes.spawn(name, WORKER, args, env)
    return processes.spawn(name, LIAR, [...lies, ...args], env)
  }

  /** The books of the machine as `earnings --json` tells them. */
  async books() {
    const { status, log } = await this.command('earnings', ['--json', '--by', 'job'])
    if (status !== 0) throw new Error(`earnings of ${this.name} ended with ${status}:\n${log}`)
    return JSON.parse(log.slice(log.indexOf('{')))
  }
}

/** Writes a new key into a file of the run; returns {address, key}. */
export async function newAccount({ processes }, name) {
  const key = join(processes.directory, `${name}.key`)
  const { status, log } = await processes.run(`${name}-key`, WORKER, ['new-key', key])
  if (status !== 0) throw new Error(`new-key ended with ${status}:\n${log}`)
  const address = log.split('\n').find((line) => /^[1-9A-HJ-NP-Za-km-z]{46,}$/.test(line))
  return { address, key }
}

/**
 * Makes a machine with a model of its own for each name, funds and registers both; returns them by name. `extra` are
 * settings of the registration, `model` is what the models are copies of.
 */
export async function registerMiners(network, names, extra = [], model = DEMO_MODEL) {
  const models = names.map((name, index) => variant(network, name, index + 1, model))
  const [miners] = await Promise.all([
    newMiners(network, names.map((name, index) => ({ name, model: models[index] }))),
    registerModels(network, models),
  ])
  await limited(8, miners, (miner) => registerMiner(miner, extra))
  return new Map(miners.map((miner) => [miner.name, miner]))
}

/** Registers a machine that serves a model which is registered already. */
export async function registerMinerOf(network, name, model) {
  const [miner] = await newMiners(network, [{ name, model }])
  await registerMiner(miner)
  return miner
}

/** Registers models: [{root, header}]. */
export function registerModels({ chain, accounts, terms }, models) {
  const { modelRegistry, utility } = chain.api.tx
  const calls = models.map(({ root, header }) =>
    modelRegistry.register(root, header, 'Exact', terms.priceFloor),
  )
  return chain.submit(utility.batchAll(calls), accounts.dave)
}

/** Machines with keys and money, [{name, model}]. */
async function newMiners(network, wanted) {
  const { chain, accounts } = network
  const miners = []
  for (const { name, model } of wanted) {
    const { address, key } = await newAccount(network, name)
    const { path, root, header } = model
    miners.push(new Miner(network, name, { address, key, model: path, root, header }))
  }
  const { balances, utility } = chain.api.tx
  const funding = miners.map((miner) => balances.transferKeepAlive(miner.address, FUNDS))
  await chain.submit(utility.batchAll(funding), accounts.alice)
  return miners
}

/** Registers a machine that has money. */
export async function registerMiner(miner, extra = []) {
  const { status, log } = await miner.command('register', ['--bond', String(WORKER_BOND), ...extra])
  if (status !== 0) throw new Error(`register of ${miner.name} ended with ${status}:\n${log}`)
}

/** Does `work` for every item, at most `count` at a time. */
export async function limited(count, items, work) {
  const waiting = [...items]
  const lane = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: count }, lane))
}

/** One after the other for each account: a nonce is read from the chain before a call is signed. */
const lastTurns = new Map()

function inTurn(pair, work) {
  const turn = (lastTurns.get(pair.address) ?? Promise.resolve()).then(work)
  lastTurns.set(
    pair.address,
    turn.catch(() => {}),
  )
  return turn
}

const REQUESTERS = ['bob', 'eve', 'ferdie']
let submitted = 0

/**
 * Submits a job that only `miner` can be drawn for; returns its terms with {id, block, signer}.
 * `request` are terms that are to be others than usual.
 */
export async function submitFor(miner, { storesInput = true, request = {} } = {}) {
  const { network, name, root } = miner
  const signer = network.accounts[REQUESTERS[submitted++ % REQUESTERS.length]]
  return inTurn(signer, async () => {
    const { chain } = network
    const prompt = `What becomes of ${name}?`
    const terms = await prepareJob(chain, { model: root, prompt, maxOutput: 8, ...request })
    if (storesInput) await chain.putBlob(terms.bytes)
    const block = await chain.bestNumber()
    return { ...terms, block, signer, ...(await sendJob(chain, signer, terms)) }
  })
}

/** Publishes the input of a job, which no node has, as soon as its worker demands it. */
export async function publishOnDemand({ network: { chain, ledger } }, job) {
  await ledger.event('jobEscrow.InputDemanded', (data) => data.job === job.id, 100)
  await inTurn(job.signer, () => chain.publishInput(job, job.signer))
}

/** Waits until a process has said something. */
export const said = (child, text) => child.waitUntil(() => child.log().includes(text), text)

/**
 * All signed calls of the blocks from..to of the best chain, as they are there now:
 * {block, signer, call, job, succeeded}. `job` is the first argument, if it is a number.
 */
export async function signedCalls(chain, from, to) {
  const calls = []
  for (let number = from; number <= to; number += 1) {
    const hash = await chain.api.rpc.chain.getBlockHash(number)
    const read = blocks.get(hash.toHex()) ?? callsOfBlock(chain, number, hash)
    blocks.set(hash.toHex(), read)
    calls.push(...(await read))
  }
  return calls
}

/** Calls of blocks that were read before, by hash. */
const blocks = new Map()

async function callsOfBlock(chain, number, hash) {
  const { block } = await chain.api.rpc.chain.getBlock(hash)
  const at = await chain.api.at(hash)
  const failed = new Set(
    [...(await at.query.system.events())]
      .filter(({ event }) => event.section === 'system' && event.method === 'ExtrinsicFailed')
      .map(({ phase }) => phase.asApplyExtrinsic.toNumber()),
  )
  return block.extrinsics.flatMap((extrinsic, index) => {
    if (!extrinsic.isSigned) return []
    const { section, method, args } = extrinsic.method
    return {
      block: number,
      signer: u8aToHex(extrinsic.signer.toU8a().slice(-32)),
      call: `${section}.${method}`,
      job: typeof args[0]?.toBigInt === 'function' ? args[0].toBigInt() : null,
      succeeded: !failed.has(index),
    }
  })
}

/** The account of an address as hex digits, as `signedCalls` names signers. */
export function accountHex(chain, address) {
  return u8aToHex(chain.api.createType('AccountId', address).toU8a())
}

