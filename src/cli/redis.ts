import { RedisStore } from '../stores/redis/store.js'
import { type Constructor, type Factory, importDriver, namedExport } from './driver.js'
import type { OpenUrl } from './opened-store.js'
import { UsageError } from './usage.js'

type StoreClient = ConstructorParameters<typeof RedisStore>[0]['client']

/** The methods of ioredis, iovalkey or node-redis that open and close a connection. */
interface RedisClient {
  connect(): Promise<unknown>
  disconnect(): void
  destroy(): void
  on(event: 'error', listener: () => void): unknown
}

const CONNECT_TIMEOUT = 10_000

/** Opens a RedisStore with ioredis, iovalkey or node-redis. */
export const openRedis: OpenUrl = async (url, role) => {
  const [name, driver] = await importDriver(role, ['ioredis', 'iovalkey', 'redis'])
  const isNodeRedis = name === 'redis'
  const client = isNodeRedis
    ? namedExport<Factory<RedisClient>>(driver, 'createClient')({ url, disableOfflineQueue: true })
    : new (namedExport<Constructor<RedisClient>>(driver, 'Redis'))(url, {
        lazyConnect: true,
        maxRetriesPerRequest: 3,
      })
  // Without a listener, an 'error' event ends the process.
  client.on('error', () => undefined)
  // No command is pending by then. A graceful quit would wait for a server that is gone.
  const disconnect = () => (isNodeRedis ? client.destroy() : client.disconnect())
  try {
    await withConnectTimeout(client.connect())
  } catch (error) {
    disconnect()
    throw error
  }
  const store = new RedisStore({ client: client as unknown as StoreClient })
  return {
    store,
    close: () => {
      store.close()
      disconnect()
    },
  }
}

/** Rejects after 10 s: some clients try to connect without end. */
async function withConnectTimeout<T>(connecting: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UsageError('Redis cannot be reached')), CONNECT_TIMEOUT)
  })
  try {
    return await Promise.race([connecting, timeout])
  } finally {
    clearTimeout(timer)
  }
}
