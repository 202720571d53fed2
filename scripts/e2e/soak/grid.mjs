// The processes of a soak: one node and several workers that are killed and started again.

import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { PROGRAMS, Processes, freePort, openNetwork } from '../bench/grid.mjs'
import { memory } from '../bench/machine.mjs'

const WORKERS = ['Charlie', 'Dave', 'Eve']
/** AIPG on hold for each machine: enough for the penalties of a long soak. */
const BOND = 5_000
/** A process this young is still loading. */
const SETTLED_AFTER_MS = 20_000

/** How a worker says that it may not work: at its start, or when it wants to go online. */
const SUSPENDED = /^error: .*Suspended/

/** A member of the grid: it has lives, and between them it is down. */
class Member {
  constructor(name, start) {
    this.name = name
    this.start = start
    this.child = null
    this.lives = 0
    /** Ends that nobody wanted: the last lines of the log. */
    this.deaths = []
    /** Ends because the chain had suspended the machine, as the worker should then. */
    this.suspensions = 0
    /** Bytes of its own memory over the soak, of lives old enough. */
    this.memory = []
  }

  get up() {
    return this.child !== null
  }

  async raise() {
    if (this.up) throw new Error(`${this.name} runs already`)
    this.lives += 1
    const child = await this.start(`${this.name}-${this.lives}`)
    this.child = child
    this.bornAt = Date.now()
    child.exited.then((status) => {
      if (this.child !== child) return
      this.child = null
      if (SUSPENDED.test(child.tail(1))) this.suspensions += 1
      else this.deaths.push(`ended with ${status}: ${child.tail(3)}`)
    })
  }

  /** Ends the process as a power cut would. */
  async kill() {
    const child = this.child
    this.child = null
    await child.kill()
  }

  async stop() {
    const child = this.child
    this.child = null
    return child?.stop()
  }

  sample() {
    if (!this.up || Date.now() - this.bornAt < SETTLED_AFTER_MS) return
    const held = memory(this.child.process.pid)
    if (held !== null) this.memory.push(held.own)
  }
}

/** Starts a chain and its workers; `network` is the connection of the moment. */
export class Grid {
  static async start() {
    const grid = new Grid()
    grid.processes = new Processes()
    try {
      grid.rpc = await freePort()
      grid.p2p = await freePort()
      grid.url = `ws://127.0.0.1:${grid.rpc}`
      grid.node = new Member('node', (name) => grid.#spawnNode(name))
      await grid.raiseNode()
      grid.workers = WORKERS.map((account) => new Member(account, (name) => grid.#spawnWorker('run', account, name)))
      for (const worker of grid.workers) {
        await grid.#register(worker.name)
        await worker.raise()
      }
      return grid
    } catch (error) {
      await grid.stop()
      throw error
    }
  }

  get members() {
    return [this.node, ...this.workers]
  }

  /** Addresses of the machines. */
  get machines() {
    return this.workers.map(({ name }) => this.network.accounts[name.toLowerCase()].address)
  }

  async #spawnNode(name) {
    const child = this.processes.spawn(name, join(PROGRAMS, 'aipg-node'), [
      '--dev',
      ...['--base-path', join(this.processes.directory, 'node')],
      ...['--rpc-port', String(this.rpc)],
      ...['--port', String(this.p2p)],
      // All states are kept, so that the books of the whole run can be read at its end.
      ...['--state-pruning', 'archive', '--blocks-pruning', 'archive'],
      ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
    ])
    await child.waitUntil(() => child.log().includes('Running JSON-RPC server'), 'RPC')
    return child
  }

  #spawnWorker(action, account, name) {
    const bond = action === 'register' ? ['--bond', String(BOND)] : []
    const options = { url: this.url, suri: `//${account}`, name, extra: ['--capacity', '4', ...bond] }
    return this.processes.spawnWorker(action, options)
  }

  async #register(account) {
    const child = this.#spawnWorker('register', account, `register-${account}`)
    const status = await child.exited
    if (status !== 0) throw new Error(`${account} did not register:\n${child.tail()}`)
  }

  async raiseNode() {
    await this.node.raise()
    this.network = await openNetwork(this.url)
  }

  async killNode() {
    const { network } = this
    this.network = null
    await Promise.all([this.node.kill(), network.close().catch(() => {})])
  }

  /** Starts a member again. */
  async raise(member) {
    if (member === this.node) await this.raiseNode()
    else await member.raise()
  }

  async kill(member) {
    if (member === this.node) await this.killNode()
    else await member.kill()
  }

  /** Ends the workers in order, as their operators would. */
  async stopWorkers() {
    for (const worker of this.workers) await worker.stop()
  }

  async stop() {
    await this.network?.close().catch(() => {})
    // What it still logs is written before its folder goes.
    await sleep(0)
    await this.processes.stop()
  }
}
