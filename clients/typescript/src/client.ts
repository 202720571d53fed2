// The client: jobs, their results, receipts, and reads of the chain.

import { Enum, Struct } from '@polkadot/types'
import { followBlocks } from './blocks.js'
import { type Hex, blake2b256, fromHex, toHex } from './bytes.js'
import { type ConnectOptions, Connection } from './connection.js'
import {
  DispatchFailure,
  InvalidRequest,
  JobRefunded,
  ReceiptInvalid,
  RpcFailure,
  UnsupportedByChain,
  submissionFailure,
} from './errors.js'
import {
  type Delivered,
  type Job,
  type JobHandle,
  type JobRequest,
  type JobResult,
  type JobStage,
  type PreparedJob,
  type Settled,
  stagesOf,
} from './job.js'
import { type ChainWaitOptions, Reader } from './reader.js'
import { type ReceiptProof, type VerifiedReceipt, verifyReceiptProof } from './receipts.js'
import { type Quote, dataOf } from './records.js'
import { toSampling, toSeed } from './sampling.js'
import { type WaitOptions, Scope } from './scope.js'
import {
  type Account,
  type Call,
  type Inclusion,
  type SubmitOptions,
  Submitter,
} from './submission.js'
import { DEMO_TOKENIZER, commitTokens, decodeTokens, openTokens } from './tokens.js'

/** Most tokens an answer may have unless the caller says otherwise. */
export const MAX_OUTPUT = 256

/** Blocks on top of the least deadline, for a second draw if the first worker fails. */
const DEADLINE_MARGIN = 40

const METHOD_NOT_FOUND = -32601

/** Why a node may lack a blob now and have it with a later block. */
const MAY_COME: ReadonlySet<string | number> = new Set(['NotFound', 'Undelivered', 'Overloaded'])

/** Most tokens of an input that can be published on chain. */
export const MAX_PUBLISHED_INPUT = 32_768

/** What the chain says of a demand that needs no answer any more. */
const OVER: ReadonlySet<string | number> = new Set(
  ['JobNotFound', 'InputNotDemanded', 'InputTooLate'].map((name) => `jobEscrow.${name}`),
)

/** Connects to a node, or to one of several of the same chain. */
export function connect(options: ConnectOptions): Promise<Client> {
  return Client.connect(options)
}

export class Client extends Reader {
  readonly #submitter: Submitter

  protected constructor(connection: Connection) {
    super(connection)
    this.#submitter = new Submitter(connection)
  }

  /** Throws ConnectionLost, WrongChain, InvalidRequest, Aborted, TimedOut. */
  static async connect(options: ConnectOptions): Promise<Client> {
    return new this(await Connection.open(options))
  }

  // Jobs

  /** Price and time of a job. Throws UnknownModel, PromptTooLong, EmptyPrompt, NoOutputRequested. */
  async quote(request: JobRequest, options: WaitOptions = {}): Promise<Quote> {
    const { ids, maxOutput } = readRequest(request)
    const quote = await this.quoteCounts(request.model, ids.length, maxOutput, options)
    if (quote !== null) return quote
    const terms = await this.model(request.model, options)
    throw terms === null
      ? submissionFailure('UnknownModel', `no active model has the root ${request.model}`)
      : submissionFailure(
          'PromptTooLong',
          `${ids.length} prompt tokens and ${maxOutput} of the answer exceed the model's context of ${terms.maxContext}`,
        )
  }

