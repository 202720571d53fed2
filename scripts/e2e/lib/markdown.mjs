// Parts of Markdown pages: tables, code, documentation comments of Rust.

/**
 * Lines of a documentation comment as Markdown: links into Rust code become code, headings become
 * bold lines, so that the page's own outline stays.
 */
export function docText(lines) {
  return lines
    .map((line) => String(line).replace(/^ /, '').trimEnd())
    .map((line) => line.replace(/^#+\s+(.*?):?$/, '**$1**\n'))
    .join('\n')
    .replace(/\[(`[^`\]]+`)\](\([^)]*\)|\[[^\]]*\])?/g, '$1')
    .replace(/\[([^\]]+)\]\((?!https?:)[^)]*\)/g, '$1')
    .replace(/`(?:Error|Event|Call)::(\w+)`/g, '`$1`')
    .replace(/^\[(`[^`]+`|[^\]]+)\]: .*$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

/** The first paragraph on one line, for a table or a list. */
export function docLine(lines) {
  return docText(lines).split('\n\n')[0].replace(/\n/g, ' ').trim()
}

function cell(text) {
  return text.replace(/\|/g, '\\|').replace(/\n/g, ' ')
}

/** A Markdown table without the columns in which every cell is empty; empty where there are no rows. */
export function table(head, rows) {
  if (rows.length === 0) return ''
  const used = head.map((_, column) => rows.some((cells) => cells[column] !== ''))
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => cells.filter((_, column) => used[column]).map(cell).join(' | '))
    .map((line) => `| ${line} |`)
    .join('\n')
}

/** Text in code marks; nothing for no text. */
export function code(text) {
  return text === '' ? '' : `\`${text}\``
}

/** Replaces what stands between a page's marks `<!-- name:begin -->` and `<!-- name:end -->`. */
export function replaceMarked(page, name, text) {
  const marked = new RegExp(`(<!-- ${name}:begin -->\\n)[^]*?(<!-- ${name}:end -->)`)
  if (!marked.test(page)) throw new Error(`the page has no place for "${name}"`)
  // A function, so that nothing of the text is taken for a replacement pattern.
  return page.replace(marked, (_, begin, end) => `${begin}\n${text.trim()}\n\n${end}`)
}
