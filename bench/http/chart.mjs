import { whole } from '../shared/table.mjs'

const LABELS = { read: 'read', rolling: 'rolling read', modify: 'change', new: 'new session' }
const CONNECTIONS = 64
const LONGEST_BAR = 30

/** Requests per second of each package (medians), as bars of text for README.md. */
export function chart({ entries }) {
  const bars = Object.keys(LABELS).flatMap((cell) =>
    entries
      .filter((entry) => entry.cell === cell && entry.connections === CONNECTIONS)
      .filter(({ contender }) => contender.startsWith('koa-'))
      .map((entry, at) => ({ ...entry, label: at === 0 ? LABELS[cell] : '' })),
  )
  const most = Math.max(...bars.map(({ perSecond }) => perSecond.median))
  const lines = bars.map(({ label, contender, perSecond: { median } }) => {
    const bar = '█'.repeat(Math.round((median / most) * LONGEST_BAR))
    return `${label.padEnd(15)}${contender.padEnd(21)}${bar} ${whole(median)}`
  })
  return ['```text', ...lines, '```'].join('\n')
}
