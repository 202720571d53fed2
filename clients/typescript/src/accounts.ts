// Addresses and keys.

import { Keyring } from '@polkadot/keyring'
import type { KeyringPair } from '@polkadot/keyring/types'
import { cryptoWaitReady, encodeAddress } from '@polkadot/util-crypto'

/** Prefix of the chain's addresses, which all begin with `j5`. */
export const SS58_PREFIX = 2686

/**
 * The keys of a secret: a mnemonic, a seed in hexadecimal, with derivations (`//Bob` is a development
 * account). `name` is for people.
 */
export async function accountFrom(secret: string, name?: string): Promise<KeyringPair> {
  await cryptoWaitReady()
  const keyring = new Keyring({ type: 'sr25519', ss58Format: SS58_PREFIX })
  return keyring.addFromUri(secret, name === undefined ? {} : { name })
}

/** Address of an account that a pallet owns: its eight-byte name behind "modl". */
export function palletAddress(name: string): string {
  const bytes = new Uint8Array(32)
  bytes.set(new TextEncoder().encode(`modl${name}`))
  return encodeAddress(bytes, SS58_PREFIX)
}
