// Connection to a node: plain values instead of codecs, named errors, accounts, balances.

import { ApiPromise, Keyring, WsProvider } from '@polkadot/api'
import { Enum, Option, Raw, Struct, Tuple, Vec } from '@polkadot/types'
import { hexToU8a, u8aToHex } from '@polkadot/util'
import { cryptoWaitReady, encodeAddress } from '@polkadot/util-crypto'

export const SS58_PREFIX = 2686

// Guards against a hanging node.
const CONNECTION_LIMIT_MS = 120_000
const INCLUSION_LIMIT_MS = 180_000

/** A call that was included and failed. `code` is the error's name: `jobEscrow.UnknownModel`. */
export class DispatchFailure extends Error {
  constructor(code, documentation) {
    super(documentation ? `${code}: ${documentation}` : code)
    this.name = 'DispatchFailure'
    this.code = code
  }
}

/** A call that the transaction pool refused. */
export class PoolRejection extends Error {
  constructor(message) {
    super(message)
    this.name = 'PoolRejection'
    this.code = 'PoolRejection'
  }
}

/**
 * A node's answer to an RPC call that is an error. `code` is the error's name where the message
 * begins with one (`NotFound`), else its JSON-RPC number.
 */
export class RpcFailure extends Error {
  constructor(method, error) {
    // The library puts the number in front of the message.
    const message = String(error.message).replace(/^-?\d+: /, '')
    super(`${method}: ${message}`)
    this.name = 'RpcFailure'
    this.code = /^([A-Z][A-Za-z]+): /.exec(message)?.[1] ?? error.code
  }
}

/**
 * A codec as plain data: numbers as bigint, hashes and bytes as hex, accounts as addresses, options
 * as the value or null, enums as their name or {name: value}, structs as objects.
 */
export function plain(codec) {
  if (codec instanceof Option) return codec.isNone ? null : plain(codec.unwrap())
  if (codec instanceof Enum) {
    return codec.isBasic || codec.isNone ? codec.type : { [codec.type]: plain(codec.inner) }
  }
  if (codec instanceof Struct) {
    return Object.fromEntries([...codec.entries()].map(([name, value]) => [name, plain(value)]))
  }
  if (codec instanceof Tuple || codec instanceof Vec) {
    return [...codec].map(plain)
  }
  if (typeof codec.toBigInt === 'function') return codec.toBigInt()
  if (codec.toRawType() === 'AccountId') return codec.toString()
  if (codec instanceof Raw) return u8aToHex(codec.toU8a(true))
  const json = codec.toJSON()
  return json === null || typeof json === 'boolean' || typeof json === 'object'
    ? json
    : codec.toString()
}

/** An event record as {section, method, data, extrinsic}: `data` by field name. */
export function plainEvent({ event, phase }) {
  const names = event.data.names ?? event.data.map((_, index) => String(index))
  return {
    section: event.section,
    method: event.method,
    name: `${event.section}.${event.method}`,
    data: Object.fromEntries(event.data.map((value, index) => [camelCase(names[index]), plain(value)])),
    extrinsic: phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : null,
  }
}

function camelCase(name) {
  return name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
}

/** Name of a dispatch error, with its documentation if it has any. */
export function describeDispatchError(registry, error) {
  if (error.isModule) {
    const meta = registry.findMetaError(error.asModule)
    return new DispatchFailure(`${meta.section}.${meta.name}`, meta.docs.join(' ').trim())
  }
  const inner = error.inner && error.inner.type ? `.${error.inner.type}` : ''
  return new DispatchFailure(`${error.type}${inner}`, '')
}

/** The development accounts by name, as the dev chain uses them. */
export async function developmentAccounts() {
  await cryptoWaitReady()
  const keyring = new Keyring({ type: 'sr25519', ss58Format: SS58_PREFIX })
  const names = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie']
  return Object.fromEntries(
    names.map((name) => [name.toLowerCase(), keyring.addFromUri(`//${name}`, { name })]),
  )
}

/** Address of an account that a pallet owns: its eight-byte name behind "modl". */
export function palletAddress(name) {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(`modl${name}`))
  return encodeAddress(bytes, SS58_PREFIX)
}

/** A connected node. */
export class Chain {
  constructor(api, provider, url) {
    this.api = api
    this.provider = provider
    this.url = url
  }

