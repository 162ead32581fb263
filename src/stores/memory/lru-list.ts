/** What the MemoryStore keeps of a session, between those that were used right before and after it. */
export class Entry {
  expiresAt = 0
  before: Entry = this
  after: Entry = this

  constructor(
    /** As it was created: what a later request brings would keep its whole Cookie header alive. */
    readonly key: string,
    public value: string,
  ) {}
}

/**
 * Entries in the order of use. Apart from the Map that finds them: one that is deleted from a Map and
 * set again for every use leaves a hole each time, and a Map full of holes is copied as a whole, which
 * took 175 ms with a million entries.
 */
export class Ring {
  readonly #end = new Entry('', '')

  /** The one that was not used for longest; undefined: there is none. */
  get oldest(): Entry | undefined {
    const { after } = this.#end
    return after === this.#end ? undefined : after
  }

  /** Takes it in where it is not in yet. */
  use(entry: Entry): void {
    this.remove(entry)
    const end = this.#end
    entry.before = end.before
    entry.after = end
    end.before.after = entry
    end.before = entry
  }

  remove(entry: Entry): void {
    entry.before.after = entry.after
    entry.after.before = entry.before
    entry.before = entry
    entry.after = entry
  }
}

const optimiser = { sees: 0 }

/** A rope as one piece, a third smaller: V8 makes it so to read a number, where that is not in vain. */
export function flat(text: string): string {
  optimiser.sees = Number(text)
  return text
}
