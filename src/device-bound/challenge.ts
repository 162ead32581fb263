import type { Purpose, PurposeKeys } from './purpose-keys.js'

/**
 * For how long the challenge of a session stays the same, in ms. Chromium signs a challenge once and
 * keeps the signature: six new ones in nine minutes are its quota.
 */
const STRETCH = 600_000

const SHAPE = /^(\d{1,12})\.([\w-]{43})$/

type ChallengePurpose = Extract<Purpose, `${string} challenge`>

/** The challenges of this stretch of time: MACs, so that none has to be stored. */
export class Challenges {
  readonly #keys: PurposeKeys
  readonly #now: () => number

  constructor(keys: PurposeKeys, now: () => number) {
    this.#keys = keys
    this.#now = now
  }

  /** `id`: of the session, or of its binding. */
  make(purpose: ChallengePurpose, id: string): string {
    const stretch = this.#stretch()
    return `${stretch}.${this.#keys.sign(purpose, `${id} ${stretch}`)}`
  }

  /** Whether it is of this stretch or a neighbour: the clock of another server may be ahead. */
  isFresh(purpose: ChallengePurpose, id: string, challenge: string): boolean {
    const [, stretch = '', mac = ''] = SHAPE.exec(challenge) ?? []
    const age = this.#stretch() - Number(stretch)
    if (stretch === '' || Math.abs(age) > 1) return false
    return this.#keys.verify(purpose, `${id} ${stretch}`, mac)
  }

  #stretch(): number {
    return Math.floor(this.#now() / STRETCH)
  }
}
