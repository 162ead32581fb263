import Koa from 'koa'
import session from '../../../src/index.js'
import { equal } from '../equal.js'

declare global {
  interface SessionData {
    userId?: string
  }
  interface SessionMode {
    defer: true
  }
}

const app = new Koa()

app.use(session({ defer: true }))
app.use(async (ctx) => {
  const current = await ctx.session
  equal<typeof current.userId, string | undefined>(true)
  current.userId = 'ada'
  ctx.session = { userId: 'ada' }
  // @ts-expect-error the session is a promise
  ctx.session.userId = 'ada'
  // @ts-expect-error a key of another type
  current.userId = 1
  // @ts-expect-error the promise was not awaited
  ctx.session.isNew
  await ctx.regenerateSession({ keep: ['userId'] })
  await current.regenerate({ keep: ['userId'] })
  // @ts-expect-error not a key of the data
  await ctx.regenerateSession({ keep: ['user'] })
  // @ts-expect-error not a key of the data
  await current.regenerate({ keep: ['user'] })
  const other = await ctx.sessionStore.get('an id')
  equal<NonNullable<typeof other>['userId'], string | undefined>(true)
  await ctx.updateSession((fresh) => {
    equal<typeof fresh.userId, string | undefined>(true)
  })
})
