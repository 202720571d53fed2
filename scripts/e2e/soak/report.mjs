// What a soak found, as a part of a Markdown page.

import { table } from '../bench/grid.mjs'
import { duration, mebibytes, number } from '../bench/statistics.mjs'

const list = (counts) =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || 'none'

/** The report of a soak as Markdown. `where` names the machine. */
export function renderSoak(result, where) {
  const { fates, incidents, checks, memory } = result
  const facts = table(
    ['', ''],
    [
      ['jobs submitted', String(fates.submitted)],
      ['paid', String(fates.paid)],
      ['refunded', list(fates.refunded)],
      ['drawn again', list(incidents.redrawn)],
      ['penalties, suspensions, reinstated', `${incidents.penalties}, ${incidents.suspensions}, ${result.reinstated}`],
      ['calls that failed on chain', list(incidents.failedCalls)],
      ['kills', list(result.killed)],
      ['time', `${duration(result.seconds)}, ${number(result.blocks)} blocks`],
    ],
  )
  const held = table(
    ['own memory, MiB', 'lives', 'first third', 'last third', 'ratio', 'most'],
    memory.map(({ name, lives, trend, peak }) => [
      name,
      String(lives),
      trend ? mebibytes(trend.first) : '–',
      trend ? mebibytes(trend.last) : '–',
      trend ? number(trend.ratio, 2) : '–',
      peak === null ? '–' : mebibytes(peak),
    ]),
  )
  const failed = checks.failed.map(({ name, detail }) => `- ${name}: ${detail}`).join('\n')
  const verdict =
    checks.failed.length === 0
      ? `All ${checks.list.length} checks hold: supply and every balance against the events of all blocks, holds, ` +
        'one end for each job, one claim for each reward.'
      : `${checks.failed.length} of ${checks.list.length} checks FAILED:\n\n${failed}`
  return `${where}

\`scripts/soak --jobs ${result.jobs} --seed ${result.seed}\`:

${facts}

${held}

Memory without what is mapped from files: medians over the lives of each process that lasted longer than 20 s.

${verdict}`
}
