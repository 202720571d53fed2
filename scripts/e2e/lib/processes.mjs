// Real processes for runs and tests: a node, a worker, their ports, folders and log files.

import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectSocket, createServer } from 'node:net'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** Root of the checkout. */
export const ROOT = resolve(fileURLToPath(import.meta.url), '../../../..')

/** Folder of the built programs. */
export const PROGRAMS = join(
  process.env.CARGO_TARGET_DIR ??
    join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'aipg/target'),
  'release',
)

export const DEMO_MODEL = join(ROOT, 'models/demo/model.aipg')
export const DEMO_HEADER = join(ROOT, 'models/demo/header.bin')

/** Bond in AIPG with which machines register here: one penalty leaves it above the least bond. */
export const WORKER_BOND = 200

// A guard against hanging, not a measurement: builds on busy machines are slow to start.
export const START_LIMIT_MS = 180_000
const STOP_LIMIT_MS = 20_000

/** A process that ended before it was ready. */
export class StartFailure extends Error {
  constructor(name, status, log) {
    super(`${name} ended with ${status} before it was ready:\n${log}`)
    this.name = 'StartFailure'
    this.status = status
    this.log = log
  }
}

/**
 * Where ports come from: below the range of which a system gives one to whoever wants any, so that
 * nobody has it between its choice and its use.
 */
const PORTS = { first: 12_000, end: 32_000 }

/** A free TCP port; `preferred` if that one is free. */
export async function freePort(preferred = 0) {
  const attempt = (port) =>
    new Promise((done, failed) => {
      const server = createServer()
      server.once('error', failed)
      server.listen({ port, host: '0.0.0.0' }, () => server.close(() => done(port)))
    })
  let port = preferred === 0 ? randomInt(PORTS.first, PORTS.end) : preferred
  for (let attempts = 0; attempts < 100; attempts += 1) {
    try {
      return await attempt(port)
    } catch {
      port = randomInt(PORTS.first, PORTS.end)
    }
  }
  throw new Error(`no free port from ${PORTS.first} to ${PORTS.end}`)
}

function portAnswers(port) {
  return new Promise((done) => {
    const socket = connectSocket({ port, host: '127.0.0.1' })
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => done(false))
  })
}

/** A child process whose output goes to a log file. */
class Child {
  constructor(name, program, args, { directory, env = {} }) {
    this.name = name
    this.logFile = join(directory, `${name}.log`)
    writeFileSync(this.logFile, '')
    const log = createWriteStream(this.logFile, { flags: 'a' })
    this.process = spawn(program, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C in the terminal reaches this program only, which then ends its
      // children in order, the worker before the node it talks to.
      detached: true,
    })
    this.process.stdout.pipe(log, { end: false })
    this.process.stderr.pipe(log, { end: false })
    this.exited = new Promise((done) => {
      this.process.once('error', (error) => {
        writeFileSync(this.logFile, `${error.message}\n`, { flag: 'a' })
        done('no start')
      })
      // `close` comes after the last output.
      this.process.once('close', (code, signal) => log.end(() => done(signal ?? code)))
    })
    this.running = true
    this.exited.then((status) => {
      this.running = false
      this.status = status
    })
  }

  /** Everything the process has said. */
  log() {
    return readFileSync(this.logFile, 'utf8')
  }

  tail(lines = 15) {
    return this.log().trimEnd().split('\n').slice(-lines).join('\n')
  }

  /** Waits until `ready()` holds; throws StartFailure when the process ends first. */
  async waitUntil(ready, what, limitMs = START_LIMIT_MS) {
    const limit = Date.now() + limitMs
    for (;;) {
      if (!this.running) throw new StartFailure(this.name, this.status, this.tail())
      if (await ready()) return
      if (Date.now() > limit) {
        throw new Error(`${this.name} did not come to "${what}":\n${this.tail()}`)
      }
      await sleep(100)
    }
  }

  /** Asks the process to end, and makes it end if it does not. */
  async stop() {
    if (!this.running) return this.status
    this.process.kill('SIGTERM')
    const killer = setTimeout(() => this.process.kill('SIGKILL'), STOP_LIMIT_MS)
    const status = await this.exited
    clearTimeout(killer)
    return status
  }

  /** Ends the process without any warning, as a power cut would. */
  async kill() {
    this.process.kill('SIGKILL')
    return this.exited
  }
}

