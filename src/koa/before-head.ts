import type { ServerResponse } from 'node:http'

/** Completes the headers of an answer. */
export interface HeadListener {
  /** Called when the headers are about to be sent. */
  complete(): void
}

const WATCH = Symbol('koa-sess.beforeHead')

type WriteHead = ServerResponse['writeHead']
type Watched = ServerResponse & { [WATCH]?: Watch }

/** What completes the headers of one answer. */
class Watch {
  readonly listeners: HeadListener[]

  /** `writeHead`: the method of the answer. */
  constructor(
    readonly writeHead: WriteHead,
    listener: HeadListener,
  ) {
    // An empty array that grows takes room for sixteen.
    this.listeners = [listener]
  }
}

/**
 * Calls a listener just before the headers of an answer are sent, in whatever way: by Koa, by its
 * answer to an error, by `flushHeaders`, `writeHead` or the first `write`, over HTTP/1 or HTTP/2. All of
 * them call `writeHead`. The headers that `writeHead` is given are set first, so that the listener sees
 * them: otherwise they would take the place of what it sets.
 */
export function beforeHead(res: Watched, listener: HeadListener): void {
  if (res[WATCH]) {
    res[WATCH].listeners.push(listener)
    return
  }
  res[WATCH] = new Watch(res.writeHead, listener)
  // One function for all answers: with a closure for each, V8 retains every request until a full collection.
  res.writeHead = writeHead
}

const writeHead = function (this: Watched, ...args: unknown[]) {
  const original = this[WATCH]?.writeHead ?? Object.getPrototypeOf(this).writeHead
  if (this.headersSent) return Reflect.apply(original, this, args)
  const rest = setGivenHeaders(this, args)
  completeHead(this)
  return Reflect.apply(original, this, rest)
} as WriteHead

/** Calls the listeners now, if the headers are not sent yet. */
export function completeHead(res: Watched): void {
  if (!res.headersSent) for (const each of res[WATCH]?.listeners ?? []) each.complete()
}

/** Sets the headers among the arguments of `writeHead`, and returns the other arguments. */
function setGivenHeaders(res: ServerResponse, args: unknown[]): unknown[] {
  const [status, reason, last] = args
  const headers = typeof reason === 'string' ? last : (last ?? reason)
  if (typeof headers !== 'object' || headers === null) return args
  for (const [name, value] of headerEntries(headers)) res.setHeader(name, value)
  return typeof reason === 'string' ? [status, reason] : [status]
}

type HeaderValue = Parameters<ServerResponse['setHeader']>[1]

/** The forms that `writeHead` takes: an object, a list of names and values in turn, a list of pairs. */
function headerEntries(headers: object): [name: string, value: HeaderValue][] {
  if (!Array.isArray(headers)) return Object.entries(headers)
  const list: unknown[] = Array.isArray(headers[0]) ? headers.flat() : headers
  const entries = new Map<string, [name: string, value: string[]]>()
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = String(list[at])
    const [, values] = entries.get(name.toLowerCase()) ?? [name, []]
    entries.set(name.toLowerCase(), [name, [...values, ...[list[at + 1]].flat().map(String)]])
  }
  return [...entries.values()].map(([name, values]) => [name, one(values)])
}

/** Node writes a list of one value like the value, but refuses lists for some names. */
function one(values: string[]): HeaderValue {
  const [first] = values
  return values.length === 1 && first !== undefined ? first : values
}
