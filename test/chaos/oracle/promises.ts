import type { Step } from './model.js'

/** What is checked, by the word that reports use. */
export const PROMISES = {
  updates: 'an acknowledged update() is never lost, and never counted twice',
  keys: 'keys of acknowledged requests are kept while the session lives',
  ends: 'after an acknowledged logout, kick or login the old cookie opens nothing',
  cookies: 'no answer sets the cookie of a session that had ended, or takes a live one away',
  logins: 'an acknowledged login has a cookie that opens the session of its user',
  writes: 'a request whose session lives finds it, and its acknowledged write is not dropped',
  foreign: 'a request sees its own session, and nothing that was written to another',
  cuts: 'a login or write whose connection was cut leaves the old cookie or the new one working',
  answers: 'every request is answered in time, with a 503 at worst, and only under a fault',
} as const

export type Promised = keyof typeof PROMISES

export interface Violation {
  promise: Promised
  step: Step
  text: string
}

/** What is no violation under a kind of fault. */
export interface Tolerances {
  /** Requests may be answered with a 503. */
  unavailable?: true
  /** Requests may get no answer: their process was killed. */
  unanswered?: true
  /** A login may lose the session when its process or the store is away, so that no look is possible. */
  lostLogins?: true
  /** A read may see a write that was not acknowledged, and that is lost with its server later. */
  dirtyReads?: true
}
