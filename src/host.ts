import type { Context } from 'koa'
import { type SessionCookie, serializeAttributes } from './attributes.js'
import { cookieLines, mergeLines, type Presented, readCookie } from './cookie.js'
import { SessionError } from './errors.js'
import type { StoreFailure } from './gate.js'
import { generateId, isId } from './id.js'
import type { Config } from './options.js'
import type { Session } from './session.js'
import type { Signer, SignerCache } from './signature.js'
import type { Awaitable } from './store.js'
import type { Host, SessionEvent } from './visit.js'

const ID_LENGTH = 24

/** The side of a session that faces Koa: ids in, cookies out, hooks, events. */
export class KoaHost implements Host {
  readonly #ctx: Context
  readonly #config: Config
  readonly #signers: SignerCache
  readonly #preset: unknown
  #lines: string[] = []

  constructor(ctx: Context, config: Config, signers: SignerCache, preset: unknown) {
    this.#ctx = ctx
    this.#config = config
    this.#signers = signers
    this.#preset = preset
  }

  presentedId(): Awaitable<Presented | undefined> {
    const { sessionIdStore, key, template } = this.#config
    if (this.#preset !== undefined) return accepted(this.#preset)
    if (sessionIdStore) return Promise.resolve(sessionIdStore.get.call(this.#ctx)).then(accepted)
    const header = this.#ctx.req.headers.cookie
    return header?.includes(key)
      ? readCookie(header, key, this.#signer(template.base), isId)
      : undefined
  }

  newId(): Awaitable<string> {
    const { genSid } = this.#config
    return genSid ? genSid.call(this.#ctx, ID_LENGTH) : generateId()
  }

  check(session: Session): void {
    if (this.#config.sessionIdStore) return
    this.#signer(session.cookie)
    // ctx.cookies.secure is how applications tell Koa's own cookies that a proxy speaks TLS for them.
    if (!session.cookie.secure || this.#ctx.secure || this.#ctx.cookies.secure) return
    throw new SessionError(
      'ERR_SESSION_INSECURE',
      'A secure session cookie cannot be sent over a plain connection: use TLS, or set app.proxy behind a proxy that sets X-Forwarded-Proto',
    )
  }

  async setCookie(id: string, session: Session): Promise<void> {
    const { sessionIdStore } = this.#config
    if (sessionIdStore) await sessionIdStore.set.call(this.#ctx, id, session)
    else this.#send(id, session.cookie)
  }

  async clearCookie(session: Session): Promise<void> {
    const { sessionIdStore } = this.#config
    if (sessionIdStore) await sessionIdStore.reset.call(this.#ctx)
    else this.#send('', Object.assign(Object.create(session.cookie), { expires: new Date(0) }))
  }

  async valid(session: Session): Promise<boolean> {
    return Boolean(await this.#config.valid?.(this.#ctx, session))
  }

  async beforeSave(session: Session): Promise<void> {
    await this.#config.beforeSave?.(this.#ctx, session)
  }

  async failed({ error, call }: StoreFailure): Promise<void> {
    if (!this.#config.errorHandler) throw error
    await this.#config.errorHandler(error, call, this.#ctx)
  }

  emit(event: SessionEvent): void {
    this.#ctx.app.emit(`session:${event}`, { ctx: this.#ctx })
  }

  /** Koa drops all headers when it answers an error, but for those that the error carries. */
  carryOn(error: unknown): void {
    if (
      this.#lines.length === 0 ||
      typeof error !== 'object' ||
      error === null ||
      !Object.isExtensible(error)
    )
      return
    const headers: unknown = Reflect.get(error, 'headers')
    const kept = typeof headers === 'object' && headers !== null ? Object.entries(headers) : []
    const isOurs = ([name]: [string, unknown]) => name.toLowerCase() === 'set-cookie'
    const earlier = kept.filter(isOurs).flatMap(([, value]) => value as string | string[])
    const others = Object.fromEntries(kept.filter((entry) => !isOurs(entry)))
    Reflect.set(error, 'headers', { ...others, 'Set-Cookie': mergeLines(earlier, this.#lines) })
  }

  #signer(cookie: SessionCookie): Signer | undefined {
    return cookie.signed ? this.#signers.get(this.#ctx.app.keys) : undefined
  }

  #send(id: string, cookie: SessionCookie): void {
    // A WebSocket's context has no response, and a stream's may be on its way.
    const { res } = this.#ctx as { res?: Context['res'] }
    if (!res || res.headersSent) {
      this.emit('unsent')
      return
    }
    const attributes = serializeAttributes(cookie, this.#config.now(), this.#ctx.secure)
    this.#lines = cookieLines(this.#config.key, id, attributes, this.#signer(cookie))
    res.setHeader('Set-Cookie', mergeLines(lines(res.getHeader('Set-Cookie')), this.#lines))
  }
}

function accepted(id: unknown): Presented | undefined {
  return isId(id) ? { id, stale: false } : undefined
}

function lines(header: number | string | string[] | undefined): string[] {
  if (header === undefined) return []
  return Array.isArray(header) ? header : [String(header)]
}
