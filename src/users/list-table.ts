import { createHash, randomBytes } from 'node:crypto'
import type { RecordEnvelope } from '../record/envelope.js'
import type { RecordTable, Seen } from '../record/table.js'
import { parseObject } from '../util/json.js'
import type { Lists, StoredList } from './lists.js'
import { EMPTY_LIST, parseList, type UserList } from './user-list.js'

/** In front of the hash of a user. No id can hold it, so no cookie leads to a list. */
const USER_MARK = '&'
/** Whether a key of the store is that of a list. `prefix`: the option of that name. */
export function isListKey(prefix: string, key: string): boolean {
  return key.startsWith(prefix + USER_MARK)
}

/** Makes each write differ from every other one, so that a command that was sent twice finds its own. */
const NONCE_BYTES = 9

/** The lists of users as records of the store: one compare-and-set for each change. */
export class ListTable implements Lists {
  readonly #table: RecordTable
  readonly #envelope: RecordEnvelope

  constructor(table: RecordTable, envelope: RecordEnvelope) {
    this.#table = table
    this.#envelope = envelope
  }

  key(user: string): string {
    const hash = createHash('sha256').update(user).digest('base64url')
    return this.#envelope.prefix + USER_MARK + hash
  }

  async load(key: string): Promise<StoredList> {
    return this.#parse(key, await this.#table.load('get', key))
  }

  async write(
    key: string,
    raw: string | undefined,
    list: UserList,
  ): Promise<{ written: string } | { current: StoredList }> {
    const nonce = randomBytes(NONCE_BYTES).toString('base64url')
    const next = this.#envelope.wrap(key, JSON.stringify({ ...list, nonce }))
    if (raw !== undefined) return this.#replace({ key, raw }, next, list.until)
    if (await this.#table.create(key, next, list.until)) return { written: next }
    const current = await this.load(key)
    return current.raw === next ? { written: next } : { current }
  }

  async #replace(seen: Seen, next: string, until: number) {
    const answer = await this.#table.replace('set', seen, next, until, true)
    return answer.ok ? { written: next } : { current: this.#parse(seen.key, answer.current) }
  }

  #parse(key: string, raw: string | undefined): StoredList {
    const value = raw === undefined ? undefined : this.#envelope.unwrap(key, raw)
    return { raw, list: value === undefined ? EMPTY_LIST : parseList(parseObject(value)) }
  }
}
