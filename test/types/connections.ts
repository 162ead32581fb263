import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import Koa from 'koa'
import { cookieSession } from '../../src/cookie.js'
import session, {
  type LiveSession,
  type OpenOptions,
  type SessionContext,
  type SessionMiddleware,
  type SessionOf,
} from '../../src/index.js'
import { equal } from './equal.js'

interface Account {
  user?: { id: number }
  count?: number
}

declare const req: IncomingMessage
declare const request: Http2ServerRequest

const app = new Koa()
const sessions = session<Account>({ app, recheck: 5000 })
void session({ app: new Koa<{ a: 1 }, { b: 2 }>() })
const annotated: SessionMiddleware<SessionContext<Account>> = sessions
equal<typeof annotated, SessionMiddleware<SessionContext<Account>, Account>>(true)
equal<SessionMiddleware<unknown>, SessionMiddleware<unknown, SessionData>>(true)

export async function use(): Promise<void> {
  const live = await sessions.open(req)
  equal<typeof live, LiveSession<Account> | undefined>(true)
  if (!live) return
  equal<typeof live.session, Readonly<Account>>(true)
  equal<typeof live.signal, AbortSignal>(true)
  // @ts-expect-error a snapshot is read-only
  live.session.count = 1
  const again = await live.reload()
  equal<typeof again, Readonly<Account>>(true)
  const count = await live.update((draft) => {
    equal<typeof draft, SessionOf<Account>>(true)
    draft.count = (draft.count ?? 0) + 1
    return draft.count
  })
  equal<typeof count, number>(true)
  // @ts-expect-error a key that is none
  await live.update((draft) => draft.other)
  live.close()
  await sessions.open(request, { extend: true })
  await sessions.open({ headers: { cookie: 'a=b' } })
  await sessions.open(req, { id: ({ url }) => url })
  const options: OpenOptions = { extend: false }
  await sessions.open(req, options)
  // @ts-expect-error no option of open
  await sessions.open(req, { extends: true })
  // @ts-expect-error not a request
  await sessions.open('koa.sid=1')
}

app.use(sessions).use(async (ctx) => {
  equal<typeof ctx.sessionSignal, AbortSignal | undefined>(true)
  const done = await ctx.session.reload()
  equal<typeof done, void>(true)
  const [first] = await ctx.sessions.list()
  if (first) equal<typeof first.connections, number>(true)
})

// @ts-expect-error sessions in cookies have no store that could be asked
cookieSession({ keys: [], recheck: 5000 })
