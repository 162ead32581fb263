import type { Context, Middleware, Next } from 'koa'
import { type ContextScope, type ContextSession, scopeOf } from '../koa/context-state.js'
import { Session } from '../session/session.js'
import { isPromise } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { setBinding } from './binding.js'
import { DeviceSession } from './device-session.js'
import { admit } from './guard.js'
import { type DeviceBoundOptions, type DeviceBoundSettings, resolveOptions } from './options.js'
import { KeySource } from './purpose-keys.js'
import { refresh } from './refresh.js'
import { offerHeader, register } from './registration.js'
import type { DeviceBoundContext } from './types.js'

/**
 * Binds sessions to the device of their browser (Device Bound Session Credentials): a stolen cookie is
 * refused elsewhere. Use it below `session()`, and call `await ctx.bindDevice()` at login. Browsers
 * without support ignore it. docs/device-bound.md
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, ERR_SESSION_KEYS
 * @since Unreleased
 * @example app.use(deviceBound())
 */
export function deviceBound(
  options: DeviceBoundOptions = {},
): Middleware<object, DeviceBoundContext> {
  const settings = resolveOptions(options)
  const keys = new KeySource(settings.keys)
  return async (ctx: Context, next: Next): Promise<void> => {
    const scope = sessionScope(ctx)
    // `cookie.path` excludes this request.
    if (!scope) return next()
    const ready = scope.session.ready()
    if (isPromise(ready)) await ready
    const device = new DeviceSession(ctx, scope, settings, keys.get(ctx.app.keys))
    const path = requestedPath(ctx)
    if (path === settings.registrationPath) return register(device)
    if (path === settings.refreshPath) return refresh(device)
    return handle(device, next)
  }
}

async function handle(device: DeviceSession, next: Next): Promise<void> {
  const { ctx, binding, scope } = device
  // Without a binding the answer is the same for all browsers, unless a handler uses the session.
  if (binding) scope.noteUse()
  const boundDevice = binding && (await admit(device, binding))
  if (binding && !boundDevice) return
  scope.session.bindingRule = 'kept'
  let isOffered = false
  const bindDevice = async () => {
    assertReachable(scope, device.settings)
    isOffered = true
    scope.session.bindingRule = 'anew'
    if (device.hasTakenBindingAlong) await dropBinding(scope.session)
  }
  Object.assign(ctx, { boundDevice, bindDevice })
  try {
    await next()
  } finally {
    if (binding && scope.session.hasEnded) device.clearCookie()
  }
  if (isOffered) await offer(device)
}

/** A login that was saved before it called `bindDevice()` has taken along the binding of the earlier one. */
async function dropBinding(session: ContextSession): Promise<void> {
  session.bindingRule = 'free'
  try {
    await session.update((draft) => setBinding(draft, undefined))
  } finally {
    session.bindingRule = 'anew'
  }
}

/** After the handlers: the session has its id by then. */
async function offer(device: DeviceSession): Promise<void> {
  const { ctx, scope } = device
  const { session } = scope
  if (!session.session || !scope.canSend) return
  if (device.binding && !device.isMoved) return
  // An asynchronous `genSid` makes the id when the session is stored. An empty session gets none.
  if (session.id === undefined && Object.keys(session.session).length > 0) await session.save()
  const { id } = session
  if (id !== undefined) ctx.append('Secure-Session-Registration', offerHeader(device, id))
}

/** @throws {SessionError} ERR_SESSION_CONTEXT */
function sessionScope(ctx: Context): ContextScope | undefined {
  const scope = scopeOf(ctx)
  if (!scope && !Reflect.has(ctx, 'sessionStore'))
    throw contextError(
      'deviceBound() has to come below session(): it binds the session of a request',
    )
  if (scope && !scope.settings.transport.carriesIds)
    throw contextError(
      'deviceBound() needs sessions in a store. With koa-sess/cookie the last of two overlapping answers wins, and would undo the binding; a copy of the cookie from before stays valid',
    )
  return scope
}

/** @throws {SessionError} ERR_SESSION_COOKIE */
function assertReachable({ session }: ContextScope, settings: DeviceBoundSettings): void {
  if (!session.session) return
  const { domain, path = '/' } = Session.sentCookie(session.session)
  const folder = path.endsWith('/') ? path : `${path}/`
  if (!domain && settings.registrationPath.startsWith(folder)) return
  throw new SessionError(
    'ERR_SESSION_COOKIE',
    domain
      ? 'A bound session serves one host: remove cookie.domain, or the other hosts would refuse its requests'
      : 'The path of deviceBound must be inside of cookie.path: the browser sends no session cookie to it otherwise',
  )
}

function contextError(message: string): SessionError {
  return new SessionError('ERR_SESSION_CONTEXT', message)
}

/** As the browser requested it, whatever a router above has cut off. */
function requestedPath(ctx: Context): string {
  const { originalUrl } = ctx
  return originalUrl.startsWith('/') ? (originalUrl.split(/[?#]/, 1)[0] ?? '') : ctx.URL.pathname
}
