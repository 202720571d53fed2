// A connected chain: blobs, blocks, and what can be read.

import type { ApiPromise } from '@polkadot/api'
import type { Option } from '@polkadot/types'
import type { Codec } from '@polkadot/types/types'
import { type Block, type BlockSource, followBlocks } from './blocks.js'
import { type Hex, fromHex, toHex } from './bytes.js'
import type { Connection } from './connection.js'
import { BlobError, UnsupportedByChain } from './errors.js'
import { plain } from './plain.js'
import type { Books, ClaimableReward, JobView, ModelTerms, Quote, WorkerView } from './records.js'
import { type WaitOptions, Scope } from './scope.js'
import { blobHash } from './tokens.js'

/** Limits of a wait for something on chain. */
export interface ChainWaitOptions extends WaitOptions {
  /** Believe only blocks that can no longer be undone. Default: the best chain. */
  finalised?: boolean | undefined
}

export class Reader {
  /** The library underneath, for everything that this package does not cover. */
  readonly api: ApiPromise
  readonly connection: Connection

  protected constructor(connection: Connection) {
    this.connection = connection
    this.api = connection.api
  }

  /** Ends all waits with Disconnected and closes the connection. */
  async disconnect(): Promise<void> {
    await this.connection.close()
  }

  /** Genesis hash: which chain this is. */
  get genesis(): Hex {
    return this.connection.genesis
  }

  // Blobs

  /** Stores a blob on the node and returns its hash. Throws BlobError, RpcFailure (`TooLarge`, …). */
  async putBlob(bytes: Uint8Array, options: WaitOptions = {}): Promise<Hex> {
    const hash = await this.connection.run(options, (signal) =>
      this.connection.rpc<Hex>('blobs_put', [toHex(bytes)], signal),
    )
    if (hash !== blobHash(bytes)) {
      throw new BlobError('BlobMismatch', `the node stored the blob as ${hash}`)
    }
    return hash
  }

  /**
   * The bytes of a hash, checked against it. What the node lacks it fetches from others, the node
   * `provider` among them. Throws BlobError, RpcFailure (`NotFound`, …).
   */
  async getBlob(
    hash: Hex,
    options: WaitOptions & { provider?: Hex | null } = {},
  ): Promise<Uint8Array> {
    const bytes = await this.fetchBlob(hash, options)
    const found = blobHash(bytes)
    if (found !== hash) {
      throw new BlobError('BlobMismatch', `the node sent ${found} instead of ${hash}`)
    }
    return bytes
  }

  async hasBlob(hash: Hex, options: WaitOptions = {}): Promise<boolean> {
    return this.connection.run(options, (signal) =>
      this.connection.rpc<boolean>('blobs_has', [hash], signal),
    )
  }

  /** The node's name in the network, which a job gives as the provider of its input. */
  async provider(options: WaitOptions = {}): Promise<Hex | null> {
    return this.connection.run(options, (signal) =>
      this.connection.rpc<Hex | null>('blobs_provider', [], signal),
    )
  }

  /** The bytes that the node serves under a hash, unchecked. */
  protected async fetchBlob(
    hash: Hex,
    options: WaitOptions & { provider?: Hex | null },
  ): Promise<Uint8Array> {
    const parameters = options.provider ? [hash, options.provider] : [hash]
    const hex = await this.connection.run(options, (signal) =>
      this.connection.rpc<Hex>('blobs_get', parameters, signal),
    )
    return fromHex(hex)
  }

  // Blocks

  /**
   * Yields blocks with their events from the height `from` on, or from the head, without end. A block
   * of the best chain takes the place of all before with its number or a higher one.
   */
  async *blocks(options: ChainWaitOptions & { from?: number } = {}): AsyncGenerator<Block, void> {
    const scope = new Scope(options, this.connection.signals)
    try {
      yield* followBlocks(this.source(options), options.from, scope.signal)
    } finally {
      scope.end()
    }
  }

  protected source({ finalised = false }: ChainWaitOptions): BlockSource {
    return finalised ? this.connection.finalised : this.connection.best
  }

  // Reads

  /**
   * What a job of so many prompt and answer tokens costs; null for an unknown model or more tokens
   * than its context takes.
   */
  async quoteCounts(
    model: Hex,
    prompt: number,
    output: number,
    options: WaitOptions = {},
  ): Promise<Quote | null> {
    return this.read('jobsApi', 'quote', [model, prompt, output], options)
  }

  /** A live job, null once it has ended. */
  async job(id: bigint, options: WaitOptions = {}): Promise<JobView | null> {
    return this.read('jobsApi', 'job', [id], options)
  }

  /** A machine, null if the account has registered none. */
  async worker(address: string, options: WaitOptions = {}): Promise<WorkerView | null> {
    return this.read('workersApi', 'worker', [address], options)
  }

  /** An active model, null if no such model is registered. */
  async model(root: Hex, options: WaitOptions = {}): Promise<ModelTerms | null> {
    return this.read('modelsApi', 'model', [root], options)
  }

  /** Roots of all models ever registered. */
  async models(options: WaitOptions = {}): Promise<Hex[]> {
    return this.connection.run(options, async (signal) => {
      const keys = await this.connection.call(
        () => this.api.query['modelRegistry']!['models']!.keys(),
        signal,
      )
      return keys.map((key) => (key.args[0] as Codec).toHex() as Hex)
    })
  }

  /** The encoded header that a model's root commits to, null for an unknown model. */
  async modelHeader(root: Hex, options: WaitOptions = {}): Promise<Uint8Array | null> {
    // Not `api.call`: the library takes the encoding of an optional byte string for the string.
    const encoded = await this.connection.run(options, (signal) =>
      this.connection.rpc<Hex>('state_call', ['ModelsApi_model_header', root], signal),
    )
    const header = this.api.registry.createType<Option<Codec>>('Option<Bytes>', fromHex(encoded))
    return header.isNone ? null : header.unwrap().toU8a(true)
  }

  /** Rewards of closed rounds that a worker has not claimed, oldest first. */
  async claimableRewards(address: string, options: WaitOptions = {}): Promise<ClaimableReward[]> {
    return this.read('economyApi', 'claimableRewards', [address], options)
  }

  /** The books of the supply, now or at a block. */
  async books(blockHash?: Hex, options: WaitOptions = {}): Promise<Books> {
    return this.read('economyApi', 'books', [], options, blockHash)
  }

  /** What an account can spend or put on hold. */
  async freeBalance(address: string, options: WaitOptions = {}): Promise<bigint> {
    return this.connection.run(options, async (signal) => {
      const account = await this.connection.call(
        () => this.api.query['system']!['account']!(address),
        signal,
      )
      const { data } = plain(account) as { data: { free: bigint } }
      return data.free
    })
  }

  /** Result of a runtime API's method as plain data. Throws UnsupportedByChain. */
  protected read<T>(
    api: string,
    method: string,
    parameters: unknown[],
    options: WaitOptions,
    blockHash?: Hex,
  ): Promise<T> {
    return this.connection.run(options, (signal) =>
      this.connection.call(async () => {
        const at = blockHash === undefined ? this.api : await this.api.at(blockHash)
        const call = at.call[api]?.[method]
        if (!call) throw new UnsupportedByChain(`runtime API ${api}.${method}`)
        return plain(await call(...parameters)) as T
      }, signal),
    )
  }
}
