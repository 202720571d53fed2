// A miner whose work was paid becomes an author of blocks; an author that runs its keys on two machines is
// expelled, and the chain goes on without it.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AIPG } from '@aipowergrid/client'
import { jobEnd, submitJob } from '../../lib/job.mjs'
import { modelFile, registerMinerOf, said } from '../../lib/miners.mjs'
import { openNetwork } from '../../lib/network.mjs'
import { startNode, startNodes } from '../../lib/nodes.mjs'
import { DEMO_MODEL, PROGRAMS, Processes } from '../../lib/processes.mjs'
import { specificationOf } from '../../lib/specification.mjs'

const BOND = 1_000n * AIPG
/** Slots of a session, which is an era here: fewer than an absence is judged by. */
const SESSION = 12
/** Blocks in which a seat is got or lost: three sessions, and as many again on a busy machine. */
const SEAT_BLOCKS = 6 * SESSION

const processes = new Processes()
let chainFile
let network
let first
let own
let miner

/** Runs `author ACTION` with the settings that say whose key and which node. */
async function author(action, settings, extra = []) {
  const program = join(PROGRAMS, 'aipg-worker')
  const args = ['author', action, ...settings, ...extra]
  return processes.run(`author-${action}-${settings[1]}`.replaceAll('/', '_'), program, args, {
    XDG_RUNTIME_DIR: processes.directory,
  })
}

const ofMiner = () => ['--node', own.url, '--key-file', miner.key]
const ofAlice = () => ['--node', first.url, '--suri', '//Alice']

before(async () => {
  // The development chain with short sessions and a second seat.
  const changed = { epochSlots: SESSION, eraSessions: 1, authorSeats: 2 }
  chainFile = await specificationOf(processes, 'dev', changed)
  const members = [
    { name: 'first', extra: ['--validator', '--alice', '--force-authoring'] },
    { name: 'own', extra: ['--validator'] },
  ]
  ;[first, own] = await startNodes(processes, { chain: chainFile, members })
  network = { ...(await openNetwork(first.url)), processes, node: first }
  miner = await registerMinerOf(network, 'miner', modelFile(DEMO_MODEL))
  const { chain, accounts } = network
  const more = chain.api.tx.balances.transferKeepAlive(miner.address, 2n * BOND)
  await chain.submit(more, accounts.alice)
})

after(async () => {
  await network?.close()
  await processes.stop()
})

test('author command should say what is missing before there is a candidate', async () => {
  const shown = await author('show', ofMiner())
  assert.notEqual(shown.status, 0)
  assert.match(shown.log, /NotCandidate/)
})

test('worker that earns should become an author of blocks', async () => {
  const { chain, ledger, accounts } = network
  miner.url = own.url
  await said(miner.run(), 'waiting for jobs')
  const job = await submitJob(chain, accounts.bob, { model: network.model, prompt: 'Who makes the next block?', maxOutput: 8 })
  const end = await jobEnd(ledger, job.id)
  assert.equal(end.data.worker, miner.address)

  const joined = await author('join', ofMiner(), ['--author-bond', '1000'])
  assert.equal(joined.status, 0, joined.log)
  assert.match(joined.log, /made by the node, and registered/)
  assert.equal((await chain.holds(miner.address))['authors.AuthorBond'], BOND)

  const isIn = ({ joined }) => joined.includes(miner.address)
  const changed = await ledger.event('authors.AuthorsChanged', isIn, SEAT_BLOCKS)
  const authored = await ledger.event(
    'emission.BlockRewarded',
    (data) => data.author === miner.address,
    SEAT_BLOCKS,
  )
  assert.ok(authored.block.number > changed.block.number)
  const minted = authored.block.events.find(
    ({ name, data }) => name === 'emission.Minted' && data.who === miner.address,
  )
  assert.equal(minted.data.reason, 'BlockAuthor')
  // Finality needs both of them now.
  await ledger.wait(
    'finality goes on with the new author',
    () => ledger.last.number > authored.block.number + 4 || undefined,
  )
  assert.ok((await chain.finalized()) >= changed.block.number)

  const again = await author('join', ofMiner(), ['--author-bond', '1000'])
  assert.equal(again.status, 0, again.log)
  assert.match(again.log, /registered already, and the node has them[^]*candidate {5}already/)
  const shown = await author('show', ofMiner())
  assert.match(shown.log, /seat +yes[^]*the node has them/)
})

test('author that runs its keys on two machines should be expelled, and lose half of its bond', async () => {
  const { chain, ledger, accounts } = network
  const alice = accounts.alice.address
  // An author of the genesis has no bond until it joins like anybody else.
  const joined = await author('join', ofAlice(), ['--author-bond', '1000'])
  assert.equal(joined.status, 0, joined.log)
  const extra = ['--validator', '--alice']
  const twin = await startNode(processes, { chain: chainFile, name: 'twin', index: 2, first, extra })
  const expelled = await ledger.event('authors.Expelled', ({ author }) => author === alice, SEAT_BLOCKS)
  assert.equal(expelled.data.burned, BOND / 2n)
  assert.equal((await chain.holds(alice))['authors.AuthorBond'], BOND / 2n)
  const left = ({ left }) => left.includes(alice)
  const { block } = await ledger.event('authors.AuthorsChanged', left, SEAT_BLOCKS)
  await twin.stop()

  // Two sessions later the miner is alone, and the chain goes on.
  const end = block.number + 3 * SESSION
  await ledger.height(end + SESSION)
  const authors = new Set(
    ledger.blocks.filter(({ number }) => number > end).map((block) => block.author),
  )
  assert.deepEqual([...authors], [miner.address])
  await ledger.wait('finality', () => ledger.last.number > end + SESSION + 6 || undefined)
  assert.ok((await chain.finalized()) > end)
  const again = await author('join', ofAlice())
  assert.notEqual(again.status, 0)
  assert.match(again.log, /AuthorExpelled/)
})
