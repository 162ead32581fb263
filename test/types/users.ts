import Koa from 'koa'
import session, { type UserSession, type UserSessions, type UsersOptions } from '../../src/index.js'
import { equal } from './equal.js'

interface Account {
  user?: { id: number }
}

const users: UsersOptions<Account> = {
  of: (current) => current.user?.id,
  max: 10,
  whenFull: 'end-oldest',
  describe: (ctx) => ({ agent: ctx.get('user-agent'), ip: ctx.ip }),
}
const sessions = session<Account>({ users })
equal<ReturnType<typeof sessions.of>, UserSessions>(true)
void sessions.of(1).endAll()
void sessions.of('1').checkpoint()

new Koa().use(sessions).use(async (ctx) => {
  const list = await ctx.sessions.list()
  equal<typeof list, UserSession[]>(true)
  const [first] = list
  if (first) equal<typeof first.seenAt, number>(true)
  const isEnded = await ctx.sessions.end('a handle')
  equal<typeof isEnded, boolean>(true)
  await ctx.sessions.endOthers()
  await ctx.sessions.endAll()
  await ctx.regenerateSession({ checkpoint: await sessions.of(1).checkpoint() })
  // @ts-expect-error no method of ctx.sessions
  await ctx.sessions.endSome()
})

// @ts-expect-error an object is no id
session<Account>({ users: { of: (current) => current.user } })
// @ts-expect-error a word that is none
session({ users: { of: () => 1, whenFull: 'wait' } })
// @ts-expect-error `of` is missing
session({ users: { max: 1 } })
