import type { RecordEnvelope } from '../record/envelope.js'
import { parseRecord, type RecordFormat } from '../record/format.js'
import type { HeldSessions } from '../record/held-sessions.js'
import type { LoadedRecord } from '../record/records.js'
import type { StoreGuard } from '../record/store-guard.js'
import { RecordTable } from '../record/table.js'
import { DETACHED } from '../session/detached.js'
import type { Lifetime } from '../session/lifetime.js'
import { Session } from '../session/session.js'
import type { SessionStore } from '../stores/contract.js'
import { EntryRecords } from '../users/entry-records.js'
import { ListTable } from '../users/list-table.js'
import { ListWriter } from '../users/list-writer.js'
import { userOf } from '../users/owner.js'
import { SessionLists } from '../users/session-lists.js'
import { UserRegistry } from '../users/user-registry.js'
import type { Events } from '../util/events.js'
import type { UsersOptions } from './users-options.js'

/** How long a request may take between listing its session and writing it, store outages aside, in ms. */
const PENDING_MS = 60_000

export interface UsersParts {
  store: SessionStore
  guard: StoreGuard
  envelope: RecordEnvelope
  format: RecordFormat
  lifetime: Lifetime<Session>
  events: Events
  /** In ms. */
  tombstoneTtl: number
  /** In ms. */
  reconnectTimeout: number
  /** The store has no compare-and-set. */
  isWeak: boolean
  /** The sessions of connections. */
  held: HeldSessions
}

/** The lists of users in the store of the sessions; undefined: the option `users` is not set. */
export function resolveUsers(
  options: UsersOptions<object> | undefined,
  parts: UsersParts,
): UserRegistry | undefined {
  if (!options) return undefined
  if (parts.isWeak) warnOfWeakStore()
  const { envelope, format, lifetime, events, held } = parts
  const { of, max, whenFull } = options
  const owner = (session: Session) => userOf(of, session)
  const read = (value: string) => {
    const content = parseRecord(value)
    return content && new Session(DETACHED, format, content.data, content.cookie)
  }
  const records = new RecordTable(parts.store, parts.guard)
  const pendingMs = PENDING_MS + parts.reconnectTimeout
  const entries = new EntryRecords({ ...parts, table: records, read, owner, pendingMs })
  const table = new ListTable(records, envelope)
  const writer = new ListWriter(table, entries)
  const limit = max === undefined ? undefined : { max, refuses: whenFull === 'refuse' }
  const ownerOf = (record: LoadedRecord) => entries.ownerOf(record)
  const lists = new SessionLists({ table, writer, envelope, lifetime, owner, ownerOf, limit })
  const listing = { table, writer, lists, owner }
  return new UserRegistry({ ...listing, entries, envelope, lifetime, events, held })
}

let hasWarned = false

function warnOfWeakStore(): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    'The option users keeps its guarantees within one process only, as the store has get, set and destroy and no compare-and-set. Use a store of koa-sess, or one process.',
    { code: 'KOA_SESS_USERS_WEAK' },
  )
}
