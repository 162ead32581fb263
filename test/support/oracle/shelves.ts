import { type LegacyStore, MemoryStore } from '../../../src/index.js'
import { FaultyStore } from '../../../src/testing.js'
import { now, parsed, written } from './record-data.js'

const DAY = 86_400_000

/** A store, and its records as they are. */
export interface Shelf {
  store: FaultyStore
  put(key: string, value: string): void
  peek(key: string): string | undefined
  drop(key: string): void
  /** The value that the middleware gets for a stored one. */
  given(value: string): string
}

const strong = (): Shelf => {
  const memory = new MemoryStore({ now })
  return {
    store: new FaultyStore(memory),
    put(key, value) {
      memory.destroy(key)
      memory.create(key, value, now() + DAY)
    },
    peek: (key) => memory.load(key),
    drop: (key) => memory.destroy(key),
    given: (value) => value,
  }
}

/** A store of the older contract parses what it holds. */
const older = (): Shelf => {
  const rows = new Map<string, string>()
  const store: LegacyStore = {
    get: (sid) => parsed(rows.get(sid)) ?? rows.get(sid),
    set: (sid, data) => void rows.set(sid, JSON.stringify(data)),
    destroy: (sid) => void rows.delete(sid),
  }
  return {
    store: new FaultyStore(store, { now }),
    put: (key, value) => rows.set(key, value),
    peek: (key) => rows.get(key),
    drop: (key) => rows.delete(key),
    given: (value) => written(parsed(value)) ?? '',
  }
}

export const KINDS = [
  { name: 'a store', shelf: strong },
  { name: 'an older store', shelf: older },
] as const
