// Plain-text tables.

/** Number of columns that a text takes; combining marks aside, one per code point. */
function width(text) {
  return [...text].length
}

function pad(text, columns, align) {
  const spaces = ' '.repeat(Math.max(0, columns - width(text)))
  return align === 'right' ? spaces + text : text + spaces
}

/** Breaks a text at spaces so that no line is longer than `columns`, if its words allow it. */
export function wrap(text, columns) {
  const lines = []
  for (const paragraph of text.split('\n')) {
    let line = ''
    for (const word of paragraph.split(' ')) {
      if (line !== '' && width(line) + 1 + width(word) > columns) {
        lines.push(line)
        line = word
      } else {
        line = line === '' ? word : `${line} ${word}`
      }
    }
    lines.push(line)
  }
  return lines
}

/**
 * A table with aligned columns.
 *
 * @param columns list of {name, align?: 'left' | 'right', wrap?: number of columns}
 * @param rows list of lists of text; `null` draws a rule
 */
export function renderTable(columns, rows) {
  const lines = rows.map((row) => {
    if (row === null) return null
    if (row.length !== columns.length) {
      throw new RangeError(`a row has ${row.length} cells, the table ${columns.length} columns`)
    }
    return row.map((cell, index) => (columns[index].wrap ? wrap(cell, columns[index].wrap) : [cell]))
  })
  const widths = columns.map((column, index) =>
    Math.max(
      width(column.name),
      ...lines.filter(Boolean).flatMap((cells) => cells[index].map(width)),
    ),
  )
  const draw = (cells) =>
    cells
      .map((cell, index) => pad(cell, widths[index], columns[index].align))
      .join('  ')
      .trimEnd()
  const rule = widths.map((columns) => '─'.repeat(columns)).join('  ')
  const named = columns.some((column) => column.name !== '')
  const output = named ? [draw(columns.map((column) => column.name)), rule] : []
  for (const cells of lines) {
    if (cells === null) {
      output.push(rule)
      continue
    }
    const height = Math.max(...cells.map((cell) => cell.length))
    for (let line = 0; line < height; line += 1) {
      output.push(draw(cells.map((cell) => cell[line] ?? '')))
    }
  }
  return output.map((line) => `  ${line}`).join('\n')
}

/** A table of two columns without a head. */
export function renderPairs(pairs, wrapAt = 90) {
  return renderTable(
    [{ name: '' }, { name: '', wrap: wrapAt }],
    pairs.map((pair) => pair && [...pair]),
  )
}

/** A heading over a part of the report. */
export function heading(text) {
  return `\n${text}\n${'═'.repeat(width(text))}`
}

/** Prints lines with the seconds since it was made in front of them. */
export function stopwatch() {
  const started = Date.now()
  return (text) => {
    const seconds = Math.round((Date.now() - started) / 1000)
    console.log(`[${String(seconds).padStart(4)} s] ${text}`)
  }
}
