// A connection to one of several nodes that comes back by itself.

import { ApiPromise, WsProvider } from '@polkadot/api'
import type { Vec } from '@polkadot/types'
import type { EventRecord, Header } from '@polkadot/types/interfaces'
import type { BlockHeader, BlockSource } from './blocks.js'
import type { Hex } from './bytes.js'
import {
  AipgError,
  ConnectionLost,
  Disconnected,
  HistoryUnavailable,
  InvalidRequest,
  RpcFailure,
  WrongChain,
} from './errors.js'
import { type ChainEvent, plainEvent } from './plain.js'
import { type WaitOptions, scoped, until } from './scope.js'

/** How to connect. */
export interface ConnectOptions extends WaitOptions {
  /** WebSocket address of a node. */
  url?: string | undefined
  /** Several nodes of the same chain: when one is gone the next is tried. */
  urls?: readonly string[] | undefined
  /** Genesis hash of the chain that is meant; another chain is refused with WrongChain. */
  genesis?: Hex | undefined
  /** Milliseconds between attempts to connect. Default 500. */
  retry?: number | undefined
  /** Milliseconds without any node after which waits end with ConnectionLost. Default 60,000. */
  patience?: number | undefined
}

const RETRY_MS = 500
const PATIENCE_MS = 60_000
/** Blocks whose events are kept for the other waits that read them. */
const CACHED_BLOCKS = 64

/** Whether the library rejected a request because the socket was or became closed. */
export function isDisconnection(error: unknown): boolean {
  const message = error instanceof Error ? error.message : ''
  return message.startsWith('disconnected from ') || message.includes('WebSocket is not connected')
}

/** Opens once, may be waited for by many. */
class Gate {
  open = () => {}
  readonly opened = new Promise<void>((resolve) => {
    this.open = resolve
  })
}

/** A node, or the next one when it is gone. */
export class Connection {
  readonly api: ApiPromise
  readonly provider: WsProvider
  readonly urls: readonly string[]
  /** The best chain. */
  readonly best: BlockSource
  /** The chain as far as it can no longer be undone. */
  readonly finalised: BlockSource
  readonly #patience: number
  readonly #reconnections = new Set<() => void>()
  readonly #events = new Map<Hex, Promise<ChainEvent[]>>()
  /** Fires once: disconnected by the owner, or connected to another chain. */
  readonly #ended = new AbortController()
  /** Fires when the patience is over; a new one takes its place when a node answers again. */
  #lost = new AbortController()
  /** Open while the node at the other end is known to be of the right chain. */
  #gate = new Gate()
  #patienceTimer: ReturnType<typeof setTimeout> | undefined
  #genesis: Hex | undefined
  #connections = 0

