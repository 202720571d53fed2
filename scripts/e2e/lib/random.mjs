// Numbers that a text fixes.

import { blake2AsU8a } from '@polkadot/util-crypto'

/** A function that gives numbers in [0, 1), always the same for the same text. */
export function draws(text) {
  let count = 0
  return () => {
    const bytes = blake2AsU8a(new TextEncoder().encode(`${text}/${count}`), 64)
    count += 1
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) / 2 ** 32
  }
}
