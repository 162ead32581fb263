import type { Context, Next } from 'koa'
import { resolveRecords, resolveShared, type SharedSettings } from '../options/resolve.js'
import type { SessionOptions } from '../options/session-options.js'
import type { SessionRecords } from '../record/records.js'
import { RequestSession } from '../session/request-session.js'
import { RollingReads } from '../session/rolling-reads.js'
import { SessionAdmin } from '../session/session-admin.js'
import type { SessionSettings } from '../session/settings.js'
import type { SessionRequest } from '../session/transport.js'
import type { LegacyStore, SessionStore } from '../stores/contract.js'
import { withoutUsers } from '../users/current-sessions.js'
import type { UserId } from '../users/owner.js'
import type { UserRegistry, UserSessions } from '../users/user-registry.js'
import { isPromise } from '../util/async.js'
import { isFollowing, withContext } from '../util/current-context.js'
import { SessionError } from '../util/errors.js'
import { installAccessors } from './context.js'
import {
  enterScope,
  leaveScope,
  presetSaveOf,
  type ScopeIdentity,
  scopeOf,
  takePresetId,
} from './context-state.js'
import { CookieTransport } from './cookie-transport.js'
import { IdStoreTransport } from './id-store-transport.js'
import type { IdTransport } from './id-transport.js'
import { type Holding, SessionOpener } from './opener.js'
import { type ScopeSession, type ScopeSettings, SessionScope } from './scope.js'
import { unavailableHere } from './sealed-cookie-store.js'
import type { SessionMiddleware } from './session-middleware.js'
import { SignedId } from './signed-id.js'
import type { DeferredSessionContext, EitherContext, SessionContext } from './types.js'

/**
 * Sessions for Koa: `app.use(session({ store }))`, then `ctx.session`.
 * @throws {SessionError} for options that are unknown or cannot work; docs/errors.md lists the codes.
 * @since 1.0.0
 * @example app.use(session({ store, ttl: 3_600_000 }))
 */
export function session<Data extends object = SessionData>(
  options: SessionOptions<Data> & { defer: true },
): SessionMiddleware<DeferredSessionContext<Data>, Data>
export function session<Data extends object = SessionData>(
  options?: SessionOptions<Data> & { defer?: false | undefined },
): SessionMiddleware<SessionContext<Data>, Data>
export function session<Data extends object = SessionData>(
  options?: SessionOptions<Data>,
): SessionMiddleware<SessionContext<Data> | DeferredSessionContext<Data>, Data>
export function session(
  options: SessionOptions<object> = {},
): SessionMiddleware<EitherContext, object> {
  const shared = resolveShared(options)
  const { sessionIdStore, app } = options
  const transport = sessionIdStore
    ? new IdStoreTransport(sessionIdStore)
    : cookieTransport(shared, new SignedId(shared.signers, shared.policy.defaults.signed))
  const { prefix, isDefaultStore, connections, ...stored } = resolveRecords(options, shared)
  const identity = { key: shared.key, store: stored.source, prefix, isDefaultStore }
  const reader = transport instanceof CookieTransport ? transport : undefined
  return assemble({
    shared,
    ...stored,
    transport,
    identity,
    holding: { ...connections, reader, app },
  })
}

export function cookieTransport(
  { key, readKeys, cookie, lifetime }: SharedSettings,
  content: ConstructorParameters<typeof CookieTransport>[0],
): CookieTransport {
  return new CookieTransport(content, { key, readKeys, isAuto: cookie.secure === 'auto', lifetime })
}

export interface Parts {
  shared: SharedSettings
  records: SessionRecords
  /** undefined: the option `users` is not set. */
  users?: UserRegistry | undefined
  /** The store that was configured. */
  source: SessionStore | LegacyStore
  transport: IdTransport
  identity: ScopeIdentity
  /** undefined: sessions are kept in cookies, so that no connection can hold one. */
  holding?: Holding | undefined
  close(): void
}

/** Where sessions are kept in cookies, there is no store that could be asked. */
const NO_CONNECTIONS = {
  hold: () => {
    throw unavailableHere('ctx.sessionSignal')
  },
}

