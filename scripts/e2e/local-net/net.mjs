// The processes of a run: nodes that know each other, workers, liars, auditors, checkers.

import { setTimeout as sleep } from 'node:timers/promises'
import { AIPG } from '@aipowergrid/client'
import { auditorCommand, startAuditor } from '../lib/auditors.mjs'
import { startChecker } from '../lib/disputes.mjs'
import { Miner, limited, modelFile, newAccount, registerMiner, said } from '../lib/miners.mjs'
import { openNetwork } from '../lib/network.mjs'
import { startNodes } from '../lib/nodes.mjs'
import { DEMO_MODEL, START_LIMIT_MS, WORKER_BOND } from '../lib/processes.mjs'
import { isWorker, liesOf, membersOf, nodesOf } from './cast.mjs'
import { chainOf } from './clocks.mjs'
import { tallyOf } from './tally.mjs'

/** AIPG on hold for an auditor. */
const AUDITOR_BOND = 200
/** What each gets to begin with: bond and registration of a machine; bonds of many challenges at a time. */
const FUNDS = { honest: 500n, liar: 500n, auditor: 1_200n, checker: 1_000n }
/** Programs that start at the same time. */
const AT_A_TIME = 4
const RPC_LIMIT_MS = 900

/** How a program says that the chain lets its machine work no more: no death, but what is to be seen. */
const RETIRED = /\b(Banned|Suspended):/

