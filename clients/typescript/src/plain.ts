// Codecs as plain data.

import { Enum, Option, Raw, Struct, Tuple, Vec } from '@polkadot/types'
import type { EventRecord } from '@polkadot/types/interfaces'
import type { DispatchError } from '@polkadot/types/interfaces'
import type { Codec, Registry } from '@polkadot/types/types'
import { toHex } from './bytes.js'
import { DispatchFailure, dispatchFailure } from './errors.js'

/**
 * A decoded value as plain data: numbers as bigint, hashes and bytes as hex, accounts as addresses,
 * options as the value or null, enums as their name or {name: value}, structs as objects with names
 * in camel case.
 */
export type Plain =
  | bigint
  | string
  | boolean
  | null
  | number
  | Plain[]
  | { [name: string]: Plain }

export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

export function plain(codec: Codec): Plain {
  if (codec instanceof Option) return codec.isNone ? null : plain(codec.unwrap())
  if (codec instanceof Enum) {
    return codec.isBasic || codec.isNone ? codec.type : { [codec.type]: plain(codec.inner) }
  }
  if (codec instanceof Struct) {
    return Object.fromEntries(
      [...codec.entries()].map(([name, value]) => [camelCase(String(name)), plain(value)]),
    )
  }
  if (codec instanceof Tuple || codec instanceof Vec) {
    return [...codec].map(plain)
  }
  if ('toBigInt' in codec && typeof codec.toBigInt === 'function') return codec.toBigInt()
  if (codec.toRawType() === 'AccountId') return codec.toString()
  if (codec instanceof Raw) return toHex(codec.toU8a(true))
  const json = codec.toJSON()
  return json === null || typeof json === 'boolean' || typeof json === 'object'
    ? (json as Plain)
    : codec.toString()
}

/** Something that the runtime announced. */
export interface ChainEvent {
  /** The pallet: `jobEscrow`. */
  section: string
  /** The event: `JobSettled`. */
  method: string
  /** Both: `jobEscrow.JobSettled`. */
  name: string
  /** Fields by name in camel case, by position where they have none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: { [field: string]: any }
  /** Position in the block of the extrinsic that caused it; null for one of the chain itself. */
  extrinsic: number | null
}

export function plainEvent({ event, phase }: EventRecord): ChainEvent {
  const names = event.data.names ?? event.data.map((_, index) => String(index))
  return {
    section: event.section,
    method: event.method,
    name: `${event.section}.${event.method}`,
    data: Object.fromEntries(
      event.data.map((value, index) => [camelCase(names[index] ?? String(index)), plain(value)]),
    ),
    extrinsic: phase.isApplyExtrinsic ? phase.asApplyExtrinsic.toNumber() : null,
  }
}

/** A dispatch error by name, with its documentation from the metadata if it has any. */
export function describeDispatchError(
  registry: Pick<Registry, 'findMetaError'>,
  error: DispatchError,
): DispatchFailure {
  if (error.isModule) {
    const meta = registry.findMetaError(error.asModule)
    return dispatchFailure(meta.section, meta.name, meta.docs.join(' ').trim())
  }
  const inner = error.inner as { type?: string } | null
  return new DispatchFailure(inner?.type ? `${error.type}.${inner.type}` : error.type)
}
