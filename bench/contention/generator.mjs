// Makes the load, in a process of its own.
import { answer } from '../shared/child.mjs'
import { quantile } from '../shared/statistics.mjs'
import { Client } from './client.mjs'

// So many connect at a time.
const BATCH = 64

let writers = []
let others = []

answer({
  /** `writers` and `others`: for each connection its cookie, and the paths that it asks for in turn. */
  async open({ ports, ...load }) {
    writers = load.writers.map(clientOf)
    others = load.others.map(clientOf)
    const all = [...others, ...writers]
    for (let at = 0; at < all.length; at += BATCH) {
      const batch = all.slice(at, at + BATCH)
      await Promise.all(batch.map((one, index) => one.open(ports[(at + index) % ports.length])))
    }
  },

  /** Each writer ends with the answer that comes after `seconds`, at the latest after `limit` more. */
  async drive({ seconds, limit }) {
    const begun = performance.now()
    const until = begun + seconds * 1000
    let over = false
    const beside = others.map((client) => client.drive(() => over))
    const timer = setTimeout(
      () => {
        for (const client of [...writers, ...others]) client.giveUp()
      },
      (seconds + limit) * 1000,
    )
    await Promise.all(writers.map((client) => client.drive(() => performance.now() >= until)))
    const elapsed = performance.now() - begun
    over = true
    await Promise.all(beside)
    clearTimeout(timer)
    return { elapsed, ...outcome(writers), others: outcome(others) }
  },

  close() {
    for (const client of [...writers, ...others]) client.close()
  },
})

function clientOf({ cookie, paths }) {
  return new Client(paths.map((path) => requestOf(path, cookie)))
}

function requestOf(path, cookie) {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Accept: */*', `Cookie: ${cookie}`]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}

function outcome(clients) {
  const latencies = clients.flatMap((client) => client.latencies)
  const statuses = {}
  for (const client of clients) {
    for (const [status, count] of Object.entries(client.statuses))
      statuses[status] = (statuses[status] ?? 0) + count
  }
  return {
    requests: latencies.length,
    acknowledged: clients.map((client) => client.statuses[200] ?? 0),
    statuses,
    unanswered: clients.reduce((sum, client) => sum + client.unanswered, 0),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: quantile(latencies, 1),
  }
}
