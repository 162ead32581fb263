import Koa from 'koa'
import { type BoundDevice, deviceBound } from '../../src/device-bound.js'
import session from '../../src/index.js'
import { equal } from './equal.js'

const app = new Koa()
app.use(session())
app.use(
  deviceBound({ onUnproved: async (ctx, { why }) => (ctx.path === why ? 'allow' : 'refuse') }),
)
app.use((ctx) => {
  equal<typeof ctx.boundDevice, BoundDevice | undefined>(true)
  equal<ReturnType<typeof ctx.bindDevice>, Promise<void>>(true)
  // @ts-expect-error only the middleware says what is proved
  ctx.boundDevice = undefined
})

// @ts-expect-error an unknown option
deviceBound({ pfad: '/device' })
// @ts-expect-error not a decision
deviceBound({ onUnproved: () => 'ignore' })
