// Following a chain block by block, over reorganisations.

import type { Hex } from './bytes.js'
import type { ChainEvent } from './plain.js'

/** Where something is. */
export interface BlockReference {
  number: number
  hash: Hex
}

export interface BlockHeader extends BlockReference {
  parentHash: Hex
}

/** A block with what happened in it. */
export interface Block extends BlockHeader {
  events: ChainEvent[]
}

/** Where blocks come from. */
export interface BlockSource {
  /** The newest header whose hash is not `previous`; waits for one if there is none yet. */
  head(previous: Hex | null, signal: AbortSignal): Promise<BlockHeader>
  header(hash: Hex, signal: AbortSignal): Promise<BlockHeader>
  events(hash: Hex, signal: AbortSignal): Promise<ChainEvent[]>
}

// Blocks that are remembered to find where a reorganisation began. Longer than any in practice; a
// deeper one only repeats blocks from the beginning.
const MEMORY = 512

/**
 * Yields the blocks of a chain in order from the height `from` on, or from its head, without end.
 * After a reorganisation it goes on where the new branch begins: a block takes the place of all
 * that were yielded before with its number or a higher one.
 */
export async function* followBlocks(
  source: BlockSource,
  from: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<Block, never> {
  let head = await source.head(null, signal)
  const first = from ?? head.number
  const path: BlockReference[] = []
  for (;;) {
    const fresh = await branch(source, head, first, path, signal)
    for (const header of fresh) {
      const events = await source.events(header.hash, signal)
      path.push({ number: header.number, hash: header.hash })
      if (path.length > MEMORY) path.shift()
      yield { ...header, events }
    }
    head = await source.head(head.hash, signal)
  }
}

/**
 * Headers from what `path` and the chain of `head` have in common up to `head`, oldest first. Cuts
 * off `path` what is no longer on that chain.
 */
async function branch(
  source: BlockSource,
  head: BlockHeader,
  first: number,
  path: BlockReference[],
  signal: AbortSignal,
): Promise<BlockHeader[]> {
  const fresh: BlockHeader[] = []
  let header = head
  while (header.number >= first) {
    const { hash } = header
    const known = path.findLastIndex((block) => block.hash === hash)
    if (known >= 0) {
      path.length = known + 1
      return fresh.reverse()
    }
    fresh.push(header)
    if (header.number === 0) break
    header = await source.header(header.parentHash, signal)
  }
  path.length = 0
  return fresh.reverse()
}
