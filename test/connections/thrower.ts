import { serve } from '../support/site.js'
import { connectSocket, serveSockets } from './sockets.js'

// A listener that throws is an uncaught exception of this process. Everything else must go on.
const caught: string[] = []
process.on('uncaughtException', ({ message }) => caught.push(message))
const site = await serve({
  '/login': (ctx) => {
    ctx.session.user = 'ada'
  },
  '/logout': (ctx) => {
    ctx.session = null
  },
})
const browser = site.browser()
await browser.get('/login')
const thrower = await site.session.open({ headers: { cookie: browser.cookie } })
thrower?.signal.addEventListener('abort', () => {
  throw new Error('thrown by a listener')
})
serveSockets(site.server, (req) => site.session.open(req))
const sockets = [
  await connectSocket(site.origin, browser.cookie),
  await connectSocket(site.origin, browser.cookie),
]
const { status } = await browser.get('/logout')
const closed = await Promise.all(sockets.map((socket) => socket.closed))
process.send?.({ caught, status, closed, errors: site.errors.length })
await site.close()
process.disconnect()
