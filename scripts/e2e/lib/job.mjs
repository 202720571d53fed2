// A job of the tests and the demonstration: submitted with the client, followed in the ledger.

import { DEMO_TOKENIZER, commitTokens, openTokens } from '@aipowergrid/client'

/** {bytes, commitment} of token ids: the blob, and what the chain knows of it. */
export const tokenList = commitTokens

/** The call `jobEscrow.submit` of prepared terms, of which any may have been changed. */
export function submitCall(chain, terms) {
  return chain.submitCall(terms)
}

/** The terms to submit a prompt with. */
export function prepareJob(chain, request) {
  return chain.prepareJob(request)
}

/** Stores the input, submits the job and returns its terms with {id, blockHash, txHash}. */
export function submitJob(chain, signer, request) {
  return chain.submitJob({ ...request, signer })
}

/** Submits a prepared job whose input may not be stored, and returns the same as `submitJob`. */
export function sendJob(chain, signer, terms) {
  return chain.sendJob(terms, signer)
}

/** Fetches and checks an answer; returns {ids, text}. */
export async function readAnswer(chain, output) {
  const ids = openTokens(await chain.getBlob(output.blob), output)
  return { ids, text: DEMO_TOKENIZER.decode(ids) }
}

/** Waits until a job has ended; returns the event JobSettled or JobRefunded. */
export function jobEnd(ledger, id, blocks = 200) {
  const ofJob = (data) => data.job === id
  return ledger.wait(
    `end of job ${id}`,
    (seen) =>
      seen.events('jobEscrow.JobSettled', ofJob)[0] ??
      seen.events('jobEscrow.JobRefunded', ofJob)[0],
    blocks,
  )
}

/** Waits for the result of a job; throws when the job ends without one. */
export async function jobResult(ledger, id, blocks = 200) {
  const ofJob = (data) => data.job === id
  const event = await ledger.wait(
    `result of job ${id}`,
    (seen) =>
      seen.events('jobEscrow.ResultSubmitted', ofJob)[0] ??
      seen.events('jobEscrow.JobRefunded', ofJob)[0],
    blocks,
  )
  if (event.method === 'JobRefunded') {
    throw new Error(`job ${id} ended unpaid: ${event.data.reason}`)
  }
  return event
}

/**
 * Waits until the worker has claimed the reward of a settled job; returns the events
 * {credited, closed, claimed}, or null for a job that earned no credit.
 */
export async function jobReward(ledger, settled, blocks = 60) {
  const credited = ledger.events(
    'usefulWork.WorkCredited',
    (data) => data.job === settled.data.job,
  )[0]
  if (!credited) return null
  const { worker, round } = credited.data
  const closed = await ledger.event('usefulWork.RoundClosed', (data) => data.round === round, blocks)
  const claimed = await ledger.event(
    'usefulWork.RewardClaimed',
    (data) => data.round === round && data.worker === worker,
    blocks,
  )
  return { credited, closed, claimed }
}

