import type { SessionCookie } from '../cookie/attributes.js'
import { Downgrade } from '../cookie/insecure-warning.js'
import { CookieTemplate } from '../cookie/policy.js'
import { makeSigning, type Signing } from '../cookie/signature.js'
import { Vault } from '../record/envelope.js'
import type { OnConflict } from '../record/merge.js'
import { Writer } from '../record/repository.js'
import { makeSeal } from '../record/seal.js'
import { StoreGate } from '../record/store-guard.js'
import type { SessionOf } from '../session/session.js'
import {
  assertStore,
  isSessionStore,
  type LegacyStore,
  type SessionStore,
} from '../stores/contract.js'
import { adaptLegacy } from '../stores/legacy/adapter.js'
import { MemoryStore } from '../stores/memory/store.js'
import { duration, ONE_DAY, type Ttl } from '../util/duration.js'
import { SessionError } from '../util/errors.js'
import { Events } from '../util/events.js'
import { checkOptions, type SessionIdStore, type SessionOptions } from './session-options.js'

/** The options, complete. */
export interface Config<Data extends object = object> {
  key: string
  source: SessionStore | LegacyStore
  /** Nobody chose the store. */
  byDefault: boolean
  writer: Writer
  gate: StoreGate
  template: CookieTemplate
  ttl: Ttl<SessionOf<Data>> | undefined
  absoluteTimeout: number | undefined
  rolling: boolean
  renew: number | undefined
  /** By how much a rolling read moves the deadline; undefined: only the session itself can tell. */
  extend: number | undefined
  defer: boolean
  genSid: SessionOptions<Data>['genSid']
  allowEmpty: boolean
  valid: SessionOptions<Data>['valid']
  beforeSave: SessionOptions<Data>['beforeSave']
  errorHandler: SessionOptions<Data>['errorHandler']
  sessionIdStore: SessionIdStore | undefined
  signing: Signing
  /** `key`, and what it was called before. */
  names: readonly string[]
  events: Events
  downgrade: Downgrade
  onConflict: OnConflict
  privateCache: boolean
  now: () => number
}

// What setTimeout takes; anything longer would be over at once.
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, ERR_SESSION_COOKIE, ERR_SESSION_STORE_CONTRACT
 */
export function resolveOptions<Data extends object>(
  options: SessionOptions<Data> = {},
): Config<Data> {
  checkOptions(options)
  const { key = 'koa.sid', prefix = 'koa:sess:', ttl, now = Date.now } = options
  const source = options.store === undefined ? new MemoryStore({ now }) : options.store
  assertStore(source)
  const template = new CookieTemplate(key, options.cookie, now())
  const gate = new StoreGate(
    source,
    duration('reconnectTimeout', options.reconnectTimeout ?? 10_000, {
      zero: true,
      most: LONGEST_TIMER,
    }),
  )
  const lull = duration('tombstone', options.tombstone ?? 10_000, { zero: true })
  const store = isSessionStore(source) ? source : adaptLegacy(source, now)
  return {
    key,
    source,
    byDefault: options.store === undefined,
    writer: new Writer(store, gate, makeVault(options, prefix, now), lull, now),
    gate,
    template,
    ttl: typeof ttl === 'number' ? duration('ttl', ttl) : ttl,
    absoluteTimeout:
      options.absoluteTimeout === undefined
        ? undefined
        : duration('absoluteTimeout', options.absoluteTimeout),
    rolling: options.rolling ?? false,
    renew: renewal(options),
    extend:
      options.rolling && options.renew === undefined ? extension(ttl, template.base) : undefined,
    defer: options.defer ?? false,
    genSid: options.genSid,
    allowEmpty: options.allowEmpty ?? false,
    valid: options.valid,
    beforeSave: options.beforeSave,
    errorHandler: options.errorHandler,
    sessionIdStore: options.sessionIdStore,
    names: [key, ...(options.readKeys ?? [])],
    events: new Events(key, options.eventSalt),
    downgrade: new Downgrade(options.cookie?.secure === 'auto'),
    signing: makeSigning(options.digest, now),
    onConflict: options.onConflict ?? 'mine',
    privateCache: options.privateCache ?? true,
    now,
  }
}

function makeVault(
  { hashIds, encryption, maxBytes = 524_288 }: SessionOptions<never>,
  prefix: string,
  now: () => number,
): Vault {
  const until = (date: Date | undefined) => date?.getTime() ?? 0
  return new Vault({
    prefix,
    now,
    maxBytes,
    hashed: hashIds ? { plainUntil: hashIds === true ? 0 : until(hashIds.plainUntil) } : undefined,
    sealed: encryption && {
      seal: makeSeal(encryption.keys, 'record'),
      plainUntil: until(encryption.plainUntil),
    },
  })
}

function renewal({ renew, ttl }: SessionOptions<never>): number | undefined {
  if (renew === undefined) return undefined
  const ms = duration('renew', renew)
  // Rounding up would make every fraction a millisecond.
  if (renew < 1) return renew
  if (typeof ttl !== 'number' || ms < ttl) return ms
  throw new SessionError(
    'ERR_SESSION_OPTION',
    'renew must be less than ttl: it is what has to be left of it',
  )
}

function extension(ttl: unknown, cookie: SessionCookie): number | undefined {
  if (typeof ttl === 'number') return ttl
  return ttl === undefined && !cookie.expires ? (cookie.maxAge ?? ONE_DAY) : undefined
}
