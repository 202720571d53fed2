// Submits one prompt to a running development chain and prints the answer and its price.

import { parseArgs } from 'node:util'
import { formatAipg } from '@aipowergrid/client'
import { jobEnd, jobResult, readAnswer, submitJob } from './lib/job.mjs'
import { openNetwork } from './lib/network.mjs'

const USAGE = `usage: node scripts/e2e/submit.mjs [--url ws://127.0.0.1:9944] [--as bob] "prompt"

  --url  RPC address of a node
  --as   development account that pays: alice, bob, charlie, dave, eve or ferdie`

const { values: options, positionals } = parseArgs({
  options: {
    url: { type: 'string', default: 'ws://127.0.0.1:9944' },
    as: { type: 'string', default: 'bob' },
    help: { type: 'boolean', short: 'h', default: false },
  },
  allowPositionals: true,
})
if (options.help || positionals.length !== 1) {
  console.log(USAGE)
  process.exit(options.help ? 0 : 1)
}

try {
  const network = await openNetwork(options.url)
  const { chain, ledger, accounts, names, model } = network
  const requester = accounts[options.as.toLowerCase()]
  if (!requester) throw new Error(`there is no development account "${options.as}"\n${USAGE}`)
  const job = await submitJob(chain, requester, { model, prompt: positionals[0] })
  console.log(`job ${job.id}, ${formatAipg(job.maxPrice)} AIPG on hold`)
  const result = await jobResult(ledger, job.id)
  const { text } = await readAnswer(chain, result.data.output)
  console.log(`\n${text}\n`)
  const { data } = await jobEnd(ledger, job.id)
  const worker = names.get(data.worker) ?? data.worker
  console.log(
    `fee ${formatAipg(data.fee)} AIPG, of it ${formatAipg(data.toWorker)} to ${worker}; ` +
      `${formatAipg(data.returned)} returned`,
  )
  await network.close()
} catch (error) {
  console.error(`error: ${error.message}`)
  process.exit(1)
}
