// Makes dist/bundle.js: the package and all its libraries as one ES module for a page without a
// bundler of its own, with the licences of what is in it beside it.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const FOLDER = dirname(fileURLToPath(import.meta.url))

/** Under these a program that holds the library may be published as the package is, with its notice. */
const ALLOWED = ['Apache-2.0', 'MIT', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', '0BSD']

/** Throws for a library whose licence does not allow to publish the bundle. */
export function ensureAllowed({ name, license }) {
  if (!ALLOWED.includes(license)) throw new Error(`${name} has the licence ${license}`)
}

/** Bundles into `outfile`; returns the folders of the libraries whose code is in it, sorted. */
async function bundle(outfile) {
  const { metafile } = await build({
    absWorkingDir: FOLDER,
    entryPoints: ['dist/index.js'],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    banner: { js: '// @aipowergrid/client (Apache-2.0). Its libraries: bundle.licenses.txt' },
    metafile: true,
    logLevel: 'warning',
  })
  const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
  const folders = used.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [])
  return [...new Set(folders)].sort()
}

/** Name, version, licence and notice of a library. Throws for a licence that is not allowed. */
function notice(folder) {
  const library = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  ensureAllowed(library)
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file))
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${library.name} ${library.version}: ${library.license}`, ...texts].join('\n\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const libraries = await bundle('dist/bundle.js')
  const notices = libraries.map((folder) => notice(join(FOLDER, folder)))
  writeFileSync(join(FOLDER, 'dist/bundle.licenses.txt'), notices.join(`\n\n${'-'.repeat(80)}\n\n`))
  writeFileSync(join(FOLDER, 'dist/bundle.d.ts'), "export * from './index.js'\n")
}
