import { describe, expect, it } from 'vitest'
import { type Answer, CLEARED, type Session, type Step } from './oracle/model.js'
import { Oracle } from './oracle/oracle.js'
import type { Promised, Tolerances } from './oracle/promises.js'
import type { Action, Data } from './protocol.js'

/** A history written by hand. Each request and each answer moves the clock on by one. */
class History {
  readonly broken: Promised[] = []
  readonly oracle: Oracle
  now = 0
  cuts: number[] = []
  #number = 0

  constructor(tolerates: Tolerances = {}) {
    this.oracle = new Oracle({
      tolerates,
      tombstone: 1000,
      cutsSince: (at) => this.cuts.filter((cut) => cut >= at).length,
      report: ({ promise }) => this.broken.push(promise),
    })
  }

  sent(action: Action, session?: Session): Step {
    const step = { number: ++this.#number, browser: 1, action, sentAt: ++this.now, session }
    this.oracle.sent(step)
    return step
  }

  answered(
    step: Step,
    { seen = {}, known = step.sentAt, held, ...rest }: Partial<Answer> & Details = {},
  ): Session | null | undefined {
    const report = { known, seen, ...(rest.after && { after: rest.after }) }
    const answer = { at: ++this.now, status: 200, cookie: undefined, report, ...rest }
    return this.oracle.answered(step, answer, held ?? step.session)
  }

  /** A session that a first write began. */
  begun(cookie = 'first'): Session {
    const session = this.answered(this.sent('write'), { cookie })
    if (!session) throw new Error('No session began')
    return session
  }

  /** What a request sees of a session that holds what was acknowledged; `more` overrides it. */
  seen(session: Session, more: Data = {}): Data {
    const keys = [...session.keys.keys()].map((key) => [key, true])
    const counted = [...session.counted.keys()]
    const { born, owner } = session
    return { born, owner, count: counted.length, counted, ...Object.fromEntries(keys), ...more }
  }

  read(session: Session, seen: Data = this.seen(session)): void {
    this.answered(this.sent('read', session), { seen })
  }
}

interface Details {
  seen?: Data
  known?: number
  held?: Session
  after?: number[]
}

type Story = (history: History) => void

const HELD: Record<string, Story> = {
  'a session is begun, read, written, and ended': (history) => {
    const session = history.begun()
    history.read(session)
    history.answered(history.sent('write', session), { seen: history.seen(session) })
    history.answered(history.sent('logout', session), {
      seen: history.seen(session),
      cookie: CLEARED,
    })
    history.read(session, {})
  },
  'a request that was sent before the logout sees the session': (history) => {
    const session = history.begun()
    const slow = history.sent('read', session)
    const seen = history.seen(session)
    history.answered(history.sent('logout', session), { seen, cookie: CLEARED })
    history.answered(slow, { seen })
  },
  'a session is not found while a logout is under way': (history) => {
    const session = history.begun()
    const logout = history.sent('logout', session)
    history.read(session, {})
    history.answered(logout, { seen: history.seen(session), cookie: CLEARED })
  },
  'an increment of a login under way need not be carried over': (history) => {
    const session = history.begun()
    const login = history.sent('login', session)
    const count = history.sent('count', session)
    history.answered(count, { seen: history.seen(session), after: [count.number] })
    const next = history.answered(login, { seen: history.seen(session), cookie: 'second' })
    if (next) history.read(next, { born: login.number, owner: 1 })
  },
  'an answer sets the cookie of a session that ended after the server looked': (history) => {
    const session = history.begun()
    const rolling = history.sent('read', session)
    const seen = history.seen(session)
    history.answered(history.sent('logout', session), { seen, cookie: CLEARED })
    history.answered(rolling, { seen, cookie: 'first' })
  },
  'of two logins at once one has the cookie': (history) => {
    const session = history.begun()
    const [one, other] = [history.sent('login', session), history.sent('login', session)]
    const seen = history.seen(session)
    history.answered(one, { seen })
    history.answered(other, { seen, cookie: 'second' })
    history.read(session, {})
    history.oracle.finish()
  },
  'a login fails, and the old session lives': (history) => {
    const session = history.begun()
    const login = history.sent('login', session)
    history.answered(login, { seen: history.seen(session), status: 503 })
    history.read(session)
    history.oracle.finish()
  },
  'two cuts hit a login, after which nothing could look': (history) => {
    const session = history.begun()
    const login = history.sent('login', session)
    history.cuts = [history.now, history.now]
    history.answered(login, { seen: history.seen(session), status: 503 })
    history.read(session, {})
    history.oracle.finish()
  },
}

const BROKEN: [Promised, string, Story][] = [
  [
    'updates',
    'an acknowledged increment is not there',
    (history) => {
      const session = history.begun()
      const count = history.sent('count', session)
      history.answered(count, { seen: history.seen(session), after: [count.number] })
      history.read(session, history.seen(session, { count: 0, counted: [] }))
    },
  ],
  [
    'updates',
    'an increment is counted twice',
    (history) => {
      const session = history.begun()
      const count = history.sent('count', session)
      const after = [count.number, count.number]
      history.answered(count, { seen: history.seen(session), after })
    },
  ],
  [
    'updates',
    'an increment that was acknowledged before a login is not carried over',
    (history) => {
      const session = history.begun()
      const count = history.sent('count', session)
      history.answered(count, { seen: history.seen(session), after: [count.number] })
      const login = history.sent('login', session)
      const next = history.answered(login, { seen: history.seen(session), cookie: 'second' })
      if (next) history.read(next, { born: login.number, owner: 1 })
    },
  ],
  [
    'keys',
    'an acknowledged key is not there',
    (history) => {
      const session = history.begun()
      history.read(session, { born: session.born, owner: session.owner })
    },
  ],
  [
    'ends',
    'a session is found after a logout',
    (history) => {
      const session = history.begun()
      const seen = history.seen(session)
      history.answered(history.sent('logout', session), { seen, cookie: CLEARED })
      history.read(session)
    },
  ],
  [
    'ends',
    'a session is found after a kick',
    (history) => {
      const session = history.begun()
      history.answered(history.sent('kick', session))
      history.read(session)
    },
  ],
  [
    'ends',
    'a session is found after a login moved it',
    (history) => {
      const session = history.begun()
      const seen = history.seen(session)
      history.answered(history.sent('login', session), { seen, cookie: 'second' })
      history.read(session)
    },
  ],
  [
    'cookies',
    'a late answer sets the cookie of a session that had ended',
    (history) => {
      const session = history.begun()
      const slow = history.sent('save-early', session)
      const seen = history.seen(session)
      history.answered(history.sent('logout', session), { seen, cookie: CLEARED })
      history.answered(slow, { seen, cookie: 'first', known: history.now + 1 })
    },
  ],
  [
    'cookies',
    'a read clears the cookie',
    (history) => {
      const session = history.begun()
      const seen = history.seen(session)
      history.answered(history.sent('read', session), { seen, cookie: CLEARED })
    },
  ],
  [
    'cookies',
    'another session begins under the id of one that has just ended',
    (history) => {
      const session = history.begun()
      const seen = history.seen(session)
      history.answered(history.sent('logout', session), { seen, cookie: CLEARED })
      history.answered(history.sent('write', session), { cookie: 'second' })
    },
  ],
  [
    'logins',
    'a login has no cookie',
    (history) => {
      const session = history.begun()
      history.answered(history.sent('login', session), { seen: history.seen(session) })
    },
  ],
  [
    'logins',
    'two logins end a session, and none has a cookie',
    (history) => {
      const session = history.begun()
      const logins = [history.sent('login', session), history.sent('login', session)]
      for (const login of logins) history.answered(login, { seen: history.seen(session) })
      history.read(session, {})
      history.oracle.finish()
    },
  ],
  ['writes', 'a session that lives is not found', (history) => history.read(history.begun(), {})],
  [
    'writes',
    'a first write has no cookie',
    (history) => void history.answered(history.sent('write')),
  ],
  [
    'foreign',
    'a request sees another session',
    (history) => history.read(history.begun(), history.seen(history.begun('second'))),
  ],
  [
    'foreign',
    'a session holds a key that was written to another',
    (history) => {
      const [session] = [history.begun(), history.begun('second')]
      history.read(session, history.seen(session, { k2: true }))
    },
  ],
  [
    'cuts',
    'a login whose connection was cut takes the session along',
    (history) => {
      const session = history.begun()
      const login = history.sent('login', session)
      history.cuts = [history.now]
      history.answered(login, { seen: history.seen(session), status: 503 })
      history.read(session, {})
      history.oracle.finish()
    },
  ],
]

describe('the oracle of the random schedules', () => {
  it.each(Object.entries(HELD))('reports nothing when %s', (_, story) => {
    const history = new History({ unavailable: true })
    story(history)
    expect(history.broken).toEqual([])
  })

  it.each(BROKEN)('reports %s when %s', (promise, _, story) => {
    const history = new History({ unavailable: true })
    story(history)
    expect(history.broken).toEqual([promise])
  })

  it('reports a 503 where nothing failed', () => {
    const history = new History()
    history.answered(history.sent('read'), { status: 503 })
    expect(history.broken).toEqual(['answers'])
  })

  it('reports a request without an answer, unless processes are killed', () => {
    const history = new History()
    history.oracle.lost(history.sent('read'), history.now, false)
    expect(history.broken).toEqual(['answers'])
    const killed = new History({ unanswered: true })
    killed.oracle.lost(killed.sent('read'), killed.now, false)
    expect(killed.broken).toEqual([])
  })
})
