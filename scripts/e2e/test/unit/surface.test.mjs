import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CLASS_OF_INNER, dispatchClass, listedCalls } from '../../surface/calls.mjs'
import { docLine, docText, table } from '../../lib/markdown.mjs'
import { ROOT } from '../../lib/processes.mjs'
import { camelCase, readMetadata } from '../../surface/metadata.mjs'
import { surfacePage } from '../../surface/page.mjs'
import { RPC_GROUPS, methodNames } from '../../surface/rpc-methods.mjs'
import { alias } from '../../surface/types.mjs'

const metadata = readMetadata()
const page = surfacePage(metadata, RPC_GROUPS)
const variants = (option) =>
  option.isSome
    ? metadata.registry.lookup.getSiType(option.unwrap().type).def.asVariant.variants
    : []

test('page should name every call, event, error, constant, storage item and API method', () => {
  const sections = page.split(/^## /m)
  for (const pallet of metadata.latest.pallets) {
    const text = sections.find((section) => section.startsWith(`${pallet.name}\n`))
    for (const { name } of variants(pallet.calls)) assert.ok(text.includes(`\n#### ${name}\n`), `call ${name}`)
    const rows = [
      ...variants(pallet.events),
      ...variants(pallet.errors),
      ...pallet.constants,
      ...(pallet.storage.isSome ? pallet.storage.unwrap().items : []),
    ]
    for (const { name } of rows) assert.ok(text.includes(`| \`${name}\` |`), `${pallet.name}.${name}`)
  }
  const apis = sections.find((section) => section.startsWith('Runtime APIs'))
  for (const { name, methods } of metadata.latest.apis) {
    assert.ok(apis.includes(`### ${name}\n`))
    for (const method of methods) assert.ok(apis.includes(`| \`${method.name}(`), `${name}.${method.name}`)
  }
  for (const { methods } of RPC_GROUPS) {
    for (const { name } of methods) assert.ok(page.includes(`| \`${name}(`), name)
  }
})

test('page should define every type of the project that an argument has', () => {
  for (const name of ['TokenList', 'JobParameters', 'ServiceLevel', 'Sampling', 'Quote']) {
    assert.ok(page.includes(`\n### ${name}\n`), name)
  }
})

test('page should differ when a method is missing', () => {
  const fewer = RPC_GROUPS.map((group, index) =>
    index === 0 ? { ...group, methods: group.methods.slice(1) } : group,
  )
  assert.notEqual(surfacePage(metadata, fewer), page)
})

test('methodNames should give every name once', () => {
  const names = methodNames()
  assert.equal(new Set(names).size, names.length)
  const groups = [{ methods: [{ name: 'b', aliases: ['a'], ends: 'd', endAliases: ['c'] }] }]
  assert.deepEqual(methodNames(groups), ['a', 'b', 'c', 'd'])
})

test('dispatchClass should name calls of the runtime only, and Normal for what is not listed', () => {
  const known = metadata.latest.pallets.flatMap((pallet) =>
    variants(pallet.calls).map(({ name }) => `${camelCase(String(pallet.name))}.${camelCase(String(name))}`),
  )
  for (const name of listedCalls) assert.ok(known.includes(name), name)
  assert.equal(dispatchClass('timestamp.set', false), 'Mandatory')
  assert.equal(dispatchClass('jobEscrow.submit', false), 'Normal')
  assert.equal(dispatchClass('utility.batch', true), CLASS_OF_INNER)
})

test('docText should keep the outline of the page when documentation has headings and links', () => {
  assert.equal(
    docText([' Does it.', '', ' # Errors', ' [`Error::TooLate`], [`Other`](path).', '', '', '', ' End. ']),
    'Does it.\n\n**Errors**\n\n`TooLate`, `Other`.\n\nEnd.',
  )
  assert.equal(docLine([' One', ' sentence.', '', ' Another.']), 'One sentence.')
})

test('table should escape bars and leave out columns without content', () => {
  assert.equal(table(['a', 'b', 'c'], [['1|2', '', 'x']]), '| a | c |\n| --- | --- |\n| 1\\|2 | x |')
  assert.equal(table(['a'], []), '')
})

test('alias should give the name of the source and nothing for a generic type', () => {
  assert.equal(alias('BalanceOf<T>'), 'Balance')
  assert.equal(alias('BlockNumberFor<T>'), 'BlockNumber')
  assert.equal(alias('T::AccountId'), 'AccountId')
  assert.equal(alias('<T as frame_system::Config>::Hash'), 'Hash')
  assert.equal(alias('JobId'), 'JobId')
  assert.equal(alias('Option<T::AccountId>'), null)
  assert.equal(alias('u32'), null)
})

/** Constants of the runtime that the text of a script reads, as `pallet.name`. */
function constantsRead(script) {
  const named = [...script.matchAll(/\bconsts\.(\w+)\.(\w+)/g)].map(([, pallet, name]) => `${pallet}.${name}`)
  const taken = [...script.matchAll(/\{([\w\s,:]+)\}\s*=\s*[\w.]+\.consts\.(\w+)\b(?!\.)/g)].flatMap(([, names, pallet]) =>
    names.split(',').map((name) => `${pallet}.${name.split(':')[0].trim()}`),
  )
  return [...named, ...taken].filter((name) => !name.endsWith('.'))
}

test('constantsRead should find constants that are named and that are taken out of a pallet', () => {
  const script = 'const { one, two: other } = api.consts.first\nuse(chain.api.consts.second.three.toBigInt())'
  assert.deepEqual(constantsRead(script), ['second.three', 'first.one', 'first.two'])
})

test('page should list every constant that a script reads', () => {
  const page = readFileSync(join(ROOT, 'docs/runtime-surface.md'), 'utf8')
  const listed = page.split(/^## /m).flatMap((section) => {
    const pallet = camelCase(section.slice(0, section.indexOf('\n')))
    const constants = section.split(/^### /m).find((part) => part.startsWith('Constants\n')) ?? ''
    return [...constants.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => `${pallet}.${camelCase(name)}`)
  })
  const folder = join(ROOT, 'scripts/e2e')
  const scripts = readdirSync(folder, { recursive: true }).filter(
    (path) => path.endsWith('.mjs') && !path.includes('node_modules') && !path.startsWith(join('test', 'unit')),
  )
  const read = scripts.flatMap((path) =>
    constantsRead(readFileSync(join(folder, path), 'utf8')).map((name) => ({ name, path })),
  )
  assert.ok(read.some(({ name }) => name === 'system.blockWeights'))
  assert.deepEqual(read.filter(({ name }) => !listed.includes(name)), [])
})
