import { RedisStore, type RedisStoreOptions } from '../../src/stores/redis/store.js'
import type { OpenStore } from '../../src/testing.js'

/** Opens stores on a few clients in turn: to connect takes longer than most tests. */
export function inTurn<Client>(
  clients: readonly Client[],
  open: (client: Client) => OpenStore,
): () => OpenStore {
  let turn = 0
  return () => {
    const client = clients[turn++ % clients.length]
    if (client === undefined) throw new Error('No clients')
    return open(client)
  }
}

export function redisInTurn(
  clients: readonly RedisStoreOptions['client'][],
  options: Omit<RedisStoreOptions, 'client'> = {},
): () => OpenStore {
  return inTurn(clients, (client) => {
    const store = new RedisStore({ client, ...options })
    return { store, close: () => store.close() }
  })
}
