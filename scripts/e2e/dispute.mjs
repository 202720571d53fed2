// The demonstration behind scripts/run --dispute: a worker that lies, a checker that does not, the moves
// of both, the step that the chain executes, and who pays.

import { parseArgs } from 'node:util'
import { AIPG, formatAipg } from '@aipowergrid/client'
import { closedCase, measureCase, startChecker, watchDisputes } from './lib/disputes.mjs'
import { jobResult, readAnswer } from './lib/job.mjs'
import { newAccount, registerMiners, said, submitFor } from './lib/miners.mjs'
import { openNetwork } from './lib/network.mjs'
import { Processes, WORKER_BOND } from './lib/processes.mjs'
import { heading, renderPairs, stopwatch } from './lib/table.mjs'

/** What is false, by the name that `aipg-liar` gives it. */
const LIES = {
  accumulator: 'one number deep in a layer of its computation is another one, and so is the digest',
  digest: 'the answer is right, the digest is not',
  token: 'one token of the answer is another one, with the true computation behind it',
  seed: 'the answer was drawn with another seed',
  garbage: 'tokens and digest are made up, and nobody stands for them',
  short: 'the answer ends before its time',
}

const { values: options, positionals } = parseArgs({
  options: { lie: { type: 'string', default: 'accumulator' } },
  allowPositionals: true,
})
const prompt = positionals[0] ?? 'What is 2 + 3?'
if (!Object.hasOwn(LIES, options.lie)) {
  console.error(`error: there is no lie "${options.lie}"; one of ${Object.keys(LIES).join(', ')}`)
  process.exit(1)
}

const progress = stopwatch()

const processes = new Processes()
let network = null

async function shutDown() {
  if (network) await network.close()
  await processes.stop()
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    console.log('\nstopping everything')
    shutDown().then(
      () => process.exit(130),
      () => process.exit(1),
    )
  })
}

/** Prints what a process says, line by line, as it comes. */
function follow(child) {
  let printed = 0
  const print = () => {
    const lines = child.log().split('\n').slice(0, -1)
    for (const line of lines.slice(printed)) console.log(`         ${line}`)
    printed = lines.length
  }
  const timer = setInterval(print, 500)
  return () => {
    clearInterval(timer)
    print()
  }
}

async function show() {
  const node = await processes.startNode()
  network = { ...(await openNetwork(node.url)), processes, node }
  const { chain, accounts, names } = network
  progress(`chain started: ${node.url}`)

  const miners = await registerMiners(network, ['liar'])
  const liar = miners.get('liar')
  const checker = await newAccount(network, 'checker')
  names.set(liar.address, 'the liar').set(checker.address, 'the checker')
  const { transferKeepAlive } = chain.api.tx.balances
  await chain.submit(transferKeepAlive(checker.address, 100n * AIPG), accounts.alice)
  const checking = startChecker(network, { name: 'checker', ...checker, models: [liar.model] })
  await said(checking, 'connected')
  progress(`a checker looks at every result: an account with 100 AIPG, the model, no machine`)

  const lies = ['--lie', options.lie, ...(options.lie === 'garbage' ? ['--silent'] : ['--false-sums'])]
  const lying = liar.run({ lies })
  await said(lying, 'waiting for jobs')
  progress(`a worker serves, with a bond of ${WORKER_BOND} AIPG, and lies: ${LIES[options.lie]}`)

  const request = options.lie === 'seed' ? { sampling: { temperature: 8, seed: 11 } } : {}
  const job = await submitFor(liar, { request: { prompt, maxOutput: 16, ...request } })
  const requester = names.get(job.signer.address)
  progress(`${requester} asks "${prompt}" for at most ${formatAipg(job.maxPrice)} AIPG: job ${job.id}`)
  const unfollow = follow(watchDisputes(network, 'watch', ['--job', String(job.id)]))
  const result = await jobResult(network.ledger, job.id)
  const answer = await readAnswer(chain, result.data.output).catch(() => ({ text: 'no text' }))
  progress(`the liar answers "${answer.text}", digest ${result.data.digest.slice(0, 18)}…`)

  const events = await closedCase(network, job)
  unfollow()
  return { liar, checker, job, events, requester }
}

/** Prints who paid; returns what is not as it should be. */
async function account({ liar, checker, job, events, requester }) {
  const { chain, ledger } = network
  const find = (name) => events.find((event) => event.name === `referee.${name}`)?.data
  const refuted = find('ResultRefuted')
  const convicted = ledger.events('workerRegistry.Convicted', (data) => data.worker === liar.address)[0]
  const refunded = ledger.events('jobEscrow.JobRefunded', (data) => data.job === job.id)[0]
  const paid = find('RewardPaid')
  const bond = (await chain.holds(liar.address))['workerRegistry.WorkerBond'] ?? 0n
  const holds = await chain.holds(checker.address)
  const cost = await measureCase(network, events)
  const aipg = (value) => `${formatAipg(value ?? 0n)} AIPG`
  const share = (part) => `${(part * 100).toFixed(3)} %`
  console.log(heading('Who paid'))
  console.log(
    renderPairs([
      ['the liar', `bond ${WORKER_BOND} AIPG before, ${aipg(bond)} now, and never works again`],
      ['burned', aipg(convicted?.data.burned)],
      ['the checker', `${aipg(paid?.amount)} reward, its own bond of 50 AIPG back`],
      [requester, `${aipg(refunded?.data.returned)} back: nothing was paid for a false answer`],
    ]),
  )
  console.log(heading('What it took'))
  console.log(
    renderPairs([
      ['calls', `${cost.calls}, ${cost.bytes} bytes in all, the longest ${cost.longest}`],
      ['weight', `${share(cost.weight)} of a block in all, the heaviest call ${share(cost.heaviest)}`],
      ['time', `${cost.blocks} blocks, ${cost.seconds} s from the challenge to the last payment`],
    ]),
  )
  const checks = [
    ['the result was found false', refuted?.worker === liar.address],
    ['half of the bond is gone', bond === (BigInt(WORKER_BOND) * AIPG) / 2n],
    ['the checker has the reward', paid?.account === checker.address && paid.amount === refuted?.reward],
    ['the checker has nothing on hold', Object.keys(holds).length === 0],
    ['the requester has its price back', refunded?.data.reason === 'ResultRefuted'],
  ]
  return checks.filter(([, holdsTrue]) => !holdsTrue).map(([name]) => name)
}

try {
  const failed = await account(await show())
  console.log(
    failed.length === 0 ? '\nall checks hold' : `\nchecks FAILED:\n  ${failed.join('\n  ')}`,
  )
  await shutDown()
  process.exit(failed.length === 0 ? 0 : 1)
} catch (error) {
  console.error(`error: ${error.message}`)
  for (const child of processes.children) {
    if (!child.running && child.status === 0) continue
    console.error(`\nlast lines of ${child.name}:\n${child.tail()}`)
  }
  await shutDown().catch(() => {})
  process.exit(1)
}
