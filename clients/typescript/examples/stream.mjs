// Submits a stream of prompts, a few at a time, and prints each answer as soon as it is there. A job
// that fails is reported and does not stop the others.
//
//   node stream.mjs < prompts.txt          one prompt a line
//
// AIPG_NODE, AIPG_SECRET: as in submit.mjs.

import { createInterface } from 'node:readline'
import { AipgError, accountFrom, connect } from '@aipowergrid/client'

const AT_ONCE = 4

const client = await connect({ url: process.env.AIPG_NODE ?? 'ws://127.0.0.1:9944' })
try {
  const signer = await accountFrom(process.env.AIPG_SECRET ?? '//Bob')
  const [model] = await client.models()
  if (!model) throw new Error('no model is registered on this chain')

  /** @param {string} prompt */
  const answer = async (prompt) => {
    try {
      const job = await client.submitJob({ model, prompt, signer })
      const { text } = await client.waitForResult(job, { signer })
      console.log(`${prompt}\n  ${text}`)
    } catch (error) {
      // Each error has a name: JobRefunded, PriceExceedsBalance, ConnectionLost, …
      if (!(error instanceof AipgError)) throw error
      console.log(`${prompt}\n  ${error.name}: ${error.message}`)
    }
  }

  // Jobs of one account may be submitted at the same time: the client orders their nonces.
  const running = new Set()
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue
    const job = answer(line.trim()).finally(() => running.delete(job))
    running.add(job)
    if (running.size >= AT_ONCE) await Promise.race(running)
  }
  await Promise.all(running)
} finally {
  await client.disconnect()
}
