// When which process is killed, drawn from a seed.

import { draws } from '../lib/random.mjs'

/** Numbers in [0, 1) that a seed fixes. */
export const random = (seed) => draws(`aipg/soak/${seed}`)

const NODE_SHARE = 0.25
const LONG_SHARE = 0.25

/**
 * The kills of a soak, without end: {after, target, down}. `after` is how many blocks come between the kill
 * before and this one, `target` the node or the index of a worker, `down` the milliseconds until the process is
 * started again. Most are back at once; some stay away long enough for a window to pass on `dev` (20 s).
 */
export function* kills(seed, workers) {
  const next = random(seed)
  const between = (least, most) => least + next() * (most - least)
  for (;;) {
    const after = Math.floor(between(2, 9))
    const node = next() < NODE_SHARE
    const target = node ? 'node' : Math.floor(next() * workers)
    const long = next() < LONG_SHARE
    const [least, most] = node ? (long ? [8_000, 20_000] : [0, 3_000]) : long ? [20_000, 40_000] : [0, 4_000]
    yield { after, target, down: Math.floor(between(least, most)) }
  }
}
