import { type Awaitable, ignoreRejection, isPromise } from '../util/async.js'

/** The id of a session that is not stored yet. */
export class ReservedId {
  #id: Awaitable<string> | undefined
  readonly #source: { newId(): Awaitable<string> }

  constructor(source: { newId(): Awaitable<string> }) {
    this.#source = source
  }

  /** The id; undefined: there is none, or `genSid` still makes it. */
  get value(): string | undefined {
    return typeof this.#id === 'string' ? this.#id : undefined
  }

  /** Returns the id; the first call makes one. */
  reserve(): Awaitable<string> {
    this.#id ??= this.#make()
    return this.#id
  }

  choose(id: string): void {
    this.#id = id
  }

  drop(): void {
    this.#id = undefined
  }

  /** The id, for one attempt to store the session, or a new one. */
  take(): Awaitable<string> {
    const id = this.#id ?? this.#source.newId()
    this.#id = undefined
    return id
  }

  #make(): Awaitable<string> {
    const id = this.#source.newId()
    if (isPromise(id)) {
      const known = id.then((made) => {
        if (this.#id === id) this.#id = made
      })
      ignoreRejection(known)
    }
    return id
  }
}
