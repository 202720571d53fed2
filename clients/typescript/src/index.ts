// Client of AI Power Grid.

export { SS58_PREFIX, accountFrom, palletAddress } from './accounts.js'
export { AIPG, FEE_SHARES, type FeeSplit, formatAipg, parseAipg, permill, splitFee } from './amounts.js'
export { type Block, type BlockReference } from './blocks.js'
export { type Hex, fromHex, toHex } from './bytes.js'
export { Client, MAX_OUTPUT, MAX_PUBLISHED_INPUT, connect } from './client.js'
export { type ConnectOptions } from './connection.js'
export * from './errors.js'
export {
  type Delivered,
  type Job,
  type JobHandle,
  type JobRequest,
  type JobResult,
  type JobStage,
  type PreparedJob,
  type ServiceLevel,
  type Settled,
} from './job.js'
export { type ChainEvent, type Plain, describeDispatchError, plain, plainEvent } from './plain.js'
export { type ChainWaitOptions } from './reader.js'
export {
  type Receipt,
  type ReceiptProof,
  type VerifiedReceipt,
  decodeReceipt,
  verifyReceiptProof,
} from './receipts.js'
export * from './records.js'
export {
  type Sampling,
  type SamplingOptions,
  type SamplingParameters,
  toSampling,
} from './sampling.js'
export { type WaitOptions } from './scope.js'
export { type Account, type Call, type Inclusion, type SubmitOptions } from './submission.js'
export {
  type ByteMarkers,
  ByteTokenizer,
  DEMO_TOKENIZER,
  END_OF_ANSWER,
  END_OF_PROMPT,
  START,
  type TokenList,
  type Tokenizer,
  blobHash,
  commitTokens,
  decodeTokens,
  encodeTokens,
  openTokens,
  tokenRoot,
} from './tokens.js'
