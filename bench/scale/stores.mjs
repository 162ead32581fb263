import { Redis } from 'ioredis'
import { MemoryStore } from 'koa-sess'
import { RedisStore } from 'koa-sess/redis'
import { DAY, idOf, keyOf } from './records.mjs'

/** As little as a store can be: what it loses with size, the processor's caches lose. */
class BareMap {
  #records = new Map()
  load(key) {
    return this.#records.get(key)
  }
  create(key, record) {
    this.#records.set(key, record)
    return true
  }
  replace(key, _expected, record) {
    this.#records.set(key, record)
    return { ok: true }
  }
  touch() {
    return true
  }
  destroy(key) {
    return this.#records.delete(key)
  }
}

// So many SETs go to Redis at a time.
const PIPELINE = 1000

/** The stores, how many calls are under way at a time, and how they are filled. */
export const STORES = {
  map: (size) => inProcess(new BareMap(), size),
  // New ones come and go beside those it is filled with.
  memory: (size) => inProcess(new MemoryStore({ max: size * 2 + 10_000 }), size),

  redis: (size, url) => {
    const client = new Redis(url)
    const fill = async (recordOf) => {
      for (let index = 0; index < size; ) {
        const pipeline = client.pipeline()
        for (const end = Math.min(index + PIPELINE, size); index < end; index++)
          pipeline.set(keyOf(idOf(index)), recordOf(index), 'PX', DAY)
        await pipeline.exec()
      }
    }
    return { store: new RedisStore({ client }), concurrency: 64, fill }
  },
}

function inProcess(store, size) {
  const fill = async (recordOf) => {
    for (let index = 0; index < size; index++)
      store.create(keyOf(idOf(index)), recordOf(index), Date.now() + DAY)
  }
  return { store, concurrency: 1, fill }
}