  static async connect(url) {
    const provider = new WsProvider(url, 500)
    let limit
    const tooLate = new Promise((_, reject) => {
      limit = setTimeout(() => reject(new Error(`no node answers at ${url}`)), CONNECTION_LIMIT_MS)
    })
    try {
      // The library goes on trying for ever.
      const ready = ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: false })
      return new Chain(await Promise.race([ready, tooLate]), provider, url)
    } catch (error) {
      await provider.disconnect()
      throw error
    } finally {
      clearTimeout(limit)
    }
  }

  async disconnect() {
    await this.api.disconnect()
  }

  async #rpc(method, ...parameters) {
    try {
      return await this.provider.send(method, parameters)
    } catch (error) {
      throw new RpcFailure(method, error)
    }
  }

  /** Stores a blob on the node and returns its hash. */
  async putBlob(bytes) {
    return this.#rpc('blobs_put', u8aToHex(bytes))
  }

  /** The bytes that the node serves under a hash. They are not checked here. */
  async getBlob(hash) {
    return hexToU8a(await this.#rpc('blobs_get', hash))
  }

  async hasBlob(hash) {
    return this.#rpc('blobs_has', hash)
  }

  /**
   * Signs a call, sends it and waits until a block has it. Returns {blockHash, events, txHash}.
   * Throws DispatchFailure when it failed there, PoolRejection when no block took it.
   */
  submit(call, signer) {
    return new Promise((resolve, reject) => {
      let unsubscribe = () => {}
      const limit = setTimeout(
        () => finish(reject, new PoolRejection('no block included the call')),
        INCLUSION_LIMIT_MS,
      )
      const finish = (settle, value) => {
        clearTimeout(limit)
        unsubscribe()
        settle(value)
      }
      call
        .signAndSend(signer, { nonce: -1 }, (result) => {
          const { status, dispatchError, events, txHash } = result
          if (status.isInvalid || status.isDropped || status.isUsurped) {
            finish(reject, new PoolRejection(`the call is ${status.type}`))
          } else if (dispatchError) {
            finish(reject, describeDispatchError(this.api.registry, dispatchError))
          } else if (status.isInBlock) {
            finish(resolve, {
              blockHash: status.asInBlock.toHex(),
              events: events.map(plainEvent),
              txHash: txHash.toHex(),
            })
          }
        })
        .then((stop) => {
          unsubscribe = stop
        })
        .catch((error) => finish(reject, new PoolRejection(error.message)))
    })
  }

  async bestNumber() {
    return (await this.api.rpc.chain.getHeader()).number.toNumber()
  }

  async blockHash(number) {
    return (await this.api.rpc.chain.getBlockHash(number)).toHex()
  }

  /** Number of the newest block that can no longer be undone. */
  async finalized() {
    const hash = await this.api.rpc.chain.getFinalizedHead()
    return (await this.api.rpc.chain.getHeader(hash)).number.toNumber()
  }

  /** What an account has on hold, by reason: {'jobEscrow.JobPrice': amount}. */
  async holds(address, blockHash) {
    const at = blockHash ? await this.api.at(blockHash) : this.api
    const holds = plain(await at.query.balances.holds(address))
    return Object.fromEntries(
      holds.map(({ id, amount }) => {
        const [[pallet, reason]] = Object.entries(id)
        return [`${pallet[0].toLowerCase()}${pallet.slice(1)}.${reason}`, amount]
      }),
    )
  }

  async freeBalance(address) {
    return (await this.api.query.system.account(address)).data.free.toBigInt()
  }

  /** Free + reserved of every account at a block, by address. */
  async balances(blockHash) {
    const at = await this.api.at(blockHash)
    const entries = await at.query.system.account.entries()
    return new Map(
      entries.map(([key, account]) => [
        encodeAddress(key.args[0].toU8a(), SS58_PREFIX),
        account.data.free.toBigInt() + account.data.reserved.toBigInt(),
      ]),
    )
  }

  async issuance(blockHash) {
    const at = await this.api.at(blockHash)
    return (await at.query.balances.totalIssuance()).toBigInt()
  }

  /** EconomyApi.books at a block. */
  async books(blockHash) {
    const at = await this.api.at(blockHash)
    return camelKeys(plain(await at.call.economyApi.books()))
  }

  async quote(model, prompt, output) {
    return camelKeys(plain(await this.api.call.jobsApi.quote(model, prompt, output)))
  }

  /** A live job, null once it has ended. */
  async job(id) {
    return camelKeys(plain(await this.api.call.jobsApi.job(id)))
  }

  async worker(address) {
    return camelKeys(plain(await this.api.call.workersApi.worker(address)))
  }

  async model(root) {
    return camelKeys(plain(await this.api.call.modelsApi.model(root)))
  }

  async modelHeader(root) {
    // Not `api.call`: the library takes the encoding of an optional byte string for the string.
    const encoded = await this.#rpc('state_call', 'ModelsApi_model_header', root)
    const header = this.api.registry.createType('Option<Bytes>', hexToU8a(encoded))
    return header.isNone ? null : header.unwrap().toU8a(true)
  }

  /** Roots of all models ever registered. */
  async models() {
    const keys = await this.api.query.modelRegistry.models.keys()
    return keys.map((key) => key.args[0].toHex())
  }
}

function camelKeys(value) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [camelCase(name), inner]))
}
