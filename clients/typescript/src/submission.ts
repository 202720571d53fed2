// Signing a call, sending it, and finding it in a block, over lost connections.

import type { AddressOrPair, Signer, SubmittableExtrinsic } from '@polkadot/api/types'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { DispatchError } from '@polkadot/types/interfaces'
import type { ISubmittableResult } from '@polkadot/types/types'
import { followBlocks } from './blocks.js'
import type { Hex } from './bytes.js'
import { type Connection, isDisconnection } from './connection.js'
import { PoolRejection, RpcFailure } from './errors.js'
import { type ChainEvent, describeDispatchError, plainEvent } from './plain.js'
import { type WaitOptions, until } from './scope.js'

/** Who signs: a pair of keys, or an address with the signer of a wallet. */
export type Account = KeyringPair | { address: string; signer: Signer }

export interface SubmitOptions extends WaitOptions {
  /** Wait until the block can no longer be undone. Default: until any block has the call. */
  finalised?: boolean | undefined
}

/** A call in a block. */
export interface Inclusion {
  txHash: Hex
  blockHash: Hex
  /** What the call caused, in order. */
  events: ChainEvent[]
}

export type Call = SubmittableExtrinsic<'promise', ISubmittableResult>

/** How often a call is signed anew when another program of the same account was faster. */
const NONCE_ATTEMPTS = 10

// Answers of a transaction pool.
const INVALID = 1010
const PRIORITY_TOO_LOW = 1014

/**
 * The nonce to try next if the pool refused a call because another one has its nonce: 0 for the
 * node's own advice. Null for any other error.
 */
function nonceAfter(error: unknown, nonce: number): number | null {
  if (!(error instanceof PoolRejection)) return null
  const { code } = (error.cause ?? {}) as { code?: number }
  // The pool has a call of this nonce; one with the next can stand beside it.
  if (code === PRIORITY_TOO_LOW) return nonce + 1
  return code === INVALID && error.message.includes('outdated') ? 0 : null
}

/** Sends the calls of a connection. Those of the same account are signed one after the other. */
export class Submitter {
  readonly #signing = new Map<string, Promise<unknown>>()
  /** Nonces after the calls that are on their way: the node counts them a little late. */
  readonly #nextNonces = new Map<string, number>()

  constructor(private readonly connection: Connection) {}

  /**
   * Signs a call, sends it and waits until a block has it. After a lost connection the same bytes
   * are sent again and looked for in the blocks since. Throws DispatchFailure if the call failed,
   * PoolRejection if no block took it, and what ends a wait.
   */
  submit(call: Call, account: Account, options: SubmitOptions = {}): Promise<Inclusion> {
    return this.connection.run(options, (signal) =>
      this.#submit(call, account, options.finalised ?? false, signal),
    )
  }

  async #submit(
    call: Call,
    account: Account,
    finalised: boolean,
    signal: AbortSignal,
  ): Promise<Inclusion> {
    const { connection } = this
    const started = await connection.best.head(null, signal)
    const watch = await this.#inTurn(account.address, signal, async () => {
      let least = this.#nextNonces.get(account.address) ?? 0
      for (let attempt = 1; ; attempt += 1) {
        const nonce = Math.max(least, await this.#adviceFor(account.address, signal))
        const signed = await connection.call(() => sign(call, account, nonce), signal)
        const watch = new Watch(connection, signed, finalised, started.number, signal)
        try {
          await until(watch.accepted, signal)
          this.#expect(account.address, nonce + 1, watch)
          return watch
        } catch (error) {
          const next = nonceAfter(error, nonce)
          if (next === null || attempt === NONCE_ATTEMPTS) throw error
          least = next
        }
      }
    })
    return until(watch.included, signal)
  }

  /** The next nonce of an account as the node sees it, calls in its pool counted. */
  #adviceFor(address: string, signal: AbortSignal): Promise<number> {
    return this.connection.rpc<number>('system_accountNextIndex', [address], signal)
  }

  /** Remembers a nonce until the call before it is in a block or given up. */
  #expect(address: string, nonce: number, watch: Watch): void {
    this.#nextNonces.set(address, nonce)
    const forget = () => {
      if (this.#nextNonces.get(address) === nonce) this.#nextNonces.delete(address)
    }
    watch.included.then(forget, forget)
  }

  /** Runs `body` when all earlier ones of the address have ended. */
  async #inTurn<T>(address: string, signal: AbortSignal, body: () => Promise<T>): Promise<T> {
    const before = this.#signing.get(address)
    const turn = (async () => {
      await before?.catch(() => {})
      signal.throwIfAborted()
      return body()
    })()
    this.#signing.set(address, turn)
    try {
      return await turn
    } finally {
      if (this.#signing.get(address) === turn) this.#signing.delete(address)
    }
  }
}

function sign(call: Call, account: Account, nonce: number): Promise<Call> {
  const options = { nonce }
  return 'signer' in account
    ? call.signAsync(account.address, { ...options, signer: account.signer })
    : call.signAsync(account as AddressOrPair, options)
}

