import type { Context } from 'koa'
import type { Config } from './config.js'
import { SessionError } from './errors.js'
import type { RequestSession } from './request.js'
import type { RegenerateOptions, Session } from './session.js'
import type { SessionView } from './view.js'

/** What the accessors of a context work on: the session of the innermost middleware. */
export interface Part {
  session: RequestSession
  config: Config
  view: SessionView
  /** The part of the middleware around it. */
  outer: Part | undefined
  /** It has committed: what comes now is another middleware's. */
  done: boolean
}

const PART = Symbol('koa-sess')
const PRESET = Symbol('koa-sess id')

/** A context that may have a session. */
interface Carrier {
  [PART]?: Part | undefined
  [PRESET]?: unknown
}

export function partOf(ctx: object): Part | undefined {
  return (ctx as Carrier)[PART]
}

export function setPart(ctx: object, part: Part): void {
  ;(ctx as Carrier)[PART] = part
}

/** The id that the application set before the middleware ran. */
export function takePreset(ctx: object): unknown {
  const carrier: Carrier = ctx
  const preset: unknown = Object.hasOwn(ctx, 'sessionId')
    ? Reflect.get(ctx, 'sessionId')
    : carrier[PRESET]
  // It is for one middleware: another one inside of it has another key.
  Reflect.deleteProperty(ctx, 'sessionId')
  carrier[PRESET] = undefined
  return preset
}

/**
 * Puts the accessors on the app's context, once: defining them for every request costs ten times as much.
 * @throws {SessionError} ERR_SESSION_CONTEXT when `ctx.session` is somebody else's.
 */
export function install(ctx: Context): void {
  if (!Reflect.has(ctx, 'session')) Object.defineProperties(ctx.app.context, ACCESSORS)
  if (Reflect.has(ctx, PART) && !Object.hasOwn(ctx, 'session')) return
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    'ctx.session is set already, by another session middleware or by the application: remove one of the two',
  )
}

const ACCESSORS: PropertyDescriptorMap & ThisType<Context> = {
  [PART]: { value: undefined, writable: true },
  session: {
    configurable: true,
    get(): Session | null | undefined | Promise<Session | null> {
      const part = partOf(this)
      if (!part?.config.defer) return part?.session.session
      const session = part.session.deferred()
      // Not every handler that touches it waits for it.
      session.catch(() => undefined)
      return session
    },
    set(value: unknown) {
      const part = partOf(this)
      if (part) part.session.session = value
      else own(this, 'session', value)
    },
  },
  sessionId: {
    configurable: true,
    get(): string | undefined {
      return partOf(this)?.session.id
    },
    set(id: string) {
      const part = partOf(this)
      if (part) part.session.id = id
      else (this as Carrier)[PRESET] = id
    },
  },
  sessionSave: {
    configurable: true,
    get(): boolean | undefined {
      return partOf(this)?.session.saving
    },
    set(save: boolean | null | undefined) {
      const part = partOf(this)
      if (part) part.session.saving = save ?? undefined
    },
  },
  sessionStore: {
    configurable: true,
    get(): SessionView | undefined {
      return partOf(this)?.view
    },
  },
  saveSession: {
    configurable: true,
    writable: true,
    value(): Promise<void> {
      return here(this).save()
    },
  },
  regenerateSession: {
    configurable: true,
    writable: true,
    value(options?: RegenerateOptions): Promise<Session> {
      return here(this).regenerate(options)
    },
  },
  updateSession: {
    configurable: true,
    writable: true,
    value<T>(change: (session: Session) => T | Promise<T>): Promise<T> {
      return here(this).update(change)
    },
  },
}

function here(ctx: object): RequestSession {
  const part = partOf(ctx)
  if (part) return part.session
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    'There is no session here: the session middleware did not run for this request, or cookie.path excludes its path',
  )
}

function own(ctx: object, name: string, value: unknown): void {
  Object.defineProperty(ctx, name, { value, writable: true, enumerable: true, configurable: true })
}
