import session, { MemoryStore } from 'koa-sess'
import legacy from './cjs.cjs'

// Two declaration files of the same package in one program have to agree.
export const middleware = session({ store: legacy.store })
export const store = new MemoryStore()
