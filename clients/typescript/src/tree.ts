// Binary hash trees whose depth is fixed by the number of leaves, as worker/exact defines them:
//
//   leaf = H(0x00 ‖ domain ‖ bytes)
//   node = H(0x01 ‖ domain ‖ left ‖ right)     32 zero bytes stand for a subtree without leaves
//   root = H(0x02 ‖ domain ‖ shape ‖ top)      shape: numbers, u64 little-endian
//
// H is blake2b-256.

import { blake2b256, concat } from './bytes.js'

/** Eight bytes that keep trees of different kinds apart. */
export type Domain = 'aipg.tok' | 'aipg.rcp'

/** Hash of an absent subtree. */
export const ABSENT = new Uint8Array(32)

function hash(kind: number, domain: Domain, ...parts: Uint8Array[]): Uint8Array {
  return blake2b256(concat(Uint8Array.of(kind), new TextEncoder().encode(domain), ...parts))
}

export function leafHash(domain: Domain, bytes: Uint8Array): Uint8Array {
  return hash(0, domain, bytes)
}

export function nodeHash(domain: Domain, left: Uint8Array, right: Uint8Array): Uint8Array {
  return hash(1, domain, left, right)
}

/** The root over the top of a tree of `count` leaves or elements. */
export function rootHash(domain: Domain, count: bigint, top: Uint8Array): Uint8Array {
  const shape = new Uint8Array(8)
  new DataView(shape.buffer).setBigUint64(0, count, true)
  return hash(2, domain, shape, top)
}

/** Number of levels above the leaves of a tree of `count` leaves: the bit length of `count` − 1. */
export function depth(count: bigint): number {
  return count <= 1n ? 0 : (count - 1n).toString(2).length
}

/** Top of the tree over hashed leaves; the absent hash if there are none. */
export function treeTop(domain: Domain, leaves: Uint8Array[]): Uint8Array {
  let level = leaves
  while (level.length > 1) {
    const parents: Uint8Array[] = []
    for (let left = 0; left < level.length; left += 2) {
      parents.push(nodeHash(domain, level[left] ?? ABSENT, level[left + 1] ?? ABSENT))
    }
    level = parents
  }
  return level[0] ?? ABSENT
}

/** Top of the tree that a leaf's path leads to; `path` holds its siblings from the leaf upward. */
export function pathTop(
  domain: Domain,
  leaf: Uint8Array,
  index: bigint,
  path: Uint8Array[],
): Uint8Array {
  return path.reduce((node, sibling, level) => {
    const isRight = ((index >> BigInt(level)) & 1n) === 1n
    return isRight ? nodeHash(domain, sibling, node) : nodeHash(domain, node, sibling)
  }, leaf)
}
