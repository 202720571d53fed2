// Names and definitions of the types in metadata, as a reader of Rust would write them.

// Types of these crates are this project's own: the page defines them.
const OWN_CRATE = /^(aipg|pallet)_(primitives|exact|chain_parameters|emission|model_registry|worker_registry|job_escrow|useful_work|receipts)$/
// What a pallet's macros make and the page lists in other sections.
const GENERATED = new Set(['Call', 'Event', 'Error', 'HoldReason'])

/** The last part of a type's path. */
function shortName(type) {
  return String(type.path.at(-1))
}

/**
 * What a field is called in the source where that says more than its type: `Balance` for a u128,
 * `BlockNumber` for a u32. Null where it says nothing more.
 */
export function alias(typeName) {
  const bare = typeName
    .replace(/^Box<(.+)>$/, '$1')
    .replace(/^Compact<(.+)>$/, '$1')
    .replace(/<T(, I)?>$/, '')
    .replace(/^<?T( as (frame_system::)?Config(<I>)?>)?::/, '')
    .replace(/For$|Of$/, '')
  return /^[A-Z][A-Za-z0-9]*$/.test(bare) ? bare : null
}

/** Reads types out of a registry's lookup. */
export class Types {
  constructor(lookup) {
    this.lookup = lookup
    /** Aliases that were used, each with the set of types behind it. */
    this.aliases = new Map()
  }

  get(id) {
    return this.lookup.getSiType(id)
  }

  /** Name of a type by id: `Option<TokenList>`, `[u8; 32]`, `Vec<(H256, u128)>`. */
  name(id) {
    const type = this.get(id)
    const { def } = type
    if (type.path.length > 0) {
      const parameters = type.params
        .filter((parameter) => parameter.type.isSome)
        .map((parameter) => this.name(parameter.type.unwrap()))
      return this.isGeneric(type) && parameters.length > 0
        ? `${shortName(type)}<${parameters.join(', ')}>`
        : shortName(type)
    }
    if (def.isPrimitive) return String(def.asPrimitive.type).toLowerCase().replace(/^str$/, 'String')
    if (def.isCompact) return `Compact<${this.name(def.asCompact.type)}>`
    if (def.isSequence) {
      const inner = this.name(def.asSequence.type)
      return inner === 'u8' ? 'Bytes' : `Vec<${inner}>`
    }
    if (def.isArray) return `[${this.name(def.asArray.type)}; ${def.asArray.len.toNumber()}]`
    if (def.isTuple) return `(${def.asTuple.map((member) => this.name(member)).join(', ')})`
    if (def.isBitSequence) return 'BitVec'
    throw new TypeError(`a type of the kind ${def.type} has no name here`)
  }

  /** Whether the parameters of a type belong to its name: not where the runtime fixes them. */
  isGeneric(type) {
    return type.path.length === 1 || /^(bounded_collections|frame_support)$/.test(String(type.path[0]))
  }

  /** A field's type; an alias of the source where the type is a bare number, hash or account. */
  field(field) {
    const id = field.type
    const resolved = this.name(id)
    const typeName = field.typeName.isSome ? alias(field.typeName.unwrap().toString()) : null
    if (typeName === null || typeName === resolved || !this.isBare(id)) return resolved
    const behind = this.aliases.get(typeName) ?? new Set()
    this.aliases.set(typeName, behind.add(resolved.replace(/^Compact<(.+)>$/, '$1')))
    return typeName
  }

  isBare(id) {
    const { def, path } = this.get(id)
    if (def.isCompact) return this.isBare(def.asCompact.type)
    return def.isPrimitive || (path.length > 0 && /^(H256|AccountId32|MultiAddress)$/.test(String(path.at(-1))))
  }

  /** Fields as `name: Type, …`; fields of tuples have no name. */
  fields(fields) {
    return fields
      .map((field) => (field.name.isSome ? `${field.name.unwrap()}: ` : '') + this.field(field))
      .join(', ')
  }

  /** Ids of all types that a type is made of, itself included. */
  reach(id, seen = new Set()) {
    const key = Number(id)
    if (seen.has(key)) return seen
    seen.add(key)
    const { def, params } = this.get(id)
    for (const parameter of params) if (parameter.type.isSome) this.reach(parameter.type.unwrap(), seen)
    if (def.isComposite) for (const field of def.asComposite.fields) this.reach(field.type, seen)
    if (def.isVariant) {
      for (const variant of def.asVariant.variants) {
        for (const field of variant.fields) this.reach(field.type, seen)
      }
    }
    if (def.isSequence) this.reach(def.asSequence.type, seen)
    if (def.isArray) this.reach(def.asArray.type, seen)
    if (def.isCompact) this.reach(def.asCompact.type, seen)
    if (def.isTuple) for (const member of def.asTuple) this.reach(member, seen)
    return seen
  }

  /** Whether an argument of this type carries a call of the runtime. */
  holdsCall(id) {
    return [...this.reach(id)].some((inner) => String(this.get(inner).path.at(-1)) === 'RuntimeCall')
  }

  /** The project's own types in order of their names: {name, type}. */
  own() {
    return this.lookup.types
      .map(({ type }) => type)
      .filter(
        (type) =>
          type.path.length > 1 &&
          OWN_CRATE.test(String(type.path[0])) &&
          !GENERATED.has(shortName(type)),
      )
      .map((type) => ({ name: shortName(type), type }))
      .sort((left, right) => (left.name < right.name ? -1 : 1))
  }

  /** Members of a struct or of an enum: list of {name, type, docs}. */
  members({ def }) {
    if (def.isComposite) {
      return def.asComposite.fields.map((field) => ({
        name: field.name.isSome ? String(field.name.unwrap()) : '',
        type: this.field(field),
        docs: field.docs,
      }))
    }
    return def.asVariant.variants.map((variant) => ({
      name: String(variant.name),
      type: this.fields(variant.fields),
      docs: variant.docs,
    }))
  }
}
