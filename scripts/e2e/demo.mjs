// The demonstration behind scripts/run: a development chain, a worker, a prompt, the books.

import { createInterface } from 'node:readline/promises'
import { parseArgs } from 'node:util'
import { AIPG } from '@aipowergrid/client'
import { checkBooks, checkReplay, followJob } from './lib/journey.mjs'
import { openNetwork } from './lib/network.mjs'
import { PICTURE_MODEL, checkPicture, pictureRequest, savePicture, withPictureModel } from './lib/pictures.mjs'
import { DEMO_MODEL, Processes, WORKER_BOND } from './lib/processes.mjs'
import { renderReport, renderShortReport } from './lib/report.mjs'
import { stopwatch } from './lib/table.mjs'

const DEFAULT_PROMPT = 'What is AI Power Grid?'

const { values: options, positionals } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    image: { type: 'boolean', default: false },
    seed: { type: 'string', default: '0' },
  },
  allowPositionals: true,
})
const firstPrompt = positionals[0] ?? DEFAULT_PROMPT
const model = options.image ? PICTURE_MODEL : DEMO_MODEL

const progress = stopwatch()

const processes = new Processes()
let network = null

async function shutDown() {
  if (network) await network.close()
  await processes.stop()
}

let stopping = false
function onSignal() {
  if (stopping) process.exit(130)
  stopping = true
  console.log('\nstopping worker and node')
  shutDown().then(
    () => process.exit(0),
    () => process.exit(1),
  )
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)

// A prompt that the model cannot take is refused before anything is started.
if (options.image) {
  try {
    pictureRequest(firstPrompt, BigInt(options.seed))
  } catch (error) {
    console.error(`error: ${error.message}`)
    process.exit(1)
  }
}

/** Runs a prompt to its end and prints the report. Returns the checks that failed. */
async function answer(prompt, render) {
  const requester = network.accounts.bob
  const seed = BigInt(options.seed)
  const picture = options.image && {
    request: pictureRequest(prompt, seed),
    read: (chain, output) => savePicture(chain, output, { prompt, seed }),
  }
  const journey = await followJob(network, { requester, prompt, progress, ...picture })
  const audit = await checkBooks(network, journey, { bond: BigInt(WORKER_BOND) * AIPG })
  await checkReplay(audit.checks, { chain: network.chain, processes, journey, model })
  if (picture) await checkPicture(audit.checks, { processes, journey, seed })
  console.log(render(network, journey, audit))
  const { failed } = audit.checks
  console.log(
    failed.length === 0
      ? `\nall ${audit.checks.list.length} checks hold`
      : `\n${failed.length} of ${audit.checks.list.length} checks FAILED:\n` +
          failed.map(({ name, detail }) => `  ${name}: ${detail}`).join('\n'),
  )
  return failed
}

async function start() {
  // 0 stands for any free port.
  const wanted = {
    rpcPort: Number(process.env.AIPG_RPC_PORT ?? 9944),
    p2pPort: Number(process.env.AIPG_P2P_PORT ?? 30333),
  }
  const node = await processes.startNode(wanted)
  for (const [port, used] of [
    [wanted.rpcPort, node.rpc],
    [wanted.p2pPort, node.p2p],
  ]) {
    if (port !== 0 && port !== used) progress(`port ${port} is taken, using ${used}`)
  }
  progress(`chain started: ${node.url}`)
  network = await openNetwork(node.url)
  if (options.image) {
    network = await withPictureModel(network)
    progress('picture model registered by Dave')
  }
  const worker = await processes.startWorker({ url: node.url, suri: '//Charlie', model })
  progress(`worker registered by Charlie with a bond of ${WORKER_BOND} AIPG`)
  return { node, worker }
}

/** Rejects as soon as one of the programs ends, which none of them does by itself. */
function untilDeath(children) {
  const death = Promise.race(
    children.map(async (child) => {
      const status = await child.exited
      throw new Error(`the ${child.name} ended by itself with ${status}`)
    }),
  )
  // Nobody looks at it any more once everything is shut down on purpose.
  death.catch(() => {})
  return death
}

function invitation(node) {
  const explorer = `https://polkadot.js.org/apps/?rpc=ws://127.0.0.1:${node.rpc}`
  return `
Chain and worker keep running.
  node                ${node.url}
  explorer            ${explorer}
  one more prompt     node scripts/e2e/submit.mjs --url ${node.url} "your prompt"
  logs                ${processes.directory}
${process.stdin.isTTY ? 'Type a prompt, or stop everything with Ctrl-C.' : 'Stop everything with Ctrl-C.'}`
}

/** Takes prompts from the terminal until its end. */
async function converse() {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' })
  // readline takes Ctrl-C for itself.
  lines.on('SIGINT', onSignal)
  lines.prompt()
  for await (const line of lines) {
    const prompt = line.trim()
    if (prompt !== '') {
      try {
        await answer(prompt, renderShortReport)
      } catch (error) {
        if (stopping) return
        console.log(`error: ${error.message}`)
      }
    }
    lines.prompt()
  }
  onSignal()
}

try {
  const { node, worker } = await start()
  const death = untilDeath([node, worker])
  const failed = await Promise.race([answer(firstPrompt, renderReport), death])
  if (options.once || failed.length > 0) {
    await shutDown()
    process.exit(failed.length === 0 ? 0 : 1)
  }
  console.log(invitation(node))
  await (process.stdin.isTTY ? Promise.race([converse(), death]) : death)
} catch (error) {
  if (!stopping) {
    console.error(`error: ${error.message}`)
    for (const child of processes.children) {
      if (!child.running && child.status === 0) continue
      console.error(`\nlast lines of ${child.name}:\n${child.tail()}`)
    }
    await shutDown().catch(() => {})
    process.exit(1)
  }
}
