import { type OpenWorld, Steps, type UserWorld } from './world.js'

interface Fields {
  user?: string
  /** The session counts as expired: Spring ends it so, and lets the server delete it later. */
  ended?: boolean
  lastAccessed?: number
}

/**
 * Modelled on RedisIndexedSessionRepository of Spring Session, and on ConcurrentSessionControl of Spring
 * Security: a hash for each session, and beside it a set of the ids of a user. A login counts the sessions
 * of the set, ends the oldest ones above the limit, and is then saved and added to the set. A refresh sets
 * fields of the hash, whether it is there or not.
 */
class IndexSet implements UserWorld {
  readonly #hashes = new Map<string, Fields>()
  readonly #ids = new Set<string>()
  readonly #steps: Steps
  readonly #max: number | undefined
  #logins = 0

  constructor(steps: Steps, max: number | undefined) {
    this.#steps = steps
    this.#max = max
  }

  async begin(): Promise<undefined> {
    return undefined
  }

  async login(): Promise<string> {
    const id = `session-${++this.#logins}`
    if (this.#max !== undefined) await this.#makeRoom(this.#max)
    await this.#set(id, { user: 'ada' })
    await this.#steps.call(() => this.#ids.add(id))
    return id
  }

  async #makeRoom(max: number): Promise<void> {
    const found = await this.#find()
    const excess = Math.max(0, found.length + 1 - max)
    for (const id of found.slice(0, excess)) await this.#set(id, { ended: true })
  }

  async refresh(id: string): Promise<void> {
    const fields = await this.#get(id)
    if (fields?.user === undefined || fields.ended) return
    await this.#set(id, { lastAccessed: 1 })
  }

  async endAll(): Promise<void> {
    for (const id of await this.#find()) {
      await this.#steps.call(() => this.#ids.delete(id))
      await this.#set(id, { ended: true })
    }
  }

  isLive(id: string): boolean {
    const fields = this.#hashes.get(id)
    return fields?.user === 'ada' && !fields.ended
  }

  isListed(id: string): boolean {
    return this.#ids.has(id)
  }

  run(): Promise<void> {
    return this.#steps.run()
  }

  close(): void {}

  /** The ids of the set whose sessions live. */
  async #find(): Promise<string[]> {
    const ids = await this.#steps.call(() => [...this.#ids])
    const found: string[] = []
    for (const id of ids) {
      const fields = await this.#get(id)
      if (fields?.user !== undefined && !fields.ended) found.push(id)
    }
    return found
  }

  #get(id: string): Promise<Fields | undefined> {
    return this.#steps.call(() => this.#hashes.get(id))
  }

  #set(id: string, fields: Fields): Promise<unknown> {
    return this.#steps.call(() => this.#hashes.set(id, { ...this.#hashes.get(id), ...fields }))
  }
}

export const indexSet: OpenWorld = ({ random, max }) => new IndexSet(new Steps(random), max)
