// What happened in a soak besides jobs that ended. Works on blocks as they were read.

import { all, counts } from '../lib/fates.mjs'

/** What else is worth telling: redraws by fault, penalties, suspensions, failed calls by signer. */
export function incidents(blocks) {
  const redrawn = counts(all(blocks, 'jobEscrow.JobRedrawn'), ({ data }) => data.fault ?? 'InputUnavailable')
  return {
    redrawn: Object.fromEntries(redrawn),
    penalties: all(blocks, 'workerRegistry.Penalised').length,
    suspensions: all(blocks, 'workerRegistry.Suspended').length,
    failedCalls: Object.fromEntries(
      counts(
        blocks.flatMap(({ extrinsics }) => extrinsics.filter(({ failed }) => failed)),
        ({ name }) => name,
      ),
    ),
  }
}
