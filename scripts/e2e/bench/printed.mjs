/**
 * What a test prints between the lines of Rust's test harness: a table, and what is said below it. The harness begins
 * a line with the test's name and goes on with the result once the test is over, so the table begins in that line.
 *
 * @param {string} output of one test with `--nocapture`
 * @returns {string}
 * @throws {Error} if no table was printed, or the test did not pass
 */
export function printed(output) {
  const table = output.match(/^(?:test .* \.\.\. )?(\|.*?)^(?:test .* \.\.\. )?ok$/ms)
  if (table === null) throw new Error(`no table was printed:\n${output}`)
  return table[1].trim()
}
