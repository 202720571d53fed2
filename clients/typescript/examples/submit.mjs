// Submits one prompt, prints the checked answer and what it cost.
//
//   node submit.mjs "What is AI Power Grid?"
//
// AIPG_NODE: address of a node. AIPG_SECRET: who pays; a development account by default.

import { accountFrom, connect, formatAipg } from '@aipowergrid/client'

const prompt = process.argv[2] ?? 'What is AI Power Grid?'
const client = await connect({ url: process.env.AIPG_NODE ?? 'ws://127.0.0.1:9944' })
try {
  const signer = await accountFrom(process.env.AIPG_SECRET ?? '//Bob')
  const [model] = await client.models()
  if (!model) throw new Error('no model is registered on this chain')

  // What it may cost at most is put on hold; what it does not cost comes back.
  const job = await client.submitJob({ model, prompt, maxOutput: 200, signer })
  console.log(`job ${job.id}: ${formatAipg(job.maxPrice)} AIPG on hold`)

  // The answer is checked against the hash, the token count and the token root on chain.
  const result = await client.waitForResult(job, { signer })
  console.log(`answer: ${result.text}`)

  const paid = await client.waitForSettlement(job, { finalised: true })
  console.log(`paid: ${formatAipg(paid.fee)} AIPG, ${formatAipg(paid.returned)} came back`)
} finally {
  await client.disconnect()
}
