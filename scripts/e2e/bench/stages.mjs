// How long the stages of scripts/test took: it writes stage-times.tsv into the target directory.

/**
 * Reads the text of stage-times.tsv: a line `target<TAB>empty|used`, then `seconds<TAB>stage` for each stage, last
 * `seconds<TAB>together`. Stages run beside each other, so together they take less than their sum.
 * Returns {empty, stages: [{name, seconds}], total}.
 */
export function parseStageTimes(text) {
  const [head, ...lines] = text.trimEnd().split('\n')
  const [key, state] = head.split('\t')
  if (key !== 'target' || !['empty', 'used'].includes(state)) {
    throw new SyntaxError(`stage times begin with "${head}"`)
  }
  const stages = lines.map((line) => {
    const found = /^(\d+)\t(.+)$/.exec(line)
    if (!found) throw new SyntaxError(`"${line}" is no stage time`)
    return { name: found[2], seconds: Number(found[1]) }
  })
  const last = stages.pop()
  if (last?.name !== 'together') throw new SyntaxError('stage times do not end with all of them together')
  if (stages.length === 0) throw new SyntaxError('there are no stages')
  return { empty: state === 'empty', stages, total: last.seconds }
}
