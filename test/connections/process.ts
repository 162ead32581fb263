import { subscribe } from 'node:diagnostics_channel'
import { Redis } from 'ioredis'
import { RedisStore } from '../../src/stores/redis/store.js'
import { serve } from '../support/site.js'
import { serveSockets } from './sockets.js'

// One server of two on the same Redis; the test that forked it gets its address, and its events.
const { STORE_URL = '', PREFIX = '', RECHECK = '', TTL = '' } = process.env

const client = new Redis(STORE_URL)
// The store reports what fails.
client.on('error', () => undefined)
const site = await serve(
  {
    '/login': async (ctx) => {
      const current = await ctx.regenerateSession()
      current.user = 'ada'
    },
    '/regenerate': async (ctx) => void (await ctx.regenerateSession({ keep: ['user'] })),
    '/logout': (ctx) => {
      ctx.session = null
    },
    '/end-all': () => site.session.of('ada').endAll(),
    '/list': () => site.session.of('ada').list(),
  },
  {
    store: new RedisStore({ client, commandTimeout: 2000 }),
    prefix: PREFIX,
    recheck: Number(RECHECK),
    ttl: Number(TTL),
    users: { of: ({ user }) => user },
  },
)
// The first request has not come yet: `app` is what verifies the cookie.
serveSockets(site.server, (req) => site.session.open(req))
subscribe('koa-sess:recheck:failed', (notice) => process.send?.({ notice }))
process.send?.({ origin: site.origin })
process.once('disconnect', () => process.exit())
