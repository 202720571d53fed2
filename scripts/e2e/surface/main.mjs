// Writes docs/runtime-surface.md, or with --check says whether it is current.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../lib/processes.mjs'
import { METADATA_FILE, readMetadata } from './metadata.mjs'
import { surfacePage } from './page.mjs'
import { RPC_GROUPS } from './rpc-methods.mjs'

const PAGE = 'docs/runtime-surface.md'

const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false } } })
const path = join(ROOT, PAGE)
const page = surfacePage(readMetadata(), RPC_GROUPS)
if (!options.check) {
  writeFileSync(path, page)
  console.log(`${PAGE} describes ${METADATA_FILE}`)
} else if (readFileSync(path, 'utf8') === page) {
  console.log(`${PAGE} is current`)
} else {
  console.error(`error: ${PAGE} is stale: run scripts/runtime-surface and commit the page`)
  process.exit(1)
}
