// The chain as it was seen: every block with its events, and waiting for one that has not come yet.

import { START_LIMIT_MS } from './processes.mjs'

// A chain that gives no block for so long has stopped. Not a measurement of speed: its node may be
// starting again.
const SILENCE_LIMIT_MS = START_LIMIT_MS + 120_000

/** Something that was waited for and did not come within so many blocks. */
export class NotSeen extends Error {
  constructor(what, blocks) {
    super(`${what}: not seen within ${blocks} blocks`)
    this.name = 'NotSeen'
  }
}

/** Follows the best chain of a node block by block. */
export class Ledger {
  #waiters = new Set()
  #stopping = new AbortController()
  #failure = null

  constructor(first) {
    this.first = first
    /** Blocks in order, from `first` on: {number, hash, author, events}. */
    this.blocks = []
  }

  /** Starts to follow at the best block, or at the height `from`. Genesis has no events and is left out. */
  static async follow(chain, from) {
    const ledger = new Ledger(Math.max(1, from ?? (await chain.bestNumber())))
    ledger.#read(chain)
    return ledger
  }

  stop() {
    this.#stopping.abort()
    for (const waiter of this.#waiters) waiter.cancel()
  }

  get last() {
    return this.blocks.at(-1)
  }

  async #read(chain) {
    try {
      const { signal } = this.#stopping
      for await (const { number, hash, events } of chain.blocks({ from: this.first, signal })) {
        const rewarded = events.find((event) => event.name === 'emission.BlockRewarded')
        // A reorganisation takes back what is not below the block.
        this.blocks.length = number - this.first
        this.blocks.push({ number, hash, author: rewarded?.data.author ?? null, events })
        for (const waiter of [...this.#waiters]) waiter.look()
      }
    } catch (error) {
      if (this.#stopping.signal.aborted) return
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
