import type { Context } from 'koa'
import type { Config } from '../options/resolve.js'
import type { RequestSession } from '../session/request-session.js'
import type { RegenerateOptions, Session } from '../session/session.js'
import type { SessionView } from '../session/session-admin.js'
import { SessionError } from '../util/errors.js'

/** What the accessors of a context work on: the session of the innermost middleware. */
export class Part {
  /** It has committed: what comes now is another middleware's. */
  done = false
  /** The part that began before it. */
  before: Part | undefined

  constructor(
    readonly session: RequestSession,
    readonly config: Config,
    readonly view: SessionView,
    /** The part of the middleware around it. */
    readonly outer: Part | undefined,
    /** What sends its cookies, and can send them again. */
    readonly host: { restoreCookies(): void; guardCaches(): void },
  ) {}
}

/** All that a context carries for us. */
class State {
  part: Part | undefined
  preset: unknown
  /** The one that began last; the others hang on it. */
  latest: Part | undefined
}

const STATE = Symbol('koa-sess')

interface Carrier {
  [STATE]?: State | undefined
}

function stateOf(ctx: Carrier): State {
  ctx[STATE] ??= new State()
  return ctx[STATE]
}

export function partOf(ctx: object): Part | undefined {
  return (ctx as Carrier)[STATE]?.part
}

export function setPart(ctx: object, part: Part): void {
  stateOf(ctx).part = part
}

/** A middleware begins: handlers see its session, and its cookies survive errors. */
export function addPart(ctx: object, part: Part): void {
  const state = stateOf(ctx)
  part.before = state.latest
  state.latest = part
  state.part = part
}

/** The id that the application set before the middleware ran. */
export function takePreset(ctx: object): unknown {
  const state = stateOf(ctx)
  let { preset } = state
  // It is for one middleware: another one inside of it has another key.
  state.preset = undefined
  if (Object.hasOwn(ctx, 'sessionId')) {
    preset = Reflect.get(ctx, 'sessionId')
    Reflect.deleteProperty(ctx, 'sessionId')
  }
  return preset
}

/**
 * Puts the accessors on the app's context, once: defining them for every request costs ten times as much.
 * @throws {SessionError} ERR_SESSION_CONTEXT when `ctx.session` is somebody else's.
 */
export function install(ctx: Context): void {
  if (!Reflect.has(ctx, 'session')) {
    Object.defineProperties(ctx.app.context, ACCESSORS)
    restoreAfterErrors(ctx.app.context)
  }
  if (Reflect.has(ctx, STATE) && !Object.hasOwn(ctx, 'session')) return
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    'ctx.session is set already, by another session middleware or by the application: remove one of the two',
  )
}

/**
 * Koa drops all headers when it answers an error. Cookies are put back at its last step, and not on
 * the error: one that is thrown again for somebody else would carry this user's cookie along. Once
 * for an app: anything more that a request leaves behind for this has V8 move what lasts until Redis
 * answers to its old objects at once, and there each keeps a whole request alive that is over.
 */
function restoreAfterErrors(context: Context['app']['context']): void {
  const { onerror } = context
  context.onerror = function (this: Context, error) {
    const latest = (this as Carrier)[STATE]?.latest
    // Koa calls it for every answer, most often without an error.
    if (!latest || error === null || error === undefined) return onerror.call(this, error)
    const { res } = this
    const { end } = res
    res.end = ((...args: Parameters<typeof end>) => {
      for (let part: Part | undefined = latest; part; part = part.before) part.host.restoreCookies()
      return end.apply(res, args)
    }) as typeof end
    try {
      onerror.call(this, error)
    } finally {
      res.end = end
    }
  }
}

const ACCESSORS: PropertyDescriptorMap & ThisType<Context> = {
  [STATE]: { value: undefined, writable: true },
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
      else stateOf(this as Carrier).preset = id
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
