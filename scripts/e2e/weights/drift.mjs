// Compares weights that were just measured with the committed ones.
//
// usage: node drift.mjs FACTOR COMMITTED FRESH
//
// Every Rust file below the directory FRESH is compared with the one of the same path below COMMITTED. Functions,
// reads, writes and proof sizes must be the same: they follow from the code. Times follow from the machine too; they
// may differ by FACTOR, and by what a busy machine adds to short ones.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Picoseconds below which a difference says nothing.
const NOISE = 20_000_000

const number = (digits) => Number(digits.replaceAll('_', ''))

/**
 * Reads a file that scripts/weights wrote.
 *
 * @param {string} source Rust
 * @returns {Map<string, {counts: string, time: number}>} by function: everything that must not
 *   change as text, and the time in picoseconds with every component at its largest
 */
export function readWeights(source) {
  // The weights for tests repeat the others.
  const [implementation] = source.split('\n/// Weights for tests.')
  const functions = new Map()
  for (const [, name, body] of implementation.matchAll(
    /fn (\w+)\([^)]*\) -> Weight \{\n(.*?)\n    \}\n/gs,
  )) {
    const largest = new Map()
    for (const [, component, to] of body.matchAll(/\/\/ `(\w+)` from \d+ to (\d+)\./g)) {
      largest.set(component, Number(to))
    }
    const code = body.replaceAll(/\/\/[^\n]*/g, '').replaceAll(/\s/g, '')
    const counts = { reads: [], writes: [], proof: [] }
    let time = 0
    for (const [, ref, proof, component] of code.matchAll(
      /Weight::from_parts\(([\d_]+),([\d_]+)\)(?:\.saturating_mul\((\w+)\.into\(\)\))?/g,
    )) {
      const times = component === undefined ? 1 : largest.get(component)
      time += number(ref) * times
      if (component === undefined) counts.proof.push(number(proof))
      else if (number(proof) > 0) counts.proof.push(`${number(proof)}·${component}`)
    }
    for (const [, reads, writes] of code.matchAll(/\.reads_writes\(([\d_]+),([\d_]+)\)/g)) {
      counts.reads.push(number(reads))
      counts.writes.push(number(writes))
    }
    for (const [, kind, count, component] of code.matchAll(
      /\.(reads|writes)\(([\d_]+)\)\.saturating_mul\((\w+)\.into\(\)\)/g,
    )) {
      counts[kind].push(`${number(count)}·${component}`)
    }
    const text = Object.entries(counts)
      .map(([kind, parts]) => `${kind} ${parts.join('+')}`)
      .join(', ')
    functions.set(name, { counts: text, time })
  }
  return functions
}

/**
 * @param {Map} committed what readWeights gives
 * @param {Map} fresh what readWeights gives
 * @param {number} factor by which times may differ
 * @returns {{name: string, fault: boolean, verdict: string}[]} one row for each function of either
 */
export function compare(committed, fresh, factor) {
  const names = [...new Set([...committed.keys(), ...fresh.keys()])].sort()
  return names.map((name) => {
    const [before, now] = [committed.get(name), fresh.get(name)]
    if (before === undefined) return { name, fault: true, verdict: 'benchmark without a weight' }
    if (now === undefined) return { name, fault: true, verdict: 'weight without a benchmark' }
    if (before.counts !== now.counts) {
      return { name, fault: true, verdict: `${before.counts} → ${now.counts}` }
    }
    const difference = Math.abs(now.time - before.time)
    const ratio = Math.max(now.time, before.time) / Math.max(1, Math.min(now.time, before.time))
    const fault = difference > NOISE && ratio > factor
    const change = Math.round((100 * (now.time - before.time)) / Math.max(1, before.time))
    const microseconds = (time) => (time / 1e6).toFixed(1)
    return {
      name,
      fault,
      verdict: `${microseconds(before.time)} → ${microseconds(now.time)} µs (${change} %)`,
    }
  })
}

/** Paths of the Rust files below a directory, relative to it. */
function rustFiles(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      if (entry.isDirectory()) {
        return rustFiles(join(directory, entry.name)).map((path) => join(entry.name, path))
      }
      return entry.name.endsWith('.rs') ? [entry.name] : []
    })
    .sort()
}

function main([factor, committed, fresh]) {
  let faults = 0
  for (const path of rustFiles(fresh)) {
    const [before, now] = [join(committed, path), join(fresh, path)].map((file) =>
      existsSync(file) ? readWeights(readFileSync(file, 'utf8')) : new Map(),
    )
    console.log(`\n${path}`)
    for (const { name, fault, verdict } of compare(before, now, Number(factor))) {
      faults += fault ? 1 : 0
      console.log(`  ${fault ? 'DRIFT' : 'ok   '}  ${name.padEnd(36)} ${verdict}`)
    }
  }
  console.log(`\n${faults === 0 ? 'no drift' : `${faults} weights drifted`}`)
  process.exitCode = faults === 0 ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
