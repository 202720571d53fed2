// What docs/runtime-surface.md says by hand, compared with a real node: RPC methods and their
// errors, which of them are refused to strangers, and the dispatch classes of calls.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Chain, developmentAccounts } from '../../lib/chain.mjs'
import { PROGRAMS, Processes, freePort } from '../../lib/processes.mjs'
import { CLASS_OF_INNER, dispatchClass } from '../../surface/calls.mjs'
import { camelCase, readMetadata } from '../../surface/metadata.mjs'
import { RPC_GROUPS, methodNames } from '../../surface/rpc-methods.mjs'
import { Types } from '../../surface/types.mjs'

const UNKNOWN_METHOD = -32601
// Calls whose arguments have no zero: they carry proofs of misbehaviour or an enum without index 0.
const CONSENSUS_PROOFS = new Set([
  'babe.reportEquivocation',
  'babe.reportEquivocationUnsigned',
  'babe.planConfigChange',
  'grandpa.reportEquivocation',
  'grandpa.reportEquivocationUnsigned',
])
const METHODS = RPC_GROUPS.flatMap(({ methods }) => methods)

let processes
let chain
let url
before(async () => {
  processes = new Processes()
  const rpc = await freePort()
  // `safe` refuses to everybody what is refused to strangers.
  const node = processes.spawn('node', join(PROGRAMS, 'aipg-node'), [
    '--dev',
    ...['--base-path', join(processes.directory, 'node')],
    ...['--rpc-port', String(rpc)],
    ...['--rpc-methods', 'safe'],
    ...['--port', String(await freePort())],
    ...['--no-prometheus', '--no-telemetry', '--no-mdns'],
  ])
  await node.waitUntil(() => node.log().includes('Running JSON-RPC server'), 'RPC')
  url = `http://127.0.0.1:${rpc}`
  chain = await Chain.connect(`ws://127.0.0.1:${rpc}`)
})
after(async () => {
  await chain?.disconnect()
  await processes?.stop()
})

/** The answer to a JSON-RPC request, {result} or {error: {code, message}}. */
async function request(method, params = []) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const headers = { 'content-type': 'application/json' }
  return (await fetch(url, { method: 'POST', headers, body })).json()
}

test('table of RPC methods should be what a node says it has', async () => {
  const { result } = await request('rpc_methods')
  assert.deepEqual(methodNames(), [...result.methods].sort())
})

test('methods should be refused to strangers when the table says so, and served otherwise', async () => {
  const simple = METHODS.filter(({ takes, ends }) => takes === '' && !ends)
  for (const { name, unsafe = false } of simple) {
    const { error } = await request(name)
    assert.equal(error?.code === UNKNOWN_METHOD, unsafe, `${name}: ${JSON.stringify(error)}`)
  }
})

test('blob errors should have the names and codes of the table', async () => {
  const cases = [
    ['blobs_put', ['0x'], 'Empty'],
    ['blobs_put', [`0x${'00'.repeat(4 * 1024 * 1024 + 1)}`], 'TooLarge'],
    ['blobs_get', [`0x${'12'.repeat(32)}`], 'NotFound'],
  ]
  for (const [method, params, name] of cases) {
    const [code] = METHODS.find((entry) => entry.name === method).errors.find((entry) => entry[1] === name)
    const { error } = await request(method, params)
    assert.equal(error.code, code, method)
    assert.ok(error.message.startsWith(`${name}: `), error.message)
  }
})

test('dispatch class of every call should be what the page says', async () => {
  const { registry, latest } = readMetadata()
  const types = new Types(registry.lookup)
  const { alice } = await developmentAccounts()
  for (const pallet of latest.pallets.filter(({ calls }) => calls.isSome)) {
    const section = camelCase(String(pallet.name))
    for (const call of types.get(pallet.calls.unwrap().type).def.asVariant.variants) {
      const method = camelCase(String(call.name))
      const holdsCall = call.fields.some(({ type }) => types.holdsCall(type))
      const expected = dispatchClass(`${section}.${method}`, holdsCall)
      if (expected === CLASS_OF_INNER || CONSENSUS_PROOFS.has(`${section}.${method}`)) continue
      const create = chain.api.tx[section][method]
      // Zeroes will do: the class does not depend on arguments.
      const values = create.meta.args.map(({ type }) => chain.api.registry.createType(String(type)))
      const { class: found } = await create(...values).paymentInfo(alice)
      assert.equal(found.type, expected, `${section}.${method}`)
    }
  }
})
