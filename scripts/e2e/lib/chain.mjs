// The client with what only tests and reports read: holds, balances and issuance at a block.

import { Client, SS58_PREFIX, accountFrom, plain } from '@aipowergrid/client'
import { encodeAddress } from '@polkadot/util-crypto'
import { START_LIMIT_MS } from './processes.mjs'

// Guards against a hanging node, which may be starting again: that alone may take its limit.
const CONNECTION_LIMIT_MS = START_LIMIT_MS + 120_000
const INCLUSION_LIMIT_MS = START_LIMIT_MS + 180_000

const DEVELOPMENT_ACCOUNTS = ['Alice', 'Bob', 'Charlie', 'Dave', 'Eve', 'Ferdie']

/** The development accounts by name, as the dev chain uses them. */
export async function developmentAccounts() {
  return Object.fromEntries(
    await Promise.all(
      DEVELOPMENT_ACCOUNTS.map(async (name) => [
        name.toLowerCase(),
        await accountFrom(`//${name}`, name),
      ]),
    ),
  )
}

/** A connected node. */
export class Chain extends Client {
  static connect(url) {
    return super.connect({ url, patience: CONNECTION_LIMIT_MS })
  }

  submit(call, signer, options) {
    return super.submit(call, signer, { timeout: INCLUSION_LIMIT_MS, ...options })
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

  /** What is on hold on the whole chain at a block, by reason: {'WorkerRegistry.WorkerBond': amount}. */
  async heldByReason(blockHash) {
    const at = await this.api.at(blockHash)
    const totals = {}
    for (const [, holds] of await at.query.balances.holds.entries()) {
      for (const { id, amount } of plain(holds)) {
        const [[pallet, reason]] = Object.entries(id)
        const name = `${pallet}.${reason}`
        totals[name] = (totals[name] ?? 0n) + amount
      }
    }
    return totals
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
}
