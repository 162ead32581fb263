import type { Entry } from './lru-list.js'

/** How many entries a MemoryStore holds, and the memory that they take: sessions, and lists of users. */
export class Totals {
  sessions = 0
  sessionBytes = 0
  listBytes = 0

  add(entry: Entry): void {
    this.#count(entry, 1)
  }

  /** Call before the value of an entry changes, too. */
  remove(entry: Entry): void {
    this.#count(entry, -1)
  }

  #count({ isList, bytes }: Entry, sign: 1 | -1): void {
    if (isList) this.listBytes += sign * bytes
    else {
      this.sessions += sign
      this.sessionBytes += sign * bytes
    }
  }
}
