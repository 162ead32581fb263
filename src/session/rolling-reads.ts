/** The deadlines of how many sessions are known. */
const MAX_KNOWN = 1000

/** A moment at which a session got a deadline. */
interface Extended {
  /** In epoch ms. */
  readonly expiresAt: number
  /** The deadline before, in epoch ms; undefined: not known. */
  before?: number | undefined
}

/** A read that extended a session. */
export interface RollingRead extends Extended {
  readonly id: string
}

/**
 * With `rolling`, the read of a session also extends it. A handler that sets `ctx.sessionSave = false`
 * after the read does not want that: the deadline is put back to the one before, which this process
 * remembers. Another process may have extended the session since, so that this is done once. From then
 * on reads of this process extend no session; the commits do, with one more command each.
 */
export class RollingReads {
  #ms: number | undefined
  readonly #known = new Map<string, Extended>()

  /** `ms`: by how much a read extends a session; undefined: it does not. */
  constructor(ms: number | undefined) {
    this.#ms = ms
  }

  /** By how many ms a read extends a session now; undefined: it does not. */
  get ms(): number | undefined {
    return this.#ms
  }

  /** Notes that a read extends a session. */
  begin(id: string, expiresAt: number): RollingRead {
    const read = { id, expiresAt, before: this.#known.get(id)?.expiresAt }
    this.#set(id, read)
    return read
  }

  /** Notes the deadline with which a session was written. */
  note(id: string, expiresAt: number): void {
    if (this.#ms !== undefined) this.#set(id, { expiresAt })
  }

  /**
   * Takes back that a read extends a session.
   * @returns the deadline to put back, in epoch ms; undefined: it is not known, or another request has
   * extended the session since.
   */
  undo(read: RollingRead): number | undefined {
    this.#ms = undefined
    const last = this.#known.get(read.id)
    if (last === read) return read.before
    // Another request has extended the session since. It may be one that takes that back as well.
    if (last?.before === read.expiresAt) last.before = read.before
    return undefined
  }

  #set(id: string, extended: Extended): void {
    if (this.#known.has(id)) this.#known.set(id, extended)
    else {
      if (this.#known.size >= MAX_KNOWN) this.#forgetOldest()
      // A slice of a Cookie header would keep the whole header alive.
      this.#known.set(Buffer.from(id).toString(), extended)
    }
  }

  #forgetOldest(): void {
    const { value } = this.#known.keys().next()
    if (value !== undefined) this.#known.delete(value)
  }
}
