import expressSession from 'express-session'
import { MemoryStore } from 'koa-sess'

/** One store in memory for each package. */
export const STORES = {
  'koa-sess': () => new MemoryStore(),
  'koa-session': jsonInMemory,
  'koa-generic-session': jsonInMemory,
  'express-session': () => new expressSession.MemoryStore(),
}

/**
 * koa-session has no store of its own. That of koa-generic-session gives all requests the same object,
 * which no database can: with it, the lab would show nothing of what happens in production.
 */
function jsonInMemory() {
  const records = new Map()
  return {
    get: async (key) => JSON.parse(records.get(key) ?? 'null'),
    set: async (key, session) => records.set(key, JSON.stringify(session)),
    destroy: async (key) => records.delete(key),
  }
}
