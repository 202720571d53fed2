// The chain as it was seen: every block with its events, and waiting for one that has not come yet.

import { plainEvent } from './chain.mjs'

// A chain that gives no block for so long has stopped. Not a measurement of speed.
const SILENCE_LIMIT_MS = 120_000

/** Something that was waited for and did not come within so many blocks. */
export class NotSeen extends Error {
  constructor(what, blocks) {
    super(`${what}: not seen within ${blocks} blocks`)
    this.name = 'NotSeen'
  }
}

/** Follows the best chain of a node block by block. */
export class Ledger {
  #chain
  #waiters = new Set()
  #unsubscribe = () => {}
  #target
  #reading = Promise.resolve()
  #failure = null

  constructor(chain, first) {
    this.#chain = chain
    this.first = first
    /** Blocks in order, from `first` on: {number, hash, author, events}. */
    this.blocks = []
    this.#target = first - 1
  }

  /** Starts to follow at the best block. Genesis has no events and is left out. */
  static async follow(chain) {
    const ledger = new Ledger(chain, Math.max(1, await chain.bestNumber()))
    ledger.#unsubscribe = await chain.api.rpc.chain.subscribeNewHeads((header) => {
      ledger.#target = Math.max(ledger.#target, header.number.toNumber())
      ledger.#reading = ledger.#reading.then(() => ledger.#readOn())
    })
    return ledger
  }

  stop() {
    this.#unsubscribe()
    for (const waiter of this.#waiters) waiter.cancel()
  }

  get last() {
    return this.blocks.at(-1)
  }

  async #readOn() {
    try {
      while (this.first + this.blocks.length <= this.#target) {
        this.blocks.push(await readBlock(this.#chain, this.first + this.blocks.length))
        for (const waiter of [...this.#waiters]) waiter.look()
      }
    } catch (error) {
      this.#failure = error
      for (const waiter of [...this.#waiters]) waiter.look()
    }
  }

  /** All events of a name that fit, oldest first, each with its block. */
  events(name, fits = () => true) {
    return this.blocks.flatMap((block) =>
      block.events
        .filter((event) => event.name === name && fits(event.data))
        .map((event) => ({ ...event, block })),
    )
  }

  /** Waits until `look(ledger)` gives something else than null or undefined, and returns it. */
  wait(what, look, blocks = 200) {
    return new Promise((resolve, reject) => {
      const start = this.first + this.blocks.length
      let watchdog
      const waiter = {
        cancel: () => finish(reject, new Error(`${what}: the ledger was stopped`)),
        look: () => {
          clearTimeout(watchdog)
          watchdog = setTimeout(
            () => finish(reject, new Error(`${what}: the chain has stopped`)),
            SILENCE_LIMIT_MS,
          )
          const found = look(this)
          if (found !== null && found !== undefined) finish(resolve, found)
          else if (this.#failure) finish(reject, this.#failure)
          else if (this.first + this.blocks.length >= start + blocks) {
            finish(reject, new NotSeen(what, blocks))
          }
        },
      }
      const finish = (settle, value) => {
        clearTimeout(watchdog)
        this.#waiters.delete(waiter)
        settle(value)
      }
      this.#waiters.add(waiter)
      waiter.look()
    })
  }

  /** Waits for the first event of a name that fits. */
  event(name, fits, blocks) {
    return this.wait(name, (ledger) => ledger.events(name, fits)[0], blocks)
  }

  /** Waits for a block height. */
  height(number) {
    const ahead = Math.max(0, number - (this.first + this.blocks.length)) + 50
    return this.wait(
      `block ${number}`,
      (ledger) => ledger.blocks.find((block) => block.number === number),
      ahead,
    )
  }
}

async function readBlock(chain, number) {
  const hash = await chain.blockHash(number)
  const at = await chain.api.at(hash)
  const events = [...(await at.query.system.events())].map(plainEvent)
  const rewarded = events.find((event) => event.name === 'emission.BlockRewarded')
  return { number, hash, author: rewarded?.data.author ?? null, events }
}
