import { BASICS, type Routes } from '../support/site.js'

/** What a cookie opens; undefined: no session. */
export type Opened = { x: number; user?: string } | undefined

/** The state after an operation whose connection was cut, and healed. */
export interface Aftermath {
  status: number
  body: string
  /** The cookie from before the operation; empty: none. */
  oldCookie: string
  /** The cookie that the browser has now; empty: none. */
  cookie: string
  /** What the two open. */
  old: Opened
  own: Opened
}

export interface Operation {
  path: string
  /** It begins a session. Default: a session is stored, with `x: 1`. */
  isFirst?: true
  /** Another browser, without a session, asks for it. */
  byOther?: true
  /** It writes a record under a new id, or ends one. */
  movesOn?: true
  /** What has to be true after the answer 200, and after 503. */
  done(after: Aftermath): boolean
  failed(after: Aftermath): boolean
}

/** The session, as the operation found it, still opens. */
const isKept = ({ oldCookie, cookie, own }: Aftermath) =>
  cookie === oldCookie && own?.x === 1 && own.user === undefined

/** Nothing is lost. Whether the change was stored is not known from a 503. */
const isKeptOrWritten = ({ oldCookie, cookie, own }: Aftermath) =>
  cookie === oldCookie && (own?.x === 1 || own?.x === 2)

const isWrittenOnce = ({ cookie, oldCookie, own }: Aftermath) =>
  cookie === oldCookie && own?.x === 2

export const OPERATIONS: Record<string, Operation> = {
  'the first write of a session': {
    path: '/set',
    isFirst: true,
    movesOn: true,
    done: ({ own }) => own?.x === 1,
    failed: ({ cookie }) => cookie === '',
  },
  'a read': {
    path: '/read',
    done: (after) => isKept(after) && JSON.parse(after.body).x === 1,
    failed: isKept,
  },
  'a write': { path: '/set', done: isWrittenOnce, failed: isKeptOrWritten },
  'an update()': { path: '/update', done: isWrittenOnce, failed: isKeptOrWritten },
  'a login': {
    path: '/login',
    movesOn: true,
    done: ({ cookie, oldCookie, own, old }) =>
      cookie !== oldCookie && own?.x === 1 && own.user === 'ann' && old === undefined,
    failed: isKept,
  },
  'a logout': {
    path: '/logout',
    movesOn: true,
    done: ({ cookie, old }) => cookie === '' && old === undefined,
    failed: isKept,
  },
  'sessionStore.destroy': {
    path: '/destroy',
    byOther: true,
    movesOn: true,
    done: ({ body, old }) => body === 'true' && old === undefined,
    failed: isKept,
  },
}

export const ROUTES: Routes = {
  ...BASICS,
  '/update': (ctx) =>
    ctx.session.update((draft: SessionData) => {
      draft.x = (draft.x ?? 0) + 1
    }),
  '/login': (ctx) => {
    ctx.regenerateSession({ keep: ['x'] })
    ctx.session.user = 'ann'
  },
  '/destroy': (ctx) => ctx.sessionStore.destroy(String(ctx.query.id)),
}