/** Calls a method of a node's RPC. */
async function rpc({ rpc: port }, method, params = []) {
  const response = await fetch(`http://127.0.0.1:${port}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    signal: AbortSignal.timeout(RPC_LIMIT_MS),
  })
  return (await response.json()).result
}

/** What a node says of itself: {name, height, final, peers, note?}; null for what it does not say. */
async function lookAt(node) {
  const { name } = node
  if (!node.running) return { name, height: null, final: null, peers: null, note: `ended with ${node.status}` }
  try {
    const [best, hash, health] = await Promise.all([
      rpc(node, 'chain_getHeader'),
      rpc(node, 'chain_getFinalizedHead'),
      rpc(node, 'system_health'),
    ])
    const final = await rpc(node, 'chain_getHeader', [hash])
    return { name, height: Number(best.number), final: Number(final.number), peers: health.peers }
  } catch {
    return { name, height: null, final: null, peers: null, note: 'does not answer' }
  }
}

/** Everything that runs. `deaths` are programs that ended by themselves: [{name, status, log}]. */
export class LocalNet {
  #options
  #phase
  #stopping = false
  #lose
  /** Programs that ended, as events of the run: [{block, text}]. */
  #ends = []
  #told = { key: null, tally: null }

  /** `phase` is told in a line what the run is at. */
  constructor(options, processes, phase = () => {}) {
    this.#options = options
    this.#phase = phase
    this.processes = processes
    this.nodes = []
    /** Members with {address, key, child}. */
    this.members = []
    this.network = null
    this.deaths = []
    this.retired = []
    /** Fails when the node ends by itself without which nothing can be seen. */
    this.lost = new Promise((_, reject) => {
      this.#lose = reject
    })
    this.lost.catch(() => {})
    /** What the run has given to whom: [{from, to, amount}]. */
    this.transfers = []
    this.registrationFee = 0n
  }

  /** Starts everything and waits until auditors can be drawn. */
  async start() {
    await this.#startNodes()
    const { ledger } = this.network
    this.#phase('waiting for the first final block')
    await this.#firstFinalBlock()
    this.#phase('giving everybody an account')
    await this.#fund()
    this.#phase('registering machines and auditors')
    await limited(AT_A_TIME, this.members, (member) => this.#register(member))
    this.#phase('starting workers, auditors and checkers')
    await limited(AT_A_TIME, this.members, (member) => this.#run(member))
    const active = ledger.events('audits.AuditorRegistered').map(({ data }) => Number(data.activeFrom))
    if (active.length > 0) {
      const from = Math.max(...active)
      this.#phase(`waiting for block ${from}: auditors are drawn from then on`)
      await ledger.height(from)
    }
  }

  async #startNodes() {
    this.#phase('starting nodes')
    const chain = await chainOf(this.processes, this.#options)
    const [first, ...rest] = nodesOf(this.#options)
    // All states of the first one are kept, so that the books of the whole run can be read at its end.
    const archive = ['--state-pruning', 'archive', '--blocks-pruning', 'archive']
    const members = [{ ...first, extra: [...first.extra, ...archive] }, ...rest]
    this.nodes = await startNodes(this.processes, { chain, members })
    for (const node of this.nodes) this.#watch(node, node.name)
    const [node] = this.nodes
    const network = await openNetwork(node.url, { from: 1 })
    this.network = { ...network, processes: this.processes, node }
    this.registrationFee = network.chain.api.consts.workerRegistry.registrationFee.toBigInt()
  }

  async #firstFinalBlock() {
    const { chain } = this.network
    const limit = Date.now() + START_LIMIT_MS
    while ((await chain.finalized()) < 1) {
      if (Date.now() > limit) throw new Error(`the chain finalises nothing:\n${this.nodes[0].tail()}`)
      await sleep(500)
    }
  }

  /** Notes if a program ends that should run. */
  #watch(child, name) {
    child.exited.then((status) => {
      if (this.#stopping) return
      const log = child.tail()
      const isRetired = RETIRED.test(child.tail(3))
      const list = isRetired ? this.retired : this.deaths
      list.push({ name, status, log })
      const block = this.network?.ledger.last?.number ?? 0
      this.#ends.push({ block, text: `${name} ended ${isRetired ? 'as it may not work' : 'by itself'} (${status})` })
      if (child === this.nodes[0]) this.#lose(new Error(`${name}, the first node, ended by itself`))
    })
  }

  async #fund() {
    const { chain, accounts, names } = this.network
    const members = membersOf(this.#options)
    for (const member of members) {
      const account = await newAccount(this.network, member.name)
      names.set(account.address, member.name)
      this.members.push({ ...member, ...account, child: null })
    }
    const { balances, utility } = chain.api.tx
    const gifts = this.members.map(({ address, role }) => ({ address, amount: FUNDS[role] * AIPG }))
    const calls = gifts.map(({ address, amount }) => balances.transferKeepAlive(address, amount))
    await chain.submit(utility.batchAll(calls), accounts.alice)
    const from = accounts.alice.address
    this.transfers = gifts.map(({ address, amount }) => ({ from, to: address, amount }))
  }

  /** The network as a member sees it: from its own node. */
  #seenBy(member) {
    return { ...this.network, node: this.nodes[member.node] }
  }

  #miner(member) {
    const { path, root, header } = modelFile(DEMO_MODEL)
    const { address, key, name } = member
    member.miner ??= new Miner(this.#seenBy(member), name, { address, key, model: path, root, header })
    return member.miner
  }

  async #register(member) {
    if (isWorker(member)) return registerMiner(this.#miner(member))
    if (member.role !== 'auditor') return undefined
    const auditor = { ...member, models: [DEMO_MODEL] }
    const bond = ['--auditor-bond', String(AUDITOR_BOND)]
    const { status, log } = await auditorCommand(this.#seenBy(member), auditor, 'join', bond)
    if (status !== 0) throw new Error(`${member.name} did not become an auditor:\n${log}`)
    return undefined
  }

  async #run(member) {
    const settings = { ...member, models: [DEMO_MODEL] }
    if (member.role === 'honest') member.child = this.#miner(member).run()
    else if (member.role === 'liar') member.child = this.#miner(member).run({ lies: liesOf(member) })
    else if (member.role === 'auditor') member.child = startAuditor(this.#seenBy(member), settings)
    else member.child = startChecker(this.#seenBy(member), settings)
    this.#watch(member.child, member.name)
    await said(member.child, isWorker(member) ? 'waiting for jobs' : 'connected')
  }

  /** What has happened in blocks; by default up to the newest one, with the programs that ended among the events. */
  tally(blocks) {
    const cast = this.members
    const names = this.network?.names ?? new Map()
    const { registrationFee } = this
    if (blocks !== undefined) return tallyOf(blocks, { cast, names, registrationFee })
    const ledger = this.network?.ledger
    const key = `${ledger?.last?.hash} ${cast.length}`
    if (this.#told.key !== key) {
      this.#told = { key, tally: tallyOf(ledger?.blocks ?? [], { cast, names, registrationFee }) }
    }
    const { tally } = this.#told
    const notes = [...tally.notes, ...this.#ends].sort((one, other) => one.block - other.block)
    return { ...tally, notes }
  }

  /** How all nodes stand. */
  look() {
    return Promise.all(this.nodes.map(lookAt))
  }

  /** Jobs whose results a checker says to have found false. */
  foundFalse() {
    const found = this.members
      .filter(({ role, child }) => role === 'checker' && child !== null)
      .flatMap(({ child }) => [...child.log().matchAll(/checked a result: it is FALSE.*?\bjob=(\d+)/g)])
    return new Set(found.map(([, job]) => BigInt(job)))
  }

  /** Ends everything: those who work first, then the nodes. */
  async stop() {
    this.#stopping = true
    await this.network?.close().catch(() => {})
    await Promise.all(this.members.map(({ child }) => child?.stop()))
    await this.processes.stop()
  }
}
