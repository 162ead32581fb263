/** What a request does. */
export type Action =
  | 'read'
  | 'write'
  | 'count'
  | 'login'
  | 'logout'
  | 'throw'
  | 'save-early'
  | 'save-twice'
  | 'count-early'
  | 'login-early'
  | 'throw-early'
  | 'kick'

/** What a session holds. `k…` and `l…` are the keys that request number … wrote. */
export interface Data {
  /** The number of the request that began the session, by its first write or by a login. */
  born?: number
  /** The number of the browser that began it. */
  owner?: number
  /** Written by a login. */
  user?: number
  /** How many increments, and the requests that made them. */
  count?: number
  counted?: number[]
  [key: `k${number}`]: true
  [key: `l${number}`]: true
}

/** The keys that a regenerated session keeps. */
export const KEPT = ['count', 'counted'] as const

export interface Report {
  /**
   * The request asked the store after this moment, by `clock()`: it could know what had ended by then.
   */
  known: number
  /** The session as the handler found it. */
  seen?: Data
  /** The increments in the session after `update()`. */
  after?: number[]
  /** What `sessionStore.destroy` returned. */
  kicked?: boolean
}

export const REPORT = 'x-chaos'
export const KICK = 'x-chaos-kick'

interface Traits {
  /** The names of the keys that it writes. */
  keys: readonly ('k' | 'l')[]
  counts?: true
  /** Ends the session of its cookie. */
  ends?: true
  throws?: true
}

export const TRAITS: Record<Action, Traits> = {
  read: { keys: [] },
  write: { keys: ['k'] },
  count: { keys: [], counts: true },
  login: { keys: [], ends: true },
  logout: { keys: [], ends: true },
  throw: { keys: ['k'], throws: true },
  'save-early': { keys: ['k'] },
  'save-twice': { keys: ['k', 'l'] },
  'count-early': { keys: [], counts: true },
  'login-early': { keys: [], ends: true },
  'throw-early': { keys: ['k'], throws: true },
  kick: { keys: [], ends: true },
}

export const isLogin = (action: Action) => action === 'login' || action === 'login-early'
/** Whether it begins a session where there is none. */
export const begins = (action: Action) =>
  isLogin(action) || TRAITS[action].counts === true || TRAITS[action].keys.length > 0
