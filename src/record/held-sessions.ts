import type { EndKind } from './tombstone.js'

/** A session that connections of this process hold. */
export interface Holder {
  /** How many connections hold it. */
  readonly size: number
  /** Called when it ended in this process. */
  end(kind: EndKind): void
  /** Called when it was found ended, and it is not known why. */
  check(): void
}

/** The sessions that connections of this process hold, by the key of their record. */
export class HeldSessions {
  readonly #holders = new Map<string, Holder>()
  readonly #openings = new Set<Set<string>>()

  get(key: string): Holder | undefined {
    return this.#holders.get(key)
  }

  add(key: string, holder: Holder): void {
    this.#holders.set(key, holder)
  }

  delete(key: string): void {
    this.#holders.delete(key)
  }

  /**
   * Collects the keys of the sessions that end from now on, until `finishOpening`: a session that is
   * being read to be held is not held yet.
   */
  beginOpening(): Set<string> {
    const ended = new Set<string>()
    this.#openings.add(ended)
    return ended
  }

  finishOpening(ended: Set<string>): void {
    this.#openings.delete(ended)
  }

  /** A session ended in this process. */
  end(key: string, kind: EndKind): void {
    for (const ended of this.#openings) ended.add(key)
    this.#holders.get(key)?.end(kind)
  }

  /** A session was found ended, and it is not known why. */
  check(key: string): void {
    this.#holders.get(key)?.check()
  }

  /** How many connections of this process hold a session. */
  count(key: string): number {
    return this.#holders.get(key)?.size ?? 0
  }
}
