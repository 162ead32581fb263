import { scannedPart } from '../stores/redis/scan.js'
import { RedisStore } from '../stores/redis/store.js'
import { ignoreRejection } from '../util/async.js'
import { type Constructor, type Factory, importDriver, namedExport } from './driver.js'
import type { OpenUrl } from './opened-store.js'
import { withTimeLimit } from './time-limit.js'

type StoreClient = ConstructorParameters<typeof RedisStore>[0]['client']

/** The methods of ioredis, iovalkey or node-redis that open and close a connection. */
interface RedisClient {
  connect(): Promise<unknown>
  disconnect(): void
  destroy(): void
  on(event: 'error', listener: (error: unknown) => void): unknown
}

/** How long connecting may take, in ms: some clients try without end. */
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
  const error = firstError(client)
  // No command is pending by then. A graceful quit would wait for a server that is gone.
  const disconnect = () => (isNodeRedis ? client.destroy() : client.disconnect())
  try {
    await withTimeLimit(Promise.race([client.connect(), error]), CONNECT_TIMEOUT)
    const store = new RedisStore({ client: client as unknown as StoreClient })
    // ioredis reports a database that does not exist only after it has connected.
    await Promise.race([store.load('koa-sess:probe'), error])
    return {
      store,
      partOf: scannedPart,
      close: () => {
        store.close()
        disconnect()
      },
    }
  } catch (failure) {
    disconnect()
    throw failure
  }
}

/**
 * Rejects with the first error that the client emits. The rejection of `connect` does not say why. The
 * listener stays: without one, a later error would end the process.
 */
function firstError(client: RedisClient): Promise<never> {
  return ignoreRejection(
    new Promise<never>((_, reject) => {
      client.on('error', reject)
    }),
  )
}
