import type { Context } from 'koa'
import type { SessionCookie } from '../cookie/attributes.js'
import {
  cookieLines,
  mergeLines,
  type Presented,
  type Refused,
  readCookie,
} from '../cookie/header.js'
import { followsConnection, serializeAttributes } from '../cookie/set-cookie.js'
import type { Signer, SignerCache } from '../cookie/signature.js'
import type { Config } from '../options/resolve.js'
import type { StoreFailure } from '../record/store-guard.js'
import { generateId, isId } from '../session/id.js'
import { Session } from '../session/session.js'
import type { Host } from '../session/state.js'
import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import type { About, SessionEvent } from '../util/events.js'

const ID_LENGTH = 24

/** The side of a session that faces Koa: ids in, cookies out, hooks, events. */
export class KoaHost implements Host {
  readonly #ctx: Context
  readonly config: Config
  readonly #signers: SignerCache
  readonly #preset: unknown
  #lines: string[] = []
  #presented: Presented | undefined

  constructor(ctx: Context, config: Config, signers: SignerCache, preset: unknown) {
    this.#ctx = ctx
    this.config = config
    this.#signers = signers
    this.#preset = preset
  }

  presentedId(): Awaitable<Presented | undefined> {
    const { sessionIdStore } = this.config
    if (this.#preset !== undefined) return accepted(this.#preset)
    if (sessionIdStore) return Promise.resolve(sessionIdStore.get.call(this.#ctx)).then(accepted)
    const header = this.#ctx.req.headers.cookie
    return header ? this.#fromCookies(header) : undefined
  }

  /** The cookie, or one that it was called before: that one is due to be sent anew. */
  #fromCookies(header: string): Presented | undefined {
    const { key, names } = this.config
    let refused: Refused | undefined
    for (const name of names) {
      if (!header.includes(name)) continue
      const reading = this.read(header, name)
      if (reading && 'id' in reading) return name === key ? this.#known(reading) : stale(reading)
      refused ??= reading
    }
    if (refused) this.emit('reject', { why: refused.refused })
    return undefined
  }

  #known(presented: Presented): Presented {
    this.#presented = presented
    return presented
  }

  /** What the cookie of a name presents. */
  protected read(header: string, name: string): Presented | Refused | undefined {
    return readCookie(header, name, this.#signer(this.config.template.base), isId)
  }

  /** The Set-Cookie lines of an id; an empty one clears. */
  protected write(name: string, id: string, attributes: string, cookie: SessionCookie): string[] {
    const same = this.#presented?.id === id && name === this.config.key
    const known = same ? this.#presented?.signature : undefined
    return cookieLines(name, id, attributes, this.#signer(cookie), known)
  }

  newId(): Awaitable<string> {
    const { genSid } = this.config
    return genSid ? genSid.call(this.#ctx, ID_LENGTH) : generateId()
  }

  check(session: Session): void {
    if (this.config.sessionIdStore || !this.#ctx.res) return
    const cookie = Session.cookieOf(session)
    this.#signer(cookie)
    if (cookie.secure !== true || this.#isSecure()) return
    throw new SessionError(
      'ERR_SESSION_INSECURE',
      'A secure session cookie cannot be sent over a plain connection: use TLS, or set app.proxy behind a proxy that sets X-Forwarded-Proto',
    )
  }

  async setCookie(id: string, session: Session): Promise<void> {
    const { sessionIdStore } = this.config
    if (sessionIdStore) await sessionIdStore.set.call(this.#ctx, id, session)
    else this.#send(this.config.key, id, Session.cookieOf(session), this.#end(session))
  }

  async clearCookie(session: Session): Promise<void> {
    const { sessionIdStore } = this.config
    const cookie = Session.cookieOf(session)
    if (sessionIdStore) await sessionIdStore.reset.call(this.#ctx)
    else {
      const over = Object.assign(Object.create(cookie), { expires: new Date(0) })
      // The ended session is not to be looked for under the names it was called before, either.
      const { cookie: header = '' } = this.#ctx.req.headers
      const { key, names } = this.config
      for (const name of names)
        if (name === key || header.includes(name)) this.#send(name, '', over)
    }
  }

  takeBack(): void {
    const { res } = this.#ctx
    if (this.#lines.length === 0 || res.headersSent) return
    const rest = lines(res.getHeader('Set-Cookie')).filter((line) => !this.#lines.includes(line))
    if (rest.length > 0) res.setHeader('Set-Cookie', rest)
    else res.removeHeader('Set-Cookie')
    this.#lines = []
  }

  async valid(session: Session): Promise<boolean> {
    return Boolean(await this.config.valid?.(this.#ctx, session))
  }

  async beforeSave(session: Session): Promise<void> {
    await this.config.beforeSave?.(this.#ctx, session)
  }

  async failed({ error, call }: StoreFailure): Promise<void> {
    if (!this.config.errorHandler) throw error
    await this.config.errorHandler(error, call, this.#ctx)
  }

  emit(event: SessionEvent, about?: About): void {
    this.config.events.tell(this.#ctx, event, about)
  }

  /**
   * An answer that depends on the session is nobody else's: shared caches must not keep it
   * (CVE-2023-30861). What the handler said of caching stands.
   */
  guardCaches(): void {
    const { res } = this.#ctx
    if (!this.config.privateCache || !res || res.headersSent) return
    if (!res.hasHeader('Cache-Control')) res.setHeader('Cache-Control', 'private')
    if (res.hasHeader('Vary')) this.#ctx.vary('Cookie')
    else res.setHeader('Vary', 'Cookie')
  }

  // ctx.cookies.secure is how applications tell Koa's own cookies that a proxy speaks TLS for them.
  #isSecure(): boolean {
    return this.#ctx.secure || usedCookies(this.#ctx)?.secure === true
  }

  #isForwarded(): boolean {
    return /^\s*https\b/i.test(String(this.#ctx.req.headers['x-forwarded-proto'] ?? ''))
  }

  #signer(cookie: SessionCookie): Signer | undefined {
    return cookie.signed ? this.#signers.get(this.#ctx.app.keys) : undefined
  }

  #end(session: Session): number | undefined {
    const { absoluteTimeout, now } = this.config
    return absoluteTimeout && Session.begin(session, now()) + absoluteTimeout
  }

  #send(name: string, id: string, cookie: SessionCookie, end?: number): void {
    // A WebSocket's context has no response, and a stream's may be on its way.
    const { res } = this.#ctx as { res?: Context['res'] }
    if (!res || res.headersSent) {
      this.emit('unsent')
      return
    }
    const secure = this.#isSecure()
    if (followsConnection(cookie)) this.config.downgrade.note(secure, this.#isForwarded())
    const attributes = serializeAttributes(cookie, this.config.now(), secure, end)
    this.#lines = mergeLines(this.#lines, this.write(name, id, attributes, cookie))
    res.setHeader('Set-Cookie', mergeLines(lines(res.getHeader('Set-Cookie')), this.#lines))
  }

  /** Koa drops all headers when it answers an error. */
  restoreCookies(): void {
    const { res } = this.#ctx
    if (this.#lines.length === 0 || res.headersSent) return
    res.setHeader('Set-Cookie', mergeLines(lines(res.getHeader('Set-Cookie')), this.#lines))
  }
}

/** `ctx.cookies`, unless nobody asked for it yet: to make one costs as much as all the rest here. */
function usedCookies(ctx: Context): Context['cookies'] | undefined {
  const symbols = Object.getOwnPropertySymbols(ctx)
  return symbols.some(({ description }) => description === 'context#cookies')
    ? ctx.cookies
    : undefined
}

function stale({ id }: Presented): Presented {
  return { id, stale: true }
}

function accepted(id: unknown): Presented | undefined {
  return isId(id) ? { id, stale: false } : undefined
}

function lines(header: number | string | string[] | undefined): string[] {
  if (header === undefined) return []
  return Array.isArray(header) ? header : [String(header)]
}
