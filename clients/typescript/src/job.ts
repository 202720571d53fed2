// A job from the requester's side: what was asked, and how it goes on.

import type { Block, BlockReference } from './blocks.js'
import type { Hex } from './bytes.js'
import { JobReplaced } from './errors.js'
import type { ChainEvent } from './plain.js'
import {
  type CommittedTokens,
  type EventData,
  type Quote,
  type Region,
  type TrustClass,
  dataOf,
} from './records.js'
import type { Sampling, SamplingOptions } from './sampling.js'
import type { TokenList, Tokenizer } from './tokens.js'

/** What a job asks of its worker. */
export interface ServiceLevel {
  /** Only machines of this region; null takes any. */
  region?: Region | null | undefined
  /** Only machines of this trust level or higher. */
  minLevel?: number | undefined
}

/** A job as a requester describes it: either a prompt or its token ids. */
export interface JobRequest {
  /** Root of the model. */
  model: Hex
  prompt?: string | undefined
  tokens?: readonly number[] | undefined
  /** For prompt and answer. Default with a prompt: the demo model's. */
  tokenizer?: Tokenizer | undefined
  /** Most tokens the answer may have. Default 256. */
  maxOutput?: number | undefined
  /** Default: greedy decoding. */
  sampling?: SamplingOptions | undefined
  /** Ids with which the answer ends. Default: the tokenizer's. */
  stop?: readonly number[] | undefined
  /** Most the job may cost, in the smallest unit. Default: twice the least price. */
  maxPrice?: bigint | undefined
  /** First block in which a result no longer counts. Default: room for a second worker. */
  deadline?: number | undefined
  service?: ServiceLevel | undefined
  /** Gets a share of the fee. */
  referrer?: string | null | undefined
}

/** A job with all its terms, ready to be sent. */
export interface PreparedJob {
  model: Hex
  prompt: string | null
  tokenizer: Tokenizer | null
  /** The input's blob. */
  bytes: Uint8Array
  input: TokenList
  maxOutput: number
  seed: bigint
  sampling: Sampling
  stop: readonly number[]
  quote: Quote
  maxPrice: bigint
  class: TrustClass
  deadline: number
  service: ServiceLevel
  referrer: string | null
  /** The node that has the input. */
  provider: Hex | null
}

/** A submitted job. Its fields are what was submitted; `stage` is what a wait last saw. */
export interface Job extends PreparedJob {
  readonly id: bigint
  readonly requester: string
  readonly txHash: Hex
  readonly blockHash: Hex
  /** Where a wait begins to look for what happened to the job. */
  readonly since: number
  stage: JobStage
}

/** What a wait needs to know of a job; a whole Job, or one that was noted down. */
export interface JobHandle {
  readonly id: bigint
  /** Height from which to look for it: that of its submission or an earlier one. */
  readonly since: number
  /** With these two a reorganisation that gives the number to another job is noticed. */
  readonly txHash?: Hex
  readonly blockHash?: Hex
  /** For the answer's text. */
  readonly tokenizer?: Tokenizer | null
  /** What a wait last saw. */
  stage?: JobStage
}

/** Where a job stands, with what is known from there on, and the block that says so. */
export type JobStage =
  /** Waits for a worker; `fault` says why a worker lost it, null for want of the input. */
  | { stage: 'queued'; block: BlockReference | null; lostBy?: string; fault?: string | null }
  /** A worker was drawn and must claim until `claimBy`. */
  | { stage: 'assigned'; block: BlockReference; worker: string; ask: bigint; claimBy: bigint }
  /** The worker cannot get the input: it must be published until `publishBy`, see `publishInput`. */
  | { stage: 'demanded'; block: BlockReference; worker: string; publishBy: bigint }
  /** The worker has the input and runs the job. */
  | { stage: 'running'; block: BlockReference; worker: string; deliverBy: bigint }
  /** The answer is there; paid at `settlesAt`. */
  | ({ stage: 'delivered'; block: BlockReference } & EventData['jobEscrow.ResultSubmitted'])
  /** Paid. */
  | ({ stage: 'settled'; block: BlockReference } & EventData['jobEscrow.JobSettled'])
  /** Ended unpaid, without a result or because it was false. */
  | ({ stage: 'refunded'; block: BlockReference } & EventData['jobEscrow.JobRefunded'])

