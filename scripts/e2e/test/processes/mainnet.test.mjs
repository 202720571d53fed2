// The preset `mainnet`: four authorities make their keys with the node's own commands, start from
// the files that fix the genesis, and agree. Without the files, or with bad ones, nothing starts.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AIPG, palletAddress } from '@aipowergrid/client'
import { Chain } from '../../lib/chain.mjs'
import { PROGRAMS, Processes, freePort } from '../../lib/processes.mjs'

const NODE = join(PROGRAMS, 'aipg-node')
const AUTHORITIES = ['first', 'second', 'third', 'fourth']
// A guard against hanging: a block a minute, and finality follows a few blocks behind.
const LIMIT_MS = 25 * 60_000
const DEPOSIT = AIPG / 1000n
const HOLDING = 1_000_000n * AIPG + AIPG / 2n

const processes = new Processes()
const at = (...names) => join(processes.directory, ...names)
const authorities = at('authorities.json')
const balances = at('balances.csv')
const nodes = []
let records
let lines

/** Runs the node's binary to its end, with no files named in the environment. */
function command(...args) {
  const { AIPG_GENESIS_AUTHORITIES, AIPG_GENESIS_BALANCES, ...env } = process.env
  return spawnSync(NODE, args, { env, encoding: 'utf8', maxBuffer: 1 << 26 })
}

/** What a command prints; it must succeed. */
function output(...args) {
  const { status, stdout, stderr } = command(...args)
  assert.equal(status, 0, stderr)
  return stdout
}

const files = (one = authorities, other = balances) => [
  ...['--genesis-authorities', one],
  ...['--genesis-balances', other],
]

/** An authority as its operator makes it: account, session keys, network identity. */
function makeAuthority(name) {
  const account = JSON.parse(output('key', 'generate', '--output-type', 'json'))
  const folder = ['--chain', 'mainnet', '--base-path', at(name)]
  const session = ['key', 'session', ...folder, '--account', account.ss58Address]
  const record = output(...session)
  assert.equal(output(...session), record, 'the second call finds the same keys')
  const { stderr } = command('key', 'generate-node-key', ...folder)
  const peer = /12D3Koo\w+/.exec(stderr)?.[0]
  assert.ok(peer, stderr)
  return { name, peer, record: JSON.parse(record) }
}

before(async () => {
  const made = AUTHORITIES.map(makeAuthority)
  records = made.map(({ record }) => record)
  lines = [
    '# balances of the old chain',
    `${palletAddress('aipg/tsy')},0.001`,
    `${palletAddress('aipg/stk')},0.001`,
    ...records.map(({ account }) => `${account},1000000.5`),
  ]
  writeFileSync(authorities, JSON.stringify(records, null, 2))
  writeFileSync(balances, `${lines.join('\n')}\n`)
  output('chain-spec', '--chain', 'mainnet', ...files(), '--raw', '--output', at('mainnet.json'))

  const [first] = made
  first.p2p = await freePort()
  for (const [index, { name, p2p = 0 }] of made.entries()) {
    const rpc = await freePort()
    // The last one has the specification that somebody wrote from the files, and not the files.
    const chain = index === 3 ? ['--chain', at('mainnet.json')] : ['--chain', 'mainnet', ...files()]
    const child = processes.spawn(name, NODE, [
      ...chain,
      '--validator',
      ...['--base-path', at(name)],
      ...['--rpc-port', String(rpc)],
      ...['--listen-addr', `/ip4/127.0.0.1/tcp/${p2p}`],
      ...(index === 0 ? [] : ['--bootnodes', `/ip4/127.0.0.1/tcp/${first.p2p}/p2p/${first.peer}`]),
      // On a live chain addresses of one's own machine are not talked to otherwise.
      '--allow-private-ip',
      ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
    ])
    nodes.push({ name, child, url: `ws://127.0.0.1:${rpc}` })
  }
  for (const node of nodes) {
    await node.child.waitUntil(() => node.child.log().includes('Running JSON-RPC server'), 'RPC')
    node.chain = await Chain.connect(node.url)
  }
})

after(async () => {
  for (const { chain } of nodes) await chain?.disconnect()
  await processes.stop()
})

test('all authorities should have the same genesis, from the files or from the specification', async () => {
  const hashes = nodes.map(({ chain }) => chain.api.genesisHash.toHex())
  assert.equal(new Set(hashes).size, 1, String(hashes))
  const types = await Promise.all(nodes.map(({ chain }) => chain.api.rpc.system.chainType()))
  assert.deepEqual([...new Set(types.map((type) => type.type))], ['Live'])
})

