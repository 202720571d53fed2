// A job from the requester's side.

import {
  BlobError,
  END_OF_ANSWER,
  blobHash,
  decodeBlob,
  decodeText,
  encodeBlob,
  encodePrompt,
  tokenRoot,
} from './tokens.mjs'

/** Most tokens an answer may have unless the caller says otherwise. */
export const MAX_OUTPUT = 256

/** Blocks on top of the least deadline, for a second draw if the first worker fails. */
const DEADLINE_MARGIN = 40

/** {blob, root, count} of token ids, as the chain commits to them, and the blob's bytes. */
export function tokenList(ids) {
  const bytes = encodeBlob(ids)
  return { bytes, commitment: { blob: blobHash(bytes), root: tokenRoot(ids), count: ids.length } }
}

/** The call `jobEscrow.submit`; what is left out gets the values of a plain chat job. */
export function submitCall(chain, job) {
  return chain.api.tx.jobEscrow.submit(
    job.model,
    job.input,
    {
      seed: 0,
      maxOutput: job.maxOutput ?? MAX_OUTPUT,
      sampling: 'Greedy',
      stop: job.stop ?? [END_OF_ANSWER],
    },
    job.maxPrice,
    job.class ?? 'Exact',
    job.deadline,
    { region: null, minLevel: 0, ...job.service },
    job.referrer ?? null,
  )
}

/** What a prompt costs at least, and the terms to submit it with. */
export async function prepareJob(chain, { model, prompt, maxOutput = MAX_OUTPUT }) {
  const ids = encodePrompt(prompt)
  const { bytes, commitment } = tokenList(ids)
  const quote = await chain.quote(model, ids.length, maxOutput)
  if (quote === null) {
    const terms = await chain.model(model)
    throw new RangeError(
      terms === null
        ? `no active model has the root ${model}`
        : `${ids.length} prompt tokens and ${maxOutput} of the answer exceed the model's context of ${terms.maxContext}`,
    )
  }
  const best = await chain.bestNumber()
  return {
    model,
    prompt,
    bytes,
    input: commitment,
    maxOutput,
    quote,
    // Twice the least price leaves room for workers that ask more than the floor; what the job
    // does not cost comes back.
    maxPrice: quote.leastPrice * 2n,
    deadline: best + Number(quote.leastDeadline) + DEADLINE_MARGIN,
  }
}

/** Stores the input, submits the job and returns its terms with {id, blockHash, txHash}. */
export async function submitJob(chain, signer, request) {
  const terms = await prepareJob(chain, request)
  const stored = await chain.putBlob(terms.bytes)
  if (stored !== terms.input.blob) {
    throw new BlobError('BlobMismatch', `the node stored the input as ${stored}`)
  }
  return { ...terms, ...(await sendJob(chain, signer, terms)) }
}

/** Submits a prepared job and returns {id, blockHash, txHash}. */
export async function sendJob(chain, signer, terms) {
  const { events, blockHash, txHash } = await chain.submit(submitCall(chain, terms), signer)
  const submitted = events.find((event) => event.name === 'jobEscrow.JobSubmitted')
  return { id: submitted.data.job, blockHash, txHash }
}

/**
 * Checks a blob against what the chain says of the answer and returns its ids. Throws BlobError:
 * `BlobMismatch` if the bytes are not the named ones, `CountMismatch`, `RootMismatch`.
 */
export function openAnswer(bytes, output) {
  const hash = blobHash(bytes)
  if (hash !== output.blob) {
    throw new BlobError('BlobMismatch', `the answer hashes to ${hash}, not to ${output.blob}`)
  }
  const ids = decodeBlob(bytes)
  if (ids.length !== Number(output.count)) {
    throw new BlobError(
      'CountMismatch',
      `the answer has ${ids.length} tokens, the chain says ${output.count}`,
    )
  }
  const root = tokenRoot(ids)
  if (root !== output.root) {
    throw new BlobError('RootMismatch', `the answer's root is ${root}, the chain says ${output.root}`)
  }
  return ids
}

/** Fetches and checks an answer; returns {ids, text}. */
export async function readAnswer(chain, output) {
  const ids = openAnswer(await chain.getBlob(output.blob), output)
  return { ids, text: decodeText(ids) }
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
    throw new Error(`job ${id} ended without a result: ${event.data.reason}`)
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

