import { RedisStore } from 'connect-redis'
import { createClient } from 'redis'
import { REDIS_STORES } from '../../../bench/shared/redis-stores.mjs'

/** The usual Redis store of each package, on its own client. */
export const STORES = {
  ...REDIS_STORES,
  'express-session': async (url) =>
    new RedisStore({ client: await createClient({ url }).connect() }),
}
