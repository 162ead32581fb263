import { Redis } from 'ioredis'
import { RedisStore } from '../../src/stores/redis.js'
import { serveSteps } from './steps.js'

// One server of several on the same Redis; the test that forked it hears where it listens.
const { REDIS_URL = '', PREFIX = '', ROLLING, DEFER } = process.env
const site = await serveSteps({
  store: new RedisStore({ client: new Redis(REDIS_URL) }),
  prefix: PREFIX,
  rolling: ROLLING === 'true',
  defer: DEFER === 'true',
})
process.send?.(site.origin)
process.once('disconnect', () => process.exit())
