import session, { MemoryStore } from 'koa-sess'

export const middleware = session({ store: new MemoryStore() })
