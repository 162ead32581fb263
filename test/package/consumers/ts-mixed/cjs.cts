import session = require('koa-sess')

const store = new session.MemoryStore()
export = { store, middleware: session({ store }) }
