import { reasonOf } from './reason.js'

const MAX_REASONS = 5

/** Why sessions could not be copied: each reason once, with the number of its sessions. */
export class Failures {
  readonly #counts = new Map<string, number>()

  /** `error`: what a store threw; undefined: the session changed each time it was copied. */
  add(error: unknown): void {
    const reason =
      error === undefined ? 'it changed each time it was copied: run it again' : reasonOf(error)
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
  }

  /** The most frequent reasons, one line each. */
  lines(): string[] {
    const reasons = [...this.#counts].sort(([, one], [, other]) => other - one)
    return reasons
      .slice(0, MAX_REASONS)
      .map(
        ([reason, count]) => `${count} ${count === 1 ? 'session' : 'sessions'} failed: ${reason}`,
      )
  }
}
