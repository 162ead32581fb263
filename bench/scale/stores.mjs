import { Redis } from 'ioredis'
import { MemoryStore } from 'koa-sess'
import { RedisStore } from 'koa-sess/redis'
import { DAY, idOf, keyOf } from './records.mjs'

/** The smallest possible store: it gets slower with size only by misses in the processor's caches. */
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

// The number of SETs in a pipeline.
const PIPELINE = 1000

/** The stores, how to fill them, and how many calls run at a time. */
export const STORES = {
  map: (size) => inProcess(new BareMap(), size),
  // Room for the new sessions of `create`, which are destroyed again.
  memory: (size) =>
    inProcess(new MemoryStore({ max: size * 2 + 10_000, maxBytes: Infinity }), size),

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
