import { setImmediate as tick } from 'node:timers/promises'
import type {
  LegacyStore,
  Replaced,
  ScanPage,
  SessionStore,
  StoredSession,
} from '../../src/stores/contract.js'

export interface Row {
  value: string
  expiresAt: number
}

/** A store that is right, of parts that a bad one can get wrong. */
export class Rows implements SessionStore {
  rows = new Map<string, Row>()

  constructor(readonly now: () => number) {}

  /** What a key is filed under, and what of a value is kept. */
  filed(key: string): string {
    return key
  }
  kept(value: string): string {
    return value
  }
  equal(current: string, expected: string): boolean {
    return current === expected
  }
  isOver(row: Row): boolean {
    return row.expiresAt <= this.now()
  }
  live(key: string): Row | undefined {
    const row = this.rows.get(this.filed(key))
    return row && !this.isOver(row) ? row : undefined
  }
  put(key: string, value: string, expiresAt: number): void {
    this.rows.set(this.filed(key), { value: this.kept(value), expiresAt })
  }

  async load(key: string, touch?: number): Promise<string | undefined> {
    const row = this.live(key)
    if (row && touch !== undefined) row.expiresAt = touch
    return row?.value
  }
  async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    if (this.live(key)) return false
    this.put(key, value, expiresAt)
    return true
  }
  async replace(key: string, expected: string, value: string, end: number): Promise<Replaced> {
    const row = this.live(key)
    if (!row || !this.equal(row.value, expected)) return { ok: false, current: row?.value }
    this.put(key, value, end)
    return { ok: true }
  }
  async touch(key: string, expiresAt: number): Promise<boolean> {
    const row = this.live(key)
    if (row) row.expiresAt = expiresAt
    return row !== undefined
  }
  async destroy(key: string): Promise<boolean> {
    const live = this.live(key) !== undefined
    this.rows.delete(this.filed(key))
    return live
  }

  matches(key: string, prefix: string): boolean {
    return key.startsWith(prefix)
  }
  async scan(prefix: string, cursor = '', count = 100): Promise<ScanPage> {
    const keys = [...this.rows.keys()].filter((key) => this.matches(key, prefix) && key > cursor)
    const page = keys.sort().slice(0, count)
    const records = page.flatMap((key) => {
      const row = this.live(key)
      return row ? [{ key, value: row.value, expiresAt: row.expiresAt }] : []
    })
    return { records, cursor: keys.length > count ? page.at(-1) : undefined }
  }
}

/** The older kind, likewise. */
export class OlderRows implements LegacyStore {
  readonly rows = new Map<string, Row>()

  constructor(readonly now: () => number) {}

  async get(sid: string): Promise<unknown> {
    const row = this.rows.get(sid)
    return row && row.expiresAt > this.now() ? JSON.parse(row.value) : null
  }
  async set(sid: string, session: StoredSession, ttl: number): Promise<void> {
    this.rows.set(sid, { value: JSON.stringify(session), expiresAt: this.now() + ttl })
  }
  async destroy(sid: string): Promise<void> {
    this.rows.delete(sid)
  }
}

export { tick }

export type Kind<S> = new (now: () => number) => S

/** A store that is wrong in one way, and tests that must find it. */
export type Bad<S> = [store: Kind<S>, ...found: string[]]
