// A real browser for tests, and a server of static files for its pages.

import { accessSync, constants, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { delimiter, extname, join, normalize } from 'node:path'
import { chromium } from 'playwright-core'

/** Commands under which Chromium is installed; scripts/setup looks for the same. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome']

const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Path of the browser: AIPG_BROWSER, or the first of the commands on the PATH. */
export function browserPath({ AIPG_BROWSER, PATH = '' } = process.env) {
  if (AIPG_BROWSER) return AIPG_BROWSER
  const folders = PATH.split(delimiter).filter((folder) => folder !== '')
  const found = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable)
  if (found === undefined) {
    throw new Error(`no browser: install ${COMMANDS.join(' or ')}, or set AIPG_BROWSER`)
  }
  return found
}

/** Starts the browser without a window. */
export function startBrowser() {
  return chromium.launch({
    executablePath: browserPath(),
    // The browser refuses to run in its sandbox as root, as in a container.
    chromiumSandbox: process.getuid?.() !== 0,
  })
}

/** Serves the files of a folder, nothing above it. Returns {origin, stop}. */
export async function serveFolder(folder) {
  const server = createServer((request, response) => {
    try {
      const { pathname } = new URL(request.url, 'http://localhost')
      // A path of a URL has no dots left that lead upward; `normalize` is for encoded ones.
      const path = normalize(decodeURIComponent(pathname)).replace(/\/$/, '/index.html')
      const body = readFileSync(join(folder, path))
      response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' })
      response.end(body)
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const stop = () =>
    new Promise((done) => {
      server.close(done)
      server.closeAllConnections()
    })
  return { origin: `http://127.0.0.1:${server.address().port}`, stop }
}

/**
 * Opens a tab that notes what it asks for and what its console says. Returns the page with
 * `requests` (addresses) and `complaints` (errors and warnings, exceptions that nobody caught).
 */
export async function openTab(browser, options = {}) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const requests = []
  const complaints = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('websocket', (socket) => requests.push(socket.url()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  return Object.assign(page, { requests, complaints })
}
