import type { CookieOptions, SessionCookie } from '../cookie/attributes.js'
import { CookiePolicy } from '../cookie/policy.js'
import { makeSigning, SignerCache } from '../cookie/signature.js'
import { type EnvelopeOptions, RecordEnvelope } from '../record/envelope.js'
import { RecordFormat } from '../record/format.js'
import { HeldSessions } from '../record/held-sessions.js'
import { forData, type OnConflict } from '../record/merge.js'
import type { SessionRecords } from '../record/records.js'
import { RecordRepository } from '../record/repository.js'
import { makeSeal } from '../record/seal.js'
import { StoreGuard } from '../record/store-guard.js'
import { fixedIdleTimeout, Lifetime } from '../session/lifetime.js'
import { Session } from '../session/session.js'
import {
  assertStore,
  isSessionStore,
  type LegacyStore,
  type SessionStore,
} from '../stores/contract.js'
import { adaptLegacy, type LegacyAdapterOptions } from '../stores/legacy/adapter.js'
import { warnIfOneOfSeveral } from '../stores/memory/one-of-several.js'
import { MemoryStore } from '../stores/memory/store.js'
import type { UserRegistry } from '../users/user-registry.js'
import { duration } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { Events } from '../util/events.js'
import { checkOptions } from './check.js'
import { DEFAULTS } from './defaults.js'
import { resolveUsers } from './resolve-users.js'
import type { SessionHookOptions, SessionOptions } from './session-options.js'

type Options = SessionOptions<object>

/** What every kind of session needs, wherever its records are. */
export interface SharedSettings {
  key: string
  readKeys: readonly string[]
  cookie: CookieOptions
  policy: CookiePolicy
  format: RecordFormat
  lifetime: Lifetime<Session>
  signers: SignerCache
  events: Events
  hooks: SessionHookOptions
  allowEmpty: boolean
  onConflict: OnConflict
  defer: boolean
  privateCache: boolean
  now: () => number
}

/** Records in a store, and the store itself. */
export interface StoredRecords {
  records: SessionRecords
  source: SessionStore | LegacyStore
  /** undefined: the option `users` is not set. */
  users: UserRegistry | undefined
  isDefaultStore: boolean
  prefix: string
  connections: HoldingSettings
  close(): void
}

/** What connections need to hold sessions. */
export interface HoldingSettings {
  held: HeldSessions
  /** In ms. */
  recheck: number
  /** How long the end of a session shows in the store, in ms; 0: it does not. */
  tombstoneTtl: number
  /** The key under which the session of an id is held. */
  keyOf(id: string): string
}

/** setTimeout fires at once for a longer time. */
const MAX_TIMER = 2 ** 31 - 1
/** In ms. */
const MIN_RECHECK = 1000

/**
 * Checks all options, and completes those that do not depend on a store.
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, ERR_SESSION_COOKIE
 */
export function resolveShared(options: Options): SharedSettings {
  checkOptions(options)
  const { key = DEFAULTS.key, cookie = {}, now = Date.now } = options
  const policy = new CookiePolicy(key, cookie, now())
  const { genSid, valid, beforeSave, errorHandler } = options
  return {
    key,
    readKeys: options.readKeys ?? [],
    cookie,
    policy,
    format: new RecordFormat(policy),
    lifetime: resolveLifetime(options, policy, now),
    signers: new SignerCache(makeSigning(options.digest, now)),
    events: new Events(key, options.eventSalt),
    hooks: { genSid, valid, beforeSave, errorHandler, describe: options.users?.describe },
    allowEmpty: options.allowEmpty ?? DEFAULTS.allowEmpty,
    onConflict: forData(options.onConflict ?? DEFAULTS.onConflict),
    defer: options.defer ?? DEFAULTS.defer,
    privateCache: options.privateCache ?? DEFAULTS.privateCache,
    now,
  }
}

/**
 * Completes the options of the store.
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, ERR_SESSION_STORE_CONTRACT
 */
