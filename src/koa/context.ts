import type { Context } from 'koa'
import type { RegenerateRequest } from '../session/declared-data.js'
import type { Session } from '../session/session.js'
import { ignoreRejection } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import {
  type ContextSession,
  presetSaveOf,
  STATE,
  scopeOf,
  setPresetId,
  setPresetSave,
} from './context-state.js'
import { completeErrorHeaders } from './error-headers.js'
import { watchCookies } from './used-cookies.js'

/**
 * Defines `ctx.session` and the other accessors on the app's context, once: defining them for every
 * request costs ten times as much.
 * @throws {SessionError} ERR_SESSION_CONTEXT when other code defines `ctx.session`.
 */
export function installAccessors(ctx: Context): void {
  if (!Reflect.has(ctx, 'session')) {
    Object.defineProperties(ctx.app.context, ACCESSORS)
    // An application may have something of its own under this name.
    if (!Reflect.has(ctx, 'sessions')) Object.defineProperty(ctx.app.context, 'sessions', SESSIONS)
    watchCookies(ctx.app.context)
    completeErrorHeaders(ctx.app.context)
  }
  if (Reflect.has(ctx, STATE) && !Object.hasOwn(ctx, 'session')) return
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    'ctx.session is set already, by another session middleware or by the application: remove one of the two',
  )
}

const ACCESSORS: PropertyDescriptorMap & ThisType<Context> = {
  [STATE]: { value: undefined, writable: true },
  session: {
    configurable: true,
    get(): Session | undefined | Promise<Session> {
      const scope = scopeOf(this)
      scope?.noteUse()
      // Not every handler that reads a deferred session awaits it.
      return scope?.settings.defer
        ? ignoreRejection(scope.session.deferred())
        : scope?.session.visible
    },
    set(value: unknown) {
      const scope = scopeOf(this)
      scope?.noteUse()
      if (scope) scope.session.assign(value)
      else defineOwn(this, 'session', value)
    },
  },
  sessionId: {
    configurable: true,
    get(): string | undefined {
      const scope = scopeOf(this)
      // A log that is written after the handlers does not make the answer depend on the id.
      if (!scope?.isDone) scope?.noteUse()
      return scope?.session.id
    },
    set(id: string) {
      const scope = scopeOf(this)
      if (scope) scope.session.id = id
      else setPresetId(this, id)
    },
  },
  sessionSave: {
    configurable: true,
    get(): boolean | undefined {
      const scope = scopeOf(this)
      return scope ? scope.session.saving : presetSaveOf(this)
    },
    set(save: boolean | null | undefined) {
      const scope = scopeOf(this)
      if (scope) scope.session.saving = save ?? undefined
      else setPresetSave(this, save)
    },
  },
  sessionStore: {
    configurable: true,
    get(): object | undefined {
      return scopeOf(this)?.settings.admin
    },
  },
  sessionSignal: {
    configurable: true,
    get(): AbortSignal | undefined {
      const scope = scopeOf(this)
      scope?.noteUse()
      return scope?.signal
    },
  },
  saveSession: {
    configurable: true,
    writable: true,
    value(): Promise<boolean> {
      return requireSession(this).save()
    },
  },
  regenerateSession: {
    configurable: true,
    writable: true,
    value(options?: RegenerateRequest): Promise<Session> {
      return requireSession(this).regenerate(options)
    },
  },
  updateSession: {
    configurable: true,
    writable: true,
    value<T>(change: (session: Session) => T | Promise<T>): Promise<T> {
      return requireSession(this).update(change)
    },
  },
}

const SESSIONS: PropertyDescriptor & ThisType<Context> = {
  configurable: true,
  get(): object | undefined {
    return scopeOf(this)?.sessions
  },
  set(value: unknown) {
    defineOwn(this, 'sessions', value)
  },
}

function requireSession(ctx: object): ContextSession {
  const scope = scopeOf(ctx)
  scope?.noteUse()
  if (scope) return scope.session
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    'There is no session here: the session middleware did not run for this request, or cookie.path excludes its path',
  )
}

function defineOwn(ctx: object, name: string, value: unknown): void {
  Object.defineProperty(ctx, name, { value, writable: true, enumerable: true, configurable: true })
}
