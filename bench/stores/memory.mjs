import { MemoryStore } from 'koa-sess'

export function openMemory() {
  const map = new Map()
  const read = ({ key }) => map.get(key)
  const write = ({ key, value }) => map.set(key, value)
  return {
    store: new MemoryStore({ max: 10_000_000, maxBytes: Infinity }),
    raw: { read, 'rolling read': read, write, create: write },
    concurrency: 1,
    versions: {},
    bytes() {
      globalThis.gc()
      return process.memoryUsage().heapUsed
    },
    close: () => undefined,
  }
}
