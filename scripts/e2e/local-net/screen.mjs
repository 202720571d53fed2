// What is shown while a run goes on: a view that is drawn again every second, or lines.

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const STYLES = { title: '\x1b[1m', head: '\x1b[2m' }
const RESET = '\x1b[0m'

/** The alternate screen of a terminal; what was there before comes back with `close()`, at the latest at the end. */
export class Screen {
  #isOpen = false

  constructor(output = process.stdout) {
    this.output = output
    this.onExit = () => this.close()
  }

  get size() {
    return { columns: this.output.columns ?? 80, rows: this.output.rows ?? 24 }
  }

  open() {
    this.#isOpen = true
    process.once('exit', this.onExit)
    this.output.write(ENTER)
  }

  /** Draws lines [{text, style}] from the top. */
  draw(lines) {
    if (!this.#isOpen) return
    const body = lines.map(({ text, style }) => {
      const begin = STYLES[style] ?? ''
      return `${begin}${text}${begin === '' ? '' : RESET}\x1b[K`
    })
    this.output.write(`\x1b[H${body.join('\r\n')}\x1b[J`)
  }

  close() {
    if (!this.#isOpen) return
    this.#isOpen = false
    process.removeListener('exit', this.onExit)
    this.output.write(LEAVE)
  }
}
