/** The sessions of one user, as an implementation keeps them. */
export interface UserWorld {
  /** What a login takes before the password is checked; nothing, where there is no such thing. */
  begin(): Promise<string | undefined>
  /** Logs in. Returns the id that the browser is sent; undefined: the login was refused. */
  login(begun?: string): Promise<string | undefined>
  /** A request that extends its session. */
  refresh(id: string): Promise<void>
  endAll(): Promise<void>
  /** Whether a browser can use the session of an id. */
  isLive(id: string): boolean
  /** The ids, or keys, in the list of the user. */
  isListed(id: string): boolean
  /** Runs the store calls that wait, in random order, until none waits. */
  run(): Promise<void>
  close(): void
}

export interface WorldOptions {
  random(): number
  /** How many sessions the user may have; undefined: no limit. */
  max: number | undefined
}

/** Makes an empty world. */
export type OpenWorld = (options: WorldOptions) => UserWorld

/** Store calls that wait until a random one of them is picked. */
export class Steps {
  readonly #random: () => number
  readonly #waiting: (() => void)[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  call<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => this.#waiting.push(() => resolve(work())))
  }

  async run(): Promise<void> {
    for (;;) {
      await new Promise(setImmediate)
      const at = Math.floor(this.#random() * this.#waiting.length)
      const [next] = this.#waiting.splice(at, 1)
      if (!next) return
      next()
    }
  }
}
