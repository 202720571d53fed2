// How fast the chain of a run is: the preset's own clocks, or short ones, so that a run takes minutes.

import { specificationOf } from '../lib/specification.mjs'

/**
 * What is other than in the preset. Keys of auditors count after two epochs: with the clocks of `dev` that is two
 * minutes, with those of `local` twenty. The challenge window W has room for an audit, whose three parts take W/5
 * each: beacon + 3 · W/5 ≤ 4 · W/5. On `dev` it is longer than in the preset, because many programs on one
 * machine miss parts of six seconds.
 */
export const SHORT_CLOCKS = {
  dev: { epochSlots: 6, challengeWindow: 20 },
  local: {
    slotDurationMs: 3_000,
    epochSlots: 20,
    claimWindow: 10,
    runWindow: 10,
    progressWindow: 15,
    unitsPerBlock: 1_500,
    challengeWindow: 40,
    unbonding: 80,
    disputeClock: 40,
  },
}

/** What `--chain` is to be: the preset's name, or a file of the run with its short clocks. */
export function chainOf(processes, { preset, clocks }) {
  return clocks === 'preset' ? preset : specificationOf(processes, preset, SHORT_CLOCKS[preset])
}
