import { clock } from './clock.js'
import type { Session } from './oracle/model.js'

const KEPT = 4000

/** What a line is about: a browser, and the session of its cookie. */
export interface About {
  browser: number
  session: Session | undefined
}

interface Line {
  at: number
  /** undefined: a fault. */
  about: About | undefined
  text: string
}

/** The last events of a round, for the reports of violations. It holds no ids and no cookies. */
export class EventLog {
  readonly #begun = clock()
  #lines: Line[] = []

  note(about: About | undefined, text: string): void {
    this.#lines.push({ at: clock(), about, text })
    if (this.#lines.length > 2 * KEPT) this.#lines = this.#lines.slice(-KEPT)
  }

  /** The last lines of a browser, of others with its session, and of faults between them. */
  last({ browser, session }: About, count: number): string[] {
    const lines: string[] = []
    let left = count
    for (const { at, about, text } of this.#lines.toReversed()) {
      const isShared = session !== undefined && about?.session === session
      if (about && about.browser !== browser && !isShared) continue
      lines.push(`${this.#time(at)} ${about ? `browser ${about.browser}` : '***'} ${text}`)
      if (about && --left === 0) break
    }
    return lines.reverse()
  }

  #time(at: number): string {
    return `${((at - this.#begun) / 1000).toFixed(3)} s`.padStart(10)
  }
}