/** A signed call on its way into a block. */
class Watch {
  /** Settles when the pool has taken the call or refused it. */
  readonly accepted: Promise<unknown>
  readonly included: Promise<Inclusion>
  readonly #bytes: Hex
  readonly #txHash: Hex

  constructor(
    private readonly connection: Connection,
    private readonly signed: Call,
    private readonly finalised: boolean,
    private readonly started: number,
    private readonly signal: AbortSignal,
  ) {
    this.#bytes = signed.toHex()
    this.#txHash = signed.hash.toHex()
    let accept = () => {}
    const known = new Promise<void>((resolve) => {
      accept = resolve
    })
    this.included = this.#watch(accept)
    this.accepted = Promise.race([known, this.included])
    // Whoever waits for `accepted` may never come to ask for these.
    this.included.catch(() => {})
    this.accepted.catch(() => {})
  }

  #watch(accept: () => void): Promise<Inclusion> {
    return new Promise((resolve, reject) => {
      let unsubscribe = () => {}
      const forget = this.connection.onReconnection(() => {
        // The library does not take up the watch of a call again.
        this.#search().then(resolve, reject).finally(done)
      })
      const cleanUp = () => {
        forget()
        unsubscribe()
      }
      const onAbort = () => {
        cleanUp()
        reject(this.signal.reason)
      }
      this.signal.addEventListener('abort', onAbort, { once: true })
      const done = () => {
        this.signal.removeEventListener('abort', onAbort)
        cleanUp()
      }
      this.signed
        .send((result) => {
          accept()
          try {
            const inclusion = this.#judge(result)
            if (inclusion === null) return
            done()
            resolve(inclusion)
          } catch (error) {
            done()
            reject(error)
          }
        })
        .then((stop) => {
          unsubscribe = stop
        })
        .catch((error: Error) => {
          // Whether it arrived is unknown; the return of the connection will tell.
          if (isDisconnection(error)) return
          done()
          reject(new PoolRejection(error.message, { cause: error }))
        })
    })
  }

  /** The inclusion that a status tells of, null for one that tells of none yet. */
  #judge(result: ISubmittableResult): Inclusion | null {
    const { status, dispatchError, events, internalError } = result
    if (status.isInvalid || status.isDropped || status.isUsurped || status.isFinalityTimeout) {
      throw new PoolRejection(`the call is ${status.type}`)
    }
    if (!(this.finalised ? status.isFinalized : status.isInBlock)) return null
    if (internalError) {
      if (isDisconnection(internalError)) return null
      throw internalError
    }
    if (dispatchError) throw describeDispatchError(this.connection.api.registry, dispatchError)
    const block = status.isFinalized ? status.asFinalized : status.asInBlock
    return { txHash: this.#txHash, blockHash: block.toHex(), events: events.map(plainEvent) }
  }

  /**
   * Sends the call again and looks for it in every block since it was signed. A node that has just
   * started may refuse or lose what it is sent, so it is sent anew with every block without it.
   */
  async #search(): Promise<Inclusion> {
    const { connection, signal } = this
    const source = this.finalised ? connection.finalised : connection.best
    const lastNumber = lastBlockOf(this.signed, this.started)
    let refusal = await this.#sendAgain()
    for await (const block of followBlocks(source, this.started, signal)) {
      const { block: body } = await connection.rpc<{ block: { extrinsics: Hex[] } }>(
        'chain_getBlock',
        [block.hash],
        signal,
      )
      const index = body.extrinsics.indexOf(this.#bytes)
      if (index >= 0) return await this.#inclusionIn(block.hash, index)
      if (block.number >= lastNumber) break
      refusal = await this.#sendAgain()
    }
    const said = refusal === null ? '' : `; the node says: ${refusal.message}`
    throw new PoolRejection(`no block up to ${lastNumber} took the call${said}`, { cause: refusal })
  }

  /**
   * The node's refusal, null if it took the call. One that knows the call or has passed its nonce
   * refuses as well: only the blocks tell whether it is in.
   */
  async #sendAgain(): Promise<RpcFailure | null> {
    try {
      await this.connection.rpc('author_submitExtrinsic', [this.#bytes], this.signal)
      return null
    } catch (error) {
      if (error instanceof RpcFailure) return error
      throw error
    }
  }

  async #inclusionIn(blockHash: Hex, index: number): Promise<Inclusion> {
    const records = await this.connection.records(blockHash, this.signal)
    const own = records.filter(
      ({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eqn(index),
    )
    for (const { event } of own) {
      const [error] = event.data
      if (event.section === 'system' && event.method === 'ExtrinsicFailed' && error) {
        throw describeDispatchError(this.connection.api.registry, error as DispatchError)
      }
    }
    return { txHash: this.#txHash, blockHash, events: own.map(plainEvent) }
  }
}

/** Last block in which a signed call counts. */
function lastBlockOf(signed: Call, started: number): number {
  return signed.era.isMortalEra
    ? signed.era.asMortalEra.death(started)
    : Number.POSITIVE_INFINITY
}