test('genesis should hold the imported balances, nobody as sudo, and no model', async () => {
  const [{ chain }] = nodes
  const genesis = chain.api.genesisHash.toHex()
  const state = await chain.api.at(genesis)
  assert.equal((await state.query.sudo.key()).isNone, true)
  assert.equal((await state.query.modelRegistry.models.keys()).length, 0)
  const validators = (await state.query.session.validators()).map(String).sort()
  assert.deepEqual(validators, records.map(({ account }) => account).sort())
  const imported = 4n * HOLDING + 2n * DEPOSIT
  assert.equal(await chain.issuance(genesis), imported)
  const held = [...(await chain.balances(genesis))].filter(([, amount]) => amount > 0n)
  const expected = [
    ...records.map(({ account }) => [account, HOLDING]),
    [palletAddress('aipg/tsy'), DEPOSIT],
    [palletAddress('aipg/stk'), DEPOSIT],
  ]
  assert.deepEqual(held.sort(), expected.sort())
})

test('chain specification should be the same when the lines of the files are in another order', () => {
  const turned = [at('turned.json'), at('turned.csv')]
  writeFileSync(turned[0], JSON.stringify([...records].reverse()))
  writeFileSync(turned[1], [...lines].reverse().join('\r\n'))
  const specification = output('chain-spec', '--chain', 'mainnet', ...files(...turned), '--raw')
  assert.equal(specification, readFileSync(at('mainnet.json'), 'utf8'))
})

test('node should refuse to start without the files or with bad ones, and say why', () => {
  const [{ account, babe }] = records
  const changed = (changes) => JSON.stringify([...records.slice(1), { ...records[0], ...changes }])
  const added = (...more) => [...lines, ...more].join('\n')
  const cases = [
    ['GenesisFilesMissing', { flags: [] }],
    ['GenesisFilesMissing', { flags: files().slice(0, 2) }],
    ['GenesisFilesMissing', { flags: files().slice(2) }],
    ['GenesisFileUnreadable', { flags: files(at('nothing.json')) }],
    ['InvalidAuthorities', { authorities: '{}' }],
    ['InvalidAuthorities', { authorities: changed({ stash: account }) }],
    ['TooFewAuthorities', { authorities: JSON.stringify(records.slice(1)) }],
    ['DuplicateAccount', { authorities: changed({ account: records[1].account }) }],
    ['DuplicateSessionKey', { authorities: changed({ babe: records[1].babe }) }],
    ['InvalidSessionKey', { authorities: changed({ grandpa: babe.slice(2) }) }],
    ['MalformedLine', { balances: added(account) }],
    ['InvalidAddress', { balances: added('nobody,1') }],
    ['WrongSs58Prefix', { balances: added('14E5nqKAp3oAJcmzgZhUD2RcptBeUBScxKHgJKU4HPNcKVf3,1') }],
    ['DuplicateAccount', { balances: added(`${account},1`) }],
    ['InvalidAmount', { balances: added(`${palletAddress('aipg/one')},1e3`) }],
    ['TooManyDecimals', { balances: added(`${palletAddress('aipg/one')},1.${'1'.repeat(19)}`) }],
    ['ZeroAmount', { balances: added(`${palletAddress('aipg/one')},0`) }],
    ['BelowExistentialDeposit', { balances: added(`${palletAddress('aipg/one')},0.0009`) }],
    ['SupplyAboveCap', { balances: added(`${palletAddress('aipg/one')},10000000000`) }],
    ['RequiredAccountMissing', { balances: lines.slice(2).join('\n') }],
  ]
  for (const [name, bad] of cases) {
    writeFileSync(at('bad.json'), bad.authorities ?? JSON.stringify(records))
    writeFileSync(at('bad.csv'), bad.balances ?? lines.join('\n'))
    const flags = bad.flags ?? files(at('bad.json'), at('bad.csv'))
    const refused = command('--chain', 'mainnet', '--base-path', at('refused'), ...flags)
    assert.notEqual(refused.status, 0, name)
    assert.match(refused.stderr, new RegExp(`${name}: `))
  }
})

test('four authorities should produce and finalise the same chain', async () => {
  const limit = Date.now() + LIMIT_MS
  for (const { name, chain, child } of nodes) {
    while ((await chain.finalized()) < 2) {
      if (Date.now() > limit) throw new Error(`${name} did not finalise:\n${child.tail()}`)
      await sleep(1000)
    }
  }
  const hashes = await Promise.all(nodes.map(({ chain }) => chain.blockHash(2)))
  assert.equal(new Set(hashes).size, 1, String(hashes))

  const [{ chain }] = nodes
  const books = await chain.books(hashes[0])
  assert.equal(books.imported, 4n * HOLDING + 2n * DEPOSIT)
  assert.equal(books.mintedAuthor, 2n * 1_000n * AIPG)
  assert.equal(books.mintedOperations, 2n * 250n * AIPG)
  assert.equal(books.issuance, books.imported + books.mintedAuthor + books.mintedOperations)
  const times = await Promise.all(
    [1, 2].map(async (height) => {
      const state = await chain.api.at(await chain.blockHash(height))
      return (await state.query.timestamp.now()).toNumber()
    }),
  )
  // Slots are of a minute; an author may be some seconds into its own.
  const slots = times.map((time) => Math.floor(time / 60_000))
  assert.ok(slots[1] > slots[0], String(times))
})
