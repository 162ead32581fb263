// Generates the load, in a process of its own.
import { answer } from '../shared/child.mjs'
import { quantile } from '../shared/statistics.mjs'
import { Connection } from './connection.mjs'

// The number of connections to open at a time.
const BATCH = 64

let connections = []

answer({
  async open({ port, path, body, cookies, count }) {
    const requests = cookies.map((cookie) => requestOf(path, cookie))
    connections = Array.from(
      { length: count },
      (_, turn) => new Connection({ requests, turn: turn % requests.length, body }),
    )
    for (let at = 0; at < count; at += BATCH)
      await Promise.all(connections.slice(at, at + BATCH).map((one) => one.open(port)))
  },

  async drive(seconds) {
    const latencies = []
    const begun = performance.now()
    const until = begun + seconds * 1000
    await Promise.all(connections.map((connection) => connection.drive(until, latencies)))
    const elapsed = performance.now() - begun
    return {
      requests: latencies.length,
      perSecond: (latencies.length * 1000) / elapsed,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
    }
  },

  close() {
    for (const connection of connections) connection.close()
    connections = []
  },
})

function requestOf(path, cookie) {
  const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Accept: */*']
  if (cookie) lines.push(`Cookie: ${cookie}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
}
