import { RecordDraft } from '../record/draft.js'
import type { RecordFormat } from '../record/format.js'
import {
  type Change,
  type ChangeResult,
  LoadedRecord,
  type LookupResult,
  type SessionRecords,
} from '../record/records.js'
import { SessionError } from '../util/errors.js'
import type { CookieRecord, SealedCookieCodec } from './sealed-cookie-codec.js'

/** Browsers drop a cookie whose name and value are longer (RFC 6265bis, 5.6). */
const MAX_BYTES = 4096

/**
 * The records of sessions that are kept in cookies. The request brings its record, and the answer
 * carries what was written: the raw value of a record is the text of its cookie.
 */
export class SealedCookieStore implements SessionRecords {
  readonly #name: string
  readonly #codec: SealedCookieCodec
  readonly #format: RecordFormat

  /** `name`: of the cookie. */
  constructor(name: string, codec: SealedCookieCodec, format: RecordFormat) {
    this.#name = name
    this.#codec = codec
    this.#format = format
  }

  /** The record that the text of a cookie held. */
  received(text: string, { id, value }: CookieRecord): LoadedRecord {
    return new LoadedRecord(this.#format, id, id, text, value)
  }

  find(): LookupResult {
    return { kind: 'missing' }
  }

  /** A request brings all that there is of its session. */
  reload(record: LoadedRecord): LookupResult {
    return { kind: 'record', record }
  }

  async create(
    newId: () => Promise<string>,
    value: string,
    expiresAt: number,
  ): Promise<LoadedRecord> {
    return this.#write({ id: await newId(), value, expiresAt })
  }

  /** No other request can change this request's cookie. */
  async change(change: Change): Promise<ChangeResult> {
    const draft = new RecordDraft(change.base)
    if (!(await change.apply(draft))) return { kind: 'gone' }
    const { base } = change
    const { value, expiresAt } = draft
    const text = this.#codec.encrypt(this.#name, { id: base.id, value, expiresAt })
    // A cookie of koa-session may be too large once it is encrypted. It stays until it is changed:
    // otherwise every request of its user would fail.
    if (base.raw === '' && value === base.value && !this.#fits(text))
      return { kind: 'written', record: base }
    return { kind: 'written', record: this.#sealed(text, { id: base.id, value, expiresAt }) }
  }

  /** Clearing the cookie ends the session in this browser. */
  async revoke(): Promise<boolean> {
    return true
  }

  async rollback(): Promise<void> {}

  /** @throws {SessionError} ERR_SESSION_OPTION: the sessions of others are in their browsers. */
  async overwrite(): Promise<void> {
    throw unavailableHere('ctx.sessionStore to write to')
  }

  setDeadline(): void {}

  get ends(): number {
    return 0
  }

  isCurrent(): boolean {
    return true
  }

  tick(): number {
    return 0
  }

  /** @throws {SessionError} ERR_SESSION_SIZE */
  #write(record: CookieRecord): LoadedRecord {
    return this.#sealed(this.#codec.encrypt(this.#name, record), record)
  }

  #sealed(text: string, record: CookieRecord): LoadedRecord {
    if (!this.#fits(text)) throw tooLarge()
    return this.received(text, record)
  }

  #fits(text: string): boolean {
    return this.#name.length + text.length <= MAX_BYTES
  }
}

/** The error for a part of this package that needs a store. */
export function unavailableHere(what: string): SessionError {
  return new SessionError(
    'ERR_SESSION_OPTION',
    `There is no ${what} where sessions are kept in cookies: remove it, or use the middleware of koa-sess itself`,
  )
}

function tooLarge(): SessionError {
  return new SessionError(
    'ERR_SESSION_SIZE',
    `The session does not fit into a cookie: encrypted, it must take at most ${MAX_BYTES} bytes together with the name. Keep less in it, or use a store`,
  )
}
