// Signing a call, sending it, and finding it in a block, over lost connections.

import type { AddressOrPair, Signer, SubmittableExtrinsic } from '@polkadot/api/types'
import type { KeyringPair } from '@polkadot/keyring/types'
import type { DispatchError } from '@polkadot/types/interfaces'
import type { ISubmittableResult } from '@polkadot/types/types'
import { followBlocks } from './blocks.js'
import type { Hex } from './bytes.js'
import { type Connection, isDisconnection } from './connection.js'
import { PoolRejection } from './errors.js'
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

/** Sends the calls of a connection. Those of the same account are signed one after the other. */
export class Submitter {
  readonly #signing = new Map<string, Promise<unknown>>()

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
    const submission = await this.#inTurn(account.address, signal, async () => {
      const signed = await connection.call(() => sign(call, account), signal)
      const watched = new Watch(connection, signed, finalised, started.number, signal)
      // The next call of the account asks for its nonce when the pool knows this one.
      await until(watched.accepted, signal)
      return watched
    })
    return until(submission.included, signal)
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

function sign(call: Call, account: Account): Promise<Call> {
  const options = { nonce: -1 }
  return 'signer' in account
    ? call.signAsync(account.address, { ...options, signer: account.signer })
    : call.signAsync(account as AddressOrPair, options)
}

/** A signed call on its way into a block. */
class Watch {
  /** Settles when the pool has taken the call, or it came to its end. */
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
    let accept: (value?: unknown) => void = () => {}
    this.accepted = new Promise((resolve) => {
      accept = resolve
    })
    this.included = this.#watch(accept)
    this.included.then(accept, accept)
  }

  #watch(accept: () => void): Promise<Inclusion> {
    return new Promise((resolve, reject) => {
      let unsubscribe = () => {}
      const forget = this.connection.onReconnection(() => {
        // The library does not take up the watch of a call again.
        this.#search().then(resolve, reject)
      })
      const cleanUp = () => {
        forget()
        unsubscribe()
      }
      this.signal.addEventListener('abort', cleanUp, { once: true })
      const done = () => {
        this.signal.removeEventListener('abort', cleanUp)
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

  /** Sends the call again and looks for it in every block since it was signed. */
  async #search(): Promise<Inclusion> {
    const { connection, signal } = this
    try {
      await connection.rpc('author_submitExtrinsic', [this.#bytes], signal)
    } catch {
      // Known, or its nonce used: by itself, if it is found below.
    }
    const source = this.finalised ? connection.finalised : connection.best
    const lastNumber = lastBlockOf(this.signed, this.started)
    for await (const block of followBlocks(source, this.started, signal)) {
      const { block: body } = await connection.rpc<{ block: { extrinsics: Hex[] } }>(
        'chain_getBlock',
        [block.hash],
        signal,
      )
      const index = body.extrinsics.indexOf(this.#bytes)
      if (index >= 0) return await this.#inclusionIn(block.hash, index)
      if (block.number >= lastNumber) break
    }
    throw new PoolRejection(`no block up to ${lastNumber} took the call`)
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
