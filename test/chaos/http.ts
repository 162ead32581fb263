import { Agent, type IncomingMessage, request } from 'node:http'
import { clock } from './clock.js'
import { type Answer, CLEARED } from './oracle/model.js'
import { REPORT, type Report } from './protocol.js'

/** A request that takes longer counts as unanswered, in ms. Far above every limit of the servers. */
export const LIMIT_MS = 15_000

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

export function closeConnections(): void {
  agent.destroy()
}

/** An answer, and the cookies that it set as a Cookie header. */
export interface Reply extends Answer {
  header: string | undefined
}

/** Resolves when the headers arrive; undefined: no answer. `name`: the name of the cookie. */
export function send(
  url: string,
  name: string,
  headers: Record<string, string>,
): Promise<Reply | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(url, { agent, headers }, (incoming) => {
      resolve({ at: clock(), ...read(incoming, name) })
      incoming.on('error', () => undefined).resume()
    })
    outgoing.setTimeout(LIMIT_MS, () => outgoing.destroy())
    outgoing.on('error', () => resolve(undefined))
    outgoing.end()
  })
}

function read({ statusCode = 0, headers }: IncomingMessage, name: string): Omit<Reply, 'at'> {
  const pairs = (headers['set-cookie'] ?? []).map((line) => line.split(';', 1)[0] ?? '')
  const own = pairs.find((pair) => pair.startsWith(`${name}=`))
  const text = headers[REPORT]
  const report: Report | undefined = typeof text === 'string' ? JSON.parse(text) : undefined
  const id = own?.slice(name.length + 1)
  return {
    status: statusCode,
    cookie: id === '' ? CLEARED : id,
    header: id ? pairs.join('; ') : undefined,
    report,
  }
}