export type Delivered = Extract<JobStage, { stage: 'delivered' }>
export type Settled = Extract<JobStage, { stage: 'settled' }>

/** A checked answer. */
export interface JobResult {
  job: bigint
  ids: number[]
  /** Null where the job has no tokenizer. */
  text: string | null
  output: CommittedTokens
  digest: Hex
  worker: string
  units: bigint
  fee: bigint
  settlesAt: bigint
  block: BlockReference
}

/** The stage that an event brings a job to; null for an event that is none of the job's. */
export function stageAfter(event: ChainEvent, block: BlockReference, job: bigint): JobStage | null {
  if (event.section !== 'jobEscrow' || event.data['job'] !== job) return null
  const at = { number: block.number, hash: block.hash }
  const submitted = dataOf(event, 'jobEscrow.JobSubmitted')
  if (submitted) return { stage: 'queued', block: at }
  const assigned =
    dataOf(event, 'jobEscrow.JobAssigned') ?? dataOf(event, 'jobEscrow.InputPublished')
  if (assigned) {
    const { worker, ask, claimBy } = assigned
    return { stage: 'assigned', block: at, worker, ask, claimBy }
  }
  const demanded = dataOf(event, 'jobEscrow.InputDemanded')
  if (demanded) {
    const { worker, publishBy } = demanded
    return { stage: 'demanded', block: at, worker, publishBy }
  }
  const claimed = dataOf(event, 'jobEscrow.JobClaimed')
  if (claimed) {
    return { stage: 'running', block: at, worker: claimed.worker, deliverBy: claimed.deliverBy }
  }
  const delivered = dataOf(event, 'jobEscrow.ResultSubmitted')
  if (delivered) return { stage: 'delivered', block: at, ...delivered }
  const redrawn = dataOf(event, 'jobEscrow.JobRedrawn')
  if (redrawn) {
    return { stage: 'queued', block: at, lostBy: redrawn.worker, fault: redrawn.fault }
  }
  const settled = dataOf(event, 'jobEscrow.JobSettled')
  if (settled) return { stage: 'settled', block: at, ...settled }
  const refunded = dataOf(event, 'jobEscrow.JobRefunded')
  if (refunded) return { stage: 'refunded', block: at, ...refunded }
  return null
}

/** Bytes of the extrinsic at a place of a block, to tell which submission an event is of. */
export type ExtrinsicHash = (block: Block, index: number) => Promise<Hex>

/**
 * Yields a job's stages as blocks tell of them and ends with the last one. After a reorganisation
 * stages may come again. Throws JobReplaced when the number is another submission's.
 */
export async function* stagesOf(
  job: JobHandle,
  blocks: AsyncIterable<Block>,
  extrinsicHash: ExtrinsicHash,
): AsyncGenerator<JobStage, void> {
  for await (const block of blocks) {
    for (const event of block.events) {
      const stage = stageAfter(event, block, job.id)
      if (stage === null) continue
      if (event.method === 'JobSubmitted') await ensureSame(job, event, block, extrinsicHash)
      job.stage = stage
      yield stage
      if (stage.stage === 'settled' || stage.stage === 'refunded') return
    }
  }
}

async function ensureSame(
  job: JobHandle,
  event: ChainEvent,
  block: Block,
  extrinsicHash: ExtrinsicHash,
): Promise<void> {
  if (job.txHash === undefined || block.hash === job.blockHash) return
  // A batch or a proxy may have submitted it; then the hash is that of the outer call all the same.
  if (event.extrinsic === null || (await extrinsicHash(block, event.extrinsic)) !== job.txHash) {
    throw new JobReplaced(job.id)
  }
}
