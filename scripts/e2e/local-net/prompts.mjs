// Prompts of the stream, drawn from a seed.

import { draws } from '../lib/random.mjs'

const QUESTIONS = [
  'What is AI Power Grid?',
  'What is a miner?',
  'How is a worker paid?',
  'What happens to a worker that lies?',
  'What is exact inference?',
  'Who checks the answers?',
  'What is a block reward?',
  'What is burned?',
  'Tell me a good joke.',
  'Tell a story about the sea.',
]

/** Shortest and longest limit of an answer, tokens. */
const OUTPUT = { least: 8, most: 24 }

/** Jobs without end: {prompt, maxOutput}, every prompt another one. */
export function* requests(seed) {
  const next = draws(`aipg/local-net/${seed}`)
  const below = (bound) => Math.floor(next() * bound)
  for (let number = 1; ; number += 1) {
    const prompt =
      next() < 0.5
        ? `${QUESTIONS[below(QUESTIONS.length)]} (${number})`
        : `What is ${below(50)} + ${number}?`
    yield { prompt, maxOutput: OUTPUT.least + below(OUTPUT.most - OUTPUT.least + 1) }
  }
}
