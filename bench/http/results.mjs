import { median, ratios, summary } from '../shared/statistics.mjs'
import { PEER_TARGET } from './cells.mjs'
import { LIMIT } from './limit.mjs'

const OURS = 'koa-sess'
const PEER = 'koa-session'

const rate = ({ perSecond }) => perSecond
const cpu = ({ user, system }) => user + system

/** One entry for each contender in each cell. `measured` holds the slices of its rounds. */
export function evaluate(measured) {
  return measured.map(({ cell, contender, slices }) => {
    const slicesOf = (name) =>
      measured.find((one) => one.cell === cell && one.contender === name).slices
    const relative = (name, figure) => ratios(slices.map(figure), slicesOf(name).map(figure))
    const entry = {
      cell: cell.name,
      connections: cell.connections,
      contender,
      perSecond: summary(slices.map(rate)),
      toLimit: relative(LIMIT, rate),
      toPeer: relative(PEER, rate),
      cpu: { toLimit: relative(LIMIT, cpu), toPeer: relative(PEER, cpu) },
    }
    for (const name of ['p50', 'p99', 'user', 'system', 'redis'])
      entry[name] = median(slices.map((slice) => slice[name]))
    if (contender === OURS) entry.targets = targets(cell, entry)
    return entry
  })
}

function targets({ target }, { toLimit, toPeer }) {
  return {
    limit: { target, met: toLimit.median >= target },
    peer: { target: PEER_TARGET, met: toPeer.median >= PEER_TARGET },
  }
}
