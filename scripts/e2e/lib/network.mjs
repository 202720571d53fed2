// A development chain with what everybody on it needs to know.

import { readFileSync } from 'node:fs'
import { palletAddress, toHex } from '@aipowergrid/client'
import { Chain, developmentAccounts } from './chain.mjs'
import { Ledger } from './ledger.mjs'
import { DEMO_HEADER } from './processes.mjs'

export const TREASURY = palletAddress('aipg/tsy')
export const STAKERS = palletAddress('aipg/stk')
/** Keeps the rewards of disputes until they are shared. */
export const REFEREE = palletAddress('aipg/ref')

/** Root of the model whose encoded header is the demo model's, as the chain has registered it. */
export async function demoModel(chain) {
  const header = toHex(readFileSync(DEMO_HEADER))
  for (const root of await chain.models()) {
    if (toHex(await chain.modelHeader(root)) === header) return root
  }
  throw new Error('the demo model of this checkout is not registered on the chain')
}

/**
 * Connects to a node. Returns {chain, ledger, accounts, model, terms, parties, names, close}:
 * the ledger follows from the current block on, or from the height `from`; `names` are the parties' names by
 * address.
 */
export async function openNetwork(url, { from } = {}) {
  const accounts = await developmentAccounts()
  const chain = await Chain.connect(url)
  try {
    return await describe(chain, accounts, from)
  } catch (error) {
    // An open connection would keep the program alive.
    await chain.disconnect()
    throw error
  }
}

async function describe(chain, accounts, from) {
  const ledger = await Ledger.follow(chain, from)
  const model = await demoModel(chain)
  const terms = await chain.model(model)
  // A model that governance has not listed mints under the chain's default ceiling.
  terms.mintCeiling ??= chain.api.consts.jobEscrow.defaultMintCeiling.toBigInt()
  const creators = { [model]: terms.creator }
  const parties = { treasury: TREASURY, stakers: STAKERS, referee: REFEREE, creators }
  const names = new Map([
    ...Object.values(accounts).map((pair) => [pair.address, pair.meta.name]),
    [TREASURY, 'treasury'],
    [STAKERS, "stakers' pot"],
    [REFEREE, "referee's pot"],
  ])
  const close = async () => {
    ledger.stop()
    await chain.disconnect()
  }
  return { chain, ledger, accounts, model, terms, parties, names, close }
}
