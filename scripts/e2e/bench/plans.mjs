// What scripts/bench disputes measures, by the name of `--shape`.

import { DEMO_MODEL } from './grid.mjs'
import { SHAPES, modelOf, someTokens } from './shapes.mjs'

/** Lies: what is false, how `aipg-liar` is told, what else the job asks. */
const LIES = {
  silent: ['nobody stands for the result', ['--lie', 'garbage', '--silent']],
  short: ['the answer ends too early', ['--lie', 'short']],
  token: ['another token', ['--lie', 'token']],
  seed: ['another seed', ['--lie', 'seed'], { sampling: { temperature: 8, seed: 11 } }],
  number: ['a number in a layer', ['--lie', 'accumulator', '--false-sums']],
  digest: ['a wrong digest', ['--lie', 'digest', '--false-sums']],
}

const DEMO = {
  lies: Object.values(LIES),
  terms: { prompt: 'What is 2 + 3?', maxOutput: 16 },
  isDemo: true,
  makeModel: () => DEMO_MODEL,
  traces: [
    { prompt: 16, output: 16, rounds: 20 },
    { prompt: 256, output: 32, rounds: 20 },
    { prompt: 256, output: 32, budget: 2, rounds: 20 },
  ],
}

/** A plan of a shape: no tokenizer belongs to it, so prompts are token ids. */
function planOfShape(name) {
  return {
    lies: [LIES.token, LIES.number, LIES.digest],
    terms: { prompt: undefined, tokens: someTokens(16, SHAPES[name].configuration.vocab_size), maxOutput: 16 },
    isDemo: false,
    makeModel: () => modelOf(name),
    traces: [
      { prompt: 16, output: 16, rounds: 3 },
      { prompt: 256, output: 32, rounds: 3 },
      { prompt: 256, output: 32, budget: 32, rounds: 3 },
      { prompt: 256, output: 32, budget: 12, rounds: 3 },
    ],
  }
}

/** What `--shape` may be. */
export const PLAN_NAMES = ['demo', ...Object.keys(SHAPES)]

/** The plan of a shape: {lies, terms, isDemo, makeModel, traces}; null if there is no such shape. */
export function planOf(shape) {
  if (!PLAN_NAMES.includes(shape)) return null
  return shape === 'demo' ? DEMO : planOfShape(shape)
}
