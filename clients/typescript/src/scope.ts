// How a wait ends early: by the caller's signal, its time limit, or the client's own signals.

import { Aborted, TimedOut } from './errors.js'

/** Limits of a call that waits. */
export interface WaitOptions {
  /** Ends the wait with Aborted. */
  signal?: AbortSignal | undefined
  /** Milliseconds, after which the wait ends with TimedOut. Default: none. */
  timeout?: number | undefined
}

/** Settles as `promise` does, or rejects with the reason of `signal` if that comes first. */
export function until<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) {
      onAbort()
      // Nobody is left to hear of it.
      promise.then(undefined, () => {})
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(
      (value) => {
        signal.removeEventListener('abort', onAbort)
        resolve(value)
      },
      (error) => {
        signal.removeEventListener('abort', onAbort)
        reject(error)
      },
    )
  })
}

/** A signal that fires with the first of several reasons, to be released with `end`. */
export class Scope {
  readonly #controller = new AbortController()
  readonly #cleanups: Array<() => void> = []

  /** `sources` fire with errors of their own; the caller's signal becomes Aborted. */
  constructor({ signal, timeout }: WaitOptions, sources: readonly AbortSignal[] = []) {
    for (const source of sources) this.#follow(source, () => source.reason)
    if (signal) this.#follow(signal, () => new Aborted(signal.reason))
    if (timeout !== undefined) {
      const timer = setTimeout(() => this.#controller.abort(new TimedOut(timeout)), timeout)
      this.#cleanups.push(() => clearTimeout(timer))
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  #follow(source: AbortSignal, reason: () => unknown): void {
    const onAbort = () => this.#controller.abort(reason())
    if (source.aborted) {
      onAbort()
      return
    }
    source.addEventListener('abort', onAbort, { once: true })
    this.#cleanups.push(() => source.removeEventListener('abort', onAbort))
  }

  end(): void {
    for (const cleanup of this.#cleanups) cleanup()
  }
}

/** Runs `body` with a signal for everything that may end it early; does not outlive that signal. */
export async function scoped<T>(
  options: WaitOptions,
  sources: readonly AbortSignal[],
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const scope = new Scope(options, sources)
  try {
    scope.signal.throwIfAborted()
    return await until(body(scope.signal), scope.signal)
  } finally {
    scope.end()
  }
}
