// Everything that measurements and the soak take from the end-to-end library, in one place.

export { AIPG, formatAipg, plain, plainEvent } from '@aipowergrid/client'
export { Checks, checkAccounts, checkSupply } from '../lib/books.mjs'
export { prepareJob, submitCall, tokenList } from '../lib/job.mjs'
export { code, replaceMarked, table } from '../lib/markdown.mjs'
export { openNetwork } from '../lib/network.mjs'
export { DEMO_MODEL, PROGRAMS, Processes, ROOT, freePort } from '../lib/processes.mjs'
