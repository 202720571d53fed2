// Size of the runtime on chain, and before compression.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { hexToU8a } from '@polkadot/util'
import { PROGRAMS, table } from './grid.mjs'
import { number } from './statistics.mjs'

const CODE_KEY = '0x3a636f6465'
const BUILT = join(PROGRAMS, 'wbuild/aipg-runtime')

/** {compressed, raw}: bytes; `raw` is null where the build folder holds another runtime than the chain. */
export async function measureBlob(api) {
  const code = hexToU8a(await api.rpc.state.getStorage.raw(CODE_KEY))
  const built = join(BUILT, 'aipg_runtime.compact.compressed.wasm')
  const same = existsSync(built) && readFileSync(built).equals(code)
  const raw = same ? readFileSync(join(BUILT, 'aipg_runtime.compact.wasm')).length : null
  return { compressed: code.length, raw }
}

export function renderBlob({ compressed, raw }) {
  const rows = [['on chain, compressed', number(compressed)]]
  if (raw !== null) rows.push(['WebAssembly', number(raw)])
  return table(['runtime blob', 'bytes'], rows)
}
