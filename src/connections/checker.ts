import { AsyncResource } from 'node:async_hooks'
import type { LoadedRecord, SessionRecords } from '../record/records.js'
import { CheckFailures } from './check-failures.js'
import { CheckWheel } from './check-wheel.js'
import type { SessionEndKind } from './end-reason.js'
import type { HeldSession, SessionWrite, Writer } from './held-session.js'
import { verdictOf } from './verdict.js'

export interface CheckerOptions {
  records: Pick<SessionRecords, 'reload'>
  /** Whether a record has passed an end of its own. */
  isOver(record: LoadedRecord): boolean
  /** In what time each session is checked once, in ms. */
  recheck: number
  /** How long the end of a session shows in the store, in ms. */
  tombstoneTtl: number
  /** Called at most once in `recheck`, with how many checks failed. */
  onFailure(count: number): void
}

/** Checks the sessions of connections: each of them once in every period. */
export class Checker {
  readonly #options: CheckerOptions
  readonly #wheel: CheckWheel<HeldSession>
  readonly #failures: CheckFailures
  #timer: NodeJS.Timeout | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  /** Not in the context of the request that set the timer: it would stay in memory. */
  readonly #onTimer = AsyncResource.bind(() => this.#checkDue())

  constructor(options: CheckerOptions) {
    this.#options = options
    this.#wheel = new CheckWheel(options.recheck)
    this.#failures = new CheckFailures(options.recheck, options.onFailure)
  }

  /** `seenAt` and the times of checks, in ms: a clock that never goes back. */
  now(): number {
    return performance.now()
  }

  /** How many sessions are checked. */
  get size(): number {
    return this.#wheel.size
  }

  get sessions(): HeldSession[] {
    return this.#wheel.items
  }

  add(session: HeldSession): void {
    this.#wheel.add(session, this.now())
    this.#setTimer()
  }

  delete(session: HeldSession): void {
    this.#wheel.delete(session)
    if (this.#wheel.size === 0) this.#clearTimer()
  }

  /** The reads of one turn leave in one write. */
  #checkDue(): void {
    this.#clearTimer()
    const now = this.now()
    for (const session of this.#wheel.due(now)) {
      // The store has not answered for about a period.
      const since = session.unansweredSince ?? now
      if (now - since > this.#options.recheck / 2) this.#failures.note(now)
      void this.check(session)
    }
    this.#setTimer()
  }

  #setTimer(): void {
    const { next } = this.#wheel
    if (next === undefined || next >= this.#wakesAt) return
    this.#clearTimer()
    this.#wakesAt = next
    this.#timer = setTimeout(this.#onTimer, Math.ceil(next - this.now()))
    // Otherwise a connection would keep an idle process alive.
    this.#timer.unref()
  }

  #clearTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#wakesAt = Number.POSITIVE_INFINITY
  }

  /** Checks a session now, and never rejects. */
  async check(session: HeldSession): Promise<void> {
    session.unansweredSince ??= this.now()
    try {
      await (session.writer ? this.#extend(session, session.writer) : this.look(session))
    } catch {
      this.#failures.note(this.now())
    } finally {
      session.unansweredSince = undefined
    }
  }

  /**
   * Reads a session, and ends its connections if it has ended. Returns why it ended.
   * @throws {StoreFailure}
   */
  async look(session: HeldSession): Promise<SessionEndKind | undefined> {
    const { records, tombstoneTtl } = this.#options
    const begunAt = this.now()
    const found = await records.reload(session.record)
    const kind = verdictOf(found, {
      record: session.record,
      unseenFor: this.now() - session.seenAt,
      tombstoneTtl,
      isOver: this.#options.isOver,
    })
    if (kind) session.end(kind)
    else if (found.kind === 'record') session.see(found.record, begunAt)
    return kind
  }

  /** One compare-and-set, which extends the session and shows whether it has ended. */
  async #extend(session: HeldSession, writer: Writer): Promise<void> {
    const begunAt = this.now()
    const { record } = session
    // A session that is over must not be written again.
    const written = this.#options.isOver(record) ? undefined : await write(writer(record))
    if (written) session.see(written, begunAt)
    else await this.look(session)
  }
}

/** The record that was written; undefined: the session has ended, or it could not be written. */
async function write(session: SessionWrite): Promise<LoadedRecord | undefined> {
  try {
    return (await session.save()) ? session.found : undefined
  } catch {
    // A hook may have refused the write: a read shows whether the session goes on.
    return undefined
  }
}
