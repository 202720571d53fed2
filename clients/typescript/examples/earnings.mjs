// Watches what a worker earns: fees of its jobs and claimed block rewards, in final blocks only.
//
//   node earnings.mjs ADDRESS [REWARDS]      ends after so many claimed rewards, else with Ctrl-C
//
// AIPG_NODE: address of a node.

import { connect, eventsOf, formatAipg } from '@aipowergrid/client'

const [address, rewards] = process.argv.slice(2)
if (!address) {
  console.error('usage: node earnings.mjs ADDRESS [REWARDS]')
  process.exit(1)
}
let left = Number(rewards ?? Number.POSITIVE_INFINITY)
const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

const client = await connect({ url: process.env.AIPG_NODE ?? 'ws://127.0.0.1:9944' })
let earned = 0n
try {
  // Final blocks are never taken back, so that what is printed stays true.
  for await (const block of client.blocks({ finalised: true, signal: stop.signal })) {
    for (const { worker, job, toWorker } of eventsOf(block, 'jobEscrow.JobSettled')) {
      if (worker !== address) continue
      earned += toWorker
      console.log(`block ${block.number}: ${formatAipg(toWorker)} AIPG for job ${job}`)
    }
    for (const { worker, round, amount } of eventsOf(block, 'usefulWork.RewardClaimed')) {
      if (worker !== address) continue
      earned += amount
      left -= 1
      console.log(`block ${block.number}: ${formatAipg(amount)} AIPG minted for round ${round}`)
    }
    if (left <= 0) break
  }
} catch (error) {
  if (!stop.signal.aborted) throw error
} finally {
  console.log(`${formatAipg(earned)} AIPG earned since the start`)
  await client.disconnect()
}
