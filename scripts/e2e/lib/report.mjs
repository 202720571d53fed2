// What a run prints.

import { FEE_SHARES, formatAipg } from '@aipowergrid/client'
import { heading, renderPairs, renderTable } from './table.mjs'

const percent = (permill) => `${Number(permill) / 10_000} %`
const multiple = (permill) => `${Number(permill) / 1_000_000} × credit`

/** Which ceiling set a reward, in words. */
function ceilingName(ceiling, mintCeiling) {
  switch (ceiling) {
    case 'Budget':
      return 'the share of the budget was the smaller ceiling'
    case 'Fee':
      return `${multiple(mintCeiling)} was the smaller ceiling`
    default:
      return 'some jobs met the one ceiling, some the other'
  }
}

/** What an event means, in words; null for one that the report leaves out. */
export function describeEvent({ name, data }, names) {
  const who = (address) => names.get(address) ?? address
  const amount = (value) => `${formatAipg(value)} AIPG`
  switch (name) {
    case 'jobEscrow.JobSubmitted':
      return `job ${data.job}: ${who(data.requester)} submits, ${amount(data.maxPrice)} on hold`
    case 'jobEscrow.JobAssigned':
      return `job ${data.job}: ${who(data.worker)} is drawn, asks ${amount(data.ask)} a unit`
    case 'jobEscrow.JobClaimed':
      return `job ${data.job}: ${who(data.worker)} claims`
    case 'jobEscrow.InputDemanded':
      return `job ${data.job}: ${who(data.worker)} cannot get the input, and demands it`
    case 'jobEscrow.InputPublished':
      return `job ${data.job}: the input is on the chain`
    case 'jobEscrow.ResultSubmitted':
      return `job ${data.job}: ${who(data.worker)} delivers ${data.output.count} tokens, ${data.units} units`
    case 'jobEscrow.JobSettled':
      return `job ${data.job}: fee ${amount(data.fee)} paid, ${amount(data.returned)} returned`
    case 'jobEscrow.JobRedrawn':
      return `job ${data.job}: taken from ${who(data.worker)} (${data.fault ?? 'no fault'}), drawn again`
    case 'jobEscrow.JobRefunded':
      return `job ${data.job}: ${amount(data.returned)} returned, ${data.reason}`
    case 'usefulWork.WorkCredited':
      return `job ${data.job}: ${who(data.worker)} is credited ${amount(data.credit)} in round ${data.round}`
    case 'usefulWork.RoundClosed':
      return data.credit === 0n
        ? `round ${data.round} closes: no work, ${amount(data.budget)} stay unminted`
        : `round ${data.round} closes: budget ${amount(data.budget)}, credit ${amount(data.credit)}`
    case 'usefulWork.RewardClaimed':
      return `${who(data.worker)} claims the reward of round ${data.round}: ${amount(data.amount)}`
    case 'session.NewSession':
      return `session ${data.sessionIndex} begins`
    default:
      return null
  }
}

function amountOf(block, name) {
  return block.events
    .filter((event) => event.name === name)
    .reduce((total, { data }) => total + data.amount, 0n)
}

/** Rows of the block table; blocks in which nothing but the block reward happened are drawn together. */
export function blockRows(blocks, names) {
  const rows = []
  let idle = null
  for (const block of blocks) {
    const happened = block.events.map((event) => describeEvent(event, names)).filter(Boolean)
    const minted = amountOf(block, 'emission.Minted')
    const burned = amountOf(block, 'emission.Burned')
    const author = names.get(block.author) ?? String(block.author)
    if (happened.length === 0 && idle && idle.author === author) {
      idle.last = block.number
      idle.minted += minted
      idle.burned += burned
    } else {
      idle = { first: block.number, last: block.number, author, happened, minted, burned }
      rows.push(idle)
      if (happened.length > 0) idle = null
    }
  }
  const show = (value) => (value === 0n ? '' : formatAipg(value))
  return rows.flatMap(({ first, last, author, happened, minted, burned }) => {
    const number = first === last ? String(first) : `${first}–${last}`
    const [headline = 'block rewards only', ...others] = happened
    return [
      [number, author, headline, show(minted), show(burned)],
      ...others.map((text) => ['', '', text, '', '']),
    ]
  })
}