  /**
   * Completes a job's terms. Throws what `quote` throws, PriceBelowFloor, InvalidRequest, and
   * UnsupportedByChain where the chain has greedy decoding only.
   */
  async prepareJob(request: JobRequest, options: WaitOptions = {}): Promise<PreparedJob> {
    const { ids, maxOutput } = readRequest(request)
    const sampling = toSampling(request.sampling)
    const seed = toSeed(request.sampling, sampling)
    if (sampling !== 'Greedy') this.#ensureSeeded()
    const { bytes, commitment } = commitTokens(ids)
    const quote = await this.quote(request, options)
    // Twice the least price leaves room for workers that ask more than the floor; what the job
    // does not cost comes back.
    const maxPrice = request.maxPrice ?? quote.leastPrice * 2n
    if (maxPrice < quote.leastPrice) {
      throw submissionFailure('PriceBelowFloor', `the least price is ${quote.leastPrice}`)
    }
    const terms = await this.model(request.model, options)
    const { number } = await this.#head(options)
    const tokenizer = request.tokenizer ?? (request.prompt === undefined ? null : DEMO_TOKENIZER)
    return {
      model: request.model,
      prompt: request.prompt ?? null,
      tokenizer,
      bytes,
      input: commitment,
      maxOutput,
      seed,
      sampling,
      stop: request.stop ?? tokenizer?.stop ?? [],
      quote,
      maxPrice,
      class: terms?.class ?? 'Exact',
      deadline: request.deadline ?? number + Number(quote.leastDeadline) + DEADLINE_MARGIN,
      service: request.service ?? {},
      referrer: request.referrer ?? null,
      provider: await this.provider(options),
    }
  }

