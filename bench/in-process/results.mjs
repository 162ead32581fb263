import { median, summary } from '../shared/statistics.mjs'
import { BARE } from './setups.mjs'
import { RATIOS, READ_BYTES } from './targets.mjs'

const OURS = 'koa-sess'

/** One entry for each variant in each scenario, and the ratios between variants. */
export function evaluate(times, bytes) {
  const cells = [...times].map(([{ variant, scenario }, values]) => ({
    variant,
    scenario: scenario.name,
    ...summary(values),
  }))
  const find = (variant, scenario) =>
    cells.find((cell) => cell.variant === variant && cell.scenario === scenario)
  for (const cell of cells) {
    const bare = find(BARE, cell.scenario)
    cell.added = { floor: cell.floor - bare.floor, median: cell.median - bare.median }
  }
  return { cells, ratios: ratios(find), bytes: allocated(bytes) }
}

/** Bytes on top of bare Koa's; undefined if no read was measured. */
function allocated(bytes) {
  if (bytes.size === 0) return undefined
  const medians = new Map([...bytes].map(([{ variant }, values]) => [variant, median(values)]))
  const added = {}
  for (const [variant, value] of medians) added[variant] = Math.round(value - medians.get(BARE))
  return { added, target: READ_BYTES, met: added[OURS] <= READ_BYTES }
}

function ratios(find) {
  const list = []
  for (const [scenario, targets] of Object.entries(RATIOS)) {
    const ours = find(OURS, scenario)
    for (const [peer, target] of Object.entries(targets)) {
      const theirs = find(peer, scenario)
      if (!ours || !theirs) continue
      const floor = ours.added.floor / theirs.added.floor
      const median = ours.added.median / theirs.added.median
      list.push({ scenario, peer, floor, median, target, met: floor <= target })
    }
  }
  return list
}
