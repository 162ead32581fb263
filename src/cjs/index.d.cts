// What `import session = require('koa-sess')` sees. Every type is the ES module's own: a program that
// uses both would otherwise have two of each, and two augmentations of Koa that do not agree.

import type * as live from '../connections/live-session.js' with { 'resolution-mode': 'import' }
import type * as attributes from '../cookie/attributes.js' with { 'resolution-mode': 'import' }
import type * as appEvents from '../koa/event-types.js' with { 'resolution-mode': 'import' }
import type * as middleware from '../koa/middleware.js' with { 'resolution-mode': 'import' }
import type * as openOptions from '../koa/open-options.js' with { 'resolution-mode': 'import' }
import type * as sessionMiddleware from '../koa/session-middleware.js' with {
  'resolution-mode': 'import',
}
import type * as types from '../koa/types.js' with { 'resolution-mode': 'import' }
import type * as options from '../options/session-options.js' with { 'resolution-mode': 'import' }
import type * as usersOptions from '../options/users-options.js' with {
  'resolution-mode': 'import',
}
import type * as merge from '../record/merge.js' with { 'resolution-mode': 'import' }
import type * as declared from '../session/declared-data.js' with { 'resolution-mode': 'import' }
import type * as sessions from '../session/session.js' with { 'resolution-mode': 'import' }
import type * as store from '../stores/contract.js' with { 'resolution-mode': 'import' }
import type * as memory from '../stores/memory/store.js' with { 'resolution-mode': 'import' }
import type * as current from '../users/current-sessions.js' with { 'resolution-mode': 'import' }
import type * as registry from '../users/user-registry.js' with { 'resolution-mode': 'import' }
import type * as user from '../users/user-sessions.js' with { 'resolution-mode': 'import' }
import type * as errors from '../util/errors.js' with { 'resolution-mode': 'import' }
import type * as events from '../util/events.js' with { 'resolution-mode': 'import' }

declare const session: typeof middleware.session & {
  MemoryStore: typeof memory.MemoryStore
  SessionError: typeof errors.SessionError
}

declare namespace session {
  type CookieOptions = attributes.CookieOptions
  type CurrentSessions = current.CurrentSessions
  type DeferredSessionContext<Data extends object = SessionData> =
    types.DeferredSessionContext<Data>
  type LegacyCallOptions = store.LegacyCallOptions
  type LegacyReadOptions = store.LegacyReadOptions
  type LegacyStore = store.LegacyStore
  type LegacyWriteOptions = store.LegacyWriteOptions
  type LiveSession<Data extends object = SessionData> = live.LiveSession<Data>
  type MemoryStore = memory.MemoryStore
  type OnConflict = merge.OnConflict
  type OpenOptions<Request extends openOptions.OpeningRequest = openOptions.OpeningRequest> =
    openOptions.OpenOptions<Request>
  type OpeningRequest = openOptions.OpeningRequest
  type RegenerateOptions<Data extends object = object> = declared.RegenerateOptions<Data>
  type Rejection = events.Rejection
  type Replaced = store.Replaced
  type ScanPage = store.ScanPage
  type Session = sessions.Session
  type SessionAppNotice = appEvents.SessionAppNotice
  type SessionContext<Data extends object = SessionData> = types.SessionContext<Data>
  type SessionCookie = attributes.SessionCookie
  type SessionEmitter = appEvents.SessionEmitter
  type SessionError = errors.SessionError
  type SessionErrorCode = errors.SessionErrorCode
  type SessionEvent = events.SessionEvent
  type SessionEventMap = appEvents.SessionEventMap
  type SessionIdStore = options.SessionIdStore
  type SessionMiddleware<
    Added,
    Data extends object = types.ContextData<Added>,
  > = sessionMiddleware.SessionMiddleware<Added, Data>
  type SessionNotice = events.SessionNotice
  type SessionOf<Data extends object> = sessions.SessionOf<Data>
  type SessionOptions<Data extends object = SessionData> = options.SessionOptions<Data>
  type SessionStore = store.SessionStore
  type StoredRecord = store.StoredRecord
  type StoredSession = store.StoredSession
  type UserReason = events.UserReason
  type UserSession = user.UserSession
  type UserSessions = registry.UserSessions
  type UsersOptions<Data extends object = SessionData> = usersOptions.UsersOptions<Data>
}

export = session
