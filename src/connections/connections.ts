import type { HeldSessions } from '../record/held-sessions.js'
import { LoadedRecord } from '../record/records.js'
import { BINDING_KEY } from '../session/device-binding.js'
import type { Awaitable } from '../util/async.js'
import { SessionError, unavailable } from '../util/errors.js'
import { Checker, type CheckerOptions } from './checker.js'
import type { Connection } from './connection.js'
import { HeldSession, type SessionWrite } from './held-session.js'
import { ConnectedSession, type LiveParts } from './live-session.js'

export interface ConnectionsOptions extends CheckerOptions {
  held: HeldSessions
  /** The key under which the session of an id is held. */
  keyOf(id: string): string
}

/** The read of a session. */
interface SessionRead {
  /** False: nothing is written or extended. */
  saving: boolean | undefined
  ready(): Awaitable<void>
  readonly session: object | null
  readonly record: LoadedRecord | undefined
}

type Write = SessionWrite & ReturnType<LiveParts['writer']>

/** One use of a session, by a connection: it is read, written, or changed. */
export type ConnectionUse = SessionRead & Write

/** The connections of this process that hold sessions. */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #checker: Checker
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#checker = new Checker(options)
  }

  /**
   * Holds the session of a request. Undefined: it has none.
   * @param read The session of the request, which is not read yet.
   * @param writer Begins to write the session of the connection.
   * @param extend The checks of the session extend it.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE after `close`, ERR_SESSION_DEVICE for a bound session,
   * and what the store throws.
   */
  async open(
    read: SessionRead,
    writer: (record: LoadedRecord) => Write,
    extend: boolean,
  ): Promise<ConnectedSession<HeldSession> | undefined> {
    const { held, keyOf } = this.#options
    const checker = this.#checker
    this.#assertOpen()
    const ended = held.beginOpening()
    try {
      const readAt = checker.now()
      const record = await recordOf(read)
      if (!record || ended.has(keyOf(record.id))) return undefined
      this.#assertOpen()
      const session = this.#hold(record, readAt)
      const connection = session.connect(extend ? writer : undefined)
      // What is left of it may be less than the time until its first check.
      if (extend) await checker.check(session)
      this.#assertOpen()
      if (connection.signal.aborted) return undefined
      return new ConnectedSession({ held: session, checker, connection, writer })
    } finally {
      held.finishOpening(ended)
    }
  }

  /**
   * Holds a session whose record was read a while ago.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE after `close`.
   */
  hold(record: LoadedRecord): Connection {
    this.#assertOpen()
    const { size } = this.#checker
    const session = this.#hold(record, Number.NEGATIVE_INFINITY)
    const connection = session.connect()
    // It may have ended since.
    if (this.#checker.size > size) void this.#checker.check(session)
    return connection
  }

  #hold(record: LoadedRecord, seenAt: number): HeldSession {
    const { held, keyOf } = this.#options
    const own = withOwnTexts(record)
    const key = keyOf(own.id)
    const holder = held.get(key)
    if (holder instanceof HeldSession) {
      holder.see(own, seenAt)
      return holder
    }
    const session = new HeldSession(this.#owner, key, own, seenAt)
    held.add(key, session)
    this.#checker.add(session)
    return session
  }

  readonly #owner = {
    release: (session: HeldSession): void => {
      if (this.#options.held.get(session.key) === session) this.#options.held.delete(session.key)
      this.#checker.delete(session)
    },
    check: (session: HeldSession): void => {
      void this.#checker.check(session)
    },
  }

  /** Checks no session any more, and opens none. Signals stay as they are. */
  close(): void {
    this.#isClosed = true
    for (const session of this.#checker.sessions) session.abandon()
  }

  #assertOpen(): void {
    if (!this.#isClosed) return
    throw unavailable('sessions.close() was called: this process holds no more connections')
  }
}

/** Reads a session, and extends nothing. */
async function recordOf(read: SessionRead): Promise<LoadedRecord | undefined> {
  read.saving = false
  await read.ready()
  // A record that is not one is found to be that when its session is made.
  const { session } = read
  if (session && Object.hasOwn(session, BINDING_KEY)) throw unproved()
  return session ? read.record : undefined
}

/** `koa-sess/device-bound` looks at the bound cookie of requests. Otherwise a stolen cookie could open a connection. */
function unproved(): SessionError {
  return new SessionError(
    'ERR_SESSION_DEVICE',
    'sessions.open() does not see whether the device of a bound session is proved: use ctx.sessionSignal below deviceBound()',
  )
}

/** A slice of a Cookie header would keep the whole header alive. */
function withOwnTexts({ format, id, key, raw, value, isOwn }: LoadedRecord): LoadedRecord {
  return new LoadedRecord(format, copyOf(id), copyOf(key), raw, value, isOwn)
}

const copyOf = (text: string) => Buffer.from(text).toString()
