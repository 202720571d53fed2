// Verifies the receipt of a finished job against the chain's final state. With a job's number the
// node is asked for the proof, which is printed: keep it, and anybody can verify it again later.
//
//   node verify-receipt.mjs 7 > proof.json
//   node verify-receipt.mjs proof.json
//
// AIPG_NODE: address of a node; the proof needs no trust in it beyond its view of the final chain.

import { readFileSync } from 'node:fs'
import { connect, formatAipg } from '@aipowergrid/client'

const [target] = process.argv.slice(2)
if (!target) {
  console.error('usage: node verify-receipt.mjs JOB|PROOF.json')
  process.exit(1)
}
const isNumber = /^\d+$/.test(target)
const client = await connect({ url: process.env.AIPG_NODE ?? 'ws://127.0.0.1:9944' })
try {
  // Throws ReceiptInvalid for a proof that does not lead to a root of the chain.
  const { receipt, proof, block } = await client.verifyReceipt(
    isNumber ? BigInt(target) : JSON.parse(readFileSync(target, 'utf8')),
  )
  const { outcome } = receipt
  const end =
    'Paid' in outcome
      ? `paid ${formatAipg(outcome.Paid.fee)} AIPG to ${outcome.Paid.worker}`
      : `refunded, ${outcome.Refunded.reason}`
  console.error(`job ${receipt.job} of ${receipt.requester}: ${end}`)
  console.error(`proven by the root of round ${proof.round}, final in block ${block.number}`)
  if (isNumber) console.log(JSON.stringify(proof, null, 2))
} finally {
  await client.disconnect()
}