  private constructor(urls: readonly string[], options: ConnectOptions) {
    this.urls = urls
    this.#genesis = options.genesis
    this.#patience = options.patience ?? PATIENCE_MS
    try {
      this.provider = new WsProvider([...urls], options.retry ?? RETRY_MS)
    } catch (error) {
      throw new InvalidRequest(error instanceof Error ? error.message : String(error))
    }
    this.provider.on('connected', () => void this.#onConnected())
    this.provider.on('disconnected', () => this.#onDisconnected())
    this.api = new ApiPromise({ provider: this.provider, noInitWarn: true })
    // Failures to connect are tried again; the patience tells when it was too often.
    this.api.isReadyOrError.catch(() => {})
    this.api.on('error', () => {})
    this.best = new HeadFeed(
      this,
      (onHead) => this.api.rpc.chain.subscribeNewHeads(onHead),
      () => this.api.rpc.chain.getHeader(),
    )
    this.finalised = new HeadFeed(
      this,
      (onHead) => this.api.rpc.chain.subscribeFinalizedHeads(onHead),
      async () => this.api.rpc.chain.getHeader(await this.api.rpc.chain.getFinalizedHead()),
    )
    this.#startPatience()
  }

  /** Connects. Throws ConnectionLost, WrongChain, InvalidRequest, Aborted, TimedOut. */
  static async open(options: ConnectOptions): Promise<Connection> {
    const urls = options.urls ?? (options.url === undefined ? [] : [options.url])
    if (urls.length === 0) throw new InvalidRequest('no address of a node is given')
    const connection = new Connection(urls, options)
    try {
      await connection.run(options, () => connection.api.isReady)
      return connection
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  /** Genesis hash of the chain. */
  get genesis(): Hex {
    return this.api.genesisHash.toHex()
  }

  /** Address of the node that answers now, or that is tried. */
  get url(): string {
    return this.provider.endpoint
  }

  async close(): Promise<void> {
    this.#stopPatience()
    this.#ended.abort(new Disconnected())
    await this.api.disconnect()
  }

  async #onConnected(): Promise<void> {
    try {
      const genesis = await this.provider.send<Hex>('chain_getBlockHash', [0])
      this.#genesis ??= genesis
      if (genesis !== this.#genesis) {
        this.#ended.abort(new WrongChain(genesis, this.#genesis))
        await this.close()
        return
      }
    } catch {
      // The socket closed again; the next one is asked.
      return
    }
    this.#stopPatience()
    if (this.#lost.signal.aborted) this.#lost = new AbortController()
    this.#gate.open()
    this.#connections += 1
    if (this.#connections > 1) for (const told of [...this.#reconnections]) told()
  }

  #onDisconnected(): void {
    if (this.#ended.signal.aborted) return
    this.#gate = new Gate()
    this.#startPatience()
  }

  #startPatience(): void {
    // A failed attempt does not start it anew.
    if (this.#lost.signal.aborted) return
    this.#patienceTimer ??= setTimeout(() => {
      this.#lost.abort(new ConnectionLost(this.urls, this.#patience))
    }, this.#patience)
  }

  #stopPatience(): void {
    clearTimeout(this.#patienceTimer)
    this.#patienceTimer = undefined
  }

  /** Runs `body` with a signal for all that may end it early, the loss of the connection included. */
  run<T>(options: WaitOptions, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return scoped(options, this.signals, body)
  }

  /** What ends every wait: the end of the connection, or of the patience with it. */
  get signals(): AbortSignal[] {
    return [this.#ended.signal, this.#lost.signal]
  }

  /** Has `told` called after every return of the connection; the result stops that. */
  onReconnection(told: () => void): () => void {
    this.#reconnections.add(told)
    return () => this.#reconnections.delete(told)
  }

  /** Asks the node, once more when the connection breaks. `request` must do no harm twice. */
  async call<T>(request: () => Promise<T>, signal: AbortSignal = this.#ended.signal): Promise<T> {
    for (;;) {
      await until(this.#gate.opened, signal)
      try {
        return await until(request(), signal)
      } catch (error) {
        if (!isDisconnection(error)) throw error
      }
    }
  }

  /** Result of an RPC method. Throws RpcFailure if it is an error. */
  async rpc<T>(method: string, parameters: unknown[], signal?: AbortSignal): Promise<T> {
    try {
      return await this.call(() => this.provider.send<T>(method, parameters), signal)
    } catch (error) {
      if (error instanceof AipgError || !(error instanceof Error)) throw error
      throw new RpcFailure(method, error)
    }
  }

  /** Throws HistoryUnavailable for a block that the node does not have. */
  async header(hash: Hex, signal?: AbortSignal): Promise<BlockHeader> {
    // Not `api.rpc`: the library asks for the state of the block's parent to decode a header.
    const header = await this.rpc<{ number: Hex; parentHash: Hex } | null>(
      'chain_getHeader',
      [hash],
      signal,
    )
    if (header === null) throw new HistoryUnavailable(hash)
    return { number: Number(header.number), hash, parentHash: header.parentHash }
  }

  /** Everything that a block's execution announced. Throws HistoryUnavailable. */
  events(hash: Hex, signal: AbortSignal): Promise<ChainEvent[]> {
    let events = this.#events.get(hash)
    if (events === undefined) {
      events = this.#readEvents(hash)
      events.catch(() => this.#events.delete(hash))
      this.#events.set(hash, events)
      const oldest = this.#events.keys().next().value
      if (this.#events.size > CACHED_BLOCKS && oldest !== undefined) this.#events.delete(oldest)
    }
    return until(events, signal)
  }

  async #readEvents(hash: Hex): Promise<ChainEvent[]> {
    return (await this.records(hash)).map(plainEvent)
  }

  /** The event records of a block, undecoded into plain data. Throws HistoryUnavailable. */
  async records(hash: Hex, signal?: AbortSignal): Promise<EventRecord[]> {
    try {
      return await this.call(async () => {
        const at = await this.api.at(hash)
        return [...((await at.query['system']!['events']!()) as unknown as Vec<EventRecord>)]
      }, signal)
    } catch (error) {
      const message = error instanceof Error ? error.message : ''
      if (/State already discarded|UnknownBlock/.test(message)) {
        throw new HistoryUnavailable(hash, error)
      }
      throw error
    }
  }
}

function headerOf(header: Header): BlockHeader {
  return {
    number: header.number.toNumber(),
    hash: header.hash.toHex(),
    parentHash: header.parentHash.toHex(),
  }
}

/** The newest header of a chain, from a subscription that begins with the first question. */
class HeadFeed implements BlockSource {
  #latest: BlockHeader | null = null
  #started: Promise<unknown> | null = null
  readonly #waiting = new Set<() => void>()

  constructor(
    private readonly connection: Connection,
    private readonly subscribe: (onHead: (head: Header) => void) => Promise<unknown>,
    private readonly fetch: () => Promise<Header>,
  ) {}

  async head(previous: Hex | null, signal: AbortSignal): Promise<BlockHeader> {
    await until(this.#start(), signal)
    for (;;) {
      if (this.#latest !== null && this.#latest.hash !== previous) return this.#latest
      let wake = () => {}
      const news = new Promise<void>((resolve) => {
        wake = resolve
      })
      this.#waiting.add(wake)
      try {
        await until(news, signal)
      } finally {
        this.#waiting.delete(wake)
      }
    }
  }

  header(hash: Hex, signal: AbortSignal): Promise<BlockHeader> {
    return this.connection.header(hash, signal)
  }

  events(hash: Hex, signal: AbortSignal): Promise<ChainEvent[]> {
    return this.connection.events(hash, signal)
  }

  #start(): Promise<unknown> {
    if (this.#started === null) {
      this.#started = this.connection.call(() => this.subscribe((head) => this.#take(head)))
      this.#started.catch(() => {
        this.#started = null
      })
      // The library subscribes again by itself after a return, but a chain that stands still
      // announces nothing, and blocks may have come meanwhile.
      this.connection.onReconnection(() => {
        this.fetch().then(
          (head) => this.#take(head),
          () => {},
        )
      })
    }
    return this.#started
  }

  #take(head: Header): void {
    this.#latest = headerOf(head)
    for (const wake of this.#waiting) wake()
  }
}
