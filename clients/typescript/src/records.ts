// What the chain tells, typed. Every integer is a bigint, accounts are addresses, hashes are hex.

import type { Block } from './blocks.js'
import type { Hex } from './bytes.js'
import type { ChainEvent } from './plain.js'
import type { SamplingParameters } from './sampling.js'

/** How a result is judged. */
export type TrustClass = 'Exact' | 'Pinned' | 'Statistical' | 'Attested'

/** Where a machine stands. */
export type Region =
  | 'Unspecified'
  | 'Africa'
  | 'Asia'
  | 'Europe'
  | 'NorthAmerica'
  | 'Oceania'
  | 'SouthAmerica'

/** A committed token list as the chain returns it. */
export interface CommittedTokens {
  blob: Hex
  root: Hex
  count: bigint
}

/** What a job of some size costs. */
export interface Quote {
  units: bigint
  /** Least price that the chain accepts: units × the model's floor. */
  leastPrice: bigint
  /** Least number of blocks between submission and deadline that the chain accepts. */
  leastDeadline: bigint
}

/** What a requester fixed about a run. */
export interface JobParameters {
  seed: bigint
  maxOutput: bigint
  sampling: 'Greedy' | { Seeded: { [name in keyof SamplingParameters]: bigint | null } }
  stop: bigint[]
}

/** A live job. */
export interface JobView {
  id: bigint
  requester: string
  worker: string | null
  stage: 'Queued' | 'Assigned' | 'Running' | 'Delivered'
  /** Block at which the chain moves the job on by itself. */
  due: bigint
  /**
   * First block in which a result does not count any more, of a job that is run. `due` can be sooner: by then
   * something has to be heard of the worker.
   */
  deliverBy: bigint | null
  deadline: bigint
  model: Hex
  input: CommittedTokens
  parameters: JobParameters
  maxPrice: bigint
  ask: bigint | null
  output: CommittedTokens | null
  digest: Hex | null
}

/** A machine. */
export interface WorkerView {
  online: boolean
  suspended: boolean
  /** A result of it was false; it never works again. */
  banned: boolean
  bond: bigint
  level: bigint
  region: Region
  capacity: bigint
  active: bigint
  /** What it gets at most for jobs that are not final: a fifth of the bond at most, one of them a fiftieth. */
  exposed: bigint
  completed: bigint
  failed: bigint
  /** Permill. */
  reputation: bigint
  /** Permill: the part of its time to deliver that it uses, a moving average over its jobs. */
  pace: bigint
  /** Verified power, in steps of a window; 0 if none was measured. */
  power: bigint
  /** Models served and what a unit of each costs. */
  offers: Array<[Hex, bigint]>
  /** Block from which the bond can be withdrawn, once the machine is retired. */
  unbondsAt: bigint | null
}

/** A registered model. */
export interface ModelTerms {
  class: TrustClass
  /** Least price of one unit. */
  priceFloor: bigint
  creator: string | null
  /** Most that may be minted for a job, in millionths of its credit; null: not listed. */
  mintCeiling: bigint | null
  vocabulary: bigint
  /** Most positions, prompt and answer together. */
  maxContext: bigint
}

/** A reward that can be claimed. */
export interface ClaimableReward {
  round: bigint
  amount: bigint
  ceiling: Ceiling
}

/** Which of the two ceilings set a reward. */
export type Ceiling = 'Budget' | 'Fee' | 'Mixed'

/** The books of the supply at a block. */
export interface Books {
  issuance: bigint
  imported: bigint
  mintedAuthor: bigint
  mintedOperations: bigint
  mintedWork: bigint
  /** For public jobs. */
  mintedBootstrap: bigint
  burnedFees: bigint
  /** Of the bonds of workers whose results were false. */
  burnedConvictions: bigint
  /** Of the bonds that sides of disputes lost. */
  burnedLostBonds: bigint
  /** Of the bonds of auditors who were wrong, or silent. */
  burnedAuditFaults: bigint
  /** Of the bonds of block authors who equivocated. */
  burnedAuthorFaults: bigint
  /** What public jobs had left. */
  burnedBootstrap: bigint
  blockReward: bigint
  pendingWork: bigint
  reservedWork: bigint
  lapsedWork: bigint
  cap: bigint
}

/** Why a job ended unpaid: it had no result, or a false one. */
export type RefundReason = 'DeadlineUnreachable' | 'InputUnavailable' | 'ResultRefuted' | 'NotAttested'

/** Fields of the events about jobs and rewards, by the event's name. */
export interface EventData {
  'jobEscrow.JobSubmitted': {
    job: bigint
    requester: string
    model: Hex
    unitsAtMost: bigint
    maxPrice: bigint
    deadline: bigint
  }
  'jobEscrow.JobAssigned': { job: bigint; worker: string; ask: bigint; claimBy: bigint }
  'jobEscrow.InputDemanded': { job: bigint; worker: string; publishBy: bigint }
  'jobEscrow.InputPublished': { job: bigint; worker: string; ask: bigint; claimBy: bigint }
  'jobEscrow.JobClaimed': { job: bigint; worker: string; deliverBy: bigint; heardBy: bigint }
  'jobEscrow.JobProgressed': { job: bigint; worker: string; tokens: bigint; heardBy: bigint }
  'jobEscrow.ResultSubmitted': {
    job: bigint
    worker: string
    output: CommittedTokens
    /** The node that should have the answer. */
    provider: Hex | null
    /** Digest of the run, for whoever replays it. */
    digest: Hex
    units: bigint
    fee: bigint
    /** Block in which the job is paid unless it is challenged. */
    settlesAt: bigint
  }
  'jobEscrow.JobSettled': {
    job: bigint
    worker: string
    requester: string
    units: bigint
    fee: bigint
    toWorker: bigint
    toCreator: bigint
    burned: bigint
    toStakers: bigint
    toReferrer: bigint
    toTreasury: bigint
    returned: bigint
  }
  'jobEscrow.JobRedrawn': {
    job: bigint
    worker: string
    fault: 'ClaimMissed' | 'ResultMissed' | null
  }
  'jobEscrow.JobRefunded': {
    job: bigint
    requester: string
    returned: bigint
    reason: RefundReason
  }
  'usefulWork.WorkCredited': {
    worker: string
    job: bigint
    round: bigint
    credit: bigint
    /** What it counts in the round: credit times the worker's multiplier. */
    counted: bigint
  }
  'usefulWork.RewardClaimed': { worker: string; round: bigint; amount: bigint; ceiling: Ceiling }
}

export type EventName = keyof EventData

/** The fields of an event if it has this name, else null. */
export function dataOf<Name extends EventName>(
  event: ChainEvent,
  name: Name,
): EventData[Name] | null {
  return event.name === name ? (event.data as EventData[Name]) : null
}

/** The fields of all events of a name in a block. */
export function eventsOf<Name extends EventName>(block: Block, name: Name): EventData[Name][] {
  return block.events.flatMap((event) => dataOf(event, name) ?? [])
}
