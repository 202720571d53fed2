// The picture model of this checkout: put on a development chain, asked in words, its answers as PNG.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { blake2AsU8a } from '@polkadot/util-crypto'
import { openTokens, toHex } from '@aipowergrid/client'
import { PNG } from 'pngjs'
import { modelFile, registerModels } from './miners.mjs'
import { PROGRAMS, ROOT } from './processes.mjs'

const FOLDER = join(ROOT, 'models/pixel-demo')
export const PICTURE_MODEL = join(FOLDER, 'model.aipg')

/** Places of a picture's height and width in a header. */
const HEIGHT_OFFSET = 316
const WIDTH_OFFSET = 320

const { words: WORDS } = JSON.parse(readFileSync(join(FOLDER, 'tokenizer.json'), 'utf8'))
const header = readFileSync(join(FOLDER, 'header.bin'))
export const HEIGHT = header.readUInt32LE(HEIGHT_OFFSET)
export const WIDTH = header.readUInt32LE(WIDTH_OFFSET)

/** Token ids of a prompt; throws for one without words, and for a word that the model does not know. */
export function encodeWords(prompt) {
  const words = prompt.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  if (words.length === 0) throw new Error('NoWords: the prompt has no word')
  return words.map((word) => {
    const id = WORDS.indexOf(word)
    if (id < 0) throw new Error(`UnknownWord: "${word}" is not a word of the model; known are ${WORDS.join(', ')}`)
    return id
  })
}

/** What a job asks for that makes a picture. Throws for a prompt or a seed that no job can have. */
export function pictureRequest(prompt, seed) {
  if (BigInt.asUintN(64, seed) !== seed) throw new Error(`SeedTooLarge: ${seed} is beyond 64 bits`)
  return {
    prompt: undefined,
    tokens: encodeWords(prompt),
    maxOutput: 3 * HEIGHT * WIDTH,
    // A temperature of 0 is no sampling; the seed is that of the noise.
    sampling: { temperature: 0, seed },
  }
}

/**
 * Registers the picture model, which governance has not listed: it mints under the chain's default ceiling. Returns the
 * network with it in the place of the demo model.
 */
export async function withPictureModel(network) {
  const { chain } = network
  const model = modelFile(PICTURE_MODEL)
  await registerModels(network, [model])
  const terms = await chain.model(model.root)
  terms.mintCeiling ??= chain.api.consts.jobEscrow.defaultMintCeiling.toBigInt()
  const creators = { ...network.parties.creators, [model.root]: terms.creator }
  return { ...network, model: model.root, terms, parties: { ...network.parties, creators } }
}

/** Fetches and checks the picture that a job's output is; returns its bytes, three for each pixel. */
export async function readPicture(chain, output) {
  const ids = openTokens(await chain.getBlob(output.blob), output)
  if (ids.length !== 3 * HEIGHT * WIDTH || ids.some((id) => id > 255)) {
    throw new Error(`the output is no picture of ${WIDTH}×${HEIGHT} pixels`)
  }
  return Uint8Array.from(ids)
}

/** The hash that names a picture's pixels. */
export const pixelHash = (pixels) => toHex(blake2AsU8a(pixels, 256))

/** Writes pixels into a PNG file. */
export function writePng(path, pixels) {
  const png = new PNG({ width: WIDTH, height: HEIGHT })
  for (let pixel = 0; pixel < WIDTH * HEIGHT; pixel += 1) {
    png.data.set([...pixels.subarray(3 * pixel, 3 * pixel + 3), 255], 4 * pixel)
  }
  writeFileSync(path, PNG.sync.write(png, { colorType: 2 }))
}

/** Where pictures of the demonstration go: they outlive the run. */
const ALBUM = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'aipg/pictures')

/** Reads the picture that a job's output is and puts it into a file: {pixels, text, rows}, for the report. */
export async function savePicture(chain, output, { prompt, seed }) {
  const pixels = await readPicture(chain, output)
  mkdirSync(ALBUM, { recursive: true })
  const path = join(ALBUM, `${encodeWords(prompt).map((id) => WORDS[id]).join('-')}-${seed}.png`)
  writePng(path, pixels)
  const rows = [
    ['picture', path],
    ['hash of its pixels', pixelHash(pixels)],
  ]
  return { pixels, text: `${WIDTH}×${HEIGHT} pixels, seed ${seed}`, rows }
}

/** Has a program without a chain make the same picture. */
export async function checkPicture(checks, { processes, journey, seed }) {
  const { job, answer, prompt, result } = journey
  const alone = await paint(processes, prompt, seed)
  const isSame = alone.pixels === pixelHash(answer.pixels) && alone.digest === result.data.digest
  checks.holds(`job ${job.id}: the model alone makes the same pixels from these words and this seed`, isSame)
}

/** Has a program of its own make the picture, with no chain around it: {pixels, digest}. */
export async function paint(processes, prompt, seed) {
  const output = join(processes.directory, `picture-${seed}.png`)
  const args = ['picture', PICTURE_MODEL, '--prompt', prompt, '--seed', String(seed), '--output', output]
  const { status, log } = await processes.run('picture', join(PROGRAMS, 'aipg-model'), args)
  if (status !== 0) throw new Error(`aipg-model picture ended with ${status}:\n${log}`)
  return JSON.parse(log.slice(log.indexOf('{')))
}
