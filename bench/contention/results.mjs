import { median, summary } from '../shared/statistics.mjs'
import { OURS } from './cells.mjs'

/** One entry for each cell of each contender: medians of the rounds; errors, lost and acknowledged writes are sums. */
export function evaluate(measured) {
  return measured.map(({ setup, contender, cell, one, separate }) => {
    const ours = measured.find(
      (other) => other.setup === setup && other.contender === OURS && same(other.cell, cell),
    )
    const middle = (name) => median(one.map((slice) => slice[name]))
    const relative = (name, others, part = (slice) => slice) =>
      summary(one.map((slice, round) => part(slice)[name] / part(others[round])[name]))
    return {
      ...{ setup, contender, ...cell },
      // The time that an acknowledged request takes: more of them a second take less.
      time: inverse(relative('perSecond', separate)),
      cpu: relative('cpu', separate),
      toOurs: ours && relative('perSecond', ours.one),
      perSecond: middle('perSecond'),
      commands: middle('commands'),
      p50: middle('p50'),
      p99: middle('p99'),
      fairness: median(one.map(({ p99, p50 }) => p99 / p50)),
      max: Math.max(...one.map(({ max }) => max)),
      conflicts: sum(one, ({ statuses }) => statuses[409] ?? 0),
      errors: sum(one, errorsOf),
      lost: sum(one, ({ lost }) => lost),
      acknowledged: sum(one, ({ acknowledged }) => acknowledged),
      bytes: one[0].bytes,
      others: cell.others > 0 ? besides(one, separate) : undefined,
    }
  })
}

/** What other users saw beside one session, and beside as many. */
function besides(one, separate) {
  const p99 = (slices) => median(slices.map(({ others }) => others.p99))
  const ratio = median(one.map(({ others }, round) => others.p99 / separate[round].others.p99))
  return { one: p99(one), separate: p99(separate), ratio }
}

/** Neither 200 nor 409, or no answer in time. */
function errorsOf({ statuses, unanswered }) {
  const failed = Object.entries(statuses).filter(([status]) => status !== '200' && status !== '409')
  return failed.reduce((count, [, times]) => count + times, unanswered)
}

const same = (cell, other) => JSON.stringify(cell) === JSON.stringify(other)

const sum = (slices, part) => slices.reduce((total, slice) => total + part(slice), 0)

const inverse = ({ min, median: middle, max }) => ({
  min: 1 / max,
  median: 1 / middle,
  max: 1 / min,
})