/** Puts a middleware together. */
export function assemble({
  shared,
  records,
  users,
  source,
  transport,
  identity,
  holding,
  close: closeStore,
}: Parts): SessionMiddleware<SessionContext<object>, object> {
  const { format, lifetime, allowEmpty, onConflict, hooks, events, defer, privateCache } = shared
  const session: SessionSettings = {
    records,
    format,
    lifetime,
    rollingReads: new RollingReads(transport.carriesIds ? lifetime.extendOnRead : undefined),
    defer,
    allowEmpty,
    onConflict,
    validates: hooks.valid !== undefined,
    preparesSave: hooks.beforeSave !== undefined,
    listing: users?.listing,
  }
  const begin = (request: SessionRequest) => new RequestSession(session, request)
  const opener =
    holding && new SessionOpener({ ...holding, hooks, events, begin, records, lifetime })
  const settings: ScopeSettings = {
    open: begin,
    ...{ hooks, transport, users, events, defer, privateCache, identity },
    admin: new SessionAdmin(source, session),
    connections: opener?.connections ?? NO_CONNECTIONS,
  }
  const { path } = shared.policy.defaults
  let isReady = false
  const run = (ctx: Context, next: Next): Promise<void> => {
    installAccessors(ctx)
    if (!isReady) {
      transport.assertReady(ctx.app.keys)
      opener?.noteApp(ctx.app)
      isReady = true
    }
    if (!isInPath(ctx, path) || isServed(ctx, identity)) return next()
    return handle(ctx, next, openScope(ctx, settings))
  }
  const of = (userId: UserId): UserSessions => {
    if (!users) throw withoutUsers('sessions.of')
    return users.of(userId)
  }
  const open: SessionMiddleware<unknown, object>['open'] = async (req, options) => {
    if (!opener) throw unavailableHere('sessions.open')
    return opener.open(req, options)
  }
  const close = () => {
    opener?.connections.close()
    closeStore()
  }
  return Object.assign(run, { open, close, of })
}

function openScope(ctx: Context, settings: ScopeSettings): SessionScope {
  const above = scopeOf(ctx)
  const outer = above?.isDone ? undefined : above
  const scope = new SessionScope(ctx, settings, outer, takePresetId(ctx))
  const save = presetSaveOf(ctx)
  if (save !== undefined) scope.session.saving = save
  return scope
}

function handle(ctx: Context, next: Next, scope: SessionScope): Promise<void> {
  return isFollowing() ? withContext(ctx, () => serve(ctx, next, scope)) : serve(ctx, next, scope)
}

async function serve(ctx: Context, next: Next, scope: SessionScope): Promise<void> {
  const { session, settings } = scope
  enterScope(ctx, scope)
  try {
    const ready = settings.defer ? undefined : session.ready()
    // A synchronous store adds no microtask.
    if (isPromise(ready)) await ready
    try {
      await next()
    } catch (error) {
      await commitAfterError(ctx, session, error)
    }
    const finished = session.finish()
    if (isPromise(finished)) await finished
  } finally {
    scope.guardCaches()
    leaveScope(ctx, scope)
  }
}

/** Commits although the handlers threw: their error is the answer, and the session is saved. */
async function commitAfterError(ctx: Context, session: ScopeSession, error: unknown) {
  try {
    await session.finish()
  } catch (second) {
    if (second !== error) ctx.app.emit('error', second, ctx)
  }
  throw error
}

/**
 * Whether another session middleware above serves this one's cookie already: one session, one commit.
 * @throws {SessionError} ERR_SESSION_CONTEXT when that one has another store or prefix.
 */
function isServed(ctx: Context, { key, store, prefix, isDefaultStore }: ScopeIdentity) {
  let scope = scopeOf(ctx)
  while (scope && scope.settings.identity.key !== key) scope = scope.outer
  if (!scope || scope.isDone) return false
  const { identity } = scope.settings
  if (isDefaultStore || (identity.store === store && identity.prefix === prefix)) return true
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    `Two session middlewares share the cookie ${key} and differ in store or prefix: give one of them another key`,
  )
}

/** Whether a browser would send a cookie of this path along (RFC 6265, 5.1.4). */
function isInPath(ctx: Context, path: string): boolean {
  if (path === '/') return true
  const requested = ctx.originalUrl.startsWith('/')
    ? ctx.originalUrl.split(/[?#]/, 1)[0]
    : ctx.URL.pathname
  if (!requested?.startsWith(path)) return false
  return requested.length === path.length || path.endsWith('/') || requested[path.length] === '/'
}
