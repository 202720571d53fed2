// The runtime's surface as its committed metadata describes it. No node is needed.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Metadata, TypeRegistry } from '@polkadot/types'
import { ROOT } from '../lib/processes.mjs'

/** The committed metadata, below the root of the checkout; `scripts/update-metadata` writes it. */
export const METADATA_FILE = 'clients/rust/metadata/aipg.scale'

/** Decodes metadata of version 15. Returns {registry, latest}. */
export function readMetadata(bytes = readFileSync(join(ROOT, METADATA_FILE))) {
  const registry = new TypeRegistry()
  const metadata = new Metadata(registry, bytes)
  // Unknown extensions of transactions matter to nobody here.
  registry.setMetadata(metadata, undefined, undefined, true)
  return { registry, latest: metadata.asLatest }
}

/** `JobEscrow` as clients write it: `jobEscrow`. */
export function camelCase(name) {
  const joined = name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase())
  return joined[0].toLowerCase() + joined.slice(1)
}
