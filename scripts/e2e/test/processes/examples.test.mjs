// Every single-file example of the client, against a real chain and a real worker.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { jobEnd, submitJob } from '../../lib/job.mjs'
import { ROOT } from '../../lib/processes.mjs'
import { startNetwork } from './setup.mjs'

const EXAMPLES = join(ROOT, 'clients/typescript/examples')
const tested = new Set()

let network
before(async () => {
  network = await startNetwork()
  await network.processes.startWorker({
    url: network.node.url,
    suri: '//Charlie',
    extra: ['--capacity', '4'],
  })
})
after(() => network?.stop())

/** Runs an example to its end; returns {status, output, errors}. */
function run(name, parameters = [], input = '') {
  tested.add(name)
  return runNode([join(EXAMPLES, name), ...parameters], input)
}

// A guard against hanging: an example that waits for what never comes.
const LIMIT_MS = 300_000

function runNode(parameters, input) {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, parameters, {
      timeout: LIMIT_MS,
      // Where a program that comes by the standard input looks for its libraries.
      cwd: ROOT,
      env: { ...process.env, AIPG_NODE: network.node.url, AIPG_SECRET: '//Eve' },
    })
    const said = { output: '', errors: '' }
    child.stdout.on('data', (data) => (said.output += data))
    child.stderr.on('data', (data) => (said.errors += data))
    child.once('error', failed)
    child.once('close', (status) => done({ status, ...said }))
    child.stdin.end(input)
  })
}

test('submit.mjs, stream.mjs and earnings.mjs should do what they say', async () => {
  const prompts = ['What is a miner?', 'What is 1 plus 1?']
  const [submit, stream, earnings] = await Promise.all([
    run('submit.mjs', ['What is AI Power Grid?']),
    run('stream.mjs', [], prompts.join('\n')),
    run('earnings.mjs', [network.accounts.charlie.address, '1']),
  ])
  assert.equal(submit.status, 0, submit.errors)
  assert.match(submit.output, /^job \d+: [\d.]+ AIPG on hold\nanswer: .+\npaid: [\d.]+ AIPG, /)

  assert.equal(stream.status, 0, stream.errors)
  for (const prompt of prompts) {
    const [, answer] = stream.output.split(`${prompt}\n  `)
    assert.match(answer ?? '', /^\S/, stream.output)
  }
  assert.doesNotMatch(stream.output, /^ {2}[A-Z]\w+: /m, 'no job failed')

  assert.equal(earnings.status, 0, earnings.errors)
  assert.match(earnings.output, /^block \d+: [\d.]+ AIPG for job \d+$/m)
  assert.match(earnings.output, /^block \d+: [\d.]+ AIPG minted for round \d+$/m)
  assert.match(earnings.output, /^[\d.]+ AIPG earned since the start$/m)
})

test('verify-receipt.mjs should verify a receipt, or name what the chain lacks', async () => {
  const { chain, ledger, accounts, model, processes } = network
  const job = await submitJob(chain, accounts.bob, { model, prompt: 'What is a receipt?' })
  await jobEnd(ledger, job.id)
  const asked = await run('verify-receipt.mjs', [String(job.id)])
  if (chain.api.query.receipts === undefined) {
    assert.equal(asked.status, 1)
    assert.match(asked.errors, /UnsupportedByChain.*: this chain or its node has no pallet Receipts/)
    return
  }
  assert.equal(asked.status, 0, asked.errors)
  assert.match(asked.errors, new RegExp(`^job ${job.id} of ${accounts.bob.address}: paid `))

  const file = join(processes.directory, 'proof.json')
  writeFileSync(file, asked.output)
  const kept = await run('verify-receipt.mjs', [file])
  assert.equal(kept.status, 0, kept.errors)
  assert.match(kept.errors, /^proven by the root of round \d+, final in block \d+$/m)

  const proof = JSON.parse(asked.output)
  const other = (digit) => (digit === '0' ? '1' : '0')
  writeFileSync(file, JSON.stringify({ ...proof, receipt: proof.receipt.replace(/.$/, other) }))
  const forged = await run('verify-receipt.mjs', [file])
  assert.equal(forged.status, 1)
  assert.match(forged.errors, /ReceiptInvalid/)
})

test('program of the developer guide should answer with polkadot.js alone', async () => {
  const guide = readFileSync(join(ROOT, 'docs/developers.md'), 'utf8')
  const [, program] = /<!-- test: [^]*?```js\n([^]*?)```/.exec(guide)
  const { status, output, errors } = await runNode(['--input-type=module'], program)
  assert.equal(status, 0, errors)
  assert.match(output, /^job \d+: JobSubmitted\n(job \d+: .+\n)+job \d+: ResultSubmitted\n.+\n$/)
})

test('every example should have been run', () => {
  // `page` is an example too, in a browser: browser.test.mjs.
  assert.deepEqual([...tested].sort(), readdirSync(EXAMPLES).filter((name) => name !== 'page').sort())
})