  #head(options: WaitOptions) {
    return this.connection.run(options, (signal) => this.connection.best.head(null, signal))
  }

  /** The call that submits a job, for a batch or a proxy. Its input must be stored by `putBlob`. */
  submitCall(job: PreparedJob): Call {
    return this.api.tx['jobEscrow']!['submit']!(
      job.model,
      job.input,
      { seed: job.seed, maxOutput: job.maxOutput, sampling: job.sampling, stop: job.stop },
      job.maxPrice,
      job.class,
      job.deadline,
      { region: job.service.region ?? null, minLevel: job.service.minLevel ?? 0 },
      job.referrer,
      job.provider,
    )
  }

  /** Submits a prepared job whose input is stored. Throws the submission's errors. */
  async sendJob(job: PreparedJob, signer: Account, options: SubmitOptions = {}): Promise<Job> {
    const { number } = await this.#head(options)
    const { events, blockHash, txHash } = await this.submit(this.submitCall(job), signer, options)
    const submitted = events
      .map((event) => dataOf(event, 'jobEscrow.JobSubmitted'))
      .find((data) => data !== null)
    if (!submitted) throw new UnsupportedByChain('event jobEscrow.JobSubmitted')
    const { job: id, requester } = submitted
    const stage: JobStage = { stage: 'queued', block: null }
    return { ...job, id, requester, txHash, blockHash, since: number, stage }
  }

  /**
   * Stores a job's input and submits it: the one call that most requesters need. Throws what
   * `prepareJob` throws, and the errors of the submission as the chain names them.
   */
  async submitJob(request: JobRequest & SubmitOptions & { signer: Account }): Promise<Job> {
    const { signer, finalised, ...rest } = request
    const scope = new Scope(request, this.connection.signals)
    try {
      const options = { signal: scope.signal }
      const job = await this.prepareJob(rest, options)
      await this.putBlob(job.bytes, options)
      return await this.sendJob(job, signer, { ...options, finalised })
    } catch (error) {
      // The inner waits know the scope's signal only as the caller's: its reason says more.
      throw scope.signal.aborted ? scope.signal.reason : error
    } finally {
      scope.end()
    }
  }

  /**
   * Publishes a job's input on chain because its worker demands it (stage `demanded`). Anybody who has the input
   * may, for the fee of its bytes. Throws InvalidRequest for an input that is too long to be published.
   */
  async publishInput(
    job: Pick<Job, 'id' | 'bytes'>,
    signer: Account,
    options: SubmitOptions = {},
  ): Promise<void> {
    const tokens = decodeTokens(job.bytes)
    if (tokens.length > MAX_PUBLISHED_INPUT) {
      throw new InvalidRequest(`an input of ${tokens.length} tokens cannot be published`)
    }
    await this.submit(this.api.tx['jobEscrow']!['publishInput']!(job.id, tokens), signer, options)
  }

  /** Yields every stage that a job comes to, to its end. Throws JobReplaced. */
  async *stages(job: JobHandle, options: ChainWaitOptions = {}): AsyncGenerator<JobStage, void> {
    const scope = new Scope(options, this.connection.signals)
    try {
      yield* this.#stages(job, options, scope.signal)
    } finally {
      scope.end()
    }
  }

  #stages(
    job: JobHandle,
    options: ChainWaitOptions,
    signal: AbortSignal,
  ): AsyncGenerator<JobStage, void> {
    const blocks = followBlocks(this.source(options), job.since, signal)
    return stagesOf(job, blocks, async ({ hash }, index) => {
      const { block } = await this.connection.rpc<{ block: { extrinsics: Hex[] } }>(
        'chain_getBlock',
        [hash],
        signal,
      )
      return toHex(blake2b256(fromHex(block.extrinsics[index] ?? '0x')))
    })
  }

  /**
   * Waits for a job's answer and checks it: the blob against its hash, token count and token root as
   * they are on chain. With a `signer`, an input that the worker demands is published. Throws JobRefunded,
   * ResultMismatch, JobReplaced.
   */
  async waitForResult(
    job: JobHandle | Job,
    options: ChainWaitOptions & { signer?: Account } = {},
  ): Promise<JobResult> {
    return this.connection.run(options, async (signal) => {
      for await (const stage of this.#stages(job, options, signal)) {
        if (stage.stage === 'demanded' && options.signer && 'bytes' in job) {
          await this.#answerDemand(job, options.signer, signal)
        }
        if (stage.stage === 'delivered') return this.#open(job, stage, signal)
        if (stage.stage === 'refunded') throw new JobRefunded(job.id, stage.reason, stage.returned)
        if (stage.stage === 'settled') break
      }
      throw new InvalidRequest(`job ${job.id} was delivered before block ${job.since}`)
    })
  }

  /** Publishes the input, unless somebody was faster or the demand is one of the past. */
  async #answerDemand(job: Job, signer: Account, signal: AbortSignal): Promise<void> {
    try {
      await this.publishInput(job, signer, { signal })
    } catch (error) {
      const isOver = error instanceof DispatchFailure && OVER.has(error.code)
      if (!isOver) throw error
    }
  }

  async #open(job: JobHandle, stage: Delivered, signal: AbortSignal): Promise<JobResult> {
    const bytes = await this.#awaitBlob(stage, signal)
    const ids = openTokens(bytes, stage.output)
    const { output, digest, worker, units, fee, settlesAt, block } = stage
    const text = job.tokenizer ? job.tokenizer.decode(ids) : null
    return { job: job.id, ids, text, output, digest, worker, units, fee, settlesAt, block }
  }

  /** The answer's blob, which may come to this node later than the block that names it. */
  async #awaitBlob({ output, provider, settlesAt }: Delivered, signal: AbortSignal): Promise<Uint8Array> {
    let hash: Hex | null = null
    for (;;) {
      const head = await this.connection.best.head(hash, signal)
      hash = head.hash
      try {
        return await this.fetchBlob(output.blob, { signal, provider })
      } catch (error) {
        const missing = error instanceof RpcFailure && MAY_COME.has(error.code)
        if (!missing || BigInt(head.number) > settlesAt) throw error
      }
    }
  }

  /** Waits until a job is paid. Throws JobRefunded, JobReplaced. */
  async waitForSettlement(job: JobHandle, options: ChainWaitOptions = {}): Promise<Settled> {
    return this.connection.run(options, async (signal) => {
      for await (const stage of this.#stages(job, options, signal)) {
        if (stage.stage === 'settled') return stage
        if (stage.stage === 'refunded') throw new JobRefunded(job.id, stage.reason, stage.returned)
      }
      throw new InvalidRequest(`job ${job.id} ended before block ${job.since}`)
    })
  }

  // Receipts

  /**
   * The proof of a finished job's receipt as the node serves it, unchecked. Throws RpcFailure
   * `ReceiptNotFound`, `RoundOpen`, and UnsupportedByChain.
   */
  async receiptProof(job: JobHandle | bigint, options: WaitOptions = {}): Promise<ReceiptProof> {
    const id = typeof job === 'bigint' ? job : job.id
    this.#receiptRoots()
    // The RPC takes the number as JSON, which has no bigint.
    if (id > BigInt(Number.MAX_SAFE_INTEGER)) throw new InvalidRequest(`no job has number ${id}`)
    try {
      return await this.connection.run(options, (signal) =>
        this.connection.rpc<ReceiptProof>('receipts_proof', [Number(id)], signal),
      )
    } catch (error) {
      if (error instanceof RpcFailure && error.code === METHOD_NOT_FOUND) {
        throw new UnsupportedByChain('RPC method receipts_proof')
      }
      throw error
    }
  }

  /**
   * Checks a receipt against the chain: the proof leads to a root, the root is the one of its round
   * in the state of a final block, the chain is the proof's. Takes a proof from anywhere, or a job
   * whose proof the node is asked for; then waits until the job's round is sealed in a final block.
   * Throws ReceiptInvalid, UnsupportedByChain.
   */
  async verifyReceipt(
    target: ReceiptProof | JobHandle | bigint,
    options: WaitOptions = {},
  ): Promise<VerifiedReceipt> {
    const roots = this.#receiptRoots()
    return this.connection.run(options, async (signal) => {
      const isProof = typeof target !== 'bigint' && 'receipt' in target
      const proof = isProof ? target : await this.#awaitProof(target, signal)
      if (proof.genesis !== undefined && proof.genesis !== this.genesis) {
        throw new ReceiptInvalid('GenesisMismatch', `the proof is of the chain ${proof.genesis}`)
      }
      if (!isProof) {
        const id = typeof target === 'bigint' ? target : target.id
        if (BigInt(proof.job) !== id) {
          throw new ReceiptInvalid('JobMismatch', `the node sent a proof of job ${proof.job}`)
        }
      }
      const block = await this.connection.finalised.head(null, signal)
      const encoded = await this.connection.rpc<Hex | null>(
        'state_getStorage',
        [roots.key(proof.round), block.hash],
        signal,
      )
      if (encoded === null) {
        throw new ReceiptInvalid('RootUnknown', `the chain has no root of round ${proof.round}`)
      }
      const receipt = verifyReceiptProof(proof, encoded)
      const { number, hash } = block
      return { receipt, proof: { ...proof, genesis: this.genesis }, block: { number, hash } }
    })
  }

  async #awaitProof(job: JobHandle | bigint, signal: AbortSignal): Promise<ReceiptProof> {
    let hash: Hex | null = null
    for (;;) {
      hash = (await this.connection.finalised.head(hash, signal)).hash
      try {
        return await this.receiptProof(job, { signal })
      } catch (error) {
        const open = error instanceof RpcFailure && error.code === 'RoundOpen'
        if (!open) throw error
      }
    }
  }

  #receiptRoots() {
    const roots = this.api.query['receipts']?.['roots']
    if (!roots) throw new UnsupportedByChain('pallet Receipts')
    return roots
  }

  // Calls

  /**
   * Signs any call, sends it and waits until a block has it. Throws DispatchFailure or the class of
   * its error, PoolRejection.
   */
  submit(call: Call, signer: Account, options: SubmitOptions = {}): Promise<Inclusion> {
    return this.#submitter.submit(call, signer, options)
  }

  /** Throws UnsupportedByChain where the chain's sampling has no variant `Seeded`. */
  #ensureSeeded(): void {
    const type = this.api.tx['jobEscrow']?.['submit']?.meta.args[2]?.type.toString()
    const parameters = type === undefined ? null : this.api.registry.createType(type)
    const sampling = parameters instanceof Struct ? parameters.get('sampling') : null
    if (!(sampling instanceof Enum) || !sampling.defKeys.includes('Seeded')) {
      throw new UnsupportedByChain('seeded sampling')
    }
  }
}

/** The token ids and the longest answer of a request. */
function readRequest(request: JobRequest): { ids: readonly number[]; maxOutput: number } {
  const { prompt, tokens, tokenizer = DEMO_TOKENIZER, maxOutput = MAX_OUTPUT } = request
  if ((prompt === undefined) === (tokens === undefined)) {
    throw new InvalidRequest('a job needs either a prompt or its tokens')
  }
  const ids = tokens ?? tokenizer.encode(prompt ?? '')
  if (ids.length === 0) throw submissionFailure('EmptyPrompt', 'the prompt has no tokens')
  if (maxOutput < 1) throw submissionFailure('NoOutputRequested', 'maxOutput must be at least 1')
  return { ids, maxOutput }
}
