// Where a measurement was made, and how much memory a process holds.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { ROOT } from '../lib/processes.mjs'
import { number } from './statistics.mjs'

function git(...parameters) {
  return execFileSync('git', ['-C', ROOT, ...parameters], { encoding: 'utf8' }).trim()
}

/** Name of the operating system from the text of /etc/os-release. */
export function systemName(text) {
  return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? 'unknown system'
}

/** The machine now and what runs on it: {processor, cores, memoryGib, system, load, revision, date}. */
export function machine() {
  const changed = git('status', '--porcelain', '--untracked-files=no') !== ''
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGib: totalmem() / 2 ** 30,
    system: `${existsSync('/etc/os-release') ? systemName(readFileSync('/etc/os-release', 'utf8')) : 'unknown system'}, Linux ${release()}`,
    load: loadavg()[1],
    revision: git('rev-parse', '--short=12', 'HEAD') + (changed ? ' with changes' : ''),
    date: new Date().toISOString().slice(0, 10),
  }
}

/** One line that says where, and whether the machine had other work: an idle one has a load near 0. */
export function machineLine({ processor, cores, memoryGib, system, load, revision, date }) {
  return (
    `${processor}, ${cores} cores, ${number(memoryGib)} GiB; ${system}; load before ${number(load, 1)}; ` +
    `revision ${revision}; ${date}.`
  )
}

/**
 * Memory in the text of /proc/<pid>/status: {resident, own} in bytes, null for a process that has gone. `own` leaves out what is
 * mapped from files, such as the program and the database, and can be dropped at any time.
 */
export function memoryOf(text) {
  const bytes = (name) => {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)
    return found ? Number(found[1]) * 1024 : null
  }
  const [resident, own] = [bytes('VmRSS'), bytes('RssAnon')]
  return resident === null || own === null ? null : { resident, own }
}

/** Memory that a process holds now, null if it has ended. */
export function memory(pid) {
  try {
    return memoryOf(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null
    throw error
  }
}

/** The most that was resident, in bytes, in the text of /proc/<pid>/status; null for a process that has gone. */
export function peakOf(text) {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(text)
  return found ? Number(found[1]) * 1024 : null
}

/** The most that was resident in a process since it began, or since `forgetPeak`. */
export function peakMemory(pid) {
  return peakOf(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

/** Lets a process count the most that is resident anew. */
export function forgetPeak(pid) {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
