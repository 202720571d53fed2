// The live view as lines of text: no more rows and columns than the terminal has.

import { formatAipg } from '@aipowergrid/client'
import { renderTable } from '../lib/table.mjs'
import { STAGES, countOf, openDisputes, stagesOf } from './tally.mjs'

/** Rows that the view takes of a terminal that has more. */
export const MOST_ROWS = 24

/** Lines at the end that are left for events, at least. */
const LEAST_EVENTS = 3
const MOST_DISPUTES = 3
/** Title, phase, three lines of sums, and the heads of nodes, members and events. */
const OTHER_LINES = 8

/** A text in at most so many columns. */
export function fit(text, columns) {
  const letters = [...text]
  return letters.length <= columns ? text : `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`
}

/** Two places are enough to watch. */
const short = (amount) => {
  const [whole, fraction = ''] = formatAipg(amount).split('.')
  const cents = fraction.slice(0, 2).replace(/0+$/, '')
  return cents === '' ? whole : `${whole}.${cents}`
}

export function clock(seconds) {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)]
  return `${minutes}:${String(rest).padStart(2, '0')}`
}

const right = (name) => ({ name, align: 'right' })

/** The first `count` rows, the last of them telling how many are left out. */
function cut(lines, count) {
  if (lines.length <= count) return lines
  return count <= 0 ? [] : [...lines.slice(0, count - 1), `  … and ${lines.length - count + 1} more`]
}

function nodeLines(nodes) {
  const show = (value) => (value === null || value === undefined ? '–' : String(value))
  return renderTable(
    [{ name: 'node' }, right('height'), right('final'), right('peers'), { name: '' }],
    nodes.map(({ name, height, final, peers, note = '' }) => [name, show(height), show(final), show(peers), note]),
  ).split('\n')
}

function memberRow(member) {
  const { name, role, state, delivered, inFlight, fees, rewards, won, bond, audits, caught } = member
  const works = role === 'honest' || role === 'liar'
  const lies = delivered.filter(({ isFalse }) => isFalse).length
  const remark = caught
    ? `caught after ${caught.after} by ${caught.by}`
    : role === 'auditor'
      ? `${audits.committed} audits`
      : lies > 0
        ? `${lies} false`
        : ''
  return [
    name,
    role,
    state,
    works ? String(delivered.length) : '',
    works ? String(inFlight) : '',
    short(fees + rewards + won),
    role === 'checker' ? '' : short(bond),
    remark,
  ]
}

function memberLines(members) {
  return renderTable(
    [
      { name: 'member' },
      { name: 'role' },
      { name: 'state' },
      right('jobs'),
      right('in flight'),
      right('earned'),
      right('bond'),
      { name: '' },
    ],
    members.map(memberRow),
  ).split('\n')
}

function jobsLine(tally, target) {
  const stages = stagesOf(tally)
  const total = countOf(stages)
  const of = target === null ? '' : ` of ${target}`
  const ofChain = tally.jobs.size - total
  const besides = ofChain === 0 ? '' : `   and public ${ofChain}`
  return `jobs ${total}${of}   ${STAGES.map((stage) => `${stage} ${stages[stage]}`).join('   ')}${besides}`
}

function auditsLine({ audits }) {
  const count = (end) => [...audits.values()].filter((audit) => audit.end === end).length
  return (
    `audits ${audits.size}   under way ${count(null)}   right ${count('right')}   false ${count('false')}   ` +
    `not answered ${count('missed')}   nobody came ${count('abandoned')}`
  )
}

function disputeLines(tally, nameOf) {
  return openDisputes(tally).map(
    ({ job, worker, opened, last, outcome }) =>
      `  job ${job} of ${nameOf(worker)}, since block ${opened}: ${outcome ? `found ${outcome}` : last}`,
  )
}

/**
 * The view: [{text, style}], at most `rows` lines of at most `columns` letters; `style` is title, head or null.
 * `state` is {title, phase, seconds, nodes, tally, target}: `nodes` [{name, height, final, peers, note?}], `target`
 * the number of jobs to come or null.
 */
export function renderView({ title, phase, seconds, nodes, tally, target }, { columns, rows }) {
  const height = Math.max(1, Math.min(rows, MOST_ROWS))
  const names = new Map(tally.members.map(({ address, name }) => [address, name]))
  const nameOf = (address) => names.get(address) ?? String(address)
  const line = (text, style = null) => ({ text: fit(text, columns), style })
  const table = (lines, room) => {
    // Without the rule under the head.
    const [head, , ...body] = lines
    return [line(head, 'head'), ...cut(body, room).map((text) => line(text))]
  }

  const disputes = disputeLines(tally, nameOf)
  // What nodes, members, the other lines and the least of events leave.
  const spare = height - nodes.length - tally.members.length - OTHER_LINES - LEAST_EVENTS
  const shown = cut(disputes, Math.min(MOST_DISPUTES, Math.max(1, spare)))
  const fixed = [
    line(`AI Power Grid   ${title}`, 'title'),
    line(`${clock(seconds)}   ${phase}`),
    line(jobsLine(tally, target)),
    line(auditsLine(tally)),
    line(`disputes ${tally.disputes.size}   open ${disputes.length}`),
    ...shown.map((text) => line(text)),
  ]
  // Heads of both tables and of the events.
  const room = height - fixed.length - 3 - LEAST_EVENTS
  const share = Math.max(1, Math.floor(room / 3), room - tally.members.length)
  const forNodes = Math.min(nodes.length, share)
  const forMembers = Math.max(1, Math.min(tally.members.length, room - forNodes))
  const [titleLine, phaseLine, ...facts] = fixed
  const lines = [
    titleLine,
    phaseLine,
    ...table(nodeLines(nodes), forNodes),
    ...table(memberLines(tally.members), forMembers),
    ...facts,
    line('events', 'head'),
  ]
  const left = Math.max(0, height - lines.length)
  const events = tally.notes.slice(Math.max(0, tally.notes.length - left))
  return [...lines, ...events.map(({ block, text }) => line(`  ${String(block).padStart(4)}  ${text}`))].slice(0, height)
}
