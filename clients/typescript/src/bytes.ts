// Bytes, hexadecimal text and the chain's hash.

import { hexToU8a, u8aConcat, u8aToHex } from '@polkadot/util'
import { blake2AsU8a } from '@polkadot/util-crypto'

/** Bytes as text: `0x` and two lower-case digits for each. */
export type Hex = `0x${string}`

export function toHex(bytes: Uint8Array): Hex {
  return u8aToHex(bytes)
}

/** The bytes of a hexadecimal text. Throws RangeError for anything else. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2 !== 0 || !/^0x[0-9a-f]*$/i.test(hex)) {
    throw new RangeError(`"${hex.slice(0, 20)}" is no hexadecimal text with 0x`)
  }
  return hexToU8a(hex)
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return u8aConcat(...parts)
}

/** blake2b with a digest of 256 bits. */
export function blake2b256(bytes: Uint8Array): Uint8Array {
  return blake2AsU8a(bytes, 256)
}
