import type { Context, Middleware, Next } from 'koa'
import { SignerCache } from '../cookie/signature.js'
import { type Config, resolveOptions } from '../options/resolve.js'
import type { SessionOptions } from '../options/session-options.js'
import { RequestSession } from '../session/request-session.js'
import { SessionView } from '../session/session-admin.js'
import { isPromise } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import { addPart, install, Part, partOf, setPart, takePreset } from './context.js'
import { KoaHost } from './cookie-transport.js'
import type { DeferredSessionContext, SessionContext } from './types.js'

/** The middleware; `close()` ends what it started: timers, listeners, waiting requests. */
export type SessionMiddleware<Added> = Middleware<object, Added> & { close(): void }

/**
 * Sessions for Koa: `app.use(session({ store }))`, then `ctx.session`.
 * @throws {SessionError} for options that are unknown or cannot work; docs/errors.md lists the codes.
 */
export function session<Data extends object = SessionData>(
  options: SessionOptions<Data> & { defer: true },
): SessionMiddleware<DeferredSessionContext<Data>>
export function session<Data extends object = SessionData>(
  options?: SessionOptions<Data> & { defer?: false | undefined },
): SessionMiddleware<SessionContext<Data>>
export function session<Data extends object = SessionData>(
  options?: SessionOptions<Data>,
): SessionMiddleware<SessionContext<Data> | DeferredSessionContext<Data>>
export function session(
  options?: SessionOptions<object>,
): SessionMiddleware<SessionContext<object>> {
  const config = resolveOptions(options)
  const signers = new SignerCache(config.signing)
  return assemble(config, (ctx) => new KoaHost(ctx, config, signers, takePreset(ctx)))
}

/** The middleware of a configuration; `begin` makes what faces Koa in one request. */
export function assemble(
  config: Config,
  begin: (ctx: Context) => KoaHost,
): SessionMiddleware<SessionContext<object>> {
  const view = new SessionView(config)
  const run = (ctx: Context, next: Next): Promise<void> => {
    install(ctx)
    if (!isInPath(ctx, config.template.base.path) || isServed(ctx, config)) return next()
    const host = begin(ctx)
    const above = partOf(ctx)
    const outer = above?.done ? undefined : above
    const session = new RequestSession(host.config, host)
    return handle(ctx, next, new Part(session, config, view, outer, host))
  }
  return Object.assign(run, { close: () => config.gate.close() })
}

async function handle(ctx: Context, next: Next, part: Part): Promise<void> {
  addPart(ctx, part)
  try {
    const arrived = part.config.defer ? undefined : part.session.ready()
    // A store that answers at once costs nobody a turn.
    if (isPromise(arrived)) await arrived
    await settle(next, part, ctx)
    if (part.session.used) part.host.guardCaches()
  } finally {
    part.done = true
    // What stands above this middleware sees the outer session again; without one, this one stays readable.
    if (part.outer) setPart(ctx, part.outer)
  }
}

/** The handlers, then the commit, whether they threw or not: their error is the answer, and the session is saved. */
async function settle(next: Next, { session }: Part, ctx: Context): Promise<void> {
  try {
    await next()
  } catch (error) {
    try {
      await session.commit()
    } catch (second) {
      if (second !== error) ctx.app.emit('error', second, ctx)
    }
    throw error
  }
  await session.commit()
}

/**
 * Whether another session middleware above serves this one's cookie already: one session, one commit.
 * @throws {SessionError} ERR_SESSION_CONTEXT when it keeps it elsewhere.
 */
function isServed(ctx: Context, config: Config): boolean {
  let part = partOf(ctx)
  while (part && part.config.key !== config.key) part = part.outer
  if (!part || part.done) return false
  const alike =
    part.config.source === config.source &&
    part.config.writer.vault.prefix === config.writer.vault.prefix
  if (alike || config.byDefault) return true
  throw new SessionError(
    'ERR_SESSION_CONTEXT',
    `Two session middlewares share the cookie ${config.key} and differ in store or prefix: give one of them another key`,
  )
}

/** RFC 6265, 5.1.4: whether a browser would send a cookie of this path along. */
function isInPath(ctx: Context, path: string): boolean {
  if (path === '/') return true
  const requested = ctx.originalUrl.startsWith('/')
    ? ctx.originalUrl.split(/[?#]/, 1)[0]
    : ctx.URL.pathname
  if (!requested?.startsWith(path)) return false
  return requested.length === path.length || path.endsWith('/') || requested[path.length] === '/'
}
