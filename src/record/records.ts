import type { Awaitable } from '../util/async.js'
import { isShallow } from '../util/json.js'
import {
  areSameFields,
  differingKeys,
  type FieldChange,
  type FieldLookup,
  type Fields,
  splitFields,
} from './fields.js'
import {
  isEncodable,
  parseRecord,
  type RecordContent,
  type RecordEnd,
  type RecordFormat,
} from './format.js'
import { createdIn } from './stored-cookie.js'
import type { EndKind } from './tombstone.js'

/** A record as it was read or written. It is parsed at most once, when an answer depends on it. */
export class LoadedRecord {
  #content: RecordContent | null | undefined
  #fields: Fields | undefined
  #isTimeless: boolean | undefined
  #isWritable: boolean | undefined
  #compared: { base: Fields; keys: readonly string[] } | undefined

  constructor(
    readonly format: RecordFormat,
    readonly id: string,
    /** The key in the store. */
    readonly key: string,
    /** The value in the store, which compare-and-set compares with. */
    readonly raw: string,
    /** The record as JSON: `raw`, opened. */
    readonly value: string,
    /** This process wrote the value, so that it is valid JSON which can be written again. */
    readonly isOwn = false,
  ) {}

  /**
   * What the record holds; undefined when it is not a record. A session takes its data over, so
   * after a session was made of it only `fields` says what was stored.
   */
  get content(): RecordContent | undefined {
    if (this.#content === undefined) this.#content = this.format.parse(this.value) ?? null
    return this.#content ?? undefined
  }

  /** Each key as stored, spelled as a session of this record would write it. */
  get fields(): Fields {
    this.#fields ??= this.#split()
    return this.#fields
  }

  /**
   * The keys in which this record can differ from other fields. All requests of a group compare with the
   * same base, so its differences are kept.
   */
  keysBeside(fields: FieldLookup): Iterable<string> {
    const { base, compared } = fields
    if (!base || !compared) return differingKeys(this.fields, fields)
    if (this.#compared?.base !== base)
      this.#compared = { base, keys: differingKeys(this.fields, base) }
    return new Set([...this.#compared.keys, ...compared])
  }

  #split(): Fields {
    // Nothing has to be left out or spelled anew, so nothing has to be parsed.
    if (this.isOwn && this.isTimeless && this.format.hasDefaultCookie(this.value))
      return splitFields(this.value)
    const { content } = this
    return content ? this.format.fieldsOf(this.value, content) : new Map()
  }

  /** When the session began, in epoch ms; undefined: the record does not say. */
  get createdAt(): number | undefined {
    return this.isTimeless ? undefined : createdIn(this.content?.cookie)
  }

  /** What the record says about its own end. */
  get end(): RecordEnd {
    return this.isTimeless ? NO_END : (this.content ?? NO_END)
  }

  /** The fixed end of its cookie, in epoch ms; Infinity: it has none; undefined: it follows the options. */
  get cookieEnd(): number | undefined {
    const cookie = this.isTimeless ? undefined : this.content?.cookie
    if (typeof cookie !== 'object' || cookie === null || !('expires' in cookie)) return undefined
    const { expires } = cookie
    return typeof expires === 'string' ? Date.parse(expires) : Number.POSITIVE_INFINITY
  }

  /** Whether it is a record that JSON can write again. Deep nesting can be parsed and not written. */
  get isWritable(): boolean {
    this.#isWritable ??= this.isOwn || this.#isEncodable()
    return this.#isWritable
  }

  #isEncodable(): boolean {
    if (!this.content || isShallow(this.value)) return this.content !== undefined
    // A handler may have changed what `content` shares with its session.
    const content = parseRecord(this.value)
    return content !== undefined && isEncodable(content.data)
  }

  /**
   * Whether a session is the one that was stored, in whatever spelling.
   * @param encoded The session as its record would hold it.
   * @param fields Called with the session for its fields when the texts differ.
   */
  isSameAs<S>(encoded: string, session: S, fields: (session: S) => Fields): boolean {
    if (encoded === this.value) return true
    // The default cookie shows that this package spelled it: a different text is a different session.
    if (this.format.hasDefaultCookie(this.value) || !this.isWritable) return false
    return areSameFields(this.fields, fields(session))
  }

  /** Whether it says nothing of its beginning or end: a quick look, which spares parsing most records. */
  get isTimeless(): boolean {
    if (this.#isTimeless === undefined) {
      const words = this.format.hasDefaultCookie(this.value) ? PEER_WORDS : TIME_WORDS
      this.#isTimeless = !words.some((word) => this.value.includes(word))
    }
    return this.#isTimeless
  }
}

const NO_END: RecordEnd = {}

/** In the default cookie there is nothing of time, so that only koa-session's keys can say it. */
const PEER_WORDS = ['"_expire"', '"_session"']
const TIME_WORDS = [...PEER_WORDS, '"created"', '"until"', '"expires"']

/** When a session ended that is found ended. */
export interface SessionEnd {
  /** In epoch ms, by the clock of the process that ended it. */
  at: number
  /** How many sessions had ended in this process by then; 0: it ended in another process. */
  order: number
  kind: EndKind
}

/** What the lookup of an id found. */
export type LookupResult =
  | { kind: 'missing' }
  | { kind: 'record'; record: LoadedRecord }
  /** A session that ended moments ago. */
  | { kind: 'tombstone'; end: SessionEnd }
  /** A record that no key opens. */
  | { kind: 'unreadable' }

/** What became of a write over a record that was read. */
export type ReplaceResult =
  | { kind: 'written'; record: LoadedRecord }
  /** Another request wrote meanwhile: nothing was written. */
  | { kind: 'conflict'; theirs: LoadedRecord }
  /** The record is not there any more: nothing was written. */
  | { kind: 'gone' }

/** How a record is to be written. */
export interface RecordWrite {
  /** Epoch ms. */
  expiresAt: number
  end: RecordEnd
}

/** A record while one or more requests change it, before it is written. */
export interface Draft {
  /** What is stored now. */
  readonly record: LoadedRecord
  /** Nothing was changed so far. */
  readonly isUntouched: boolean
  /** The record as it is to be written. */
  readonly value: string
  /** The fields as they are to be written. */
  readonly fields: Fields
  /** The fields of a record that a request read: many requests of a group have read the same. */
  fieldsOf(record: LoadedRecord): Fields
  /** Takes a whole record, in place of the stored one. */
  replace(value: string, write: RecordWrite): void
  /** Changes single fields; none: extends the record. */
  edit(changes: readonly FieldChange[], write: RecordWrite): void
}

/** A change that a request makes to a record. */
export interface Change {
  /** The record as the request read it. */
  readonly base: LoadedRecord
  /**
   * Makes the change in a draft, by one `replace` or `edit`. If it throws, this change alone fails.
   * False: what is stored is not a session.
   */
  apply(draft: Draft): Awaitable<boolean>
}

/** What became of a change; `record`: as it is stored now, with the changes of other requests. */
export type ChangeResult = Exclude<ReplaceResult, { kind: 'conflict' }>

/** Where the records of sessions are: behind a store, or in the cookie itself. */
export interface SessionRecords {
  /** Looks an id up, in one store call; `touch` moves the deadline (epoch ms) in the same call. */
  find(id: string, touch?: number): Awaitable<LookupResult>
  /** Reads a record again. */
  reload(record: LoadedRecord): Awaitable<LookupResult>
  /**
   * Inserts a record under a new id. A taken id is never overwritten: `newId` is called again.
   * @throws {SessionError} ERR_SESSION_ID when ids keep colliding; ERR_SESSION_SIZE.
   */
  create(newId: () => Promise<string>, value: string, expiresAt: number): Promise<LoadedRecord>
  /**
   * Makes a change in what is stored now, together with the changes that other requests of this
   * process make to the same record at the same time.
   * @throws {SessionError} ERR_SESSION_SIZE, ERR_SESSION_CONFLICT, and what the change throws.
   */
  change(change: Change): Awaitable<ChangeResult>
  /**
   * Ends a session in whatever state it is, and blocks its id for a moment. False: it was gone.
   * @param kind Default `ended`.
   */
  revoke(record: LoadedRecord, kind?: EndKind): Promise<boolean>
  /** Takes back a record that no browser has a cookie of. Never throws. */
  rollback(record: LoadedRecord): Promise<void>
  /**
   * Writes a record over whatever is stored.
   * @throws {SessionError} ERR_SESSION_CONFLICT, ERR_SESSION_SIZE
   */
  overwrite(id: string, value: string, expiresAt: number): Promise<void>
  /**
   * Moves the deadline of a record (epoch ms), and writes nothing else. A record that is gone stays
   * gone.
   */
  setDeadline(record: LoadedRecord, expiresAt: number): Awaitable<unknown>
  /** How many sessions ended in this process so far. */
  readonly ends: number
  /** Whether a record is stored as it would be written today. */
  isCurrent(record: LoadedRecord): boolean
  /**
   * A number that grows with every turn of the event loop and with every session that ends here.
   * Between two equal ticks, no other request of this process can have changed what was read.
   */
  tick(): number
}
