import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import type { OpenStore } from '../../src/testing.js'

/**
 * Opens stores on a few clients in turn: to connect to a Cluster or by Sentinel takes longer than a
 * test, and most of them open two.
 */
export function takingTurns(
  clients: readonly RedisStoreOptions['client'][],
  options: Omit<RedisStoreOptions, 'client'> = {},
): () => OpenStore {
  let turn = 0
  return () => {
    const client = clients[turn++ % clients.length]
    if (!client) throw new Error('No clients')
    const store = new RedisStore({ client, ...options })
    return { store, close: () => store.close() }
  }
}
