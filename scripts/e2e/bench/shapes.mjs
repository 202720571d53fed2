// Models of published shapes with random weights: what a dispute takes depends on the shape, not on what the
// model says. They are checkpoints as Hugging Face has them, converted by `aipg-model convert`, and kept
// beside the target directory.

import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PROGRAMS } from './grid.mjs'

const MODEL_TOOL = join(PROGRAMS, 'aipg-model')

/** Where made models are kept: beside the target directory. */
const CACHE = join(dirname(dirname(PROGRAMS)), 'models')

/** Seed of all weights. */
const SEED = 1

/** Token ids that calibrate the formats of values. */
const CALIBRATION_TOKENS = 128

/** Shapes by name: whose each is, and its `config.json`. */
export const SHAPES = {
  '0.5b': {
    title: 'Qwen2.5-0.5B',
    configuration: {
      model_type: 'qwen2',
      hidden_act: 'silu',
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      vocab_size: 151_936,
      max_position_embeddings: 32_768,
      rms_norm_eps: 1e-6,
      rope_theta: 1_000_000,
      tie_word_embeddings: true,
    },
  },
}

/** The tensors of a checkpoint of type qwen2 in their order: [{name, shape, kind}]. */
export function tensorsOf(configuration) {
  const { hidden_size: d, intermediate_size: f, num_attention_heads: heads } = configuration
  const keys = (d / heads) * configuration.num_key_value_heads
  const tensors = []
  const matrix = (name, rows, columns) =>
    tensors.push({ name: `${name}.weight`, shape: [rows, columns], kind: 'random' })
  const bias = (name, rows) => tensors.push({ name: `${name}.bias`, shape: [rows], kind: 'zeros' })
  const norm = (name) => tensors.push({ name: `${name}.weight`, shape: [d], kind: 'ones' })
  matrix('model.embed_tokens', configuration.vocab_size, d)
  for (let layer = 0; layer < configuration.num_hidden_layers; layer += 1) {
    const prefix = `model.layers.${layer}`
    norm(`${prefix}.input_layernorm`)
    for (const [name, rows] of [['q', d], ['k', keys], ['v', keys]]) {
      matrix(`${prefix}.self_attn.${name}_proj`, rows, d)
      bias(`${prefix}.self_attn.${name}_proj`, rows)
    }
    matrix(`${prefix}.self_attn.o_proj`, d, d)
    norm(`${prefix}.post_attention_layernorm`)
    matrix(`${prefix}.mlp.gate_proj`, f, d)
    matrix(`${prefix}.mlp.up_proj`, f, d)
    matrix(`${prefix}.mlp.down_proj`, d, f)
  }
  norm('model.norm')
  return tensors
}

const product = (numbers) => numbers.reduce((result, number) => result * number, 1)

/** The head of a safetensors file of bfloat16 with these tensors. */
export function safetensorsHead(tensors) {
  let end = 0
  const entries = tensors.map(({ name, shape }) => {
    const begin = end
    end += 2 * product(shape)
    return [name, { dtype: 'BF16', shape, data_offsets: [begin, end] }]
  })
  const json = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  // Tensors begin at a multiple of eight bytes.
  const padded = Buffer.concat([json, Buffer.alloc(-json.length & 7, ' ')])
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(padded.length))
  return Buffer.concat([length, padded])
}

/** About normal numbers of deviation 1 from a seed: `fill` writes the next ones, times `scale`. */
export function normals(seed) {
  // xorshift32 never leaves 0.
  let state = (Math.imul(seed, 0x9e37_79b9) >>> 0) || 1
  // That of a sum of four uniform int8: 2⁸ · √(4/12).
  const deviation = 256 / Math.sqrt(3)
  return {
    fill(numbers, scale) {
      const factor = scale / deviation
      for (let index = 0; index < numbers.length; index += 1) {
        state ^= state << 13
        state ^= state >>> 17
        state ^= state << 5
        const sum = (state >> 24) + ((state << 8) >> 24) + ((state << 16) >> 24) + ((state << 24) >> 24)
        // The mean of an int8 is −½.
        numbers[index] = (sum + 2) * factor
      }
    },
  }
}

/** Writes tensors as bfloat16: weights of deviation 1/√width, gains of 1, biases of 0. */
function writeCheckpoint(path, tensors) {
  const random = normals(SEED)
  const file = openSync(path, 'w')
  try {
    writeSync(file, safetensorsHead(tensors))
    const floats = new Float32Array(1 << 20)
    const words = new Uint32Array(floats.buffer)
    const halves = new Uint16Array(floats.length)
    for (const { shape, kind } of tensors) {
      for (let left = product(shape); left > 0; left -= halves.length) {
        const count = Math.min(left, halves.length)
        const part = floats.subarray(0, count)
        if (kind === 'random') random.fill(part, 1 / Math.sqrt(shape.at(-1)))
        else part.fill(kind === 'ones' ? 1 : 0)
        for (let index = 0; index < count; index += 1) halves[index] = words[index] >>> 16
        writeSync(file, Buffer.from(halves.buffer, 0, 2 * count))
      }
    }
  } finally {
    closeSync(file)
  }
}

function modelTool(...parameters) {
  const { status, stderr, error } = spawnSync(MODEL_TOOL, parameters, { encoding: 'utf8' })
  return error || status !== 0 ? (error?.message ?? stderr.trim()) : null
}

/** Path of the model file of a shape; makes it if it is not there or no model of this version. */
export function modelOf(name) {
  const { title, configuration } = SHAPES[name]
  const model = join(CACHE, `${name}-${SEED}.aipg`)
  if (existsSync(model) && modelTool('inspect', model) === null) return model
  console.error(`making a model of the shape of ${title} in ${CACHE}: about a minute, once`)
  mkdirSync(CACHE, { recursive: true })
  const path = (ending) => join(CACHE, `${name}-${SEED}.${ending}`)
  const [checkpoint, config, calibration, part] = ['safetensors', 'json', 'tokens', 'part'].map(path)
  try {
    writeCheckpoint(checkpoint, tensorsOf(configuration))
    writeFileSync(config, JSON.stringify(configuration))
    writeFileSync(calibration, tokenBytes(someTokens(CALIBRATION_TOKENS, configuration.vocab_size)))
    // Of a tokenizer only the hash matters.
    const failure = modelTool(
      ...['convert', '--checkpoint', checkpoint, '--config', config, '--tokenizer', config],
      ...['--calibration', calibration, '--output', part],
    )
    if (failure !== null) throw new Error(`aipg-model convert failed: ${failure}`)
    renameSync(part, model)
  } finally {
    for (const file of [checkpoint, config, calibration, part]) rmSync(file, { force: true })
  }
  return model
}

/** Token ids that are all over the vocabulary. */
export function someTokens(count, vocabulary) {
  return Array.from({ length: count }, (_, index) => (index * 7_919 + 1) % vocabulary)
}

function tokenBytes(tokens) {
  return Buffer.from(Uint32Array.from(tokens).buffer)
}
