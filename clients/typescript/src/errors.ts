// Everything that can go wrong, as classes. `name` is the class, `code` the fact.

import type { Hex } from './bytes.js'

/** What all errors of this package have in common. */
export class AipgError extends Error {
  override readonly name: string = 'AipgError'
  /** Names the fact; stable, where the message is for people. */
  readonly code: string | number

  constructor(code: string | number, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/** The caller's signal ended the wait. What was sent to the chain before stays sent. */
export class Aborted extends AipgError {
  override readonly name: string = 'Aborted'
  constructor(cause?: unknown) {
    super('Aborted', 'the operation was aborted', { cause })
  }
}

/** The caller's time limit ended the wait. What was sent to the chain before stays sent. */
export class TimedOut extends AipgError {
  override readonly name: string = 'TimedOut'
  constructor(milliseconds: number) {
    super('TimedOut', `not finished within ${milliseconds} ms`)
  }
}

/** No node answered for longer than the client's patience. Later calls work once one is back. */
export class ConnectionLost extends AipgError {
  override readonly name: string = 'ConnectionLost'
  constructor(urls: readonly string[], milliseconds: number) {
    super('ConnectionLost', `no node answers at ${urls.join(', ')} for ${milliseconds} ms`)
  }
}

/** The node belongs to another chain than the one that was asked for or first connected to. */
export class WrongChain extends AipgError {
  override readonly name: string = 'WrongChain'
  constructor(
    readonly found: string,
    readonly expected: string,
  ) {
    super('WrongChain', `the chain's genesis is ${found}, not ${expected}`)
  }
}

/** The client was disconnected by its owner. */
export class Disconnected extends AipgError {
  override readonly name: string = 'Disconnected'
  constructor() {
    super('Disconnected', 'the client has been disconnected')
  }
}

/** A request that makes no sense to any chain: an amount, a sampling value, a token id. */
export class InvalidRequest extends AipgError {
  override readonly name: string = 'InvalidRequest'
  constructor(message: string) {
    super('InvalidRequest', message)
  }
}

/** The chain's runtime or the node lacks what was asked of it. */
export class UnsupportedByChain extends AipgError {
  override readonly name: string = 'UnsupportedByChain'
  constructor(readonly feature: string) {
    super('UnsupportedByChain', `this chain or its node has no ${feature}`)
  }
}

/**
 * A node's answer to an RPC call that is an error. `code` is the error's name where the message
 * begins with one (`NotFound`), else its JSON-RPC number.
 */
export class RpcFailure extends AipgError {
  override readonly name: string = 'RpcFailure'
  constructor(method: string, error: { message: string; code?: number }) {
    // The library puts the number in front of the message.
    const message = String(error.message).replace(/^-?\d+: /, '')
    const named = /^([A-Z][A-Za-z]+): /.exec(message)?.[1]
    super(named ?? error.code ?? 'Unknown', `${method}: ${message}`, { cause: error })
  }
}

/** A blob that is not what its name says, or no token list. */
export class BlobError extends AipgError {
  override readonly name: string = 'BlobError'
  constructor(code: 'BlobMismatch' | 'NotATokenList', message: string) {
    super(code, message)
  }
}

/** An answer whose blob differs from what the chain says of it in hash, token count or root. */
export class ResultMismatch extends AipgError {
  override readonly name: string = 'ResultMismatch'
  constructor(
    code: 'BlobMismatch' | 'NotATokenList' | 'CountMismatch' | 'RootMismatch',
    message: string,
  ) {
    super(code, message)
  }
}

/** The job ended unpaid, without a result or because it was false; `returned` of its price came back. */
export class JobRefunded extends AipgError {
  override readonly name: string = 'JobRefunded'
  constructor(
    readonly job: bigint,
    readonly reason: string,
    readonly returned: bigint,
  ) {
    super('JobRefunded', `job ${job} ended unpaid: ${reason}`)
  }
}

/** The best chain was reorganised, and the job's number now belongs to another submission. */
export class JobReplaced extends AipgError {
  override readonly name: string = 'JobReplaced'
  constructor(readonly job: bigint) {
    super('JobReplaced', `after a reorganisation number ${job} belongs to another submission`)
  }
}

/** The node does not have a block that is needed, or no longer its state. */
export class HistoryUnavailable extends AipgError {
  override readonly name: string = 'HistoryUnavailable'
  constructor(block: Hex, cause?: unknown) {
    super('HistoryUnavailable', `the node does not have block ${block}, or no longer its state`, {
      cause,
    })
  }
}

/** What a receipt or its proof does not satisfy. */
export type ReceiptFault =
  /** The proof's fields are not what they should be. */
  | 'MalformedProof'
  /** The bytes are no receipt. */
  | 'MalformedReceipt'
  /** There is no such leaf in a tree of this size. */
  | 'IndexOutOfRange'
  /** The path is not as long as a tree of this size is deep. */
  | 'PathLengthMismatch'
  /** Receipt and path lead to another root. */
  | 'RootMismatch'
  /** The receipt is of another job than the proof or the caller says. */
  | 'JobMismatch'
  /** The proof is of another chain. */
  | 'GenesisMismatch'
  /** The chain has no root for this round in its final state. */
  | 'RootUnknown'

/** A receipt that proves nothing. `code` says what is wrong with it. */
export class ReceiptInvalid extends AipgError {
  override readonly name: string = 'ReceiptInvalid'
  constructor(code: ReceiptFault, message: string) {
    super(code, `${code}: ${message}`)
  }
}

/** A call that the transaction pool refused or that no block took. */
export class PoolRejection extends AipgError {
  override readonly name: string = 'PoolRejection'
  constructor(message: string, options?: { cause?: unknown }) {
    super('PoolRejection', message, options)
  }
}

/** A call that was included and failed. `code` is the error's name: `jobEscrow.UnknownModel`. */
export class DispatchFailure extends AipgError {
  override readonly name: string = 'DispatchFailure'
  constructor(code: string, documentation = '') {
    super(code, documentation === '' ? code : `${code}: ${documentation}`)
  }
}

// What a requester can meet has a class of its own. The package throws some of them by itself,
// before a call costs its fee.

/** No active model has this root. */
export class UnknownModel extends DispatchFailure {
  override readonly name: string = 'UnknownModel'
}
/** The model belongs to another trust class than the job asks for. */
export class ClassMismatch extends DispatchFailure {
  override readonly name: string = 'ClassMismatch'
}
/** The prompt has no tokens. */
export class EmptyPrompt extends DispatchFailure {
  override readonly name: string = 'EmptyPrompt'
}
/** The job asks for no output tokens. */
export class NoOutputRequested extends DispatchFailure {
  override readonly name: string = 'NoOutputRequested'
}
/** Prompt and longest answer do not fit into the model's context. */
export class PromptTooLong extends DispatchFailure {
  override readonly name: string = 'PromptTooLong'
}
/** A stop token is not in the model's vocabulary. */
export class StopTokenOutOfVocabulary extends DispatchFailure {
  override readonly name: string = 'StopTokenOutOfVocabulary'
}
/** A sampling parameter is out of its range. */
export class InvalidSampling extends DispatchFailure {
  override readonly name: string = 'InvalidSampling'
}
/** The price is under units × the model's floor. */
export class PriceBelowFloor extends DispatchFailure {
  override readonly name: string = 'PriceBelowFloor'
}
/** The requester cannot put the price on hold. */
export class PriceExceedsBalance extends DispatchFailure {
  override readonly name: string = 'PriceExceedsBalance'
}
/** The deadline is sooner than the job and its windows can take. */
export class DeadlineTooShort extends DispatchFailure {
  override readonly name: string = 'DeadlineTooShort'
}
/** The deadline is later than a job may wait. */
export class DeadlineTooFar extends DispatchFailure {
  override readonly name: string = 'DeadlineTooFar'
}
/** A requester cannot refer itself. */
export class ReferrerIsRequester extends DispatchFailure {
  override readonly name: string = 'ReferrerIsRequester'
}
/** A picture has 3 · height · width output tokens, no other number. */
export class WrongPictureLength extends DispatchFailure {
  override readonly name: string = 'WrongPictureLength'
}
/** Nothing ends a picture early: a job of one has no stop tokens. */
export class PictureWithStopTokens extends DispatchFailure {
  override readonly name: string = 'PictureWithStopTokens'
}
/** A picture follows from its seed: a job of one has no sampling parameters. */
export class PictureWithSampling extends DispatchFailure {
  override readonly name: string = 'PictureWithSampling'
}

const SUBMISSION_FAILURES = {
  UnknownModel,
  ClassMismatch,
  EmptyPrompt,
  NoOutputRequested,
  PromptTooLong,
  StopTokenOutOfVocabulary,
  InvalidSampling,
  PriceBelowFloor,
  PriceExceedsBalance,
  DeadlineTooShort,
  DeadlineTooFar,
  ReferrerIsRequester,
  WrongPictureLength,
  PictureWithStopTokens,
  PictureWithSampling,
}

/** Names of the submission's errors. */
export type SubmissionFault = keyof typeof SUBMISSION_FAILURES

/** One of the submission's errors, as the chain or this package finds it. */
export function submissionFailure(fault: SubmissionFault, detail: string): DispatchFailure {
  return new SUBMISSION_FAILURES[fault](`jobEscrow.${fault}`, detail)
}

/** The failure of a call by pallet and error: of its own class where it has one. */
export function dispatchFailure(
  section: string,
  name: string,
  documentation: string,
): DispatchFailure {
  if (section === 'jobEscrow' && Object.hasOwn(SUBMISSION_FAILURES, name)) {
    return submissionFailure(name as SubmissionFault, documentation)
  }
  return new DispatchFailure(`${section}.${name}`, documentation)
}
