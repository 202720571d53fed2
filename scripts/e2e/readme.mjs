// Replaces the report in a README by that of a run: `node readme.mjs OUTPUT README`.

import { readFileSync, writeFileSync } from 'node:fs'

const FIRST_LINE = 'Question and answer'
const LAST_LINE = /^all \d+ checks hold$/m
const MARKED = /(<!-- run:begin -->\n)[^]*?(<!-- run:end -->)/

const [outputPath, readmePath] = process.argv.slice(2)
const output = readFileSync(outputPath, 'utf8')
const start = output.indexOf(FIRST_LINE)
const last = LAST_LINE.exec(output)
if (start < 0 || last === null) throw new Error(`${outputPath} holds no report whose checks all hold`)
const report = output.slice(start, last.index + last[0].length)

const readme = readFileSync(readmePath, 'utf8')
if (!MARKED.test(readme)) throw new Error(`${readmePath} has no place for the report`)
// A function, so that nothing of the report is taken for a replacement pattern.
writeFileSync(
  readmePath,
  readme.replace(MARKED, (_, begin, end) => `${begin}\`\`\`\n${report}\n\`\`\`\n${end}`),
)
