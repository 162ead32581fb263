import { type OpenWorld, Steps, type UserWorld } from './world.js'

const LIST = 'active-sessions-ada'

/**
 * Modelled on the secondary storage of better-auth (internal-adapter.ts): the list of a user is one JSON
 * value, which each login and each refresh reads and sets. A refresh sets its session if it was there.
 * All are ended by deleting what the list names, and then the list. It has no limit.
 */
class GetAndSet implements UserWorld {
  readonly #values = new Map<string, string>()
  readonly #steps: Steps
  #logins = 0

  constructor(steps: Steps) {
    this.#steps = steps
  }

  async begin(): Promise<undefined> {
    return undefined
  }

  async login(): Promise<string> {
    const id = `session-${++this.#logins}`
    const list = await this.#list()
    await this.#set(LIST, [...list, id])
    await this.#set(id, { user: 'ada' })
    return id
  }

  async refresh(id: string): Promise<void> {
    const session = await this.#get(id)
    if (session === undefined) return
    await this.#set(id, session)
    const list = await this.#list()
    await this.#set(LIST, [...list.filter((each) => each !== id), id])
  }

  async endAll(): Promise<void> {
    for (const id of await this.#list()) await this.#delete(id)
    await this.#delete(LIST)
  }

  isLive(id: string): boolean {
    return this.#values.has(id)
  }

  isListed(id: string): boolean {
    return this.#parse(this.#values.get(LIST)).includes(id)
  }

  run(): Promise<void> {
    return this.#steps.run()
  }

  close(): void {}

  async #list(): Promise<string[]> {
    return this.#parse(await this.#steps.call(() => this.#values.get(LIST)))
  }

  #parse(text: string | undefined): string[] {
    return JSON.parse(text ?? '[]')
  }

  async #get(key: string): Promise<unknown> {
    const text = await this.#steps.call(() => this.#values.get(key))
    return text === undefined ? undefined : JSON.parse(text)
  }

  #set(key: string, value: unknown): Promise<unknown> {
    return this.#steps.call(() => this.#values.set(key, JSON.stringify(value)))
  }

  #delete(key: string): Promise<unknown> {
    return this.#steps.call(() => this.#values.delete(key))
  }
}

export const getAndSet: OpenWorld = ({ random }) => new GetAndSet(new Steps(random))
