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
  await ctx.updateSession((fresh) => {
    equal<typeof fresh.userId, string | undefined>(true)
  })
})
