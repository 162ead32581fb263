import type { Context } from 'koa'
import { mergeLines } from '../cookie/set-cookie.js'
import type { Awaitable } from '../util/async.js'
import { beforeHead } from './before-head.js'

/**
 * What a session puts on the headers of its answer. It is on them when they are sent, whatever is set
 * or dropped before: Koa drops all headers when it answers an error, and `ctx.set('Set-Cookie', …)`
 * takes the place of all cookies. Without this, the session would be stored under an id that no
 * browser has.
 */
export class SessionHeaders {
  readonly #ctx: Context
  readonly #isPrivate: boolean
  #lines: readonly string[] = NONE
  /** Headers that the application set to carry an id, in lower case; Set-Cookie has its lines alone. */
  #carried: Map<string, HeaderValue> | undefined
  /** The same headers, as they were before. */
  #before: Headers | undefined
  #isWatching = false
  #isGuarded = false

  /** `isPrivate`: the option `privateCache`. */
  constructor(ctx: Context, isPrivate: boolean) {
    this.#ctx = ctx
    this.#isPrivate = isPrivate
  }

  /** A WebSocket's context has no response, and the head of a stream may be sent already. */
  get canSend(): boolean {
    const { res } = this.#ctx as { res?: Context['res'] }
    return res !== undefined && !res.headersSent
  }

  /** Sets Set-Cookie lines in place of earlier ones of the same names. */
  setCookies(lines: readonly string[]): void {
    this.#lines = mergeLines(this.#lines, lines)
    this.#writeLines()
    this.guard()
    this.#watch()
  }

  get canTakeBack(): boolean {
    return (this.#lines.length > 0 || this.#carried !== undefined) && this.canSend
  }

  /**
   * Takes the id of the session off the answer: cookies, and headers that carry it. False: the
   * application carries it, or nothing was sent.
   */
  takeBack(): boolean {
    if (!this.canTakeBack) return false
    const { res } = this.#ctx
    const ours = [...this.#lines, ...linesOf(this.#carried?.get('set-cookie'))]
    const rest = setCookieLines(res).filter((line) => !ours.includes(line))
    if (rest.length > 0) res.setHeader('Set-Cookie', rest)
    else res.removeHeader('Set-Cookie')
    for (const [name, value] of this.#carried ?? [])
      if (name !== 'set-cookie' && String(res.getHeader(name)) === String(value))
        putBack(res, name, this.#before?.get(name))
    const isOurs = this.#carried === undefined
    this.#lines = NONE
    this.#carried = this.#before = undefined
    return isOurs
  }

  /** Runs work of the application that sets headers. What it sets survives an error's answer. */
  async carry(work: () => Awaitable<unknown>): Promise<void> {
    if (!this.canSend) {
      await work()
      return
    }
    const before = copyHeaders(this.#ctx.res)
    await work()
    this.#noteCarried(before, copyHeaders(this.#ctx.res))
    this.guard()
    this.#watch()
  }

  #noteCarried(before: Headers, after: Headers): void {
    this.#carried ??= new Map()
    this.#before ??= new Map()
    for (const name of before.keys()) if (!after.has(name)) this.#carried.delete(name)
    for (const [name, value] of after) {
      const earlier = before.get(name)
      if (String(earlier) === String(value) || OF_THE_BODY.test(name)) continue
      if (!this.#carried.has(name)) this.#before.set(name, earlier)
      if (name === 'set-cookie') this.#carried.set(name, this.#newLines(earlier, value))
      else this.#carried.set(name, value)
    }
  }

  #newLines(before: HeaderValue, after: HeaderValue): string[] {
    const known = linesOf(before)
    const lines = linesOf(after).filter((line) => !known.includes(line))
    return mergeLines(linesOf(this.#carried?.get('set-cookie')), lines)
  }

  /** The answer depends on the session: when it is sent, shared caches are kept from storing it. */
  expectGuard(): void {
    if (!this.#isPrivate || this.#isGuarded || !this.canSend) return
    this.#isGuarded = true
    this.#watch()
  }

  /**
   * Shared caches must not keep an answer that depends on the session (CVE-2023-30861). The
   * handler's own Cache-Control is kept.
   */
  guard(): void {
    if (!this.#isPrivate || !this.canSend) return
    this.#isGuarded = true
    const { res } = this.#ctx
    if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'private')
    if (!res.hasHeader('Vary')) res.setHeader('Vary', 'Cookie')
    else if (res.getHeader('Vary') !== 'Cookie') this.#ctx.vary('Cookie')
  }

  /** The headers are about to be sent. */
  complete(): void {
    const { res } = this.#ctx
    for (const [name, value] of this.#carried ?? []) {
      if (name === 'set-cookie')
        res.setHeader(name, mergeLines(setCookieLines(res), linesOf(value)))
      else if (value !== undefined && !res.hasHeader(name)) res.setHeader(name, value)
    }
    if (this.#lines.length > 0) this.#writeLines()
    if (this.#isGuarded) this.guard()
  }

  #watch(): void {
    if (this.#isWatching || !this.canSend) return
    this.#isWatching = true
    beforeHead(this.#ctx.res, this)
  }

  #writeLines(): void {
    const { res } = this.#ctx
    const current = setCookieLines(res)
    const isThere =
      current.length === this.#lines.length && current.every((line, at) => line === this.#lines[at])
    if (!isThere) res.setHeader('Set-Cookie', mergeLines(current, this.#lines))
  }
}

const NONE: readonly string[] = []

function putBack(res: Context['res'], name: string, value: HeaderValue): void {
  if (value === undefined) res.removeHeader(name)
  else res.setHeader(name, value)
}

/** Another body has others. */
const OF_THE_BODY = /^(?:content-|transfer-encoding$)/

type HeaderValue = number | string | string[] | undefined
type Headers = Map<string, HeaderValue>

/** The list of cookies is copied, as the module `cookies` appends to the list itself. */
function copyHeaders(res: Context['res']): Headers {
  const entries = Object.entries(res.getHeaders())
  return new Map(entries.map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]))
}

function setCookieLines(res: Context['res']): string[] {
  return linesOf(res.getHeader('Set-Cookie'))
}

function linesOf(value: HeaderValue): string[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [String(value)]
}
