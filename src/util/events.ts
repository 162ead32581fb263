import { createHmac, randomBytes } from 'node:crypto'
import { type Channel, channel } from 'node:diagnostics_channel'
import type { Context } from 'koa'

/** Why a cookie that was presented led to no session. */
export type Rejection =
  /** No key of `app.keys` made its signature; with `koa-sess/cookie`: no key opens it. */
  | 'signature'
  /** It cannot be an id. */
  | 'shape'
  /** The store knows no such session. */
  | 'unknown'
  /** Its own deadline passed: the absolute one, or a fixed `expires`. */
  | 'expired'
  /** Its record is sealed with a key that is not known here, or altered, or not sealed. */
  | 'decrypt'
  /** Its record is none, or the option `valid` refused it. */
  | 'invalid'
  /** It ended or moved moments ago. */
  | 'superseded'

export const EVENTS = [
  'create',
  'renew',
  'regenerate',
  'destroy',
  'expire',
  'gone',
  'conflict',
  'reject',
  'unsent',
] as const

/** What is told of; on the app as `session:` and the name, in `node:diagnostics_channel` as `koa-sess:` and the name. */
export type SessionEvent = (typeof EVENTS)[number]

/** One event, safe to log: nothing in it is an id, a cookie or data. */
export interface SessionNotice {
  event: SessionEvent
  /** The name of the cookie, which tells several middlewares apart. */
  key: string
  /** A salted hash of the id: the same session, the same text. */
  session?: string
  /** With `regenerate`: the session that it was before. */
  before?: string
  /** With `reject`. */
  why?: Rejection
}

/** What an event is about, with the bare ids that never leave this package. */
export interface About {
  id?: string | undefined
  before?: string | undefined
  why?: Rejection
}

const CHANNELS = new Map<string, Channel>(EVENTS.map((name) => [name, channel(`koa-sess:${name}`)]))

// As koa-session calls them on the app, `superseded` beside.
const OLDER_NAMES: Partial<Record<Rejection, string>> = {
  unknown: 'missed',
  expired: 'expired',
  invalid: 'invalid',
  superseded: 'superseded',
}

const HASH_BYTES = 12

/** Tells whoever listens; where nobody does, nothing is made. */
export class Events {
  readonly #key: string
  readonly #salt: string | Buffer

  constructor(key: string, salt: string | undefined) {
    this.#key = key
    this.#salt = salt ?? randomBytes(32)
  }

  tell(ctx: Context, event: SessionEvent, about: About = {}): void {
    const published = CHANNELS.get(event)
    if (published?.hasSubscribers) published.publish(this.#notice(event, about))
    this.#emit(ctx, event, event, about)
    const older = about.why && OLDER_NAMES[about.why]
    if (older) this.#emit(ctx, older, event, about)
  }

  #emit(ctx: Context, name: string, event: SessionEvent, about: About): void {
    if (ctx.app.listenerCount(`session:${name}`) === 0) return
    ctx.app.emit(`session:${name}`, { ctx, ...this.#notice(event, about) })
  }

  #notice(event: SessionEvent, { id, before, why }: About): SessionNotice {
    const notice: SessionNotice = { event, key: this.#key }
    if (id !== undefined) notice.session = this.#hash(id)
    if (before !== undefined) notice.before = this.#hash(before)
    if (why) notice.why = why
    return notice
  }

  #hash(id: string): string {
    const mac = createHmac('sha256', this.#salt).update(id).digest()
    return mac.toString('base64url', 0, HASH_BYTES)
  }
}
