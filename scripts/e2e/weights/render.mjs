// Turns what scripts/benchmarks measured into the Rust files that the runtime takes its weights from.
//
// usage: node render.mjs MEASURED HEADER ROOT DIRECTORY
//
// MEASURED is the JSON of `aipg-benchmarks measure`, HEADER a file with the comment for the head of each file. The
// files are written below DIRECTORY, each where it belongs in the repository at ROOT, for rustfmt to lay out.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const underscored = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '_')

/** Names of the components on which anything of a benchmark's cost depends. */
function usedComponents({ time, reads, writes, proof }) {
  return new Set([time, reads, writes, proof].flatMap(({ slopes }) => Object.keys(slopes)))
}

function parameters({ components }, name) {
  return components.map((component) => `${name(component)}: u32`).join(', ')
}

function declaration(benchmark) {
  return `    fn ${benchmark.name}(${parameters(benchmark, ({ name }) => name)}) -> Weight;`
}

/** The weight as an expression; `database` is Rust for what reads and writes cost. */
function expression({ time, reads, writes, proof }, database) {
  const each = (line, weight) =>
    Object.entries(line.slopes).map(
      ([component, slope]) => `.saturating_add(${weight(underscored(slope))}.saturating_mul(${component}.into()))`,
    )
  return [
    `Weight::from_parts(${underscored(time.base)}, ${underscored(proof.base)})`,
    `.saturating_add(${database}.reads_writes(${reads.base}, ${writes.base}))`,
    ...each(time, (slope) => `Weight::from_parts(${slope}, 0)`),
    ...each(proof, (slope) => `Weight::from_parts(0, ${slope})`),
    ...each(reads, (slope) => `${database}.reads(${slope})`),
    ...each(writes, (slope) => `${database}.writes(${slope})`),
  ].join('\n            ')
}

function definition(benchmark, database, comments) {
  const used = usedComponents(benchmark)
  const names = parameters(benchmark, ({ name }) => (used.has(name) ? name : `_${name}`))
  const ranges = benchmark.components.map(({ name, least, most }) => `// \`${name}\` from ${least} to ${most}.`)
  const storage = benchmark.storage.map((item) => `// ${item}`)
  return [
    `    fn ${benchmark.name}(${names}) -> Weight {`,
    ...(comments ? [...ranges, ...storage] : []).map((comment) => `        ${comment}`),
    `        ${expression(benchmark, database)}`,
    '    }',
  ].join('\n')
}

function definitions(benchmarks, database, comments) {
  return benchmarks.map((benchmark) => definition(benchmark, database, comments)).join('\n\n')
}

/** weights.rs of a pallet of our own: its trait, the weights for a runtime, and those for its mock. */
export function renderOwn({ pallet, benchmarks }, header) {
  return `//! Weights of what \`${pallet}\` does, as measured in the runtime.
//!
${header}
use core::marker::PhantomData;
use frame_support::{
    traits::Get,
    weights::{constants::ParityDbWeight, Weight},
};

/// What calls, hooks and their steps cost at most. Every function has a benchmark of its name.
pub trait WeightInfo {
${benchmarks.map(declaration).join('\n')}
}

/// Weights for a runtime, with its database's costs.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
${definitions(benchmarks, 'T::DbWeight::get()', true)}
}

/// Weights for tests.
impl WeightInfo for () {
${definitions(benchmarks, 'ParityDbWeight::get()', false)}
}
`
}

/** Weights of a pallet of FRAME in this runtime. */
export function renderForeign({ pallet, benchmarks }, header) {
  const weights =
    pallet === 'frame_system_extensions' ? 'frame_system::ExtensionsWeightInfo' : `${pallet}::WeightInfo`
  return `//! Weights of what \`${pallet}\` does, as measured in this runtime.
//!
${header}
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights with the costs of the runtime's database.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> ${weights} for WeightInfo<T> {
${definitions(benchmarks, 'T::DbWeight::get()', true)}
}
`
}

/** Where the weights of a pallet belong, from the root of the repository, and what makes them. */
export function placeOf(pallet, isOwn) {
  const directory = `pallets/${pallet.replace(/^pallet_/, '').replaceAll('_', '-')}`
  return isOwn(directory)
    ? { path: `${directory}/src/weights.rs`, render: renderOwn }
    : { path: `runtime/src/weights/${pallet}.rs`, render: renderForeign }
}

/** The line of the head that tells how fast the machine was. */
export function speedLine({ hashing, verifying }) {
  const [hashes, signatures] = [hashing, verifying].map((score) => score.toFixed(2))
  return `//! - speed: Blake2-256 ${hashes}, Sr25519 ${signatures} of the reference machine, whose times these are\n`
}

function main([measured, header, root, directory]) {
  const { speed, pallets } = JSON.parse(readFileSync(measured, 'utf8'))
  const head = readFileSync(header, 'utf8') + speedLine(speed)
  for (const results of pallets) {
    const { path, render } = placeOf(results.pallet, (own) => existsSync(join(root, own)))
    const file = join(directory, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, render(results, head))
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv.slice(2))