/** Question, answer, payments, mint. */
function moneyPart(network, journey, { ceilings }) {
  const { names, terms } = network
  const { prompt, job, answer, settled, reward } = journey
  const { data } = settled
  const requester = names.get(data.requester)
  const worker = names.get(data.worker)
  const creator = terms.creator === null ? 'nobody' : names.get(terms.creator)
  const rows = [
    [requester, 'requester', 'pays the fee', '', `−${formatAipg(data.fee)}`],
    null,
    [worker, 'worker', 'ran the model', percent(FEE_SHARES.worker), formatAipg(data.toWorker)],
    [creator, 'model creator', 'royalty', percent(FEE_SHARES.creator), formatAipg(data.toCreator)],
    ['nobody', 'burned', 'leaves the supply', percent(FEE_SHARES.burned), formatAipg(data.burned)],
    ["stakers' pot", 'stakers', '', percent(FEE_SHARES.stakers), formatAipg(data.toStakers)],
    [
      job.referrer ? (names.get(job.referrer) ?? job.referrer) : 'nobody',
      'referrer',
      job.referrer ? '' : 'its share goes to the treasury',
      percent(FEE_SHARES.referrer),
      formatAipg(data.toReferrer),
    ],
    ['treasury', 'treasury', 'the rest, with the dust of rounding', '', formatAipg(data.toTreasury)],
  ]
  const output = [
    heading('Question and answer'),
    renderPairs([
      ['question', prompt],
      ['answer', answer.text],
      ...(answer.rows ?? []),
    ]),
    heading('Who paid, who earned (AIPG)'),
    renderTable(
      [
        { name: 'account' },
        { name: 'role' },
        { name: 'for' },
        { name: 'share', align: 'right' },
        { name: 'AIPG', align: 'right' },
      ],
      rows,
    ),
    '',
    renderPairs([
      ['units of work', `${data.units} (10⁶ multiply-accumulates each)`],
      ['held, of it returned', `${formatAipg(job.maxPrice)}, ${formatAipg(data.returned)}`],
    ]),
  ]
  if (reward && ceilings) {
    const { claimed, closed } = reward
    output.push(
      heading('What was minted for the work, and under which ceiling (AIPG)'),
      renderTable(
        [{ name: '' }, { name: '' }, { name: 'AIPG', align: 'right' }],
        [
          [
            'ceiling 1',
            `budget of round ${claimed.data.round} × credit / max(credit, difficulty)`,
            formatAipg(ceilings.byBudget),
          ],
          ['', '  budget of the round', formatAipg(closed.data.budget)],
          ['', '  credit of the round', formatAipg(closed.data.credit)],
          ['', '  max(credit, difficulty)', formatAipg(closed.data.denominator)],
          ['ceiling 2', `${multiple(terms.mintCeiling)}, the fee at the index price`, formatAipg(ceilings.byFee)],
          null,
          [
            'minted',
            `to ${worker}: ${ceilingName(claimed.data.ceiling, terms.mintCeiling)}`,
            formatAipg(claimed.data.amount),
          ],
        ],
      ),
    )
  }
  return output
}

function hashesPart(network, journey) {
  const { job, result, submitted, settled, reward, before, after } = journey
  const { output } = result.data
  const place = (block) => `${block.number}  ${block.hash}`
  return [
    heading('Hashes'),
    renderPairs(
      [
        ['model root', network.model],
        ['input blob', job.input.blob],
        ['input root', `${job.input.root} (${job.input.count} tokens)`],
        ['output blob', output.blob],
        ['output root', `${output.root} (${output.count} tokens)`],
        ['digest of the run', result.data.digest],
        ['submission (extrinsic)', job.txHash],
        ['block before', place(before)],
        ['block of submission', place(submitted.block)],
        ['block of result', place(result.block)],
        ['block of settlement', place(settled.block)],
        ['block of reward', reward ? place(reward.claimed.block) : ''],
        ['last block checked', place(after)],
      ],
      100,
    ),
  ]
}

function booksPart({ supply, checks }) {
  const { issuanceBefore, issuanceAfter, minted, burned } = supply
  const reasons = {
    BlockAuthor: 'minted to block authors',
    OperationsFund: 'minted to the operations fund',
    UsefulWork: 'minted for useful work',
  }
  return [
    heading('Books (AIPG)'),
    renderTable(
      [{ name: '' }, { name: 'AIPG', align: 'right' }],
      [
        ['issuance before', formatAipg(issuanceBefore)],
        ...Object.entries(reasons).map(([reason, text]) => [
          `+ ${text}`,
          formatAipg(minted.byReason[reason] ?? 0n),
        ]),
        ['− burned of the fee', formatAipg(burned.total)],
        null,
        ['issuance after', formatAipg(issuanceAfter)],
      ],
    ),
    heading('Checks'),
    renderTable(
      [{ name: '' }, { name: '' }, { name: '', align: 'right' }],
      checks.list.map(({ name, passed, detail }) => [passed ? 'ok' : 'FAILED', name, detail]),
    ),
  ]
}

/** The whole report of a job. */
export function renderReport(network, journey, audit) {
  return [
    ...moneyPart(network, journey, audit),
    heading('Block by block'),
    renderTable(
      [
        { name: 'block', align: 'right' },
        { name: 'author' },
        { name: 'what happened' },
        { name: 'minted', align: 'right' },
        { name: 'burned', align: 'right' },
      ],
      blockRows(journey.blocks, network.names),
    ),
    ...hashesPart(network, journey),
    ...booksPart(audit),
  ].join('\n')
}

/** The report of a further job, without the block table and the hashes. */
export function renderShortReport(network, journey, audit) {
  return moneyPart(network, journey, audit).join('\n')
}