/**
 * The processes of one run with their temporary folder; everything ends with `stop()`. With `keep`, or the variable
 * AIPG_KEEP in the environment, the folder stays, for whoever wants to read logs and databases.
 */
export class Processes {
  #keep
  #isOver = false

  constructor({ keep = process.env.AIPG_KEEP !== undefined } = {}) {
    this.#keep = keep
    this.directory = mkdtempSync(join(tmpdir(), 'aipg-'))
    this.children = []
    this.onExit = () => {
      for (const child of this.children) if (child.running) child.process.kill('SIGKILL')
      this.#clear()
    }
    process.once('exit', this.onExit)
  }

  #clear() {
    if (!this.#keep) rmSync(this.directory, { recursive: true, force: true })
  }

  spawn(name, program, args, env) {
    if (this.#isOver) throw new Error(`${name} is not started: the run is over`)
    const child = new Child(name, program, args, { directory: this.directory, env })
    this.children.push(child)
    return child
  }

  /** Starts a development chain, or goes on with the one of before, and waits until its RPC answers. */
  async startNode({ name = 'node', rpcPort = 0, p2pPort = 0, mode = ['--dev'], extra = [] } = {}) {
    const rpc = await freePort(rpcPort)
    const p2p = await freePort(p2pPort)
    const basePath = join(this.directory, 'node')
    const child = this.spawn(name, join(PROGRAMS, 'aipg-node'), [
      ...mode,
      ...['--base-path', basePath],
      ...['--rpc-port', String(rpc)],
      ...['--port', String(p2p)],
      '--no-prometheus',
      '--no-telemetry',
      '--no-mdns',
      ...extra,
    ])
    await child.waitUntil(() => portAnswers(rpc), 'RPC answers')
    return Object.assign(child, { basePath, url: `ws://127.0.0.1:${rpc}`, rpc, p2p, mode })
  }

  /** Starts an action of the worker with the demo model: `run`, or `register` which ends. */
  spawnWorker(action, { url, suri, model = DEMO_MODEL, name = 'worker', extra = [] }) {
    const drain = action === 'run' ? ['--drain-seconds', '10'] : []
    const args = [
      action,
      ...['--node', url],
      ...['--suri', suri],
      ...['--model', model],
      ...drain,
      ...extra,
    ]
    // State and locks that belong to this chain, and no port that another run may have.
    const env = {
      AIPG_WORKER_DATA_DIR: join(this.directory, `worker-${suri.replaceAll('/', '')}`),
      AIPG_WORKER_METRICS_ADDRESS: 'none',
      XDG_RUNTIME_DIR: this.directory,
    }
    return this.spawn(name, join(PROGRAMS, 'aipg-worker'), args, env)
  }

  /** Registers a machine and starts to serve jobs with it. */
  async startWorker(options) {
    const registration = this.spawnWorker('register', {
      ...options,
      name: 'worker-register',
      extra: ['--bond', String(WORKER_BOND), ...(options.extra ?? [])],
    })
    const status = await registration.exited
    if (status !== 0) throw new StartFailure('worker register', status, registration.tail())
    return this.spawnWorker('run', options)
  }

  /** Runs a program to its end and returns {status, log}. */
  async run(name, program, args, env) {
    const child = this.spawn(name, program, args, env)
    const status = await child.exited
    return { status, log: child.log() }
  }

  /** Ends all processes, the youngest first, and removes the folder. None can be started any more. */
  async stop() {
    this.#isOver = true
    for (const child of [...this.children].reverse()) await child.stop()
    process.removeListener('exit', this.onExit)
    this.#clear()
  }
}