export function resolveRecords(
  options: Options,
  { format, lifetime, policy, events, now }: SharedSettings,
): StoredRecords {
  const { prefix = DEFAULTS.prefix } = options
  assertApart(prefix, policy)
  const isDefaultStore = options.store === undefined
  if (isDefaultStore) warnIfOneOfSeveral()
  const source = options.store === undefined ? new MemoryStore({ now }) : options.store
  assertStore(source)
  const reconnectTimeout = duration(
    'reconnectTimeout',
    options.reconnectTimeout ?? DEFAULTS.reconnectTimeout,
    { zero: true, most: MAX_TIMER },
  )
  const guard = new StoreGuard(source, reconnectTimeout)
  const isWeak = !isSessionStore(source)
  const store = isWeak ? adaptLegacy(source, now, legacyOptions(options)) : source
  const envelope = resolveEnvelope(options, prefix, now)
  const tombstoneTtl = duration('tombstone', options.tombstone ?? DEFAULTS.tombstone, {
    zero: true,
  })
  const held = new HeldSessions()
  const parts = { store, guard, envelope, format, tombstoneTtl, held }
  return {
    records: new RecordRepository({ ...parts, now }),
    users: resolveUsers(options.users, { ...parts, lifetime, events, reconnectTimeout, isWeak }),
    source,
    isDefaultStore,
    prefix,
    connections: {
      held,
      keyOf: (id) => envelope.key(id),
      recheck: resolveRecheck(options),
      // Without compare-and-set, the tombstone is in the memory of one process.
      tombstoneTtl: isWeak ? 0 : tombstoneTtl,
    },
    close: () => guard.close(),
  }
}

function resolveRecheck({ recheck = DEFAULTS.recheck }: Options): number {
  return duration('recheck', recheck, { least: MIN_RECHECK, most: MAX_TIMER })
}

/** What stores of koa-session are called with. */
function legacyOptions({ rolling, ttl, cookie }: Options): LegacyAdapterOptions {
  return { rolling, maxAge: typeof ttl === 'number' ? ttl : (cookie?.maxAge ?? undefined) }
}

/**
 * Without a signature a visitor may present any id, and without a prefix an id is any key of the
 * store: every JSON object in it would open as a session.
 */
function assertApart(prefix: string, { defaults }: CookiePolicy): void {
  if (prefix !== '' || defaults.signed) return
  throw new SessionError(
    'ERR_SESSION_OPTION',
    'prefix must not be empty where cookie.signed is false: any key of the store could be presented as an id. Sign the cookie, or set a prefix',
  )
}

function resolveLifetime(
  options: Options,
  policy: CookiePolicy,
  now: () => number,
): Lifetime<Session> {
  const { ttl, absoluteTimeout, rolling = DEFAULTS.rolling } = options
  return new Lifetime<Session>(
    {
      ttl: typeof ttl === 'number' ? duration('ttl', ttl) : ttl,
      absoluteTimeout:
        absoluteTimeout === undefined ? undefined : duration('absoluteTimeout', absoluteTimeout),
      rolling,
      renew: resolveRenew(options, policy.defaults),
      cookie: policy.defaults,
      now,
    },
    Session,
  )
}

function resolveRenew({ renew, ttl }: Options, cookie: SessionCookie): number | undefined {
  if (renew === undefined) return undefined
  if (typeof renew === 'boolean')
    throw new SessionError(
      'ERR_SESSION_OPTION',
      'renew must be a number: 0.5 extends a session when less than half of its lifetime is left, as renew: true of koa-session does',
    )
  const ms = duration('renew', renew)
  // A duration is rounded up, and so would be a fraction.
  if (renew < 1) return renew
  if (ms < (fixedIdleTimeout(ttl, cookie) ?? Number.POSITIVE_INFINITY)) return ms
  throw new SessionError(
    'ERR_SESSION_OPTION',
    'renew must be less than the lifetime (ttl, cookie.maxAge, or one day): it is what has to be left of it',
  )
}

/** Where sessions are stored, and where they are looked up too. */
function resolveHashing(hashIds: Options['hashIds']): Partial<EnvelopeOptions> {
  if (typeof hashIds !== 'object') return hashIds ? { hashed: { plainUntil: 0 } } : {}
  return 'plainUntil' in hashIds
    ? { hashed: { plainUntil: hashIds.plainUntil.getTime() } }
    : { hashedUntil: hashIds.hashedUntil.getTime() }
}

/** @throws {SessionError} ERR_SESSION_OPTION */
export function resolveEnvelope(
  { hashIds, encryption, maxBytes = DEFAULTS.maxBytes }: Options,
  prefix: string,
  now: () => number,
): RecordEnvelope {
  const until = (date: Date | undefined) => date?.getTime() ?? 0
  return new RecordEnvelope({
    prefix,
    now,
    maxBytes,
    ...resolveHashing(hashIds),
    sealed: encryption && {
      seal: makeSeal(encryption.keys, 'record'),
      plainUntil: until(encryption.plainUntil),
      decryptOnly: encryption.decryptOnly ?? false,
    },
  })
}
